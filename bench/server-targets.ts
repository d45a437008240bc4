import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import ssh2 from "ssh2";
import { answering } from "./child.js";

/** Healthy servers of one kind each, in a process of their own so that their cost is nobody else's. */
export type ServerKind = "ftp" | "ssh" | "mysql" | "postgres" | "tcp";

const bytes = (type: string, body: string): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, Buffer.from(body, "latin1")]);
};
const packet = (number: number, body: string): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head.writeUInt8(number, 3);
  return Buffer.concat([head, Buffer.from(body, "latin1")]);
};

const END = "\u00fe\0\0\x02\0";
const row = (value: string): Buffer =>
  Buffer.concat([
    packet(1, "\x01"),
    packet(2, "a"),
    packet(3, END),
    packet(4, `${String.fromCharCode(value.length)}${value}`),
    packet(5, END),
  ]);
const OK = "\0\0\0\x02\0\0\0";
const HELLO = packet(
  0,
  `\n8.4.0\0\0\0\0\0AAAAAAAA\0\u00ff\u00f7\x2d\x02\0\u00ff\u0081\x15${"\0".repeat(10)}BBBBBBBBBBBB\0mysql_native_password\0`,
);
const READY = bytes("Z", "I");
const VALUE = Buffer.concat([bytes("D", "\0\x01\0\0\0\x01f"), READY]);

/** Greets, and sends the next of these each time something comes. */
const inTurn =
  (greeting: Buffer | null, ...answers: readonly Buffer[]) =>
  (socket: Socket): void => {
    let next = 0;
    socket.on("error", () => undefined);
    socket.on("data", () => {
      const answer = answers[next++];
      if (answer) socket.write(answer);
      else socket.end();
    });
    if (greeting) socket.write(greeting);
  };

const SERVERS: Readonly<Record<ServerKind, () => Server | ssh2.Server>> = {
  tcp: () => createServer(inTurn(null)),
  ftp: () =>
    createServer(
      inTurn(
        Buffer.from("220 bench.test\r\n"),
        Buffer.from("211-Features:\r\n UTF8\r\n211 End\r\n"),
        Buffer.from("331 password?\r\n"),
        Buffer.from("230 in\r\n"),
      ),
    ),
  mysql: () =>
    createServer(
      inTurn(
        HELLO,
        packet(2, OK),
        ...Array.from({ length: 4 }, () => packet(1, OK)),
        row("0"),
        row("1"),
      ),
    ),
  postgres: () =>
    createServer(
      inTurn(
        null,
        Buffer.concat([bytes("R", "\0\0\0\0"), bytes("S", "server_version\x0018\0"), READY]),
        VALUE,
        VALUE,
      ),
    ),
  ssh: () => {
    const { private: key } = ssh2.utils.generateKeyPairSync("ed25519");
    return new ssh2.Server({ hostKeys: [key] }, (client) => {
      client.on("error", () => undefined);
    });
  },
};

answering(async ({ kind }: { kind: ServerKind }) => {
  const server = SERVERS[kind]();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
});
