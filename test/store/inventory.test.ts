import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { createDirectory } from "../../src/core/directory-of.js";
import { readInventory } from "../../src/inventory/index.js";
import { clientConfig, type Db } from "../../src/store/db.js";
import {
  importedAt,
  importInventory,
  INVENTORY_CHANNEL,
  loadInventory,
  loadTopology,
  lookUp,
} from "../../src/store/inventory.js";
import { saveHosts } from "../../src/store/hosts.js";
import { freshDb } from "../support/postgres.js";

const now = new Date("2026-05-01T10:00:00Z");
const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../fixtures/inventory", name), "utf8");

interface Asked {
  readonly server?: string;
  readonly format?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly at?: Date;
}

async function imported(db: Db, text: string, asked: Asked = {}) {
  const { force = false, dryRun = false, at = now, ...file } = asked;
  const read = readInventory(text, file);
  if (!read.ok) throw new Error(JSON.stringify(read.mistakes));
  const { format, source, contribution } = read;
  return importInventory(
    db,
    { format, source, ...contribution },
    { now: at, by: "test", force, dryRun },
  );
}

const ask = (db: Db, text: string, ascii: string | null = null) => lookUp(db, { text, ascii });

test("what was imported comes back as it was, and importing it again changes nothing", async () => {
  const { db } = await freshDb();
  expect(await importedAt(db)).toBeNull();
  const first = await imported(db, fixture("harbour.json"));
  expect(first).toMatchObject({
    outcome: "applied",
    source: "json",
    difference: {
      accounts: { total: 2, added: { count: 2 } },
      domains: { total: 4 },
      places: { total: 8 },
    },
    mailElsewhere: 1,
  });
  const read = readInventory(fixture("harbour.json"));
  const stored = await loadInventory(db);
  expect(read.ok && read.contribution.inventory.accounts.map(({ id }) => id).toSorted()).toEqual(
    stored.accounts.map(({ id }) => id),
  );
  expect(stored.accounts.find(({ id }) => id === "H-812")).toEqual(
    read.ok && read.contribution.inventory.accounts[0],
  );
  expect(stored.provider).toEqual(read.ok && read.contribution.inventory.provider);
  expect(stored.timezone).toBe("Europe/Ljubljana");
  expect((await loadTopology(db)).accounts).toEqual([]);
  const again = await imported(db, fixture("harbour.json"), {
    at: new Date(now.getTime() + 1_000),
  });
  for (const { added, removed, changed } of Object.values(again.difference))
    expect([added.count, removed.count, changed.count]).toEqual([0, 0, 0]);
  expect(await importedAt(db)).toEqual(new Date(now.getTime() + 1_000));
});

test("no password of any file is anywhere in the database", async () => {
  const { db } = await freshDb();
  await imported(db, fixture("harbour.json"));
  for (const [file, server] of [
    ["whmcs.json"],
    ["customers.csv"],
    ["virtualmin.txt", "vm1"],
    ["userdatadomains.txt", "web3"],
  ] as const)
    await imported(db, fixture(file), server === undefined ? {} : { server });
  const tables: { tablename: string }[] = await db("pg_tables")
    .select("tablename")
    .where({ schemaname: "public" });
  const mine = tables.filter(({ tablename }) => tablename.startsWith("inventory_"));
  expect(mine).toHaveLength(5);
  for (const { tablename } of mine) {
    const { rows } = await db.raw<{ rows: { row: string }[] }>(
      "select cast(t as text) as row from ?? as t",
      [tablename],
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map(({ row }) => row).join("\n")).not.toContain("PLANTED");
  }
});

test("a panel's file takes the place of what the same source said, and of nothing else", async () => {
  const { db } = await freshDb();
  await imported(db, fixture("harbour.json"));
  await imported(db, fixture("virtualmin.txt"), { server: "vm1" });
  const panel = await imported(db, fixture("userdatadomains.txt"), { server: "web3" });
  expect(panel.difference.accounts.removed.count).toBe(0);
  const { accounts } = await loadInventory(db);
  // The panel's users are the customers that have their domains.
  expect(accounts.map(({ id, domains }) => `${id} ${domains.length}`).toSorted()).toEqual([
    "813 3",
    "H-812 3",
    "lodenica@vm1 3",
    "mlyn@vm1 1",
  ]);
  const fewer = fixture("virtualmin.txt").replace(/^mlyn\.test[^]*/m, "");
  const gone = await imported(db, fewer, { server: "vm1", force: true });
  expect(gone.difference.accounts.removed).toEqual({ count: 1, examples: ["mlyn@vm1"] });
  expect(gone.gone).toEqual({ gone: 1, of: 4 });
  const all = await imported(db, fixture("harbour.json"), { force: true });
  expect(all.difference.accounts.removed.examples).toEqual(["lodenica@vm1"]);
  expect(await db("inventory_sources").pluck("source")).toEqual(["json"]);
});

test("a file that names a fifth less than before is held back unless it is forced", async () => {
  const { db } = await freshDb();
  const rows = (from: number, to: number): string =>
    `domain,client\n${Array.from({ length: to - from }, (_, n) => `d${from + n}.test,c${from + n}`).join("\n")}\n`;
  await imported(db, rows(0, 10));
  expect(await imported(db, rows(2, 10))).toMatchObject({
    outcome: "applied",
    gone: { gone: 2, of: 10 },
  });
  const held = await imported(db, rows(4, 20));
  expect(held).toMatchObject({ outcome: "refused", gone: { gone: 2, of: 8 } });
  expect((await loadInventory(db)).accounts).toHaveLength(8);
  expect(await imported(db, rows(4, 20), { force: true })).toMatchObject({ outcome: "applied" });
  expect((await loadInventory(db)).accounts).toHaveLength(16);
  // What another source says is not counted against this one.
  expect(await imported(db, "a.test: a\n", { server: "da1" })).toMatchObject({
    outcome: "applied",
  });
  const nothing = await imported(db, JSON.stringify({ customers: [] }));
  expect(nothing).toMatchObject({ outcome: "refused", gone: { gone: 17, of: 17 } });
});

test("a dry run shows what would change, and changes nothing", async () => {
  const { db } = await freshDb();
  const shown = await imported(db, fixture("harbour.json"), { dryRun: true });
  expect(shown).toMatchObject({
    outcome: "shown",
    difference: { accounts: { added: { count: 2 } } },
  });
  expect(await importedAt(db)).toBeNull();
  expect(await db("inventory_sources").pluck("source")).toEqual([]);
});

test("whoever listens hears of an import, and of none that was held back", async () => {
  const { db, connection } = await freshDb();
  const client = new pg.Client(clientConfig(connection));
  await client.connect();
  onTestFinished(() => client.end());
  let heard = 0;
  client.on("notification", () => (heard += 1));
  await client.query(`listen ${INVENTORY_CHANNEL}`);
  await imported(db, fixture("harbour.json"));
  await client.query("select");
  expect(heard).toBe(1);
  await imported(db, JSON.stringify({ customers: [] }));
  await client.query("select");
  expect(heard).toBe(1);
});

test("two imports at once come one after the other, and both are there", async () => {
  const { db } = await freshDb();
  await Promise.all([
    imported(db, "a.test: a\nb.test: b\n", { server: "da1" }),
    imported(db, "c.test: c\nd.test: d\n", { server: "da2" }),
    imported(db, fixture("virtualmin.txt"), { server: "vm1" }),
  ]);
  expect((await loadInventory(db)).accounts).toHaveLength(6);
});

test("what fails half-way leaves what was there", async () => {
  const { db } = await freshDb();
  await imported(db, fixture("harbour.json"));
  await db.raw("alter table inventory_domains add check (ascii <> 'poison.test')");
  await expect(imported(db, "poison.test: p\nfine.test: f\n", { server: "da1" })).rejects.toThrow(
    "check constraint",
  );
  expect((await loadInventory(db)).accounts).toHaveLength(2);
  expect(await db("inventory_sources").pluck("source")).toEqual(["json"]);
});

test("hosts of the configuration stand beside the places, and what nobody watches is named", async () => {
  const { db } = await freshDb();
  await saveHosts(
    db,
    [
      { id: "rack-a", kind: "rack", name: "rack-a", addresses: [], parents: [] },
      { id: "web3", kind: "server", name: "web3.harbour.test", addresses: [], parents: ["rack-a"] },
    ],
    now,
  );
  const done = await imported(db, fixture("harbour.json"));
  expect(done.unwatched).toEqual(["mail1"]);
  const directory = createDirectory(await loadInventory(db));
  expect(directory.downstream("rack-a").has("web3/http")).toBe(true);
  expect(directory.place("rack-a")?.kind).toBe("rack");
});

test("where only a panel's file is known the page says who we are", async () => {
  const { db } = await freshDb();
  const site = {
    name: "Harbour",
    url: null,
    timezone: "Europe/Warsaw",
    support: { email: "help@harbour.test" },
  };
  await db("pages").insert({
    public_id: "abcdefghijkl",
    created_at: now,
    site: JSON.stringify(site),
  });
  await imported(db, "a.test: a\n", { server: "da1" });
  expect(await loadInventory(db)).toMatchObject({
    timezone: "Europe/Warsaw",
    provider: { name: "Harbour", supportEmail: "help@harbour.test" },
  });
});

test("people, domains, addresses and servers are looked up however they are written", async () => {
  const { db } = await freshDb();
  await imported(db, fixture("harbour.json"));
  await imported(db, fixture("whmcs.json"));
  const found = async (text: string, ascii: string | null = null) =>
    (await ask(db, text, ascii)).accounts.map(({ account, by, domain }) => [
      account.id,
      by,
      domain,
    ]);
  for (const text of ["zerjav-vrt.test", "www.ZERJAV-vrt.test.", "somebody@mail.zerjav-vrt.test"])
    expect(await found(text)).toEqual([["H-812", "domain", "zerjav-vrt.test"]]);
  expect(await found("Žerjav-vrt.test")).toEqual([["H-812", "domain", "žerjav-vrt.test"]]);
  expect(await found("x.žerjav-vrt.test", "x.xn--erjav-vrt-ucc.test")).toEqual([
    ["H-812", "domain", "žerjav-vrt.test"],
  ]);
  expect(await found("Info@Freemail.test")).toEqual([["H-812", "contact", null]]);
  expect(await found("h-812")).toEqual([["H-812", "id", null]]);
  expect(await found("198.51.100.77")).toEqual([["812", "address", null]]);
  expect(await found("2001:DB8:77:0::1")).toEqual([["812", "address", null]]);
  expect(await found("7001")).toEqual([["812", "service", null]]);
  expect(await found("vrtnarstvo zer")).toEqual([["H-812", "company", null]]);
  for (const text of [
    "vr",
    "%",
    "_",
    "nobody.test",
    "test",
    "",
    "'; drop table inventory_accounts; --",
    ".".repeat(254),
  ])
    expect(await found(text)).toEqual([]);
  const places = async (text: string) =>
    (await ask(db, text)).places.map(({ id, accounts }) => [id, accounts]);
  for (const text of ["web3", "WEB3.harbour.test", "192.0.2.13", "2001:db8:0::13"])
    expect(await places(text)).toEqual([["web3", 2]]);
  expect((await ask(db, "web3")).places[0]?.first.map(({ id }) => id).toSorted()).toEqual([
    "813",
    "H-812",
  ]);
  expect(
    (await ask(db, "zerjav-vrt.test")).accounts[0]?.account.domains.map(({ name }) => name),
  ).toEqual(["zerjav-vrt.test", "žerjav-vrt.test"]);
});

test(
  "20,000 accounts with 60,000 domains are imported within ten seconds and looked up within five milliseconds",
  { timeout: 60_000 },
  async () => {
    const { db } = await freshDb();
    const customers = Array.from({ length: 20_000 }, (_, n) => ({
      account_id: `A-${n}`,
      company: `Studio ${n.toString(36)} Kft.`,
      contact_email: `office@kraft${n}.test`,
      domains: ["", "-shop", "-blog"].map((end) => ({ name: `kraft${n}${end}.test` })),
      web_server: `web${n % 40}`,
      mail_server: `mail${n % 9}`,
    }));
    const text = JSON.stringify({ customers });
    const startMs = performance.now();
    await imported(db, text);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    const took: number[] = [];
    for (let n = 0; n < 60; n++) {
      const askMs = performance.now();
      const { accounts } = await ask(db, `www.kraft${n * 300}-shop.test`);
      took.push(performance.now() - askMs);
      expect(accounts[0]?.account.id).toBe(`A-${n * 300}`);
    }
    expect(took.toSorted((a, b) => a - b)[30]).toBeLessThan(5);
  },
);
