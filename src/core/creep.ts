/** What is concluded from a monitor's own week, the worse first; codes of `probes/reasons.ts`. */
const REASONS = ["failing-more-than-usual", "slower-than-usual"] as const;
type CreepReason = (typeof REASONS)[number];

/** Otherwise than usual since `since` (epoch ms), with the figures of the latest hour it was judged by. */
export interface Creep {
  readonly reason: CreepReason;
  readonly since: number;
  /** The hour's median (ms), or the share of bad looks (0–1). */
  readonly value: number;
  readonly usual: number;
  readonly limit: number;
}

/** An hour of a monitor in which nothing else was the matter. */
export interface Hour {
  /** When it begins (epoch ms). */
  readonly at: number;
  /** Looks that told something, and how many of them were bad. */
  readonly looks: number;
  readonly bad: number;
  /** Of those that were answered (ms); `null` where these were too few. */
  readonly medianMs: number | null;
}

export const isCreep = (reason: string): boolean => REASONS.some((one) => one === reason);

export const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Fewer looks than this make no hour: a monitor has to be looked at every five minutes at least. */
export const LOOKS = 10;
/** Of the three hours around the time of day on seven days, so many have to be known: five whole days. */
const KNOWN = 15;
/** As many deviations beyond the usual are no chance, in two hours in a row. */
const DEVIATIONS = 4;
/** Makes of a median absolute deviation the standard deviation that it would be in normal noise. */
const NORMAL = 1.4826;
/** The deviate of a Poisson count that two hours in a row do not reach by chance. */
const DEVIATE = 3;

/** What is measured, and how much more of it is worth a word at all. */
interface Measure {
  readonly of: (hour: Hour) => number | null;
  /** So many times the usual, and so much more. */
  readonly times: number;
  readonly least: number;
  /** The largest value that chance alone makes of what is usual. */
  readonly chance: (usual: number, looks: number) => number;
}

const MEASURES: Readonly<Record<CreepReason, Measure>> = {
  "failing-more-than-usual": {
    of: ({ bad, looks }) => bad / looks,
    times: 2,
    least: 0.05,
    // Square roots of counts vary alike, whatever they count (Anscombe, Biometrika 1948).
    chance: (usual, looks) =>
      ((Math.sqrt(usual * looks + 3 / 8) + DEVIATE / 2) ** 2 - 3 / 8) / looks,
  },
  "slower-than-usual": { of: ({ medianMs }) => medianMs, times: 1.75, least: 50, chance: () => 0 },
};

/** The hours (epoch ms) that a judgement at the end of the hour `last` looks at. */
export function hoursFor(last: number): number[] {
  const hours = new Set([last - HOUR_MS, last]);
  for (const hour of [last - HOUR_MS, last]) for (const one of sameTime(hour)) hours.add(one);
  return [...hours];
}

/**
 * Whether a monitor is slower, or fails more often, than is usual for it at this time of day, given its
 * hours, of which `last` (epoch ms) is the latest. Begins when two hours in a row are beyond the limit,
 * ends when two are back more than half of the way; what cannot be told – an hour is missing – stays as
 * it was `before`. Without enough hours to say what is usual, nothing is unusual.
 */
export function judgeCreep(
  hours: readonly Hour[],
  last: number,
  before: Creep | null,
): Creep | null {
  const byAt = new Map(hours.map((hour) => [hour.at, hour]));
  for (const reason of REASONS) {
    const held = before?.reason === reason ? before : null;
    const early = compare(MEASURES[reason], byAt, last - HOUR_MS);
    const late = compare(MEASURES[reason], byAt, last);
    if (early === "no-usual" || late === "no-usual") continue;
    if (early && late && early.value > early.limit && late.value > late.limit)
      return { reason, since: before?.since ?? last - HOUR_MS, ...late };
    if (held && !(early && late && isBack(early) && isBack(late))) return { ...held, ...late };
  }
  return null;
}

type Figures = Pick<Creep, "value" | "usual" | "limit">;

const isBack = ({ value, usual, limit }: Figures): boolean => value <= (usual + limit) / 2;

/** An hour beside its usual; `null` where the hour itself is not known. */
function compare(
  measure: Measure,
  hours: ReadonlyMap<number, Hour>,
  at: number,
): Figures | "no-usual" | null {
  const known = (some: readonly number[]): number[] =>
    some.flatMap((one) => {
      const hour = hours.get(one);
      return hour ? (measure.of(hour) ?? []) : [];
    });
  const same = known(sameTime(at));
  if (same.length < KNOWN) return "no-usual";
  const hour = hours.get(at);
  const value = hour ? measure.of(hour) : null;
  if (!hour || value === null) return null;
  const usual = median(same);
  const deviation = NORMAL * median(same.map((one) => Math.abs(one - usual)));
  // What comes once a week, as on Mondays, came a week ago.
  const weekAgo = median(known(around(at - 7 * DAY_MS)));
  const limit = Math.max(
    usual + DEVIATIONS * deviation,
    usual + measure.least,
    measure.times * Math.max(usual, weekAgo),
    measure.chance(usual, hour.looks),
  );
  return { value, usual, limit };
}

const around = (at: number): number[] => [at - HOUR_MS, at, at + HOUR_MS];

/** The same time of day, an hour more or less, on the seven days before. */
const sameTime = (at: number): number[] =>
  [1, 2, 3, 4, 5, 6, 7].flatMap((days) => around(at - days * DAY_MS));

/** The middle value; 0 of none. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = 0, high = low] = sorted.slice(
    Math.floor((sorted.length - 1) / 2),
    Math.floor(sorted.length / 2) + 1,
  );
  return (low + high) / 2;
}
