import type { Health, Outcome, ShownState } from "../core/health.js";
import type { Db } from "./db.js";

/** One result on its way into the database; `result` is the whole of it as the API shows it. */
export interface ResultRow {
  readonly num: number;
  readonly at: Date;
  readonly outcome: Outcome;
  readonly ms: number;
  readonly reason: string;
  /** Kept only of what was not up. */
  readonly detail: unknown;
}

/** A monitor's health after a batch, with its newest result. */
export interface StateRow {
  readonly num: number;
  readonly state: ShownState;
  readonly since: Date;
  readonly health: Health;
  readonly lastAt: Date;
  readonly lastResult: unknown;
}

export interface ShownRow {
  readonly num: number;
  readonly state: ShownState;
  readonly at: Date;
}

const OUTCOMES: readonly Outcome[] = ["up", "degraded", "down", "unknown"];

/** Locks a worker's stream and says up to which `seq` it has been taken. */
export async function lockStream(db: Db, stream: string, now: Date): Promise<number> {
  const { rows } = await db.raw<{ rows: { seq: number }[] }>(
    `insert into result_streams as s (stream, last_seq, seen_at) values (:stream, 0, :now)
     on conflict (stream) do update set seen_at = :now returning last_seq as seq`,
    { stream, now },
  );
  return Number(rows[0]?.seq ?? 0);
}

export async function markTaken(db: Db, stream: string, seq: number): Promise<void> {
  await db("result_streams").where({ stream }).update({ last_seq: seq });
}

/** Streams nobody has heard of for so long are forgotten; their spools are long delivered. */
export async function forgetStreams(db: Db, before: Date): Promise<void> {
  await db("result_streams").where("seen_at", "<", before).delete();
}

/** Adds results in one statement. Their days' partitions must be there (`ensureDays`). */
export async function recordResults(db: Db, rows: readonly ResultRow[]): Promise<void> {
  await db.raw(
    `insert into results (monitor, at, outcome, ms, reason, detail)
     select num, at, outcome, ms, reason, cast(nullif(detail, '') as jsonb)
       from unnest(cast(? as int[]), cast(? as timestamptz[]), cast(? as smallint[]), cast(? as real[]),
                   cast(? as text[]), cast(? as text[])) as r (num, at, outcome, ms, reason, detail)`,
    [
      rows.map(({ num }) => num),
      rows.map(({ at }) => at),
      rows.map(({ outcome }) => OUTCOMES.indexOf(outcome)),
      rows.map(({ ms }) => ms),
      rows.map(({ reason }) => reason),
      rows.map(({ detail }) => (detail === null ? "" : JSON.stringify(detail))),
    ],
  );
}

/** Rewrites the states of monitors in one statement. */
export async function recordStates(db: Db, rows: readonly StateRow[]): Promise<void> {
  await db.raw(
    `update monitor_states s
        set state = u.state, since = u.since, health = cast(u.health as jsonb), last_at = u.last_at,
            last_result = cast(u.last_result as jsonb)
       from unnest(cast(? as int[]), cast(? as text[]), cast(? as timestamptz[]), cast(? as text[]),
                   cast(? as timestamptz[]), cast(? as text[]))
            as u (num, state, since, health, last_at, last_result)
      where s.monitor = u.num`,
    [
      rows.map(({ num }) => num),
      rows.map(({ state }) => state),
      rows.map(({ since }) => since),
      rows.map(({ health }) => JSON.stringify(health)),
      rows.map(({ lastAt }) => lastAt),
      rows.map(({ lastResult }) => JSON.stringify(lastResult)),
    ],
  );
}

/** Rewrites what is concluded of monitors without a look, in one statement. */
export async function recordHealth(
  db: Db,
  rows: readonly Pick<StateRow, "num" | "state" | "since" | "health">[],
): Promise<void> {
  await db.raw(
    `update monitor_states s set state = u.state, since = u.since, health = cast(u.health as jsonb)
       from unnest(cast(? as int[]), cast(? as text[]), cast(? as timestamptz[]), cast(? as text[]))
            as u (num, state, since, health)
      where s.monitor = u.num`,
    [
      rows.map(({ num }) => num),
      rows.map(({ state }) => state),
      rows.map(({ since }) => since),
      rows.map(({ health }) => JSON.stringify(health)),
    ],
  );
}

/**
 * Remembers from when on monitors are shown in a state; at most one row a monitor in a call. What
 * began no later than the present interval replaces it, as nothing was ever shown in between.
 */
export async function recordShown(db: Db, rows: readonly ShownRow[]): Promise<void> {
  const values = [
    rows.map(({ num }) => num),
    rows.map(({ state }) => state),
    rows.map(({ at }) => at),
  ];
  const changes = `unnest(cast(? as int[]), cast(? as text[]), cast(? as timestamptz[])) as u (num, state, at)`;
  await db.raw(
    `update monitor_intervals i set state = u.state from ${changes}
      where i.monitor = u.num and i.until is null and i.since >= u.at`,
    values,
  );
  await db.raw(
    `update monitor_intervals i set until = u.at from ${changes}
      where i.monitor = u.num and i.until is null and i.since < u.at and i.state <> u.state`,
    values,
  );
  await db.raw(
    `insert into monitor_intervals (monitor, state, since)
     select u.num, u.state, u.at from ${changes}
      where not exists (select 1 from monitor_intervals i where i.monitor = u.num and i.until is null)`,
    values,
  );
}

/** Makes the partitions of UTC days (`2026-11-21`) where they are missing. */
export async function ensureDays(db: Db, days: Iterable<string>): Promise<void> {
  for (const day of days)
    await ensurePartition(db, "results", utc(day), utc(nextDay(day)), day.replaceAll("-", ""));
}

/** Makes one partition of `table` for [from, to) where it is missing; two at once are no harm. */
export async function ensurePartition(
  db: Db,
  table: "results" | "result_hours" | "result_days",
  from: string,
  to: string,
  suffix: string,
): Promise<void> {
  try {
    await db.raw(
      `create table if not exists ${table}_${suffix} partition of ${table}
       for values from ('${from}') to ('${to}')`,
    );
  } catch (error) {
    // PostgreSQL looks and makes in two steps: somebody else came in between.
    if (!MADE_MEANWHILE.has(String((error as { code?: unknown }).code))) throw error;
  }
}

/** duplicate_table, unique_violation (in the catalogue). */
const MADE_MEANWHILE = new Set(["42P07", "23505"]);

/** Midnight in UTC, whatever zone the session has. */
const utc = (day: string): string => `${day} 00:00:00+00`;

const nextDay = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

export const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

/** Remembers that an hour's roll-up must be made anew. */
export async function markHoursDue(db: Db, hours: readonly Date[]): Promise<void> {
  if (hours.length > 0)
    await db("rollups_due")
      .insert(hours.map((hour) => ({ hour })))
      .onConflict()
      .ignore();
}

/** A worker's last word. */
export async function recordWord(db: Db, location: string, at: Date): Promise<void> {
  await db("workers").insert({ location, word_at: at }).onConflict("location").merge();
}
