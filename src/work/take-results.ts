import {
  gapOf,
  isFailing,
  observe,
  ownState,
  shownState,
  type Health,
  type Shown,
} from "../core/health.js";
import { isHeard } from "../core/heard.js";
import type { Log } from "../log.js";
import type { Metrics } from "../metrics.js";
import type { Db } from "../store/db.js";
import { requireEpoch } from "../store/leadership.js";
import type { Watched } from "../store/monitors.js";
import {
  dayOf,
  ensureDays,
  lockStream,
  markHoursDue,
  markTaken,
  recordResults,
  recordShown,
  recordStates,
  recordWord,
  type ResultRow,
} from "../store/results.js";
import { traceIdOf, withSpan } from "../tracing.js";
import type { Batch, Sighting } from "../worker/messages.js";
import type { Roster } from "./roster.js";

/** What a committed batch means for incidents. */
export interface Taken {
  /** What is left to be taken: it begins where a monitor changes its mind again. */
  readonly rest: Batch | null;
  /** Monitors whose confirmed health changed, with the trace of the look that did it. */
  readonly confirmed: readonly { readonly monitor: Watched; readonly traceparent: string | null }[];
}

export interface Taker {
  /**
   * Records a batch and the health it leads to, in one transaction; resolves once that is
   * committed, so the worker may forget it. What was taken before is passed over. Of a batch that
   * was long on its way only so much is taken that incidents can follow each change: the rest is to
   * be taken next. Rejects where the database is away or another instance leads: nothing is recorded.
   * `along` is stored in the same transaction; default: that the worker has spoken.
   */
  take(batch: Batch, along?: (tx: Db) => Promise<void>): Promise<Taken>;
}

interface TakerSettings {
  readonly db: Db;
  readonly roster: Roster;
  readonly epoch: number;
  readonly location: string;
  readonly now: () => Date;
  readonly log: Log;
  readonly metrics: Metrics;
}

const HOUR_MS = 3_600_000;
/** A result older than this when it comes in may belong to an hour that was rolled up already. */
const LATE_MS = 60_000;

export function createTaker({
  db,
  roster,
  epoch,
  location,
  now,
  log,
  metrics,
}: TakerSettings): Taker {
  const days = new Set<string>();

  const ensure = async (rows: readonly ResultRow[]): Promise<void> => {
    const missing = new Set(rows.map(({ at }) => dayOf(at)).filter((day) => !days.has(day)));
    // A step of its own: a partition is wanted whether or not this batch goes in.
    if (missing.size > 0) await ensureDays(db, missing);
    for (const day of missing) days.add(day);
  };

  return {
    async take({ stream, sightings }, along = (tx) => recordWord(tx, location, now())) {
      const parent = sightings.find(({ traceparent }) => traceparent)?.traceparent ?? null;
      return withSpan("results.take", { "tudunk.results": sightings.length }, parent, async () => {
        const at = now();
        await ensure(rowsOf(sightings, roster));
        const read = await db
          .transaction(async (tx) => {
            await requireEpoch(tx, epoch);
            const last = await lockStream(tx, stream, at);
            const fresh = sightings.filter(({ seq }) => seq > last);
            const read = readBatch(fresh, roster);
            const taken = sightings.length - (fresh.length - read.length);
            if (read.rows.length > 0) await recordResults(tx, read.rows);
            if (read.states.length > 0) await recordStates(tx, read.states);
            for (const round of read.rounds) await recordShown(tx, round);
            await markHoursDue(tx, lateHours(read.rows, at));
            await along(tx);
            await markTaken(tx, stream, sightings[taken - 1]?.seq ?? last);
            return { ...read, fresh: fresh.slice(0, read.length), rest: sightings.slice(taken) };
          })
          .catch((error: unknown) => {
            // check_violation: a partition that was there has been dropped; it is made again the next time.
            if ((error as { code?: unknown }).code === "23514") days.clear();
            throw error;
          });
        roster.healed(read.health);
        for (const { result, lagMs, monitor } of read.fresh) {
          const kind = roster.get(monitor)?.probe ?? "gone";
          metrics.results.inc({ kind, outcome: result.outcome });
          // Nobody looked at what tells of itself.
          if (isHeard(kind)) continue;
          metrics.probeSeconds.observe({ kind }, result.ms / 1_000);
          metrics.startLagSeconds.observe(lagMs / 1_000);
        }
        for (const { monitor, traceparent } of read.confirmed)
          log.info(
            {
              monitor: monitor.id,
              state: monitor.health.state,
              reason: monitor.health.reason,
              traceId: traceIdOf(traceparent),
            },
            "monitor.confirmed",
          );
        const rest = read.rest.length > 0 ? { stream, sightings: read.rest } : null;
        return { confirmed: read.confirmed, rest };
      });
    },
  };
}

const rowsOf = (sightings: readonly Sighting[], roster: Roster): ResultRow[] =>
  sightings.flatMap(({ monitor, result }) => {
    const watched = roster.get(monitor);
    if (!watched) return [];
    const { outcome, ms, reason, timings, facts } = result;
    const detail = outcome === "up" ? null : { timings, facts };
    return [{ num: watched.num, at: new Date(result.at), outcome, ms, reason, detail }];
  });

interface Read {
  /** How many of the sightings were read. */
  readonly length: number;
  readonly rows: readonly ResultRow[];
  readonly states: Parameters<typeof recordStates>[1];
  /** The n-th change of what each monitor is shown as. */
  readonly rounds: readonly {
    readonly num: number;
    readonly state: Shown["state"];
    readonly at: Date;
  }[][];
  readonly health: ReadonlyMap<string, Health>;
  readonly confirmed: Taken["confirmed"];
}

/** What fresh sightings mean, without touching anything. */
function readBatch(fresh: readonly Sighting[], roster: Roster): Read {
  const health = new Map<string, Health>();
  const newest = new Map<string, Sighting>();
  const rounds: { num: number; state: Shown["state"]; at: Date }[][] = [];
  const shownTimes = new Map<string, number>();
  const confirmed = new Map<string, { monitor: Watched; traceparent: string | null }>();

  let length = 0;
  for (const sighting of fresh) {
    const watched = roster.get(sighting.monitor);
    const { at, outcome, reason } = sighting.result;
    length++;
    if (!watched || watched.paused) continue;
    const observed = observe(
      health.get(watched.id) ?? watched.health,
      { at: Date.parse(at), outcome, reason },
      watched.confirm,
      gapOf(watched.everyMs, watched.timeoutMs),
      !roster.isExplained(watched.id),
    );
    const earlier = confirmed.get(watched.id);
    if (earlier && fails(earlier.monitor.health) !== fails(observed.health)) {
      // An outage that began and ended within one batch is an outage all the same.
      length--;
      break;
    }
    // An older result than the last is history: recorded, and nothing more.
    if (observed.health.lastAt !== Date.parse(at)) continue;
    health.set(watched.id, observed.health);
    newest.set(watched.id, sighting);
    for (const { state, at: from } of observed.shown) {
      if (state === "pending") continue;
      const round = shownTimes.get(watched.id) ?? 0;
      (rounds[round] ??= []).push({ num: watched.num, state, at: new Date(from) });
      shownTimes.set(watched.id, round + 1);
    }
    if (observed.confirmed && (isFailing(observed.health.state) || isFailing(watched.health.state)))
      confirmed.set(watched.id, {
        monitor: { ...watched, health: observed.health },
        traceparent: sighting.traceparent ?? null,
      });
  }

  const states = [...newest].flatMap(([id, { result }]) => {
    const watched = roster.get(id);
    const after = health.get(id);
    if (!watched || !after) return [];
    const since = new Date(after.blind ? after.runs.unknown.since : after.since);
    return [
      {
        num: watched.num,
        state: shownState(after),
        since,
        health: after,
        lastAt: new Date(result.at),
        lastResult: result,
      },
    ];
  });
  return {
    length,
    rows: rowsOf(fresh.slice(0, length), roster),
    states,
    rounds,
    health,
    confirmed: [...confirmed.values()],
  };
}

const fails = (health: Health): boolean => isFailing(ownState(health));

function lateHours(rows: readonly ResultRow[], now: Date): Date[] {
  const present = Math.floor(now.getTime() / HOUR_MS) * HOUR_MS;
  const late = rows.filter(({ at }) => at.getTime() < Math.min(present, now.getTime() - LATE_MS));
  const hours = new Set(late.map(({ at }) => Math.floor(at.getTime() / HOUR_MS) * HOUR_MS));
  return [...hours].map((hour) => new Date(hour));
}
