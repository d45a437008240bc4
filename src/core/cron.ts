import { IANAZone } from "luxon";

/** A cron expression, read: the values of each field that fit, ascending. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** Whether both fields of the day are restricted: then one of them is enough. */
  readonly eitherDay: boolean;
  /** Whether it goes by the running hour or minute (`*`): such jobs follow the clock when it is changed. */
  readonly runs: boolean;
}

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const WEEKDAYS = "sun mon tue wed thu fri sat".split(" ");

const NICKNAMES: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/**
 * Reads the five fields of a crontab(5), or a nickname such as `@daily`; `null` for anything else, and for
 * what never comes (31 February).
 */
export function readCron(text: string): Cron | null {
  const words = (NICKNAMES[text.trim().toLowerCase()] ?? text.trim().toLowerCase()).split(/\s+/);
  if (words.length !== 5) return null;
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = words;
  const minutes = valuesOf(minute, 0, 59);
  const hours = valuesOf(hour, 0, 23);
  const days = valuesOf(day, 1, 31);
  const months = valuesOf(month, 1, 12, MONTHS);
  const weekdays = valuesOf(weekday, 0, 7, WEEKDAYS);
  if (!minutes || !hours || !days || !months || !weekdays) return null;
  const cron: Cron = {
    minutes,
    hours,
    days,
    months,
    weekdays: sorted(weekdays.map((one) => one % 7)),
    eitherDay: !isStar(day) && !isStar(weekday),
    runs: isStar(minute) || isStar(hour),
  };
  return nextTime(cron, 0, "UTC") === null ? null : cron;
}

/** crontab(5) looks at the first letter alone: a field with a step begins with a star, too. */
const isStar = (field: string): boolean => /^[*?]/.test(field);

const sorted = (values: Iterable<number>): number[] => [...new Set(values)].sort((a, b) => a - b);

/** The values of one field: lists of `*`, `5`, `1-5`, each maybe with a step `/2`. */
function valuesOf(
  field: string,
  least: number,
  most: number,
  names: readonly string[] = [],
): number[] | null {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const [, range = "", step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    const stars = range === "*" || range === "?";
    const [first, last, ...more] = stars ? [least, most] : range.split("-").map(numberOf);
    const to = last ?? (step === undefined ? first : most);
    const by = Number(step ?? 1);
    if (more.length > 0 || first === undefined || to === undefined || by < 1) return null;
    if (!(first >= least && first <= to && to <= most)) return null;
    for (let value = first; value <= to; value += by) values.add(value);
  }
  return sorted(values);

  function numberOf(word: string): number {
    const named = names.indexOf(word);
    if (named >= 0) return named + least;
    return /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
  }
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Leap days are at most eight years apart (1896, 1904). */
const LONGEST_DAYS = 8 * 366 + 1;

/**
 * The first moment after `after` (epoch ms) at which the job is to run, by the clocks of `zone` (IANA);
 * `null` where there is none. What crond does when the clocks change (Debian's cron(8)): a job at a fixed
 * time that is left out runs at the moment of the change, one that comes twice runs the first time only;
 * jobs of every hour or minute follow the clock.
 */
export function nextTime(cron: Cron, after: number, zone: string): number | null {
  const offsetAt = offsetsOf(zone);
  const local = after + offsetAt(after);
  // From the day before: in the hour that comes twice the local clock has gone past what is still to come.
  const from = Math.floor(local / DAY_MS) * DAY_MS - DAY_MS;
  for (let n = 0; n <= LONGEST_DAYS; n++) {
    const day = from + n * DAY_MS;
    if (!fitsDay(cron, new Date(day))) continue;
    const next = nextOfDay(cron, day, after, offsetAt);
    if (next !== null) return next;
  }
  return null;
}

function fitsDay(cron: Cron, day: Date): boolean {
  if (!cron.months.includes(day.getUTCMonth() + 1)) return false;
  const inMonth = cron.days.includes(day.getUTCDate());
  const inWeek = cron.weekdays.includes(day.getUTCDay());
  return cron.eitherDay ? inMonth || inWeek : inMonth && inWeek;
}

/** `day` is the midnight of a local day, read as if it were UTC; so are all local times here. */
function nextOfDay(
  cron: Cron,
  day: number,
  after: number,
  offsetAt: (at: number) => number,
): number | null {
  const offset = offsetAt(day - DAY_MS);
  const isPlain = offset === offsetAt(day + 2 * DAY_MS) && offset === offsetAt(day);
  let next: number | null = null;
  for (const hour of cron.hours) {
    const hourAt = day + hour * 60 * MINUTE_MS;
    if (isPlain && hourAt + 60 * MINUTE_MS - offset <= after) continue;
    for (const minute of cron.minutes) {
      const local = hourAt + minute * MINUTE_MS;
      const moments = isPlain ? [local - offset] : momentsOf(local, cron.runs, offsetAt);
      for (const at of moments) if (at > after && (next === null || at < next)) next = at;
      if (isPlain && next !== null) return next;
    }
  }
  return next;
}

/** When clocks show `local`: once, or around a change twice or never. */
function momentsOf(
  local: number,
  runs: boolean,
  offsetAt: (at: number) => number,
): readonly number[] {
  const [before, later] = [offsetAt(local - DAY_MS), offsetAt(local + DAY_MS)];
  const shown = [...new Set([local - before, local - later])]
    .filter((at) => at + offsetAt(at) === local)
    .sort((a, b) => a - b);
  if (shown.length > 0) return runs ? shown : shown.slice(0, 1);
  return runs ? [] : [changeBetween(local - DAY_MS - before, local + DAY_MS - later, offsetAt)];
}

/** The moment between the two at which the offset changes, to the millisecond. */
function changeBetween(from: number, to: number, offsetAt: (at: number) => number): number {
  const before = offsetAt(from);
  let [known, changed] = [from, to];
  while (changed - known > 1) {
    const middle = Math.floor((known + changed) / 2);
    if (offsetAt(middle) === before) known = middle;
    else changed = middle;
  }
  return changed;
}

/** How far local clocks are ahead of UTC (ms). */
function offsetsOf(zone: string): (at: number) => number {
  const known = IANAZone.create(zone);
  return (at) => known.offset(at) * MINUTE_MS;
}
