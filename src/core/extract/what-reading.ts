import { type Symptom, SYMPTOMS } from "./extraction.js";
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
import type { Passage } from "./passage.js";
import { compile, findHits, type Hit, type Matcher, meet } from "./patterns.js";
import { NO_FAULTS } from "./what-table.js";

/** A thing, trouble or saying at the words `[from, to)`. */
export interface Of<Kind> extends Range {
  readonly kind: Kind;
  /** How many words of the pattern were met. */
  readonly met: number;
}

/** What a passage says of things and troubles, before it is weighed. */
export interface Reading {
  readonly passage: Passage;
  /** The number of the clause and of the sentence that each word stands in. */
  readonly clauses: readonly number[];
  readonly sentences: readonly number[];
  readonly things: readonly Of<Thing>[];
  readonly troubles: readonly Of<Trouble>[];
  readonly phrases: readonly Of<Symptom>[];
  /** Claims for compensation. */
  readonly claims: readonly Range[];
  /** "Only on my phone" */
  readonly devices: readonly Range[];
  /** "I read about the outage" */
  readonly asks: readonly Range[];
  /** "Please", "I should like" */
  readonly requests: readonly Range[];
  /** Things that are said to be in order; they are not among `things` there. */
  readonly fine: readonly Of<Thing>[];
}

const matchers = new WeakMap<Lexicon, Matcher>();

function matcherOf(lexicon: Lexicon): Matcher {
  const before = matchers.get(lexicon);
  if (before) return before;
  const { what } = lexicon;
  const lists: Record<string, readonly Pattern[]> = {
    works: what.works,
    but: what.but,
    not: what.not,
    claim: lexicon.cues.compensation,
    device: lexicon.cues["one-device"],
    asks: lexicon.cues["asks-about"],
    request: lexicon.cues.request,
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
  for (const symptom of SYMPTOMS)
    lists[`phrase ${symptom}`] = [
      ...(what.phrases[symptom] ?? []),
      ...(INTERNATIONAL.phrases[symptom] ?? []),
    ];
  const made = compile(lists, what.not);
  matchers.set(lexicon, made);
  return made;
}

/** Looks for all words of the lexicon, and takes away what is denied or in order. */
export function readPassage(passage: Passage, lexicon: Lexicon): Reading {
  const hits = findHits(passage, matcherOf(lexicon));
  const labelled = (label: string) => hits.filter((hit) => hit.label === label);
  const of = <Kind extends string>(group: string, kinds: readonly Kind[]): Of<Kind>[] =>
    kinds.flatMap((kind) =>
      labelled(`${group} ${kind}`).map(({ from, to, met }) => ({ kind, from, to, met })),
    );
  const clauses = numbered(passage, labelled("but"), ["clause", "sentence"]);
  const denials = labelled("not").map(({ from }) => from);
  const deniedIn = (from: number, to: number, clause: number | undefined) =>
    denials.some((at) => at >= from && at < to && clauses[at] === clause);

  const named = of("thing", THINGS);
  /** "The site opens for hours now *not*": up to the next thing in the clause. */
  const deniedAfter = (to: number): boolean => {
    const clause = clauses[to - 1];
    for (let at = to, reach = 0; reach < DENIED_AFTER && clauses[at] === clause; at++) {
      if (named.some(({ from }) => from === at)) return false;
      if (denials.includes(at)) return true;
      if (!passage.words[at]?.passing) reach++;
    }
    return false;
  };
  const faults = of("trouble", TROUBLES).filter(
    ({ kind, from }) => SURE_FAULTS.has(kind) && !deniedIn(from - 2, from, clauses[from]),
  );
  const said = of("fine", THINGS).filter(
    ({ from, to }) =>
      !faults.some((fault) => fault.from > from && fault.to < to) &&
      !deniedIn(from - 2, from, clauses[from]) &&
      !deniedIn(from + 1, to + 1, clauses[to - 1]) &&
      !deniedAfter(to),
  );
  const pages = named.filter(({ kind, from, to }) => PAGES.has(kind) && to - from <= PAGE_WORDS);
  const things = named.filter(
    ({ kind, from, to }) =>
      (!DENIABLE_THINGS.has(kind) || !deniedIn(from - 2, from, clauses[from])) &&
      !pages.some((page) => page.from <= from && page.to >= to && page.to - page.from > to - from),
  );
  const troubles = of("trouble", TROUBLES)
    .filter(({ kind, from }) => !DENIABLE.has(kind) || !deniedIn(from - 2, from, clauses[from]))
    .filter((trouble) => !said.some((other) => meet(other, trouble)));
  const working = labelled("works").filter(
    ({ from, to }) =>
      !deniedIn(from - 4, to + 2, clauses[from]) &&
      !deniedAfter(to) &&
      !troubles.some((trouble) => clauses[trouble.from] === clauses[from]),
  );
  const inOrder = working.flatMap((hit) =>
    things.filter(
      (thing) =>
        clauses[thing.from] === clauses[hit.from] &&
        Math.abs(thing.from - hit.from) <= WORKS_REACH &&
        !NEVER_IN_ORDER.has(thing.kind),
    ),
  );
  const excused = [...said, ...inOrder];
  return {
    passage,
    clauses,
    sentences: numbered(passage, [], ["sentence"]),
    things: things.filter((thing) => !excused.some((other) => meet(other, thing))),
    troubles,
    phrases: of("phrase", SYMPTOMS).filter(
      (phrase) =>
        NO_FAULTS.has(phrase.kind) ||
        !said.some((other) => meet(other, phrase) && other.met >= phrase.met),
    ),
    claims: labelled("claim"),
    devices: labelled("device"),
    asks: labelled("asks"),
    requests: labelled("request"),
    fine: excused,
  };
}

const WORKS_REACH = 7;
const DENIED_AFTER = 6;
/** Troubles that a denial before them takes away: "no bounce", "nothing was blocked". */
const DENIABLE: ReadonlySet<Trouble> = new Set([
  "error",
  "bounced",
  "misfiled",
  "expired",
  "blocked",
  "full",
  "hacked",
  "flood",
  "broken",
  "insecure",
]);
/** Names of ours that are made of others: "mail" in "web mail page", "customers' site". */
const PAGE_WORDS = 3;
const PAGES: ReadonlySet<Thing> = new Set(["webmail", "panel"]);
/** What reads "database *error* can be read on the page" is not in order. */
const SURE_FAULTS: ReadonlySet<Trouble> = new Set(["error", "expired", "hacked", "forbidden"]);
const DENIABLE_THINGS: ReadonlySet<Thing> = new Set(["spam", "blocklist"]);
/** "It works" is not said of these. */
const NEVER_IN_ORDER: ReadonlySet<Thing> = new Set(["spam", "blocklist", "invoice", "quota"]);

/** Which clause or sentence each word belongs to. */
function numbered(
  passage: Passage,
  beginnings: readonly Hit[],
  gaps: readonly string[],
): readonly number[] {
  const begins = new Set(beginnings.map(({ from }) => from));
  let number = 0;
  return passage.words.map(({ gap, passing }, index) => {
    if (gaps.includes(gap) || (begins.has(index) && !passing)) number++;
    return number;
  });
}
