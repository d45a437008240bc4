import { mergeSketches, packSketch, SKETCH, unpackSketch, type Sketch } from "../core/sketch.js";
import type { Db } from "./db.js";

const MONITORS_AT_ONCE = 2_000;

/** Queues every whole hour that may not have been rolled up yet: after a start, and each hour. */
export async function queueHours(db: Db, now: Date, keptFrom: Date): Promise<void> {
  await db.raw(
    `insert into rollups_due (hour)
     select h from generate_series(
              greatest(cast(:from as timestamptz), coalesce((select max(hour) + interval '1 hour' from result_hours), :from)),
              date_trunc('hour', cast(:now as timestamptz)) - interval '1 hour', interval '1 hour') h
     on conflict do nothing`,
    { from: wholeHour(keptFrom), now },
  );
}

/** Hours that wait for their roll-up, oldest first. */
export async function dueHours(db: Db, now: Date): Promise<Date[]> {
  return db("rollups_due").where("hour", "<", wholeHour(now)).orderBy("hour").pluck("hour");
}

interface HourRow {
  readonly monitor: number;
  readonly up: number;
  readonly degraded: number;
  readonly down: number;
  readonly unknown: number;
  readonly max_ms: number;
  readonly buckets: readonly number[] | null;
  readonly counts: readonly number[] | null;
}

/**
 * Rolls one hour up from raw results, anew and whole, so that doing it twice does no harm. The
 * sketch holds the latencies of what answered (up and degraded).
 */
export async function rollUpHour(db: Db, hour: Date): Promise<void> {
  const until = new Date(hour.getTime() + 3_600_000);
  const { rows } = await db.raw<{ rows: HourRow[] }>(
    `with bucketed as (
       select monitor, outcome, ceil(ln(greatest(ms, ${SKETCH.minMs})) / ${SKETCH.lnGamma})::int as bucket,
              count(*)::int as n, max(ms) as max_ms
         from results where at >= :hour and at < :until group by 1, 2, 3),
     answered as (
       select monitor, array_agg(bucket order by bucket) as buckets, array_agg(n order by bucket) as counts
         from (select monitor, bucket, sum(n)::int as n from bucketed where outcome < 2 group by 1, 2) b group by 1)
     select monitor, sum(n) filter (where outcome = 0)::int as up, sum(n) filter (where outcome = 1)::int as degraded,
            sum(n) filter (where outcome = 2)::int as down, sum(n) filter (where outcome = 3)::int as unknown,
            coalesce(max(max_ms) filter (where outcome < 2), 0) as max_ms,
            min(buckets) as buckets, min(counts) as counts
       from bucketed left join answered using (monitor) group by monitor
      -- In the order of the primary key, which then grows at its end alone.
      order by monitor`,
    { hour, until },
  );
  await db.transaction(async (tx) => {
    for (let from = 0; from < rows.length; from += MONITORS_AT_ONCE)
      await saveHours(tx, hour, rows.slice(from, from + MONITORS_AT_ONCE));
    await tx("rollups_due").where({ hour }).delete();
  });
}

async function saveHours(tx: Db, hour: Date, rows: readonly HourRow[]): Promise<void> {
  await tx.raw(
    `insert into result_hours (monitor, hour, up, degraded, down, unknown, max_ms, sketch)
     select monitor, cast(? as timestamptz), up, degraded, down, unknown, max_ms, decode(sketch, 'hex')
       from unnest(cast(? as int[]), cast(? as int[]), cast(? as int[]), cast(? as int[]), cast(? as int[]),
                   cast(? as real[]), cast(? as text[])) as r (monitor, up, degraded, down, unknown, max_ms, sketch)
     on conflict (monitor, hour) do update
        set (up, degraded, down, unknown, max_ms, sketch)
          = (excluded.up, excluded.degraded, excluded.down, excluded.unknown, excluded.max_ms, excluded.sketch)`,
    [
      hour,
      rows.map(({ monitor }) => monitor),
      rows.map(({ up }) => up ?? 0),
      rows.map(({ degraded }) => degraded ?? 0),
      rows.map(({ down }) => down ?? 0),
      rows.map(({ unknown }) => unknown ?? 0),
      rows.map(({ max_ms }) => max_ms),
      rows.map(({ buckets, counts }) => hex(packSketch(sketchOf(buckets ?? [], counts ?? [])))),
    ],
  );
}

const sketchOf = (buckets: readonly number[], counts: readonly number[]): Sketch =>
  new Map(buckets.map((bucket, i) => [bucket, counts[i] ?? 0]));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A local day: its date and the instants it begins and ends at. */
export interface LocalDay {
  readonly date: string;
  readonly from: Date;
  readonly until: Date;
}

interface DayHour extends Omit<HourRow, "buckets" | "counts"> {
  readonly sketch: Buffer;
}

interface DaySeconds {
  readonly monitor: number;
  readonly up_s: number;
  readonly degraded_s: number;
  readonly down_s: number;
  readonly unknown_s: number;
}

/**
 * Rolls one local day up from its hours (each belongs to the day it begins in) and from the
 * confirmed states' intervals, which are cut at the day's bounds to the second.
 */
export async function rollUpDay(db: Db, { date, from, until }: LocalDay): Promise<void> {
  const nums: number[] = await db("monitors").orderBy("num").pluck("num");
  for (let at = 0; at < nums.length; at += MONITORS_AT_ONCE)
    await rollUpDayOf(db, { date, from, until }, nums.slice(at, at + MONITORS_AT_ONCE));
}

async function rollUpDayOf(
  db: Db,
  { date, from, until }: LocalDay,
  nums: readonly number[],
): Promise<void> {
  const { rows: hours } = await db.raw<{ rows: DayHour[] }>(
    `select monitor, up, degraded, down, unknown, max_ms, sketch from result_hours
      where monitor = any(:nums) and hour >= :from and hour < :until`,
    { nums, from, until },
  );
  const { rows: seconds } = await db.raw<{ rows: DaySeconds[] }>(
    `with cut as (
       select monitor, state, extract(epoch from least(coalesce(until, :until), :until) - greatest(since, :from)) as s
         from monitor_intervals
        where monitor = any(:nums) and since < :until and (until is null or until > :from))
     select monitor, coalesce(sum(s) filter (where state = 'up'), 0)::int as up_s,
            coalesce(sum(s) filter (where state = 'degraded'), 0)::int as degraded_s,
            coalesce(sum(s) filter (where state = 'down'), 0)::int as down_s,
            coalesce(sum(s) filter (where state = 'unknown'), 0)::int as unknown_s
       from cut group by monitor`,
    { nums, from, until },
  );
  const hoursOf = new Map<number, DayHour[]>();
  for (const hour of hours) hoursOf.set(hour.monitor, [...(hoursOf.get(hour.monitor) ?? []), hour]);
  const secondsOf = new Map(seconds.map((row) => [row.monitor, row]));
  const rows = nums
    .filter((num) => hoursOf.has(num) || secondsOf.has(num))
    .map((num) => dayRow(num, hoursOf.get(num) ?? [], secondsOf.get(num)));
  if (rows.length === 0) return;
  await db.raw(
    `insert into result_days (monitor, day, up, degraded, down, unknown, max_ms, sketch, up_s, degraded_s, down_s, unknown_s)
     select monitor, cast(:date as date), up, degraded, down, unknown, max_ms, decode(sketch, 'hex'), up_s, degraded_s, down_s, unknown_s
       from jsonb_to_recordset(cast(:rows as jsonb))
            as r (monitor int, up int, degraded int, down int, unknown int, max_ms real, sketch text,
                  up_s int, degraded_s int, down_s int, unknown_s int)
     on conflict (monitor, day) do update
        set (up, degraded, down, unknown, max_ms, sketch, up_s, degraded_s, down_s, unknown_s)
          = (excluded.up, excluded.degraded, excluded.down, excluded.unknown, excluded.max_ms, excluded.sketch,
             excluded.up_s, excluded.degraded_s, excluded.down_s, excluded.unknown_s)`,
    { date, rows: JSON.stringify(rows) },
  );
}

function dayRow(monitor: number, hours: readonly DayHour[], seconds: DaySeconds | undefined) {
  const sum = (name: "up" | "degraded" | "down" | "unknown"): number =>
    hours.reduce((total, hour) => total + hour[name], 0);
  return {
    up: sum("up"),
    degraded: sum("degraded"),
    down: sum("down"),
    unknown: sum("unknown"),
    max_ms: Math.max(0, ...hours.map(({ max_ms }) => max_ms)),
    sketch: hex(packSketch(mergeSketches(hours.map(({ sketch }) => unpackSketch(sketch))))),
    ...(seconds ?? { up_s: 0, degraded_s: 0, down_s: 0, unknown_s: 0 }),
    monitor,
  };
}

/** Drops the partitions of `table` that end at or before `before`; returns their names. */
export async function dropPartitionsBefore(
  db: Db,
  table: "results" | "result_hours" | "result_days",
  before: Date,
): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { name: string; bound: string }[] }>(
    `select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
       from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = cast(:table as regclass)`,
    { table },
  );
  const over = rows.filter(({ bound }) => {
    const [, end] = /TO \('([^']+)'\)/.exec(bound) ?? [];
    return (
      end !== undefined &&
      Date.parse(end.length === 10 ? `${end}T00:00:00Z` : isoOf(end)) <= before.getTime()
    );
  });
  // One at a time and without a long wait for readers: what stays is dropped the next time.
  for (const { name } of over)
    await db.transaction(async (tx) => {
      await tx.raw(`set local lock_timeout = '2s'`);
      await tx.raw(`drop table if exists "${name}"`);
    });
  return over.map(({ name }) => name);
}

/** `2026-11-22 00:00:00+00` as ISO 8601. */
const isoOf = (bound: string): string => bound.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");

const wholeHour = (at: Date): Date => new Date(Math.floor(at.getTime() / 3_600_000) * 3_600_000);
