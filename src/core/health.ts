import { isCreep, type Creep } from "./creep.js";
import { isUnstable, NO_HISTORY, remember, type History } from "./flapping.js";

/** How many results in a row say something, and how soon a first failure is looked at again (ms). */
export interface Confirm {
  readonly failures: number;
  readonly recheckMs: number;
  readonly recoveries: number;
}

export type Outcome = "up" | "degraded" | "down" | "unknown";

/** What is confirmed of a monitor; `pending` until the first known result. */
export type ConfirmedState = "pending" | "up" | "degraded" | "down";

/** What a monitor is shown as: blindness hides the confirmed state without changing it. */
export type ShownState = ConfirmedState | "unknown";

/** So many results in a row, the first of them begun at `since` (epoch ms). */
interface Run {
  readonly n: number;
  readonly since: number;
}

/**
 * A monitor's health, small enough to be rewritten with every result. Each run counts results in
 * a row that are at least that bad (`bad`: degraded or down) or that good (`fair`: up or degraded).
 */
export interface Health {
  readonly state: ConfirmedState;
  readonly since: number;
  /** The reason of the latest result that agrees with `state`. */
  readonly reason: string;
  readonly lastAt: number | null;
  /** How long after `lastAt` silence is a gap (ms): by the interval that was in force then. */
  readonly gapMs: number;
  readonly runs: {
    readonly down: Run;
    readonly bad: Run;
    readonly fair: Run;
    readonly up: Run;
    readonly unknown: Run;
  };
  readonly blind: boolean;
  /** The latest results; rows of before it was kept have none. */
  readonly history?: History;
  /** Since when it is unstable (epoch ms); `null` or absent while it is not. */
  readonly unstableSince?: number | null;
  /** What creeps; it holds what is otherwise up as degraded. `null` or absent where nothing does. */
  readonly creep?: Creep | null;
  /** Looks of before (epoch ms) say nothing of what is usual: its target was another one. */
  readonly usualFrom?: number;
}

/** The reason of a state that is confirmed by its changes alone. */
export const UNSTABLE = "unstable";

/** From `at` (epoch ms) on the monitor is shown as `state`. */
export interface Shown {
  readonly state: ShownState;
  readonly at: number;
}

/** What one result changed: the new health, and the shown states to remember, oldest first. */
export interface Observed {
  readonly health: Health;
  readonly shown: readonly Shown[];
  /** Whether the confirmed state or its reason's outcome changed: the signal incidents follow. */
  readonly confirmed: boolean;
}

const NONE: Run = { n: 0, since: 0 };

/** A monitor nobody has looked at yet, watched since `at` (epoch ms). */
export const unseen = (at: number): Health => ({
  state: "pending",
  since: at,
  reason: "pending",
  lastAt: null,
  gapMs: 0,
  runs: { down: NONE, bad: NONE, fair: NONE, up: NONE, unknown: NONE },
  blind: false,
});

export const isFlapping = ({ unstableSince = null }: Health): boolean => unstableSince !== null;

/** What looks alone confirmed: one that is merely slower or worse than usual is up. */
export const ownState = ({ state, reason }: Pick<Health, "state" | "reason">): ConfirmedState =>
  isCreep(reason) ? "up" : state;

export const shownState = (health: Health): ShownState => (health.blind ? "unknown" : health.state);

export const isFailing = (state: ConfirmedState): state is "degraded" | "down" =>
  state === "degraded" || state === "down";

/**
 * What a result means for a monitor. `failures` results in a row that are worse than what is
 * confirmed confirm the mildest of them, `recoveries` better ones the worst of them; both are
 * back-dated to the first of the run. `unknown` counts for nothing but blindness, and breaks no
 * run: two failures with a blind look between them are still two failures. After a gap longer
 * than `gapMs` runs start anew and the gap itself was unseen. A result that is not newer than the
 * last one is history and changes nothing. A monitor that changes too often (`core/flapping.ts`) is
 * unstable: degraded at least, until it has been steady for a while, and down while it really is.
 * Changes count only where they are its own (`counts`): not while what it stands on is down. One that
 * creeps (`core/creep.ts`) is degraded at least, too, until `heed` says otherwise.
 */
export function observe(
  health: Health,
  result: { readonly at: number; readonly outcome: Outcome; readonly reason: string },
  confirm: Confirm,
  gapMs: number,
  counts = true,
): Observed {
  if (health.lastAt !== null && result.at <= health.lastAt)
    return { health, shown: [], confirmed: false };

  const patience = Math.max(gapMs, health.gapMs);
  const gap = health.lastAt !== null && result.at - health.lastAt > patience;
  const before = shownState(health);
  const runs = count(gap ? unseen(result.at).runs : health.runs, result);
  const known = gap ? NO_HISTORY : (health.history ?? NO_HISTORY);
  // Good looks always count: else what was unstable before would stay so for as long as it is explained.
  const isKept = result.outcome === "up" || (counts && result.outcome !== "unknown");
  const history = isKept ? remember(known, result.outcome !== "up") : known;
  const unstable = isUnstable(history, isFlapping(health));
  const unstableSince = unstable ? (health.unstableSince ?? result.at) : null;
  const own: Health = { ...health, state: ownState(health) };
  const judged = judge(own, runs, confirm);
  const steady = unstable && !isFailing(judged.state) ? unsteady(own, result.at) : judged;
  const creep = steady.state === "up" ? (health.creep ?? null) : null;
  const next = creep ? { ...steady, state: "degraded" as const } : steady;
  const isHeld = steady !== judged;
  const agrees = !isHeld && (next.state === result.outcome || isCreep(health.reason));
  const blind =
    result.outcome === "unknown" && (gap || health.blind || runs.unknown.n >= confirm.failures);
  const after: Health = {
    state: next.state,
    since: next.since,
    reason: creep?.reason ?? (isHeld ? UNSTABLE : agrees ? result.reason : health.reason),
    lastAt: result.at,
    gapMs,
    runs,
    blind,
    history,
    unstableSince,
    ...(health.creep && { creep: health.creep }),
    ...(health.usualFrom !== undefined && { usualFrom: health.usualFrom }),
  };

  const shown: Shown[] = [];
  if (gap && before !== "unknown" && health.lastAt !== null)
    shown.push({ state: "unknown", at: health.lastAt });
  const last = shown.at(-1)?.state ?? before;
  if (shownState(after) !== last) {
    const from = blind ? runs.unknown.since : next.since;
    const dated = !gap && before !== "unknown" && (blind || next.state !== health.state);
    shown.push({ state: shownState(after), at: dated ? from : result.at });
  }
  return {
    health: after,
    shown,
    confirmed:
      next.state !== health.state || (isFailing(next.state) && after.reason !== health.reason),
  };
}

/**
 * What a monitor's own week means for it: from `creep.since` on, or since it works, one that is otherwise
 * up is degraded; `null` ends that, dated `over`. It is shown so from `at` on, when that was concluded.
 */
export function heed(
  health: Health,
  creep: Creep | null,
  { at, over }: { readonly at: number; readonly over: number },
): Observed {
  const isHeld = isCreep(health.reason);
  const own: Health = { ...health, state: ownState(health) };
  let after: Health = { ...health, creep };
  if (creep && own.state === "up") {
    const since = isHeld ? health.since : Math.max(creep.since, health.since);
    after = { ...after, state: "degraded", since, reason: creep.reason };
  } else if (isHeld) {
    after = { ...after, state: own.state, since: Math.max(over, health.since), reason: "ok" };
  }
  const changed = shownState(after) !== shownState(health);
  return {
    health: after,
    shown: changed ? [{ state: shownState(after), at }] : [],
    confirmed: after.state !== health.state || after.reason !== health.reason,
  };
}

/** It failed, and works, and may fail again any moment: from when it was found so, or since it failed. */
const unsteady = (
  { state, since }: Health,
  at: number,
): { readonly state: ConfirmedState; readonly since: number } => ({
  state: "degraded",
  since: isFailing(state) ? since : at,
});

function count(
  runs: Health["runs"],
  { at, outcome }: { readonly at: number; readonly outcome: Outcome },
): Health["runs"] {
  if (outcome === "unknown") return { ...runs, unknown: longer(runs.unknown, at) };
  const bad = outcome !== "up";
  const fair = outcome !== "down";
  return {
    down: fair ? NONE : longer(runs.down, at),
    bad: bad ? longer(runs.bad, at) : NONE,
    fair: fair ? longer(runs.fair, at) : NONE,
    up: bad ? NONE : longer(runs.up, at),
    unknown: NONE,
  };
}

const longer = (run: Run, at: number): Run => ({
  n: run.n + 1,
  since: run.n === 0 ? at : run.since,
});

function judge(
  health: Health,
  runs: Health["runs"],
  { failures, recoveries }: Confirm,
): { readonly state: ConfirmedState; readonly since: number } {
  const { state, since } = health;
  if (state !== "down" && runs.down.n >= failures) return { state: "down", since: runs.down.since };
  if ((state === "up" || state === "pending") && runs.bad.n >= failures)
    return { state: "degraded", since: runs.bad.since };
  if (state === "pending" && runs.up.n > 0) return { state: "up", since: runs.up.since };
  if (isFailing(state) && runs.up.n >= recoveries) return { state: "up", since: runs.up.since };
  if (state === "down" && runs.fair.n >= recoveries)
    return { state: "degraded", since: runs.fair.since };
  return { state, since };
}

/**
 * Whether the next look is due after `recheckMs` rather than at the next interval: the latest
 * result disagrees with what is confirmed and too few in a row have said so yet.
 */
export function wantsRecheck(health: Health, confirm: Confirm): boolean {
  const { runs } = health;
  const state = ownState(health);
  if (runs.unknown.n > 0) return !health.blind && runs.unknown.n < confirm.failures;
  if (runs.down.n > 0) return state !== "down" && runs.down.n < confirm.failures;
  if (runs.bad.n > 0) return !isFailing(state) && runs.bad.n < confirm.failures;
  return false;
}

/** No word for longer than this (ms) is a gap: two missed looks, and never under 30 s. */
export const gapOf = (everyMs: number, timeoutMs: number): number =>
  Math.max(30_000, 2 * everyMs + timeoutMs);
