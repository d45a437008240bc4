import type { Directory } from "../directory.js";
import type { Extraction } from "../extract/extraction.js";
import { isSameWriter, meantBy, type Comparison } from "./evidence.js";
import { subjectsOf } from "./sender.js";
import { faultMass, likeness } from "./symptoms.js";
import type { Scored } from "./score.js";
import type { Earlier } from "./verdict.js";

const LONGEST_MS = 72 * 3_600_000;
/** How alike two reports must be that name no common incident. */
const ALIKE = 0.5;
/** As much less where the customer says that they wrote before. */
const ALIKE_SAID = 0.2;
/** From here on a report is taken to be about that incident. */
const LIKELY = 0.5;

/**
 * The first report of the chain that this one repeats: of the same account (or writer), about the
 * same incident, or alike in its symptoms; `null` where it is a trouble of its own. A claim for
 * compensation is no repetition, and an agency's reports for different customers are not one.
 */
export function duplicateOf(compared: Comparison, scored: readonly Scored[]): string | null {
  const { report, extraction, accountId, earlier, directory } = compared;
  if (extraction.cues.some(({ cue }) => cue === "compensation")) return null;
  const said = extraction.cues.some(({ cue }) => cue === "wrote-before");
  const mine = named(extraction, directory);
  let found: { readonly one: Earlier; readonly score: number } | null = null;
  for (const one of earlier) {
    const age = report.receivedAt - one.receivedAt;
    if (age < 0 || age > LONGEST_MS || !isSameWriter(one, accountId, report.from)) continue;
    if (areDisjoint(mine, named(one.extraction, directory))) continue;
    if (!said && beganAfter(one, compared)) continue;
    const score = sameness(one, compared, scored, said);
    if (score > 0 && (!found || score >= found.score)) found = { one, score };
  }
  const one = found?.one ?? followedBy(compared);
  return one === null ? null : (one.duplicateOf ?? one.id);
}

const FOLLOWS_MS = 24 * 3_600_000;
/** Who writes more says what it is about. */
const SHORT = 160;

/**
 * The same writer's last report of a fault, where this one says too little to be of anything else:
 * "Still nothing!", "Is anybody there?", "Mine is all right now".
 */
export function followedBy({
  report,
  extraction,
  accountId,
  earlier,
}: Pick<Comparison, "report" | "extraction" | "accountId" | "earlier">): Earlier | null {
  const said = extraction.cues.some(({ cue }) => cue === "wrote-before");
  const says = extraction.symptoms.some(({ spans }) => spans.length > 0);
  const names = extraction.mentions.some(({ aside }) => !aside);
  if (report.text.length > SHORT || (says && !(said && faultMass(extraction) < 0.5))) return null;
  if (names) return null;
  let last: Earlier | null = null;
  for (const one of earlier) {
    const age = report.receivedAt - one.receivedAt;
    if (age < 0 || age > (said ? LONGEST_MS : FOLLOWS_MS)) continue;
    if (!isSameWriter(one, accountId, report.from) || faultMass(one.extraction) < 0.5) continue;
    if (!last || one.receivedAt >= last.receivedAt) last = one;
  }
  return last;
}

/** 0 where they are two matters, else how sure it is that they are one. */
function sameness(
  one: Earlier,
  { report, extraction }: Comparison,
  scored: readonly Scored[],
  said: boolean,
): number {
  if (Math.min(faultMass(extraction), faultMass(one.extraction)) < 0.3 && !said) return 0;
  const theirs = one.linkedTo ?? one.resembles;
  const alike = likeness(one.extraction, extraction);
  const [best] = scored;
  if (best && best.p >= LIKELY && theirs !== null) {
    if (theirs === best.known.id) return best.p + alike;
    if (one.linkedTo !== null) return 0;
  }
  const linked = scored.find(({ known }) => known.id === one.linkedTo);
  const isOver =
    linked && linked.known.endedAt !== null && linked.known.endedAt <= report.receivedAt;
  // What they wrote of is over, and this is not it.
  if (isOver && linked.p < LIKELY && !said) return 0;
  return alike >= (said ? ALIKE_SAID : ALIKE) ? alike : 0;
}

/** The trouble told of began only after that report. */
function beganAfter(one: Earlier, { report, extraction }: Comparison): boolean {
  const meant = extraction.since && meantBy(extraction.since, report.receivedAt);
  return meant !== null && meant[0] > one.receivedAt;
}

/** Accounts whose domains a report names. */
const named = (extraction: Extraction, directory: Directory): ReadonlySet<string> =>
  new Set(subjectsOf(extraction, null, directory).map(({ account }) => account.id));

function areDisjoint(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  if (one.size === 0 || other.size === 0) return false;
  for (const id of one) if (other.has(id)) return false;
  return true;
}
