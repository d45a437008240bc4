import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { pop3 } from "../../probes/pop3.js";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { chainOf } from "../support/certificates.js";
import { scripted, serve, type Script } from "../support/servers.js";

const eyes = { resolver: createResolver() };
const { leaf, root } = chainOf();
const TLS = { cert: leaf.chain, key: leaf.key };
const TRUST = { ca: root.cert };
const LOGIN = { username: "probe", password: "s3cret word" };
const AUTH = { auth: LOGIN };

const look = (port: number, options: object = {}, timeoutMs = 3_000): Promise<Result> =>
  runProbe(
    pop3.prepare(`127.0.0.1:${port}`, { tls: TRUST, ...options }, eyes),
    timeoutMs,
    () => new Date(),
  );

const GREETING = "+OK ready <1896.697170952@pop.test>";
const capable = (...words: readonly string[]): string => ["+OK", ...words, "."].join("\r\n");
const HEALTHY: Script = {
  CAPA: capable("STLS", "USER", "SASL PLAIN LOGIN"),
  STLS: "+OK begin",
  "AUTH PLAIN": "+ ",
  AHByb2JlAHMzY3JldCB3b3Jk: "+OK in",
  STAT: "+OK 2 320",
  QUIT: "+OK bye",
};
const down = (reason: string, facts: object = {}): object => ({ outcome: "down", reason, facts });
const degraded = (reason: string): object => ({ outcome: "degraded", reason });

const TABLE: readonly [
  name: string,
  given: { greeting?: string; script?: Script },
  options: object,
  expected: object,
][] = [
  [
    "healthy, logged in, messages counted",
    {},
    AUTH,
    { outcome: "up", facts: { login: "PLAIN", messages: 2, bytes: 320 } },
  ],
  ["healthy, nothing asked for", {}, {}, { outcome: "up", reason: "ok" }],
  ["a refusal as greeting", { greeting: "-ERR go away" }, {}, down("greeting-refused")],
  ["a greeting of another protocol", { greeting: "* OK IMAP" }, {}, down("malformed-reply")],
  [
    "USER and PASS where nothing else is offered",
    { script: { CAPA: capable("STLS", "USER"), "USER probe": "+OK", "PASS s3cret word": "+OK" } },
    AUTH,
    { outcome: "up", facts: { login: "USER" } },
  ],
  [
    "no CAPA, as of old",
    { script: { CAPA: "-ERR what?", "USER probe": "+OK", PASS: "+OK" } },
    { starttls: "never", auth: { ...LOGIN, plaintext: true } },
    { outcome: "up", facts: { login: "USER", capabilities: [] } },
  ],
  ["no STLS", { script: { CAPA: "-ERR what?" } }, {}, degraded("starttls-missing")],
  ["no STLS before a login", { script: { CAPA: capable("USER") } }, AUTH, down("starttls-missing")],
  ["STLS refused", { script: { STLS: "-ERR later" } }, {}, degraded("starttls-refused")],
  [
    "no login we know",
    { script: { CAPA: capable("STLS", "SASL GSSAPI") } },
    AUTH,
    down("auth-missing"),
  ],
  [
    "a wrong login, repeated by the server",
    { script: { AHByb2JlAHMzY3JldCB3b3Jk: "-ERR [AUTH] AHByb2JlAHMzY3JldCB3b3Jk s3cret word" } },
    AUTH,
    down("auth-refused", { stage: "auth", code: "AUTH", reply: "[AUTH] ••• •••" }),
  ],
  [
    "logins that cannot be checked",
    { script: { "AUTH PLAIN": "-ERR [SYS/TEMP] later" } },
    AUTH,
    down("auth-unavailable"),
  ],
  [
    "a mailbox that somebody holds open",
    { script: { AHByb2JlAHMzY3JldCB3b3Jk: "-ERR [IN-USE] locked" } },
    AUTH,
    degraded("try-later"),
  ],
  [
    "messages that cannot be counted",
    { script: { STAT: "-ERR broken" } },
    AUTH,
    down("listing-failed", { stage: "list", reply: "broken" }),
  ],
  ["a count that is none", { script: { STAT: "+OK many" } }, AUTH, down("malformed-reply")],
];

test.each(TABLE)(
  "pop3: %s",
  async (_name, { greeting = GREETING, script = {} }, options, expected) => {
    const port = await serve(scripted(greeting, { ...HEALTHY, ...script }, { tls: TLS }));
    expect(await look(port, options)).toMatchObject(expected);
  },
);

test("pop3: the whole conversation deletes nothing", async () => {
  const heard: string[] = [];
  const port = await serve(scripted(GREETING, HEALTHY, { tls: TLS, heard }));
  expect(await look(port, AUTH)).toMatchObject({ outcome: "up" });
  await expect.poll(() => heard.at(-1)).toBe("QUIT");
  expect(heard).toEqual([
    "CAPA",
    "STLS",
    "CAPA",
    "AUTH PLAIN",
    "AHByb2JlAHMzY3JldCB3b3Jk",
    "STAT",
    "QUIT",
  ]);
});

test("pop3: TLS from the first byte on, and a certificate that a mail program refuses", async () => {
  const port = await serve(scripted(GREETING, HEALTHY), TLS);
  expect(await look(port, { ...AUTH, implicitTls: true })).toMatchObject({ outcome: "up" });
  expect(await look(port, { implicitTls: true, tls: {} })).toMatchObject(
    down("certificate-untrusted-root"),
  );
});

test.each<[name: string, reply: string | ((socket: Socket) => void), reason: string]>([
  ["a line of a megabyte", `+OK ${"x".repeat(1_000_000)}`, "reply-too-long-line"],
  ["capabilities without end", `+OK\r\n${"X\r\n".repeat(400_000)}`, "reply-too-large"],
  ["half an answer", "+OK\r\nSTLS", "timed-out-transfer"],
  ["garbage", "\0\u0001\u0002", "malformed-reply"],
  ["the end", (socket) => void socket.end(), "closed-early"],
])("pop3: CAPA answered with %s ends in a verdict in time", async (_name, reply, reason) => {
  const port = await serve(scripted(GREETING, { ...HEALTHY, CAPA: reply }, { tls: TLS }));
  expect(await look(port, AUTH, 1_000)).toMatchObject({ outcome: "down", reason });
});

test.each([
  ["a port beyond 65535", "a.test:70000", {}, "target: expected host[:port]"],
  [
    "a password with a line break",
    "a.test",
    { auth: { username: "a", password: "b\nQUIT" } },
    "pop3.auth.password",
  ],
  [
    "a login that is to go in plain text",
    "a.test",
    { ...AUTH, starttls: "never" },
    "pop3.auth: a login without TLS needs plaintext: true",
  ],
])("pop3: %s cannot be prepared", (_name, target, options, message) => {
  expect(() => pop3.prepare(target, options, eyes)).toThrow(message);
});
