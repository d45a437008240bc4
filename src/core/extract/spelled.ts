import { fold, type Folded } from "./fold.js";
import { LEXICONS } from "./lexicons/index.js";

/** A text in which spelled-out signs are signs, with the way back. */
export interface Spelled {
  readonly text: string;
  /** For each unit its place in the folded text. */
  readonly places: readonly number[];
  /** Places in `text` of the signs that were words, and whether the word means nothing else. */
  readonly signs: ReadonlyMap<number, "sure" | "unsure">;
}

type Sign = "@" | "." | "-" | "_";

/** Ordinary words too, so that they need the address around them to be known. */
const UNSURE = new Set(["at", "dot", "pont", "punkt", "pika", "minus", "dash", "strich", "kreska"]);
const SIGNS = signWords();
const WORDS = [...SIGNS.keys()].sort((a, b) => b.length - a.length).join("|");

/** "dig @ns1.…", "dig MX @ns1.…": what is asked is a host. */
const ASKING = String.raw`\b(?:k?dig|drill|nslookup|host|aaaa|mx|txt|soa|any)`;

/** ` kukac `, `[at]`, ` (dot) `, and signs with spaces around them. */
const SPELLED = new RegExp(
  String.raw`(?<=[\p{L}\p{N}]) {0,2}[[({<] {0,2}(${WORDS}|@|\.) {0,2}[\])}>] {0,2}(?=[\p{L}\p{N}])|(?<=[\p{L}\p{N}]) {1,3}(${WORDS})(?: jel)? {1,3}(?=[\p{L}\p{N}])|(?<=[\p{L}\p{N}])(?<!${ASKING})(?: {1,2}@ {0,2}| {0,2}@ {1,2})(?=[\p{L}\p{N}])`,
  "gu",
);

/** The text with spelled-out signs as signs; `null` where there is none. */
export function despelled(whole: Folded): Spelled | null {
  const parts: string[] = [];
  const places: number[] = [];
  const signs = new Map<number, "sure" | "unsure">();
  let done = 0;
  const take = (from: number, to: number): void => {
    parts.push(whole.text.slice(from, to));
    for (let at = from; at < to; at++) places.push(at);
  };
  for (const match of whole.text.matchAll(SPELLED)) {
    const bracketed = match[1];
    const word = bracketed ?? match[2] ?? "@";
    take(done, match.index);
    const sign = SIGNS.get(word) ?? word;
    signs.set(places.length, bracketed === undefined && UNSURE.has(word) ? "unsure" : "sure");
    parts.push(sign);
    places.push(match.index);
    done = match.index + match[0].length;
  }
  if (signs.size === 0) return null;
  take(done, whole.text.length);
  return { text: parts.join(""), places, signs };
}

function signWords(): ReadonlyMap<string, Sign> {
  const words = new Map<string, Sign>();
  for (const { letters } of Object.values(LEXICONS)) {
    const { at, dot, hyphen, underscore } = letters.spelled;
    for (const [sign, list] of [
      ["@", at],
      [".", dot],
      ["-", hyphen],
      ["_", underscore],
    ] as const)
      for (const word of list) words.set(fold(word).text, sign);
  }
  return words;
}
