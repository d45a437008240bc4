import { type Span, type Symptom, type SymptomGuess, SYMPTOMS } from "./extraction.js";
import { type Field, spanOf } from "./field.js";
import type { Range } from "./fold.js";
import type { Lexicon, Thing, Trouble } from "./lexicon.js";
import { type CodeHit, findCodes } from "./machine-words.js";
import { passageOf, spanOfWords } from "./passage.js";
import { meet } from "./patterns.js";
import { Evidence } from "./what-evidence.js";
import { type Of, readPassage, type Reading } from "./what-reading.js";
import {
  IN_ORDER,
  type Leaning,
  MEANING,
  NO_FAULTS,
  THING_ALONE,
  TROUBLE_ALONE,
} from "./what-table.js";

/** Below this nothing much was understood. */
const LITTLE = 0.5;
const QUOTED = 0.6;
const FOREIGN = 0.6;
const CLAIMED = 1.4;
/** Who says more repeats it. */
const MOST_TROUBLES = 60;

/**
 * What is wrong, as likely meanings that sum to 1, best first, never empty. `lexicon` is the language's;
 * `others` are asked with less weight when it finds next to nothing; `passing` are times and names
 * that only stand in between.
 */
export function readSymptoms(
  fields: readonly Field[],
  lexicon: Lexicon,
  others: readonly Lexicon[] = [],
  passing: readonly Span[] = [],
): readonly SymptomGuess[] {
  const evidence = new Evidence();
  const own = readPassage(passageOf(fields, "own", passing), lexicon);
  weighWords(evidence, own, 1);
  weighCodes(evidence, findCodes(fields, "evidence"), 1);
  if (evidence.best() < LITTLE) {
    weighCodes(evidence, findCodes(fields, "whole"), QUOTED);
    weighWords(evidence, readPassage(passageOf(fields, "whole"), lexicon), QUOTED);
  }
  for (const other of others)
    if (evidence.best() < LITTLE)
      weighWords(evidence, readPassage(passageOf(fields, "own"), other), FOREIGN);
  preferTheSpecial(evidence, own);
  concludeFromLittle(evidence, own, fields);
  return evidence.guesses();
}

/** "Receiving works", and nothing said of what does not: it is the other way. */
const OTHER_WAY: ReadonlyMap<Thing, Leaning> = new Map<Thing, Leaning>([
  ["incoming", { "mail.send": 0.7 }],
  ["outgoing", { "mail.receive": 0.5, "mail.login": 0.35 }],
]);
const ASKED = 0.55;
/** Who names a thing and nothing that is wrong with it wants something of it. */
const NAMED_ONLY = 0.2;

/** What is likely where no fault is told in words that are known. */
function concludeFromLittle(evidence: Evidence, reading: Reading, fields: readonly Field[]): void {
  if (reading.troubles.some(({ kind }) => !VAGUE.has(kind))) return;
  const fault = evidence.bestFault();
  if (fault < LITTLE)
    for (const { kind, from, to } of reading.fine) {
      const other = OTHER_WAY.get(kind);
      if (other && !reading.fine.some((also) => also.kind !== kind && OTHER_WAY.has(also.kind)))
        evidence.add(other, 1, spansOf(reading, { from, to }), true);
    }
  const isFaultless =
    reading.troubles.length === 0 &&
    reading.fine.length === 0 &&
    reading.phrases.every(({ kind }) => NO_FAULTS.has(kind)) &&
    fault < LITTLE;
  if (!isFaultless) return;
  const asks =
    reading.requests.length > 0 ||
    fields.some(({ own }) => /[^\s?]\?(?!\S{0,40}[=&])/.test(own.text));
  evidence.add(
    { howto: asks ? ASKED : NAMED_ONLY },
    1,
    reading.things.flatMap((thing) => spansOf(reading, thing)),
  );
}
/** They say that something failed, not what. */
const VAGUE: ReadonlySet<Trouble> = new Set(["error", "login", "password", "down"]);

/** The same for all languages: what a report is about besides what customers usually have trouble with. */
const UNCOMMON: readonly Thing[] = ["cron"];

/** Names of uncommon things that a report is about, by which those in several languages are alike. */
export function uncommonThings(fields: readonly Field[], lexicon: Lexicon): readonly string[] {
  const { things } = readPassage(passageOf(fields, "own"), lexicon);
  return UNCOMMON.filter((thing) => things.some(({ kind }) => kind === thing));
}

function weighCodes(evidence: Evidence, codes: readonly CodeHit[], factor: number): void {
  for (const code of codes) evidence.add(code.leaning, factor, [spanOf(code.field, code)], true);
}

function weighWords(evidence: Evidence, reading: Reading, factor: number): void {
  for (const thing of reading.things)
    evidence.add(THING_ALONE[thing.kind], factor, spansOf(reading, thing));
  for (const trouble of reading.troubles.slice(0, MOST_TROUBLES))
    weighTrouble(evidence, reading, trouble, factor);
  for (const phrase of reading.phrases)
    evidence.add(
      { [phrase.kind]: 0.85 + 0.1 * Math.min(phrase.met, 4) },
      factor,
      spansOf(reading, phrase),
      true,
    );
  for (const claim of reading.claims)
    evidence.add({ billing: CLAIMED }, factor, spansOf(reading, claim), true);
  for (const { kind } of reading.fine)
    for (const [symptom, doubt] of IN_ORDER.get(kind) ?? []) evidence.doubt(symptom, doubt);
}

// ── a trouble and its thing ──────────────────────────────────────────────────────────────────

const WINDOW = 7;
const CLAUSE_COST = 3;
/** Of a thing in a sentence before, and of one that only the subject names. */
const FAR = 0.6;
/** "Neither site nor mail": the site stands for all. */
const BESIDE_THE_SITE = 0.6;
const ALL_GONE: ReadonlySet<Trouble> = new Set(["down", "unreachable", "unreceived", "missing"]);
const TOPIC = 0.35;
/** What else is in order says nothing against these: "mail arrives, but its attachments are gone". */
const FIRM: ReadonlySet<Thing> = new Set(["form", "attachment"]);

/** A trouble means what it is said of: the things near it in its sentence, else in those before, else nothing certain. */
function weighTrouble(
  evidence: Evidence,
  reading: Reading,
  trouble: Of<Trouble>,
  factor: number,
): void {
  const spans = spansOf(reading, trouble);
  const near = thingsNear(reading, trouble);
  const told = new Set<Thing>();
  const tell = (thing: Of<Thing>, weight: number) => {
    if (told.has(thing.kind)) return;
    told.add(thing.kind);
    evidence.add(
      meaningOf(reading, isRunOut(reading, thing, trouble) ? "domain" : thing.kind, trouble.kind),
      weight * nameFactor(reading, thing) * factor,
      [...spansOf(reading, thing), ...spans],
      FIRM.has(thing.kind),
    );
  };
  // A password that is to be found again is in no backup.
  if (
    trouble.kind === "restore" &&
    reading.troubles.some(({ kind }) => kind === "password") &&
    !reading.things.some(({ kind }) => kind === "backup")
  ) {
    evidence.add({ howto: 0.6, "mail.login": 0.2 }, factor, spans);
    return;
  }
  const [nearest] = near;
  const isAll = ALL_GONE.has(trouble.kind) && near.some(({ thing }) => thing.kind === "site");
  for (const { thing, distance } of near) {
    const behind = distance - (nearest?.distance ?? 0);
    const weight = (1 - 0.06 * distance) * (behind <= 2 ? 1 : 0.45);
    tell(thing, isAll && thing.kind !== "site" ? weight * BESIDE_THE_SITE : weight);
  }
  if (isAll && near.some(({ thing }) => MAIL.has(thing.kind)))
    evidence.add({ "web.down": 1 }, factor, spans);
  const [before] = nearest ? [] : thingsBefore(reading, trouble);
  if (before) tell(before, FAR);
  for (const topic of reading.things.filter((thing) => inSubject(reading, thing)))
    if (!inSubject(reading, trouble)) tell(topic, TOPIC);
  evidence.add(TROUBLE_ALONE[trouble.kind], (nearest ? 0.5 : 1) * factor, spans);
}

/** Things in the trouble's sentence, nearest first; bare names only where no word says what is meant. */
function thingsNear(
  reading: Reading,
  trouble: Of<Trouble>,
): readonly { readonly thing: Of<Thing>; readonly distance: number }[] {
  const near = reading.things
    .filter((thing) => reading.sentences[thing.from] === reading.sentences[trouble.from])
    .map((thing) => ({ thing, distance: distanceOf(reading, thing, trouble) }))
    .filter(({ distance }) => distance <= WINDOW)
    .sort((a, b) => a.distance - b.distance || b.thing.met - a.thing.met);
  const words = near.filter(({ thing }) => !isName(reading, thing));
  const meant = words.length > 0 ? words : near;
  const general = new Set(meant.flatMap(({ thing }) => MORE_SPECIAL.get(thing.kind) ?? []));
  return meant.filter(({ thing }) => !general.has(thing.kind));
}

/** Beside these, those say only where: "nothing comes from our site's form". */
const MORE_SPECIAL: ReadonlyMap<Thing, readonly Thing[]> = new Map<Thing, readonly Thing[]>([
  ["form", ["site", "cms"]],
  ["panel", ["site", "server"]],
  ["webmail", ["site", "server"]],
  ["certificate", ["site", "webmail"]],
  ["database", ["site", "server"]],
  ["cron", ["server", "site"]],
  ["outgoing", ["mail", "server"]],
  ["incoming", ["mail", "server"]],
  ["mailbox", ["server"]],
]);

/** The things of the last two sentences, nearest first. */
function thingsBefore(reading: Reading, trouble: Range): readonly Of<Thing>[] {
  const sentence = reading.sentences[trouble.from] ?? 0;
  return reading.things
    .filter(({ from }) => Math.abs(sentence - (reading.sentences[from] ?? 0)) <= 2)
    .sort((a, b) => Math.abs(a.from - trouble.from) - Math.abs(b.from - trouble.from));
}

const inSubject = (reading: Reading, { from }: Range) =>
  reading.passage.words[from]?.field.field === "subject";

function wordAt(reading: Reading, { from }: Range): string {
  return reading.passage.words[from]?.word ?? "";
}

const isName = (reading: Reading, thing: Of<Thing>) =>
  thing.to - thing.from === 1 && wordAt(reading, thing).startsWith("<");

/** A bare domain or address may be told for any reason; a word for the thing is meant. */
function nameFactor(reading: Reading, thing: Of<Thing>): number {
  if (!isName(reading, thing)) return 1;
  return wordAt(reading, thing) === "<address>" ? 0.45 : 0.7;
}

const MAIL: ReadonlySet<Thing> = new Set(["mail", "mailbox", "outgoing", "incoming", "webmail"]);
const WEB: ReadonlySet<Thing> = new Set(["site", "cms", "form"]);

function meaningOf(reading: Reading, thing: Thing, trouble: Trouble): Leaning {
  // "The server does not answer" is said of what the report is about.
  const ofMail =
    thing === "server" &&
    reading.things.some(({ kind }) => MAIL.has(kind)) &&
    !reading.things.some(({ kind }) => WEB.has(kind));
  const row = MEANING[ofMail ? "mailbox" : thing];
  return row[trouble] ?? row.any ?? {};
}

/** "shop.example runs out" is said of the name. */
const isRunOut = (reading: Reading, thing: Of<Thing>, trouble: Of<Trouble>): boolean =>
  trouble.kind === "expired" &&
  thing.kind === "site" &&
  isName(reading, thing) &&
  !reading.things.some(({ kind }) => kind === "certificate");

/** Words between the two, each clause's end between them counting for some. */
const INSIDE: ReadonlyMap<Trouble, number> = new Map([
  ["error", 5],
  ["notfound", 5],
]);

function distanceOf(reading: Reading, thing: Range, trouble: Of<Trouble>): number {
  // The page of "a white page" is not what the report is about.
  if (meet(thing, trouble)) return INSIDE.get(trouble.kind) ?? 0;
  const [first, second] = thing.from < trouble.from ? [thing, trouble] : [trouble, thing];
  const clauses = (reading.clauses[second.from] ?? 0) - (reading.clauses[first.to - 1] ?? 0);
  return second.from - first.to + clauses * CLAUSE_COST;
}

function spansOf(reading: Reading, range: Range): readonly Span[] {
  const span = spanOfWords(reading.passage, range);
  return span ? [span] : [];
}

// ── the special before the general ───────────────────────────────────────────────────────────

const PLAIN = 0.8;
const CERTAIN = 1.1;
const DEVICE = 0.5;
const PAGES_OF_OURS: ReadonlyMap<Thing, Symptom> = new Map<Thing, Symptom>([
  ["panel", "panel.login"],
  ["webmail", "mail.webmail"],
]);
const SHUT: ReadonlySet<Trouble> = new Set(["down", "unreachable", "login"]);
const WEB_ERRORS: readonly Symptom[] = ["web.error5xx", "web.error4xx", "web.down"];

function preferTheSpecial(evidence: Evidence, reading: Reading): void {
  const plain = (symptom: Symptom) => evidence.score(symptom) >= PLAIN;
  const database = reading.things.find(({ kind }) => kind === "database");
  if (database && plain("web.error5xx")) {
    evidence.add({ database: 1.6 }, 1, spansOf(reading, database));
    evidence.outdo("web.error5xx", 0.7);
  }
  const ours = reading.things.filter(({ kind }) => PAGES_OF_OURS.has(kind));
  // The page of "webmail page" and of "error page" is no site of the customer's.
  const sites = reading.things.some(
    (thing) =>
      WEB.has(thing.kind) &&
      !isName(reading, thing) &&
      !ours.some((page) => meet(page, thing)) &&
      !reading.troubles.some((trouble) => INSIDE.has(trouble.kind) && meet(trouble, thing)),
  );
  if (!sites && WEB_ERRORS.some(plain))
    for (const { kind, from, to } of ours) {
      const special = PAGES_OF_OURS.get(kind);
      if (special) evidence.add({ [special]: 1.5 }, 1, spansOf(reading, { from, to }), true);
    }
  for (const special of ["panel.login", "mail.webmail", "ftp"] as const)
    if (plain(special) && !(special === "ftp" && sites && plain("web.down")))
      for (const general of WEB_ERRORS) evidence.outdo(general, 0.6);
  // "The sites are down, and FTP as well."
  if (plain("ftp") && sites && plain("web.down")) evidence.outdo("ftp", 0.6);
  // "The panel does not answer, I wanted my invoice."
  const isShut = reading.troubles.some(({ kind }) => SHUT.has(kind));
  if (isShut && ours.some(({ kind }) => kind === "panel") && plain("panel.login"))
    evidence.outdo("billing", 0.5);
  // What cannot reach its server gets nothing from it either.
  const isCutOff =
    !sites &&
    reading.troubles.some(({ kind }) => kind === "unreachable") &&
    reading.things.some(({ kind }) => kind === "mailbox" || kind === "server");
  if (isCutOff && plain("mail.login")) evidence.outdo("mail.receive", 0.6);
  const programs = reading.things.some(({ kind }) => kind === "mailbox");
  if (plain("mail.webmail") && plain("mail.login"))
    evidence.outdo(programs ? "mail.webmail" : "mail.login", 0.75);
  // What a site answers with is more than that it is down.
  if (evidence.score("web.error5xx") >= CERTAIN) evidence.outdo("web.down", 0.6);
  if (plain("tls"))
    for (const other of ["mail.webmail", "web.down"] as const) evidence.outdo(other, 0.6);
  // Mail that one device alone does not get is a mailbox that it does not open.
  const [device] = reading.devices;
  if (device && reading.troubles.length > 0 && reading.things.some(({ kind }) => MAIL.has(kind)))
    evidence.add({ "mail.login": DEVICE }, 1, spansOf(reading, device));
  // "I read about the outage, ours works" is no report of one.
  const [asks] = reading.asks;
  const isOnlyRead =
    asks !== undefined &&
    reading.troubles.length > 0 &&
    reading.troubles.every((trouble) => reading.asks.some((passage) => meet(passage, trouble)));
  if (asks && (isOnlyRead || (reading.fine.length > 0 && evidence.bestFault() < CERTAIN))) {
    evidence.add({ feedback: 0.7, howto: 0.5 }, 1, spansOf(reading, asks));
    for (const symptom of SYMPTOMS) if (!NO_FAULTS.has(symptom)) evidence.outdo(symptom, 0.5);
  }
  // Who claims compensation tells of a fault that is over.
  if (reading.claims.length > 0)
    for (const symptom of SYMPTOMS) if (!NO_FAULTS.has(symptom)) evidence.outdo(symptom, 0.75);
  // A fault that is told plainly outweighs the question or the thanks around it.
  const fault = evidence.bestFault();
  for (const symptom of ["howto", "feedback"] as const)
    if (fault >= PLAIN) evidence.outdo(symptom, fault >= CERTAIN ? 0.35 : 0.55);
  for (const special of ["billing", "domain", "backup"] as const)
    if (plain(special)) evidence.outdo("howto", 0.6);
}
