import type { Range } from "./fold.js";
import type { Pattern } from "./lexicon.js";
import type { Passage } from "./passage.js";

/** Patterns of many lists, ready to be looked for in one pass. */
export interface Matcher {
  readonly atoms: Atoms;
  /** By the atom that a pattern begins with. */
  readonly beginning: ReadonlyMap<number, readonly Compiled[]>;
  readonly denial: ReadonlySet<number>;
}

/** Where a pattern of the list `label` was found: words `[from, to)` of the passage. */
export interface Hit extends Range {
  readonly label: string;
  /** How many words of the pattern were met: a longer saying says more. */
  readonly met: number;
}

interface Compiled {
  readonly label: string;
  /** Begins with `!`: takes the words away from the list. */
  readonly against: boolean;
  readonly steps: readonly Step[];
}

type Step =
  | { readonly kind: "word"; readonly atoms: ReadonlySet<number> }
  /** One of the words of denial; up to two others may follow. */
  | { readonly kind: "denial" }
  /** Up to three others. */
  | { readonly kind: "gap" };

const DENIAL_REACH = 2;
const GAP_REACH = 3;
/** Words of a time or a name, which the reach does not count. */
const MOST_PASSED = 8;

/** Compiles lists of patterns; `denial` are the words that `~` stands for. Throws on a pattern without words. */
export function compile(
  lists: Readonly<Record<string, readonly Pattern[]>>,
  denial: readonly Pattern[],
): Matcher {
  const atoms = new Atoms();
  const denialAtoms = new Set(
    denial.flatMap((pattern) => pattern.split("|")).map((word) => atoms.idOf(word)),
  );
  const beginning = new Map<number, Compiled[]>();
  const begin = (atom: number, compiled: Compiled) => {
    const there = beginning.get(atom);
    if (there) there.push(compiled);
    else beginning.set(atom, [compiled]);
  };
  for (const [label, patterns] of Object.entries(lists))
    for (const pattern of patterns)
      for (const compiled of readPattern(label, pattern, atoms)) {
        const first = compiled.steps[0];
        if (!first || first.kind === "gap") throw new Error(`no words to begin with: ${pattern}`);
        for (const atom of first.kind === "word" ? first.atoms : denialAtoms) begin(atom, compiled);
      }
  return { atoms, beginning, denial: denialAtoms };
}

/** One pattern as written, or several where words of it may be missing. */
function readPattern(label: string, pattern: Pattern, atoms: Atoms): readonly Compiled[] {
  const against = pattern.startsWith("!");
  let variants: Step[][] = [[]];
  for (const place of pattern.replace(/^!/, "").trim().split(/\s+/)) {
    const optional = place.endsWith("?");
    const choices = readPlace(optional ? place.slice(0, -1) : place, atoms);
    const added = variants.flatMap((before) => choices.map((steps) => [...before, ...steps]));
    variants = optional ? [...variants, ...added] : added;
  }
  return variants
    .map((steps) => trimmed(steps))
    .filter((steps) => steps.length > 0)
    .map((steps) => ({ label, against, steps }));
}

/** The steps of one place: single words together, and each saying of several words (`set_up`) for itself. */
function readPlace(place: string, atoms: Atoms): readonly (readonly Step[])[] {
  if (place === "..") return [[{ kind: "gap" }]];
  const choices = place.split("|");
  const words = choices.filter((choice) => choice !== "~" && !choice.includes("_"));
  const sayings = choices.filter((choice) => choice.includes("_"));
  const step = (written: readonly string[]): Step => ({
    kind: "word",
    atoms: new Set(written.map((word) => atoms.idOf(word))),
  });
  return [
    ...(words.length > 0 ? [[step(words)]] : []),
    ...(choices.includes("~") ? [[{ kind: "denial" } as const]] : []),
    ...sayings.map((saying) => saying.split("_").map((word) => step([word]))),
  ];
}

/** Where the outer words may be missing, no gap is left at the edges. */
function trimmed(steps: readonly Step[]): readonly Step[] {
  const first = steps.findIndex(({ kind }) => kind !== "gap");
  const last = steps.findLastIndex(({ kind }) => kind !== "gap");
  return first === -1 ? [] : steps.slice(first, last + 1);
}

/** All places in the passage where a list's pattern is met, in order; none within another of its list. */
export function findHits(passage: Passage, matcher: Matcher): readonly Hit[] {
  const met = passage.words.map(({ word }) => matcher.atoms.matching(word));
  const found: Hit[] = [];
  const against: Hit[] = [];
  for (const [from, atoms] of met.entries())
    for (const atom of atoms)
      for (const compiled of matcher.beginning.get(atom) ?? []) {
        const end = follow(compiled.steps, 0, from, passage, met, matcher.denial);
        if (end === null) continue;
        const hit = { label: compiled.label, from, to: end, met: wordsIn(compiled.steps) };
        (compiled.against ? against : found).push(hit);
      }
  const kept = found.filter(
    (hit) => !against.some((other) => other.label === hit.label && meet(hit, other)),
  );
  return widest(kept);
}

const wordsIn = (steps: readonly Step[]) => steps.filter(({ kind }) => kind !== "gap").length;

/** Whether two passages have a word in common. */
export function meet(a: Range, b: Range): boolean {
  return a.from < b.to && b.from < a.to;
}

function widest(hits: readonly Hit[]): readonly Hit[] {
  const taken = new Map<string, Set<number>>();
  const sorted = [...hits].sort((a, b) => b.met - a.met || b.to - b.from - (a.to - a.from));
  const kept = sorted.filter(({ label, from, to }) => {
    const words = taken.get(label) ?? new Set<number>();
    taken.set(label, words);
    for (let at = from; at < to; at++) if (words.has(at)) return false;
    for (let at = from; at < to; at++) words.add(at);
    return true;
  });
  return kept.sort((a, b) => a.from - b.from || b.to - a.to);
}

/** The place after the last word when the steps are met from word `at` on; else `null`. */
function follow(
  steps: readonly Step[],
  index: number,
  at: number,
  passage: Passage,
  met: readonly (readonly number[])[],
  denial: ReadonlySet<number>,
): number | null {
  const step = steps[index];
  if (!step) return at;
  if (step.kind === "gap") {
    for (let over = 0, passed = 0; over - passed <= GAP_REACH && passed <= MOST_PASSED; over++) {
      if (over > 0 && passage.words[at + over - 1]?.gap === "sentence") return null;
      const end = follow(steps, index + 1, at + over, passage, met, denial);
      if (end !== null) return end;
      if (passage.words[at + over]?.passing) passed++;
    }
    return null;
  }
  const word = passage.words[at];
  if (!word || (index > 0 && word.gap === "sentence")) return null;
  const atoms = met[at] ?? [];
  if (step.kind === "word")
    return atoms.some((atom) => step.atoms.has(atom))
      ? follow(steps, index + 1, at + 1, passage, met, denial)
      : null;
  if (!atoms.some((atom) => denial.has(atom))) return null;
  if (index + 1 === steps.length) return at + 1;
  for (let over = 0, passed = 0; over - passed <= DENIAL_REACH && passed <= MOST_PASSED; over++) {
    // A denial does not reach into the next clause: "nothing changed, sending fails".
    if (passage.words[at + 1 + over]?.gap !== "none") return null;
    const end = follow(steps, index + 1, at + 1 + over, passage, met, denial);
    if (end !== null) return end;
    if (passage.words[at + 1 + over]?.passing) passed++;
  }
  return null;
}

const SLIP_LENGTH = 6;
/** With one letter replaced, shorter words are too often others: "Wartung" is no "Warnung". */
const REPLACED_LENGTH = 8;
/** A word that is known by so many of its letters is no slip of another. */
const KNOWN_LENGTH = 5;
const MOST_REMEMBERED = 20_000;

/** The single words of all patterns: which of them a word of a text is. */
class Atoms {
  readonly #ids = new Map<string, number>();
  readonly #whole = new Map<string, number>();
  readonly #starts = new Map<string, { readonly stem: string; readonly id: number }[]>();
  readonly #inside: { readonly part: string; readonly end: boolean; readonly id: number }[] = [];
  readonly #long = new Map<
    string,
    { readonly stem: string; readonly open: boolean; readonly id: number }[]
  >();
  readonly #remembered = new Map<string, readonly number[]>();

  idOf(written: string): number {
    const before = this.#ids.get(written);
    if (before !== undefined) return before;
    const id = this.#ids.size;
    this.#ids.set(written, id);
    const open = written.endsWith("*");
    const stem = written.replace(/^\*|\*$/g, "");
    if (stem === "") throw new Error(`no letters in a pattern: ${written}`);
    if (written.startsWith("*")) this.#inside.push({ part: stem, end: !open, id });
    else {
      if (open) listed(this.#starts, stem.slice(0, 2)).push({ stem, id });
      else this.#whole.set(stem, id);
      if (stem.length >= SLIP_LENGTH) listed(this.#long, stem.slice(0, 1)).push({ stem, open, id });
    }
    return id;
  }

  matching(word: string): readonly number[] {
    const before = this.#remembered.get(word);
    if (before) return before;
    const found = this.#lookUp(word);
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(word, found);
    return found;
  }

  #lookUp(word: string): readonly number[] {
    const found: number[] = [];
    let known = 0;
    const whole = this.#whole.get(word);
    if (whole !== undefined) {
      found.push(whole);
      known = word.length;
    }
    for (const length of [1, 2])
      for (const { stem, id } of this.#starts.get(word.slice(0, length)) ?? [])
        if (word.startsWith(stem)) {
          found.push(id);
          known = Math.max(known, stem.length);
        }
    for (const { part, end, id } of this.#inside)
      if (end ? word.endsWith(part) : word.includes(part)) {
        found.push(id);
        known = Math.max(known, part.length);
      }
    if (known < KNOWN_LENGTH && word.length >= SLIP_LENGTH - 1 && /^\p{L}+$/u.test(word))
      for (const { stem, open, id } of this.#long.get(word.slice(0, 1)) ?? [])
        if (isSlipOf(word, stem, open)) found.push(id);
    return found;
  }
}

function listed<T>(map: Map<string, T[]>, key: string): T[] {
  const there = map.get(key);
  if (there) return there;
  const made: T[] = [];
  map.set(key, made);
  return made;
}

/** Whether `word` (or with `open` its beginning) is `stem` with one letter missing, doubled, swapped or, in long ones, replaced. */
export function isSlipOf(word: string, stem: string, open: boolean): boolean {
  let same = 0;
  while (same < stem.length && same < word.length && word[same] === stem[same]) same++;
  if (same === 0) return false;
  const meets = (inWord: number, inStem: number) => {
    const rest = stem.slice(inStem);
    return open ? word.startsWith(rest, inWord) : word.slice(inWord) === rest;
  };
  const swapped = word[same] === stem[same + 1] && word[same + 1] === stem[same];
  if (swapped && same + 1 < stem.length && meets(same + 2, same + 2)) return true;
  // A missing or a surplus last letter of an open stem says nothing.
  if (open && same >= stem.length - 1) return false;
  if (meets(same, same + 1) || meets(same + 1, same)) return true;
  return stem.length >= REPLACED_LENGTH && meets(same + 1, same + 1);
}
