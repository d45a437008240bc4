import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROBES } from "../../probes/index.js";
import type { Eyes, Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { mailServerMissing, startMailServer, type MailServer } from "../support/mail-server.js";

const missing = mailServerMissing();
const skipped = missing === null ? "" : ` (skipped: ${missing})`;

describe.skipIf(missing !== null)(`with Postfix and Dovecot${skipped}`, () => {
  let server: MailServer;
  beforeAll(async () => {
    server = await startMailServer();
  });
  afterAll(() => server?.stop());

  const shared: Eyes = { resolver: createResolver() };
  const look = (
    kind: string,
    port: number,
    options: object = {},
    timeoutMs = 15_000,
  ): Promise<Result> => {
    const probe = PROBES[kind];
    if (!probe) throw new Error(`there is no probe ${kind}`);
    const run = probe.prepare(`127.0.0.1:${port}`, { tls: { ca: server.ca }, ...options }, shared);
    return runProbe(run, timeoutMs, () => new Date());
  };
  const auth = () => ({ username: server.user, password: server.password });
  const wrong = () => ({ ...auth(), password: "wrong" });
  const trip = (to: string, read: object, more: object = {}, timeoutMs = 15_000) =>
    look(
      "mail-trip",
      server.submission,
      {
        auth: auth(),
        from: server.user,
        to,
        read: { ...auth(), tls: { ca: server.ca }, ...read },
        ...more,
      },
      timeoutMs,
    );
  const byImap = () => ({ imap: `127.0.0.1:${server.imap}` });
  const byPop3 = () => ({ pop3: `127.0.0.1:${server.pop3s}`, implicitTls: true });
  const countMessages = async () =>
    (await look("pop3", server.pop3, { auth: auth() })).facts["messages"];

  test("a real submission logs in and takes the mail", async () => {
    const mail = { from: server.user, to: server.user };
    expect(await look("smtp", server.submission, { auth: auth(), mail })).toMatchObject({
      outcome: "up",
      facts: { login: "PLAIN", tls: { trusted: true } },
    });
    expect(await look("smtp", server.submission, { auth: wrong() })).toMatchObject({
      reason: "auth-refused",
    });
    const nobody = { from: server.user, to: "nobody@real.test" };
    expect(await look("smtp", server.submission, { auth: auth(), mail: nobody })).toMatchObject({
      reason: "mailbox-refused",
      facts: { enhanced: "5.1.1" },
    });
  });

  test("a real IMAP server lets us in and shows its folder", async () => {
    const options = { auth: auth(), warn: { quota: 99 }, write: true };
    const found = await look("imap", server.imap, options);
    expect(found).toMatchObject({
      outcome: "up",
      facts: {
        greeting: "Dovecot (Debian) ready.",
        login: "PLAIN",
        mailbox: { messages: expect.any(Number) },
        quota: { storageKb: { limit: 10_240 } },
      },
    });
    expect(await look("imap", server.imaps, { auth: wrong(), implicitTls: true })).toMatchObject({
      reason: "auth-refused",
      facts: { code: "AUTHENTICATIONFAILED", stage: "auth" },
    });
    expect(await look("imap", server.imap, { auth: auth(), mailbox: "Elküldött" })).toMatchObject({
      reason: "folder-refused",
      facts: { reply: expect.stringContaining("Mailbox doesn't exist: Elküldött") },
    });
    expect(await look("imap", server.imap, { tls: {} })).toMatchObject({
      reason: "certificate-untrusted-root",
    });
    const inPlain = { starttls: "never", auth: { ...auth(), plaintext: true } };
    // On loopback Dovecot lets us in as if it were encrypted.
    expect(await look("imap", server.imap, inPlain)).toMatchObject({ outcome: "up" });
  });

  test("a real POP3 server lets us in and counts the messages", async () => {
    expect(await look("pop3", server.pop3, { auth: auth() })).toMatchObject({
      outcome: "up",
      facts: { login: "PLAIN", messages: expect.any(Number), bytes: expect.any(Number) },
    });
    const encrypted = { auth: wrong(), implicitTls: true };
    expect(await look("pop3", server.pop3s, encrypted)).toMatchObject({
      reason: "auth-refused",
      facts: { code: "AUTH" },
    });
  });

  test("a real mail makes its trip by IMAP and by POP3 and leaves nothing behind", async () => {
    const proven = {
      from: "proven@real.test",
      authentication: { receiver: "mx.real.test", spf: "pass", dkim: "pass" },
    };
    for (const read of [byImap(), byPop3()])
      expect(await trip(server.user, read, proven)).toMatchObject({
        outcome: "up",
        facts: {
          delaySeconds: expect.any(Number),
          hops: [{ by: "mx.real.test" }, {}],
          authentication: { by: "mx.real.test", spf: "pass", dkim: "pass" },
        },
      });
    expect(await countMessages()).toBe(0);
  });

  test("twenty trips at once share a connection", async () => {
    const logins = () => server.log().match(/imap-login: Info: Login:/g)?.length ?? 0;
    const before = logins();
    const results = await Promise.all(
      Array.from({ length: 20 }, () => trip(server.user, byImap(), { slow: "10m" })),
    );
    expect(results.map(({ reason }) => reason)).toEqual(results.map(() => "ok"));
    expect(logins() - before).toBeLessThanOrEqual(1);
    expect(await countMessages()).toBe(0);
  });

  test("a real mail that comes back, waits in the queue or is refused is lost there", async () => {
    const [gone, stuck, refused] = await Promise.all([
      trip("gone@real.test", byImap()),
      trip("stuck@real.test", byImap(), {}, 3_000),
      trip("nobody@real.test", byImap()),
    ]);
    expect(gone).toMatchObject({
      reason: "mail-bounced",
      facts: { stage: "queue", enhanced: "5.1.1" },
    });
    expect(stuck).toMatchObject({ reason: "mail-not-arrived", facts: { stage: "deliver" } });
    expect(refused).toMatchObject({
      reason: "mailbox-refused",
      facts: { stage: "submit", step: "rcpt", code: 550 },
    });
    await expect.poll(countMessages, { timeout: 5_000 }).toBe(0);
  });
});
