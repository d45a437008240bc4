import { constants, generateKeyPairSync, privateDecrypt } from "node:crypto";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { mysql } from "../../probes/mysql.js";
import { nativeToken, sha2Token } from "../../probes/mysql-login.js";
import { postgres } from "../../probes/postgres.js";
import type { Probe, Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { serve } from "../support/servers.js";

const eyes = { resolver: createResolver() };
const AUTH = { username: "probe", password: "s3cret word" };
const PLAIN = { auth: { ...AUTH, plaintext: true }, encrypt: "never" };

const look = (probe: Probe, port: number, options: object, timeoutMs = 5_000): Promise<Result> =>
  runProbe(probe.prepare(`127.0.0.1:${port}`, options, eyes), timeoutMs, () => new Date());

/** Sends the next of these each time something comes. */
const inTurn =
  (...answers: readonly Buffer[]) =>
  (socket: Socket): void => {
    const left = [...answers];
    socket.on("data", () => void socket.write(left.shift() ?? Buffer.alloc(0)));
  };

/** A message of PostgreSQL. */
function pg(type: string, body: Buffer | string = "", length?: number): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(length ?? bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const OK = Buffer.concat([pg("R", int32(0)), pg("S", "server_version\0x\0"), pg("Z", "I")]);
const error = (sqlstate: string, text: string): Buffer =>
  pg("E", `SFATAL\0C${sqlstate}\0M${text}\0\0`);

test.each<[name: string, answers: readonly Buffer[], expected: object]>([
  [
    "starting up",
    [error("57P03", "the database system is starting up")],
    { reason: "starting-up", facts: { sqlstate: "57P03" } },
  ],
  ["shutting down", [error("57P01", "terminating")], { reason: "service-closing" }],
  ["full", [error("53300", "sorry")], { reason: "too-many-connections" }],
  [
    "a full pooler",
    [error("08P01", "no more connections allowed (max_client_conn)")],
    { reason: "too-many-connections" },
  ],
  [
    "an error that repeats the password",
    [pg("R", int32(3)), error("28P01", "s3cret word is wrong")],
    { reason: "auth-refused", facts: { error: "••• is wrong" } },
  ],
  ["Kerberos", [pg("R", int32(7))], { reason: "auth-missing", facts: { method: 7 } }],
  ["SCRAM of another kind", [pg("R", `\0\0\0\nX-1\0\0`)], { reason: "auth-missing" }],
  [
    "SCRAM that never proves itself",
    [pg("R", `\0\0\0\nSCRAM-SHA-256\0\0`), OK],
    { reason: "malformed-reply" },
  ],
  [
    "SCRAM with a nonce of its own",
    [pg("R", `\0\0\0\nSCRAM-SHA-256\0\0`), pg("R", `\0\0\0\u000br=abc,s=QUJD,i=4096`)],
    { reason: "malformed-reply" },
  ],
  ["an empty row", [OK, pg("D")], { reason: "malformed-reply" }],
  ["a login of no bytes", [pg("R")], { reason: "malformed-reply" }],
  [
    "a row of -1 columns",
    [OK, Buffer.concat([pg("D", Buffer.of(255, 255)), pg("Z", "T")])],
    { outcome: "up" },
  ],
  [
    "a column longer than its row",
    [OK, pg("D", Buffer.concat([Buffer.of(0, 1), int32(1e9)]))],
    { reason: "malformed-reply" },
  ],
  ["an error without an end", [pg("E", "SX")], { reason: "malformed-reply" }],
  ["a setting without an end", [pg("S", "AAAA")], { reason: "malformed-reply" }],
  ["a negative length", [pg("D", "", 3)], { reason: "malformed-reply" }],
  ["a length of 2 GB", [pg("D", "", 0x7fff_ffff)], { reason: "reply-too-large" }],
  [
    "another protocol",
    [Buffer.from("HTTP/1.1 400 Bad Request\r\n")],
    { reason: "reply-too-large" },
  ],
  ["COPY", [OK, pg("H", Buffer.alloc(3))], { reason: "query-failed" }],
  [
    "notices without end",
    [Buffer.concat(Array.from({ length: 60_000 }, () => pg("N")))],
    { reason: "reply-too-large" },
  ],
  ["its word cut short", [pg("R", int32(0)).subarray(0, 4)], { reason: "timed-out-transfer" }],
])("postgres: %s", async (_name, answers, expected) => {
  const port = await serve(inTurn(...answers));
  const timeoutMs = "reason" in expected && expected.reason === "timed-out-transfer" ? 300 : 5_000;
  const result = await look(postgres, port, PLAIN, timeoutMs);
  expect(result).toMatchObject({ outcome: "down", ...expected });
  expect(JSON.stringify(result)).not.toContain("s3cret");
});

test("postgres: a password waits for TLS, and is not said without", async () => {
  const heard: Buffer[] = [];
  const port = await serve((socket) => {
    socket.on("data", (chunk: Buffer) => {
      heard.push(chunk);
      socket.write("N");
    });
  });
  expect(await look(postgres, port, { auth: AUTH })).toMatchObject({ reason: "tls-missing" });
  expect(heard.length).toBe(1);
  expect(() => postgres.prepare("a", { auth: AUTH, encrypt: "offered" }, eyes)).toThrow(
    "postgres.auth: a login without TLS needs plaintext: true",
  );
});

/** A packet of MySQL. */
function my(number: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head.writeUInt8(number, 3);
  return Buffer.concat([head, body]);
}

const hello = (method = "mysql_native_password\0", version = "8.4.0"): Buffer =>
  my(
    0,
    `\n${version}\0`,
    Buffer.alloc(4),
    "AAAAAAAA\0",
    Buffer.of(0xff, 0xf7, 45, 2, 0, 0xff, 0x81, 21),
    Buffer.alloc(10),
    "BBBBBBBBBBBB\0",
    method,
  );
const fine = (number: number): Buffer => my(number, Buffer.of(0, 0, 0, 2, 0, 0, 0));
const refused = (number: number, code: number, text: string): Buffer =>
  my(number, Buffer.of(0xff, code & 255, code >> 8), text);
const end = (number: number): Buffer => my(number, Buffer.of(0xfe, 0, 0, 2, 0));
/** One column of one row. */
const row = (value: string): Buffer =>
  Buffer.concat([
    my(1, Buffer.of(1)),
    my(2, "anything"),
    end(3),
    my(4, Buffer.of(value.length), value),
    end(5),
  ]);

/** Greets, and sends the next of these each time something comes. */
const greeting =
  (first: Buffer, ...answers: readonly Buffer[]) =>
  (socket: Socket): void => {
    socket.write(first);
    inTurn(...answers)(socket);
  };
/** What comes before the query: the login, what is set, the transaction, whether it is read-only. */
const LOGGED_IN = [fine(2), fine(1), fine(1), fine(1), fine(1), row("0")];
const ASKED = { ...PLAIN, query: "select 1" };

test.each<[name: string, talk: (socket: Socket) => void, expected: object]>([
  ["a value", greeting(hello(), ...LOGGED_IN, row("7")), { outcome: "up", facts: { value: "7" } }],
  [
    "a value with a name of ill will",
    greeting(hello(), ...LOGGED_IN, row("__proto__")),
    { outcome: "up", facts: { value: "__proto__" } },
  ],
  [
    "full",
    greeting(refused(0, 1_040, "Too many connections")),
    { reason: "too-many-connections", facts: { errorNumber: 1_040 } },
  ],
  ["a blocked host", greeting(refused(0, 1_129, "blocked")), { reason: "host-refused" }],
  [
    "a node out of step",
    greeting(hello(), ...LOGGED_IN, refused(1, 1_047, "#08S01WSREP has not yet prepared node")),
    { reason: "starting-up", facts: { sqlstate: "08S01" } },
  ],
  [
    "an error that repeats the password",
    greeting(hello(), refused(2, 1_045, "#28000no s3cret word")),
    { reason: "auth-refused", facts: { error: "no •••" } },
  ],
  [
    "LOCAL INFILE",
    greeting(hello(), ...LOGGED_IN, my(1, Buffer.of(0xfb), "/etc/passwd")),
    { reason: "malformed-reply" },
  ],
  [
    "a method unknown to us",
    greeting(hello(), my(2, "\u{fe}x\0AAA")),
    { reason: "malformed-reply" },
  ],
  [
    "Kerberos",
    greeting(hello(), my(2, Buffer.of(0xfe), "auth_gssapi_client\0AAA")),
    { reason: "auth-missing", facts: { method: "auth_gssapi_client" } },
  ],
  [
    "the hash of before 2004",
    greeting(hello(), my(2, Buffer.of(0xfe))),
    { reason: "auth-missing" },
  ],
  [
    "sha256_password without TLS",
    greeting(hello(), my(2, Buffer.of(0xfe), "sha256_password\0AAA")),
    { reason: "auth-missing" },
  ],
  [
    "a key that is none",
    greeting(hello("caching_sha2_password\0"), my(2, Buffer.of(1, 4)), my(4, Buffer.of(1), "key")),
    { reason: "malformed-reply" },
  ],
  ["a greeting cut short", greeting(my(0, "\n5")), { reason: "malformed-reply" }],
  ["a greeting of version 9", greeting(my(0, "\t5.0\0")), { reason: "malformed-reply" }],
  ["a packet of no bytes", greeting(my(0)), { reason: "malformed-reply" }],
  ["a packet of 16 MB", greeting(Buffer.of(255, 255, 255, 0)), { reason: "reply-too-large" }],
  ["another protocol", greeting(Buffer.from("220 mx ESMTP\r\n")), { reason: "reply-too-large" }],
  [
    "a million columns",
    greeting(hello(), ...LOGGED_IN, my(1, Buffer.of(0xfd, 0x40, 0x42, 0x0f))),
    { reason: "timed-out-transfer" },
  ],
  [
    "a number without its bytes",
    greeting(hello(), ...LOGGED_IN, my(1, Buffer.of(0xfc))),
    { reason: "malformed-reply" },
  ],
  [
    "columns and no end of them",
    greeting(hello(), ...LOGGED_IN, Buffer.concat([my(1, "\x01"), my(2, "a"), my(3, "b")])),
    { reason: "malformed-reply" },
  ],
  ["silent", () => undefined, { reason: "timed-out-first-byte" }],
  ["hanging up", (socket) => socket.destroySoon(), { reason: "closed-early" }],
])("mysql: %s", async (_name, talk, expected) => {
  const port = await serve(talk);
  const waits = "reason" in expected && String(expected.reason).startsWith("timed-out");
  const result = await look(mysql, port, ASKED, waits ? 300 : 5_000);
  expect(result).toMatchObject({ outcome: "down", ...expected });
  expect(JSON.stringify(result)).not.toContain("s3cret");
});

test("mysql: the tokens are those of other clients", () => {
  const scramble = Buffer.from("ABCDEFGHIJKLMNOPQRST");
  expect(nativeToken(AUTH.password, scramble).toString("hex")).toBe(
    "e4954a7817d5b2a3482912512b7d2ad435640a22",
  );
  expect(sha2Token(AUTH.password, scramble).toString("hex")).toBe(
    "cb5445b4ba7bc8c95767a69e8d32e1cae5f9f974fbbf84f0165fb90de00816f6",
  );
});

test("mysql: a server that wants the password, and has no TLS, gets it by its key", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const scramble = Buffer.from("AAAAAAAABBBBBBBBBBBB");
  const understood: string[] = [];
  const port = await serve((socket) => {
    const key = publicKey.export({ type: "spki", format: "pem" });
    const answers = [my(2, Buffer.of(1, 4)), my(4, Buffer.of(1), key)];
    socket.write(hello("caching_sha2_password\0"));
    socket.on("data", (chunk: Buffer) => {
      const answer = answers.shift();
      if (answer) return void socket.write(answer);
      const mixed = privateDecrypt(
        { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING },
        chunk.subarray(4),
      );
      understood.push(
        Buffer.from(mixed.map((byte, at) => byte ^ (scramble[at % 20] ?? 0))).toString(),
      );
      socket.write(refused(6, 1_045, "#28000no"));
    });
  });
  expect(await look(mysql, port, PLAIN)).toMatchObject({ reason: "auth-refused" });
  expect(understood).toEqual([`${AUTH.password}\0`]);
});

test("mysql: a password waits for TLS, and is not said without", async () => {
  const heard: Buffer[] = [];
  const port = await serve((socket) => {
    socket.write(hello());
    socket.on("data", (chunk: Buffer) => heard.push(chunk));
  });
  expect(await look(mysql, port, { auth: AUTH })).toMatchObject({ reason: "tls-missing" });
  expect(heard).toEqual([]);
});

test.each([
  ["a query without a login", { query: "select 1" }, "query: needs a login: auth"],
  ["an expectation without a query", { ...PLAIN, expect: { equals: 1 } }, "expect: needs a query"],
  ["an empty expectation", { ...ASKED, expect: {} }, "expect: expected at least one of"],
  ["a pattern of another kind", { ...ASKED, warn: { matches: "(?=a)" } }, "warn.matches"],
  ["a query that writes", { ...PLAIN, query: "delete from t" }, "query: expected one statement"],
  ["a name with a NUL", { auth: { ...AUTH, username: "a\0b" } }, "auth.username"],
])("mysql, postgres: %s cannot be prepared", (_name, options, message) => {
  expect(() => mysql.prepare("db.test", options, eyes)).toThrow(`mysql.${message}`);
  expect(() => postgres.prepare("db.test", options, eyes)).toThrow(`postgres.${message}`);
});
