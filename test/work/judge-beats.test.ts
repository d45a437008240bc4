import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { publicId } from "../../src/core/ids.js";
import type { Expectation, Signal } from "../../src/core/heartbeat.js";
import { findLastBeat, keepBeats, type KeptBeat } from "../../src/store/beats.js";
import { createDb } from "../../src/store/db.js";
import { beginEpoch } from "../../src/store/leadership.js";
import { findMonitor, listWatched, saveMonitors } from "../../src/store/monitors.js";
import { dropStrays, judgeBeatsOnce } from "../../src/work/judge-beats.js";
import { createTell } from "../../src/work/tell-heard.js";
import { createTaker } from "../../src/work/take-results.js";
import { freshDb } from "../support/postgres.js";
import { after, metrics, monitorRow, silent, watching } from "../support/watched.js";

const HOUR = 3_600;
/** Every hour, ten minutes of grace. */
const hourly: Expectation = {
  rhythm: { kind: "period", periodMs: HOUR * 1_000 },
  graceMs: 600_000,
  longestMs: null,
};
const CONFIRM = { failures: 1, recheckMs: 5_000, recoveries: 1 };
const backup = monitorRow("backup", { probe: "heartbeat", confirm: CONFIRM, host: null });

const aBeat = (
  seconds: number,
  signal: Signal = "success",
  more: Partial<KeptBeat> = {},
): KeptBeat => ({
  key: publicId(randomBytes(12)),
  monitor: "backup",
  at: after(seconds).getTime(),
  signal,
  exitStatus: null,
  run: null,
  ms: null,
  text: null,
  ...more,
});

/** A job `backup` that is judged when a test says so, at the moment it says. */
async function judging(expected: ReadonlyMap<string, Expectation> = new Map([["backup", hourly]])) {
  const { db } = await freshDb();
  const world = await watching(db, [backup]);
  let present = 0;
  const begin = async (along = async () => {}) => {
    const epoch = await beginEpoch(db);
    world.roster.put(await listWatched(db));
    const now = (): Date => world.clock.now;
    const taker = createTaker({
      db,
      roster: world.roster,
      epoch,
      location: "x",
      now,
      log: silent,
      metrics,
    });
    return judgeBeatsOnce({
      db,
      roster: world.roster,
      expectations: () => expected,
      tell: createTell(`beats-${epoch}`, async (batch, more) => {
        await taker.take(batch, async (tx) => {
          await more(tx);
          await along();
        });
      }),
      now,
    });
  };
  let round = await begin();
  const look = async () => (await findMonitor(db, "backup", world.clock.now)) ?? { state: "gone" };
  /** Goes round once at that moment, as after the program was started anew or stood still. */
  const jump = async (seconds: number): Promise<string> => {
    present = seconds;
    world.clock.now = after(seconds);
    await round(true);
    return stateOf(await look());
  };
  /** Goes round all the time until then. */
  const go = async (seconds: number): Promise<string> => {
    while (present < seconds) {
      present = Math.min(present + 2, seconds);
      world.clock.now = after(present);
      await round(false);
    }
    await round(true);
    return stateOf(await look());
  };
  const restart = async (along?: () => Promise<void>): Promise<void> => {
    round = await begin(along);
  };
  return { ...world, db, look, jump, go, restart, round: () => round(true) };
}

const stateOf = (view: { state: string; lastResult?: unknown }): string =>
  `${view.state} ${(view.lastResult as { reason: string } | null | undefined)?.reason ?? "-"}`;

test("a job is up when it beats, missing when it does not, and up again when it does", async () => {
  const { db, go, look } = await judging();
  expect(await go(72)).toBe("pending -");
  await keepBeats(db, [aBeat(40, "start"), aBeat(70, "success", { text: "41 files" })]);
  expect(await go(80)).toBe("up ok");
  expect(await look()).toMatchObject({
    lastResult: {
      at: after(70).toISOString(),
      ms: 30_000,
      facts: { signal: "success", beatAt: after(70).toISOString(), says: "41 files" },
    },
  });
  expect(await db("beats").select("num")).toEqual([]);
  expect(await go(70 + HOUR)).toBe("up heartbeat-late");
  expect(await go(70 + HOUR + 599)).toBe("up heartbeat-late");
  expect(await go(70 + HOUR + 600)).toBe("down heartbeat-missing");
  expect((await look()) as { since: Date }).toMatchObject({ since: after(70 + HOUR + 600) });
  await keepBeats(db, [aBeat(70 + HOUR + 610)]);
  expect(await go(70 + HOUR + 611)).toBe("up ok");
});

test("a failure counts at once, with its exit status and its words", async () => {
  const { db, go, look } = await judging();
  await keepBeats(db, [aBeat(5, "fail", { exitStatus: 3, text: "disk full" })]);
  expect(await go(6)).toBe("down heartbeat-failed");
  expect(await look()).toMatchObject({
    lastResult: { facts: { signal: "fail", exitStatus: 3, says: "disk full" } },
  });
  expect(await findLastBeat(db, "backup")).toEqual({
    at: after(5).toISOString(),
    signal: "fail",
    exitStatus: 3,
    run: null,
    ms: null,
    text: "disk full",
  });
});

test("each verdict of beats that come together counts, in order, and each state once", async () => {
  const { db, jump } = await judging();
  await keepBeats(db, [aBeat(3), aBeat(1), aBeat(2, "fail")]);
  expect(await jump(4)).toBe("up ok");
  const intervals = await db("monitor_intervals").select("state", "since").orderBy("since");
  expect(intervals).toEqual([
    { state: "up", since: after(1) },
    { state: "down", since: after(2) },
    { state: "up", since: after(3) },
  ]);
});

test("where we were away a silent job is unknown until we have listened for its grace", async () => {
  const { db, go, jump, restart } = await judging();
  await keepBeats(db, [aBeat(1)]);
  await go(60);
  await restart();
  expect(await jump(2 * HOUR)).toBe("unknown heartbeat-unheard");
  expect(await go(2 * HOUR + 599)).toBe("unknown heartbeat-unheard");
  expect(await go(2 * HOUR + 600)).toBe("down heartbeat-missing");
  // What was missing before stays it.
  await restart();
  expect(await jump(3 * HOUR)).toBe("down heartbeat-missing");
});

test("a job that was down for failing stays down through a restart", async () => {
  const { db, go, jump, restart } = await judging();
  await keepBeats(db, [aBeat(1, "fail")]);
  await go(2);
  await restart();
  expect(await jump(5 * HOUR)).toBe("down heartbeat-failed");
});

test("what was kept while nobody judged counts for when it was said", async () => {
  const { db, go, jump, restart } = await judging();
  await keepBeats(db, [aBeat(1)]);
  await go(10);
  await restart();
  await keepBeats(db, [aBeat(HOUR), aBeat(2 * HOUR)]);
  expect(await jump(3 * HOUR - 5)).toBe("up ok");
});

test("a beat that comes late undoes nothing that time has done since", async () => {
  const { db, go, look } = await judging();
  await keepBeats(db, [aBeat(1)]);
  await go(HOUR + 700);
  expect(await go(HOUR + 702)).toBe("down heartbeat-missing");
  await keepBeats(db, [aBeat(5), aBeat(2, "fail", { text: "old" })]);
  expect(await go(HOUR + 720)).toBe("down heartbeat-missing");
  await keepBeats(db, [aBeat(3, "fail", { text: "older than what ended" })]);
  expect(await go(HOUR + 740)).toBe("down heartbeat-missing");
  expect(await look()).toMatchObject({ lastResult: { facts: { beatAt: after(5).toISOString() } } });
  expect(await db("monitor_intervals").whereNot({ state: "up" }).pluck("state")).toEqual(["down"]);
});

test("a beat and its result are stored together or not at all", async () => {
  const { db, clock, look, restart, round } = await judging();
  await restart(() => Promise.reject(new Error("cut off")));
  await keepBeats(db, [aBeat(1, "fail")]);
  clock.now = after(2);
  await expect(round()).rejects.toThrow("cut off");
  expect(await look()).toMatchObject({ state: "pending" });
  expect(await db("beats").pluck("monitor")).toEqual(["backup"]);
  await restart();
  await round();
  expect(await look()).toMatchObject({ state: "down" });
  expect(await db("results").count()).toEqual([{ count: 1 }]);
});

test("while the database is away nothing is judged, and silence counts anew from then", async () => {
  const { db, go, roster, clock } = await judging();
  await keepBeats(db, [aBeat(1)]);
  await go(10);
  const away = createDb({ url: "postgres://nobody@127.0.0.1:1/none" });
  onTestFinished(() => away.destroy());
  const told: string[] = [];
  let present = away;
  const round = judgeBeatsOnce({
    db: new Proxy(db, {
      apply: (_db, _self, table: [string]) => present(...table),
      get: (_db, name) => Reflect.get(present, name) as unknown,
    }),
    roster,
    expectations: () => new Map([["backup", hourly]]),
    tell: (heard) => {
      told.push(...heard.map(({ result }) => result.reason));
      return Promise.resolve();
    },
    now: () => clock.now,
  });
  for (let seconds = 10; seconds < 2 * HOUR; seconds += 600) {
    clock.now = after(seconds);
    await expect(round(true)).rejects.toThrow(/ECONNREFUSED/);
  }
  present = db;
  await round(true);
  expect(told).toEqual(["heartbeat-unheard"]);
});

test("a paused job is not judged, and begins anew when it is watched again", async () => {
  const { db, go, roster, clock } = await judging();
  await keepBeats(db, [aBeat(1, "fail")]);
  await go(10);
  await saveMonitors(db, [{ ...backup, paused: true }], after(20));
  roster.put(await listWatched(db));
  await keepBeats(db, [aBeat(30, "fail")]);
  expect(await go(40)).toMatch(/^paused/);
  expect(await db("beats").select("num")).toEqual([]);
  await saveMonitors(db, [backup], after(50));
  roster.put(await listWatched(db));
  expect(await go(60)).toMatch(/^pending/);
  // Its last result is long ago.
  expect(await go(50 + HOUR + 599)).toMatch(/^unknown/);
  expect(await go(50 + HOUR + 600)).toBe("down heartbeat-missing");
  expect(clock.now).toEqual(after(50 + HOUR + 600));
});

test("what nobody knows waits for an hour and is dropped", async () => {
  const { db, go, clock } = await judging();
  await keepBeats(db, [aBeat(1, "success", { monitor: "nobody" }), aBeat(2)]);
  expect(await go(10)).toBe("up ok");
  expect(await db("beats").pluck("monitor")).toEqual(["nobody"]);
  clock.now = after(HOUR + 2);
  await dropStrays(db, clock.now, silent);
  expect(await db("beats").pluck("monitor")).toEqual([]);
});

test("a database that stood still while it was asked proves no silence", async () => {
  const { db, go, look, clock, round } = await judging();
  await keepBeats(db, [aBeat(70)]);
  expect(await go(70 + HOUR + 597)).toBe("up heartbeat-late");
  const holding = await db.transaction();
  await holding.raw("lock table beats in access exclusive mode");
  const going = round();
  // Meanwhile the grace ends, and what the job says waits on disk.
  clock.now = after(70 + HOUR + 606);
  await holding.rollback();
  await going;
  expect(stateOf(await look())).toBe("unknown heartbeat-unheard");
  expect(await go(70 + HOUR + 606 + 601)).toBe("down heartbeat-missing");
});
