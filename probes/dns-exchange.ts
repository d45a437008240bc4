import { createSocket } from "node:dgram";
import type { Socket } from "node:net";
import { isIPv6 } from "node:net";
import { connectTo } from "./connect.js";
import {
  MAX_BYTES,
  questionMessage,
  readMessage,
  type DnsQuestion,
  type DnsReply,
} from "./dns-message.js";
import { down, Failure, hungUp } from "./failures.js";
import { createPhases, type Phases } from "./phases.js";
import type { Resolver } from "./resolver.js";

export interface NameServer {
  readonly address: string;
  readonly port: number;
}

export type Transport = "udp" | "tcp";

/** What became of one question to one server. `failed` is for `judgeEnd`. */
export type Asked =
  | {
      readonly kind: "answered";
      readonly reply: DnsReply;
      readonly server: NameServer;
      readonly transport: Transport;
    }
  /** Nothing came in time that answers; `ignored` says why what came instead was no answer. */
  | { readonly kind: "silent"; readonly ignored: string | null }
  | { readonly kind: "failed"; readonly error: unknown };

export interface Asking {
  readonly transport: Transport;
  /** Milliseconds after which the question is sent again; behind the last it was in vain. */
  readonly waits: readonly number[];
  readonly phases?: Phases;
}

/** A server may answer others' questions by mistake, but not for ever. */
const MAX_FOREIGN = 100;

/**
 * Asks one server one question. Never rejects, and ends by the last of `waits` and with `signal`. A reply that
 * is not to this question – another id, name, type or sender – is passed over, as anybody could have sent it.
 * What was truncated is asked for again over TCP (RFC 7766); who knows no EDNS is asked again without.
 */
export async function askServer(
  server: NameServer,
  question: DnsQuestion,
  { transport, waits, phases = createPhases() }: Asking,
  signal: AbortSignal,
): Promise<Asked> {
  const overTcp = async (asked: DnsQuestion): Promise<Asked> => {
    const patience = waits.reduce((sum, wait) => sum + wait, 0);
    return askByTcp(server, asked, patience, phases, signal);
  };
  const once = async (asked: DnsQuestion): Promise<Asked> => {
    if (transport === "tcp") return overTcp(asked);
    phases.enter("firstByte");
    const asking = await askByUdp(server, asked, waits, signal);
    return asking.kind === "answered" && asking.reply.truncated ? overTcp(asked) : asking;
  };
  const first = await once(question);
  const isRefused =
    first.kind === "answered" && ["FORMERR", "NOTIMP", "BADVERS"].includes(first.reply.rcode);
  return isRefused && !question.dnssec ? once({ ...question, plain: true }) : first;
}

/** One socket with a port of its own for all tries; being connected, it hears this server alone. */
function askByUdp(
  server: NameServer,
  question: DnsQuestion,
  waits: readonly number[],
  signal: AbortSignal,
): Promise<Asked> {
  const message = questionMessage(question);
  return new Promise((settle) => {
    const socket = createSocket(isIPv6(server.address) ? "udp6" : "udp4");
    let tries = 0;
    let foreign = 0;
    let ignored: string | null = null;
    let timer: NodeJS.Timeout | undefined;
    let over = false;

    const end = (asked: Asked): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", silent);
      socket.close();
      settle(asked);
    };
    const silent = (): void => end({ kind: "silent", ignored });
    const send = (): void => {
      const wait = waits[tries];
      if (wait === undefined) return silent();
      tries += 1;
      timer = setTimeout(send, wait);
      socket.send(message.bytes, (error) => {
        if (error) end({ kind: "failed", error });
      });
    };
    socket.on("error", (error) => end({ kind: "failed", error }));
    socket.on("message", (bytes) => {
      const received = readMessage(bytes, message);
      if (received.kind === "reply")
        return end({ kind: "answered", reply: received.reply, server, transport: "udp" });
      if (received.kind === "malformed")
        return end({
          kind: "failed",
          error: new Failure(down(received.reason, { why: received.why })),
        });
      ignored = received.why;
      foreign += 1;
      if (foreign >= MAX_FOREIGN) silent();
    });
    if (signal.aborted) return silent();
    signal.addEventListener("abort", silent, { once: true });
    // A callback would be given the error, too, and there would be no event for it.
    socket.on("connect", send);
    try {
      socket.connect(server.port, server.address);
    } catch (error) {
      end({ kind: "failed", error });
    }
  });
}

async function askByTcp(
  server: NameServer,
  question: DnsQuestion,
  patienceMs: number,
  phases: Phases,
  signal: AbortSignal,
): Promise<Asked> {
  const patience = new AbortController();
  const stop = (): void => patience.abort();
  const timer = setTimeout(stop, patienceMs);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  let socket: Socket | undefined;
  try {
    const place = { host: server.address, port: server.port, family: "any" } as const;
    ({ socket } = await connectTo(literals, place, phases, patience.signal));
    phases.enter("firstByte");
    const reply = await speak(socket, question, phases);
    return { kind: "answered", reply, server, transport: "tcp" };
  } catch (error) {
    return patience.signal.aborted ? { kind: "silent", ignored: null } : { kind: "failed", error };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    socket?.destroy();
  }
}

/** For `connectTo`, which is given nothing but addresses here. */
const literals: Resolver = {
  resolve: (address) =>
    Promise.resolve({
      kind: "found",
      addresses: [{ address, family: isIPv6(address) ? 6 : 4 }],
    }),
};

/** One message each way, each behind its length (RFC 1035, section 4.2.2). */
function speak(socket: Socket, question: DnsQuestion, phases: Phases): Promise<DnsReply> {
  const message = questionMessage(question);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.bytes.length);
  return new Promise((settle, fail) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let wanted = 2;
    socket.on("data", (chunk: Buffer) => {
      if (bytes === 0) phases.enter("transfer");
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes < wanted) return;
      const all = Buffer.concat(chunks.splice(0), bytes);
      wanted = 2 + all.readUInt16BE(0);
      if (wanted > 2 + MAX_BYTES) return fail(new Failure(down("reply-too-large")));
      if (bytes < wanted) return void chunks.push(all);
      const received = readMessage(all.subarray(2, wanted), message);
      if (received.kind === "reply") settle(received.reply);
      else {
        const reason = received.kind === "malformed" ? received.reason : "malformed-reply";
        fail(new Failure(down(reason, { why: received.why })));
      }
    });
    socket.on("error", fail);
    socket.on("end", () => fail(hungUp()));
    socket.on("close", () => fail(hungUp()));
    socket.write(Buffer.concat([length, message.bytes]));
  });
}
