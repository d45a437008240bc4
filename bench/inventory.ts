import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createDirectory } from "../src/core/directory-of.js";
import { readInventory } from "../src/inventory/index.js";
import type { Db } from "../src/store/db.js";
import { importInventory, loadInventory, lookUp } from "../src/store/inventory.js";
import { quantile, round, type Bench } from "./bench.js";
import { openDatabase, timed } from "./database.js";

const ACCOUNTS = 20_000;
const DOMAINS = 3;
const QUESTIONS = 2_000;
const COLD = 500;
const BAR = { importMs: 10_000, lookUpMs: 5, directoryMs: 2_000, megabytes: 80 };

/** Who lives on what for 20,000 customers: read, imported, imported again, looked up, held in memory. */
export const inventory: Bench = async (stage) => {
  const db = await openDatabase(stage);
  const text = JSON.stringify(world());
  const readMs = await timed(() => Promise.resolve(read(text)));
  const importMs = await timed(() => take(db, text));
  const againMs = await timed(() => take(db, text));
  const barest = await timed(() => insertAlone(db, text));
  stage.print({
    bench: "inventory-import",
    accounts: ACCOUNTS,
    domains: ACCOUNTS * DOMAINS,
    megabytes: round(text.length / 1e6),
    readMs: Math.round(readMs),
    importMs: Math.round(importMs),
    unchangedMs: Math.round(againMs),
    insertsAloneMs: Math.round(barest),
    ratio: round(importMs / barest),
    bar: BAR.importMs,
    ok: importMs <= BAR.importMs,
  });

  const questions = Array.from({ length: QUESTIONS }, (_, n) => questionOf(n));
  // The first ones find everything cold: connections, plans, pages and our own code.
  for (const asked of questions.slice(0, COLD)) await lookUp(db, { text: asked, ascii: null });
  const took: number[] = [];
  for (const asked of questions)
    took.push(await timed(() => lookUp(db, { text: asked, ascii: null })));
  const select: number[] = [];
  for (let n = 0; n < QUESTIONS; n += 1)
    select.push(await timed(async () => void (await db.raw("select 1"))));
  const p99 = quantile(took, 0.99);
  stage.print({
    bench: "inventory-look-up",
    questions: QUESTIONS,
    p50Ms: round(quantile(took, 0.5)),
    p99Ms: round(p99),
    selectOneP99Ms: round(quantile(select, 0.99)),
    bar: BAR.lookUpMs,
    ok: p99 <= BAR.lookUpMs,
  });

  const empty = heldBytes();
  const loaded = await loadInventory(db);
  const from = performance.now();
  const directory = createDirectory(loaded);
  const buildMs = performance.now() - from;
  const megabytes = (heldBytes() - empty) / 1e6;
  const asked: number[] = [];
  for (let n = 0; n < QUESTIONS; n += 1) {
    const at = performance.now();
    directory.domainsNear(`kraaft${n * 7}-shop.test`);
    directory.ownerOf(`www.kraft${n}-blog.test`);
    directory.companiesNamed(["studio", n.toString(36), "kraft"]);
    asked.push(performance.now() - at);
  }
  stage.print({
    bench: "inventory-directory",
    buildMs: Math.round(buildMs),
    megabytes: round(megabytes),
    threeQuestionsP99Ms: round(quantile(asked, 0.99)),
    barMegabytes: BAR.megabytes,
    bar: BAR.directoryMs,
    ok: buildMs <= BAR.directoryMs && megabytes <= BAR.megabytes,
  });
};

/** What lives on the heap once nothing else is left on it: the inventory and the directory over it. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const world = () => ({
  servers: Array.from({ length: 60 }, (_, n) => ({
    id: `s${n}`,
    hostname: `s${n}.bench.test`,
    ipv4: [`192.0.2.${n}`],
    provides: ["http", "imap", "submission", "mysql"],
  })),
  customers: Array.from({ length: ACCOUNTS }, (_, n) => ({
    account_id: `A-${n}`,
    company: `Studio ${n.toString(36)} Kft.`,
    contact_email: `office@kraft${n}.test`,
    language: "hu",
    domains: ["", "-shop", "-blog"].map((end) => ({ name: `kraft${n}${end}.test` })),
    web_server: `s${n % 40}`,
    mail_server: `s${40 + (n % 15)}`,
    db_server: `s${55 + (n % 5)}`,
    php: "8.3",
  })),
});

function questionOf(n: number): string {
  const customer = (n * 7919) % ACCOUNTS;
  const forms = [
    `www.kraft${customer}-shop.test`,
    `office@kraft${customer}.test`,
    `A-${customer}`,
    `studio ${customer.toString(36)}`,
    `s${n % 60}`,
    `192.0.2.${n % 60}`,
    `nobody${n}.test`,
  ];
  return forms[n % forms.length] ?? "";
}

function read(text: string) {
  const found = readInventory(text);
  if (!found.ok) throw new Error(JSON.stringify(found.mistakes));
  return found;
}

async function take(db: Db, text: string): Promise<void> {
  const { format, source, contribution } = read(text);
  await importInventory(
    db,
    { format, source, ...contribution },
    { now: new Date(), by: "bench", force: true, dryRun: false },
  );
}

/** The same bytes by one plain insert: a row a customer, without keys, indexes and questions. */
async function insertAlone(db: Db, text: string): Promise<void> {
  await db.raw("create table bare (row jsonb)");
  await db.raw(
    "insert into bare select value from jsonb_array_elements(cast(? as jsonb) -> 'customers')",
    [text],
  );
}
