import { evidenceOn, type Comparison, type Evidence } from "./evidence.js";
import type { Known, Reason } from "./verdict.js";
import { FEATURES, type Feature, type Weights } from "./weights.js";

/** How much speaks for one known being what the report is about. */
export interface Scored {
  readonly known: Known;
  readonly evidence: readonly Evidence[];
  /** Natural log odds. */
  readonly sum: number;
  /** Calibrated, and shared with its rivals: the sum over all is at most 1. */
  readonly p: number;
}

/** Weighs `knowns` against the report, likeliest first; of equals the one known later. */
export function scoreAll(
  knowns: readonly Known[],
  compared: Comparison,
  weights: Weights,
): readonly Scored[] {
  const sums = knowns.map((known) => {
    const evidence = evidenceOn(known, compared, weights);
    return { known, evidence, sum: sumOf(vectorOf(evidence), weights) };
  });
  const odds = sums.map(({ sum }) => oddsOf(sum, weights));
  const all = odds.reduce((total, one) => total + one, 1);
  return sums
    .map((scored, index) => ({ ...scored, p: (odds[index] ?? 0) / all }))
    .sort(
      (a, b) =>
        b.p - a.p || b.known.knownAt - a.known.knownAt || (a.known.id < b.known.id ? -1 : 1),
    );
}

export type Vector = Readonly<Record<Feature, number>>;

/** The sum of each feature's values. */
export function vectorOf(evidence: readonly Evidence[]): Vector {
  const vector = Object.fromEntries(FEATURES.map((feature) => [feature, 0])) as Record<
    Feature,
    number
  >;
  for (const { feature, value } of evidence) vector[feature] += value;
  return vector;
}

/** Log odds before calibration. */
export const sumOf = (vector: Vector, weights: Weights): number =>
  FEATURES.reduce((sum, feature) => sum + vector[feature] * weights.of[feature], weights.prior);

/** Calibrated odds; never so high that no other counts. */
export const oddsOf = (sum: number, { sigmoid }: Weights): number =>
  Math.exp(Math.max(-30, Math.min(30, sigmoid.slope * sum + sigmoid.shift)));

/** Evidence as people are shown it, heaviest first. */
export function reasonsOf(evidence: readonly Evidence[], weights: Weights): readonly Reason[] {
  return evidence
    .map(({ feature, value, code, params, span }) => ({
      code,
      weight: Math.round(value * weights.of[feature] * 100) / 100,
      params,
      span,
    }))
    .filter(({ weight }) => weight !== 0)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight) || (a.code < b.code ? -1 : 1));
}
