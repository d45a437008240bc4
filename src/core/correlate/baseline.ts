import { IANAZone } from "luxon";
import { SYMPTOMS, type Symptom } from "../extract/extraction.js";

/**
 * What is usual: how many unexplained reports of trouble come at which hour of the week, of what
 * and from where. Plain and serialisable; a new one starts from what hosters of a few hundred
 * customers see and gives way to what is counted.
 */
export interface Baseline {
  readonly timezone: string;
  /** Epoch ms: counting began then … */
  readonly since: number;
  /** … and has come so far. */
  readonly until: number;
  /** Reports by hour of the week, Monday 0:00 first. */
  readonly hours: readonly number[];
  readonly symptoms: Readonly<Partial<Record<Symptom, number>>>;
  /** Reports of accounts that stand on a place. */
  readonly places: Readonly<Record<string, number>>;
  /** Reports whose account is known. */
  readonly placed: number;
  /** How often a human said of a key (`place symptom`) that it was nothing. */
  readonly dismissed: Readonly<Record<string, number>>;
}

/** One unexplained report, as the baseline counts it. */
export interface Counted {
  readonly at: number;
  readonly symptom: Symptom;
  readonly places: readonly string[];
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK_HOURS = 168;
/** What is assumed before anything is counted, and as how many days of counting it weighs. */
const USUAL_A_DAY = 6;
const WORTH_DAYS = 3;
/** How many reports the assumed shares of hours, symptoms and places weigh as. */
const WORTH_HOURS = 150;
const WORTH_SYMPTOMS = 40;
const WORTH_PLACES = 8;
/** Counts differ from day to day by more than chance: the shape of their Gamma distribution. */
const SHAPE = 3;

/** Unexplained troubles, by what they are mostly about. Parts of a whole. */
const USUAL: Readonly<Partial<Record<Symptom, number>>> = {
  "mail.login": 12,
  "mail.send": 9,
  "mail.receive": 9,
  "mail.spam": 9,
  "web.down": 8,
  "web.slow": 7,
  "web.content": 7,
  other: 9,
  "web.error4xx": 5,
  "web.error5xx": 5,
  "panel.login": 5,
  tls: 4,
  domain: 4,
  "mail.bounce_blocklist": 4,
  backup: 4,
  database: 3,
  ftp: 3,
  dns: 3,
  "mail.webmail": 2,
};
const USUAL_ALL = Object.values(USUAL).reduce((sum, part) => sum + part, 0);

export const newBaseline = (timezone: string, now: number): Baseline => ({
  timezone,
  since: now,
  until: now,
  hours: Array.from({ length: WEEK_HOURS }, () => 0),
  symptoms: {},
  places: {},
  placed: 0,
  dismissed: {},
});

/** Counts reports of `[until, now)`; they may be none, for quiet hours count too. */
export function learn(baseline: Baseline, reports: readonly Counted[], now: number): Baseline {
  const hours = [...baseline.hours];
  const symptoms: Partial<Record<Symptom, number>> = { ...baseline.symptoms };
  const places: Record<string, number> = { ...baseline.places };
  let { placed } = baseline;
  for (const { at, symptom, places: of } of reports) {
    const hour = hourOfWeek(at, baseline.timezone);
    hours[hour] = (hours[hour] ?? 0) + 1;
    symptoms[symptom] = (symptoms[symptom] ?? 0) + 1;
    for (const place of of) places[place] = (places[place] ?? 0) + 1;
    if (of.length > 0) placed++;
  }
  return { ...baseline, until: Math.max(baseline.until, now), hours, symptoms, places, placed };
}

/** A human has said that a suspicion was nothing: it takes more to raise that one again. */
export function learnDismissal(
  baseline: Baseline,
  key: { readonly place: string | null; readonly symptom: Symptom },
): Baseline {
  const name = nameOf(key);
  const { dismissed } = baseline;
  return { ...baseline, dismissed: { ...dismissed, [name]: (dismissed[name] ?? 0) + 1 } };
}

const nameOf = ({ place, symptom }: { place: string | null; symptom: Symptom }): string =>
  `${place ?? "*"} ${symptom}`;

/** How many unexplained reports usually come in `[from, to)`, from anywhere and of anything. */
export function usualNumber(baseline: Baseline, from: number, to: number): number {
  const days = Math.max(0, baseline.until - baseline.since) / DAY;
  const all = sumOf(baseline.hours);
  const aDay = (USUAL_A_DAY * WORTH_DAYS + all) / (WORTH_DAYS + days);
  let hours = 0;
  for (let at = from; at < to; at += HOUR)
    hours += (hourShare(baseline, all, at) * Math.min(HOUR, to - at)) / HOUR;
  return aDay * 7 * hours;
}

/**
 * The part of unexplained reports that is of one of `symptoms` and from `place` (`null`: from
 * anywhere). `usualShare`: the part of all accounts that a place has where nothing is counted.
 */
export function usualPart(
  baseline: Baseline,
  key: {
    readonly place: string | null;
    readonly symptoms: readonly Symptom[];
    readonly usualShare: number;
  },
): number {
  const counted = sumOf(Object.values(baseline.symptoms));
  const ofSymptoms = key.symptoms.reduce(
    (sum, symptom) =>
      sum +
      (((USUAL[symptom] ?? 1) / USUAL_ALL) * WORTH_SYMPTOMS + (baseline.symptoms[symptom] ?? 0)) /
        (WORTH_SYMPTOMS + counted),
    0,
  );
  const ofPlace =
    key.place === null
      ? 1
      : (key.usualShare * WORTH_PLACES + (baseline.places[key.place] ?? 0)) /
        (WORTH_PLACES + baseline.placed);
  const taught = key.symptoms.reduce(
    (most, symptom) =>
      Math.max(most, baseline.dismissed[nameOf({ place: key.place, symptom })] ?? 0),
    0,
  );
  return Math.min(1, ofSymptoms) * Math.min(1, ofPlace) * (1 + taught);
}

const sumOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0);

/** The part of a week's reports that comes in the hour of `at`. */
function hourShare({ hours, timezone }: Baseline, all: number, at: number): number {
  const hour = hourOfWeek(at, timezone);
  return ((usualHour(hour) / USUAL_WEEK) * WORTH_HOURS + (hours[hour] ?? 0)) / (WORTH_HOURS + all);
}

/** Offices write by day, and less at weekends. */
function usualHour(hour: number): number {
  const ofDay = hour % 24;
  const byDay = ofDay >= 8 && ofDay < 18 ? 1 : ofDay >= 6 && ofDay < 22 ? 0.5 : 0.1;
  return hour >= 5 * 24 ? byDay * 0.4 : byDay;
}
const USUAL_WEEK = Array.from({ length: WEEK_HOURS }, (_, hour) => usualHour(hour)).reduce(
  (sum, part) => sum + part,
  0,
);

function hourOfWeek(at: number, timezone: string): number {
  const local = new Date(at + IANAZone.create(timezone).offset(at) * 60_000);
  return ((local.getUTCDay() + 6) % 7) * 24 + local.getUTCHours();
}

/** The chance of `n` or more where `mean` are expected: Gamma–Poisson, so with a longer tail than Poisson's. */
export function chanceOf(n: number, mean: number): number {
  const miss = SHAPE / (SHAPE + mean);
  let term = miss ** SHAPE;
  let below = 0;
  for (let k = 0; k < n; k++) {
    below += term;
    term *= ((SHAPE + k) / (k + 1)) * (1 - miss);
  }
  // What is left of 1 is lost in rounding where it is small: the tail is summed itself.
  if (below < 0.999) return 1 - below;
  let tail = 0;
  for (let k = n; k < n + 200 && term > tail * 1e-12; k++) {
    tail += term;
    term *= ((SHAPE + k) / (k + 1)) * (1 - miss);
  }
  return tail;
}

/** Faults that a baseline counts. */
export const COUNTED: readonly Symptom[] = SYMPTOMS.filter(
  (symptom) => USUAL[symptom] !== undefined,
);
