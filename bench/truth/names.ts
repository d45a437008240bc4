import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED, type Answer } from "dns-packet";
import type { Stage } from "../bench.js";

/** A question that came, and how it is answered. */
export interface Asked {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly question: Buffer;
  send(reply: Buffer): void;
}

export type Answering = (asked: Asked) => void;

/** A name server that may answer otherwise at any moment. */
export interface NameServer {
  /** `address:port`. */
  readonly place: string;
  become(answering: Answering): void;
  /** Nothing listens there any more. */
  shut(): void;
  reopen(): Promise<void>;
}

export async function openNameServer(
  { later }: Stage,
  address: string,
  first: Answering,
): Promise<NameServer> {
  let answering = first;
  let port = 0;
  const open = async () => {
    const socket = createSocket("udp4");
    socket.on("error", () => undefined);
    socket.on("message", (question: Buffer, from: RemoteInfo) => {
      const { id = 0, questions = [] } = decode(question);
      const [{ name, type } = { name: "", type: "A" }] = questions;
      answering({
        id,
        name: name.toLowerCase(),
        type,
        question,
        send: (reply) => socket.send(reply, from.port, from.address, () => undefined),
      });
    });
    socket.bind(port, address);
    await once(socket, "listening");
    ({ port } = socket.address());
    return socket;
  };
  let socket: Awaited<ReturnType<typeof open>> | null = await open();
  const shut = (): void => {
    socket?.close();
    socket = null;
  };
  later(shut);
  return {
    place: `${address}:${port}`,
    become: (next) => void (answering = next),
    shut,
    async reopen() {
      socket ??= await open();
    },
  };
}

const RCODES = { noerror: 0, servfail: 2, nxdomain: 3, refused: 5 } as const;
const TRUNCATED = 1 << 9;

/** A reply to `asked`: a code, or records. */
export const reply = (
  { id, name, type }: Asked,
  said: keyof typeof RCODES | readonly Answer[],
  { idOff = 0, truncated = false }: { idOff?: number; truncated?: boolean } = {},
): Buffer =>
  encode({
    type: "response",
    id: (id + idOff) & 0xffff,
    flags:
      RECURSION_DESIRED |
      RECURSION_AVAILABLE |
      (truncated ? TRUNCATED : 0) |
      (typeof said === "string" ? RCODES[said] : 0),
    questions: [{ name, type: type as "A", class: "IN" }],
    answers: typeof said === "string" ? [] : [...said],
  });

/** As a resolver that works: the top and the root, the names of `addresses`, and nothing else. */
export function resolving(addresses: Readonly<Record<string, readonly string[]>>): Answering {
  return (asked) => {
    const { name, type } = asked;
    if (type === "NS" && (name === "" || name === "." || name === "test"))
      return asked.send(reply(asked, [{ name, type: "NS", ttl: 0, data: "a.test" }]));
    const known = addresses[name];
    if (!known) return asked.send(reply(asked, "nxdomain"));
    const own = known.filter((one) => (one.includes(":") ? "AAAA" : "A") === type);
    asked.send(
      reply(
        asked,
        own.map((data) => ({ name, type: type as "A", ttl: 0, data })),
      ),
    );
  };
}

export const always =
  (code: keyof typeof RCODES): Answering =>
  (asked) =>
    asked.send(reply(asked, code));
