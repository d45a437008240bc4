import { DateTime } from "luxon";
import { COMPONENT_STATUSES, type ComponentStatus } from "./status.js";

/** A stored spell of one status; `unknown` spells lie over the others. `until` is null for the present. */
export interface Spell {
  readonly status: ComponentStatus | "unknown";
  readonly since: Date;
  readonly until: Date | null;
}

/** A stretch of time with the one status that counts in it; instants in ms. */
export interface Span {
  readonly status: ComponentStatus | "unknown";
  readonly from: number;
  readonly to: number;
}

/** One local day: seconds in each state; `noData` is time before anything was known. */
export interface Day {
  /** `2026-11-21`, in the site's zone. */
  readonly date: string;
  readonly seconds: Readonly<Record<DayState, number>>;
}

export const DAY_STATES = [...COMPONENT_STATUSES, "unknown", "noData"] as const;
export type DayState = (typeof DAY_STATES)[number];

/** How many days the page shows, and uptime is taken over. */
const PAGE_DAYS = 90;

/**
 * Mildest first. Blindness covers what was fine, but what is known to be wrong stays so until
 * somebody has seen it well again.
 */
const RANKING = [
  "operational",
  "unknown",
  "under_maintenance",
  "degraded_performance",
  "partial_outage",
  "major_outage",
] as const satisfies readonly Span["status"][];

/** What a second in each state costs; states that are missing here cost nothing. In tenths, to stay exact. */
const COST_TENTHS = { major_outage: 10, partial_outage: 3 } as const;

/**
 * The worst status of every moment until `now`, as spans in order of time that do not overlap.
 * Spells of one component give its history; those of all its members give a group's.
 */
export function spansOf(spells: Iterable<Spell>, now: Date): Span[] {
  const edges = [...spells].flatMap(({ status, since, until }) => {
    const from = since.getTime();
    const to = Math.min((until ?? now).getTime(), now.getTime());
    const rank = RANKING.indexOf(status);
    return to > from
      ? [
          { at: from, rank, step: 1 },
          { at: to, rank, step: -1 },
        ]
      : [];
  });
  edges.sort((a, b) => a.at - b.at);

  const running = RANKING.map(() => 0);
  const spans: Span[] = [];
  let from = 0;
  let last = -1;
  for (const { at, rank, step } of edges) {
    const status = RANKING[last];
    if (status && at > from) append(spans, { status, from, to: at });
    running[rank] = (running[rank] ?? 0) + step;
    last = running.findLastIndex((count) => count > 0);
    from = at;
  }
  return spans;
}

function append(spans: Span[], next: Span): void {
  const last = spans.at(-1);
  if (last && last.to === next.from && last.status === next.status)
    spans[spans.length - 1] = { ...last, to: next.to };
  else spans.push(next);
}

/** One local day; instants in ms. */
export interface DayBounds {
  readonly date: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The last `count` days of `timezone` up to `now`, oldest first: each local day from its first
 * moment to the next one's, so 23 and 25 hours where clocks change. Today ends at `now`.
 */
export function boundsOf(timezone: string, now: Date, count: number = PAGE_DAYS): DayBounds[] {
  const today = DateTime.fromJSDate(now, { zone: timezone }).startOf("day");
  return Array.from({ length: count }, (_, index) => {
    const start = today.minus({ days: count - 1 - index }).startOf("day");
    const end = start.plus({ days: 1 }).startOf("day").toMillis();
    return {
      date: start.toISODate() ?? "",
      from: start.toMillis(),
      to: Math.min(end, now.getTime()),
    };
  });
}

/** Cuts a history into days: the seconds of each status in each of them. */
export function daysOf(spans: readonly Span[], bounds: readonly DayBounds[]): Day[] {
  const days: Day[] = [];
  let next = 0;
  for (const { date, from, to } of bounds) {
    const ms = new Map<DayState, number>();
    let known = 0;
    for (; next < spans.length; next++) {
      const span = spans[next];
      if (!span || span.from >= to) break;
      const shared = Math.min(span.to, to) - Math.max(span.from, from);
      if (shared > 0) {
        ms.set(span.status, (ms.get(span.status) ?? 0) + shared);
        known += shared;
      }
      // What reaches into the next day is looked at again there.
      if (span.to > to) break;
    }
    ms.set("noData", to - from - known);
    days.push({ date, seconds: secondsOf(ms) });
  }
  return days;
}

function secondsOf(ms: ReadonlyMap<DayState, number>): Day["seconds"] {
  const seconds = (state: DayState) => (ms.get(state) ?? 0) / 1000;
  return {
    operational: seconds("operational"),
    under_maintenance: seconds("under_maintenance"),
    degraded_performance: seconds("degraded_performance"),
    partial_outage: seconds("partial_outage"),
    major_outage: seconds("major_outage"),
    unknown: seconds("unknown"),
    noData: seconds("noData"),
  };
}

/**
 * Percent of the known time that was not lost: a major outage loses all of it, a partial one 30 %,
 * degraded service and planned work none; time we did not see or did not watch yet is left out.
 * Two decimals, cut (99.999 is 99.99, never 100); `null` where nothing is known.
 */
export function uptimeOf(days: readonly Day[]): number | null {
  let known = 0;
  let lostTenths = 0;
  for (const { seconds } of days)
    for (const status of COMPONENT_STATUSES) {
      const ms = Math.round(seconds[status] * 1000);
      known += ms;
      if (status === "major_outage" || status === "partial_outage")
        lostTenths += ms * COST_TENTHS[status];
    }
  if (known === 0) return null;
  return Math.floor(((known * 10 - lostTenths) * 1000) / known) / 100;
}
