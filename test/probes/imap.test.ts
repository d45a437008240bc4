import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { imap } from "../../probes/imap.js";
import { argument, folderName, imapDate, readResponse } from "../../probes/mail/imap-response.js";
import { openDialogue } from "../../probes/dialogue.js";
import { connectTo } from "../../probes/connect.js";
import { createPhases } from "../../probes/phases.js";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { chainOf } from "../support/certificates.js";
import { scripted, serve, type Script } from "../support/servers.js";

const NOW = new Date("2026-11-22T06:00:00Z");
const eyes = { resolver: createResolver(), now: () => NOW };
const { leaf, root } = chainOf({
  root: { from: -400, to: 3_650 },
  middle: { from: -400, to: 3_650 },
  leaf: { from: -400, to: 3_650 },
});
const TLS = { cert: leaf.chain, key: leaf.key };
const TRUST = { ca: root.cert };
const LOGIN = { username: "probe", password: 's3cret "word"' };

const look = (port: number, options: object = {}, timeoutMs = 3_000): Promise<Result> =>
  runProbe(
    imap.prepare(`127.0.0.1:${port}`, { tls: TRUST, ...options }, eyes),
    timeoutMs,
    () => new Date(),
  );

const GREETING = "* OK [CAPABILITY IMAP4rev1] Dovecot ready.";
const capable = (words: string): string => `* CAPABILITY IMAP4rev1 ${words}\r\n% OK done`;
const HEALTHY: Script = {
  CAPABILITY: capable("STARTTLS SASL-IR AUTH=PLAIN QUOTA"),
  STARTTLS: "% OK begin",
  "AUTHENTICATE PLAIN": "% OK [CAPABILITY x] in",
  EXAMINE: "* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* OK [UIDNEXT 9] n\r\n% OK [READ-ONLY] open",
  SELECT: "* 3 EXISTS\r\n% OK [READ-WRITE] open",
  FETCH:
    '* 1 FETCH (INTERNALDATE "22-Nov-2026 05:00:00 +0000")\r\n' +
    '* 2 FETCH (INTERNALDATE "22-Nov-2026 07:30:00 +0200")\r\n' +
    '* 3 FETCH (FLAGS (\\Seen) INTERNALDATE " 1-Nov-2026 05:00:00 +0000")\r\n% OK done',
  GETQUOTAROOT:
    '* QUOTAROOT INBOX "User quota"\r\n* QUOTA "User quota" (STORAGE 450 500 MESSAGE 3 1000)\r\n% OK done',
  LOGOUT: "* BYE\r\n% OK bye",
};

const down = (reason: string, facts: object = {}): object => ({ outcome: "down", reason, facts });
const degraded = (reason: string): object => ({ outcome: "degraded", reason });
const AUTH = { auth: LOGIN };

const TABLE: readonly [
  name: string,
  given: { greeting?: string; script?: Script },
  options: object,
  expected: object,
][] = [
  [
    "healthy, logged in, folder opened",
    {},
    AUTH,
    {
      outcome: "up",
      facts: {
        greeting: "Dovecot ready.",
        login: "PLAIN",
        mailbox: { messages: 3, newestAgeSeconds: 1_800 },
        quota: { percent: 90, storageKb: { used: 450, limit: 500 } },
      },
    },
  ],
  ["healthy, nothing asked for", {}, {}, { outcome: "up", reason: "ok" }],
  ["BYE as greeting", { greeting: "* BYE too many" }, {}, down("greeting-refused")],
  ["a greeting of another protocol", { greeting: "220 SMTP" }, {}, down("malformed-reply")],
  ["no STARTTLS", { script: { CAPABILITY: capable("") } }, {}, degraded("starttls-missing")],
  [
    "no STARTTLS before a login",
    { script: { CAPABILITY: capable("AUTH=PLAIN") } },
    AUTH,
    down("starttls-missing"),
  ],
  [
    "no STARTTLS where nobody minds",
    { script: { CAPABILITY: capable("") } },
    { starttls: "never" },
    { outcome: "up" },
  ],
  [
    "let in before TLS, as somebody on the way may pretend",
    { greeting: "* PREAUTH hello" },
    AUTH,
    down("starttls-missing"),
  ],
  ["STARTTLS refused", { script: { STARTTLS: "% NO later" } }, {}, degraded("starttls-refused")],
  [
    "LOGIN where nothing else is offered",
    {
      script: {
        CAPABILITY: capable("STARTTLS"),
        'LOGIN "probe" "s3cret \\"word\\""': "% OK in",
      },
    },
    AUTH,
    { outcome: "up", facts: { login: "LOGIN" } },
  ],
  [
    "LOGIN forbidden",
    { script: { CAPABILITY: capable("STARTTLS LOGINDISABLED AUTH=GSSAPI") } },
    AUTH,
    down("auth-missing"),
  ],
  [
    "AUTHENTICATE in two steps",
    {
      script: {
        CAPABILITY: capable("STARTTLS AUTH=PLAIN"),
        "AUTHENTICATE PLAIN": "+ ",
        AHByb2JlAHMzY3JldCAid29yZCI: "a4 OK in",
      },
    },
    AUTH,
    { outcome: "up", facts: { login: "PLAIN" } },
  ],
  [
    "a wrong login, repeated by the server",
    {
      script: {
        "AUTHENTICATE PLAIN":
          '% NO [AUTHENTICATIONFAILED] no AHByb2JlAHMzY3JldCAid29yZCI= s3cret "word"',
      },
    },
    AUTH,
    down("auth-refused", {
      stage: "auth",
      code: "AUTHENTICATIONFAILED",
      reply: "NO no ••• •••",
    }),
  ],
  [
    "a login repeated among what is offered, in the greeting's words",
    {
      greeting: '* OK s3cret "word" welcome',
      script: {
        FETCH: "* 1 FETCH (X)\r\n% OK",
        CAPABILITY: capable("STARTTLS AUTH=PLAIN SASL-IR AHByb2JlAHMzY3JldCAid29yZCI="),
      },
    },
    AUTH,
    { outcome: "up", facts: { greeting: "••• welcome" } },
  ],
  [
    "logins that cannot be checked",
    { script: { "AUTHENTICATE PLAIN": "% NO [UNAVAILABLE] later" } },
    AUTH,
    down("auth-unavailable"),
  ],
  [
    "BYE to the login",
    { script: { "AUTHENTICATE PLAIN": "* BYE overloaded" } },
    AUTH,
    down("service-closing", { stage: "auth", reply: "BYE overloaded" }),
  ],
  [
    "a folder that is not there",
    { script: { EXAMINE: "% NO [NONEXISTENT] what?" } },
    AUTH,
    down("folder-refused", { stage: "open", code: "NONEXISTENT" }),
  ],
  [
    "a folder with letters beyond ASCII",
    { script: { 'EXAMINE "Elk&APw-ld&APY-tt"': "* 0 EXISTS\r\n% OK" } },
    { ...AUTH, mailbox: "Elküldött" },
    { outcome: "up", facts: { mailbox: { messages: 0, newestAgeSeconds: null } } },
  ],
  [
    "a folder that should be writable",
    { script: { SELECT: "* 0 EXISTS\r\n% OK [READ-ONLY] open" } },
    { ...AUTH, write: true },
    degraded("folder-read-only"),
  ],
  ["a writable folder", {}, { ...AUTH, write: true }, { outcome: "up" }],
  [
    "a newest message younger than wanted",
    {},
    { ...AUTH, expect: { newest: "31m" }, warn: { newest: "31m" } },
    { outcome: "up" },
  ],
  ["a newest message too old", {}, { ...AUTH, expect: { newest: "29m" } }, down("mail-stale")],
  [
    "a newest message nearly too old",
    {},
    { ...AUTH, expect: { newest: "1h" }, warn: { newest: "10m" } },
    degraded("mail-stale"),
  ],
  [
    "no message where one was wanted",
    { script: { EXAMINE: "* 0 EXISTS\r\n% OK" } },
    { ...AUTH, expect: { newest: "7d" } },
    down("mail-stale"),
  ],
  ["a quota beyond the threshold", {}, { ...AUTH, warn: { quota: 90 } }, degraded("quota-full")],
  ["a quota that is used up", {}, { ...AUTH, expect: { quota: 90 } }, down("quota-full")],
  ["a quota below the threshold", {}, { ...AUTH, warn: { quota: 91 } }, { outcome: "up" }],
  [
    "no quota where one was wanted",
    { script: { CAPABILITY: capable("STARTTLS SASL-IR AUTH=PLAIN") } },
    { ...AUTH, warn: { quota: 90 } },
    degraded("quota-unknown"),
  ],
];

test.each(TABLE)(
  "imap: %s",
  async (_name, { greeting = GREETING, script = {} }, options, expected) => {
    const talk = scripted(greeting, { ...HEALTHY, ...script }, { tls: TLS, tagged: true });
    const result = await look(await serve(talk), options);
    expect(result).toMatchObject(expected);
    expect(JSON.stringify(result)).not.toMatch(/s3cret|AHByb2Jl/i);
  },
);

test("imap: the whole conversation changes nothing", async () => {
  const heard: string[] = [];
  const port = await serve(scripted(GREETING, HEALTHY, { tls: TLS, heard, tagged: true }));
  expect(await look(port, AUTH)).toMatchObject({ outcome: "up" });
  await expect.poll(() => heard.at(-1)).toBe("LOGOUT");
  expect(heard).toEqual([
    "CAPABILITY",
    "STARTTLS",
    "CAPABILITY",
    "AUTHENTICATE PLAIN AHByb2JlAHMzY3JldCAid29yZCI=",
    "CAPABILITY",
    'EXAMINE "INBOX"',
    "FETCH 1:3 (INTERNALDATE)",
    'GETQUOTAROOT "INBOX"',
    "LOGOUT",
  ]);
});

test("imap: TLS from the first byte on, and a certificate that a mail program refuses", async () => {
  const port = await serve(scripted(GREETING, HEALTHY, { tagged: true }), TLS);
  expect(await look(port, { ...AUTH, implicitTls: true })).toMatchObject({ outcome: "up" });
  const reason = "certificate-untrusted-root";
  expect(await look(port, { implicitTls: true, tls: {} })).toMatchObject(down(reason));
  const heard: string[] = [];
  const plain = await serve(scripted(GREETING, HEALTHY, { tls: TLS, heard, tagged: true }));
  expect(await look(plain, { ...AUTH, tls: {} })).toMatchObject(down(reason));
  expect(heard.filter((line) => line.startsWith("AUTH"))).toEqual([]);
});

test("imap: what somebody put behind the STARTTLS reply is dropped and noted", async () => {
  const injected = "* CAPABILITY EVIL\r\na3 OK done\r\n";
  const port = await serve(scripted(GREETING, HEALTHY, { tls: TLS, injected, tagged: true }));
  expect(await look(port, AUTH)).toMatchObject({ outcome: "up", facts: { droppedBytes: 31 } });
});

test.each<[name: string, reply: string | ((socket: Socket) => void), reason: string]>([
  ["a line of a megabyte", `* ${"x".repeat(1_000_000)}`, "reply-too-long-line"],
  ["lines without end", "* OK more\r\n".repeat(2_000), "reply-too-large"],
  ["a literal of a terabyte", "* 1 FETCH (X {999999999999}", "reply-too-large"],
  ["brackets without end", `* SEARCH ${"(".repeat(500)}`, "malformed-reply"],
  ["an open quote", '* LIST "abc', "malformed-reply"],
  ["another's tag", "zz OK done", "malformed-reply"],
  ["a question nobody asked", "+ go on", "malformed-reply"],
  ["nothing", "", "timed-out-transfer"],
  ["the end", (socket) => void socket.end(), "closed-early"],
])("imap: a folder answered with %s ends in a verdict in time", async (_name, reply, reason) => {
  const script = { ...HEALTHY, EXAMINE: reply };
  const port = await serve(scripted(GREETING, script, { tls: TLS, tagged: true }));
  const result = await look(port, AUTH, 1_000);
  expect(result).toMatchObject({ outcome: "down", reason });
  expect(JSON.stringify(result)).not.toMatch(/s3cret|AHByb2Jl/);
});

test.each([
  ["a port beyond 65535", "a.test:70000", {}, "target: expected host[:port]"],
  ["a limit without a login", "a.test", { warn: { newest: "1h" } }, "imap.auth: without a login"],
  ["an age that is none", "a.test", { expect: { newest: "old" } }, "imap.expect.newest"],
  ["a folder with a line break", "a.test", { mailbox: "a\r\nb" }, "imap.mailbox"],
  [
    "a login that is to go in plain text",
    "a.test",
    { ...AUTH, starttls: "never" },
    "imap.auth: a login without TLS needs plaintext: true",
  ],
])("imap: %s cannot be prepared", (_name, target, options, message) => {
  expect(() => imap.prepare(target, options, eyes)).toThrow(message);
});

test("a response is read with its literals, lists and quotes", async () => {
  const port = await serve(
    (socket) =>
      void socket.write(
        '* 12 FETCH (UID 5 X NIL Y "a \\"b\\" {3}" BODY[HEADER.FIELDS (A B)]<0> {6}\r\na\r\n(b) Z ())\r\n',
      ),
  );
  const stop = new AbortController();
  const place = { host: "127.0.0.1", port, family: 4 } as const;
  const { socket } = await connectTo(eyes.resolver, place, createPhases(), stop.signal);
  const dialogue = openDialogue(socket, createPhases(), stop.signal);
  const { parts } = await readResponse(dialogue);
  socket.destroy();
  expect(parts).toEqual([
    "12",
    "FETCH",
    ["UID", "5", "X", null, "Y", 'a "b" {3}', "BODY[HEADER.FIELDS (A B)]<0>", "a\r\n(b)", "Z", []],
  ]);
});

test("dates, arguments and names of folders are as IMAP writes them", () => {
  expect(imapDate("17-Jul-1996 02:44:25 -0700")).toBe(Date.parse("1996-07-17T02:44:25-07:00"));
  expect(imapDate(" 7-Jul-1996 02:44:25 +0130")).toBe(Date.parse("1996-07-07T02:44:25+01:30"));
  expect(imapDate("07-Xyz-1996 02:44:25 +0000")).toBeNull();
  expect(argument('a "b" \\')).toEqual(['"a \\"b\\" \\\\"']);
  expect(argument("jelszó")).toEqual(["{7}", "jelszó"]);
  expect(folderName("~peter/mail/台北/日本語 & co")).toBe("~peter/mail/&U,BTFw-/&ZeVnLIqe- &- co");
});
