import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { decode, encode, type Answer, type DecodedPacket, type Packet } from "dns-packet";
import { onTestFinished } from "vitest";

export interface Query {
  readonly packet: DecodedPacket;
  readonly id: number;
  /** In lower case. */
  readonly name: string;
  readonly type: string;
  readonly transport: "udp" | "tcp";
  readonly dnssec: boolean;
}

/** Bytes to be sent as they are, one datagram or message each; none is silence. */
export type Answering = (query: Query) => readonly Buffer[] | Promise<readonly Buffer[]>;

/** A reply to `query` with these flags and records; `more` replaces whatever it names. */
export function reply(
  { packet, id }: Query,
  answers: readonly Answer[] = [],
  { rcode = 0, flags = 0, ...more }: Partial<Packet> & { rcode?: number } = {},
): Buffer {
  return encode({
    type: "response",
    id,
    flags: flags | rcode,
    questions: packet.questions ?? [],
    answers: [...answers],
    ...more,
  });
}

/** The option by which servers say more of a failure (RFC 8914), in an OPT record. */
export const extendedError = (code: number, text: string): Answer => {
  const data = Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(text)]);
  const option: { code: number; data: Buffer } = { code: 15, data };
  return {
    type: "OPT",
    name: ".",
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    // The types know only the options of their day.
    options: [option as never],
  };
};

/** A name server on a port of loopback, by UDP and TCP; `asked` gathers `name/TYPE`. */
export async function startNameServer(answering: Answering, address = "127.0.0.1") {
  const asked: string[] = [];
  const hear = async (bytes: Buffer, transport: "udp" | "tcp"): Promise<readonly Buffer[]> => {
    const packet = decode(bytes);
    const [question] = packet.questions ?? [];
    const name = (question?.name ?? "").toLowerCase();
    const type = question?.type ?? "";
    asked.push(`${name}/${type}`);
    const dnssec = packet.additionals?.some((one) => one.type === "OPT" && one.flag_do) ?? false;
    return answering({ packet, id: packet.id ?? 0, name, type, transport, dnssec });
  };
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (chunk: Buffer) => {
      void hear(chunk.subarray(2), "tcp").then((messages) => {
        for (const message of messages) {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(message.length);
          socket.write(Buffer.concat([length, message]));
        }
      });
    });
  });
  tcp.listen(0, address);
  await once(tcp, "listening");
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket(address.includes(":") ? "udp6" : "udp4");
  udp.on("message", (bytes, from) => {
    void hear(bytes, "udp").then((messages) => {
      for (const message of messages) udp.send(message, from.port, from.address);
    });
  });
  udp.bind(port, address);
  await once(udp, "listening");
  onTestFinished(async () => {
    udp.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => tcp.close(closed));
  });
  const server = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  return { server, port, asked };
}
