import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eld } from "eld/extrasmall";
import { parse } from "yaml";
import { consider } from "../src/core/correlate/decide.js";
import type { Earlier, Known } from "../src/core/correlate/verdict.js";
import { SHIPPED } from "../src/core/correlate/weights.js";
import { createDirectory } from "../src/core/directory-of.js";
import type { Directory } from "../src/core/directory.js";
import { extract } from "../src/core/extract/extract.js";
import type { ReportText } from "../src/core/extract/extraction.js";
import { mergeParts } from "../src/core/merge-inventory.js";
import { readInventory } from "../src/inventory/index.js";
import { createLog } from "../src/log.js";
import type { Db } from "../src/store/db.js";
import { openWaitingReports } from "../src/store/waiting-reports.js";
import { createIntake } from "../src/web/intake.js";
import { quantile, round, type Bench, type Stage } from "./bench.js";
import { openDatabase, timed } from "./database.js";

const ACCOUNTS = 20_000;
const OPEN = 20;
const EARLIER = 300;
const REPORTS = 1_000;
const TAKEN = 300;
const BUSY = 4;
const BAR = { readMs: 50, extractMs: 20, takenMs: 1_000 };
const FIXTURES = fileURLToPath(new URL("../../test/fixtures/reports", import.meta.url));
const NOW = Date.parse("2026-05-12T10:00:00Z");

/** Reports in seven languages understood and correlated, and taken in while the database is busy. */
export const reports: Bench = async (stage) => {
  await stage.part(understanding);
  await stage.part(taking);
};

const understanding: Bench = (stage) => {
  const directory = directoryOf(ACCOUNTS);
  const knowns = Array.from({ length: OPEN }, (_, n) => knownOf(n));
  const texts = textsOfFixtures();
  const earlier: Earlier[] = [];
  const took = { extract: [] as number[], consider: [] as number[], language: [] as number[] };
  const began = performance.now();
  for (let n = 0; n < REPORTS; n += 1) {
    const { subject, text } = texts[n % texts.length] ?? { subject: null, text: "" };
    const account = directory.account(`A-${(n * 7919) % ACCOUNTS}`);
    const report: ReportText = {
      subject,
      text,
      receivedAt: NOW + n * 1_000,
      channel: "email",
      from: account?.contacts[0] ?? null,
      fromName: null,
      accountId: null,
      attachments: [],
    };
    const against = { directory, zone: "Europe/Budapest", account, accountLanguage: null };
    const at = performance.now();
    const extraction = extract(report, against);
    const between = performance.now();
    const now = report.receivedAt;
    const verdict = consider(report, extraction, {
      directory,
      knowns,
      earlier,
      weights: SHIPPED,
      now,
    });
    const end = performance.now();
    eld.detect(text);
    took.extract.push(between - at);
    took.consider.push(end - between);
    took.language.push(performance.now() - end);
    earlier.push({
      id: `r${n}`,
      receivedAt: report.receivedAt,
      accountId: verdict.sender?.accountId ?? null,
      from: report.from,
      extraction,
      linkedTo: verdict.decision === "auto" ? (verdict.candidates[0]?.id ?? null) : null,
      resembles: verdict.candidates[0]?.id ?? null,
      duplicateOf: verdict.duplicateOf,
      suspected: null,
    });
    if (earlier.length > EARLIER) earlier.shift();
  }
  const whole = took.extract.map((ms, n) => ms + (took.consider[n] ?? 0));
  const p95 = quantile(whole, 0.95);
  const extractP95 = quantile(took.extract, 0.95);
  stage.print({
    bench: "reports-understood",
    accounts: ACCOUNTS,
    openIncidents: OPEN,
    perSecond: round(REPORTS / ((performance.now() - began) / 1_000)),
    p50Ms: round(quantile(whole, 0.5)),
    p95Ms: round(p95),
    extractP95Ms: round(extractP95),
    considerP95Ms: round(quantile(took.consider, 0.95)),
    languageAloneP95Ms: round(quantile(took.language, 0.95)),
    barMs: BAR.readMs,
    barExtractMs: BAR.extractMs,
    ok: p95 <= BAR.readMs && extractP95 <= BAR.extractMs,
  });
  return Promise.resolve();
};

const taking: Bench = async (stage) => {
  const db = await openDatabase(stage);
  const folder = mkdtempSync(join(tmpdir(), "tudunk-bench-"));
  stage.later(() => rmSync(folder, { recursive: true, force: true }));
  const intake = createIntake({
    db: () => db,
    waiting: openWaitingReports(folder, () => undefined),
    now: () => new Date(),
    log: createLog("silent"),
  });
  await db.raw("create table bare (at timestamptz, text text)");
  const stop = await keepBusy(stage, db);
  const taken: number[] = [];
  const bare: number[] = [];
  for (let n = 0; n < TAKEN; n += 1) {
    const text = `Report ${n}: ${randomBytes(150).toString("hex")}`;
    taken.push(await timed(() => intake.accept({ ...TOLD, text, receivedAt: Date.now() }, 0)));
    bare.push(await timed(() => db("bare").insert({ at: new Date(), text })));
  }
  await stop();
  const p95 = quantile(taken, 0.95);
  stage.print({
    bench: "reports-taken",
    busyWriters: BUSY,
    p50Ms: round(quantile(taken, 0.5)),
    p95Ms: round(p95),
    bareInsertP95Ms: round(quantile(bare, 0.95)),
    ratio: round(p95 / quantile(bare, 0.95)),
    barMs: BAR.takenMs,
    ok: p95 <= BAR.takenMs,
  });
};

const TOLD = {
  source: "bench",
  sourceId: null,
  channel: "api",
  from: null,
  fromName: null,
  accountId: null,
  subject: null,
  attachments: [],
  language: null,
  contact: null,
  hear: "nothing",
} as const;

/** Writers that keep the database at work as a busy installation's results do. */
async function keepBusy({ later }: Stage, db: Db): Promise<() => Promise<void>> {
  await db.raw("create table busy (id int, row jsonb)");
  let stopped = false;
  const write = async (): Promise<void> => {
    while (!stopped)
      await db.raw(
        "insert into busy select n, jsonb_build_object('n', n, 'x', repeat('x', 200)) from generate_series(1, 2000) n",
      );
  };
  const writing = Promise.all(Array.from({ length: BUSY }, write));
  const stop = async (): Promise<void> => {
    stopped = true;
    await writing;
  };
  later(stop);
  return stop;
}

function directoryOf(accounts: number): Directory {
  const read = readInventory(
    JSON.stringify({
      provider: { name: "Bench", domain: "bench.test" },
      timezone: "Europe/Budapest",
      servers: Array.from({ length: 60 }, (_, n) => ({
        id: `s${n}`,
        hostname: `s${n}.bench.test`,
        role: n < 40 ? "web" : n < 55 ? "mail" : "db",
        ipv4: [`192.0.2.${n}`],
        provides: ["http", "imap", "submission", "mysql"],
      })),
      customers: Array.from({ length: accounts }, (_, n) => ({
        account_id: `A-${n}`,
        company: `Studio ${n.toString(36)} Kft.`,
        contact_email: `office@kraft${n}.test`,
        domains: ["", "-shop", "-blog"].map((end) => ({ name: `kraft${n}${end}.test` })),
        web_server: `s${n % 40}`,
        mail_server: `s${40 + (n % 15)}`,
        db_server: `s${55 + (n % 5)}`,
      })),
    }),
  );
  if (!read.ok) throw new Error(JSON.stringify(read.mistakes));
  const { format, source, contribution } = read;
  return createDirectory(mergeParts([{ format, source, ...contribution }]).inventory);
}

const KINDS = ["web.down", "web.errors", "mail.sending", "mail.login", "database"];

const knownOf = (n: number): Known => ({
  id: `i${n}`,
  what: "incident",
  kind: KINDS[n % KINDS.length] ?? "any.down",
  places: [`s${(n * 7) % 60}`],
  services: [`s${(n * 7) % 60}/http`],
  knownAt: NOW - n * 600_000,
  beganAt: NOW - n * 600_000 - 300_000,
  endedAt: null,
  words: ["Something fails"],
});

function textsOfFixtures(): { readonly subject: string | null; readonly text: string }[] {
  return readdirSync(FIXTURES)
    .filter((name) => name.endsWith(".yaml"))
    .flatMap((name): { subject?: string; text: string }[] =>
      parse(readFileSync(join(FIXTURES, name), "utf8")),
    )
    .map(({ subject = null, text }) => ({ subject, text }));
}
