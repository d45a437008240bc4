import { oddsOf, sumOf, type Vector } from "./score.js";
import { FEATURES, type Feature, type Weights } from "./weights.js";

/** One report beside one thing that was known, and whether a human says that they belong together. */
export interface Labelled {
  readonly report: string;
  readonly known: string;
  readonly vector: Vector;
  readonly linked: boolean;
  /** Something forbids linking it without a human, whatever the weights are. */
  readonly forbidden: boolean;
}

export interface Figures {
  readonly reports: number;
  /** Right among those linked at once; `null` where none was. */
  readonly autoPrecision: number | null;
  /** Linked at once and rightly, of those that belong to something. */
  readonly autoRecall: number | null;
  /** Rightly first, of those that belong to something. */
  readonly top1: number | null;
  /** Mean distance of what was promised from what came true, in ten steps. */
  readonly calibrationError: number;
}

export interface Refit {
  readonly weights: Weights;
  readonly before: Figures;
  /** Each report judged by weights that were fitted without it. */
  readonly after: Figures;
}

const FOLDS = 5;
/** How far a weight may move away from what it was, in log odds: standard deviation of its Gaussian prior. */
const FREEDOM = 0.7;
/** Fewer reports than this say nothing. */
export const LEAST_REPORTS = 30;

type Group = readonly Labelled[];

/**
 * Fits the weights anew to what agents have decided: a conditional logistic regression (a report
 * belongs to one of the known or to none) that is drawn towards `from`, then calibrated on
 * reports that were left out. `null` where there are too few. Deterministic.
 */
export function recalibrate(
  labelled: readonly Labelled[],
  from: Weights,
  freedom: number = FREEDOM,
): Refit | null {
  const groups = groupsOf(labelled);
  if (groups.length < LEAST_REPORTS) return null;
  const folds = groups.map((group) => foldOf(group[0]?.report ?? ""));
  const before = figuresOf(groups, () => from);
  const raw = { ...from, sigmoid: { slope: 1, shift: 0 } };
  const without = Array.from({ length: FOLDS }, (_, fold) =>
    fitted(
      groups.filter((_group, index) => folds[index] !== fold),
      raw,
      freedom,
    ),
  );
  const ofFold = (index: number): Weights => without[folds[index] ?? 0] ?? raw;
  const sigmoid = calibrated(groups, ofFold);
  const after = figuresOf(groups, (index) => ({ ...ofFold(index), sigmoid }));
  const weights = { ...fitted(groups, raw, freedom), sigmoid, version: from.version + 1 };
  return { weights: rounded(weights), before, after };
}

function groupsOf(labelled: readonly Labelled[]): readonly Group[] {
  const groups = new Map<string, Labelled[]>();
  for (const one of labelled) {
    const before = groups.get(one.report);
    if (before) before.push(one);
    else groups.set(one.report, [one]);
  }
  return [...groups.values()];
}

/** The same report always falls into the same fold. */
function foldOf(report: string): number {
  let hash = 2_166_136_261;
  for (const letter of report) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16_777_619);
  return (hash >>> 8) % FOLDS;
}

// ── fitting ──────────────────────────────────────────────────────────────────────────────────

const STEPS = 25;

/** Newton's method on the penalised conditional likelihood; no weight changes its sign. */
function fitted(groups: readonly Group[], from: Weights, freedom: number): Weights {
  const start = [from.prior, ...FEATURES.map((feature) => from.of[feature])];
  const size = start.length;
  const rows = groups.map((group) => ({
    vectors: group.map(({ vector }) => [1, ...FEATURES.map((feature) => vector[feature])]),
    targets: targetsOf(group),
  }));
  const pull = 1 / (freedom * freedom);
  let now = [...start];
  for (let step = 0; step < STEPS; step++) {
    const gradient = now.map((value, at) => pull * (value - (start[at] ?? 0)));
    const curve = Array.from({ length: size }, (_, at) =>
      Array.from({ length: size }, (_other, to) => (at === to ? pull : 0)),
    );
    for (const { vectors, targets } of rows) {
      const shares = sharesOf(vectors.map((vector) => dot(vector, now)));
      const mean = Array.from({ length: size }, () => 0);
      vectors.forEach((vector, index) => {
        const p = shares[index] ?? 0;
        const miss = p - (targets[index] ?? 0);
        for (let at = 0; at < size; at++) {
          const value = vector[at] ?? 0;
          if (value === 0) continue;
          gradient[at] = (gradient[at] ?? 0) + miss * value;
          mean[at] = (mean[at] ?? 0) + p * value;
          const line = curve[at];
          if (line)
            for (let to = 0; to < size; to++)
              line[to] = (line[to] ?? 0) + p * value * (vector[to] ?? 0);
        }
      });
      for (let at = 0; at < size; at++) {
        const line = curve[at];
        if (line)
          for (let to = 0; to < size; to++)
            line[to] = (line[to] ?? 0) - (mean[at] ?? 0) * (mean[to] ?? 0);
      }
    }
    const move = solved(curve, gradient);
    const longest = Math.max(...move.map(Math.abs));
    const stride = Math.min(1, 1 / Math.max(longest, 1e-9));
    now = now.map((value, at) => {
      const next = value - stride * (move[at] ?? 0);
      return at > 0 && next * (start[at] ?? 0) < 0 ? 0 : next;
    });
    if (longest < 1e-7) break;
  }
  const [prior = from.prior, ...rest] = now;
  const of = Object.fromEntries(
    FEATURES.map((feature, index) => [feature, rest[index] ?? from.of[feature]]),
  ) as Record<Feature, number>;
  return { ...from, prior, of };
}

function targetsOf(group: Group): readonly number[] {
  const right = group.filter(({ linked }) => linked).length;
  return group.map(({ linked }) => (linked ? 1 / right : 0));
}

/** What each has of all, the possibility of none among them. */
function sharesOf(sums: readonly number[]): readonly number[] {
  const odds = sums.map((sum) => Math.exp(Math.max(-30, Math.min(30, sum))));
  const all = odds.reduce((total, one) => total + one, 1);
  return odds.map((one) => one / all);
}

const dot = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);

/** Gauss with pivots; the matrix is positive definite. */
function solved(
  matrix: readonly (readonly number[])[],
  right: readonly number[],
): readonly number[] {
  const rows = matrix.map((line, at) => [...line, right[at] ?? 0]);
  const size = rows.length;
  for (let at = 0; at < size; at++) {
    let best = at;
    for (let row = at; row < size; row++)
      if (Math.abs(rows[row]?.[at] ?? 0) > Math.abs(rows[best]?.[at] ?? 0)) best = row;
    const pivot = rows[best] ?? [];
    rows[best] = rows[at] ?? [];
    rows[at] = pivot;
    const lead = pivot[at] ?? 0;
    if (Math.abs(lead) < 1e-12) continue;
    for (const [row, line] of rows.entries()) {
      const factor = row === at ? 0 : (line[at] ?? 0) / lead;
      if (factor !== 0)
        for (let to = at; to <= size; to++) line[to] = (line[to] ?? 0) - factor * (pivot[to] ?? 0);
    }
  }
  return rows.map((line, at) =>
    Math.abs(line[at] ?? 0) < 1e-12 ? 0 : (line[size] ?? 0) / (line[at] ?? 1),
  );
}

// ── calibrating (Platt 1999, on sums of folds that were left out) ───────────────────────────────

const SLOPES = Array.from({ length: 25 }, (_, nth) => 0.4 + nth * 0.05);
const SHIFTS = Array.from({ length: 41 }, (_, nth) => -2 + nth * 0.1);

function calibrated(groups: readonly Group[], of: (index: number) => Weights): Weights["sigmoid"] {
  const sums = groups.map((group, index) => group.map(({ vector }) => sumOf(vector, of(index))));
  const targets = groups.map(targetsOf);
  let best = { slope: 1, shift: 0, loss: Number.POSITIVE_INFINITY };
  for (const slope of SLOPES)
    for (const shift of SHIFTS) {
      const loss = sums.reduce(
        (total, ofGroup, index) => {
          const shares = sharesOf(ofGroup.map((sum) => slope * sum + shift));
          const none = 1 - shares.reduce((sum, share) => sum + share, 0);
          const right = targets[index] ?? [];
          const isLinked = right.some((target) => target > 0);
          const p = isLinked
            ? shares.reduce((sum, share, at) => sum + ((right[at] ?? 0) > 0 ? share : 0), 0)
            : none;
          return total - Math.log(Math.max(1e-6, p));
        },
        0.5 * (slope - 1) ** 2 + 0.5 * shift ** 2,
      );
      if (loss < best.loss - 1e-9) best = { slope, shift, loss };
    }
  return { slope: best.slope, shift: best.shift };
}

// ── measuring ────────────────────────────────────────────────────────────────────────────────

const BINS = 10;

function figuresOf(groups: readonly Group[], of: (index: number) => Weights): Figures {
  const bins = Array.from({ length: BINS }, () => ({ n: 0, promised: 0, right: 0 }));
  let [auto, autoRight, belonging, first] = [0, 0, 0, 0];
  groups.forEach((group, index) => {
    const weights = of(index);
    const odds = group.map(({ vector }) => oddsOf(sumOf(vector, weights), weights));
    const all = odds.reduce((total, one) => total + one, 1);
    const ranked = group
      .map((one, at) => ({ one, p: (odds[at] ?? 0) / all }))
      .sort((a, b) => b.p - a.p);
    const [best, second] = ranked;
    if (!best) return;
    const isRight = best.one.linked;
    if (group.some(({ linked }) => linked)) belonging++;
    if (isRight && best.p >= weights.suggest.p) first++;
    const bin = bins[Math.min(BINS - 1, Math.floor(best.p * BINS))];
    if (bin) {
      bin.n++;
      bin.promised += best.p;
      if (isRight) bin.right++;
    }
    const isClear = best.p >= weights.auto.p && best.p - (second?.p ?? 0) >= weights.auto.margin;
    if (isClear && !best.one.forbidden) {
      auto++;
      if (isRight) autoRight++;
    }
  });
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  return {
    reports: groups.length,
    autoPrecision: share(autoRight, auto),
    autoRecall: share(autoRight, belonging),
    top1: share(first, belonging),
    calibrationError:
      bins.reduce((sum, { promised, right }) => sum + Math.abs(promised - right), 0) /
      groups.length,
  };
}

function rounded(weights: Weights): Weights {
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    ...weights,
    prior: round(weights.prior),
    of: Object.fromEntries(
      FEATURES.map((feature) => [feature, round(weights.of[feature])]),
    ) as Record<Feature, number>,
    sigmoid: { slope: round(weights.sigmoid.slope), shift: round(weights.sigmoid.shift) },
  };
}
