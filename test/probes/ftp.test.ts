import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { ftp } from "../../probes/ftp.js";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { chainOf } from "../support/certificates.js";
import { closedPort } from "../support/http-servers.js";
import { scripted, serve, type Script } from "../support/servers.js";

const eyes = { resolver: createResolver() };
const { leaf, root } = chainOf();
const TLS = { cert: leaf.chain, key: leaf.key };
const TRUST = { ca: root.cert };
const LOGIN = { username: "probe", password: "s3cret word" };
const PLAIN = { ...LOGIN, plaintext: true };

const look = (port: number, options: object = {}, timeoutMs = 5_000): Promise<Result> =>
  runProbe(ftp.prepare(`127.0.0.1:${port}`, options, eyes), timeoutMs, () => new Date());

const GREETING = "220-Welcome\r\n230 of you are here\r\n220 ready";
const HEALTHY: Script = {
  FEAT: "211-Features:\r\n UTF8\r\n EPSV\r\n211 End",
  USER: "331 password?",
  PASS: "230 in",
  CWD: "250 there",
  EPSV: "500 what?",
  QUIT: "221 bye",
};

function down(reason: string, stage: string, code?: number): object {
  return { outcome: "down", reason, facts: { stage, ...(code !== undefined && { code }) } };
}

/** What the server says otherwise than a healthy one, what is asked for, and what is found. */
const TABLE: readonly [
  name: string,
  given: { greeting?: string; script?: Script },
  options: object,
  expected: object,
][] = [
  [
    "a greeting with a foreign code inside",
    {},
    { mode: "plain" },
    {
      outcome: "up",
      reason: "ok",
      facts: { greeting: "Welcome 230 of you are here ready", features: ["UTF8", "EPSV"] },
    },
  ],
  ["a login", {}, { mode: "plain", auth: PLAIN }, { outcome: "up" }],
  ["no FEAT", { script: { FEAT: "502 no" } }, { mode: "plain" }, { outcome: "up" }],
  [
    "a login by name alone",
    { script: { USER: "230 in" } },
    { mode: "plain", auth: PLAIN },
    { outcome: "up" },
  ],
  ["421 as greeting", { greeting: "421 too many" }, {}, down("service-closing", "greeting", 421)],
  ["530 as greeting", { greeting: "530 go away" }, {}, down("greeting-refused", "greeting", 530)],
  ["a greeting of SMTP's kind", { greeting: "hello" }, {}, down("malformed-reply", "greeting")],
  ["no AUTH TLS", {}, {}, { outcome: "degraded", reason: "tls-missing" }],
  ["no AUTH TLS before a login", {}, { auth: LOGIN }, down("tls-missing", "auth-tls")],
  [
    "AUTH TLS refused",
    { script: { AUTH: "431 not now" } },
    { mode: "explicit" },
    down("tls-refused", "auth-tls"),
  ],
  [
    "530 that repeats the password",
    { script: { PASS: "530 s3cret word is wrong, probe" } },
    { mode: "plain", auth: PLAIN },
    { reason: "auth-refused", facts: { stage: "login", reply: "••• is wrong, •••" } },
  ],
  [
    "450 to the login",
    { script: { PASS: "450 busy" } },
    { mode: "plain", auth: PLAIN },
    down("auth-unavailable", "login", 450),
  ],
  [
    "a second password",
    { script: { PASS: "332 account?" } },
    { mode: "plain", auth: PLAIN },
    down("auth-refused", "login", 332),
  ],
  [
    "a folder that is not there",
    { script: { CWD: "550 no such folder" } },
    { mode: "plain", list: "/x" },
    down("path-refused", "cwd", 550),
  ],
  [
    "no passive connections",
    { script: { PASV: "425 no" } },
    { mode: "plain", list: "/" },
    down("data-connection-failed", "passive", 425),
  ],
  [
    "a passive port that is none",
    { script: { PASV: "227 Entering (127,0,0,1,999,1)" } },
    { mode: "plain", list: "/" },
    down("malformed-reply", "passive"),
  ],
  [
    "421 in the middle",
    { script: { CWD: "421 closing" } },
    { mode: "plain", list: "/" },
    down("service-closing", "cwd", 421),
  ],
];

test.each(TABLE)(
  "ftp: %s",
  async (_name, { greeting = GREETING, script = {} }, options, expected) => {
    const port = await serve(scripted(greeting, { ...HEALTHY, ...script }));
    expect(await look(port, options)).toMatchObject(expected);
  },
);

/** A data port that does `talk` to whoever comes; returns it with how often somebody did. */
async function dataPort(talk: (socket: Socket) => void) {
  const seen = { visits: 0 };
  const port = await serve((socket) => {
    seen.visits += 1;
    talk(socket);
  });
  return { port, seen };
}

const passive = (port: number, host = "127.0.0.1"): string =>
  `227 Entering Passive Mode (${host.replaceAll(".", ",")},${port >> 8},${port & 255}).`;

/** Grants LIST, and says that it is done once `port` was read. */
const listing = (port: number, host?: string): Script => ({
  ...HEALTHY,
  PASV: passive(port, host),
  LIST: (socket) => {
    socket.write("150 here it comes\r\n");
    setTimeout(() => socket.write("226 done\r\n"), 100);
  },
});

test("ftp: the address in PASV's reply is not believed", async () => {
  const own = await dataPort((socket) => socket.end("one\r\ntwo\r\nthree"));
  const port = await serve(scripted(GREETING, listing(own.port, "192.0.2.1")));
  expect(await look(port, { mode: "plain", list: "/" })).toMatchObject({
    outcome: "up",
    facts: { list: { entries: 3, bytes: 15, cut: false } },
  });
  expect(own.seen.visits).toBe(1);
});

test("ftp: EPSV leads to the control connection's address", async () => {
  const own = await dataPort((socket) => socket.end("one\r\n"));
  const script = { ...listing(own.port), EPSV: `229 Extended (|||${own.port}|)` };
  const port = await serve(scripted(GREETING, script));
  expect(await look(port, { mode: "plain", list: "/" })).toMatchObject({
    outcome: "up",
    facts: { list: { entries: 1 } },
  });
});

test("ftp: a listing without end is cut and is fine", async () => {
  const own = await dataPort((socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write("-rw-r--r-- 1 a a 1 file\r\n".repeat(500)));
    };
    socket.on("drain", more);
    more();
  });
  const script = { ...listing(own.port), LIST: "150 here\r\n426 aborted" };
  const port = await serve(scripted(GREETING, script));
  expect(await look(port, { mode: "plain", list: "/" })).toMatchObject({
    outcome: "up",
    facts: { list: { cut: true } },
  });
});

test.each<[name: string, talk: (socket: Socket) => void]>([
  ["is reset", (socket) => void socket.resetAndDestroy()],
  ["stays silent", () => undefined],
])("ftp: a data connection that %s is what failed", async (_name, talk) => {
  const own = await dataPort(talk);
  const port = await serve(scripted(GREETING, listing(own.port)));
  const result = await look(port, { mode: "plain", list: "/" }, 600);
  expect(result).toMatchObject({
    outcome: "down",
    reason: "data-connection-failed",
    facts: { dataPort: own.port },
  });
});

test("ftp: a passive port where nothing listens is a failed data connection", async () => {
  const closed = await closedPort();
  const port = await serve(scripted(GREETING, listing(closed)));
  expect(await look(port, { mode: "plain", list: "/" })).toMatchObject({
    outcome: "down",
    reason: "data-connection-failed",
    facts: { dataPort: closed, code: "ECONNREFUSED" },
  });
});

/** Answers AUTH TLS, and then the script inside of it. */
const encrypting =
  (script: Script, injected = "", heard: string[] = []) =>
  (socket: Socket): void => {
    const answers: Script = {
      ...script,
      AUTH: (plain) => {
        plain.removeAllListeners("data");
        plain.write(`234 go\r\n${injected}`);
        const secured = new TLSSocket(plain, { ...TLS, isServer: true });
        secured.on("error", () => undefined);
        scripted("", script, { heard })(secured);
      },
    };
    scripted(GREETING, answers, { heard })(socket);
  };

test("ftp: a login goes out inside TLS alone, and not to a stranger", async () => {
  const heard: string[] = [];
  const port = await serve(encrypting(HEALTHY, "", heard));
  expect(await look(port, { auth: LOGIN })).toMatchObject({ reason: "certificate-untrusted-root" });
  expect(heard.join()).not.toMatch(/USER|PASS/);
  const result = await look(port, { auth: LOGIN, tls: TRUST });
  expect(result).toMatchObject({ outcome: "up", facts: { tls: { trusted: true } } });
  expect(heard).toContain("PASS s3cret word");
  expect(JSON.stringify(result)).not.toContain("s3cret");
});

test("ftp: plain text behind the reply to AUTH TLS is dropped and noted", async () => {
  const port = await serve(encrypting(HEALTHY, "230 you are in\r\n"));
  expect(await look(port, { mode: "explicit", tls: TRUST })).toMatchObject({
    outcome: "up",
    facts: { droppedBytes: 16 },
  });
});

test.each<[name: string, talk: (socket: Socket) => void, expected: string]>([
  ["silent", () => undefined, "timed-out-first-byte"],
  ["hanging up", (socket) => socket.destroySoon(), "closed-early"],
  ["with a line of 10 MB", (s) => void s.write(Buffer.alloc(1e7, "2")), "reply-too-long-line"],
  ["with a greeting without end", (s) => void s.write("220-a\r\n".repeat(500)), "reply-too-large"],
  ["with an unended reply", (s) => void s.write("220-hello\r\n250 x\r\n"), "timed-out-transfer"],
  ["cut inside a reply", (s) => void s.end("220-hello\r\n"), "closed-early"],
])("ftp: a server that is %s ends in a verdict in time", async (_name, talk, reason) => {
  const port = await serve(talk);
  expect(await look(port, {}, 300)).toMatchObject({ outcome: "down", reason });
});

test("ftp: over IPv6 the data connection is, too", async ({ skip }) => {
  const server = createServer();
  const failed = once(server, "error").then(() => true);
  server.listen(0, "::1");
  if (await Promise.race([failed, once(server, "listening").then(() => false)]))
    skip("there is no IPv6 here");
  const data = createServer((socket) => socket.end("one\r\n"));
  data.listen(0, "::1");
  await once(data, "listening");
  onTestFinished(() => {
    server.close();
    data.close();
  });
  const script = {
    ...listing(1),
    EPSV: `229 Extended (|||${(data.address() as AddressInfo).port}|)`,
  };
  server.on("connection", scripted(GREETING, script));
  const target = `[::1]:${(server.address() as AddressInfo).port}`;
  const run = ftp.prepare(target, { mode: "plain", list: "/" }, eyes);
  expect(await runProbe(run, 5_000, () => new Date())).toMatchObject({
    outcome: "up",
    facts: { address: "::1", list: { entries: 1 } },
  });
});

test.each([
  ["a folder of two lines", { list: "/\r\nDELE x" }, "ftp.list"],
  ["a password of two lines", { auth: { username: "a", password: "b\nDELE x" } }, "ftp.auth"],
  ["a login without TLS", { mode: "plain", auth: LOGIN }, "needs plaintext: true"],
  ["an unknown key", { lists: "/" }, 'ftp: Unrecognized key: "lists"'],
])("ftp: %s cannot be prepared", (_name, options, message) => {
  expect(() => ftp.prepare("ftp.test", options, eyes)).toThrow(message);
});
