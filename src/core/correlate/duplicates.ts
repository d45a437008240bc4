import type { Directory } from "../directory.js";
import type { Extraction } from "../extract/extraction.js";
import { isSameWriter, type Comparison } from "./evidence.js";
import { subjectsOf } from "./sender.js";
import { faultMass, likeness } from "./symptoms.js";
import type { Scored } from "./score.js";
import type { Earlier } from "./verdict.js";

const LONGEST_MS = 72 * 3_600_000;
/** How alike two reports must be that name no common incident. */
const ALIKE = 0.5;
/** As much less where the customer says that they wrote before. */
const ALIKE_SAID = 0.2;

/**
 * The first report of the chain that this one repeats: of the same account (or writer), about the
 * same incident, or alike in its symptoms; `null` where it is a trouble of its own. A claim for
 * compensation is no repetition, and an agency's reports for different customers are not one.
 */
export function duplicateOf(compared: Comparison, best: Scored | null): string | null {
  const { report, extraction, accountId, earlier, directory } = compared;
  if (extraction.cues.some(({ cue }) => cue === "compensation")) return null;
  const said = extraction.cues.some(({ cue }) => cue === "wrote-before");
  const mine = named(extraction, directory);
  let found: { readonly one: Earlier; readonly score: number } | null = null;
  for (const one of earlier) {
    const age = report.receivedAt - one.receivedAt;
    if (age < 0 || age > LONGEST_MS || !isSameWriter(one, accountId, report.from)) continue;
    if (areDisjoint(mine, named(one.extraction, directory))) continue;
    const score = sameness(one, extraction, best, said);
    if (score > 0 && (!found || score >= found.score)) found = { one, score };
  }
  return found === null ? null : (found.one.duplicateOf ?? found.one.id);
}

/** 0 where they are two matters, else how sure it is that they are one. */
function sameness(
  one: Earlier,
  extraction: Extraction,
  best: Scored | null,
  said: boolean,
): number {
  if (Math.min(faultMass(extraction), faultMass(one.extraction)) < 0.3 && !said) return 0;
  const theirs = one.linkedTo ?? one.resembles;
  const alike = likeness(one.extraction, extraction);
  if (best && theirs !== null && best.p >= 0.5) {
    if (theirs === best.known.id) return best.p + alike;
    if (one.linkedTo !== null) return 0;
  }
  const needed = said ? ALIKE_SAID : ALIKE;
  return alike >= needed ? alike : 0;
}

/** Accounts whose domains a report names. */
const named = (extraction: Extraction, directory: Directory): ReadonlySet<string> =>
  new Set(subjectsOf(extraction, null, directory).map(({ account }) => account.id));

function areDisjoint(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  if (one.size === 0 || other.size === 0) return false;
  for (const id of one) if (other.has(id)) return false;
  return true;
}
