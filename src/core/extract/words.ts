import type { Field } from "./field.js";
import { fold, tokens } from "./fold.js";
import { listed, SMALL_WORDS } from "./letter-words.js";
import { LEXICONS } from "./lexicons/index.js";

/** Words of one report that are kept to be compared with others'. */
const MOST_WORDS = 40;
const SHORTEST = 4;
const LONGEST = 40;

const COMMON = new Set([
  ...SMALL_WORDS,
  ...Object.values(LEXICONS).flatMap(({ letters: { counted, server, error } }) =>
    listed(`${counted} ${server} ${error}`.replaceAll("*", "")),
  ),
]);

/**
 * The uncommon words of a report, folded, each once in the order of the text: no small words, no
 * names of `leftOut`, no numbers. Quoted mails and signatures say nothing here, pasted errors do.
 */
export function tellingWords(
  fields: readonly Field[],
  leftOut: readonly string[],
): readonly string[] {
  const names = new Set(leftOut.flatMap((name) => tokens(fold(name)).map(({ word }) => word)));
  const words = new Set<string>();
  for (const field of fields)
    for (const { word } of tokens(field.evidence)) {
      if (words.size >= MOST_WORDS) return [...words];
      if (word.length < SHORTEST || word.length > LONGEST || !/\p{L}/u.test(word)) continue;
      if (!COMMON.has(word) && !names.has(word)) words.add(word);
    }
  return [...words];
}
