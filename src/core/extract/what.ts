import { type CodeHit, findCodes } from "./machine-words.js";
import { type Span, type Symptom, type SymptomGuess, SYMPTOMS } from "./extraction.js";
import { type Field, spanOf } from "./field.js";
import type { Range } from "./fold.js";
import { INTERNATIONAL } from "./international.js";
import {
  type Lexicon,
  type Pattern,
  THINGS,
  type Thing,
  TROUBLES,
  type Trouble,
} from "./lexicon.js";
import { type Passage, passageOf, spanOfWords } from "./passage.js";
import { compile, findHits, type Hit, type Matcher, meet } from "./patterns.js";
import { type Leaning, MEANING, NO_FAULTS, THING_ALONE, TROUBLE_ALONE } from "./what-table.js";

/**
 * What is wrong, as likely meanings that sum to 1, best first, never empty. `lexicon` is the language's;
 * `others` are asked with less weight when it finds next to nothing.
 */
export function readSymptoms(
  fields: readonly Field[],
  lexicon: Lexicon,
  others: readonly Lexicon[] = [],
): readonly SymptomGuess[] {
  const evidence = new Evidence();
  gatherWords(evidence, fields, "own", lexicon, 1);
  gatherCodes(evidence, findCodes(fields, "evidence"), 1);
  if (evidence.best() < LITTLE) gatherCodes(evidence, findCodes(fields, "whole"), QUOTED);
  if (evidence.best() < LITTLE) gatherWords(evidence, fields, "whole", lexicon, QUOTED);
  for (const other of others)
    if (evidence.best() < LITTLE) gatherWords(evidence, fields, "own", other, FOREIGN);
  return evidence.guesses();
}

/** Below this nothing much was understood. */
const LITTLE = 0.5;
const QUOTED = 0.6;
const FOREIGN = 0.6;

/** What speaks for each symptom, with the passages that say it. */
class Evidence {
  readonly #weights = new Map<Symptom, number[]>();
  readonly #spans = new Map<Symptom, Span[]>();
  readonly #doubts = new Map<Symptom, number>();

  add(leaning: Leaning, factor: number, spans: readonly Span[]): void {
    for (const symptom of SYMPTOMS) {
      const weight = (leaning[symptom] ?? 0) * factor;
      if (weight <= 0) continue;
      this.#weights.set(symptom, [...(this.#weights.get(symptom) ?? []), weight]);
      if (weight >= 0.2) this.#spans.set(symptom, [...(this.#spans.get(symptom) ?? []), ...spans]);
    }
  }

  /** Something says that this symptom is not the trouble. */
  doubt(symptom: Symptom, factor: number): void {
    this.#doubts.set(symptom, Math.min(this.#doubts.get(symptom) ?? 1, factor));
  }

  score(symptom: Symptom): number {
    const weights = [...(this.#weights.get(symptom) ?? [])].sort((a, b) => b - a);
    const [first = 0, ...rest] = weights;
    // The second and third of a kind say less each.
    const more = rest.slice(0, 4).reduce((sum, weight, nth) => sum + weight * 0.4 ** (nth + 1), 0);
    return (first + more) * (this.#doubts.get(symptom) ?? 1);
  }

  best(): number {
    return Math.max(...SYMPTOMS.map((symptom) => this.score(symptom)));
  }

  bestFault(): number {
    return Math.max(...SYMPTOMS.filter((s) => !NO_FAULTS.has(s)).map((s) => this.score(s)));
  }

  guesses(): readonly SymptomGuess[] {
    const scored = SYMPTOMS.map((symptom) => ({
      symptom,
      score: this.score(symptom) ** SHARPNESS,
    }));
    const sum = scored.reduce((total, { score }) => total + score, 0);
    const shares =
      sum < NOTHING ? UNKNOWN : scored.map(({ symptom, score }) => ({ symptom, p: score / sum }));
    const kept = shares.filter(({ p }) => p >= LEAST_SHARE);
    const whole = kept.reduce((total, { p }) => total + p, 0);
    return kept
      .map(({ symptom, p }) => ({
        symptom,
        p: p / whole,
        spans: distinct(this.#spans.get(symptom) ?? []),
      }))
      .sort((a, b) => b.p - a.p);
  }
}

const SHARPNESS = 1.8;
const LEAST_SHARE = 0.02;
const NOTHING = 0.002;
/** Where a text says nothing that is known. */
const UNKNOWN: readonly { readonly symptom: Symptom; readonly p: number }[] = [
  { symptom: "other", p: 0.4 },
  { symptom: "howto", p: 0.3 },
  { symptom: "web.down", p: 0.15 },
  { symptom: "mail.login", p: 0.15 },
];
const MOST_SPANS = 6;

function distinct(spans: readonly Span[]): readonly Span[] {
  const seen = new Map(spans.map((span) => [`${span.field}:${span.from}:${span.to}`, span]));
  return [...seen.values()].slice(0, MOST_SPANS);
}

function gatherCodes(evidence: Evidence, codes: readonly CodeHit[], factor: number): void {
  for (const code of codes) evidence.add(code.leaning, factor, [spanOf(code.field, code)]);
}

// ── words ────────────────────────────────────────────────────────────────────────────────────

const matchers = new WeakMap<Lexicon, Matcher>();

function matcherOf(lexicon: Lexicon): Matcher {
  const before = matchers.get(lexicon);
  if (before) return before;
  const { what } = lexicon;
  const lists: Record<string, readonly Pattern[]> = {
    works: what.works,
    but: what.but,
    not: what.not,
  };
  for (const thing of THINGS) {
    lists[`thing ${thing}`] = [...what.things[thing], ...(INTERNATIONAL.things[thing] ?? [])];
    lists[`fine ${thing}`] = what.fine[thing] ?? [];
  }
  for (const trouble of TROUBLES)
    lists[`trouble ${trouble}`] = [
      ...what.troubles[trouble],
      ...(INTERNATIONAL.troubles[trouble] ?? []),
    ];
  for (const symptom of SYMPTOMS) lists[`phrase ${symptom}`] = what.phrases[symptom] ?? [];
  const made = compile(lists, what.not);
  matchers.set(lexicon, made);
  return made;
}

interface Reading {
  readonly passage: Passage;
  /** The clause that each word stands in. */
  readonly clauses: readonly number[];
  readonly sentences: readonly number[];
  readonly things: readonly Of<Thing>[];
  readonly troubles: readonly Of<Trouble>[];
  readonly phrases: readonly Of<Symptom>[];
  readonly fine: readonly Of<Thing>[];
}

interface Of<Kind> extends Range {
  readonly kind: Kind;
  readonly met: number;
}

function gatherWords(
  evidence: Evidence,
  fields: readonly Field[],
  view: "own" | "whole",
  lexicon: Lexicon,
  factor: number,
): void {
  const reading = read(passageOf(fields, view), matcherOf(lexicon));
  for (const thing of reading.things)
    evidence.add(THING_ALONE[thing.kind], factor, spansOf(reading, thing));
  for (const trouble of reading.troubles) weighTrouble(evidence, reading, trouble, factor);
  for (const phrase of reading.phrases) {
    const certain = 0.85 + 0.1 * Math.min(phrase.met, 4);
    evidence.add({ [phrase.kind]: certain }, factor, spansOf(reading, phrase));
  }
  for (const { kind } of reading.fine)
    for (const [symptom, doubt] of Object.entries(IN_ORDER[kind] ?? {}))
      if (isSymptom(symptom)) evidence.doubt(symptom, doubt);
  weighNoFaults(evidence);
}

const isSymptom = (word: string): word is Symptom => SYMPTOMS.some((symptom) => symptom === word);

/** What is not the trouble where this is said to be in order. */
const IN_ORDER: Readonly<Partial<Record<Thing, Leaning>>> = {
  incoming: { "mail.receive": 0.15, "mail.login": 0.75 },
  outgoing: { "mail.send": 0.15, "mail.login": 0.75 },
  mail: { "mail.send": 0.3, "mail.receive": 0.3, "mail.login": 0.3 },
  mailbox: { "mail.login": 0.3 },
  webmail: { "mail.webmail": 0.2 },
  site: { "web.down": 0.3, "web.slow": 0.5, "web.error5xx": 0.6 },
  database: { database: 0.3 },
  panel: { "panel.login": 0.25 },
  ftp: { ftp: 0.2 },
  dns: { dns: 0.3 },
  certificate: { tls: 0.3 },
};

function read(passage: Passage, matcher: Matcher): Reading {
  const hits = findHits(passage, matcher);
  const labelled = (label: string) => hits.filter((hit) => hit.label === label);
  const of = <Kind extends string>(group: string, kinds: readonly Kind[]): Of<Kind>[] =>
    kinds.flatMap((kind) =>
      labelled(`${group} ${kind}`).map(({ from, to, met }) => ({ kind, from, to, met })),
    );
  const clauses = numbered(passage, labelled("but"), ["clause", "sentence"]);
  const sentences = numbered(passage, [], ["sentence"]);
  const things = of("thing", THINGS);
  const troubles = of("trouble", TROUBLES);
  const phrases = of("phrase", SYMPTOMS);
  const said = of("fine", THINGS);
  const denied = labelled("not");
  const working = labelled("works").filter(
    (hit) =>
      !denied.some(
        ({ from }) =>
          clauses[from] === clauses[hit.from] && from >= hit.from - 4 && from <= hit.to + 2,
      ) && !troubles.some((trouble) => clauses[trouble.from] === clauses[hit.from]),
  );
  const inOrder = working.flatMap((hit) =>
    things.filter(
      (thing) => clauses[thing.from] === clauses[hit.from] && Math.abs(thing.from - hit.from) <= 7,
    ),
  );
  const fine = [...said, ...inOrder];
  const excused = (hit: Range) =>
    said.some((other) => meet(other, hit)) || inOrder.some((other) => meet(other, hit));
  return {
    passage,
    clauses,
    sentences,
    things: things.filter((thing) => !excused(thing)),
    troubles: troubles.filter((trouble) => !said.some((other) => meet(other, trouble))),
    phrases,
    fine,
  };
}

/** Which clause or sentence each word belongs to. */
function numbered(
  passage: Passage,
  beginnings: readonly Hit[],
  gaps: readonly string[],
): readonly number[] {
  const begins = new Set(beginnings.map(({ from }) => from));
  let number = 0;
  return passage.words.map(({ gap }, index) => {
    if (gaps.includes(gap) || begins.has(index)) number++;
    return number;
  });
}

const WINDOW = 7;
const CLAUSE_COST = 3;

/** A trouble means what it is said of: the things near it in its sentence, else in the one before, else nothing certain. */
function weighTrouble(
  evidence: Evidence,
  reading: Reading,
  trouble: Of<Trouble>,
  factor: number,
): void {
  const near = reading.things
    .filter((thing) => reading.sentences[thing.from] === reading.sentences[trouble.from])
    .map((thing) => ({ thing, distance: distanceOf(reading, thing, trouble) }))
    .filter(({ distance }) => distance <= WINDOW)
    .sort((a, b) => a.distance - b.distance || b.thing.met - a.thing.met);
  const [nearest] = near;
  const spans = spansOf(reading, trouble);
  if (!nearest) {
    const before = reading.things.filter(
      ({ from }) => (reading.sentences[trouble.from] ?? 0) - (reading.sentences[from] ?? 0) <= 2,
    );
    for (const thing of lastKinds(before, trouble))
      evidence.add(meaning(thing.kind, trouble.kind), FAR * factor, spans);
    evidence.add(TROUBLE_ALONE[trouble.kind], factor, spans);
    return;
  }
  const seen = new Set<Thing>();
  for (const { thing, distance } of near) {
    if (seen.has(thing.kind)) continue;
    seen.add(thing.kind);
    const behind = Math.max(0, distance - nearest.distance);
    const weight = (1 - 0.06 * distance) * (behind <= 2 ? 1 : 0.45) * nameFactor(reading, thing);
    evidence.add(meaning(thing.kind, trouble.kind), weight * factor, [
      ...spansOf(reading, thing),
      ...spans,
    ]);
  }
  evidence.add(TROUBLE_ALONE[trouble.kind], 0.5 * factor, spans);
}

const FAR = 0.6;

/** A bare domain or address may be told for any reason; a word for the thing is meant. */
function nameFactor(reading: Reading, thing: Of<Thing>): number {
  const word = reading.passage.words[thing.from]?.word;
  if (thing.to - thing.from > 1) return 1;
  return word === "<address>" ? 0.35 : word === "<domain>" ? 0.7 : 1;
}

/** The last few kinds of things told before (or after) the trouble, latest first. */
function lastKinds(things: readonly Of<Thing>[], trouble: Range): readonly Of<Thing>[] {
  const byCloseness = [...things].sort(
    (a, b) => Math.abs(a.from - trouble.from) - Math.abs(b.from - trouble.from),
  );
  return byCloseness.slice(0, 1);
}

function meaning(thing: Thing, trouble: Trouble): Leaning {
  const row = MEANING[thing];
  return row[trouble] ?? row.any ?? {};
}

/** Words between the two, each clause's end between them counting for some. */
function distanceOf(reading: Reading, thing: Range, trouble: Range): number {
  if (meet(thing, trouble)) return 0;
  const [first, second] = thing.from < trouble.from ? [thing, trouble] : [trouble, thing];
  const clauses = (reading.clauses[second.from] ?? 0) - (reading.clauses[first.to - 1] ?? 0);
  return second.from - first.to + clauses * CLAUSE_COST;
}

function spansOf(reading: Reading, range: Range): readonly Span[] {
  const span = spanOfWords(reading.passage, range);
  return span ? [span] : [];
}

/** A fault that is told plainly outweighs the question or the thanks around it. */
function weighNoFaults(evidence: Evidence): void {
  const fault = evidence.bestFault();
  if (fault >= 0.8)
    for (const symptom of ["howto", "feedback"] as const)
      evidence.doubt(symptom, fault >= 1.1 ? 0.35 : 0.55);
}
