import type { DayPart } from "./lexicon.js";
import { type Clock, clockAt } from "./since-clock.js";
import { type Day, dateAt } from "./since-date.js";
import { type Length, lengthAt } from "./since-length.js";
import { type Reading, findMeaning, hourAt, isAbbreviation, isSign } from "./since-tokens.js";
import type { Anchor, Ending, Found, Marker } from "./since-words.js";

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

/** No time that a person says has more pieces. */
const MOST_PIECES = 16;

type Item =
  | { readonly is: "piece"; readonly piece: Piece; readonly from: number; readonly end: number }
  | {
      readonly is: "marker";
      readonly markers: readonly Found[];
      readonly from: number;
      readonly end: number;
    };

/** Nobody says more times than this in one report; a pasted log may. */
const MOST_TIMES = 64;

/** Every time said in the text, in order, none within another: the first ones of very many. */
export function timesSaid(text: Reading): readonly Said[] {
  const said: Said[] = [];
  for (let at = 0; at < text.tokens.length && said.length < MOST_TIMES;) {
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
  return put(items, endings, range);
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
  if (
    length !== null &&
    (!length.bare || hasMarker(items, "since", "lasting", "ago") || followedByAgo(text, length.end))
  )
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

/** "temu", "óta", "already" right after a span. */
const followedByAgo = (text: Reading, at: number): boolean =>
  markersAt(text, at)?.markers.some(
    ({ meaning }) =>
      meaning.is === "marker" &&
      meaning.side === "after" &&
      (meaning.marker === "ago" || meaning.marker === "since" || meaning.marker === "lasting"),
  ) ?? false;

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
  // "06 30 123": a telephone's.
  if (next?.kind === "number" && text.tokens[at]?.kind === "number") return false;
  const counted =
    next?.kind === "word" &&
    text.found(end).some(({ meaning }) => meaning.is === "clause" && meaning.word === "thing");
  if (counted || findMeaning(text, end, "unit") !== null || lengthAt(text, end) !== null)
    return false;
  if (clock && (isSign(text, at - 1, "-") || findMeaning(text, at - 1, "to") !== null)) return true;
  if (asksForHour(items) || isSign(text, at - 1, "~")) return true;
  if (postposed(text, end) || afterMarker(text, end)) return true;
  if (findMeaning(text, end, "part") !== null) return true;
  const last = items.at(-1);
  if (last?.is === "piece" && (last.piece.is === "part" || last.piece.is === "day"))
    return next === undefined || next.kind !== "word" || markersAt(text, end) !== null;
  // The first end of "8 and 9 between", "8-9 between".
  const joined = isSign(text, end, "-") ? end + 1 : findMeaning(text, end, "to")?.end;
  const second = joined === undefined ? null : hourAt(text, joined);
  if (second === null) return false;
  return second.ending === "at" || second.ending === "since" || postposed(text, second.end);
}

/** "since", "at", "until": a number right after such a word, or after "about" behind it, is an hour. */
function asksForHour(items: readonly Item[]): boolean {
  for (const item of items.toReversed()) {
    if (item.is !== "marker") return false;
    const sides = item.markers.flatMap(({ meaning }) => (meaning.is === "marker" ? [meaning] : []));
    if (sides.some(({ marker, side }) => side === "before" && HOUR_MARKERS.has(marker)))
      return true;
    if (!sides.some(({ side }) => side === "both")) return false;
  }
  return false;
}

const HOUR_MARKERS: ReadonlySet<Marker> = new Set<Marker>([
  "since",
  "at",
  "until",
  "before",
  "after",
  "between",
]);

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
  return { ...said, from, to, range, markers };
}
