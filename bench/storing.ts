import { DateTime } from "luxon";
import { Registry } from "prom-client";
import { NO_CONFIG, type Config } from "../src/config/config.js";
import { createLog } from "../src/log.js";
import { createMetrics } from "../src/metrics.js";
import type { Db } from "../src/store/db.js";
import { beginEpoch } from "../src/store/leadership.js";
import { listWatched, saveMonitors } from "../src/store/monitors.js";
import { createRoster } from "../src/work/roster.js";
import { createTaker } from "../src/work/take-results.js";
import { dropOld, preparePartitions, rollUp } from "../src/work/tidy.js";
import type { Sighting } from "../src/worker/messages.js";
import { round, type Bench, type Stage } from "./bench.js";
import { openDatabase } from "./database.js";

const DAY_MS = 86_400_000;
const ZONE = "Europe/Budapest";
const quiet = createLog("silent");

/** How many results a second are recorded and judged, and what stays of a day when it is over. */
export const storing: Bench = async ({ part }) => {
  await part(resultsPerSecond);
  await part(bytesPerDay);
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

const watch = (db: Db, n: number, now: Date): Promise<void> =>
  saveMonitors(
    db,
    Array.from({ length: n }, (_, index) => ({
      id: `m-${index}`,
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
