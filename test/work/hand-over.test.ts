import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createDb } from "../../src/store/db.js";
import { keepReport, listUnread } from "../../src/store/reports.js";
import { openWaitingReports } from "../../src/store/waiting-reports.js";
import { handOver } from "../../src/work/hand-over.js";
import { freshDb } from "../support/postgres.js";
import { aReport } from "../support/reports.js";
import { silent } from "../support/watched.js";

const now = new Date("2026-11-22T10:00:00Z");

async function spooling() {
  const { db } = await freshDb();
  const folder = mkdtempSync(join(tmpdir(), "tudunk-spool-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const waiting = openWaitingReports(folder, () => undefined);
  const settings = { db, waiting, now: () => now, log: silent };
  return { db, folder, waiting, settings };
}

test("what waited on disk is kept under its number, or as one of its own where that is taken", async () => {
  const { db, folder, waiting, settings } = await spooling();
  await keepReport(db, aReport(now, { sourceId: "7", text: "Our mail does not leave." }), now);
  await waiting.add(aReport(now, { sourceId: "7", text: "My web site is slow." }));
  await waiting.add(aReport(now, { sourceId: "8", text: "Half \ud800 and nothing \0." }));
  await handOver(settings);
  expect((await listUnread(db, 10)).map(({ text }) => text).toSorted()).toEqual([
    "Half \ufffd and nothing \ufffd.",
    "My web site is slow.",
    "Our mail does not leave.",
  ]);
  expect(readdirSync(folder)).toEqual([]);
});

test("what the database will never take is set aside, and the rest goes on", async () => {
  const { db, folder, waiting, settings } = await spooling();
  await db.raw("alter table reports add check (text <> 'never')");
  await waiting.add(aReport(new Date(now.getTime() - 1_000), { text: "never" }));
  await waiting.add(aReport(now, { text: "My web site is slow." }));
  await handOver(settings);
  await handOver(settings);
  expect((await listUnread(db, 10)).map(({ text }) => text)).toEqual(["My web site is slow."]);
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/\.json\.refused$/)]);
});

test("while the database is away everything waits on", async () => {
  const { folder, waiting, settings } = await spooling();
  const away = createDb({ url: "postgres://nobody@127.0.0.1:1/none" });
  onTestFinished(() => away.destroy());
  await waiting.add(aReport(now));
  await expect(handOver({ ...settings, db: away })).rejects.toThrow(/ECONNREFUSED/);
  expect(readdirSync(folder)).toHaveLength(1);
});

test("two references that are alike by chance become two", async () => {
  const { db } = await freshDb();
  const first = await keepReport(db, aReport(now, { reference: "TR7-K4M" }), now);
  const second = await keepReport(db, aReport(now, { reference: "TR7-K4M" }), now);
  expect(first.reference).toBe("TR7-K4M");
  expect(second).toMatchObject({ fresh: true, reference: expect.not.stringMatching("TR7-K4M") });
});
