import { fold } from "./fold.js";
import { DAY_PARTS, type DayPart, type Lexicon, type TimeWords, type Words } from "./lexicon.js";

/** A word, a number or a sign of a folded text, with its place there. */
export interface Token {
  readonly kind: "word" | "number" | "sign" | "line";
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** Nothing stands between it and the token before. */
  readonly tight: boolean;
  /** Part of an address or a host name: no time is read from it. */
  readonly opaque: boolean;
}

export type Marker =
  | "since"
  | "lasting"
  | "ago"
  | "at"
  | "during"
  | "until"
  | "before"
  | "after"
  | "between"
  | "void"
  | "about"
  | "filler"
  | "whole";
export type ClauseWord =
  | "trouble"
  | "works"
  | "still"
  | "again"
  | "onset"
  | "pointer"
  | "changed"
  | "contact"
  | "other"
  | "join"
  | "thing";
export type Unit = keyof TimeWords["units"];
export type Anchor = keyof TimeWords["anchors"];

export type Meaning =
  | { readonly is: "number"; readonly n: number; readonly rough: boolean }
  | { readonly is: "hour"; readonly n: number }
  | { readonly is: "unit"; readonly unit: Unit }
  | { readonly is: "span"; readonly minutes: number; readonly rough: boolean }
  | { readonly is: "lately" }
  | { readonly is: "hour-word"; readonly side: "before" | "after" }
  | { readonly is: "half-day"; readonly pm: boolean }
  | { readonly is: "ordinal" }
  | {
      readonly is: "day";
      readonly back: number;
      readonly part: DayPart | null;
      readonly whole: boolean;
      readonly adjective: boolean;
    }
  | { readonly is: "part"; readonly part: DayPart }
  | { readonly is: "weekday"; readonly weekday: number }
  | { readonly is: "last" }
  | { readonly is: "month"; readonly month: number }
  | { readonly is: "anchor"; readonly anchor: Anchor }
  | { readonly is: "to" }
  | { readonly is: "greeting" }
  | { readonly is: "marker"; readonly marker: Marker; readonly side: "before" | "after" | "both" }
  | { readonly is: "clause"; readonly word: ClauseWord };

export type Ending = keyof TimeWords["endings"] | "lasting";

/** A word or saying of the lexicon, found in the text. */
export interface Found {
  readonly meaning: Meaning;
  /** The token after it. */
  readonly end: number;
  /** The ending that its last word carries besides. */
  readonly ending: Ending | null;
}

interface Saying {
  readonly words: readonly string[];
  readonly stems: readonly boolean[];
  readonly meaning: Meaning;
}

/** A way of telling the clock: words, `{h}` and `{m}`. */
export interface ClockSaying {
  readonly words: readonly string[];
  readonly minutes: number | "+m" | "-m";
}

export interface Vocabulary {
  readonly time: TimeWords;
  readonly exact: ReadonlyMap<string, readonly Saying[]>;
  /** By their first three letters. */
  readonly stems: ReadonlyMap<string, readonly Saying[]>;
  /** Words of the lexicon by what is left of them without one letter. */
  readonly near: ReadonlyMap<string, readonly string[]>;
  readonly endings: readonly (readonly [ending: string, Ending])[];
  readonly ordinals: ReadonlySet<string>;
  readonly untilNow: ReadonlySet<string>;
  readonly clock: readonly ClockSaying[];
}

const WORDS = /\d+|\p{L}+(?:'\p{L}+)*|\n|[^\s]/gu;
/** Longer words are none that a person typed. */
const LONGEST = 24;

/** The tokens of a folded text, line ends included. */
export function timeTokens(text: string): readonly Token[] {
  const opaque = opaquePassages(text);
  const tokens: Token[] = [];
  let inside = 0;
  let end = -1;
  for (const match of text.matchAll(WORDS)) {
    const from = match.index;
    const to = from + match[0].length;
    while (inside < opaque.length && (opaque[inside]?.to ?? 0) <= from) inside++;
    const hidden = (opaque[inside]?.from ?? Number.POSITIVE_INFINITY) <= from;
    tokens.push({
      kind: kindOf(match[0]),
      text: match[0],
      from,
      to,
      tight: from === end,
      opaque: hidden,
    });
    end = to;
  }
  return tokens;
}

function kindOf(text: string): Token["kind"] {
  if (text === "\n") return "line";
  if (/^\d/.test(text)) return "number";
  return /^\p{L}/u.test(text) ? "word" : "sign";
}

/** Addresses, URLs and host names: between blanks, with `@`, `://` or a last label that names a network. */
function opaquePassages(text: string): readonly { readonly from: number; readonly to: number }[] {
  const passages: { from: number; to: number }[] = [];
  for (const match of text.matchAll(/[^\s"()<>[\],;]+/g)) {
    const chunk = match[0];
    if (!/[.@:/_=\\]/.test(chunk)) continue;
    const host = chunk.replace(/[.:!?]+$/, "");
    const address = /[@_=\\]|:\/\/|^www\./.test(host) || /^\/|\p{L}\/|\/\p{L}{3}/u.test(host);
    const name = /[\p{L}\d]\.([a-z]{2,12})(?:[:/].*)?$/u.exec(host);
    if (address || (name !== null && NETWORKS.has(name[1] ?? "")))
      passages.push({ from: match.index, to: match.index + host.length });
  }
  return passages;
}

/** Last labels that are met in our customers' lands; a sentence without a blank after its full stop is none. */
const NETWORKS = new Set(
  (
    "example test invalid local localhost hu sl si pl cz sk de at eu com net org info biz io app dev shop online" +
    " uk us ro hr rs it fr ch xyz site store cloud tech email name pro php html htm js css log conf"
  ).split(" "),
);

/** What programs say everywhere when something fails. */
const FAILURES: Words =
  "error, errors, failed, failure, denied, refused, rejected, forbidden, unauthorized, timeout, timed out, time out, not found, expired, unavailable, unreachable, bad gateway, blocked, blacklisted, unable, cannot, can't, invalid, locked, deferred, undeliverable, warning, servfail, nxdomain, offline, down";

const vocabularies = new WeakMap<Lexicon, Vocabulary>();

/** The lexicon's words of time, prepared once. */
export function vocabularyOf(lexicon: Lexicon): Vocabulary {
  const before = vocabularies.get(lexicon);
  if (before !== undefined) return before;
  const made = prepare(lexicon.time);
  vocabularies.set(lexicon, made);
  return made;
}

/** Every way a word of the lexicon is typed: folded, and `ä` as `ae` where somebody has no such key. */
function spellings(saying: string): readonly string[] {
  const plain = fold(saying).text;
  const spelledOut = saying
    .toLowerCase()
    .replace(/ä/g, "ae")
    .replace(/ö/g, "oe")
    .replace(/ü/g, "ue");
  const other = fold(spelledOut).text;
  return other === plain ? [plain] : [plain, other];
}

function split(words: Words): readonly string[] {
  return words.split(",").flatMap((one) => {
    const saying = one.trim();
    return saying === "" ? [] : spellings(saying);
  });
}

function prepare(time: TimeWords): Vocabulary {
  const exact = new Map<string, Saying[]>();
  const stems = new Map<string, Saying[]>();
  const near = new Map<string, string[]>();
  const knownNear = new Set<string>();

  const add = (words: Words, meaning: Meaning, slips = true): void => {
    for (const saying of split(words)) {
      const parts = saying.match(/[\p{L}\d]+(?:'\p{L}+)*\*?/gu) ?? [];
      const first = parts[0];
      if (first === undefined) continue;
      const entry: Saying = {
        words: parts.map((part) => part.replace("*", "")),
        stems: parts.map((part) => part.endsWith("*")),
        meaning,
      };
      const key = first.replace("*", "");
      if (first.endsWith("*")) push(stems, key.slice(0, 3), entry);
      else push(exact, key, entry);
      if (!slips) continue;
      for (const part of parts) {
        if (part.endsWith("*") || part.length < 5 || knownNear.has(part)) continue;
        knownNear.add(part);
        for (const shorter of withoutOne(part)) push(near, shorter, part);
        push(near, part, part);
      }
    }
  };

  for (const [n, words] of Object.entries(time.numbers))
    add(words, { is: "number", n: Number(n), rough: false });
  for (const [n, words] of Object.entries(time.hours)) add(words, { is: "hour", n: Number(n) });
  add(time.few, { is: "number", n: 3, rough: true });
  for (const [n, words] of Object.entries(time.rough))
    add(words, { is: "number", n: Number(n), rough: true });
  for (const [unit, words] of entriesOf(time.units)) add(words, { is: "unit", unit });
  for (const [minutes, words] of Object.entries(time.spans))
    add(words, { is: "span", minutes: Number(minutes), rough: false });
  for (const [minutes, words] of Object.entries(time.roughSpans))
    add(words, { is: "span", minutes: Number(minutes), rough: true });
  add(time.lately, { is: "lately" });
  add(time.hourWord.before, { is: "hour-word", side: "before" });
  add(time.hourWord.after, { is: "hour-word", side: "after" });
  add(time.am, { is: "half-day", pm: false });
  add(time.pm, { is: "half-day", pm: true });
  for (const part of DAY_PARTS) add(time.parts[part], { is: "part", part });
  const day = { is: "day", part: null, whole: false, adjective: false } as const;
  for (const [back, words] of Object.entries(time.days)) add(words, { ...day, back: Number(back) });
  for (const [back, words] of Object.entries(time.adjectiveDays))
    add(words, { ...day, back: Number(back), adjective: true });
  for (const [words, back, part] of time.dayParts) add(words, { ...day, back, part });
  add(time.wholeDay, { ...day, back: 0, whole: true });
  time.weekdays.forEach((words, index) => {
    add(words, { is: "weekday", weekday: index + 1 });
  });
  add(time.last, { is: "last" });
  time.months.forEach((words, index) => {
    add(words, { is: "month", month: index + 1 });
  });
  for (const [anchor, words] of entriesOf(time.anchors)) add(words, { is: "anchor", anchor });
  add(time.to, { is: "to" });
  add(time.greetings, { is: "greeting" });

  for (const marker of [
    "since",
    "lasting",
    "ago",
    "at",
    "during",
    "until",
    "before",
    "after",
    "between",
    "void",
  ] as const) {
    add(time[marker].before, { is: "marker", marker, side: "before" });
    add(time[marker].after, { is: "marker", marker, side: "after" });
  }
  for (const marker of ["about", "filler", "whole"] as const)
    add(time[marker], { is: "marker", marker, side: "both" });

  for (const [word, words] of [
    ["trouble", time.trouble],
    ["works", time.works],
    ["still", time.still],
    ["again", time.again],
    ["onset", time.onset],
    ["pointer", time.pointer],
    ["changed", time.changed],
    ["contact", time.contact],
    ["other", time.other],
    ["join", time.join],
    ["thing", time.things],
  ] as const)
    add(words, { is: "clause", word }, false);
  add(FAILURES, { is: "clause", word: "trouble" }, false);

  const endings = entriesOf(time.endings)
    .flatMap(([kind, words]) => split(words).map((ending) => [ending, kind] as const))
    .sort(([a], [b]) => b.length - a.length);
  const clock = time.clock.flatMap(([saying, minutes]) =>
    spellings(saying).map((one) => ({
      words: one.match(/\{[hm]\}|\d+|\p{L}+(?:'\p{L}+)*/gu) ?? [],
      minutes,
    })),
  );
  return {
    time,
    exact,
    stems,
    near,
    endings,
    ordinals: new Set(split(time.ordinals)),
    untilNow: new Set(split(time.unitsUntilNow)),
    clock,
  };
}

function push<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function entriesOf<K extends string, V>(record: Readonly<Record<K, V>>): [K, V][] {
  // The keys of a record literal are the ones that its type names.
  return Object.entries(record) as [K, V][];
}

function withoutOne(word: string): readonly string[] {
  return Array.from(word, (_, at) => word.slice(0, at) + word.slice(at + 1));
}

/** All sayings of the lexicon that begin at a token, longest first. */
export function sayingsAt(
  vocabulary: Vocabulary,
  tokens: readonly Token[],
  at: number,
): readonly Found[] {
  const token = tokens[at];
  if (token === undefined || token.opaque || token.text.length > LONGEST) return [];
  if (token.kind !== "word" && token.kind !== "number") return [];
  const found = sayingsOf(vocabulary, tokens, at, token.text);
  if (found.length === 0 && token.kind === "word" && token.text.length >= 5)
    for (const meant of slipsOf(vocabulary, token.text))
      found.push(...sayingsOf(vocabulary, tokens, at, meant));
  return found.sort((a, b) => b.end - a.end);
}

function sayingsOf(
  vocabulary: Vocabulary,
  tokens: readonly Token[],
  at: number,
  word: string,
): Found[] {
  const found: Found[] = [];
  const consider = (key: string, ending: Ending | null): void => {
    for (const saying of vocabulary.exact.get(key) ?? []) {
      if (saying.words.length === 1) found.push({ meaning: saying.meaning, end: at + 1, ending });
      else if (ending === null) found.push(...rest(vocabulary, tokens, at, saying));
    }
  };
  consider(word, null);
  for (const saying of vocabulary.stems.get(word.slice(0, 3)) ?? []) {
    if (!word.startsWith(saying.words[0] ?? "")) continue;
    if (saying.words.length === 1)
      found.push({ meaning: saying.meaning, end: at + 1, ending: null });
    else found.push(...rest(vocabulary, tokens, at, saying));
  }
  for (const [ending, kind] of vocabulary.endings)
    if (ending.length > 1 && word.length > ending.length + 1 && word.endsWith(ending))
      consider(word.slice(0, -ending.length), kind);
  return found;
}

/** The other words of a saying of several; a hyphen or the dot of an abbreviation may stand between. */
function rest(
  vocabulary: Vocabulary,
  tokens: readonly Token[],
  at: number,
  saying: Saying,
): readonly Found[] {
  let next = at + 1;
  for (let part = 1; part < saying.words.length; part++) {
    const sign = tokens[next];
    if (sign?.kind === "sign" && (sign.text === "-" || sign.text === ".") && sign.tight) next++;
    const token = tokens[next];
    const wanted = saying.words[part] ?? "";
    if (token === undefined || token.opaque) return [];
    if (token.text === wanted || (saying.stems[part] === true && token.text.startsWith(wanted))) {
      next++;
      continue;
    }
    if (isSlip(token.text, wanted) && saying.stems[part] !== true) {
      next++;
      continue;
    }
    if (part !== saying.words.length - 1) return [];
    const ending = vocabulary.endings.find(([one]) => token.text === wanted + one);
    return ending === undefined
      ? []
      : [{ meaning: saying.meaning, end: next + 1, ending: ending[1] }];
  }
  return [{ meaning: saying.meaning, end: next, ending: null }];
}

function slipsOf(vocabulary: Vocabulary, word: string): readonly string[] {
  const meant = new Set<string>();
  for (const key of [word, ...withoutOne(word)])
    for (const known of vocabulary.near.get(key) ?? []) if (isSlip(word, known)) meant.add(known);
  return [...meant];
}

/** One slip of the finger away: two neighbours exchanged, or in a longer word a letter too many, too few or another. */
function isSlip(typed: string, meant: string): boolean {
  if (typed === meant || typed[0] !== meant[0] || meant.length < 5) return false;
  if (Math.abs(typed.length - meant.length) > 1 || typed.length < 5) return false;
  let head = 0;
  while (head < typed.length && head < meant.length && typed[head] === meant[head]) head++;
  let tail = 0;
  while (
    tail < typed.length - head &&
    tail < meant.length - head &&
    typed[typed.length - 1 - tail] === meant[meant.length - 1 - tail]
  )
    tail++;
  const typedMiddle = typed.slice(head, typed.length - tail);
  const meantMiddle = meant.slice(head, meant.length - tail);
  // Of a short word the last letter is often its ending: another word then.
  if (typedMiddle.length === 2 && meantMiddle.length === 2)
    return (
      typedMiddle[0] === meantMiddle[1] &&
      typedMiddle[1] === meantMiddle[0] &&
      (tail > 0 || meant.length >= 6)
    );
  if (meant.length < 6 || (tail === 0 && meant.length < 8)) return false;
  return typedMiddle.length <= 1 && meantMiddle.length <= 1;
}
