import { expect, onTestFinished, test, vi } from "vitest";
import type { DeepFinding, DeepLook } from "../../src/core/deep-probe.js";
import type { Incoming } from "../../src/core/report.js";
import { readInventory } from "../../src/inventory/index.js";
import type { Db } from "../../src/store/db.js";
import { correct, findCustomerPage } from "../../src/store/customer-page.js";
import { saveHosts } from "../../src/store/hosts.js";
import { beginEpoch } from "../../src/store/leadership.js";
import { planMaintenance, stepMaintenances } from "../../src/store/maintenances.js";
import { findReport, keepReport, type StoredReport } from "../../src/store/reports.js";
import { linkTicket, unlinkTicket } from "../../src/store/ticket-links.js";
import { createTexts } from "../../src/texts.js";
import { createAnswering } from "../../src/work/reports/answering.js";
import { readReports } from "../../src/work/reports/read.js";
import { freshDb } from "../support/postgres.js";
import { aReport, openAnIncident, owedLetters } from "../support/reports.js";
import { metrics, newId, silent } from "../support/watched.js";

type Looked = Omit<DeepFinding, "service" | "target">;

const customers = [
  { name: "pekseg", language: "hu", web: "duna", mail: "tisza" },
  { name: "zlatar", language: "sl", web: "raba", mail: "tisza" },
].map(({ name, language, web, mail }, n) => ({
  account_id: `X-${n}`,
  company: name,
  contact_email: `boss@${name}.example`,
  language,
  domains: [{ name: `${name}.example` }],
  web_server: web,
  mail_server: mail,
}));
const server = (id: string, last: number, role: string, provides: readonly string[]) => ({
  id,
  hostname: `${id}.hoster.example`,
  role,
  ipv4: [`192.0.2.${last}`],
  provides,
});
const written = {
  provider: { name: "Hoster", domain: "hoster.example" },
  timezone: "Europe/Budapest",
  servers: [
    server("duna", 1, "web", ["http", "https"]),
    server("raba", 2, "web", ["http", "https"]),
    server("tisza", 3, "mail", ["imap", "submission", "mailbox-store"]),
  ],
  customers,
};

/** A desk that reads with everything real but the worker, which sees what `sight` says. */
async function reading(
  given: Db | null = null,
  sight: (look: DeepLook) => Partial<Looked> | Promise<Partial<Looked>> = () => ({}),
  writes = true,
) {
  const db = given ?? (await freshDb()).db;
  const read = readInventory(JSON.stringify(written));
  if (!read.ok) throw new Error("no inventory");
  const texts = createTexts({ timezone: "Europe/Budapest" });
  const looked: string[] = [];
  const now = (): Date => new Date();
  const work = readReports({
    db,
    epoch: await beginEpoch(db),
    loadInventory: () => Promise.resolve(read.contribution.inventory),
    answering: createAnswering({
      writes: () => writes,
      texts: () => texts,
      site: () => ({ name: "Hoster", languages: ["en"] }),
      help: () => ({}),
    }),
    telling: () => ({
      channels: ["duty"],
      nextUpdateMs: 60_000,
      speaker: { headline: () => ({ en: "x" }) },
      traceparent: null,
      text: () => ({ en: "Again." }),
    }),
    wordsOfFault: () => ({ title: { en: "It fails" }, text: { en: "It fails." } }),
    wordsOfSuspicion: () => ({ headline: { en: "x" }, text: { en: "x" } }),
    async lookOnce(looks) {
      looked.push(...looks.map(({ service, target }) => `${service} ${target}`));
      return Promise.all(
        looks.map(async (look) => ({
          outcome: "up" as const,
          reason: "ok",
          ms: 3,
          at: now().toISOString(),
          facts: {},
          ...(await sight(look)),
        })),
      );
    },
    timezone: () => "Europe/Budapest",
    now,
    roundMs: 200,
    log: silent,
    metrics,
    onOwed: () => undefined,
  });
  onTestFinished(() => work.stop());
  const keep = async (report: Partial<Incoming>): Promise<string> => {
    const { id } = await keepReport(db, aReport(now(), report), now());
    work.wake();
    return id;
  };
  const untilRead = async (id: string): Promise<StoredReport> =>
    vi.waitFor(
      async () => {
        const report = await findReport(db, id);
        if (!report?.readAt) throw new Error("not read yet");
        return report;
      },
      { timeout: 15_000, interval: 30 },
    );
  return {
    db,
    work,
    looked,
    keep,
    read: async (report: Partial<Incoming>) => untilRead(await keep(report)),
    untilRead,
  };
}

/** What the writer of an anonymous report can see of it, without its number. */
async function seen(db: Db, report: StoredReport): Promise<unknown> {
  const page = await findCustomerPage(db, report.id, "anybody");
  return {
    answer: report.answer,
    state: page?.ticket?.state,
    hasDate: page?.ticket?.answerDueAt !== null,
    incidents: page?.ticket?.incidents,
    messages: page?.messages.map(({ kind, text }) => `${kind} ${text}`),
    proof: page?.report.contactProof,
  };
}

const DUNA = {
  id: "duna",
  kind: "server",
  name: "duna",
  addresses: ["192.0.2.1"],
  parents: [],
} as const;

const hostile = { source: "anonymous", language: null } as const;

test("whoever asks in another's name is answered as for a domain that nobody has", async () => {
  const { db, read } = await reading();
  const at = new Date(Date.now() - 600_000);
  await saveHosts(db, [DUNA], new Date());
  await openAnIncident(db, at, {
    cause_kind: "host",
    cause_id: "duna",
    title: { en: "The web server duna does not answer" },
  });
  const asking = (domain: string): Partial<Incoming> => ({
    ...hostile,
    text: `The web site ${domain} has not opened since ten minutes, it is down.`,
    contact: `boss@${domain}`,
  });
  const told = [];
  for (const domain of ["pekseg.example", "zlatar.example", "nobody.example"]) {
    const report = await read(asking(domain));
    const text = JSON.stringify(await seen(db, report)).replaceAll(domain, "DOMAIN");
    told.push(text);
  }
  expect(told[0]).toBe(told[2]);
  expect(told[1]).toBe(told[2]);
  // The engine knows better, and the account's own address hears of it.
  expect(await db("links").select("id")).toHaveLength(1);
  expect(await owedLetters(db, new Date())).toContain("boss@pekseg.example answer");
});

test("what is late found to be another's trouble is not told to whoever asked in their name", async () => {
  const { db, read } = await reading();
  const report = await read({
    ...hostile,
    text: "Since ten minutes pekseg.example shows error 500 on every page.",
    contact: "thief@elsewhere.example",
  });
  const before = await seen(db, report);
  await saveHosts(db, [DUNA], new Date());
  await openAnIncident(db, new Date(Date.now() - 660_000), {
    cause_kind: "host",
    cause_id: "duna",
    title: { en: "Databases are slow" },
  });
  await db("links").insert({
    ticket_id: report.ticketId,
    incident_id: (await db("incidents").first("id"))?.id,
    by: "engine",
    reasons: "[]",
    linked_at: new Date(),
  });
  await db("tickets").update({ state: "known" });
  await vi.waitFor(
    async () => expect(await db("links").whereNull("told_at").select("id")).toEqual([]),
    { timeout: 20_000, interval: 100 },
  );
  const after = await findReport(db, report.id);
  if (!after) throw new Error("gone");
  expect(await seen(db, after)).toEqual(before);
});

test("nobody waits for a look that only customers get", async () => {
  const slow = (look: DeepLook): Promise<Partial<Looked>> =>
    new Promise((done) => {
      const open = ["web", "certificate", "dns"].includes(look.service);
      setTimeout(() => done({}), open ? 0 : 4_000);
    });
  const { read, looked, db } = await reading(null, slow);
  const tookMs = async (domain: string): Promise<number> => {
    const began = performance.now();
    await read({ ...hostile, text: `Nobody at ${domain} can send mail since this morning.` });
    return performance.now() - began;
  };
  // The thread has to be there first.
  await tookMs("first.example");
  expect(await tookMs("pekseg.example")).toBeLessThan(2_000);
  // Staff get it all the same.
  await vi.waitFor(async () => expect(await db("report_looks").select("service")).not.toEqual([]), {
    timeout: 10_000,
  });
  expect(looked).toContain("imap tisza.hoster.example:143");
});

test("twenty reports with halves of characters keep nobody waiting", async () => {
  const { db, keep, read } = await reading();
  for (let n = 0; n < 21; n++)
    await keep({
      text: `\ud800 mail of \udc00pekseg.example${n}\ud83d\0 is down: "550 \udfff5.7.1" \ud800`,
      subject: "\udc00",
      fromName: "\ud800pekseg\0",
      attachments: ["\ud83d.png"],
    });
  const honest = await read({ text: "Our web site is down since this morning." });
  expect(honest.extraction).not.toBeNull();
  await vi.waitFor(async () =>
    expect(await db("reports").whereNull("read_at").select("id")).toEqual([]),
  );
  expect(await db("reports").whereNull("extraction").select("id")).toEqual([]);
});

test("a report that the database refuses as it was read goes to a human, and the others on", async () => {
  const { db } = await freshDb();
  await db.raw(
    `create function refuse() returns trigger language plpgsql as
     $$ begin if new.extraction is not null and new.text like '%poison%' then raise 'not this one'; end if; return new; end $$`,
  );
  await db.raw(
    `create trigger refuse before update on reports for each row execute function refuse()`,
  );
  const { read } = await reading(db);
  const poisoned = await read({ text: "Our web site is down: poison." });
  expect(poisoned.extraction).toBeNull();
  expect(poisoned.ticketId).not.toBeNull();
  expect((await read({ text: "Our web site is down." })).extraction).not.toBeNull();
});

test("what nothing at all can keep is left, named once, and holds up nobody", async () => {
  const { db } = await freshDb();
  await db.raw(
    `create function refuse() returns trigger language plpgsql as
     $$ begin if new.text like '%poison%' then raise 'not this one'; end if; return new; end $$`,
  );
  await db.raw(
    `create trigger refuse before update on reports for each row execute function refuse()`,
  );
  const { keep, read } = await reading(db);
  for (let n = 0; n < 25; n++) await keep({ text: "Our web site is down: poison." });
  expect((await read({ text: "Our web site is down." })).extraction).not.toBeNull();
});

test("it ends within a second while looks are under way, and leaves what was not read unread", async () => {
  const { db, keep, work, looked } = await reading(null, () => new Promise(() => undefined));
  const id = await keep({
    accountId: "X-0",
    text: "pekseg.example does not open since this morning.",
  });
  await vi.waitFor(() => expect(looked).not.toEqual([]), { timeout: 15_000, interval: 20 });
  const began = performance.now();
  await work.stop();
  expect(performance.now() - began).toBeLessThan(1_000);
  expect((await findReport(db, id))?.readAt).toBeNull();
});

test("who has lost the lead writes nothing, and whoever leads now reads it", async () => {
  const { db, keep, read } = await reading();
  await read({ text: "Our web site is down." });
  await beginEpoch(db);
  const id = await keep({ text: "Our web site is down since this morning." });
  await new Promise((then) => setTimeout(then, 1_500));
  expect((await findReport(db, id))?.readAt).toBeNull();
  const next = await reading(db);
  expect((await next.untilRead(id)).readAt).not.toBeNull();
  expect(await db("tickets").select("id")).toHaveLength(2);
});

test("without mail nobody is promised a letter, and none is owed", async () => {
  const { db, read } = await reading(null, () => ({}), false);
  const at = new Date(Date.now() - 600_000);
  await saveHosts(db, [DUNA], new Date());
  await openAnIncident(db, at, {
    cause_kind: "host",
    cause_id: "duna",
    title: { en: "The web server duna is down" },
  });
  const own = {
    accountId: "X-0",
    contact: "boss@pekseg.example",
    language: "en",
    text: "The web site pekseg.example has not opened since ten minutes, it is down.",
  };
  const report = await read(own);
  expect(report.answer).toMatchObject({ kind: "known" });
  expect(report.answer?.text).not.toMatch(/we shall write/);
  expect(await db("deliveries").whereNotNull("report_id").select("id")).toEqual([]);
});

/** The fault of the web server duna, which began ten minutes ago. */
async function dunaFails(db: Db): Promise<string> {
  await saveHosts(db, [DUNA], new Date());
  return openAnIncident(db, new Date(Date.now() - 600_000), {
    cause_kind: "host",
    cause_id: "duna",
    title: { en: "The web server duna does not answer" },
  });
}

const ownReport = {
  accountId: "X-0",
  contact: "boss@pekseg.example",
  language: "en",
  text: "The web site pekseg.example has not opened since ten minutes, it is down.",
} as const;

/** Everything that was owed to customers, in order. */
const letters = async (db: Db): Promise<string[]> => {
  const rows: { recipient: string; body: { kind: string } }[] = await db("deliveries")
    .whereNotNull("recipient")
    .orderBy("id")
    .select("recipient", "body");
  return rows.map(({ recipient, body }) => `${recipient} ${body.kind}`);
};

const planning = (now: Date) => ({
  now,
  newId,
  words: (moment: string) => ({ en: `It is ${moment}.` }),
  traceparent: null,
  guard: () => Promise.resolve(),
});

/** Waits until it is so, waking whoever works on reports. */
const inTime = (work: { wake(): void }, check: () => Promise<void>): Promise<void> =>
  vi.waitFor(
    () => {
      work.wake();
      return check();
    },
    { timeout: 15_000, interval: 100 },
  );

test("what planned work makes fail is answered as that, and its customers hear when it is over", async () => {
  const { db, read, work } = await reading();
  await saveHosts(db, [DUNA], new Date());
  const begun = new Date(Date.now() - 900_000);
  const id = await db.transaction((tx) =>
    planMaintenance(
      tx,
      {
        title: { en: "New disks for the web server duna" },
        text: null,
        startsAt: begun,
        endsAt: new Date(Date.now() + 3_600_000),
        hosts: ["duna"],
        components: [],
      },
      "anna",
      planning(new Date(begun.getTime() - 86_400_000)),
    ),
  );
  await stepMaintenances(db, planning(new Date()));
  const report = await read(ownReport);
  expect(report.answer).toMatchObject({ kind: "maintenance", incident: id });
  expect(report.answer?.text).toContain(
    "Planned work is under way: New disks for the web server duna.",
  );
  expect(await findCustomerPage(db, report.id, "anybody")).toMatchObject({
    ticket: { state: "known", incidents: [id], answerDueAt: null },
  });
  await db("maintenances").update({ ends_at: new Date(Date.now() - 1_000) });
  await stepMaintenances(db, planning(new Date()));
  expect(await letters(db)).toEqual(["boss@pekseg.example answer", "boss@pekseg.example update"]);
  expect((await findCustomerPage(db, report.id, "anybody"))?.ticket?.state).toBe("fixed");
  await work.stop();
});

test("who was told of an incident that is none of theirs, as somebody says, hears so", async () => {
  const { db, read, work, untilRead } = await reading();
  const incident = await dunaFails(db);
  const report = await read(ownReport);
  expect(report.answer).toMatchObject({ kind: "known", incident });
  const decision = { by: "agnes", now: new Date() };
  await unlinkTicket(db, report.ticketId ?? "", incident, decision);
  expect((await untilRead(report.id)).answer?.kind).toBe("known");
  await db("links").update({ undone_at: new Date(Date.now() - 61_000) });
  await inTime(work, async () =>
    expect((await findReport(db, report.id))?.answer).toMatchObject({
      kind: "none",
      incident: null,
    }),
  );
  const after = await findReport(db, report.id);
  expect(after?.answer?.text).toContain("does not belong to what we named before");
  expect(await letters(db)).toEqual(["boss@pekseg.example answer", "boss@pekseg.example answer"]);
  // Linked again it is known again.
  await linkTicket(db, report.ticketId ?? "", incident, decision);
  await inTime(work, async () =>
    expect((await findReport(db, report.id))?.answer).toMatchObject({ kind: "known", incident }),
  );
});

const corrected = (db: Db, id: string, said: Partial<Parameters<typeof correct>[3]["corrected"]>) =>
  correct(
    db,
    id,
    { id: newId(), now: new Date(), reader: "anybody" },
    { corrected: { which: null, choice: null, since: null, ...said }, text: "x" },
  );

test("a report is read again by what its customer puts right, linked by it and answered anew", async () => {
  const { db, read, work } = await reading();
  const incident = await dunaFails(db);
  const report = await read({ ...ownReport, text: "We have a question about the new prices." });
  expect(report.answer?.incident).toBeNull();
  await corrected(db, report.id, { choice: "web.down", since: "for ten minutes" });
  await inTime(work, async () =>
    expect((await findReport(db, report.id))?.answer).toMatchObject({ kind: "known", incident }),
  );
  const again = await findReport(db, report.id);
  expect(again?.extraction?.symptoms[0]).toMatchObject({ symptom: "web.down", p: 0.95 });
  expect(again?.extraction?.since).toMatchObject({ precision: "minute", span: { field: "said" } });
  expect(await db("links").select("by", "undone_at")).toEqual([{ by: "engine", undone_at: null }]);
});

test("a correction that contradicts the engine's link undoes it, and none that people made", async () => {
  const { db, read, work } = await reading();
  const incident = await dunaFails(db);
  const report = await read(ownReport);
  expect(report.answer).toMatchObject({ kind: "known", incident });
  await corrected(db, report.id, { choice: "mail.login" });
  await inTime(work, async () =>
    expect(await db("links").pluck("undone_by")).toEqual(["correction"]),
  );
  expect((await findReport(db, report.id))?.answer?.kind).not.toBe("known");
  expect(await findCustomerPage(db, report.id, "anybody")).toMatchObject({
    ticket: { state: "looking", incidents: [] },
  });
  await linkTicket(db, report.ticketId ?? "", incident, { by: "agnes", now: new Date() });
  await corrected(db, report.id, { choice: "mail.webmail" });
  await inTime(work, async () =>
    expect((await findReport(db, report.id))?.extraction?.symptoms[0]?.symptom).toBe(
      "mail.webmail",
    ),
  );
  expect(await db("links").whereNull("undone_at").pluck("by")).toEqual(["agnes"]);
});
