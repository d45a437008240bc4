import { DateTime } from "luxon";
import type { Texts } from "../../texts.js";

/** How moments, days and spans of time are written in one language, in one zone, read at `now`. */
export interface Format {
  /** `10:58`, with its day where that is not today: of use inside a sentence. */
  moment(at: Date): string;
  /** `1 December, 02:00–04:00`: without the day where both are today, with the year where that is another. */
  window(from: Date, to: Date): string;
  /** `2026-11-21T10:58:00+01:00`, for `<time datetime>`. */
  stamp(at: Date): string;
  /** `20 minutes ago`; nothing beyond a day, where the date says more. */
  ago(at: Date): string;
  /** `2 hours 5 minutes`: the two largest units; under a minute, in words. */
  lasting(seconds: number): string;
  /** `12 Oct` or `24 Aug – 12 Oct` from ISO dates. */
  days(from: string, to: string): string;
  /** `November 2026` from `2026-11`. */
  month(month: string): string;
  /** `2026-11` of a moment, where the site is. */
  monthOf(at: Date): string;
  /** `99.98 %` */
  percent(value: number): string;
}

/** Plain `en` would write dates as Americans do; this is a page for Europe. */
const REGION: Readonly<Record<string, string>> = { en: "en-GB" };

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** A way of writing for one rendering; what it makes is kept for the next, being the same each time. */
export function createFormat(texts: Texts, language: string, timezone: string, now: Date): Format {
  const intl = intlOf(language);
  return {
    moment: (at) => texts.moment(language, at, now, timezone),
    window(from, to) {
      const [today, begins, ends] = [now, from, to].map((at) =>
        DateTime.fromJSDate(at, { zone: timezone }),
      );
      const isToday = today?.hasSame(begins ?? today, "day") && today.hasSame(ends ?? today, "day");
      const isYear =
        today?.hasSame(begins ?? today, "year") && today.hasSame(ends ?? today, "year");
      const days = isToday ? "none" : isYear ? "day" : "year";
      return intl
        .window(timezone, days)
        .formatRange(from, to)
        .replaceAll(/[\u2009\u202f]/g, " ");
    },
    stamp: (at) =>
      DateTime.fromJSDate(at, { zone: timezone }).toISO({ suppressMilliseconds: true }) ?? "",
    ago(at) {
      const seconds = Math.floor((now.getTime() - at.getTime()) / 1000);
      if (seconds < 0 || seconds >= DAY) return "";
      if (seconds < MINUTE) return texts.t(language, "page.justNow");
      if (seconds < HOUR) return intl.relative.format(-Math.floor(seconds / MINUTE), "minute");
      return intl.relative.format(-Math.floor(seconds / HOUR), "hour");
    },
    lasting(seconds) {
      if (seconds < MINUTE) return texts.t(language, "page.underAMinute");
      const units = [
        intl.unit("day", Math.floor(seconds / DAY)),
        intl.unit("hour", Math.floor((seconds % DAY) / HOUR)),
        intl.unit("minute", Math.floor((seconds % HOUR) / MINUTE)),
      ];
      const first = units.findIndex((unit) => unit !== "");
      return units
        .slice(first, first + 2)
        .filter(Boolean)
        .join(" ");
    },
    days: (from, to) => intl.days(from, to),
    month: (month) => intl.month.format(new Date(`${month}-15T12:00:00Z`)),
    monthOf: (at) => DateTime.fromJSDate(at, { zone: timezone }).toFormat("yyyy-MM"),
    percent: (value) => intl.percent.format(value / 100),
  };
}

type IntlSet = ReturnType<typeof createIntl>;
const sets = new Map<string, IntlSet>();

/** Making one of these costs more than a whole page, so each language has its own for good. */
function intlOf(language: string): IntlSet {
  const set = sets.get(language) ?? createIntl(REGION[language] ?? language);
  sets.set(language, set);
  return set;
}

function createIntl(locale: string) {
  const ranges = new Map<string, string>();
  const range = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
  const unitOf = (unit: string) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" });
  const windows = new Map<string, Intl.DateTimeFormat>();
  const units = { day: unitOf("day"), hour: unitOf("hour"), minute: unitOf("minute") };
  return {
    relative: new Intl.RelativeTimeFormat(locale, { numeric: "always" }),
    month: new Intl.DateTimeFormat(locale, { year: "numeric", month: "long", timeZone: "UTC" }),
    percent: new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 2 }),
    unit: (unit: "day" | "hour" | "minute", value: number): string =>
      value === 0 ? "" : units[unit].format(value),
    window(timeZone: string, days: "none" | "day" | "year"): Intl.DateTimeFormat {
      const key = `${timeZone} ${days}`;
      const known = windows.get(key);
      if (known) return known;
      const made = new Intl.DateTimeFormat(locale, {
        timeZone,
        hour: "2-digit",
        minute: "2-digit",
        hourCycle: "h23",
        ...(days !== "none" && { day: "numeric", month: "long" }),
        ...(days === "year" && { year: "numeric" }),
      });
      windows.set(key, made);
      return made;
    },
    days(from: string, to: string): string {
      const key = `${from}/${to}`;
      const known = ranges.get(key);
      if (known !== undefined) return known;
      if (ranges.size > 10_000) ranges.clear();
      const [first, last] = [new Date(from), new Date(to)];
      // Thin spaces around the dash say no more than plain ones, and weigh three times as much.
      const text = range.formatRange(first, last).replaceAll(/[\u2009\u202f]/g, " ");
      ranges.set(key, text);
      return text;
    },
  };
}
