/**
 * A text in the one spelling that words are looked for in: lower case, without marks, with plain
 * quotes, dashes and spaces. Every place in it leads back to the original.
 */
export interface Folded {
  readonly text: string;
  /** Where in the original the folded unit `index` comes from, in UTF-16 units; of `text.length` the original's end. */
  readonly at: (index: number) => number;
  /** The passage of the original that `[from, to)` of `text` was made of, marks included and no surrogate cut in two. */
  readonly span: (from: number, to: number) => Range;
}

/** The places `[from, to)`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A word of a folded text; `from` and `to` are places in the folded text. */
export interface Word extends Range {
  readonly word: string;
}

const PLAIN: Readonly<Record<string, string>> = {
  ł: "l",
  ß: "ss",
  đ: "d",
  ð: "d",
  ø: "o",
  æ: "ae",
  œ: "oe",
  ı: "i",
  þ: "th",
  "\u2044": "/",
};

const QUOTES = /["\u201C-\u201F\u00AB\u00BB\u2033\u2036\u275D\u275E\u301D-\u301F]/;
const APOSTROPHES = /['`\u00B4\u2018-\u201B\u2032\u2035\u2039\u203A\u02B9\u02BC\u02BB]/;
const DASHES = /[\u2010-\u2015\u2212\u2043\uFE58\uFE63\uFF0D]/;
/** Soft hyphens, joiners, direction marks, variation selectors: nobody sees them. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/u;
const BLANKS = /[\p{Zs}\p{Cc}\uFFFD]/u;

const known = new Map<string, string>();
const MOST_KNOWN = 4096;

/** What one code point becomes; empty for what nobody sees and for a mark. */
function plain(point: string): string {
  if (point === "\n" || point === "\u2028" || point === "\u2029" || point === "\u0085") return "\n";
  if (UNSEEN.test(point)) return "";
  if (QUOTES.test(point)) return '"';
  if (APOSTROPHES.test(point)) return "'";
  if (DASHES.test(point)) return "-";
  if (BLANKS.test(point)) return " ";
  let out = "";
  for (const part of point.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase())
    out += PLAIN[part] ?? part;
  return out;
}

function plainOf(point: string): string {
  const before = known.get(point);
  if (before !== undefined) return before;
  const made = plain(point);
  if (known.size < MOST_KNOWN) known.set(point, made);
  return made;
}

/** Folds `original`; never fails, linear in its length. Lone surrogates stay as they are. */
export function fold(original: string): Folded {
  const starts: number[] = [];
  const ends: number[] = [];
  let text = "";
  for (let at = 0; at < original.length;) {
    const code = original.codePointAt(at) ?? 0;
    const size = code > 0xffff ? 2 : 1;
    const made = plainAt(original, at, code, size);
    if (made === "") {
      // A mark belongs to its letter; of what nobody sees nothing is lost either way.
      if (ends.length > 0) ends[ends.length - 1] = at + size;
    } else {
      for (let unit = 0; unit < made.length; unit++) {
        starts.push(at);
        ends.push(at + size);
      }
      text += made;
    }
    at += size;
  }
  return folded(text, starts, ends, original.length);
}

function plainAt(original: string, at: number, code: number, size: number): string {
  if (code === 0x0d) return original[at + 1] === "\n" ? "" : "\n";
  if (code >= 0x61 && code <= 0x7a) return original[at] ?? "";
  return plainOf(size === 2 ? original.slice(at, at + 2) : (original[at] ?? ""));
}

function folded(
  text: string,
  starts: readonly number[],
  ends: readonly number[],
  length: number,
): Folded {
  const at = (index: number): number => starts[index] ?? length;
  return {
    text,
    at,
    span: (from, to) => ({ from: at(from), to: to > from ? (ends[to - 1] ?? length) : at(from) }),
  };
}

/** The same text with spaces instead of the passages `[from, to)`, given as places in the folded text; lines and places stay. */
export function masked(whole: Folded, passages: readonly Range[]): Folded {
  if (passages.length === 0) return whole;
  const parts: string[] = [];
  let done = 0;
  for (const { from, to } of [...passages].sort((a, b) => a.from - b.from)) {
    if (to <= done) continue;
    parts.push(whole.text.slice(done, Math.max(done, from)));
    parts.push(whole.text.slice(Math.max(done, from), to).replace(/[^\n]/g, " "));
    done = to;
  }
  parts.push(whole.text.slice(done));
  return { text: parts.join(""), at: whole.at, span: whole.span };
}

/** The words of a folded text in order: letters and digits, with an apostrophe inside kept (`can't`); `e-mail` is two. */
export function tokens(whole: Folded): readonly Word[] {
  const words: Word[] = [];
  for (const match of whole.text.matchAll(/[\p{L}\p{N}]+(?:'\p{L}+)*/gu))
    words.push({ word: match[0], from: match.index, to: match.index + match[0].length });
  return words;
}
