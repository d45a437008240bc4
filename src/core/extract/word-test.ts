import { fold } from "./fold.js";
import type { LetterWords } from "./lexicon.js";
import { LEXICONS } from "./lexicons/index.js";

/** Tests folded words against a list of all languages, parted by spaces; `*` at a word's end stands for any ending. */
export function wordTest(list: (letters: LetterWords) => string): (word: string) => boolean {
  const whole = new Set<string>();
  const beginnings = new Set<string>();
  for (const { letters } of Object.values(LEXICONS))
    for (const word of fold(list(letters)).text.trim().split(/\s+/))
      if (word.endsWith("*")) beginnings.add(word.slice(0, -1));
      else whole.add(word);
  const lengths = [...new Set([...beginnings].map(({ length }) => length))];
  return (word) =>
    whole.has(word) || lengths.some((length) => beginnings.has(word.slice(0, length)));
}
