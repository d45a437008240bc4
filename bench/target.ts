import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from "node:net";
import { answering } from "./child.js";
import type { Kind } from "./targets.js";

/** What is looked at, in a process of its own so that its cost is nobody else's. */
export type TargetQuestion =
  | { readonly do: "listen"; readonly kind: Kind; readonly cert: string; readonly key: string }
  | { readonly do: "count" }
  | { readonly do: "arrivals"; readonly fromMs: number }
  | { readonly do: "fail"; readonly paths: readonly string[] };

let served = 0;
let failing: ReadonlySet<string> = new Set();
/** Path → when it was asked for (epoch ms). */
const arrivals = new Map<string, number[]>();

const answerHttp: RequestListener = (req, res) => {
  served += 1;
  const path = req.url ?? "/";
  const times = arrivals.get(path);
  const at = performance.timeOrigin + performance.now();
  if (times) times.push(at);
  else arrivals.set(path, [at]);
  res.writeHead(failing.has(path) ? 503 : 200, {
    "content-type": "text/plain",
    "content-length": 3,
  });
  res.end("ok\n");
};

/** Greets, and answers each line as a mail server without extensions would. */
function answerSmtp(socket: Socket): void {
  let rest = "";
  socket.on("data", (bytes) => {
    const lines = (rest + bytes.toString("latin1")).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines)
      if (/^EHLO/i.test(line)) socket.write("250-bench.test\r\n250 SIZE 1000\r\n");
      else if (/^QUIT/i.test(line)) socket.end("221 2.0.0 bye\r\n");
      else socket.write("250 2.0.0 ok\r\n");
  });
  socket.write("220 bench.test ESMTP\r\n");
}

function answerTcp(socket: Socket): void {
  socket.resume();
}

const counted =
  (answer: (socket: Socket) => void) =>
  (socket: Socket): void => {
    served += 1;
    socket.on("error", () => undefined);
    socket.on("end", () => socket.end());
    answer(socket);
  };

const SERVERS: Readonly<Record<Kind, (tls: { cert: string; key: string }) => Server>> = {
  http: () => createHttp(answerHttp),
  https: (tls) => createHttps(tls, answerHttp),
  tcp: () => createTcp(counted(answerTcp)),
  smtp: () => createTcp(counted(answerSmtp)),
};

answering((question: TargetQuestion) => {
  switch (question.do) {
    case "listen":
      return new Promise<number>((done) => {
        const server = SERVERS[question.kind](question);
        server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () =>
          done((server.address() as AddressInfo).port),
        );
      });
    case "count":
      return served;
    case "arrivals":
      return [...arrivals].map(([path, times]) => [
        path,
        times.filter((at) => at >= question.fromMs),
      ]);
    case "fail":
      failing = new Set(question.paths);
      return null;
  }
});
