import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { mailTrip } from "../../probes/mail-trip.js";
import type { Eyes, Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { openSink, type Sink, type SinkWishes } from "../support/mail-sink.js";
import { scripted, serve } from "../support/servers.js";

const LOGIN = { username: "probe", password: "secret", plaintext: true };
const ENVELOPE = { from: "probe@sink.test", to: "inbox@sink.test", starttls: "never", auth: LOGIN };

const newEyes = (): Eyes => ({ resolver: createResolver() });

async function sink(wishes: SinkWishes = {}): Promise<Sink> {
  const opened = await openSink(wishes);
  onTestFinished(() => opened.stop());
  return opened;
}

const imapOf = ({ imap }: { imap: number }, more: object = {}): object => ({
  read: { imap: `127.0.0.1:${imap}`, starttls: "never", ...LOGIN, ...more },
});
const pop3Of = ({ pop3 }: Sink): object => ({
  read: { pop3: `127.0.0.1:${pop3}`, starttls: "never", ...LOGIN },
});

const trip = (
  smtp: number,
  options: object,
  { timeoutMs = 8_000, eyes = newEyes() }: { timeoutMs?: number; eyes?: Eyes } = {},
): Promise<Result> =>
  runProbe(
    mailTrip.prepare(`127.0.0.1:${smtp}`, { ...ENVELOPE, ...options }, eyes),
    timeoutMs,
    () => new Date(),
  );

/** Puts lines on top of a mail, as a server does that takes it in. */
const under =
  (...lines: readonly string[]) =>
  (text: string): string =>
    [...lines, text].join("\r\n");

test.each([
  ["IMAP with IDLE", {}, imapOf],
  ["IMAP without IDLE", { without: ["IDLE"] }, imapOf],
  ["POP3", {}, pop3Of],
] as const)("mail-trip: a mail is found by %s and deleted", async (_name, wishes, read) => {
  const server = await sink(wishes);
  server.add("From: somebody@else.test\r\nSubject: keep me\r\n\r\nhello");
  const result = await trip(server.smtp, read(server));
  expect(result).toMatchObject({ outcome: "up", reason: "ok", facts: { authentication: null } });
  expect(result.facts["delaySeconds"]).toEqual(expect.any(Number));
  expect(Object.keys(result.timings)).toEqual(["submit", "queue", "deliver", "list", "remove"]);
  expect(server.mails.map(({ text }) => text.includes("keep me"))).toEqual([true]);
  expect(server.counts.submitted).toBe(1);
});

test("mail-trip: many monitors share one connection, and none takes another's mail", async () => {
  const server = await sink();
  const eyes = newEyes();
  const results = await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      trip(server.smtp, { ...imapOf(server), from: `probe${n}@sink.test` }, { eyes }),
    ),
  );
  expect(results.map(({ outcome }) => outcome)).toEqual(results.map(() => "up"));
  expect(server.counts).toMatchObject({ submitted: 60, imapLogins: 1 });
  expect(server.mails).toEqual([]);
});

test("mail-trip: a mail that does not arrive is down, lost while being delivered", async () => {
  const server = await sink({ deliver: () => null });
  const lost = await Promise.all(
    [imapOf(server), pop3Of(server)].map((read) => trip(server.smtp, read, { timeoutMs: 1_500 })),
  );
  for (const result of lost)
    expect(result).toMatchObject({
      outcome: "down",
      reason: "mail-not-arrived",
      facts: { stage: "deliver", accepted: "2.0.0 taken" },
    });
});

test("mail-trip: a mail that comes after its time is removed, and the next trip says how late it was", async () => {
  let held: (() => void) | undefined;
  let first = true;
  const server = await sink({
    deliver: async (text) => {
      if (!first) return text;
      first = false;
      await new Promise<void>((done) => (held = done));
      return text;
    },
  });
  const eyes = newEyes();
  expect(await trip(server.smtp, imapOf(server), { eyes, timeoutMs: 1_500 })).toMatchObject({
    reason: "mail-not-arrived",
  });
  held?.();
  const next = await trip(server.smtp, imapOf(server), { eyes });
  expect(next).toMatchObject({ outcome: "up", facts: { lateSeconds: expect.any(Number) } });
  await expect.poll(() => server.mails.length).toBe(0);
});

test("mail-trip: own mails long overdue are cleaned up, others' never", async () => {
  const server = await sink({ deliver: () => null });
  const eyes = newEyes();
  await trip(server.smtp, imapOf(server), { timeoutMs: 1_000, eyes });
  const sent: string[] = [];
  const second = await sink({
    deliver: (text) => {
      sent.push(text);
      return text;
    },
  });
  await trip(second.smtp, imapOf(second), { eyes });
  const [, mark = "", at = "", chance = ""] =
    /Tudunk-Trip: (\w+)\.(\w+)\.(\w+)/.exec(sent[0] ?? "") ?? [];
  const old = (Date.now() - 20 * 60_000).toString(36);
  const mail = (token: string): string => `Subject: x\r\nTudunk-Trip: ${token}\r\n\r\nx`;
  second.add(mail(`${mark}.${old}.${chance}`));
  second.add(mail(`${mark}.${at}.${"0".repeat(32)}`));
  second.add(mail(`${"f".repeat(16)}.${old}.${chance}`));
  second.add("Subject: Round trip\r\n\r\nnobody's");
  expect(await trip(second.smtp, imapOf(second), { eyes })).toMatchObject({ outcome: "up" });
  await expect.poll(() => second.mails.length).toBe(3);
  // The same for one who comes anew and finds them lying there.
  second.add(mail(`${mark}.${old}.${"1".repeat(32)}`));
  expect(await trip(second.smtp, imapOf(second))).toMatchObject({ outcome: "up" });
  await expect.poll(() => second.mails.length).toBe(3);
});

test("mail-trip: without UIDPLUS a mail is only marked as deleted", async () => {
  const server = await sink({ without: ["UIDPLUS"] });
  expect(await trip(server.smtp, imapOf(server))).toMatchObject({ outcome: "up" });
  expect(server.mails).toMatchObject([{ deleted: true }]);
  expect(server.heard.filter((line) => /EXPUNGE|CLOSE/.test(line))).toEqual([]);
});

test("mail-trip: a mail that cannot be deleted is degraded", async () => {
  const server = await sink({ imap: { "UID STORE": "% NO [NOPERM] read only\r\n" } });
  expect(await trip(server.smtp, imapOf(server))).toMatchObject({
    outcome: "degraded",
    reason: "mail-not-removed",
    facts: { delaySeconds: expect.any(Number) },
  });
});

test("mail-trip: later than the threshold is degraded, with the delay", async () => {
  const server = await sink();
  expect(await trip(server.smtp, { ...imapOf(server), slow: "1ms" })).toMatchObject({
    outcome: "degraded",
    reason: "mail-late",
    facts: { delaySeconds: expect.any(Number) },
  });
});

test("mail-trip: a deferred mail is tried again and degraded with its delay", async () => {
  const server = await sink({ defer: 1 });
  expect(await trip(server.smtp, imapOf(server), { timeoutMs: 15_000 })).toMatchObject({
    outcome: "degraded",
    reason: "try-later",
    facts: { deferrals: 1, delaySeconds: expect.any(Number) },
  });
});

test("mail-trip: a mail that is deferred to the end is degraded at the submission", async () => {
  const server = await sink({ defer: 9 });
  expect(await trip(server.smtp, imapOf(server), { timeoutMs: 1_500 })).toMatchObject({
    outcome: "degraded",
    reason: "try-later",
    facts: { stage: "submit", step: "rcpt", code: 451, deferrals: 1 },
  });
});

const RECEIVED =
  "Received: from a.test by mx.sink.test with ESMTPS id 1; Sun, 22 Nov 2026 05:00:09 +0000 (UTC)";
const FIRST =
  "Received: from probe by relay.test\r\n\twith ESMTPSA id 2; Sun, 22 Nov 2026 06:00:00 +0100";

test("mail-trip: the receiver's own verdicts and the way of the mail are told", async () => {
  const server = await sink({
    deliver: under(
      "Authentication-Results: mx.sink.test (a (nested; spf=fail) comment);",
      '\tspf=pass reason="dmarc=fail; x" smtp.mailfrom=sink.test;',
      "\tdkim=fail header.d=a; dkim=pass header.d=b",
      RECEIVED,
      "Authentication-Results: mx.sink.test; dmarc=pass",
      "Authentication-Results: evil.test; dmarc=pass",
      FIRST,
    ),
  });
  const options = { ...imapOf(server), authentication: { spf: "pass", dkim: ["pass", "none"] } };
  expect(await trip(server.smtp, options)).toMatchObject({
    outcome: "up",
    facts: {
      authentication: { by: "mx.sink.test", spf: "pass", dkim: "pass" },
      hops: [
        { by: "relay.test", seconds: null },
        { by: "mx.sink.test", seconds: 9 },
      ],
    },
  });
  const wanted = { ...imapOf(server), authentication: { dmarc: "pass" } };
  const lacking = await trip(server.smtp, wanted);
  expect(lacking).toMatchObject({ outcome: "degraded", reason: "sender-unverified" });
  expect(lacking.facts["authentication"]).not.toHaveProperty("dmarc");
});

test("mail-trip: a named receiver is the only one believed", async () => {
  const server = await sink({
    deliver: under(
      "Authentication-Results: evil.test; spf=pass",
      RECEIVED,
      "Authentication-Results: mx.sink.test; spf=fail",
    ),
  });
  const options = (receiver: string) => ({
    ...imapOf(server),
    authentication: { receiver, spf: "pass" },
  });
  expect(await trip(server.smtp, options("MX.sink.test"))).toMatchObject({
    reason: "sender-unverified",
    facts: { authentication: { by: "mx.sink.test", spf: "fail" } },
  });
  expect(await trip(server.smtp, options("other.test"))).toMatchObject({
    reason: "sender-unverified",
    facts: { authentication: null },
  });
});

const report = (action: string) => (text: string) =>
  [
    "From: MAILER-DAEMON@sink.test",
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    "",
    "--b",
    "Content-Type: message/delivery-status",
    "",
    `Action: ${action}`,
    "Status: 5.1.2",
    "Diagnostic-Code: smtp; 550 5.1.2 no such place",
    "--b",
    "Content-Type: message/rfc822",
    "",
    text,
    "--b--",
  ].join("\r\n");

test("mail-trip: a mail that comes back is down at once, lost in the queue, and its report removed", async () => {
  const server = await sink({ deliver: report("failed") });
  for (const read of [imapOf(server), pop3Of(server)])
    expect(await trip(server.smtp, read)).toMatchObject({
      outcome: "down",
      reason: "mail-bounced",
      facts: { stage: "queue", enhanced: "5.1.2", reply: "smtp; 550 5.1.2 no such place" },
    });
  await expect.poll(() => server.mails.length).toBe(0);
});

test("mail-trip: a mail reported as waiting is lost in the queue only when its time is over", async () => {
  const server = await sink({ deliver: report("delayed") });
  const result = await trip(server.smtp, imapOf(server), { timeoutMs: 1_500 });
  expect(result).toMatchObject({ reason: "mail-queued", facts: { stage: "queue" } });
  expect(result.ms).toBeGreaterThanOrEqual(1_490);
});

test("mail-trip: a connection that breaks is opened anew, and the mail found", async () => {
  let broken = false;
  const server = await sink({
    deliver: (text) => {
      if (!broken) server.hangUp();
      broken = true;
      return text;
    },
  });
  expect(await trip(server.smtp, imapOf(server), { timeoutMs: 15_000 })).toMatchObject({
    outcome: "up",
  });
  expect(server.counts.imapLogins).toBe(2);
});

test("mail-trip: a mailbox that cannot be read is down while listing, by its own reason", async () => {
  const server = await sink({ imap: { AUTHENTICATE: "% NO [AUTHENTICATIONFAILED] secret\r\n" } });
  const refused = await trip(server.smtp, imapOf(server));
  expect(refused).toMatchObject({
    outcome: "down",
    reason: "auth-refused",
    facts: { stage: "list", step: "auth", code: "AUTHENTICATIONFAILED", reply: "NO •••" },
  });
  const noFolder = await sink({ imap: { SELECT: "% NO gone\r\n" } });
  expect(await trip(server.smtp, imapOf(noFolder))).toMatchObject({
    reason: "folder-refused",
    facts: { stage: "list" },
  });
});

test("mail-trip: a mailbox server that is gone, or goes meanwhile, is down while listing", async () => {
  const server = await sink({ deliver: () => null });
  const closed = await sink();
  const dying = await sink();
  await closed.stop();
  const results = [closed, dying].map((one) =>
    trip(server.smtp, imapOf(one), { timeoutMs: 15_000 }),
  );
  await expect.poll(() => dying.heard).toContain("IDLE");
  await dying.stop();
  for (const result of await Promise.all(results))
    expect(result).toMatchObject({ outcome: "down", reason: "refused", facts: { stage: "list" } });
});

test("mail-trip: a mailbox that somebody else holds open is degraded, by its own reason", async () => {
  const server = await sink();
  const busy = await serve(
    scripted("+OK", { CAPA: "-ERR", USER: "+OK", PASS: "-ERR [IN-USE] locked", QUIT: "+OK" }),
  );
  const read = { pop3: `127.0.0.1:${busy}`, starttls: "never", ...LOGIN };
  expect(await trip(server.smtp, { read }, { timeoutMs: 1_500 })).toMatchObject({
    outcome: "degraded",
    reason: "try-later",
    facts: { stage: "list", step: "auth", code: "IN-USE" },
  });
});

test.each([
  ["ends at once", "+ go\r\n% OK done\r\n"],
  ["is refused", "% NO not now\r\n"],
  ["tells the same news without end", "+ go\r\n* 1 EXISTS\r\n% OK done\r\n"],
])("mail-trip: an IDLE that %s keeps nobody busy, and the mail is found", async (_name, reply) => {
  let held: (() => void) | undefined;
  const server = await sink({
    imap: { IDLE: reply },
    deliver: async (text) => {
      await new Promise<void>((done) => (held = done));
      return text;
    },
  });
  const result = trip(server.smtp, imapOf(server), { timeoutMs: 15_000 });
  await sleep(500);
  expect(server.heard.length).toBeLessThan(120);
  held?.();
  expect(await result).toMatchObject({ outcome: "up" });
});

test("mail-trip: a mailbox that never answers is down while listing when the time is over", async () => {
  const server = await sink();
  const imap = await serve(() => undefined);
  expect(await trip(server.smtp, imapOf({ imap }), { timeoutMs: 1_500 })).toMatchObject({
    outcome: "down",
    reason: "listing-failed",
    facts: { stage: "list" },
  });
});

test("mail-trip: a submission that fails is down there, by its own reason", async () => {
  const server = await sink();
  const closed = await sink();
  await closed.stop();
  expect(await trip(closed.smtp, imapOf(server))).toMatchObject({
    outcome: "down",
    reason: "refused",
    facts: { stage: "submit" },
  });
  const silent = await serve(() => undefined);
  const waited = await trip(silent, imapOf(server), { timeoutMs: 800 });
  expect(waited).toMatchObject({ reason: "timed-out-first-byte", facts: { stage: "submit" } });
  const wrong = await serve((socket) => void socket.write("554 5.7.1 no\r\n"));
  expect(await trip(wrong, imapOf(server))).toMatchObject({
    reason: "greeting-refused",
    facts: { stage: "submit", step: "greeting", code: 554 },
  });
});

test.each([
  ["megabytes without a line's end", `* ${"x".repeat(3_000_000)}`, "reply-too-long-line"],
  ["a literal beyond measure", "* 1 FETCH (BODY[HEADER] {999999999999}\r\nx", "reply-too-large"],
  ["brackets that do not fit", "* SEARCH ((1)\r\n", "malformed-reply"],
  ["a goodbye", "* BYE closing\r\n", "service-closing"],
  ["a tag of its own", "zz OK\r\n", "malformed-reply"],
])("mail-trip: a mailbox that answers with %s ends in a verdict", async (_name, reply, reason) => {
  const server = await sink({ imap: { "UID SEARCH": reply } });
  expect(await trip(server.smtp, imapOf(server), { timeoutMs: 1_500 })).toMatchObject({
    outcome: "down",
    reason,
    facts: { stage: "list" },
  });
});

test.each([
  ["neither IMAP nor POP3", { read: LOGIN }],
  ["both at once", { read: { ...LOGIN, imap: "a.test", pop3: "a.test" } }],
])("mail-trip: a mailbox by %s cannot be prepared", (_name, options) => {
  expect(() => mailTrip.prepare("a.test", { ...ENVELOPE, ...options }, newEyes())).toThrow(
    "mail-trip.read: expected { imap or pop3: host[:port], username, password }",
  );
});

test("mail-trip: a login to the mailbox never goes out in plain text unless that is allowed", async () => {
  const server = await sink();
  const read = { imap: `127.0.0.1:${server.imap}`, username: "probe", password: "secret" };
  expect(await trip(server.smtp, { read })).toMatchObject({
    outcome: "down",
    reason: "starttls-missing",
    facts: { stage: "list" },
  });
  expect(server.heard.filter((line) => /AUTH|LOGIN/.test(line))).toEqual([]);
});
