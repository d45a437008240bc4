import {
  type Count,
  type Reading,
  countAt,
  digitsAt,
  dotEnd,
  endingAt,
  findMeaning,
  hourAt,
  isAbbreviation,
  isSign,
  isTight,
  ordinalEnd,
  standsAlone,
} from "./since-tokens.js";
import type { Ending } from "./since-words.js";

/** A time of the clock as it was said; minutes after midnight. */
export interface Clock {
  readonly minutes: number;
  /** It may be twelve hours later as well. */
  readonly open: boolean;
  /** Told to the minute. */
  readonly exact: boolean;
}

export interface ClockPiece {
  readonly clock: Clock;
  readonly bare: boolean;
  readonly end: number;
  readonly ending: Ending | null;
  /** Only after a word such as "since": else it is a span. */
  readonly sinceOnly: boolean;
}

export function clockAt(text: Reading, at: number): ClockPiece | null {
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
      if (next > at && (isSign(text, next, "-") || isSign(text, next, "/"))) next++;
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
  const hour = hourAt(text, count.end + 1);
  if (hour !== null && count.n > hour.n) return true;
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
