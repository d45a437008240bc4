import type { Directory } from "../directory.js";
import type { Cue, Extraction, ReportText } from "../extract/extraction.js";
import { duplicateOf, followedBy } from "./duplicates.js";
import { ownCauses, type Comparison } from "./evidence.js";
import type { ReasonCode } from "./reasons.js";
import { reasonsOf, scoreAll, vectorOf, type Scored, type Vector } from "./score.js";
import { identify, subjectsOf } from "./sender.js";
import { faultMass } from "./symptoms.js";
import type { Earlier, Known, Reason, Verdict } from "./verdict.js";
import type { Weights } from "./weights.js";

/** What a report is considered with: all of it as of `now`. */
export interface Context {
  readonly directory: Directory;
  readonly knowns: readonly Known[];
  /** Reports before it: three days of them. */
  readonly earlier: readonly Earlier[];
  readonly weights: Weights;
  /** Epoch ms; later than the report where it is considered again. */
  readonly now: number;
}

/** What has been over for longer is nobody's trouble of today. */
const FORGOTTEN_MS = 7 * 86_400_000;
/** So much of a cause of the customer's own forbids linking without a human. */
const OWN_CAUSE = 0.8;
const LEAST_FAULT = 0.35;
/** Where rather a question, a bill or a cause of their own than a fault of ours is told, so likely is what is suggested. */
const LIKELY_ENOUGH = 0.4;
/** They tell of a fault that need not be described again. */
const OF_A_FAULT: ReadonlySet<Cue> = new Set([
  "works-again",
  "asks-about",
  "wrote-before",
  "compensation",
]);
/** The symptoms have to fit the fault by about half, as `evidence.ts` values it. */
const CLEAR_FIT = Math.log((0.45 + 0.05) / (0.15 + 0.05));

/**
 * Whose report it is, what it is about, and whether it is linked at once, suggested or neither.
 * Considers only what was known by `now`; the same input always gives the same verdict.
 */
export function consider(report: ReportText, read: Extraction, context: Context): Verdict {
  const { weights } = context;
  const { compared, sender, scored } = compare(report, read, context);
  const { extraction } = compared;
  const [best, second] = scored;
  const least =
    isNoFault(extraction) || ownCauseOf(extraction) >= OWN_CAUSE
      ? Math.max(weights.suggest.p, LIKELY_ENOUGH)
      : weights.suggest.p;
  const near = scored.filter(({ p }) => p >= least).slice(0, weights.suggest.most);
  const duplicate = duplicateOf(compared, scored);
  const against = best
    ? [
        ...forbidding(best, extraction),
        ...rivalry(best, second, weights),
        ...otherSuspicion(duplicate, best, compared.earlier),
      ]
    : [];
  const isClear = best !== undefined && best.p >= weights.auto.p && against.length === 0;
  const decision = isClear ? "auto" : near.length > 0 ? "suggest" : "none";
  return {
    sender,
    decision,
    candidates: near.map(({ known, p, evidence }) => ({
      id: known.id,
      p: Math.round(p * 1000) / 1000,
      reasons: reasonsOf(evidence, weights),
    })),
    answer: isClear
      ? best.known.what === "incident"
        ? "known"
        : "maintenance"
      : answerTo(extraction),
    reasons: isClear ? [] : unlinkedBecause(best, against, extraction, weights),
    duplicateOf: duplicate,
  };
}

/** What is learned from: everything that was known beside the report, as it was weighed. */
export function weighed(
  report: ReportText,
  extraction: Extraction,
  context: Context,
): readonly { readonly known: string; readonly vector: Vector; readonly forbidden: boolean }[] {
  const { compared, scored } = compare(report, extraction, context);
  return scored.map((one) => ({
    known: one.known.id,
    vector: vectorOf(one.evidence),
    forbidden: forbidding(one, compared.extraction).length > 0,
  }));
}

function compare(report: ReportText, extraction: Extraction, context: Context) {
  const { directory, weights, now } = context;
  const sender = identify(report, extraction, directory);
  const accountId = sender?.accountId ?? null;
  const { earlier } = context;
  // What follows a report up without saying of what is about the same.
  const before = followedBy({ report, extraction, accountId, earlier });
  const compared: Comparison = {
    report,
    extraction: before ? { ...extraction, symptoms: before.extraction.symptoms } : extraction,
    accountId,
    subjects: subjectsOf(extraction, sender, directory),
    earlier,
    directory,
  };
  const knowns = context.knowns.filter(
    ({ knownAt, endedAt }) =>
      knownAt <= now && (endedAt === null || report.receivedAt - endedAt <= FORGOTTEN_MS),
  );
  return { sender, compared, scored: scoreAll(knowns, compared, weights) };
}

/** What forbids linking by ourselves, however likely it is. */
function forbidding(best: Scored, extraction: Extraction): readonly Reason[] {
  const isHitThen = best.evidence.some(({ code }) => code === "since.within");
  const reason = (code: ReasonCode, span: Reason["span"] = null): Reason => ({
    code,
    weight: 0,
    params: {},
    span,
  });
  const against: Reason[] = [];
  const of = (...codes: readonly ReasonCode[]) =>
    best.evidence.filter(({ code }) => codes.includes(code));
  const isNamed = of("named.hit").length > 0;
  for (const one of of("scope.elsewhere", "scope.neighbour"))
    if (one.value > 0.5 && !isNamed) against.push({ ...reason(one.code), params: one.params });
  for (const one of of("time.not-begun")) against.push({ ...reason(one.code), params: one.params });
  const causes = best.evidence.filter(({ feature }) => feature === "individual");
  if (causes.reduce((sum, { value }) => sum + value, 0) >= OWN_CAUSE)
    for (const { code, span } of causes) against.push(reason(code, span));
  for (const one of of("symptom.fits", "symptom.differs"))
    if (one.value < CLEAR_FIT)
      against.push({ ...reason("symptom.vague", one.span), params: one.params });
  for (const { cue, span } of extraction.cues)
    if (cue === "compensation" || (cue === "asks-about" && !isHitThen))
      against.push(reason(`cue.${cue}`, span));
  if (faultMass(extraction) < LEAST_FAULT)
    against.push({
      ...reason("none.kind"),
      params: { symptom: extraction.symptoms[0]?.symptom ?? "other" },
    });
  return against;
}

/** Rather a question, a request or a bill than a fault, and no word of one before. */
const isNoFault = (extraction: Extraction): boolean =>
  faultMass(extraction) < 0.5 && !extraction.cues.some(({ cue }) => OF_A_FAULT.has(cue));

/** What it repeats has been taken for something that nobody knows yet. */
const otherSuspicion = (
  duplicate: string | null,
  best: Scored,
  earlier: readonly Earlier[],
): readonly Reason[] =>
  earlier.some(
    ({ id, duplicateOf: first, suspected, linkedTo }) =>
      duplicate !== null &&
      (id === duplicate || first === duplicate) &&
      suspected !== null &&
      linkedTo !== best.known.id,
  )
    ? [{ code: "others.suspected", weight: 0, params: {}, span: null }]
    : [];

/** Two that are about as likely are for a human to tell apart. */
const rivalry = (
  best: Scored,
  second: Scored | undefined,
  { auto, suggest }: Weights,
): readonly Reason[] =>
  second && second.p >= suggest.p && best.p - second.p < auto.margin
    ? [{ code: "none.rival", weight: 0, params: {}, span: null }]
    : [];

function answerTo(extraction: Extraction): Verdict["answer"] {
  if (faultMass(extraction) < LEAST_FAULT) return "not-a-fault";
  return ownCauseOf(extraction) >= OWN_CAUSE ? "individual" : "new";
}

const ownCauseOf = (extraction: Extraction): number =>
  [...ownCauses(extraction).values()].reduce((sum, strength) => sum + strength, 0);

function unlinkedBecause(
  best: Scored | undefined,
  against: readonly Reason[],
  extraction: Extraction,
  weights: Weights,
): readonly Reason[] {
  const cues = [...ownCauses(extraction)].map(([cue, strength]): Reason => ({
    code: `cue.${cue}`,
    weight: -strength,
    params: {},
    span: extraction.cues.find((one) => one.cue === cue)?.span ?? null,
  }));
  const evidence = best ? reasonsOf(best.evidence, weights).filter(({ weight }) => weight < 0) : [];
  const all = [...against, ...(best && best.p >= 0.02 ? evidence : cues)];
  const once = all.filter(({ code }, index) => all.findIndex((one) => one.code === code) === index);
  return once.length > 0 ? once : [{ code: "none.near", weight: 0, params: {}, span: null }];
}
