import { DateTime } from "luxon";
import type { Precision } from "./extraction.js";
import type { DayPart } from "./lexicon.js";
import type { Clock } from "./since-clock.js";
import type { Day } from "./since-date.js";
import type { Said } from "./since-grammar.js";

/** What was said, as instants in epoch ms that are never after the receipt. */
export interface Instants {
  readonly from: number | null;
  readonly to: number | null;
  readonly precision: Precision;
}

/** Where a part of the day begins for people, the hour that stands for it, and where it ends; hours of the local day. */
const PARTS: Readonly<Record<DayPart, readonly [begins: number, stands: number, ends: number]>> = {
  dawn: [1, 4, 7],
  early: [4, 6, 9],
  morning: [4, 7, 11],
  forenoon: [7, 9, 13],
  "late-morning": [9, 10, 13],
  noon: [11, 12, 15],
  afternoon: [12, 13, 19],
  "late-afternoon": [15, 16, 19],
  evening: [16, 18, 24],
  "late-evening": [19, 21, 26],
  night: [20, 22, 30],
  midnight: [23, 24, 26],
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** "around nine" is said at five to nine as well. */
const ROUNDED = 12 * MINUTE;
const SLACK = { before: 15, after: 5 } as const;

/**
 * The instants that a time means for somebody in `zone` who wrote it at `receivedAt`: the nearest before.
 * `open`: it goes on until now ("since"), so that an hour which is still to come today was yesterday's.
 * `null` where no such instant is behind us.
 */
export function instantsOf(
  said: Said,
  how: "since" | "lasting" | "ago" | "at",
  receivedAt: number,
  zone: string,
): Instants | null {
  const now = localTime(receivedAt, zone);
  if (now === null) return null;
  const found = said.lately
    ? { from: null, to: null, precision: "vague" as const }
    : said.anchor !== null
      ? anchored(said, now)
      : said.length !== null
        ? lasting(said, now)
        : moment(said, how, now);
  if (found === null) return null;
  const from = found.from === null ? null : Math.min(found.from, receivedAt);
  const to = Math.min(found.to ?? receivedAt, receivedAt);
  return { from, to: from === null ? to : Math.max(from, to), precision: found.precision };
}

/** The local time of an instant; of an unknown zone UTC's. */
export function localTime(at: number, zone: string): DateTime<true> | null {
  const local = DateTime.fromMillis(Number.isFinite(at) ? at : Number.NaN, { zone });
  if (local.isValid) return local;
  const utc = DateTime.fromMillis(at, { zone: "utc" });
  return utc.isValid ? utc : null;
}

function anchored(said: Said, now: DateTime<true>): Instants | null {
  const today = now.startOf("day");
  const vague = (from: DateTime, to: DateTime): Instants => ({
    from: from.toMillis(),
    to: to.toMillis(),
    precision: "vague",
  });
  switch (said.anchor) {
    case "weekend": {
      const saturday = today.minus({ days: (today.weekday + 1) % 7 });
      return vague(saturday, saturday.plus({ days: 2 }));
    }
    case "week-start": {
      const monday = today.minus({ days: today.weekday - 1 });
      return { ...vague(monday, monday.plus({ days: 2 })) };
    }
    case "last-week":
      return vague(now.minus({ days: 7 }), today.minus({ days: today.weekday - 1 }));
    case "last-month":
      return vague(now.minus({ days: 30 }), today.startOf("month"));
    case null:
      return null;
  }
}

function lasting(said: Said, now: DateTime<true>): Instants | null {
  const { length } = said;
  if (length === null || length.unit === "second") return null;
  const at = now.toMillis();
  const { minutes, rough } = length;
  const isWithin = said.markers.has("between");
  if (minutes >= 1440) {
    const days = Math.round(minutes / 1440);
    const start = now.startOf("day").minus({ days });
    const precise = length.unit === "day" && !rough;
    return {
      from: start.toMillis(),
      to: start.plus({ days: precise ? 1 : Math.ceil(days / 2) }).toMillis(),
      precision: precise ? "day" : "vague",
    };
  }
  const from = at - minutes * MINUTE;
  if (rough && length.unit === "hour") return { from, to: at, precision: "vague" };
  const precision = length.unit === "hour" ? "hour" : "minute";
  return {
    from,
    to: isWithin ? at : precision === "hour" ? from + 15 * MINUTE : from,
    precision,
  };
}

function moment(
  said: Said,
  how: "since" | "lasting" | "ago" | "at",
  now: DateTime<true>,
): Instants | null {
  const bases = said.day === null ? null : basesOf(said.day, now);
  if (bases !== null && bases.length === 0) return null;
  if (said.clock !== null) return clockMoment(said, said.clock, how, bases, now);
  if (said.part !== null) return partMoment(said.part, how, bases, said.day, now);
  const day = bases?.[0];
  if (day === undefined) return null;
  return {
    from: day.toMillis(),
    to: day.plus({ days: 1 }).toMillis(),
    precision: "day",
  };
}

/** The days that may be meant, nearest first; none where they lie ahead or years behind. */
function basesOf(day: Day, now: DateTime<true>): readonly DateTime[] {
  const today = now.startOf("day");
  if (day.is === "back") return [today.minus({ days: day.days })];
  if (day.is === "weekday") {
    const back = (today.weekday - day.weekday + 7) % 7;
    return back === 0
      ? day.last
        ? [today.minus({ days: 7 })]
        : [today, today.minus({ days: 7 })]
      : [today.minus({ days: back })];
  }
  const candidates =
    day.month === null
      ? [today, today.minus({ months: 1 }), today.minus({ months: 2 })].map(({ year, month }) => ({
          year,
          month,
        }))
      : (day.year === null ? [today.year, today.year - 1] : [day.year]).map((year) => ({
          year,
          month: day.month ?? 1,
        }));
  return candidates
    .map(({ year, month }) =>
      DateTime.fromObject({ year, month, day: day.day }, { zone: now.zone }),
    )
    .filter((one) => one.isValid && one <= now && now.diff(one, "days").days < 400)
    .slice(0, 1);
}

function clockMoment(
  said: Said,
  clock: Clock,
  how: "since" | "lasting" | "ago" | "at",
  bases: readonly DateTime[] | null,
  now: DateTime<true>,
): Instants | null {
  const told = hoursOf(clock, said.part);
  const shift = said.markers.has("before")
    ? -SLACK.before
    : said.markers.has("after")
      ? SLACK.after
      : 0;
  const approximate = !clock.exact || said.markers.has("about") || shift !== 0 || said.range;
  const limit = now.toMillis() + (approximate ? ROUNDED : 0);
  const days = bases ?? [now.startOf("day"), now.startOf("day").minus({ days: 1 })];
  let nearest: number | null = null;
  for (const [index, day] of days.entries()) {
    const isToday = day.hasSame(now, "day");
    const minutes = isToday || bases === null ? told : [likelyOf(told, clock)];
    for (const minute of minutes)
      for (const at of wallInstants(day, minute + shift + nightShift(said, minute, isToday)))
        if (at <= limit && (nearest === null || at > nearest)) nearest = at;
    // What has an hour that is still to come is an appointment, not yesterday's fault.
    if (how === "at" && bases === null && index === 0 && nearest === null && said.part === null)
      return null;
    if (bases !== null && nearest !== null) break;
  }
  if (nearest === null) return null;
  return {
    from: nearest,
    to: approximate ? nearest + 30 * MINUTE : nearest,
    precision: approximate ? "hour" : "minute",
  };
}

/** "yesterday night at two" is this morning's two o'clock. */
function nightShift(said: Said, minute: number, isToday: boolean): number {
  const named = said.day?.is === "back" || said.day?.is === "weekday";
  return said.part === "night" && minute < 6 * 60 && named && !isToday ? 1440 : 0;
}

/** The minutes of the day that the clock's time may be, with what the part of the day says. */
function hoursOf(clock: Clock, part: DayPart | null): readonly number[] {
  const { minutes, open } = clock;
  if (!open) return [minutes];
  const early = minutes % 720;
  const late = early + 720;
  switch (part) {
    case "dawn":
    case "early":
    case "morning":
      return [early];
    case "forenoon":
    case "late-morning":
      return early < 60 ? [late] : [early];
    case "noon":
      return early >= 600 ? [early] : [late];
    case "afternoon":
    case "late-afternoon":
      return [late];
    case "evening":
    case "late-evening":
      return early < 180 ? [early + 1440] : [late];
    case "night":
      return early >= 420 ? [late] : [early];
    case "midnight":
      return [early];
    case null:
      return [early, late];
  }
}

/** Of a day that is over, the hour that people mean: one to six in the afternoon, seven to twelve before noon. */
function likelyOf(minutes: readonly number[], clock: Clock): number {
  const [early = clock.minutes, late = early] = minutes;
  return early < 420 ? late : early;
}

function partMoment(
  part: DayPart,
  how: "since" | "lasting" | "ago" | "at",
  bases: readonly DateTime[] | null,
  day: Day | null,
  now: DateTime<true>,
): Instants | null {
  const [begins, stands, ends] = PARTS[part];
  const at = now.toMillis();
  const today = now.startOf("day");
  // A night belongs to the evening before: "tonight" said in the morning is the one that is over.
  const overMidnight = ends > 24;
  const days =
    bases === null || (overMidnight && day?.is === "back" && day.days === 0)
      ? [today, today.minus({ days: 1 })]
      : bases;
  const precision = part === "noon" || part === "midnight" ? "hour" : "part-of-day";
  for (const one of days) {
    const start = wallInstants(one, begins * 60).at(-1) ?? one.toMillis();
    if (start > at) {
      // "in the evening" said in the morning is a plan.
      if (how === "at" && bases === null && !overMidnight) return null;
      continue;
    }
    const anchor = wallInstants(one, stands * 60).at(-1) ?? start;
    const end = wallInstants(one, ends * 60).at(-1) ?? anchor;
    return {
      from: anchor <= at ? anchor : start,
      to: precision === "hour" ? anchor + HOUR : end,
      precision,
    };
  }
  return null;
}

/** The instants at which clocks show `minutes` after midnight on a day: two in the hour that is doubled, the next hour for the one that is missing. */
function wallInstants(day: DateTime, minutes: number): readonly number[] {
  const date = day.plus({ days: Math.floor(minutes / 1440) });
  const rest = ((minutes % 1440) + 1440) % 1440;
  const wall = DateTime.fromObject(
    {
      year: date.year,
      month: date.month,
      day: date.day,
      hour: Math.floor(rest / 60),
      minute: Math.floor(rest % 60),
    },
    { zone: day.zone },
  );
  return wall.isValid
    ? wall
        .getPossibleOffsets()
        .map((one) => one.toMillis())
        .sort((a, b) => a - b)
    : [];
}
