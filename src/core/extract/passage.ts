import type { Span } from "./extraction.js";
import { type Field, spanOf } from "./field.js";
import { type Folded, type Range, tokens } from "./fold.js";

/** A run of words to look for patterns in: the subject and the text after another. */
export interface Passage {
  readonly words: readonly PassageWord[];
}

export interface PassageWord extends Range {
  /** Without apostrophes; `<domain>`, `<address>` and `<number>` stand for what is no word. */
  readonly word: string;
  /** What parts it from the word before. */
  readonly gap: "none" | "clause" | "sentence";
  /** Of a time or a name of several words, which parts nothing: "works *since half past two* no more". */
  readonly passing: boolean;
  readonly field: Field;
}

type View = "own" | "evidence" | "whole";

const ENDINGS =
  "hu|si|pl|cz|sk|de|at|ch|eu|com|net|org|info|biz|io|co|uk|ie|ro|hr|rs|it|fr|nl|be|us|shop|online|store|dev|app|me|tv|cloud|email|site|test|example|local|lan";
const NAMES = new RegExp(
  String.raw`[a-z0-9._%+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+|https?:\/\/[^\s<>"']+|(?<![a-z0-9])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,6}(?:${ENDINGS})(?![a-z0-9])(?:\/[^\s<>"']*)?|(?<!\d)\d{1,20}(?:[.:,]\d{1,20})+|(?<![\p{L}\p{N}])e-(?=mail|post)`,
  "gu",
);

/** Nobody tells what is wrong after so many; a pasted log may go on. */
const MOST_WORDS = 1200;

/**
 * The words of all fields in one row, each with what parts it from the last; of many the first.
 * `passing` are times and names that only stand in between.
 */
export function passageOf(
  fields: readonly Field[],
  view: View,
  passing: readonly Span[] = [],
): Passage {
  return {
    words: fields.flatMap((field) => wordsOf(field, field[view], passing)).slice(0, MOST_WORDS),
  };
}

/** The original's passage from the first to the last of the words `[from, to)`, within one field. */
export function spanOfWords(passage: Passage, { from, to }: Range): Span | null {
  const first = passage.words[from];
  if (!first) return null;
  const last = passage.words.slice(from, to).findLast(({ field }) => field === first.field);
  return spanOf(first.field, { from: first.from, to: last?.to ?? first.to });
}

function wordsOf(field: Field, view: Folded, passing: readonly Span[]): readonly PassageWord[] {
  const spans = passing.filter((span) => span.field === field.field);
  const isPassing = (range: Range): boolean => {
    if (spans.length === 0) return false;
    const { from, to } = spanOf(field, range);
    return spans.some((span) => from >= span.from && to <= span.to);
  };
  const words: PassageWord[] = [];
  let done = 0;
  for (const { word, from, to } of pieces(view)) {
    const before = words.at(-1);
    const gap = before ? gapOf(before.word, view.text.slice(done, from)) : "sentence";
    words.push({ word, from, to, gap, passing: isPassing({ from, to }), field });
    done = to;
  }
  return words;
}

function gapOf(before: string, between: string): PassageWord["gap"] {
  // "the 2. mailbox", "kb. 3": the full stop belongs to the word.
  if (/^\. ?$/.test(between) && (before === "<number>" || before.length <= 2)) return "clause";
  if (/[.!?](?:\s|$|["')\]])|[;\u2022|]|\n\s*\n|\n\s*[-*\u2022]/.test(between))
    return /\.\.\./.test(between) ? "clause" : "sentence";
  return /[,:()\n"\u2026]|\s-+\s|\.\./.test(between) ? "clause" : "none";
}

/** Words, and in their place the names of things that are none. */
function pieces(view: Folded): readonly (Range & { readonly word: string })[] {
  const names = [...view.text.matchAll(NAMES)].map((match) => ({
    word: kindOf(match[0]),
    from: match.index,
    to: match.index + match[0].length,
  }));
  const found: (Range & { readonly word: string })[] = [];
  let next = 0;
  for (const { word, from, to } of tokens(view)) {
    for (let name = names[next]; name && name.to <= from; name = names[next]) {
      if (name.word !== "e") found.push(name);
      next++;
    }
    const name = names[next];
    if (name && name.word === "e" && from === name.from) continue;
    if (name && name.word !== "e" && from < name.to && to > name.from) continue;
    const before = names[next - 1];
    const joined = before?.word === "e" && before.to === from;
    found.push({
      word: `${joined ? "e" : ""}${plainWord(word)}`,
      from: joined ? before.from : from,
      to,
    });
  }
  for (const name of names.slice(next)) if (name.word !== "e") found.push(name);
  return found;
}

function plainWord(word: string): string {
  if (/^\d/.test(word)) return "<number>";
  return HOST.exec(word)?.[1] ?? word.replaceAll("'", "");
}

/** Hosts that say by their name what they are for: `mail2`, `imap.…`, `ns1.…`. */
const HOST = /^(mail|imap|pop3|smtp|webmail|mx|ns|ftp|db|mysql|web|panel|cpanel)\d{0,3}$/;

function kindOf(name: string): string {
  if (name === "e-") return "e";
  if (name.includes("@")) return "<address>";
  if (/^[\d.:,]+$/.test(name)) return "<number>";
  const [label = ""] = name.replace(/^https?:\/\//, "").split(/[.:/]/);
  return HOST.exec(label)?.[1] ?? "<domain>";
}
