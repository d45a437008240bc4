import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { expect, onTestFinished, test } from "vitest";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { smtp } from "../../probes/smtp.js";
import { chainOf } from "../support/certificates.js";
import { scripted, serve, type Script } from "../support/servers.js";

const eyes = { resolver: createResolver() };
const { leaf, root } = chainOf();
const TLS = { cert: leaf.chain, key: leaf.key };
const TRUST = { ca: root.cert };
const LOGIN = { username: "probe", password: "s3cret word" };
const MAIL = { from: "probe@example.hu", to: "inbox@example.hu" };

const look = (port: number, options: object = {}, timeoutMs = 3_000): Promise<Result> =>
  runProbe(smtp.prepare(`127.0.0.1:${port}`, options, eyes), timeoutMs, () => new Date());

const GREETING = "220 mx.test ESMTP";
const OFFER = "250-mx.test\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN";
const HEALTHY: Script = {
  EHLO: OFFER,
  STARTTLS: "220 go",
  "AUTH PLAIN": "334 ",
  AHByb2Jl: "235 2.7.0 welcome",
  MAIL: "250 2.1.0 ok",
  RCPT: "250 2.1.5 ok",
  RSET: "250 ok",
  QUIT: "221 bye",
};

/** What the server says otherwise than a healthy one, what is asked for, and what is found. */
const TABLE: readonly [
  name: string,
  given: { greeting?: string; script?: Script },
  options: object,
  expected: object,
][] = [
  ["healthy, encrypted, logged in, mail taken", {}, { auth: LOGIN, mail: MAIL }, { outcome: "up" }],
  ["healthy, nothing asked for", {}, {}, { outcome: "up", reason: "ok" }],
  ["421 as greeting", { greeting: "421 4.3.2 closing" }, {}, down("service-closing", 421, "4.3.2")],
  ["450 as greeting", { greeting: "450 later" }, {}, down("try-later", 450)],
  ["550 as greeting", { greeting: "550 5.7.1 listed" }, {}, down("policy-refused", 550, "5.7.1")],
  ["554 as greeting", { greeting: "554 no SMTP here" }, {}, down("greeting-refused", 554)],
  ["a greeting of another protocol", { greeting: "+OK POP3" }, {}, down("malformed-reply")],
  ["EHLO refused", { script: { EHLO: "550 5.7.1 go" } }, {}, down("policy-refused", 550)],
  ["EHLO with a bad name", { script: { EHLO: "501 syntax" } }, {}, down("ehlo-refused", 501)],
  [
    "HELO only",
    { script: { EHLO: "502 what", HELO: "250 mx.test" } },
    {},
    { outcome: "degraded", reason: "starttls-missing" },
  ],
  [
    "no STARTTLS where it is offered at best",
    { script: { EHLO: "250 mx.test" } },
    {},
    { outcome: "degraded", reason: "starttls-missing" },
  ],
  [
    "no STARTTLS where nobody minds",
    { script: { EHLO: "250 mx.test" } },
    { starttls: "never" },
    { outcome: "up" },
  ],
  [
    "no STARTTLS where it is required",
    { script: { EHLO: "250 mx.test" } },
    { starttls: "required" },
    down("starttls-missing"),
  ],
  [
    "no STARTTLS before a login",
    { script: { EHLO: "250-mx.test\r\n250 AUTH PLAIN" } },
    { auth: LOGIN },
    down("starttls-missing"),
  ],
  [
    "STARTTLS offered but refused",
    { script: { STARTTLS: "454 4.7.0 TLS not available" } },
    {},
    { outcome: "degraded", reason: "starttls-refused", facts: { code: 454 } },
  ],
  [
    "a keyword in small letters with spaces behind it",
    { script: { EHLO: "250-mx.test\n250-starttls  \n250" } },
    { starttls: "required" },
    { outcome: "up" },
  ],
  [
    "a login in the old spelling",
    { script: { EHLO: "250-mx.test\r\n250-STARTTLS\r\n250 AUTH=PLAIN" } },
    { auth: LOGIN },
    { outcome: "up", facts: { login: "PLAIN" } },
  ],
  [
    "no login we know",
    { script: { EHLO: "250-mx.test\r\n250-STARTTLS\r\n250 AUTH CRAM-MD5" } },
    { auth: LOGIN },
    down("auth-missing"),
  ],
  [
    "535 to the login",
    { script: { AHByb2Jl: "535 5.7.8 Bad: AHByb2JlAHMzY3JldCB3b3Jk s3cret word" } },
    { auth: LOGIN },
    { ...down("auth-refused", 535, "5.7.8"), facts: { reply: "5.7.8 Bad: ••• •••" } },
  ],
  [
    "454 to the login",
    { script: { AHByb2Jl: "454 4.7.0 try again" } },
    { auth: LOGIN },
    down("auth-unavailable", 454),
  ],
  [
    "450 to the recipient",
    { script: { RCPT: "450 4.2.0 Greylisted" } },
    { mail: MAIL },
    { outcome: "degraded", reason: "try-later", facts: { stage: "rcpt", enhanced: "4.2.0" } },
  ],
  [
    "451 to the sender",
    { script: { MAIL: "451 4.3.0 full" } },
    { mail: MAIL },
    { outcome: "degraded" },
  ],
  [
    "550 to the recipient",
    { script: { RCPT: "550 5.1.1 who?" } },
    { mail: MAIL },
    down("mailbox-refused", 550),
  ],
  [
    "554 to the recipient",
    { script: { RCPT: "554 5.7.1 no" } },
    { mail: MAIL },
    down("transaction-failed", 554),
  ],
  [
    "553 to the recipient",
    { script: { RCPT: "553 bad name" } },
    { mail: MAIL },
    down("recipient-refused", 553),
  ],
  [
    "501 to the sender",
    { script: { MAIL: "501 5.1.7 bad" } },
    { mail: MAIL },
    down("sender-refused", 501),
  ],
  [
    "421 to the recipient",
    { script: { RCPT: "421 4.7.0 slow down" } },
    { mail: MAIL },
    down("service-closing", 421),
  ],
  [
    "354 to the recipient",
    { script: { RCPT: "354 go on" } },
    { mail: MAIL },
    down("malformed-reply"),
  ],
];

function down(reason: string, code?: number, enhanced?: string): object {
  const facts = { ...(code && { code }), ...(enhanced && { enhanced }) };
  return { outcome: "down", reason, facts };
}

test.each(TABLE)(
  "smtp: %s",
  async (_name, { greeting = GREETING, script = {} }, options, expected) => {
    const port = await serve(scripted(greeting, { ...HEALTHY, ...script }, { tls: TLS }));
    expect(await look(port, { tls: TRUST, ...options })).toMatchObject(expected);
  },
);

test("smtp: the whole conversation is polite and sends no mail", async () => {
  const heard: string[] = [];
  const port = await serve(scripted(GREETING, HEALTHY, { tls: TLS, heard }));
  const result = await look(port, { tls: TRUST, mail: MAIL, ehlo: "probe.example.hu" });
  expect(result).toMatchObject({
    outcome: "up",
    facts: { address: "127.0.0.1", greeting: "mx.test ESMTP", tls: { version: "TLS 1.3" } },
  });
  expect(Object.keys(result.timings)).toEqual([
    "resolve",
    "connect",
    "firstByte",
    "transfer",
    "tls",
  ]);
  await expect.poll(() => heard.at(-1)).toBe("QUIT");
  expect(heard).toEqual([
    "EHLO probe.example.hu",
    "STARTTLS",
    "EHLO probe.example.hu",
    "MAIL FROM:<probe@example.hu>",
    "RCPT TO:<inbox@example.hu>",
    "RSET",
    "QUIT",
  ]);
});

test("smtp: an untrusted certificate is degraded between servers and down before a login", async () => {
  const heard: string[] = [];
  const port = await serve(scripted(GREETING, HEALTHY, { tls: TLS, heard }));
  const reason = "certificate-untrusted-root";
  expect(await look(port)).toMatchObject({ outcome: "degraded", reason });
  expect(await look(port, { starttls: "required" })).toMatchObject({ outcome: "down", reason });
  expect(await look(port, { auth: LOGIN })).toMatchObject({ outcome: "down", reason });
  expect(heard.filter((line) => line.startsWith("AUTH"))).toEqual([]);
  expect(await look(port, { tls: { verify: false } })).toMatchObject({ outcome: "up" });
});

test("smtp: plain text behind the STARTTLS reply is dropped and noted", async () => {
  const injected = "250-evil\r\n250 AUTH LOGIN\r\n";
  const port = await serve(scripted(GREETING, HEALTHY, { tls: TLS, injected }));
  const result = await look(port, { tls: TRUST, auth: LOGIN });
  expect(result).toMatchObject({ outcome: "up", facts: { droppedBytes: 26, login: "PLAIN" } });
});

test("smtp: a password never goes out in plain text unless that is allowed", async () => {
  const heard: string[] = [];
  const script = { ...HEALTHY, EHLO: "250-mx.test\r\n250 AUTH PLAIN" };
  const port = await serve(scripted(GREETING, script, { heard }));
  expect(await look(port, { auth: LOGIN })).toMatchObject({ reason: "starttls-missing" });
  expect(heard.some((line) => line.startsWith("AUTH"))).toBe(false);
  const allowed = { starttls: "never", auth: { ...LOGIN, plaintext: true } };
  expect(await look(port, allowed)).toMatchObject({ outcome: "up", facts: { login: "PLAIN" } });
  expect(() => smtp.prepare("mx.test", { starttls: "never", auth: LOGIN }, eyes)).toThrow(
    "smtp.auth: a login without TLS needs plaintext: true",
  );
});

/** A real server that knows one user. */
async function realServer(options: SMTPServerOptions): Promise<number> {
  const server = new SMTPServer({
    ...TLS,
    logger: false,
    onAuth({ username, password }, _session, done) {
      if (username === LOGIN.username && password === LOGIN.password)
        return done(null, { user: username });
      return done(new Error("Invalid username or password"));
    },
    ...options,
  });
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
  return (server.server.address() as AddressInfo).port;
}

test.each([
  ["PLAIN over STARTTLS", "PLAIN", false],
  ["LOGIN over STARTTLS", "LOGIN", false],
  ["PLAIN over TLS from the first byte on", "PLAIN", true],
  ["LOGIN over TLS from the first byte on", "LOGIN", true],
] as const)("smtp: a real login succeeds and fails: %s", async (_name, login, implicitTls) => {
  const port = await realServer({ secure: implicitTls, authMethods: [login] });
  const options = { tls: TRUST, starttls: "required", implicitTls, auth: LOGIN, mail: MAIL };
  const good = await look(port, options);
  expect(good).toMatchObject({ outcome: "up", facts: { login } });
  const wrong = await look(port, { ...options, auth: { ...LOGIN, password: "wrong" } });
  expect(wrong).toMatchObject({ outcome: "down", reason: "auth-refused", facts: { code: 535 } });
  expect(JSON.stringify([good, wrong])).not.toMatch(/s3cret|wrong"|cHJvYmU|AHByb2Jl/);
});

test.each<[name: string, talk: Parameters<typeof serve>[0], expected: string]>([
  ["silent", () => undefined, "timed-out-first-byte"],
  ["hanging up", (socket) => socket.destroySoon(), "closed-early"],
  ["half-closing after a cut line", (socket) => void socket.end("220 mx"), "closed-early"],
  ["resetting", (socket) => void socket.resetAndDestroy(), "reset"],
  ["with NULs", (socket) => void socket.write("220 \0\0 mx\0\r\n"), "timed-out-transfer"],
  [
    "with a line of 10 MB",
    (socket) => void socket.write(Buffer.alloc(1e7, "2")),
    "reply-too-long-line",
  ],
  ["with a greeting without end", (socket) => endless(socket, "220-hello\r\n"), "reply-too-large"],
  ["with one byte at a time", (socket) => trickle(socket, GREETING), "timed-out-transfer"],
  [
    "encrypted unasked",
    (socket) => void socket.write(Buffer.of(21, 3, 1, 0, 2, 2, 40, 10)),
    "malformed-reply",
  ],
])("smtp: a server that is %s ends in a verdict in time", async (_name, talk, reason) => {
  const port = await serve(talk);
  const result = await look(port, {}, 250);
  expect(result).toMatchObject({ outcome: "down", reason });
  expect(result.ms).toBeLessThan(1_500);
});

function endless(socket: Socket, line: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(line.repeat(100)));
  };
  socket.on("drain", more);
  more();
}

function trickle(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => void socket.write(text.charAt(at++ % text.length)), 40);
  socket.on("close", () => clearInterval(timer));
}

test("smtp: a server that falls silent says where it did", async () => {
  const port = await serve(scripted(GREETING, { ...HEALTHY, RCPT: "" }, { tls: TLS }));
  expect(await look(port, { tls: TRUST, mail: MAIL }, 600)).toMatchObject({
    outcome: "down",
    reason: "timed-out-transfer",
    facts: { stage: "rcpt", greeting: "mx.test ESMTP", tls: { trusted: true } },
  });
});

test("smtp: a server that echoes the login gets none of it into the facts", async () => {
  const echo = (socket: Socket): void => {
    socket.on("data", (chunk: Buffer) => void socket.write(chunk));
    socket.write("AHByb2JlAHMzY3JldCB3b3Jk\r\n");
  };
  const port = await serve(scripted(GREETING, { ...HEALTHY, AHByb2Jl: echo }, { tls: TLS }));
  const result = await look(port, { tls: TRUST, auth: LOGIN });
  expect(result).toMatchObject({ outcome: "down", reason: "malformed-reply" });
  expect(JSON.stringify(result)).not.toMatch(/s3cret|AHByb2Jl|czNjcmV0/);
});

test("smtp: TLS that fails after STARTTLS is down with its reason", async () => {
  const script = { ...HEALTHY, STARTTLS: "220 go" };
  const port = await serve(scripted(GREETING, script));
  expect(await look(port, {}, 500)).toMatchObject({ outcome: "down", reason: "tls-not-spoken" });
});

test.each([
  ["a port beyond 65535", "mx.test:70000", {}, "target: expected host[:port]"],
  ["a target with a scheme", "smtp://mx.test", {}, "target: expected host[:port]"],
  ["an unknown key", "mx.test", { startls: "never" }, 'smtp: Unrecognized key: "startls"'],
  [
    "a recipient with a line break",
    "mx.test",
    { mail: { from: "", to: "a@b\r\nDATA" } },
    "smtp.mail.to",
  ],
  ["a recipient with brackets", "mx.test", { mail: { from: "", to: "a>b@c.hu" } }, "smtp.mail.to"],
  ["a name with spaces", "mx.test", { ehlo: "a b" }, "smtp.ehlo: expected a host name"],
])("smtp: %s cannot be prepared", (_name, target, options, message) => {
  expect(() => smtp.prepare(target, options, eyes)).toThrow(message);
});
