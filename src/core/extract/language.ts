import { eld } from "eld/extrasmall";
import { LANGUAGES, type Language } from "../languages.js";
import type { Extraction } from "./extraction.js";
import type { Field } from "./field.js";
import { fold, tokens } from "./fold.js";
import { LEXICONS } from "./lexicons/index.js";

/** Read as another: who writes Croatian, Bosnian or Serbian to a hoster among ours is answered in Slovenian. */
const READ_AS: Readonly<Record<string, Language>> = { hr: "sl", bs: "sl", sr: "sl" };

/** How much each kind of evidence counts: letter groups, small words, letters of one's own, what the account speaks. */
const GROUPS = 9;
const WORD = 1.6;
const FOLDED_WORD = 1.1;
const OWN_LETTER = 1.2;
const MOST_OWN_LETTERS = 3;
const PRIOR = 1.1;

/** Fewer letters than this and no small word tell nothing: then quoted words are read too. */
const FEW_LETTERS = 12;

type Scores = Record<Language, number>;

/** By form: what it speaks for, and how strongly (a word of three languages tells less than one of one). */
const asWritten = weights((word) => word);
const asFolded = weights((word) => fold(word).text);
const ownLetters = new Map(
  LANGUAGES.flatMap((language) =>
    Array.from(LEXICONS[language].letters.own, (letter) => [letter, language] as const),
  ),
);

/**
 * The language of the customer's own words: of letter groups (eld), small words as written and as
 * typed without diacritics, and letters that only one language has. `account` is what the account
 * speaks, and decides what the words leave open. `certainty` is 0 to 1.
 */
export function readLanguage(
  fields: readonly Field[],
  originals: Readonly<Record<Field["field"], string>>,
  account: Language | null,
): Extraction["language"] {
  const own = fields.map((field) => ownWords(field, originals[field.field], true)).join("\n");
  const enough = own.replace(/[^\p{L}]/gu, "").length >= FEW_LETTERS || hasSmallWord(own);
  const text = enough
    ? own
    : fields.map((field) => ownWords(field, originals[field.field], false)).join("\n");
  const scores = zero();
  addGroups(scores, text);
  addWords(scores, text);
  if (account) scores[account] += PRIOR;
  return best(scores, account);
}

/** The original's words outside of asides, without names of things and – `unquoted` – without what stands in quotation marks. */
function ownWords(field: Field, original: string, unquoted: boolean): string {
  const view = field.own.text;
  const spoken: string[] = [];
  const names = unquoted ? NAMES_AND_QUOTES : NAMES;
  let done = 0;
  const keep = (from: number, to: number): void => {
    if (from >= to) return;
    // Masked passages are spaces in the folded text only.
    for (const match of view.slice(from, to).matchAll(/\S+(?: \S+)*/g)) {
      const span = field.whole.span(from + match.index, from + match.index + match[0].length);
      spoken.push(original.slice(span.from, span.to));
    }
  };
  for (const match of view.matchAll(names)) {
    keep(done, match.index);
    done = match.index + match[0].length;
  }
  keep(done, view.length);
  return spoken.join(" ");
}

/** Addresses, URLs, hosts, codes and numbers. */
const NAME = String.raw`[^\s"<>]{0,64}@[^\s"<>]{1,80}|https?:[^\s"<>]{1,300}|(?<![^\s"'(<])[^\s"<>.]{1,63}(?:\.[^\s"<>.]{1,63}){1,6}(?<![.,!?])|\b[a-z]{0,6}_\w{1,60}|\S{0,20}\d\S{0,20}`;
const NAMES = new RegExp(NAME, "gu");
const NAMES_AND_QUOTES = new RegExp(`"[^"\\n]{1,300}"|${NAME}`, "gu");

function addGroups(scores: Scores, text: string): void {
  const found: Readonly<Record<string, number>> = eld.detect(text.slice(0, 2_000)).getScores();
  for (const [code, score] of Object.entries(found)) {
    const language = READ_AS[code] ?? LANGUAGES.find((ours) => ours === code);
    if (language) scores[language] = Math.max(scores[language], GROUPS * score);
  }
}

function hasSmallWord(text: string): boolean {
  return tokens(fold(text)).some(({ word }) => word.length > 1 && asFolded.has(word));
}

/** Small words as written count most; folded they speak for those who type without diacritics. */
function addWords(scores: Scores, text: string): void {
  const words =
    text
      .toLowerCase()
      .match(/\p{L}+(?:'\p{L}+)?/gu)
      ?.slice(0, 400) ?? [];
  const said = zero();
  const letters = zero();
  for (const word of words) {
    const written = asWritten.get(word);
    for (const [language, weight] of written ?? []) said[language] += WORD * weight;
    if (!written)
      for (const [language, weight] of asFolded.get(fold(word).text) ?? [])
        said[language] += FOLDED_WORD * weight;
    for (const letter of word) {
      const language = ownLetters.get(letter);
      if (language) letters[language] += OWN_LETTER;
    }
  }
  // The longer the text, the less one word more says.
  const share = 4 / Math.sqrt(Math.max(4, words.length));
  for (const language of LANGUAGES)
    scores[language] +=
      said[language] * share + Math.min(letters[language], MOST_OWN_LETTERS * OWN_LETTER);
}

function best(scores: Scores, account: Language | null): Extraction["language"] {
  const ranked = [...LANGUAGES].sort((a, b) => scores[b] - scores[a]);
  const [first = "en"] = ranked;
  const code = scores[first] > 0 ? first : (account ?? "en");
  const sum = LANGUAGES.reduce(
    (all, language) => all + Math.exp(scores[language] - scores[code]),
    0,
  );
  return { code, certainty: 1 / sum };
}

function zero(): Scores {
  return { hu: 0, sl: 0, pl: 0, cs: 0, sk: 0, de: 0, en: 0 };
}

function weights(
  form: (word: string) => string,
): ReadonlyMap<string, readonly (readonly [Language, number])[]> {
  const having = new Map<string, Set<Language>>();
  for (const language of LANGUAGES)
    for (const word of LEXICONS[language].letters.common.trim().split(/\s+/)) {
      const languages = having.get(form(word)) ?? new Set();
      having.set(form(word), languages.add(language));
    }
  return new Map(
    [...having].map(([word, languages]) => {
      const long = word.length === 1 ? 0.3 : word.length === 2 ? 0.7 : 1;
      return [word, [...languages].map((language) => [language, long / languages.size] as const)];
    }),
  );
}
