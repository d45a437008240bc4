import type { Socket } from "node:net";
import { expect, test } from "vitest";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { tls } from "../../probes/tls.js";
import { chainOf, issue } from "../support/certificates.js";
import { scripted, serve } from "../support/servers.js";

const eyes = { resolver: createResolver() };
const { leaf, root } = chainOf();
const SERVER = { cert: leaf.chain, key: leaf.key };
const ca = root.cert;
const nothing = (): undefined => undefined;

const look = (target: string, options: object = {}, timeoutMs = 3_000): Promise<Result> =>
  runProbe(tls.prepare(target, options, eyes), timeoutMs, () => new Date());

test("tls: a good certificate is up and tells all that metrics need", async () => {
  const port = await serve(nothing, SERVER);
  const result = await look(`127.0.0.1:${port}`, { ca });
  expect(result).toMatchObject({
    outcome: "up",
    reason: "ok",
    facts: {
      address: "127.0.0.1",
      tls: {
        version: "TLS 1.3",
        cipher: expect.stringMatching(/^TLS_/),
        subject: "CN=localhost",
        issuer: "CN=Test Middle",
        names: ["localhost", "127.0.0.1"],
        nameCount: 2,
        serial: expect.stringMatching(/^[1-9a-f][0-9a-f]*$/),
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        chainLength: 3,
        trusted: true,
        keyType: "ec",
        keyBits: 256,
        daysLeft: 89,
      },
    },
  });
  expect(Object.keys(result.timings)).toEqual(["resolve", "connect", "tls"]);
  const seen = result.facts["tls"] as { earliestExpiry: number; lastChainExpiry: number };
  const inDays = (at: number) => Math.round((at * 1_000 - Date.now()) / 86_400_000);
  expect([inDays(seen.earliestExpiry), inDays(seen.lastChainExpiry)]).toEqual([90, 90]);
});

test("tls: the name is asked for and expected as configured", async () => {
  const other = chainOf({ leaf: { names: ["web3.example.hu"] } });
  const port = await serve(nothing, { cert: other.leaf.chain, key: other.leaf.key });
  const target = `localhost:${port}`;
  const trusting = { ca: other.root.cert };
  expect(await look(target, trusting)).toMatchObject({ reason: "certificate-wrong-host" });
  const named = { ...trusting, serverName: "web3.example.hu" };
  expect(await look(target, named)).toMatchObject({ outcome: "up" });
});

const GREETINGS = {
  smtp: [
    "220 mx.test",
    { EHLO: "250-mx.test\r\n250 STARTTLS", STARTTLS: "220 go", QUIT: "221 bye" },
  ],
  imap: ["* OK ready", { "a STARTTLS": "* OK [ALERT] soon\r\na OK go", "b LOGOUT": "* BYE" }],
  pop3: ["+OK ready", { STLS: "+OK go", QUIT: "+OK bye" }],
} as const;

test.each(["smtp", "imap", "pop3"] as const)(
  "tls: STARTTLS of %s leads to the certificate",
  async (starttls) => {
    const heard: string[] = [];
    const [greeting, script] = GREETINGS[starttls];
    const port = await serve(scripted(greeting, script, { tls: SERVER, heard }));
    const result = await look(`127.0.0.1:${port}`, { starttls, ca });
    expect(result).toMatchObject({ outcome: "up", facts: { tls: { version: "TLS 1.3" } } });
    expect(result.timings).toMatchObject({
      firstByte: expect.any(Number),
      tls: expect.any(Number),
    });
    await expect.poll(() => heard.at(-1)).toMatch(/QUIT|LOGOUT/);
    const untrusted = await look(`127.0.0.1:${port}`, { starttls });
    expect(untrusted).toMatchObject({ outcome: "down", reason: "certificate-untrusted-root" });
  },
);

test.each([
  ["smtp", "554 no", {}, "greeting-refused"],
  ["smtp", "220 mx.test", { EHLO: "250 mx.test" }, "starttls-missing"],
  ["smtp", "220 mx.test", { EHLO: "250 STARTTLS" }, "starttls-missing"],
  [
    "smtp",
    "220 mx.test",
    { EHLO: "250-x\r\n250 STARTTLS", STARTTLS: "454 no" },
    "starttls-refused",
  ],
  ["imap", "* BYE full", {}, "greeting-refused"],
  ["imap", "* PREAUTH hello", {}, "greeting-refused"],
  ["imap", "* OK hello", { "a STARTTLS": "a BAD what" }, "starttls-missing"],
  ["imap", "* OK hello", { "a STARTTLS": "a NO not now" }, "starttls-refused"],
  ["pop3", "-ERR busy", {}, "greeting-refused"],
  ["pop3", "+OK hello", { STLS: "-ERR what" }, "starttls-missing"],
  ["pop3", "+OK hello", { STLS: "" }, "timed-out-transfer"],
] as const)(
  "tls: a server of %s that says %s and %j is down",
  async (starttls, greeting, script, reason) => {
    const port = await serve(scripted(greeting, script));
    const result = await look(`127.0.0.1:${port}`, { starttls }, 300);
    expect(result).toMatchObject({ outcome: "down", reason });
  },
);

test.each<[name: string, talk: (socket: Socket) => void, reason: string | RegExp]>([
  ["silent", nothing, "timed-out-tls"],
  ["hanging up", (socket) => socket.destroySoon(), "tls-handshake-failed"],
  ["resetting", (socket) => void socket.resetAndDestroy(), /^(?:reset|tls-handshake-failed)$/],
  ["speaking plain text", (socket) => void socket.write("220 mx.test\r\n"), "tls-not-spoken"],
  ["sending NULs", (socket) => void socket.write(Buffer.alloc(1e6)), "tls-not-spoken"],
  [
    "alerting",
    (socket) => void socket.write(Buffer.of(21, 3, 1, 0, 2, 2, 40)),
    "tls-handshake-failed",
  ],
])("tls: a server that is %s is down in time", async (_name, talk, reason) => {
  const port = await serve(talk);
  const result = await look(`127.0.0.1:${port}`, {}, 250);
  expect(result.outcome).toBe("down");
  expect(result.reason).toMatch(reason);
  expect(result.ms).toBeLessThan(1_500);
});

test("tls: a server that trickles its handshake ends with the deadline", async () => {
  const port = await serve((socket) => {
    const timer = setInterval(() => void socket.write(Buffer.of(22, 3, 3, 0, 80)), 40);
    socket.on("close", () => clearInterval(timer));
  });
  const result = await look(`127.0.0.1:${port}`, {}, 250);
  expect(result.outcome).toBe("down");
  expect(result.ms).toBeLessThan(1_500);
});

test("tls: a port where nothing listens is refused", async () => {
  expect(await look("127.0.0.1:1")).toMatchObject({ outcome: "down", reason: "refused" });
});

test("tls: ten thousand names in a certificate are capped and judged", async () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `${index.toString(36)}.x`);
  const many = issue({ names });
  const port = await serve(nothing, { cert: many.cert, key: many.key });
  const result = await look(`127.0.0.1:${port}`, { serverName: "7pr.x", ca: many.cert });
  expect(result).toMatchObject({ outcome: "up", facts: { tls: { nameCount: 10_000 } } });
  expect(JSON.stringify(result.facts).length).toBeLessThan(2_048);
});

test.each([
  ["a target without a host", ":443", {}, "target: expected host[:port]"],
  ["a target with a path", "example.hu/x", {}, "target: expected host[:port]"],
  ["a port 0", "example.hu:0", {}, "target: expected host[:port]"],
  ["an unclosed address", "[::1", {}, "target: expected host[:port]"],
  ["roots that are none", "example.hu", { ca: "nope" }, "tls.ca: expected certificates as PEM"],
  ["an unknown version", "example.hu", { minVersion: "1.2" }, "tls.minVersion: expected one of"],
  ["an unknown protocol", "example.hu", { starttls: "ftp" }, "tls.starttls: expected one of smtp"],
])("tls: %s cannot be prepared", (_name, target, options, message) => {
  expect(() => tls.prepare(target, options, eyes)).toThrow(message);
});
