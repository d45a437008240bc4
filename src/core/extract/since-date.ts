import {
  type Reading,
  digitsAt,
  dotEnd,
  endingAt,
  findMeaning,
  isAbbreviation,
  isSign,
  isTight,
  ordinalEnd,
  standsAlone,
} from "./since-tokens.js";
import type { Ending } from "./since-words.js";

export type Day =
  | { readonly is: "back"; readonly days: number }
  | { readonly is: "weekday"; readonly weekday: number; readonly last: boolean }
  | {
      readonly is: "date";
      readonly year: number | null;
      readonly month: number | null;
      readonly day: number;
    };

export interface DatePiece {
  readonly day: Day;
  readonly end: number;
  readonly ending: Ending | null;
  /** Could be something else: only after a word such as "since". */
  readonly bare: boolean;
}

const validYear = (year: number | null): year is number =>
  year !== null && year >= 1990 && year <= 2100;
const validDay = (month: number | null, day: number | null): boolean =>
  month !== null && day !== null && month >= 1 && month <= 12 && day >= 1 && day <= 31;

export function dateAt(text: Reading, at: number): DatePiece | null {
  return isoDate(text, at) ?? namedDate(text, at) ?? digitDate(text, at) ?? dayOfMonth(text, at);
}

/** `2026-03-23`, `2026. 03. 23.`, `2026. március 23-án`. */
function isoDate(text: Reading, at: number): DatePiece | null {
  const year = digitsAt(text, at);
  if (!validYear(year) || (isTight(text, at) && text.tokens[at - 1]?.kind === "word")) return null;
  const sign = text.tokens[at + 1]?.text ?? "";
  const month = digitsAt(text, at + 2);
  const day = digitsAt(text, at + 4);
  if (/^[-./]$/.test(sign) && isSign(text, at + 3, sign) && validDay(month, day))
    return finishedDate(text, { is: "date", year, month, day: day ?? 0 }, at + 5);
  const named = namedDate(text, dotEnd(text, at + 1));
  return named?.day.is === "date" && named.day.year === null
    ? { ...named, day: { ...named.day, year } }
    : null;
}

/** "23. marca", "March 23rd", "márc. 23-án". */
function namedDate(text: Reading, at: number): DatePiece | null {
  const first = findMeaning(text, at, "month");
  if (first !== null) {
    const dayAt = isAbbreviation(text, first.end) ? first.end + 1 : first.end;
    const skipped =
      findMeaning(text, dayAt, "marker")?.meaning.marker === "filler" ? dayAt + 1 : dayAt;
    const day = digitsAt(text, skipped);
    if (day === null || !validDay(first.meaning.month, day)) return null;
    if (isSign(text, skipped + 1, ":")) return null;
    return finishedDate(
      text,
      { is: "date", year: null, month: first.meaning.month, day },
      skipped + 1,
    );
  }
  const day = digitsAt(text, at);
  if (day === null || day < 1 || day > 31) return null;
  let next = ordinalEnd(text, at + 1);
  if (next === at + 1) next = dotEnd(text, next);
  const of = findMeaning(text, next, "marker");
  if (of?.meaning.marker === "filler") next = of.end;
  const month = findMeaning(text, next, "month");
  if (month === null) return null;
  const date = finishedDate(
    text,
    { is: "date", year: null, month: month.meaning.month, day },
    month.end,
  );
  return date.ending === null ? { ...date, ending: month.ending } : date;
}

/** `23.3.`, `23. 3. 2026`, `03.23-án`, `3/23`. */
function digitDate(text: Reading, at: number): DatePiece | null {
  const first = digitsAt(text, at);
  const second = digitsAt(text, at + 2);
  if (first === null || second === null || (text.tokens[at]?.text.length ?? 9) > 2) return null;
  const sign = text.tokens[at + 1]?.text ?? "";
  if (!/^[./-]$/.test(sign) || !isTight(text, at + 1)) return null;
  const secondAt = at + 2;
  if (sign !== "." && !isTight(text, secondAt)) return null;
  if (sign === "-") return null;
  let end = secondAt + 1;
  let year: number | null = null;
  const closing = isSign(text, end, sign) && isTight(text, end);
  if (closing) {
    const later = digitsAt(text, end + 1);
    if (validYear(later)) {
      year = later;
      end += 2;
    } else if (isTight(text, end + 1) && text.tokens[end + 1]?.kind === "number") return null;
    else if (sign === ".") end++;
  }
  const preferMonth = text.vocabulary.time.dateOrder === "month-day";
  const asDayMonth = validDay(second, first);
  const asMonthDay = validDay(first, second);
  if (!asDayMonth && !asMonthDay) return null;
  // With slashes and a language that has either order, only what cannot be misread.
  if (sign === "/" && year === null && asDayMonth && asMonthDay && first !== second) return null;
  const monthFirst = asMonthDay && (preferMonth || !asDayMonth);
  if (sign === "." && monthFirst && !preferMonth) return null;
  if (isTight(text, at) && !standsAlone(text, at, end)) return null;
  const [month, day] = monthFirst ? [first, second] : [second, first];
  const date = finishedDate(text, { is: "date", year, month, day }, end);
  const sure = year !== null || date.ending !== null || (closing && sign === ".");
  return { ...date, bare: !sure };
}

/** Hungarian "23-án": the day of this month or the last. */
function dayOfMonth(text: Reading, at: number): DatePiece | null {
  const day = digitsAt(text, at);
  if (day === null || day < 1 || day > 31 || !standsAlone(text, at, at + 1)) return null;
  const ending = endingAt(text, at + 1);
  if (ending === null) return null;
  if (ending.ending !== "date" && !(ending.ending === "since" && day > 24)) return null;
  return {
    day: { is: "date", year: null, month: null, day },
    end: ending.end,
    ending: ending.ending,
    bare: false,
  };
}

function finishedDate(text: Reading, day: Day & { is: "date" }, end: number): DatePiece {
  let next = ordinalEnd(text, end);
  const ending = endingAt(text, end);
  if (ending !== null) next = ending.end;
  let year = day.year;
  if (ending === null && next === end) {
    const comma = isSign(text, next, ",") ? next + 1 : dotEnd(text, next);
    const later = digitsAt(text, comma);
    if (year === null && validYear(later) && text.tokens[comma]?.text.length === 4) {
      year = later;
      next = comma + 1;
      if (isSign(text, next, ".") && isTight(text, next)) next++;
    } else if (isSign(text, next, ".") && isTight(text, next)) next++;
  }
  return { day: { ...day, year }, end: next, ending: ending?.ending ?? null, bare: false };
}
