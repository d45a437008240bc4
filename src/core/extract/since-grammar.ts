import type { DayPart } from "./lexicon.js";
import {
  type Anchor,
  type Ending,
  type Found,
  type Marker,
  type Meaning,
  type Token,
  type Unit,
  type Vocabulary,
  sayingsAt,
} from "./since-words.js";

/** A time of the clock as it was said; minutes after midnight. */
export interface Clock {
  readonly minutes: number;
  /** It may be twelve hours later as well. */
  readonly open: boolean;
  /** Told to the minute. */
  readonly exact: boolean;
}

export type Day =
  | { readonly is: "back"; readonly days: number }
  | { readonly is: "weekday"; readonly weekday: number; readonly last: boolean }
  | {
      readonly is: "date";
      readonly year: number | null;
      readonly month: number | null;
      readonly day: number;
    };

/** How long; `days` counts calendar days. */
export interface Length {
  readonly minutes: number;
  readonly rough: boolean;
  readonly unit: Unit;
}

/** One time as it was said, with all that stands beside it. Places are tokens. */
export interface Said {
  readonly from: number;
  readonly to: number;
  readonly clock: Clock | null;
  readonly part: DayPart | null;
  readonly day: Day | null;
  readonly length: Length | null;
  readonly anchor: Anchor | null;
  readonly lately: boolean;
  /** "all day", "the whole morning" */
  readonly whole: boolean;
  readonly range: boolean;
  readonly markers: ReadonlySet<Marker>;
}

type Piece =
  | { readonly is: "clock"; readonly clock: Clock; readonly bare: boolean }
  | { readonly is: "part"; readonly part: DayPart }
  | {
      readonly is: "day";
      readonly day: Day;
      readonly part: DayPart | null;
      readonly whole: boolean;
      readonly adjective: boolean;
    }
  | { readonly is: "length"; readonly length: Length; readonly bare: boolean }
  | { readonly is: "anchor"; readonly anchor: Anchor }
  | { readonly is: "lately" };

interface Placed {
  readonly piece: Piece;
  readonly end: number;
  readonly ending: Ending | null;
}

/** A text being read: its tokens, and what the lexicon says of each, looked up once. */
export interface Reading {
  readonly vocabulary: Vocabulary;
  readonly tokens: readonly Token[];
  readonly found: (at: number) => readonly Found[];
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
/** No time that a person says has more pieces. */
const MOST_PIECES = 16;

export function reading(vocabulary: Vocabulary, tokens: readonly Token[]): Reading {
  const known: (readonly Found[] | undefined)[] = [];
  return {
    vocabulary,
    tokens,
    found: (at) => (at < 0 ? [] : (known[at] ??= sayingsAt(vocabulary, tokens, at))),
  };
}

/** The longest saying of the wanted kind that begins at a token. */
export function findMeaning<K extends Meaning["is"]>(
  text: Reading,
  at: number,
  ...kinds: readonly K[]
): (Found & { readonly meaning: Extract<Meaning, { is: K }> }) | null {
  for (const found of text.found(at)) if (isOf(found, kinds)) return found;
  return null;
}

function isOf<K extends Meaning["is"]>(
  found: Found,
  kinds: readonly K[],
): found is Found & { readonly meaning: Extract<Meaning, { is: K }> } {
  return kinds.some((kind) => kind === found.meaning.is);
}

// ── signs and digits ─────────────────────────────────────────────────────────────────────────

const isSign = (text: Reading, at: number, sign: string): boolean =>
  text.tokens[at]?.kind === "sign" && text.tokens[at]?.text === sign;

const isTight = (text: Reading, at: number): boolean => text.tokens[at]?.tight === true;

/** The number that the digits at a token make, unless they belong to a name, a version or a price. */
function digitsAt(text: Reading, at: number): number | null {
  const token = text.tokens[at];
  if (token === undefined || token.kind !== "number" || token.opaque || token.text.length > 4)
    return null;
  return Number(token.text);
}

/** Whether digits stand for themselves: not the tail of `mail2`, `v8.15`, `#12` nor the head of `8%`, `5-os`. */
function standsAlone(text: Reading, from: number, end: number): boolean {
  const before = text.tokens[from - 1];
  if (isTight(text, from) && before !== undefined) {
    if (before.kind === "word") {
      if (findMeaning(text, from - 1, "marker") === null) return false;
    } else if (/[-.,:/#$€£+_*&=%]/.test(before.text) && !isDash(text, from - 1)) return false;
  }
  const after = text.tokens[end];
  if (after?.tight !== true) return true;
  if (after.kind === "sign" && /[%€$£°#_=+*]/.test(after.text)) return false;
  if (/[-.,:/]/.test(after.text)) {
    const next = text.tokens[end + 1];
    if (next?.tight !== true) return true;
    if (next.kind === "number") return after.text === "-" || after.text === ",";
    if (after.text === "-" && next.kind === "word")
      return endingAt(text, end) !== null || ordinalEnd(text, end) > end;
  }
  return true;
}

/** A dash between two times or after a blank, not inside a name. */
function isDash(text: Reading, at: number): boolean {
  if (!isSign(text, at, "-")) return false;
  const before = text.tokens[at - 1];
  return !isTight(text, at) || before?.kind === "number";
}

/** "-tól" or "tól" right after digits. */
function endingAt(
  text: Reading,
  at: number,
): { readonly ending: Ending; readonly end: number } | null {
  const word = isSign(text, at, "-") && isTight(text, at) ? at + 1 : at;
  const token = text.tokens[word];
  if (token?.kind !== "word" || !token.tight) return null;
  for (const [ending, kind] of text.vocabulary.endings)
    if (ending === token.text) return { ending: kind, end: word + 1 };
  return null;
}

/** The place after "-mej", "th" or the dot of an ordinal; `at` itself where there is none. */
function ordinalEnd(text: Reading, at: number): number {
  const word = isSign(text, at, "-") && isTight(text, at) ? at + 1 : at;
  const token = text.tokens[word];
  if (token?.kind === "word" && token.tight && text.vocabulary.ordinals.has(token.text))
    return word + 1;
  return at;
}

/** The dot of an ordinal, `8.`, with something after it. */
const dotEnd = (text: Reading, at: number): number =>
  isSign(text, at, ".") && isTight(text, at) ? at + 1 : at;

// ── numbers ──────────────────────────────────────────────────────────────────────────────────

interface Count {
  readonly n: number;
  readonly rough: boolean;
  readonly end: number;
  readonly ending: Ending | null;
}

/** A count in digits or words, a fraction ("1,5", "2 and a half" is left to the sayings) or a range ("20-30", its middle). */
function countAt(text: Reading, at: number): Count | null {
  const said = findMeaning(text, at, "number");
  if (said !== null)
    return { n: said.meaning.n, rough: said.meaning.rough, end: said.end, ending: said.ending };
  const n = digitsAt(text, at);
  if (n === null) return null;
  const second = digitsAt(text, at + 2);
  if (second !== null && isTight(text, at + 1) && isTight(text, at + 2)) {
    if (isSign(text, at + 1, ",") || isSign(text, at + 1, ".")) {
      const digits = text.tokens[at + 2]?.text ?? "";
      if (digits.length === 1)
        return { n: n + second / 10, rough: false, end: at + 3, ending: null };
    }
  }
  if (second !== null && isSign(text, at + 1, "-"))
    return { n: (n + second) / 2, rough: false, end: at + 3, ending: null };
  return { n, rough: false, end: at + 1, ending: null };
}

/** An hour of the clock in digits or words. */
function hourAt(text: Reading, at: number): Count | null {
  const said = findMeaning(text, at, "hour", "number");
  if (said !== null) {
    const { n } = said.meaning;
    const rough = said.meaning.is === "number" && said.meaning.rough;
    return rough || n > 24 || !Number.isInteger(n)
      ? null
      : { n, rough: false, end: said.end, ending: said.ending };
  }
  const n = digitsAt(text, at);
  if (n === null || n > 24 || (text.tokens[at]?.text.length ?? 9) > 2) return null;
  const end = ordinalEnd(text, at + 1);
  return { n, rough: false, end, ending: null };
}

// ── the clock ────────────────────────────────────────────────────────────────────────────────

interface ClockPiece {
  readonly clock: Clock;
  readonly bare: boolean;
  readonly end: number;
  readonly ending: Ending | null;
  /** Only after a word such as "since": else it is a span. */
  readonly sinceOnly: boolean;
}

function clockAt(text: Reading, at: number): ClockPiece | null {
  let best: ClockPiece | null = null;
  for (const found of [sayingClock(text, at), digitClock(text, at), hourClock(text, at)])
    if (found !== null && (best === null || found.end > best.end)) best = found;
  if (best === null) return null;
  return withHalfDay(text, best);
}

/** "half past {h}" and its like. */
function sayingClock(text: Reading, at: number): ClockPiece | null {
  let best: ClockPiece | null = null;
  for (const saying of text.vocabulary.clock) {
    if (saying.words[0] === "{m}" && saying.minutes === "-m" && !allowsTo(text, at)) continue;
    let next = at;
    let hour: Count | null = null;
    let minutes = 0;
    let fits = true;
    for (const word of saying.words) {
      if (next > at && isSign(text, next, "-")) next++;
      if (word === "{h}") {
        hour = hourAt(text, next);
        if (hour === null) fits = false;
        else next = hour.end;
      } else if (word === "{m}") {
        const count = countAt(text, next);
        if (count === null || count.n >= 60 || count.rough) fits = false;
        else {
          minutes = count.n;
          next = count.end;
        }
      } else if (text.tokens[next]?.text === word && text.tokens[next]?.opaque === false) next++;
      else fits = false;
      if (!fits) break;
    }
    if (!fits || hour === null || (best !== null && next <= best.end)) continue;
    if (saying.minutes === "-m" && findMeaning(text, next, "unit") !== null) continue;
    let ending = hour.end === next ? hour.ending : null;
    if (ending === null) {
      const digits = endingAt(text, next);
      if (digits !== null) {
        ending = digits.ending;
        next = digits.end;
      }
    }
    const shift =
      saying.minutes === "+m" ? minutes : saying.minutes === "-m" ? -minutes : saying.minutes;
    const dot = dotEnd(text, next);
    const hourWord = findMeaning(text, dot, "hour-word");
    const unit = hourWord?.meaning.side === "after" ? hourWord : null;
    if (ending === null && unit !== null) {
      next = unit.end;
      ending = unit.ending;
    }
    const base = hour.n === 0 ? 24 : hour.n;
    best = {
      clock: { minutes: (base * 60 + shift + 1440) % 1440, open: hour.n <= 12, exact: false },
      bare: false,
      end: next,
      ending,
      sinceOnly: false,
    };
  }
  return best;
}

/** "ten to nine" is a time, "from ten to twelve" and "5 to 10 minutes" are not. */
function allowsTo(text: Reading, at: number): boolean {
  const count = countAt(text, at);
  if (count === null || count.n % 5 !== 0) return false;
  return !text
    .found(at - 1)
    .some(
      ({ meaning }) =>
        meaning.is === "marker" && (meaning.marker === "since" || meaning.marker === "between"),
    );
}

/** `8:15`, `8.15`, `8h15`, with seconds as in a log. */
function digitClock(text: Reading, at: number): ClockPiece | null {
  const hour = digitsAt(text, at);
  const minutes = digitsAt(text, at + 2);
  if (hour === null || minutes === null || hour > 24 || minutes > 59) return null;
  const hourDigits = text.tokens[at]?.text ?? "";
  if (hourDigits.length > 2 || text.tokens[at + 2]?.text.length !== 2) return null;
  const sign = text.tokens[at + 1]?.text;
  if (!isTight(text, at + 1) || !isTight(text, at + 2)) return null;
  if (sign !== ":" && sign !== "." && sign !== "h") return null;
  let end = at + 3;
  if (sign === ":" && isSign(text, end, ":") && text.tokens[end + 1]?.text.length === 2)
    end = digitsAt(text, end + 1) === null ? end : end + 2;
  if (!standsAlone(text, at, end)) return null;
  const ending = endingAt(text, end);
  if (ending !== null) end = ending.end;
  else end = ordinalEnd(text, end);
  let said = ending?.ending ?? null;
  const word = findMeaning(text, end, "hour-word");
  if (word?.meaning.side === "after" && said === null) {
    end = word.end;
    said = word.ending;
  }
  const told = hour * 60 + minutes;
  const early = hour <= (text.vocabulary.time.clockOf24 ? 6 : 12);
  return {
    clock: {
      minutes: told % 1440,
      open: hour > 0 && early && !hourDigits.startsWith("0"),
      exact: minutes !== 0 || hourDigits.startsWith("0"),
    },
    bare: sign === "." && word === null && said === null,
    end,
    ending: said,
    sinceOnly: false,
  };
}

/** "15 Uhr", "8 óra 15", "godz. 15", "11 am", "jedenácti", "11". */
function hourClock(text: Reading, at: number): ClockPiece | null {
  const before = findMeaning(text, at, "hour-word");
  if (before?.meaning.side === "before") {
    const inner = dotEnd(text, before.end);
    const piece = digitClock(text, inner) ?? plainHour(text, inner);
    if (piece !== null) return { ...piece, bare: false, sinceOnly: false };
  }
  return plainHour(text, at);
}

function plainHour(text: Reading, at: number): ClockPiece | null {
  const hour = hourAt(text, at);
  if (hour === null) return null;
  const inDigits = text.tokens[at]?.kind === "number";
  if (inDigits && !standsAlone(text, at, hour.end)) return null;
  const open = hour.n > 0 && hour.n <= 12;
  const piece = (
    end: number,
    ending: Ending | null,
    rest: { minutes?: number; bare: boolean; sinceOnly?: boolean },
  ): ClockPiece => ({
    clock: {
      minutes: (hour.n * 60 + (rest.minutes ?? 0)) % 1440,
      open,
      exact: rest.minutes !== undefined,
    },
    bare: rest.bare,
    end,
    ending,
    sinceOnly: rest.sinceOnly ?? false,
  });
  if (hour.ending !== null) return piece(hour.end, hour.ending, { bare: false });
  const ended = inDigits ? endingAt(text, hour.end) : null;
  if (ended !== null && ended.ending !== "date")
    return piece(ended.end, ended.ending, { bare: false });
  const wordAt = dotEnd(text, hour.end);
  const word = findMeaning(text, wordAt, "hour-word");
  if (word?.meaning.side !== "after") return piece(hour.end, null, { bare: true });
  const alsoUnit = findMeaning(text, wordAt, "unit") !== null;
  const wordEnd = isAbbreviation(text, word.end) ? word.end + 1 : word.end;
  if (word.ending === null && !alsoUnit) {
    const minutes = digitsAt(text, wordEnd);
    if (minutes !== null && minutes < 60 && text.tokens[wordEnd]?.text.length === 2) {
      const unit = findMeaning(text, wordEnd + 1, "unit");
      const end = unit?.meaning.unit === "minute" ? unit.end : wordEnd + 1;
      return piece(end, unit?.ending ?? endingAt(text, wordEnd + 1)?.ending ?? null, {
        minutes,
        bare: false,
      });
    }
  }
  if (alsoUnit && word.ending === null) {
    const minutes = digitsAt(text, wordEnd);
    const unit = minutes === null ? null : findMeaning(text, wordEnd + 1, "unit");
    if (minutes !== null && minutes < 60) {
      const ending = endingAt(text, wordEnd + 1);
      if (ending !== null) return piece(ending.end, ending.ending, { minutes, bare: false });
      if (unit?.meaning.unit === "minute" && unit.ending !== null)
        return piece(unit.end, unit.ending, { minutes, bare: false });
      if (unit === null && text.tokens[wordEnd]?.text.length === 2)
        return piece(wordEnd + 1, null, { minutes, bare: false, sinceOnly: true });
    }
  }
  return piece(word.end, word.ending, {
    bare: false,
    sinceOnly: alsoUnit && word.ending === null,
  });
}

function withHalfDay(text: Reading, piece: ClockPiece): ClockPiece {
  if (piece.ending !== null) return piece;
  const half = findMeaning(text, piece.end, "half-day");
  if (half === null || piece.clock.minutes >= 13 * 60) return piece;
  const hour = Math.floor(piece.clock.minutes / 60) % 12;
  const minutes = hour * 60 + (piece.clock.minutes % 60) + (half.meaning.pm ? 720 : 0);
  return {
    ...piece,
    clock: { ...piece.clock, minutes, open: false },
    bare: false,
    end: half.end,
  };
}

/** A dot that ends an abbreviation rather than a sentence: a number or a word of time follows. */
export function isAbbreviation(text: Reading, dot: number): boolean {
  if (!isSign(text, dot, ".") || !isTight(text, dot)) return false;
  if (!ABBREVIATIONS.has(text.tokens[dot - 1]?.text ?? "")) return false;
  const next = text.tokens[dot + 1];
  return (
    next?.kind === "number" || text.found(dot + 1).some(({ meaning }) => meaning.is !== "clause")
  );
}

const ABBREVIATIONS: ReadonlySet<string> = new Set(
  (
    "kb kbl ca cca cc circa ok okt godz min mins h hod hr hrs std perc mp sec approx pribl prib prim ung jan febr feb marc mar apr" +
    " maj jun jul aug szept sept sep oct nov dec dez gen lut kwi cze lip sie wrz paz lis gru pl dr sz tj tzn tzv z u" +
    " napr npr np pl stb itd atd mo di mi do fr sa so mon tue wed thu fri sat sun pon wt sr czw pt sob a p am pm m ul str"
  ).split(" "),
);

// ── dates ────────────────────────────────────────────────────────────────────────────────────

interface DatePiece {
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

function dateAt(text: Reading, at: number): DatePiece | null {
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
  const second = digitsAt(text, dotted(text, at + 1));
  if (first === null || second === null || (text.tokens[at]?.text.length ?? 9) > 2) return null;
  const sign = text.tokens[at + 1]?.text ?? "";
  if (!/^[./-]$/.test(sign) || !isTight(text, at + 1)) return null;
  const secondAt = dotted(text, at + 1);
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

const dotted = (_text: Reading, at: number): number => at + 1;

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

// ── how long ─────────────────────────────────────────────────────────────────────────────────

interface LengthPiece {
  readonly length: Length;
  /** "hour" alone: only after a word such as "for". */
  readonly bare: boolean;
  readonly end: number;
  readonly ending: Ending | null;
}

function lengthAt(text: Reading, at: number): LengthPiece | null {
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

// ── one time with all that stands beside it ──────────────────────────────────────────────────

type Item =
  | { readonly is: "piece"; readonly piece: Piece; readonly from: number; readonly end: number }
  | {
      readonly is: "marker";
      readonly markers: readonly Found[];
      readonly from: number;
      readonly end: number;
    };

/** Every time said in the text, in order, none within another. */
export function timesSaid(text: Reading): readonly Said[] {
  const said: Said[] = [];
  for (let at = 0; at < text.tokens.length;) {
    const greeting = findMeaning(text, at, "greeting");
    if (greeting !== null) {
      at = greeting.end;
      continue;
    }
    const one = timeAt(text, at);
    if (one === null) at++;
    else {
      said.push(one);
      at = Math.max(one.to, at + 1);
    }
  }
  return said;
}

function timeAt(text: Reading, start: number): Said | null {
  const items: Item[] = [];
  const endings: { readonly ending: Ending; readonly at: number }[] = [];
  let range = false;
  let at = start;
  for (let pieces = 0; pieces < MOST_PIECES; pieces++) {
    const piece = pieceAt(text, at, items);
    const markers = markersAt(text, at);
    if (piece !== null && (markers === null || piece.end >= markers.end)) {
      if (clashes(items, piece.piece)) {
        if (!joinsRange(text, items, at)) break;
        range = true;
      }
      items.push({ is: "piece", piece: piece.piece, from: at, end: piece.end });
      if (piece.ending !== null) endings.push({ ending: piece.ending, at });
      at = piece.end;
    } else if (markers !== null) {
      items.push({ is: "marker", ...markers, from: at });
      at = isAbbreviation(text, markers.end) ? markers.end + 1 : markers.end;
    } else if (at > start && isGlue(text, at) && glued(text, at, items)) at++;
    else break;
  }
  return put(text, items, endings, range);
}

/** A comma, a bracket or a dash between two pieces of one time, "and" between two ends of a range. */
function isGlue(text: Reading, at: number): boolean {
  const token = text.tokens[at];
  if (token === undefined) return false;
  if (token.kind === "sign") return /^[,(~\-./]$/.test(token.text);
  return findMeaning(text, at, "to") !== null;
}

function glued(text: Reading, at: number, items: readonly Item[]): boolean {
  if (!items.some((item) => item.is === "piece")) return isSign(text, at, "~");
  const next = pieceAt(text, at + 1, items);
  if (next === null) {
    if (!isSign(text, at, ",") && !isSign(text, at, "(")) return false;
    const markers = markersAt(text, at + 1);
    const after =
      markers === null
        ? null
        : pieceAt(text, markers.end, [...items, { is: "marker", ...markers, from: at }]);
    return after !== null && !clashes(items, after.piece);
  }
  if (findMeaning(text, at, "to") !== null || isSign(text, at, "-"))
    return clashes(items, next.piece) && next.piece.is === "clock";
  return !isSign(text, at, ".") && !clashes(items, next.piece);
}

/** Whether the time has such a piece already. */
function clashes(items: readonly Item[], piece: Piece): boolean {
  return items.some(
    (item) => item.is === "piece" && slots(item.piece).some((slot) => slots(piece).includes(slot)),
  );
}

function slots(piece: Piece): readonly string[] {
  if (piece.is === "length" || piece.is === "lately" || piece.is === "anchor")
    return ["clock", "part", "day", "length"];
  if (piece.is === "day") return piece.part === null ? ["day"] : ["day", "part"];
  return [piece.is];
}

/** Between this piece and the one of its kind before it stands "to", "and", "-" or "until". */
function joinsRange(text: Reading, items: readonly Item[], at: number): boolean {
  if (isSign(text, at - 1, "-") || findMeaning(text, at - 1, "to") !== null) return true;
  const last = items.at(-1);
  return (
    last?.is === "marker" &&
    last.markers.some(({ meaning }) => meaning.is === "marker" && meaning.marker === "until") &&
    items.some(
      (item) =>
        item.is === "marker" &&
        item !== last &&
        item.markers.some(
          ({ meaning }) =>
            meaning.is === "marker" && (meaning.marker === "since" || meaning.marker === "between"),
        ),
    )
  );
}

function markersAt(
  text: Reading,
  at: number,
): { readonly markers: readonly Found[]; readonly end: number } | null {
  const all = text.found(at).filter(({ meaning }) => meaning.is === "marker");
  const end = all[0]?.end;
  if (end === undefined) return null;
  return { markers: all.filter((found) => found.end === end), end };
}

const hasMarker = (items: readonly Item[], ...wanted: readonly Marker[]): boolean =>
  items.some(
    (item) =>
      item.is === "marker" &&
      item.markers.some(
        ({ meaning }) => meaning.is === "marker" && wanted.includes(meaning.marker),
      ),
  );

/** The longest piece of a time at a token. */
function pieceAt(text: Reading, at: number, items: readonly Item[]): Placed | null {
  const token = text.tokens[at];
  if (token === undefined || token.opaque || token.kind === "sign" || token.kind === "line")
    return null;
  let best: Placed | null = null;
  const offer = (piece: Piece, end: number, ending: Ending | null): void => {
    if (best === null || end > best.end) best = { piece, end, ending };
  };
  const date = dateAt(text, at);
  if (date !== null && (!date.bare || hasMarker(items, "since")))
    offer(
      { is: "day", day: date.day, part: null, whole: false, adjective: false },
      date.end,
      date.ending,
    );
  const length = lengthAt(text, at);
  const afterSince = hasMarker(items, "since", "until", "at");
  const clock = clockAt(text, at);
  if (
    clock !== null &&
    (!clock.sinceOnly ||
      (afterSince && text.vocabulary.time.hoursAfterSinceAreClock) ||
      length === null ||
      postposed(text, clock.end)) &&
    (!clock.bare || allowsBare(text, at, clock.end, items))
  )
    offer({ is: "clock", clock: clock.clock, bare: clock.bare }, clock.end, clock.ending);
  if (length !== null && (!length.bare || hasMarker(items, "since", "lasting", "ago")))
    offer({ is: "length", length: length.length, bare: length.bare }, length.end, length.ending);
  const weekdayAt = findMeaning(text, at, "last")?.end ?? at;
  const weekday = findMeaning(text, weekdayAt, "weekday");
  if (weekday !== null)
    offer(
      {
        is: "day",
        day: { is: "weekday", weekday: weekday.meaning.weekday, last: weekdayAt > at },
        part: null,
        whole: false,
        adjective: false,
      },
      weekday.end,
      weekday.ending,
    );
  for (const found of text.found(at)) {
    const { meaning, end, ending } = found;
    if (meaning.is === "part") offer({ is: "part", part: meaning.part }, end, ending);
    else if (meaning.is === "day")
      offer(
        {
          is: "day",
          day: { is: "back", days: meaning.back },
          part: meaning.part,
          whole: meaning.whole,
          adjective: meaning.adjective,
        },
        end,
        ending,
      );
    else if (meaning.is === "anchor") offer({ is: "anchor", anchor: meaning.anchor }, end, ending);
    else if (meaning.is === "lately") offer({ is: "lately" }, end, ending);
  }
  return best;
}

/** "óta" or "körül" right after, perhaps behind "about". */
function postposed(text: Reading, at: number): boolean {
  for (let next = at; next < at + 3;) {
    const markers = markersAt(text, next);
    if (markers === null) return false;
    if (
      markers.markers.some(
        ({ meaning }) =>
          meaning.is === "marker" &&
          meaning.side === "after" &&
          (meaning.marker === "since" || meaning.marker === "at" || meaning.marker === "between"),
      )
    )
      return true;
    next = markers.end;
  }
  return false;
}

/** A number alone is an hour only beside a word that asks for one, and not before what it counts. */
function allowsBare(text: Reading, at: number, end: number, items: readonly Item[]): boolean {
  const clock = items.some((item) => item.is === "piece" && item.piece.is === "clock");
  const next = text.tokens[end];
  const counted =
    next?.kind === "word" &&
    text.found(end).some(({ meaning }) => meaning.is === "clause" && meaning.word === "thing");
  if (counted || findMeaning(text, end, "unit") !== null) return false;
  if (clock && (isSign(text, at - 1, "-") || findMeaning(text, at - 1, "to") !== null)) return true;
  const last = items.at(-1);
  if (
    hasMarker(items, "since", "at", "until", "before", "after", "between") &&
    (last?.is === "marker" || isSign(text, at - 1, "~"))
  )
    return true;
  if (
    last?.is === "piece" &&
    (last.piece.is === "part" || (last.piece.is === "day" && last.piece.day.is === "back"))
  )
    return true;
  if (text.tokens[at]?.kind === "number" || findMeaning(text, at, "number", "hour") !== null) {
    if (postposed(text, end) || afterMarker(text, end)) return true;
    const part = findMeaning(text, end, "part");
    if (part !== null) return true;
    // The first end of "8 and 9 between", "8-9 between".
    const joined = isSign(text, end, "-") ? end + 1 : (findMeaning(text, end, "to")?.end ?? null);
    if (joined !== null) {
      const second = hourAt(text, joined);
      if (second !== null)
        return second.ending === "at" || second.ending === "since" || postposed(text, second.end);
    }
  }
  return false;
}

/** "előtt", "után" right after. */
function afterMarker(text: Reading, at: number): boolean {
  return (
    markersAt(text, at)?.markers.some(
      ({ meaning }) =>
        meaning.is === "marker" &&
        meaning.side === "after" &&
        (meaning.marker === "before" || meaning.marker === "after"),
    ) ?? false
  );
}

function put(
  text: Reading,
  items: readonly Item[],
  endings: readonly { readonly ending: Ending; readonly at: number }[],
  range: boolean,
): Said | null {
  const first = items.findIndex((item) => item.is === "piece");
  const last = items.findLastIndex((item) => item.is === "piece");
  if (first < 0) return null;
  // Words that only stand before a time belong to the next one.
  let end = last;
  while (end + 1 < items.length) {
    const next = items[end + 1];
    if (next?.is !== "marker") break;
    if (!next.markers.some(({ meaning }) => meaning.is === "marker" && meaning.side !== "before"))
      break;
    end++;
  }
  const used = items.slice(0, end + 1);
  const markers = new Set<Marker>();
  used.forEach((item, index) => {
    if (item.is !== "marker") return;
    for (const { meaning } of item.markers) {
      if (meaning.is !== "marker") continue;
      const fits =
        meaning.side === "both" || (meaning.side === "before" ? index < last : index > first);
      if (fits) markers.add(meaning.marker);
    }
  });
  const said = {
    clock: null as Clock | null,
    part: null as DayPart | null,
    day: null as Day | null,
    length: null as Length | null,
    anchor: null as Anchor | null,
    lately: false,
    whole: markers.has("whole"),
  };
  let adjective = false;
  const spans: { readonly from: number; readonly minutes: number }[] = [];
  for (const item of used) {
    if (item.is !== "piece") continue;
    const { piece } = item;
    if (piece.is === "clock") said.clock ??= piece.clock;
    else if (piece.is === "part") said.part ??= piece.part;
    else if (piece.is === "length") {
      said.length ??= piece.length;
      spans.push({ from: item.from, minutes: piece.length.minutes });
    } else if (piece.is === "anchor") said.anchor = piece.anchor;
    else if (piece.is === "lately") said.lately = true;
    else {
      said.day ??= piece.day;
      said.part ??= piece.part;
      if (piece.whole) said.whole = true;
      if (piece.adjective) adjective = true;
    }
  }
  for (const { ending, at } of endings) {
    if (ending === "date") markers.add("at");
    // "8-tól 16-ig": the first end counts.
    else if (!(ending === "until" && range && at !== endings[0]?.at)) markers.add(ending);
  }
  // "today's invoice" is no time, "since today's lunch" is one.
  if (adjective && said.part === null && said.clock === null && !markers.has("since")) return null;
  const from = used[0]?.from ?? 0;
  const to = used.at(-1)?.end ?? from;
  void text;
  return { ...said, from, to, range, markers };
}
