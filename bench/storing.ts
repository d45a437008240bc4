import { monitorEventLoopDelay } from "node:perf_hooks";
import { DateTime } from "luxon";
import { Registry } from "prom-client";
import { NO_CONFIG, type Config } from "../src/config/config.js";
import { bucketOf, packSketch } from "../src/core/sketch.js";
import { createLog } from "../src/log.js";
import { createMetrics } from "../src/metrics.js";
import type { Db } from "../src/store/db.js";
import { beginEpoch } from "../src/store/leadership.js";
import { listWatched, saveMonitors } from "../src/store/monitors.js";
import { createTurns } from "../src/turns.js";
import { createRoster } from "../src/work/roster.js";
import { createTaker } from "../src/work/take-results.js";
import { dropOld, preparePartitions, rollUp } from "../src/work/tidy.js";
import { createCreepWatch } from "../src/work/watch-creep.js";
import type { Sighting } from "../src/worker/messages.js";
import { round, type Bench, type Stage } from "./bench.js";
import { openDatabase, timed } from "./database.js";

const DAY_MS = 86_400_000;
const ZONE = "Europe/Budapest";
const quiet = createLog("silent");

/** How many results a second are recorded and judged, and what stays of a day when it is over. */
export const storing: Bench = async ({ part }) => {
  await part(resultsPerSecond);
  await part(bytesPerDay);
  await part(monitorsPerHour);
};

const TAKING_MONITORS = 1_000;
const BATCH = 2_000;
const TAKE_MS = 8_000;
const NEEDED_PER_SECOND = 1_000;

/** Whole batches through the taker – results, health and the place in the stream – against inserts alone. */
async function resultsPerSecond(stage: Stage): Promise<void> {
  const db = await openDatabase(stage);
  const now = new Date();
  await preparePartitions(db, now);
  await watch(db, TAKING_MONITORS, now);
  const roster = createRoster();
  roster.put(await listWatched(db));
  const taker = createTaker({
    db,
    roster,
    epoch: await beginEpoch(db),
    location: "local",
    now: () => new Date(),
    log: quiet,
    metrics: createMetrics(new Registry()),
  });
  let seq = 0;
  const batch = (): readonly Sighting[] =>
    Array.from({ length: BATCH }, () => {
      seq += 1;
      return {
        seq,
        monitor: `m-${seq % TAKING_MONITORS}`,
        lagMs: 1,
        result: {
          at: new Date(now.getTime() + seq).toISOString(),
          outcome: "up",
          reason: "ok",
          ms: 12.345,
          timings: { resolve: 0, connect: 1.2, firstByte: 3.4, transfer: 0.5 },
          facts: { status: 200, http: "1.1", length: 1_234, contentLength: 1_234, redirects: 0 },
        },
      };
    });
  await taker.take({ stream: "warm", sightings: batch() });
  const taken = await rate(async () => {
    await taker.take({ stream: "bench", sightings: batch() });
    return BATCH;
  });
  const inserted = await rate(() => insertAlone(db, now));
  stage.print({
    bench: "storing",
    batch: BATCH,
    resultsPerSecond: Math.round(taken),
    insertsAlonePerSecond: Math.round(inserted),
    ratio: round(taken / inserted),
    bar: NEEDED_PER_SECOND,
    ok: taken >= NEEDED_PER_SECOND,
  });
}

async function rate(step: () => Promise<number>): Promise<number> {
  const from = performance.now();
  let done = 0;
  while (performance.now() - from < TAKE_MS) done += await step();
  return (done * 1_000) / (performance.now() - from);
}

/** As many bare rows in 500-row statements, each committed by itself. */
async function insertAlone(db: Db, now: Date): Promise<number> {
  const rows = 500;
  const numbers = Array.from({ length: rows }, (_, n) => n);
  await db.raw(
    `insert into results (monitor, at, outcome, ms, reason)
     select num, cast(? as timestamptz), 0, 12.345, 'ok' from unnest(cast(? as int[])) as r (num)`,
    [now, numbers],
  );
  return rows;
}

const KEPT_MONITORS = 500;
const KEPT_DAYS = 2;
const EVERY_S = 60;
const BAR_BYTES = 4_096;

/**
 * Two whole local days of raw results, rolled up as the program does it, with the raw days dropped.
 * Latencies are log-normal around 20–400 ms, with what is slow and what fails now and then.
 */
async function bytesPerDay(stage: Stage): Promise<void> {
  const db = await openDatabase(stage);
  const until = DateTime.fromISO("2026-11-20T00:00:00", { zone: ZONE });
  const from = until.minus({ days: KEPT_DAYS });
  const now = until.plus({ hours: 2 }).toJSDate();
  for (let day = 0; day <= KEPT_DAYS; day += 1)
    await preparePartitions(db, from.plus({ days: day }).toJSDate());
  await watch(db, KEPT_MONITORS, from.toJSDate());
  await db.raw(
    `insert into results (monitor, at, outcome, ms, reason)
     select m, cast(:from as timestamptz) + n * interval '1 second' * :every,
            case when r < 0.0005 then 2 when r < 0.002 then 1 else 0 end,
            exp(ln(20 + 380 * ((m * 7919) % 1000) / 1000.0)
                + 0.35 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())),
            'ok'
       from generate_series(0, :looks - 1) n, generate_series(1, :monitors) m, lateral (select random() + 0 * (m + n) as r) x
      order by 2`,
    {
      from: from.toJSDate(),
      every: EVERY_S,
      looks: (KEPT_DAYS * DAY_MS) / EVERY_S / 1_000,
      monitors: KEPT_MONITORS,
    },
  );
  // A fault of ten minutes a day for one monitor in twenty, and what was before and after it.
  await db.raw(
    `insert into monitor_intervals (monitor, state, since, until)
     select num, state, since, lead(since) over (partition by num order by since)
       from (select num, 'up' as state, cast(:from as timestamptz) as since from monitors
             union all
             select num, s.state, cast(:from as timestamptz) + d * interval '1 day' + s.after
               from monitors, generate_series(0, :days - 1) d,
                    (values ('down', interval '5 hours'), ('up', interval '5 hours 10 minutes')) as s (state, after)
              where num % 20 = 0) i`,
    { from: from.toJSDate(), days: KEPT_DAYS },
  );
  const rawBytes = await sizeOf(db, "results");
  const config: Config = {
    ...NO_CONFIG,
    site: { ...NO_CONFIG.site, timezone: ZONE },
    retention: { ...NO_CONFIG.retention, resultsMs: KEPT_DAYS * DAY_MS + 6 * 3_600_000 },
  };
  const began = performance.now();
  await rollUp(db, config, now, quiet);
  const rollUpMs = performance.now() - began;
  const later = new Date(now.getTime() + 10 * DAY_MS);
  await dropOld(db, config, later, quiet);
  const monitorDays = KEPT_MONITORS * KEPT_DAYS;
  const [hours, days, intervals, left] = await Promise.all([
    sizeOf(db, "result_hours"),
    sizeOf(db, "result_days"),
    sizeOf(db, "monitor_intervals"),
    sizeOf(db, "results"),
  ]);
  const { rows } = await db.raw<{ rows: { hours: number; days: number }[] }>(
    `select (select count(*)::int from result_hours) as hours, (select count(*)::int from result_days) as days`,
  );
  const bytes = (hours + days + intervals) / monitorDays;
  stage.print({
    bench: "bytes-per-monitor-day",
    monitors: KEPT_MONITORS,
    days: KEPT_DAYS,
    everyS: EVERY_S,
    rows: rows[0],
    bytes: Math.round(bytes),
    hoursBytes: Math.round(hours / monitorDays),
    daysBytes: Math.round(days / monitorDays),
    intervalsBytes: Math.round(intervals / monitorDays),
    rawBytesBefore: Math.round(rawBytes / monitorDays),
    rawBytesAfter: Math.round(left / monitorDays),
    rollUpMsPerDay: Math.round(rollUpMs / KEPT_DAYS),
    uptimeKumaBytes: 333_000,
    bar: BAR_BYTES,
    ok: bytes <= BAR_BYTES && rows[0]?.hours === monitorDays * 24,
  });
}

const WEEK_MONITORS = 10_000;
const WEEK_HOURS = 8 * 24;
/** Once an hour, of which the rest belongs to others. */
const BAR_MS = 30_000;
const BLOCKED_BAR_MS = 200;

/** An hour of ten thousand monitors, each compared with its own week; one in a hundred is slower. */
async function monitorsPerHour(stage: Stage): Promise<void> {
  const db = await openDatabase(stage);
  const last = DateTime.fromISO("2026-11-20T10:00:00", { zone: "utc" });
  for (const days of [0, 8]) await preparePartitions(db, last.minus({ days }).toJSDate());
  for (let from = 0; from < WEEK_MONITORS; from += 1_000) await watch(db, 1_000, new Date(0), from);
  const roster = createRoster();
  roster.put(await listWatched(db));
  const now = last.plus({ hours: 1, minutes: 3 }).toJSDate();
  roster.healed(
    new Map([...roster.all()].map(({ id, health }) => [id, { ...health, state: "up" as const }])),
  );
  const sketchOf = (ms: number): string =>
    Buffer.from(
      packSketch(new Map([0.6, 0.8, 0.9, 1, 1.1, 1.3, 1.8].map((by) => [bucketOf(ms * by), 9]))),
    ).toString("hex");
  await db.raw(
    `insert into result_hours (monitor, hour, up, degraded, down, unknown, max_ms, sketch)
     select num, cast(:last as timestamptz) - h * interval '1 hour', 63, 0, 0, 0, 300,
            decode(case when h < 2 and num % 100 = 0 then :slow else :usual end, 'hex')
       from generate_series(0, :hours - 1) h, monitors order by 2, 1`,
    { last: last.toJSDate(), hours: WEEK_HOURS, usual: sketchOf(150), slow: sketchOf(400) },
  );
  await db.raw("analyze result_hours");
  const creep = createCreepWatch({
    db,
    roster,
    epoch: await beginEpoch(db),
    policy: () => NO_CONFIG.policy,
    inTurn: createTurns(),
    onJudged: async () => {},
    now: () => now,
    log: quiet,
  });
  const blocked = monitorEventLoopDelay({ resolution: 5 });
  blocked.enable();
  const ms = await timed(() => creep.look());
  blocked.disable();
  const found = [...roster.all()].filter(({ health }) => health.creep).length;
  const again = await timed(() => creep.look());
  stage.print({
    bench: "compared-with-their-week",
    monitors: WEEK_MONITORS,
    ms: Math.round(ms),
    loopBlockedMs: Math.round(blocked.max / 1e6),
    withoutANewHourMs: round(again),
    found,
    bar: BAR_MS,
    ok: ms <= BAR_MS && blocked.max / 1e6 <= BLOCKED_BAR_MS && found === WEEK_MONITORS / 100,
  });
}

/** A table with its partitions, indexes and all (bytes). */
async function sizeOf(db: Db, table: string): Promise<number> {
  const { rows } = await db.raw<{ rows: { bytes: string }[] }>(
    `select coalesce(sum(pg_total_relation_size(oid)), 0)::text as bytes from pg_class
      where oid = cast(:table as regclass)
         or oid in (select relid from pg_partition_tree(cast(:table as regclass)))`,
    { table },
  );
  return Number(rows[0]?.bytes ?? 0);
}

const watch = (db: Db, n: number, now: Date, from = 0): Promise<void> =>
  saveMonitors(
    db,
    Array.from({ length: n }, (_, index) => ({
      id: `m-${from + index}`,
      probe: "http",
      target: `http://bench.test/${index}`,
      everyMs: EVERY_S * 1_000,
      timeoutMs: 10_000,
      host: null,
      component: null,
      impact: "major_outage",
      confirm: { failures: 2, recheckMs: 5_000, recoveries: 2 },
      labels: {},
      paused: false,
    })),
    now,
  );
