import { expect, onTestFinished, test } from "vitest";
import type { MailSettings, Message } from "../../src/notify/channel.js";
import { email } from "../../src/notify/email.js";
import { issue } from "../support/certificates.js";
import { message } from "../support/message.js";
import { readMail, smtpSink } from "../support/smtp-sink.js";

const mailFor = (port: number, rest: Partial<MailSettings> = {}): MailSettings => ({
  smtp: `smtp://127.0.0.1:${port}`,
  password: null,
  from: "Tudunk <status@example.org>",
  ...rest,
});

function open(mail: MailSettings | null, to: readonly string[] = ["ops@example.org"]) {
  const channel = email.prepare({ to }, { mail });
  onTestFinished(() => channel.close());
  return (one: Message) => channel.send(one, new AbortController().signal);
}

test("a mail has plain and HTML parts and the headers that keep machines quiet", async () => {
  const { port, letters } = await smtpSink();
  const send = open(mailFor(port), ["ops@example.org", "night@example.org"]);
  expect(await send(message())).toEqual({ sent: true, detail: "smtp-250" });
  const [letter] = letters;
  expect(letter).toMatchObject({
    from: "status@example.org",
    to: ["ops@example.org", "night@example.org"],
  });
  const { headers, parts } = readMail(letter?.raw ?? "");
  expect(Object.fromEntries(headers)).toMatchObject({
    from: "Tudunk <status@example.org>",
    to: "ops@example.org, night@example.org",
    subject: "[Example Host] web3 cannot be reached",
    "message-id": "<inc123abc456-upd123abc456@example.org>",
    references: "<incident-inc123abc456@example.org>",
    "auto-submitted": "auto-generated",
    precedence: "bulk",
    "x-auto-response-suppress": "All",
    "list-id": "<incidents.status.example.org>",
    "x-tudunk-incident": "inc123abc456",
  });
  expect(headers.has("in-reply-to")).toBe(false);
  expect(Date.parse(headers.get("date") ?? "")).toBeGreaterThan(Date.now() - 60_000);
  expect(headers.get("content-type")).toMatch(/^multipart\/alternative/);
  expect(parts.map((part) => part.headers.get("content-type")?.split(";")[0])).toEqual([
    "text/plain",
    "text/html",
  ]);
  const [plain, html] = parts.map(({ body }) => body);
  for (const said of [
    "New incident",
    "web3 cannot be reached – since 10:58",
    "web3-http: refused, since 10:58",
    "https://status.example.org/incidents/inc123abc456",
    "web3 (a host)",
    "Next word promised by",
    "11:30",
  ]) {
    expect(plain).toContain(said);
    expect(html).toContain(said);
  }
});

test("the HTML loads nothing, runs nothing, and is made for both themes", async () => {
  const { port, letters } = await smtpSink();
  await open(mailFor(port))(message());
  const html = readMail(letters[0]?.raw ?? "").parts[1]?.body ?? "";
  expect(html).not.toMatch(/<(script|img|link|iframe|object|form)\b|url\(|@import|\bon\w+=|src=/i);
  expect(html.match(/https?:\/\/[^"<\s]+/g)).toEqual([
    "https://status.example.org/incidents/inc123abc456",
  ]);
  expect(html).toContain('name="color-scheme" content="light dark"');
  expect(html).toContain("prefers-color-scheme: dark");
  expect(html).toContain('lang="en"');
});

test("all mails of an incident keep their subject and answer the same thread", async () => {
  const { port, letters } = await smtpSink();
  const send = open(mailFor(port));
  await send(message());
  await send(message({ key: "inc123abc456-b", event: "incident.updated", text: "Cause found." }));
  await send(
    message(
      { key: "inc123abc456-c", event: "incident.resolved" },
      { state: "resolved", resolvedAt: "2026-11-21T10:20:00.000Z" },
    ),
  );
  const heads = letters.map(({ raw }) => readMail(raw).headers);
  expect(new Set(heads.map((head) => head.get("subject"))).size).toBe(1);
  expect(new Set(heads.map((head) => head.get("references"))).size).toBe(1);
  expect(heads.map((head) => head.get("in-reply-to"))).toEqual([
    undefined,
    "<incident-inc123abc456@example.org>",
    "<incident-inc123abc456@example.org>",
  ]);
  expect(new Set(heads.map((head) => head.get("message-id"))).size).toBe(3);
});

test("a Hungarian mail is Hungarian throughout", async () => {
  const { port, letters } = await smtpSink();
  await open(mailFor(port))(
    message({
      language: "hu",
      headline: "web3 nem érhető el – 10:58 óta",
      text: "Keressük az okát.",
    }),
  );
  const { headers, parts } = readMail(letters[0]?.raw ?? "");
  expect(headers.get("subject")).toBe("[Example Host] web3 nem érhető el");
  expect(parts[0]?.body).toContain("Új incidens: web3 nem érhető el – 10:58 óta");
  expect(parts[0]?.body).toContain("web3-http: refused, 10:58 óta");
});

test("a long title is cut, with its accents whole", async () => {
  const { port, letters } = await smtpSink();
  await open(mailFor(port))(message({}, { title: { en: "árvíztűrő ".repeat(60) } }));
  const subject = readMail(letters[0]?.raw ?? "").headers.get("subject") ?? "";
  expect(subject).toMatch(/^\[Example Host\] árvíztűrő .*…$/);
  expect(subject.length).toBeLessThanOrEqual(160);
});

test("a recipient that is refused for good stops nobody else", async () => {
  const { port, letters } = await smtpSink({
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith("gone") ? refusal(550, "no such user") : null),
  });
  const send = open(mailFor(port), ["gone@example.org", "ops@example.org"]);
  expect(await send(message())).toEqual({ sent: true, detail: "not delivered to 1 of 2" });
  expect(letters.map(({ to }) => to)).toEqual([["ops@example.org"]]);
});

test("a recipient that is put off is tried again alone", async () => {
  let patient = false;
  const { port, letters } = await smtpSink({
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith("grey") && !patient ? refusal(450, "greylisted") : null),
  });
  const send = open(mailFor(port), ["grey@example.org", "ops@example.org"]);
  expect(await send(message())).toMatchObject({
    sent: false,
    retry: true,
    afterMs: 60_000,
    reason: "1 of 2 recipients put off: smtp-450: greylisted",
  });
  patient = true;
  expect(await send(message())).toMatchObject({ sent: true });
  expect(letters.map(({ to }) => to)).toEqual([["ops@example.org"], ["grey@example.org"]]);
  const ids = letters.map(({ raw }) => readMail(raw).headers.get("message-id"));
  expect(new Set(ids).size).toBe(1);
});

test("a recipient that is put off and then refused ends the message as sent to the others", async () => {
  let code = 450;
  const { port } = await smtpSink({
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith("odd") ? refusal(code, "no") : null),
  });
  const send = open(mailFor(port), ["odd@example.org", "ops@example.org"]);
  expect(await send(message())).toMatchObject({ sent: false, retry: true });
  code = 550;
  expect(await send(message())).toEqual({ sent: true, detail: "not delivered to 1 of 2" });
});

test("the password of mail: is what the relay is told", async () => {
  const logins: unknown[] = [];
  const { port } = await smtpSink({
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) => {
      logins.push([username, password]);
      done(null, { user: "x" });
    },
  });
  const send = open(
    mailFor(port, { smtp: `smtp://mailer%40x:old@127.0.0.1:${port}`, password: "new pass" }),
  );
  expect(await send(message())).toMatchObject({ sent: true });
  expect(logins).toEqual([["mailer@x", "new pass"]]);
});

test("smtps is encrypted from the first byte, and a foreign certificate is refused", async () => {
  const { key, cert } = issue({ names: ["127.0.0.1"] });
  const { port, letters } = await smtpSink({ secure: true, key, cert, disabledCommands: [] });
  const send = open(mailFor(port, { smtp: `smtps://127.0.0.1:${port}` }));
  expect(await send(message())).toEqual({
    sent: false,
    retry: true,
    reason: "tls-failed: the relay's certificate or encryption is not accepted",
  });
  expect(letters).toEqual([]);
});

test("without a password a relay's own certificate is good enough", async () => {
  const { key, cert } = issue({ name: "snakeoil" });
  const encrypted: boolean[] = [];
  const { port } = await smtpSink({
    key,
    cert,
    disabledCommands: [],
    onMailFrom: (_address, session, done) => {
      encrypted.push(session.secure);
      done();
    },
  });
  expect(await open(mailFor(port))(message())).toMatchObject({ sent: true });
  expect(encrypted).toEqual([true]);
});

test("a password never goes to another host in the clear", async () => {
  const logins: unknown[] = [];
  const { port } = await smtpSink({
    allowInsecureAuth: true,
    onAuth: (auth, _session, done) => {
      logins.push(auth);
      done(null, { user: "x" });
    },
  });
  // Another name than loopback's own, for the same machine.
  const send = open(mailFor(port, { smtp: `smtp://mailer@0.0.0.0:${port}`, password: "secret" }));
  expect(await send(message())).toMatchObject({ sent: false, retry: true });
  expect(logins).toEqual([]);
});

test.each([
  ["no section mail", null, { to: ["ops@example.org"] }],
  [
    "a smtp address of another kind",
    mailFor(25, { smtp: "http://relay.example.org" }),
    { to: ["ops@example.org"] },
  ],
  ["a sender that is none", mailFor(25, { from: "Tudunk" }), { to: ["ops@example.org"] }],
  [
    "a sender with a line break",
    mailFor(25, { from: "a\r\nBcc: x@example.org <s@example.org>" }),
    { to: ["ops@example.org"] },
  ],
  ["no recipient", mailFor(25), { to: [] }],
  ["a key nobody knows", mailFor(25), { to: ["ops@example.org"], cc: ["x@example.org"] }],
  ["two addresses in one", mailFor(25), { to: ["a@example.org,b@example.org"] }],
  ["an address with a name", mailFor(25), { to: ["Ops <ops@example.org>"] }],
  ["a quoted address", mailFor(25), { to: ['"a b"@example.org'] }],
  ["a group", mailFor(25), { to: ["ops:a@example.org;"] }],
  ["a line break", mailFor(25), { to: ["ops@example.org\r\nRCPT TO:<x@example.org>"] }],
  ["a domain that begins with a dash", mailFor(25), { to: ["ops@-example.org"] }],
])("email cannot be prepared with %s", (_name, mail, settings) => {
  expect(() => email.prepare(settings, { mail })).toThrow(Error);
});

test("what cannot be prepared does not repeat the address of the relay", () => {
  const mail = mailFor(25, { smtp: "smtp//mailer:hunter2@relay" });
  expect(() => email.prepare({ to: ["ops@example.org"] }, { mail })).toThrow(
    /^(?!.*hunter2).*mail\.smtp/,
  );
});

const refusal = (responseCode: number, text: string): Error =>
  Object.assign(new Error(text), { responseCode });
