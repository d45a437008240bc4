import { fold } from "./fold.js";
import type { LetterWords } from "./lexicon.js";
import { LEXICONS } from "./lexicons/index.js";

/**
 * The words of all languages together, folded: letters are quoted, and addresses read aloud, in
 * other languages than the report's own.
 */
export function lettersWords(of: (letters: LetterWords) => readonly string[]): readonly string[] {
  const words = Object.values(LEXICONS).flatMap(({ letters }) => of(letters));
  return [...new Set(words.map((word) => fold(word).text))];
}

/** A list that is parted by spaces, folded. */
export function listed(list: string): readonly string[] {
  return fold(list).text.trim().split(/\s+/);
}

/** The small words of all languages. */
export const SMALL_WORDS: ReadonlySet<string> = new Set(
  Object.values(LEXICONS).flatMap(({ letters }) => listed(letters.common)),
);

/** Tests folded words against a list of all languages, parted by spaces; `*` at a word's end stands for any ending. */
export function wordTest(list: (letters: LetterWords) => string): (word: string) => boolean {
  const whole = new Set<string>();
  const beginnings = new Set<string>();
  for (const { letters } of Object.values(LEXICONS))
    for (const word of listed(list(letters)))
      if (word.endsWith("*")) beginnings.add(word.slice(0, -1));
      else whole.add(word);
  const lengths = [...new Set([...beginnings].map(({ length }) => length))];
  return (word) =>
    whole.has(word) || lengths.some((length) => beginnings.has(word.slice(0, length)));
}
