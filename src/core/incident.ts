import { isHeard } from "./heard.js";
import { isFailing, type ConfirmedState } from "./health.js";
import type { CauseKind, Severity } from "./incident-view.js";
import { worse, worst, type ComponentStatus, type Impact } from "./status.js";
import { isHostDown } from "./topology.js";
import { isNoticeable } from "./visibility.js";

/** A monitor as the incident engine sees it; instants are epoch ms throughout this file. */
export interface WatchedMonitor {
  readonly id: string;
  readonly probe: string;
  readonly component: string | null;
  readonly impact: Impact;
  readonly state: ConfirmedState;
  readonly since: number;
  readonly reason: string;
  /** Planned work goes on where it looks: a fault that begins meanwhile is expected. */
  readonly maintained: boolean;
}

export interface Cause {
  readonly kind: CauseKind;
  readonly id: string;
}

/** A failing monitor that an incident rests on. */
export interface Evidence {
  readonly monitor: string;
  readonly outcome: "degraded" | "down";
  readonly reason: string;
  readonly since: number;
  readonly until: number | null;
}

/** An incident as far as deciding needs it. */
export interface Incident {
  readonly id: string;
  readonly cause: Cause;
  readonly public: boolean;
  readonly severity: Severity;
  readonly openedAt: number;
  /** Customers say that it goes on, so somebody has to say that it is over. */
  readonly doubted: boolean;
  /** As last assessed. */
  readonly components: Assessment["components"];
  /** Present and past evidence. */
  readonly evidence: readonly Evidence[];
}

/** Everything that can share a cause: a host with its monitors, or one monitor without a host. */
export interface Scope {
  readonly host: string | null;
  /** Those watched now; paused and removed ones are absent. */
  readonly monitors: readonly WatchedMonitor[];
  readonly open: readonly Incident[];
  /** Resolved within the reopening window, newest first, not merged. */
  readonly recent: readonly Incident[];
}

export interface Rules {
  readonly publish: "confirmed" | "manual";
  readonly newId: () => string;
  /**
   * How many new incidents of single monitors may open now. While the host's other monitors are being
   * looked at, one stands for whatever fails there, so that a host that goes down says so once.
   */
  readonly openAtMost: number;
}

/** How bad it is for customers, from the evidence that stands. */
export interface Assessment {
  readonly severity: Severity;
  readonly components: readonly { readonly id: string; readonly status: ComponentStatus }[];
  readonly public: boolean;
}

export type EvidenceEnd = "recovered" | "no-longer-watched" | "moved" | "turned";

/** What happens to incidents, in the order it is to be stored. */
export type Change =
  | {
      readonly kind: "opened";
      readonly id: string;
      readonly cause: Cause;
      readonly openedAt: number;
      readonly splitFrom: string | null;
    }
  | { readonly kind: "reopened"; readonly id: string }
  | { readonly kind: "widened"; readonly id: string; readonly cause: Cause }
  | { readonly kind: "merged"; readonly id: string; readonly into: string }
  | {
      readonly kind: "evidence-added";
      readonly id: string;
      readonly evidence: Evidence;
      /** Since when it fails in this way; `evidence.since` is since when it fails at all. */
      readonly at: number;
    }
  | {
      readonly kind: "evidence-ended";
      readonly id: string;
      readonly monitor: string;
      readonly until: number;
      readonly why: EvidenceEnd;
    }
  | {
      readonly kind: "assessed";
      readonly id: string;
      readonly assessment: Assessment;
      readonly worsened: boolean;
      /** Set where it goes public now: since when customers can notice it. */
      readonly published: number | null;
    }
  | { readonly kind: "resolved"; readonly id: string; readonly why: EvidenceEnd };

/** How long a host's incident outlives the host rule before what still fails is split off (ms). */
export const SETTLE_MS = 120_000;

/**
 * What the health of a scope's monitors means for its incidents: the fewest causes that explain
 * what fails, with identities kept. A host's incident takes in every failure on that host; the
 * oldest of several survives a merger; when the host is back and stays back for `SETTLE_MS`, what
 * still fails is split off with its real start and the host's incident resolves. A cause that
 * fails again soon reopens its incident. Planned work opens nothing, and ends nothing that was open
 * before. Deciding twice on the same scope decides nothing new.
 */
export function decide(whole: Scope, now: number, rules: Rules): Change[] {
  const changes: Change[] = [];
  const scope = { ...whole, monitors: whole.monitors.filter((one) => !isExpected(one, whole)) };
  const failing = scope.monitors.filter(({ state }) => isFailing(state));
  // What customers cannot notice says nothing of the host: it stands for itself.
  const felt = failing.filter(isFelt);
  // What tells of itself falls silent long after the host did.
  const looked = (list: readonly WatchedMonitor[]): number =>
    list.filter(({ probe }) => !isHeard(probe)).length;
  const hostDown = scope.host !== null && isHostDown(looked(felt), looked(scope.monitors));
  const drafts = scope.open.filter((one) => isOurs(one, scope)).map(draftOf);

  for (const one of scope.open) if (!isOurs(one, scope)) fetchMoved(one, scope, changes, now);
  for (const draft of drafts) endEvidence(draft, scope.monitors, changes, now);
  const host = findHostDraft(scope, drafts, hostDown, felt, rules, changes);

  const gathered = host && (hostDown || !settled(host, now)) ? host : null;
  if (host && !gathered) splitOff(host, failing, drafts, rules, changes, now);
  let room = rules.openAtMost;
  for (const monitor of failing) {
    const own = drafts.find((draft) => holds(draft, monitor.id));
    if (gathered && isFelt(monitor)) addEvidence(gathered, monitor, changes);
    else if (own) addEvidence(own, monitor, changes);
    else if (room-- > 0)
      addEvidence(draftFor(monitor, scope, drafts, rules, changes), monitor, changes);
  }

  for (const draft of drafts) assess(draft, scope.monitors, rules, changes);
  return changes;
}

/** Fails as planned work makes it fail: no incident held it before. */
const isExpected = ({ id, state, maintained }: WatchedMonitor, { open }: Scope): boolean =>
  maintained &&
  isFailing(state) &&
  !open.some(({ evidence }) =>
    evidence.some(({ monitor, until }) => monitor === id && until === null),
  );

const isFelt = ({ state, reason }: WatchedMonitor): boolean =>
  isFailing(state) && isNoticeable(state, reason);

/** Whether an incident is this scope's to decide about, or merely holds evidence of a monitor that moved here. */
const isOurs = ({ cause }: Incident, { host }: Scope): boolean =>
  cause.kind !== "host" || cause.id === host;

/** Takes the evidence of monitors that moved here out of another host's incident, and nothing else. */
function fetchMoved(from: Incident, scope: Scope, changes: Change[], now: number): void {
  const draft = draftOf(from);
  for (const { monitor } of standing(draft))
    if (scope.monitors.some(({ id }) => id === monitor)) end(draft, monitor, now, "moved", changes);
}

/** An incident while it is being decided about. */
interface Draft {
  readonly id: string;
  readonly incident: Incident | null;
  cause: Cause;
  evidence: Evidence[];
  openedAt: number;
  lastEnd: EvidenceEnd;
  gone: boolean;
}

const draftOf = (incident: Incident): Draft => ({
  id: incident.id,
  incident,
  cause: incident.cause,
  evidence: [...incident.evidence],
  openedAt: incident.openedAt,
  lastEnd: "recovered",
  gone: false,
});

const standing = (draft: Draft): Evidence[] => draft.evidence.filter(({ until }) => until === null);

const holds = (draft: Draft, monitor: string): boolean =>
  !draft.gone &&
  (standing(draft).some((one) => one.monitor === monitor) ||
    (draft.cause.kind === "monitor" && draft.cause.id === monitor));

/** Ends the evidence of monitors that recovered or are no longer watched here. */
function endEvidence(
  draft: Draft,
  monitors: readonly WatchedMonitor[],
  changes: Change[],
  now: number,
): void {
  for (const { monitor, since } of standing(draft)) {
    const watched = monitors.find(({ id }) => id === monitor);
    if (!watched) end(draft, monitor, now, "no-longer-watched", changes);
    else if (!isFailing(watched.state))
      end(draft, monitor, Math.max(watched.since, since), "recovered", changes);
  }
}

function end(
  draft: Draft,
  monitor: string,
  until: number,
  why: EvidenceEnd,
  changes: Change[],
): void {
  draft.evidence = draft.evidence.map((one) =>
    one.monitor === monitor && one.until === null ? { ...one, until } : one,
  );
  draft.lastEnd = why;
  changes.push({ kind: "evidence-ended", id: draft.id, monitor, until, why });
}

/**
 * The host's open incident: present, or, once the host rule holds, reopened, widened from the
 * oldest open one, or new. Whatever else is open on the host is merged into it.
 */
function findHostDraft(
  scope: Scope,
  drafts: Draft[],
  hostDown: boolean,
  failing: readonly WatchedMonitor[],
  rules: Rules,
  changes: Change[],
): Draft | null {
  const present = drafts.find(({ cause }) => cause.kind === "host");
  if (!hostDown || scope.host === null) return present ?? null;
  const cause: Cause = { kind: "host", id: scope.host };
  const others = drafts
    .filter((draft) => draft === present || standing(draft).some(isFeltEvidence))
    .toSorted((a, b) => a.openedAt - b.openedAt);
  const earlier = present ? undefined : scope.recent.find((one) => one.cause.kind === "host");
  const survivor = earlier
    ? reopen(earlier, drafts, changes)
    : (others[0] ?? open(cause, firstOf(failing), null, drafts, rules, changes));
  for (const other of others) {
    if (other === survivor) continue;
    other.gone = true;
    changes.push({ kind: "merged", id: other.id, into: survivor.id });
    survivor.evidence.push(...standing(other));
  }
  if (survivor.cause.kind !== "host") {
    survivor.cause = cause;
    changes.push({ kind: "widened", id: survivor.id, cause });
  }
  return survivor;
}

const firstOf = (failing: readonly WatchedMonitor[]): number =>
  Math.min(...failing.map(({ since }) => since));

function open(
  cause: Cause,
  openedAt: number,
  splitFrom: string | null,
  drafts: Draft[],
  rules: Rules,
  changes: Change[],
): Draft {
  const draft: Draft = {
    id: rules.newId(),
    incident: null,
    cause,
    evidence: [],
    openedAt,
    lastEnd: "recovered",
    gone: false,
  };
  drafts.push(draft);
  changes.push({ kind: "opened", id: draft.id, cause, openedAt, splitFrom });
  return draft;
}

function reopen(earlier: Incident, drafts: Draft[], changes: Change[]): Draft {
  const draft = draftOf(earlier);
  drafts.push(draft);
  changes.push({ kind: "reopened", id: earlier.id });
  return draft;
}

/** The incident of a monitor that fails for itself: its recent one again, or a new one. */
function draftFor(
  monitor: WatchedMonitor,
  scope: Scope,
  drafts: Draft[],
  rules: Rules,
  changes: Change[],
): Draft {
  const earlier = scope.recent.find(
    ({ cause }) => cause.kind === "monitor" && cause.id === monitor.id,
  );
  if (earlier) return reopen(earlier, drafts, changes);
  return open({ kind: "monitor", id: monitor.id }, monitor.since, null, drafts, rules, changes);
}

const isFeltEvidence = ({ outcome, reason }: Evidence): boolean => isNoticeable(outcome, reason);

function addEvidence(draft: Draft, monitor: WatchedMonitor, changes: Change[]): void {
  if (!isFailing(monitor.state)) return;
  const { id, state: outcome, reason, since } = monitor;
  const stands = standing(draft).find((one) => one.monitor === id);
  if (stands?.outcome === outcome && stands.reason === reason) return;
  // A fault that customers begin to notice began for them when it turned into this one.
  const turned = stands !== undefined && isFeltEvidence(stands) !== isNoticeable(outcome, reason);
  if (turned) end(draft, id, Math.max(since, stands.since), "turned", changes);
  const kept = turned || !stands ? since : stands.since;
  const evidence: Evidence = { monitor: id, outcome, reason, since: kept, until: null };
  draft.evidence = [...draft.evidence.filter((one) => turned || one !== stands), evidence];
  changes.push({ kind: "evidence-added", id: draft.id, evidence, at: since });
}

/** Whether the host has been back for long enough to tell what still fails from what is late. */
const settled = (host: Draft, now: number): boolean =>
  now - Math.max(host.openedAt, ...host.evidence.map(({ until }) => until ?? 0)) >= SETTLE_MS;

function splitOff(
  host: Draft,
  failing: readonly WatchedMonitor[],
  drafts: Draft[],
  rules: Rules,
  changes: Change[],
  now: number,
): void {
  for (const { monitor, since } of standing(host)) {
    const still = failing.find(({ id }) => id === monitor);
    if (!still) continue;
    end(host, monitor, now, "moved", changes);
    const own = open({ kind: "monitor", id: monitor }, since, host.id, drafts, rules, changes);
    addEvidence(own, { ...still, since }, changes);
  }
  host.lastEnd = "recovered";
}

/** Resolves what nothing holds open any more, and says how bad the rest is. */
function assess(
  draft: Draft,
  monitors: readonly WatchedMonitor[],
  rules: Rules,
  changes: Change[],
): void {
  if (draft.gone) return;
  const { id, incident } = draft;
  if (standing(draft).length === 0) {
    if (incident?.doubted) return;
    changes.push({ kind: "resolved", id, why: draft.lastEnd });
    return;
  }
  const { severity, components } = weigh(standing(draft), monitors);
  const noticeable = components.some(({ status }) => status !== "operational");
  const isPublic = incident?.public === true || (rules.publish === "confirmed" && noticeable);
  const peak = incident ? worseSeverity(incident.severity, severity) : severity;
  const touched = changes.some((change) => change.id === id);
  if (!touched && incident && sameComponents(incident.components, components)) return;
  const felt = standing(draft).filter(isFeltEvidence);
  changes.push({
    kind: "assessed",
    id,
    assessment: { severity: peak, components, public: isPublic },
    worsened: incident !== null && peak !== incident.severity,
    published:
      isPublic && incident?.public !== true ? Math.min(...felt.map(({ since }) => since)) : null,
  });
}

/** Whether both say the same of every component; one that is not named is operational. */
function sameComponents(a: Assessment["components"], b: Assessment["components"]): boolean {
  const bad = (list: Assessment["components"]): string =>
    list
      .filter(({ status }) => status !== "operational")
      .map(({ id, status }) => `${id} ${status}`)
      .toSorted((one, other) => one.localeCompare(other))
      .join();
  return bad(a) === bad(b);
}

function weigh(
  evidence: readonly Evidence[],
  monitors: readonly WatchedMonitor[],
): Pick<Assessment, "severity" | "components"> {
  const components = new Map<string, ComponentStatus>();
  for (const { monitor, outcome, reason } of evidence) {
    const watched = monitors.find(({ id }) => id === monitor);
    if (!watched?.component || !isNoticeable(outcome, reason)) continue;
    const status = outcome === "degraded" ? "degraded_performance" : watched.impact;
    components.set(
      watched.component,
      worse(status, components.get(watched.component) ?? "operational"),
    );
  }
  const statuses = [...components].map(([id, status]) => ({ id, status }));
  const worstOutcome = evidence.some(({ outcome }) => outcome === "down") ? "major" : "minor";
  const severity = statuses.length > 0 ? SEVERITY[worst(components.values())] : worstOutcome;
  return { severity, components: statuses };
}

/** Statuspage's impact of the worst component. */
const SEVERITY: Readonly<Record<ComponentStatus, Severity>> = {
  operational: "none",
  under_maintenance: "none",
  degraded_performance: "minor",
  partial_outage: "major",
  major_outage: "critical",
};

const RANK: readonly Severity[] = ["none", "minor", "major", "critical"];
const worseSeverity = (a: Severity, b: Severity): Severity =>
  RANK.indexOf(a) >= RANK.indexOf(b) ? a : b;
