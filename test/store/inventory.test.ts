import { expect, test } from "vitest";
import { createDirectory } from "../../src/core/directory-of.js";
import { readInventory } from "../../src/inventory/index.js";
import { importInventory, loadInventory, lookUp } from "../../src/store/inventory.js";
import { freshDb } from "../support/postgres.js";

const now = new Date("2026-05-01T10:00:00Z");
const options = { now, by: "test", force: false, dryRun: false };

test("trial", async () => {
  const { db } = await freshDb();
  expect(1).toBe(1);

  const accounts = Array.from({ length: 20000 }, (_, n) => ({
    account_id: `A-${n}`, company: `Studio ${n.toString(36)} Kft.`, contact_email: `o@kraft${n}.test`, extra_contacts: [], language: "hu",
    domains: ["", "-shop", "-blog"].map((e) => ({ name: `kraft${n}${e}.test` })), web_server: `web${n % 40}`, mail_server: `mail${n % 9}`, db_server: "db1", php: "8.1",
  }));
  const big = JSON.stringify({ customers: accounts });
  let t = performance.now();
  const r = readInventory(big, {});
  if (!r.ok) throw new Error(JSON.stringify(r));
  console.log("read", performance.now() - t); t = performance.now();
  await importInventory(db, { ...r, ...r.contribution }, { ...options, force: true });
  console.log("import", performance.now() - t); t = performance.now();
  await importInventory(db, { ...r, ...r.contribution }, { ...options, force: true });
  console.log("again", performance.now() - t); t = performance.now();
  const inv = await loadInventory(db);
  console.log("load", performance.now() - t); t = performance.now();
  createDirectory(inv);
  console.log("dir", performance.now() - t); t = performance.now();
  const key="studio 5", plain="www.kraft99-shop.test";
  const { rows } = await db.raw(`explain (analyze, buffers) with found as (
       select id, 'id' as by, null as domain, 0 as rank from inventory_accounts where id = any(:ids)
       union all
       select id, 'service', null, 1 from inventory_accounts where service_ids @> array[:plain]
       union all
       (select account_id, 'domain', name, 2 from inventory_domains
         where ascii = any(:names) or (name <> ascii and name = any(:names))
         order by length(name) desc limit 1)
       union all
       (select id, 'contact', null, 3 from inventory_accounts where contacts @> array[:plain] limit :most)
       union all
       (select id, 'address', null, 4 from inventory_accounts
         where cast(:address as text) is not null and addresses @> array[cast(:address as text)] limit :most)
       union all
       (select id, 'company', null, 5 from inventory_accounts
         where length(:key) >= :shortest and company_key >= :key and company_key < :after
         order by company_key limit :most)),
     best as (select distinct on (id) id, by, domain, rank from found order by id, rank)
     select a.id, best.by, best.domain,
            (select coalesce(json_agg(d order by d.position), '[]')
               from (select name, position from inventory_domains where account_id = a.id) d) as domains
       from best join inventory_accounts a on a.id = best.id
      order by best.rank, a.company, a.id limit :most`, {ids:[plain], plain, names:[plain,"kraft99-shop.test"], address:null, key, after:key+"zz", shortest:3, most:20});
  console.log(rows.map((r: Record<string,string>) => r["QUERY PLAN"]).join("\n"));
  for (const q of ["kraft17.test", "www.kraft99-shop.test", "o@kraft5.test", "A-77", "studio 5", "web3", "192.0.2.3", "nothing"]) {
    t = performance.now();
    for (let i = 0; i < 50; i++) await lookUp(db, { text: q, ascii: null });
    console.log(q, (performance.now() - t) / 50);
  }
});
