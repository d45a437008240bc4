import { expect, test } from "vitest";
import { NO_CONFIG, type Config } from "../../src/config/config.js";
import { quantile, unpackSketch } from "../../src/core/sketch.js";
import { ensureDays, recordResults } from "../../src/store/results.js";
import { dropOld, preparePartitions, rollUp } from "../../src/work/tidy.js";
import { freshDb } from "../support/postgres.js";
import { after, monitorRow, silent, START, watching } from "../support/watched.js";

const config = (zone: string): Config => ({
  ...NO_CONFIG,
  site: { ...NO_CONFIG.site, timezone: zone },
});
const DAY = 86_400;

test("an hour is rolled up with counts by outcome and a sketch of what answered", async () => {
  const { db } = await freshDb();
  const world = await watching(db, [monitorRow("a")]);
  await preparePartitions(db, START);
  for (let n = 0; n < 10; n++)
    await world.see(n * 60, { a: n < 7 ? "up" : n < 9 ? "down" : "unknown" });
  await rollUp(db, config("UTC"), after(3_700), silent);
  const hour = await db("result_hours").first();
  expect(hour).toMatchObject({
    hour: START,
    up: 7,
    degraded: 0,
    down: 2,
    unknown: 1,
    max_ms: 12.5,
  });
  expect(quantile(unpackSketch(hour.sketch), 0.5)).toBeCloseTo(12.5, 0);
  expect(await db("rollups_due").pluck("hour")).toEqual([]);
});

test("a result that comes late has its hour and its day rolled up anew, and counts once", async () => {
  const { db } = await freshDb();
  const world = await watching(db, [monitorRow("a")]);
  await preparePartitions(db, START);
  await world.see(0, { a: "up" });
  await rollUp(db, config("UTC"), after(2 * DAY), silent);
  world.clock.now = after(2 * DAY);
  const late = {
    num: world.roster.get("a")?.num ?? 0,
    at: after(60),
    outcome: "up",
    ms: 1,
    reason: "ok",
    detail: null,
  } as const;
  await recordResults(db, [late]);
  await db("rollups_due").insert({ hour: START });
  await rollUp(db, config("UTC"), after(2 * DAY + 60), silent);
  expect(await db("result_hours").where({ hour: START }).select("up")).toEqual([{ up: 2 }]);
  expect(await db("result_days").where({ day: "2026-11-21" }).select("up")).toEqual([{ up: 2 }]);
});

test("a day is cut in the site's zone, from the intervals of confirmed states", async () => {
  const { db } = await freshDb();
  const world = await watching(db, [monitorRow("a")]);
  await preparePartitions(db, START);
  // 22:30 and 23:30 UTC on 21 November are 23:30 that day and 00:30 the next in Budapest.
  const late = 12.5 * 3_600;
  await world.see(late, { a: "up" });
  await world.see(late + 60, { a: "down" });
  await world.see(late + 65, { a: "down" });
  await rollUp(db, config("Europe/Budapest"), after(DAY), silent);
  const days = await db("result_days").orderBy("day").select("day", "up_s", "down_s");
  expect(days[0]).toEqual({ day: "2026-11-21", up_s: 60, down_s: 29 * 60 });
});

test("what retention no longer keeps goes by whole partitions, and nothing else does", async () => {
  const { db } = await freshDb();
  await preparePartitions(db, START);
  await ensureDays(db, ["2026-11-15", "2026-11-18", "2026-11-19"]);
  const names = async (): Promise<string[]> => {
    const { rows } = await db.raw<{ rows: { name: string }[] }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'results'::regclass order by 1`,
    );
    return rows.map(({ name }) => name);
  };
  await dropOld(db, config("UTC"), after(14 * 3_600), silent);
  // Two days are kept: on the 22nd at midnight the 19th is over by more than that, the 20th is not.
  expect(await names()).toEqual([
    "results_20261120",
    "results_20261121",
    "results_20261122",
    "results_20261123",
  ]);
});
