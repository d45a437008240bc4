import {
  type Ending,
  type Found,
  type Meaning,
  type Token,
  type Vocabulary,
  sayingsAt,
} from "./since-words.js";

/** A text being read: its tokens, and what the lexicon says of each, looked up once. */
export interface Reading {
  readonly vocabulary: Vocabulary;
  readonly tokens: readonly Token[];
  readonly found: (at: number) => readonly Found[];
}

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

export const isSign = (text: Reading, at: number, sign: string): boolean =>
  text.tokens[at]?.kind === "sign" && text.tokens[at]?.text === sign;

export const isTight = (text: Reading, at: number): boolean => text.tokens[at]?.tight === true;

/** The number that the digits at a token make, unless they belong to a name, a version or a price. */
export function digitsAt(text: Reading, at: number): number | null {
  const token = text.tokens[at];
  if (token === undefined || token.kind !== "number" || token.opaque || token.text.length > 4)
    return null;
  return Number(token.text);
}

/** Whether digits stand for themselves: not the tail of `mail2`, `v8.15`, `#12` nor the head of `8%`, `5-os`. */
export function standsAlone(text: Reading, from: number, end: number): boolean {
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
export function endingAt(
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
export function ordinalEnd(text: Reading, at: number): number {
  const word = isSign(text, at, "-") && isTight(text, at) ? at + 1 : at;
  const token = text.tokens[word];
  if (token?.kind === "word" && token.tight && text.vocabulary.ordinals.has(token.text))
    return word + 1;
  return at;
}

/** The dot of an ordinal, `8.`, with something after it. */
export const dotEnd = (text: Reading, at: number): number =>
  isSign(text, at, ".") && isTight(text, at) ? at + 1 : at;

export interface Count {
  readonly n: number;
  readonly rough: boolean;
  readonly end: number;
  readonly ending: Ending | null;
}

/** A count in digits or words, a fraction ("1,5", "2 and a half" is left to the sayings) or a range ("20-30", its middle). */
export function countAt(text: Reading, at: number): Count | null {
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
export function hourAt(text: Reading, at: number): Count | null {
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
