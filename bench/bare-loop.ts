import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { connect } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { answering } from "./child.js";
import type { Kind } from "./targets.js";

/** The least that Node can do: the same looks at the same rate, each with a new connection, and nothing else. */
export type LoopQuestion =
  | {
      readonly do: "run";
      readonly kind: Kind | "timer";
      readonly port: number;
      readonly ca: string;
      readonly perSecond: number;
    }
  | { readonly do: "count" }
  | { readonly do: "lags" }
  | { readonly do: "pause" };

let done = 0;
let failed = 0;
let lags: number[] = [];
let timer: NodeJS.Timeout | undefined;

const seen = (): void => void (done += 1);
const lost = (): void => void (failed += 1);
/** One for all, as making one costs as much as a handshake. */
let context: SecureContext | undefined;

const LOOKS: Readonly<Record<Kind | "timer", (port: number) => void>> = {
  http: (port) => {
    getHttp({ host: "127.0.0.1", port, path: "/m/0", agent: false }, (reply) => {
      reply.resume().on("end", seen);
    }).on("error", lost);
  },
  https: (port) => {
    getHttps(
      {
        host: "127.0.0.1",
        port,
        path: "/m/0",
        agent: false,
        ...(context && { secureContext: context }),
      },
      (reply) => {
        reply.resume().on("end", seen);
      },
    ).on("error", lost);
  },
  tcp: (port) => {
    const socket = connect({ host: "127.0.0.1", port }, () => {
      seen();
      socket.end();
    }).on("error", lost);
  },
  smtp: (port) => {
    const socket = connect({ host: "127.0.0.1", port }).on("error", lost);
    let text = "";
    let said = 0;
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      if (!/(?:^|\n)\d{3} [^\n]*\n$/.test(text)) return;
      text = "";
      said += 1;
      if (said === 1) socket.write("EHLO bench.test\r\n");
      else if (said === 2) {
        seen();
        socket.end("QUIT\r\n");
      }
    });
  },
  timer: seen,
};

function run(look: () => void, perSecond: number): void {
  const apartMs = 1_000 / perSecond;
  let dueMs = performance.now();
  const tick = (): void => {
    for (const now = performance.now(); dueMs <= now; dueMs += apartMs) {
      lags.push(now - dueMs);
      look();
    }
    timer = setTimeout(tick, Math.max(0, dueMs - performance.now()));
  };
  tick();
}

answering((question: LoopQuestion) => {
  switch (question.do) {
    case "run": {
      const { kind, port, ca, perSecond } = question;
      context ??= createSecureContext({ ca });
      run(() => LOOKS[kind](port), perSecond);
      return null;
    }
    case "pause":
      clearTimeout(timer);
      return null;
    case "count":
      return { done, failed };
    case "lags": {
      const taken = lags;
      lags = [];
      return taken;
    }
  }
});
