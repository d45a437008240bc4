import { expect, test } from "vitest";
import { beginEpoch } from "../../src/store/leadership.js";
import { findMonitor, removeMonitors, saveMonitors } from "../../src/store/monitors.js";
import { freshDb } from "../support/postgres.js";
import { after, monitorRow, sightingOf, watching } from "../support/watched.js";

const intervals = (db: Awaited<ReturnType<typeof freshDb>>["db"]) =>
  db("monitor_intervals as i")
    .join("monitors as m", "m.num", "i.monitor")
    .orderBy("i.since")
    .select("m.id", "i.state", "i.since", "i.until");

test("a batch becomes results, states and intervals", async () => {
  const { db } = await freshDb();
  const world = await watching(db, [monitorRow("a"), monitorRow("b")]);
  await world.see(0, { a: "up", b: "up" });
  await world.see(60, { a: "down", b: "up" });
  await world.see(65, { a: "down" });
  expect(await db("results").count("* as n").first()).toEqual({ n: 5 });
  expect(await findMonitor(db, "a", after(66))).toMatchObject({
    state: "down",
    since: after(60),
    lastAt: after(65),
    lastResult: { outcome: "down", reason: "refused", timings: { connect: 1 } },
  });
  expect(await intervals(db)).toEqual([
    expect.objectContaining({ id: expect.any(String), state: "up", since: after(0) }),
    expect.objectContaining({ id: expect.any(String), state: "up", since: after(0) }),
    { id: "a", state: "down", since: after(60), until: null },
  ]);
});

test("a monitor whose last look is long past is unknown since then, whatever was seen", async () => {
  const { db } = await freshDb();
  const world = await watching(db, [monitorRow("a")]);
  await world.see(0, { a: "up" });
  expect(await findMonitor(db, "a", after(130))).toMatchObject({ state: "up", since: after(0) });
  expect(await findMonitor(db, "a", after(131))).toMatchObject({
    state: "unknown",
    since: after(0),
  });
});

test("an outage that began and ended within one late batch is taken in two steps", async () => {
  const { db } = await freshDb();
  const { taker, clock } = await watching(db, [monitorRow("a")]);
  clock.now = after(900);
  const outcomes = ["up", "down", "down", "down", "up", "up"] as const;
  const sightings = outcomes.map((outcome, n) => sightingOf(n + 1, "a", outcome, after(n * 60)));
  const first = await taker.take({ stream: "s", sightings });
  expect(first.confirmed).toMatchObject([{ monitor: { health: { state: "down" } } }]);
  expect(first.rest?.sightings.map(({ seq }) => seq)).toEqual([6]);
  const last = await taker.take(first.rest ?? { stream: "s", sightings: [] });
  expect(last).toMatchObject({ rest: null, confirmed: [{ monitor: { health: { state: "up" } } }] });
  expect(await db("results").count("* as n").first()).toEqual({ n: 6 });
});

test("a day whose partition was dropped is made again when results for it still come", async () => {
  const { db } = await freshDb();
  const { taker } = await watching(db, [monitorRow("a")]);
  const batch = (n: number) => ({ stream: "s", sightings: [sightingOf(n, "a", "up", after(n))] });
  await taker.take(batch(1));
  await db.raw("drop table results_20261121");
  await expect(taker.take(batch(2))).rejects.toThrow("no partition");
  expect(await taker.take(batch(2))).toMatchObject({ rest: null });
});

test("what comes again counts once, also in a batch that is partly new", async () => {
  const { db } = await freshDb();
  const { taker, clock } = await watching(db, [monitorRow("a")]);
  clock.now = after(200);
  const looks = [0, 60, 120].map((at, n) => sightingOf(n + 1, "a", "down", after(at)));
  await taker.take({ stream: "s", sightings: looks.slice(0, 2) });
  await taker.take({ stream: "s", sightings: looks.slice(0, 2) });
  await taker.take({ stream: "s", sightings: looks });
  expect(await db("results").count("* as n").first()).toEqual({ n: 3 });
  const { health } = (await db("monitor_states").first("health")) ?? {};
  expect(health).toMatchObject({ runs: { down: { n: 3 } } });
});

test("a batch that cannot be committed leaves nothing, not even in memory", async () => {
  const { db } = await freshDb();
  const { taker, roster } = await watching(db, [monitorRow("a")]);
  await beginEpoch(db);
  const batch = { stream: "s", sightings: [sightingOf(1, "a", "up", after(0))] };
  await expect(taker.take(batch)).rejects.toThrow("Another instance leads now.");
  expect(roster.get("a")?.health.lastAt).toBeNull();
  expect(await db("results").count("* as n").first()).toEqual({ n: 0 });
  expect(await db("result_streams").count("* as n").first()).toEqual({ n: 0 });
});

test("results that were spooled for days find their day, and their hour is rolled up again", async () => {
  const { db } = await freshDb();
  const { taker, clock } = await watching(db, [monitorRow("a")]);
  clock.now = after(3 * 86_400);
  await taker.take({ stream: "s", sightings: [sightingOf(1, "a", "up", after(0))] });
  expect(await db("rollups_due").pluck("hour")).toEqual([after(0)]);
});

test("results of a monitor that is gone are passed over", async () => {
  const { db } = await freshDb();
  const { taker, roster } = await watching(db, [monitorRow("a")]);
  await removeMonitors(db, ["a"], after(1));
  roster.drop(["a"]);
  await taker.take({ stream: "s", sightings: [sightingOf(1, "a", "up", after(2))] });
  expect(await db("results").count("* as n").first()).toEqual({ n: 0 });
});

test("time nobody watched is unknown, and a pause is a pause", async () => {
  const { db } = await freshDb();
  const world = await watching(db, [monitorRow("a")]);
  await world.see(0, { a: "up" });
  await world.see(600, { a: "up" });
  await saveMonitors(db, [monitorRow("a", { paused: true })], after(700));
  await saveMonitors(db, [monitorRow("a")], after(800));
  expect(await intervals(db)).toEqual([
    { id: "a", state: "unknown", since: after(0), until: after(600) },
    { id: "a", state: "up", since: after(600), until: after(700) },
    { id: "a", state: "paused", since: after(700), until: after(800) },
  ]);
});

test("ten takers of one stream at once take each result once", async () => {
  const { db } = await freshDb();
  const { taker } = await watching(db, [monitorRow("a")]);
  const sightings = Array.from({ length: 50 }, (_, n) => sightingOf(n + 1, "a", "up", after(n)));
  await Promise.all(Array.from({ length: 10 }, () => taker.take({ stream: "s", sightings })));
  expect(await db("results").count("* as n").first()).toEqual({ n: 50 });
});
