import { DateTime } from "luxon";
import type { Since } from "./extraction.js";
import { type Field, spanOf } from "./field.js";
import type { Lexicon } from "./lexicon.js";
import { type Said, timesSaid } from "./since-grammar.js";
import { type Reading, findMeaning, isAbbreviation, reading } from "./since-tokens.js";
import { type Instants, instantsOf, localTime } from "./since-resolve.js";
import { type ClauseWord, timeTokens, vocabularyOf } from "./since-words.js";

const DAY = 86_400_000;

/** What a time is read against: the report's language, when it came in (epoch ms), and the customer's IANA zone. */
export interface Around {
  readonly lexicon: Lexicon;
  readonly receivedAt: number;
  readonly zone: string;
}

/**
 * Since when, by the words of one field (its own words only, quotations left out): the time that is
 * bound to the trouble, or `null` where none is said. No instant is after the receipt.
 */
export function readSince(field: Field, around: Around): Since | null {
  if (localTime(around.receivedAt, around.zone) === null) return null;
  const vocabulary = vocabularyOf(around.lexicon);
  const text = reading(vocabulary, timeTokens(field.own.text));
  const times = timesSaid(text);
  const clauses = readClauses(text);
  const judged = times.flatMap((said) => judge(text, said, clauses, around));
  const chosen = choose(judged, clauses);
  if (chosen === null) return loggedTime(field, around);
  const worked = workedBefore(judged, chosen, around.receivedAt);
  const first = text.tokens[chosen.said.from];
  const last = text.tokens[chosen.said.to - 1];
  if (first === undefined || last === undefined) return null;
  return {
    ...chosen.instants,
    workedAt: worked,
    span: spanOf(field, { from: first.from, to: last.to }),
  };
}

/** The first time of a pasted log, where nothing else is said: `May 12 07:12:44`, `2026-05-12 07:12:44`. */
function loggedTime(field: Field, around: Around): Since | null {
  const found = LOGGED.exec(field.evidence.text);
  const now = localTime(around.receivedAt, around.zone);
  if (found === null || now === null) return null;
  const { year, month, day, day2, hour, minute, name } = found.groups ?? {};
  const at = DateTime.fromObject(
    {
      year: year === undefined ? now.year : Number(year),
      month: name === undefined ? Number(month) : MONTHS.indexOf(name) + 1,
      day: Number(day ?? day2),
      hour: Number(hour),
      minute: Number(minute),
    },
    { zone: now.zone },
  );
  const from = at.toMillis();
  if (!at.isValid || from > around.receivedAt || around.receivedAt - from > 7 * DAY) return null;
  return {
    from,
    to: from,
    precision: "minute",
    workedAt: null,
    span: spanOf(field, { from: found.index, to: found.index + found[0].length }),
  };
}

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const LOGGED = new RegExp(
  `(?<![\\w-])(?:(?<name>${MONTHS.join("|")}) {1,2}(?<day>\\d{1,2})|(?<year>20\\d\\d)-(?<month>\\d\\d)-(?<day2>\\d\\d))[ t](?<hour>[0-2]\\d):(?<minute>[0-5]\\d):[0-5]\\d(?![.,:]?\\d*[z+-])`,
);

// ── clauses ──────────────────────────────────────────────────────────────────────────────────

/** What the words of one clause or sentence say together. */
interface Together {
  readonly words: ReadonlySet<ClauseWord>;
  /** Words that are not part of any time are counted by the caller. */
  readonly length: number;
}

interface Clauses {
  readonly clauseOf: readonly number[];
  readonly sentenceOf: readonly number[];
  readonly clauses: readonly Together[];
  readonly sentences: readonly Together[];
  readonly whole: Together;
  /** Places of "since then" and its like. */
  readonly pointers: readonly number[];
}

function readClauses(text: Reading): Clauses {
  const clauseOf: number[] = [];
  const sentenceOf: number[] = [];
  const clauses: { words: Set<ClauseWord>; length: number }[] = [];
  const sentences: { words: Set<ClauseWord>; length: number }[] = [];
  const whole = { words: new Set<ClauseWord>(), length: 0 };
  const pointers: number[] = [];
  let newClause = true;
  let newSentence = true;
  text.tokens.forEach((token, at) => {
    const words = clauseWordsAt(text, at);
    if (words.has("join")) newClause = true;
    if (newSentence) {
      sentences.push({ words: new Set(), length: 0 });
      newClause = true;
    }
    if (newClause) clauses.push({ words: new Set(), length: 0 });
    newSentence = newClause = false;
    clauseOf.push(clauses.length - 1);
    sentenceOf.push(sentences.length - 1);
    const around = [clauses.at(-1), sentences.at(-1), whole];
    for (const one of around) {
      if (one === undefined) continue;
      if (token.kind === "word" || token.kind === "number") one.length++;
      for (const word of words) one.words.add(word);
    }
    if (words.has("pointer")) pointers.push(at);
    if (endsSentence(text, at)) newSentence = true;
    else if (token.kind === "sign" && endsClause(text, at)) newClause = true;
  });
  return { clauseOf, sentenceOf, clauses, sentences, whole, pointers };
}

function clauseWordsAt(text: Reading, at: number): ReadonlySet<ClauseWord> {
  const words = new Set<ClauseWord>();
  // "ok." before a time is "about", not "all right".
  if (isAbbreviation(text, at + 1)) return words;
  for (const { meaning } of text.found(at)) if (meaning.is === "clause") words.add(meaning.word);
  const token = text.tokens[at];
  // A refusal by its number: 403, 500, 535, 550.
  if (token?.kind === "number" && !token.opaque && /^[45]\d\d$/.test(token.text))
    words.add("trouble");
  // Nobody counts seconds of what is quick.
  if (token?.kind === "number" && findMeaning(text, at + 1, "unit")?.meaning.unit === "second")
    words.add("trouble");
  return words;
}

function endsSentence(text: Reading, at: number): boolean {
  const token = text.tokens[at];
  if (token === undefined || token.opaque) return false;
  if (token.kind === "line") {
    const next = text.tokens[at + 1];
    // A line that goes on is only broken by the mail program; an empty one, a list or a heading is not.
    return next === undefined || next.kind !== "word" || text.tokens[at - 1]?.text === ",";
  }
  if (token.kind !== "sign" || !/^[.!?;\u2026]$/.test(token.text)) return false;
  if (token.text !== ".") return true;
  const before = text.tokens[at - 1];
  const next = text.tokens[at + 1];
  if (next === undefined) return true;
  if (next.tight && next.kind === "number") return false;
  if (before?.kind === "number" && token.tight)
    return next.kind === "line" || (before.text.length > 2 && !next.tight);
  return !(token.tight && isAbbreviation(text, at));
}

function endsClause(text: Reading, at: number): boolean {
  const token = text.tokens[at];
  if (token === undefined) return false;
  if (/^[,()]$/.test(token.text)) return !(token.tight && text.tokens[at + 1]?.tight === true);
  if (token.text === ":") return text.tokens[at + 1]?.tight !== true;
  return token.text === "-" && !token.tight;
}

// ── what a time is the time of ───────────────────────────────────────────────────────────────

interface Judged {
  readonly said: Said;
  readonly instants: Instants;
  /** How surely it is the beginning; 0 is never. */
  readonly strength: number;
  /** It still worked then. */
  readonly worked: boolean;
  readonly sentence: number;
}

type Relation = "since" | "lasting" | "ago" | "at" | "until" | "bare" | "none";

function relationOf(said: Said): Relation {
  const has = (marker: Parameters<typeof said.markers.has>[0]): boolean => said.markers.has(marker);
  if (has("void")) return "none";
  if (said.length !== null) {
    if (has("lasting") || (has("since") && !has("until"))) return "lasting";
    if (has("ago")) return has("until") ? "until" : "ago";
    return has("after") ||
      has("until") ||
      (has("at") && !has("about")) ||
      has("during") ||
      has("before")
      ? "none"
      : "bare";
  }
  if (has("since")) return "since";
  if (has("between")) return "at";
  if (has("until")) return said.range ? "at" : "until";
  if (said.lately) return "since";
  if (said.anchor !== null) return "at";
  if (said.whole) return "since";
  return "at";
}

function judge(text: Reading, said: Said, clauses: Clauses, around: Around): readonly Judged[] {
  const relation = relationOf(said);
  if (relation === "none") return [];
  const sentence = clauses.sentenceOf[said.from] ?? 0;
  const first = clauses.clauses[clauses.clauseOf[said.from] ?? 0];
  const last = clauses.clauses[clauses.clauseOf[said.to - 1] ?? 0];
  const whole = clauses.sentences[sentence];
  if (first === undefined || last === undefined || whole === undefined) return [];
  const how = relation === "until" || relation === "bare" ? "at" : relation;
  const instants = instantsOf(said, how, around.receivedAt, around.zone);
  if (instants === null) return [];
  const judged = (strength: number, changed: Partial<Judged> = {}): readonly Judged[] => [
    { said, instants, strength, worked: false, sentence, ...changed },
  ];

  const clause = (word: ClauseWord): boolean => first.words.has(word) || last.words.has(word);
  const trouble = clause("trouble");
  const fine = clause("works") && !trouble;
  // "It asks for the password again and again and we cannot open it" has another word of trouble near.
  const recovered = fine && (clause("again") || !whole.words.has("trouble"));
  const anywhere =
    clauses.whole.words.has("trouble") || clauses.whole.length <= said.to - said.from + 5;
  const age = instants.from === null ? 0 : around.receivedAt - instants.from;

  // "until noon it worked", "in the morning it was still fine"
  if (relation === "until") {
    if (!clause("works") && !clause("still")) return [];
    return judged(trouble && !clause("still") ? 3.6 : 4.2, { worked: true });
  }
  if (clause("works") && clause("still") && relation !== "since")
    return judged(0.5, { worked: true });
  if (fine && relation === "at" && (said.day !== null || said.part !== null || said.clock !== null))
    return judged(0.5, { worked: true });

  // "We are here from 8 to 16, mail does not work."
  if (said.range && said.clock !== null && !trouble) return [];

  if (relation === "since" || relation === "lasting") {
    if ((recovered && !clause("onset")) || (clause("other") && !trouble)) return [];
    // "for two hours" and "since this morning" are said of little else than faults, "for two years" is.
    if (age > (trouble ? 400 : anywhere ? 100 : 1.5) * DAY) return [];
    if (instants.precision === "vague") return judged(4.4);
    return judged(relation === "since" ? 5 : 4.6);
  }
  if (relation === "bare")
    return standsApart(text, said, clauses) || (trouble && endsClauseRoughly(text, said, clauses))
      ? judged(4)
      : [];

  // A moment that no word calls the beginning.
  if (clause("contact")) {
    // Who wrote yesterday had it yesterday; who wrote this morning may have had it for days.
    const days = said.day?.is === "back" && said.day.days > 0 && said.clock === null;
    return judged(1, days ? {} : { instants: { ...instants, from: null, precision: "vague" } });
  }
  const { clock, part, day, length } = said;
  const dayOnly = clock === null && part === null && length === null;
  if (
    fine ||
    (clause("other") && !trouble && !clause("onset")) ||
    (dayOnly && whole.words.has("other"))
  )
    return [];
  if (age > 31 * DAY) return [];
  if (clause("still") && dayOnly && day?.is === "back" && day.days === 0) return [];
  if (clause("onset")) return judged(anywhere ? 4.8 : 3.5);
  if (!anywhere) return judged(0.2);
  const strength = length !== null ? 3.3 : clock !== null ? 3.2 : part !== null ? 3 : 2.6;
  if (whole.words.has("onset") && !dayOnly) return judged(3.9);
  if (whole.words.has("trouble")) return judged(strength);
  if (whole.words.has("changed") && !dayOnly) return judged(strength - 1);
  if (clause("changed")) return judged(strength - 1);
  const fragment =
    first.length <= said.to - said.from + 3 && whole.length <= said.to - said.from + 5;
  return judged(fragment && !dayOnly ? strength - 1 : 0.2);
}

/** "Ca. 15 minutes." – a span that is a clause of its own, as phone notes have it, or ends one. */
function standsApart(text: Reading, said: Said, clauses: Clauses): boolean {
  const clause = clauses.clauseOf[said.from];
  const before = clauses.clauseOf[said.from - 1];
  const after = clauses.clauseOf[said.to];
  const next = text.tokens[said.to];
  const ends =
    after === undefined || after !== clause || next?.kind === "sign" || next?.kind === "line";
  const begins = before === undefined || before !== clause;
  // "Three hours without mail"
  const without = text
    .found(said.to)
    .some(({ meaning }) => meaning.is === "clause" && meaning.word === "trouble");
  return begins && (ends || without);
}

/** "Has been down about an hour": roughly said and the last words of what is wrong; a few minutes may be how slow it is. */
function endsClauseRoughly(text: Reading, said: Said, clauses: Clauses): boolean {
  const { length } = said;
  if (length === null || length.minutes < 10 || !said.markers.has("about")) return false;
  const next = text.tokens[said.to];
  return (
    next === undefined ||
    next.kind === "sign" ||
    next.kind === "line" ||
    clauses.clauseOf[said.to] !== clauses.clauseOf[said.from]
  );
}

/** The surest; of equals the first. A word such as "since then" makes the moment that it points to a sure one. */
function choose(judged: readonly Judged[], clauses: Clauses): Judged | null {
  const pointed = new Set<Judged>();
  for (const pointer of clauses.pointers) {
    const sentence = clauses.sentenceOf[pointer] ?? 0;
    const before = judged.filter(
      (one) => one.strength > 0.4 && one.said.to <= pointer && sentence - one.sentence <= 1,
    );
    const after = judged.find(
      (one) => one.strength > 0.4 && one.said.from >= pointer && one.sentence === sentence,
    );
    const near = before.filter((one) => one.sentence === sentence).at(-1) ?? after ?? before.at(-1);
    if (near !== undefined) pointed.add(near);
  }
  let best: Judged | null = null;
  for (const one of judged) {
    const strength = strengthOf(one, pointed);
    if (strength > 0.9 && (best === null || strength > strengthOf(best, pointed))) best = one;
  }
  if (best !== null) return best;
  const worked = judged.filter((one) => one.worked).at(-1);
  if (worked === undefined) return null;
  // "It takes a minute today. Yesterday evening it was still quick."
  const later = judged.find(
    (one) =>
      !one.worked && one.strength > 0 && (one.instants.from ?? 0) > (worked.instants.from ?? 0),
  );
  return later ?? workedUntil(worked);
}

function strengthOf(one: Judged, pointed: ReadonlySet<Judged>): number {
  return pointed.has(one) && one.strength < 4.7 && one.instants.from !== null ? 4.7 : one.strength;
}

/** Only that it still worked is said: of yesterday as a whole that means since today, of an hour no more than that. */
function workedUntil(one: Judged): Judged {
  const { said, instants } = one;
  // "Ten minutes ago it still worked" leaves no more than these ten minutes.
  if (said.length !== null && said.length.minutes <= 60) return one;
  const yesterday =
    said.day?.is === "back" && said.day.days === 1 && said.part === null && said.clock === null;
  return {
    ...one,
    instants: yesterday
      ? { from: instants.to, to: instants.to, precision: "day" }
      : { from: null, to: instants.to, precision: "vague" },
  };
}

function workedBefore(
  judged: readonly Judged[],
  chosen: Judged,
  receivedAt: number,
): number | null {
  const limit = chosen.instants.to ?? receivedAt;
  let latest: number | null = null;
  for (const one of judged) {
    const at = one.instants.from;
    if (one.worked && at !== null && at <= limit && (latest === null || at > latest)) latest = at;
  }
  if (latest === null && chosen.worked) return null;
  return latest;
}
