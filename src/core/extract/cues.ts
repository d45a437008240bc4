import { CUES, type Cue, type Span, type Symptom, type SymptomGuess } from "./extraction.js";
import { type Field, spanOf } from "./field.js";
import type { Lexicon } from "./lexicon.js";
import { findCodes } from "./machine-words.js";
import { passageOf, spanOfWords } from "./passage.js";
import { compile, findHits, type Matcher } from "./patterns.js";
import { NO_FAULTS } from "./what-table.js";

/**
 * What speaks for a cause of the customer's own, or says that no fault is reported: each cue at most
 * once, with its passage. `symptoms` tell a question from a fault that is told as one.
 */
export function readCues(
  fields: readonly Field[],
  lexicon: Lexicon,
  symptoms: readonly SymptomGuess[],
  passing: readonly Span[] = [],
): readonly { readonly cue: Cue; readonly span: Span }[] {
  const found = new Map<Cue, Span>();
  const passage = passageOf(fields, "own", passing);
  for (const hit of findHits(passage, matcherOf(lexicon))) {
    const cue = CUES.find((known) => known === hit.label);
    const span = spanOfWords(passage, hit);
    if (cue && span && !found.has(cue)) found.set(cue, span);
  }
  for (const { cue, field, from, to } of findCodes(fields, "evidence"))
    if (cue && !found.has(cue)) found.set(cue, spanOf(field, { from, to }));
  const asked = askedAt(fields);
  if (asked && !found.has("question")) found.set("question", asked);
  const massOf = (kinds: ReadonlySet<Symptom>) =>
    symptoms.reduce((sum, { symptom, p }) => sum + (kinds.has(symptom) ? p : 0), 0);
  const isPlainFault = massOf(NO_FAULTS) < MOSTLY && massOf(ASKED_ABOUT) < MOSTLY;
  // That the program on the computer works says of webmail only what it is not.
  if (symptoms[0]?.symptom === "mail.webmail") found.delete("one-device");
  const isOfOne = found.has("user-unknown") || found.has("quota-full");
  return [...found]
    .filter(([cue]) => !ALSO_OF_FAULTS.has(cue) || !isPlainFault || isOfOne)
    .map(([cue, span]) => ({ cue, span }));
}

/** "Why is our site down?" and "please look at it" are how faults are told, too. */
const ALSO_OF_FAULTS: ReadonlySet<Cue> = new Set(["question", "request", "thanks", "billing"]);
const ASKED_ABOUT: ReadonlySet<Symptom> = new Set(["web.content", "backup"]);
const MOSTLY = 0.4;

const matchers = new WeakMap<Lexicon, Matcher>();

function matcherOf(lexicon: Lexicon): Matcher {
  const before = matchers.get(lexicon);
  if (before) return before;
  const made = compile(lexicon.cues, lexicon.what.not);
  matchers.set(lexicon, made);
  return made;
}

/** The last words before a question mark of the customer's own. */
function askedAt(fields: readonly Field[]): Span | null {
  for (const field of fields) {
    const match = /[^.!?\n]{1,120}\?(?!\S{0,40}[=&])/.exec(field.own.text);
    if (!match) continue;
    const lead = match[0].length - match[0].trimStart().length;
    return spanOf(field, { from: match.index + lead, to: match.index + match[0].length });
  }
  return null;
}
