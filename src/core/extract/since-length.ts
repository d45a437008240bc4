import {
  type Reading,
  countAt,
  findMeaning,
  isAbbreviation,
  isSign,
  isTight,
  standsAlone,
} from "./since-tokens.js";
import type { Ending, Unit } from "./since-words.js";

/** How long; `days` counts calendar days. */
export interface Length {
  readonly minutes: number;
  readonly rough: boolean;
  readonly unit: Unit;
}

const MINUTES: Readonly<Record<Unit, number>> = {
  second: 0,
  minute: 1,
  hour: 60,
  day: 1440,
  week: 7 * 1440,
  month: 30 * 1440,
  year: 365 * 1440,
};

export interface LengthPiece {
  readonly length: Length;
  /** "hour" alone: only after a word such as "for". */
  readonly bare: boolean;
  readonly end: number;
  readonly ending: Ending | null;
}

export function lengthAt(text: Reading, at: number): LengthPiece | null {
  const length = longestLength(text, at);
  if (length === null || length.ending !== null) return length;
  const last = text.tokens[length.end - 1]?.text ?? "";
  return text.vocabulary.untilNow.has(last)
    ? { ...length, ending: "lasting", bare: false }
    : length;
}

function longestLength(text: Reading, at: number): LengthPiece | null {
  const counted = countedLength(text, at);
  const span = findMeaning(text, at, "span");
  if (span !== null && (counted === null || span.end >= counted.end)) {
    const { minutes, rough } = span.meaning;
    return {
      length: { minutes, rough, unit: unitOf(minutes) },
      bare: span.end === at + 1 && minutes >= 60 && !rough,
      end: span.end,
      ending: span.ending,
    };
  }
  return counted;
}

function countedLength(text: Reading, at: number): LengthPiece | null {
  const count = countAt(text, at);
  if (count === null || count.ending !== null) return null;
  if (text.tokens[at]?.kind === "number" && isTight(text, at)) {
    const before = text.tokens[at - 1];
    if (before !== undefined && !standsAlone(text, at, count.end) && before.text !== "(")
      return null;
  }
  const unit = findMeaning(text, dashEnd(text, count.end), "unit");
  if (unit === null) return null;
  const { unit: name } = unit.meaning;
  let minutes = count.n * MINUTES[name];
  if (count.rough && name === "minute" && count.n === 3) minutes = 5;
  let end = isAbbreviation(text, unit.end) ? unit.end + 1 : unit.end;
  let ending = unit.ending;
  if (name === "hour") {
    const joined = findMeaning(text, end, "to");
    const more = countAt(text, joined?.end ?? end);
    const moreUnit = more === null ? null : findMeaning(text, more.end, "unit");
    if (more !== null && moreUnit?.meaning.unit === "minute" && more.n < 60) {
      minutes += more.n;
      end = moreUnit.end;
      ending = moreUnit.ending;
    }
  }
  if (end === unit.end + 1 && endsSentence(text, end)) end = unit.end;
  return { length: { minutes, rough: count.rough, unit: name }, bare: false, end, ending };
}

const endsSentence = (text: Reading, at: number): boolean =>
  at >= text.tokens.length || text.tokens[at]?.kind === "line";
const dashEnd = (text: Reading, at: number): number =>
  isSign(text, at, "-") && isTight(text, at) ? at + 1 : at;

function unitOf(minutes: number): Unit {
  if (minutes < 60) return "minute";
  if (minutes < 1440) return "hour";
  if (minutes < 7 * 1440) return "day";
  return minutes < 30 * 1440 ? "week" : "month";
}
