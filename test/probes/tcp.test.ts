import type { Socket } from "node:net";
import { expect, test } from "vitest";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { tcp } from "../../probes/tcp.js";
import { chainOf } from "../support/certificates.js";
import { serve } from "../support/servers.js";

const eyes = { resolver: createResolver() };

const look = (port: number, options: object = {}, timeoutMs = 3_000): Promise<Result> =>
  runProbe(tcp.prepare(`127.0.0.1:${port}`, options, eyes), timeoutMs, () => new Date());

/** Says `greeting`, and answers every chunk with itself. */
const echoing =
  (greeting: string) =>
  (socket: Socket): void => {
    socket.write(greeting);
    socket.on("data", (chunk: Buffer) => void socket.write(chunk));
  };

test("tcp: a port that accepts is up, one where nothing listens is refused", async () => {
  const port = await serve(() => undefined);
  expect(await look(port)).toMatchObject({ outcome: "up", facts: { address: "127.0.0.1" } });
  expect(await look(1)).toMatchObject({ outcome: "down", reason: "refused" });
});

test.each<[name: string, greeting: string, dialogue: object[], expected: object]>([
  ["a banner with the text", "SSH-2.0-x\r\n", [{ expect: "SSH-2.0" }], { outcome: "up" }],
  ["a text across lines", "a\r\nb\r\nc", [{ expect: "b\\r\\nc" }], { outcome: "up" }],
  [
    "a pattern on the second line",
    "hi\nport 22\n",
    [{ expect: { regex: "^port [0-9]+$" } }],
    { outcome: "up" },
  ],
  [
    "a pattern in a prompt",
    "motd\r\nlogin: ",
    [{ expect: { regex: "login: $" } }],
    { outcome: "up" },
  ],
  [
    "escapes both ways",
    "",
    [{ send: "\\x00\\x7fA\\t\\\\" }, { expect: "\0\\x7fA\t\\\\" }],
    { outcome: "up" },
  ],
  [
    "steps in their order",
    "ready\n",
    [
      { expect: "ready", send: "one\\r\\n" },
      { expect: { regex: "^one$" }, send: "two\n" },
      { expect: "two" },
    ],
    { outcome: "up" },
  ],
  [
    "a text that went by already",
    "one two\n",
    [{ expect: "two" }, { expect: "one" }],
    { outcome: "down", reason: "text-missing", facts: { received: "one two\ufffd" } },
  ],
  ["another banner", "FTP\r\n", [{ expect: "SSH" }], { outcome: "down", reason: "text-missing" }],
  [
    "another line",
    "FTP\r\n",
    [{ expect: { regex: "SSH" } }],
    { outcome: "down", reason: "text-missing" },
  ],
  ["silence", "", [{ expect: "SSH" }], { outcome: "down", reason: "timed-out-first-byte" }],
])("tcp: a dialogue sees %s", async (_name, greeting, dialogue, expected) => {
  const port = await serve(echoing(greeting));
  expect(await look(port, { dialogue }, 250)).toMatchObject(expected);
});

test.each<[name: string, talk: (socket: Socket) => void, expected: string]>([
  ["hangs up before the text", (socket) => void socket.end("half a li"), "text-missing"],
  ["hangs up at once", (socket) => void socket.end(), "closed-early"],
  ["resets", (socket) => void socket.resetAndDestroy(), "reset"],
  ["floods", (socket) => void socket.write(Buffer.alloc(1e7, "ab\n")), "reply-too-large"],
  [
    "sends a line without end",
    (socket) => void socket.write(Buffer.alloc(1e7)),
    "reply-too-long-line",
  ],
])("tcp: a server that %s is down", async (_name, talk, reason) => {
  const port = await serve(talk);
  const dialogue = [{ expect: { regex: "^(a+)+$" } }];
  expect(await look(port, { dialogue }, 500)).toMatchObject({ outcome: "down", reason });
});

test("tcp: the last line counts although the server hangs up behind it", async () => {
  const port = await serve((socket) => void socket.end("pong"));
  const dialogue = [{ expect: { regex: "^pong$" } }];
  expect(await look(port, { dialogue })).toMatchObject({ outcome: "up" });
});

test("tcp: with TLS the certificate is judged before a word is sent", async () => {
  const { leaf, root } = chainOf();
  const heard: Buffer[] = [];
  const talk = (socket: Socket): void => {
    socket.on("data", (chunk: Buffer) => {
      heard.push(chunk);
      socket.write("PONG\r\n");
    });
  };
  const port = await serve(talk, { cert: leaf.chain, key: leaf.key });
  const dialogue = [{ send: "PING\\r\\n" }, { expect: "PONG" }];
  expect(await look(port, { tls: true, dialogue })).toMatchObject({
    outcome: "down",
    reason: "certificate-untrusted-root",
  });
  expect(heard).toEqual([]);
  expect(await look(port, { tls: { ca: root.cert }, dialogue })).toMatchObject({
    outcome: "up",
    facts: { tls: { trusted: true } },
  });
  expect(Buffer.concat(heard).toString()).toBe("PING\r\n");
});

test.each([
  ["a target without a port", "mx.test", {}, "target: expected host:port"],
  [
    "an empty step",
    "mx.test:1",
    { dialogue: [{}] },
    "tcp.dialogue.0: expected expect, send or both",
  ],
  [
    "a broken pattern",
    "mx.test:1",
    { dialogue: [{ expect: { regex: "(" } }] },
    "tcp.dialogue.0.expect",
  ],
  [
    "a look-behind",
    "mx.test:1",
    { dialogue: [{ expect: { regex: "(?<=a)b" } }] },
    "tcp.dialogue.0.expect",
  ],
])("tcp: %s cannot be prepared", (_name, target, options, message) => {
  expect(() => tcp.prepare(target, options, eyes)).toThrow(message);
});
