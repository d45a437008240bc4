import { groupByCause, JOIN_MS, mayBeWider, type Group, type WatchedHost } from "./causes.js";
import { isCreep } from "./creep.js";
import { isHeard } from "./heard.js";
import { isFailing, type ConfirmedState } from "./health.js";
import type { CauseKind, Severity } from "./incident-view.js";
import { worse, worst, type ComponentStatus, type Impact } from "./status.js";
import { topologyOf, type Topology } from "./topology.js";
import { isNoticeable } from "./visibility.js";

/** A monitor as the incident engine sees it; instants are epoch ms throughout this file. */
export interface WatchedMonitor {
  readonly id: string;
  readonly host: string | null;
  readonly probe: string;
  readonly component: string | null;
  readonly impact: Impact;
  readonly state: ConfirmedState;
  readonly since: number;
  readonly reason: string;
  /** When it was found failing, where that was its latest look; else `null`. */
  readonly failedAt: number | null;
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
  /** It ended without having recovered: it moved, or turned into another fault, or is watched no longer. */
  readonly unrecovered?: boolean;
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
  /** Its cause was widened, and nobody has been told yet. */
  readonly untold: boolean;
  /** As last assessed. */
  readonly components: Assessment["components"];
  /** Present and past evidence. */
  readonly evidence: readonly Evidence[];
}

/** Everything that can share a cause: a tree of hosts with their monitors, or one monitor without a host. */
export interface Scope {
  /** Empty for a monitor without a host. */
  readonly hosts: readonly WatchedHost[];
  /** Those watched now that fail, or that an incident rests on; paused and removed ones are absent. */
  readonly monitors: readonly WatchedMonitor[];
  readonly open: readonly Incident[];
  /** Resolved within the reopening window, newest first, not merged. */
  readonly recent: readonly Incident[];
}

export interface Rules {
  readonly publish: "confirmed" | "manual";
  readonly newId: () => string;
  /**
   * How many new incidents of single monitors may open on a host now, and whether its own may. While the
   * host's other monitors are being looked at, one stands for whatever fails there, so that a host that
   * goes down says so once.
   */
  readonly room: (host: string | null) => number;
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
  | { readonly kind: "reopened"; readonly id: string; readonly cause: Cause }
  /** `told`: whether it may be told now, or could become wider still within moments. */
  | {
      readonly kind: "widened";
      readonly id: string;
      readonly cause: Cause;
      readonly told: boolean;
    }
  /** A widening of before is to be told now. */
  | { readonly kind: "told"; readonly id: string }
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
 * What the health of a scope's monitors means for its incidents: the fewest causes that explain what
 * fails (`core/causes.ts`), with identities kept. An incident of a host takes in all that its cause
 * explains; the oldest of several survives a merger, and is widened. When a cause is back and stays
 * back for `SETTLE_MS`, what is seen to fail still is split off with its real start, and its incident resolves. A
 * cause that fails again soon reopens its incident. Planned work opens nothing, and ends nothing that
 * was open before. Deciding twice on the same scope decides nothing new.
 */
export function decide(whole: Scope, now: number, rules: Rules): Change[] {
  const changes: Change[] = [];
  const scope = withoutExpected(whole);
  const drafts = scope.open.filter((one) => isOurs(one, scope)).map(draftOf);
  const topology = topologyOf(scope.hosts);
  const work: Work = {
    scope,
    topology,
    drafts,
    rules,
    changes,
    now,
    backAt: new Map(),
    heirs: new Map(),
    claimed: new Set(),
    spoken: new Map(),
  };

  if (endTurned(work)) return changes;
  const failing = scope.monitors.filter((one) => isFailing(one.state) && !isOutspoken(one, drafts));
  for (const one of scope.open) if (!isOurs(one, scope)) fetchMoved(one, work);
  for (const draft of drafts) endEvidence(draft, scope.monitors, changes, now);
  for (const draft of drafts)
    if (draft.cause.kind === "host") work.backAt.set(draft, backAt(draft));
  const lasting = new Set(
    drafts.filter((draft) => isHeld(draft) && lasts(draft, work)).map(({ cause }) => cause.id),
  );
  // What customers cannot notice says nothing of a host: it stands for itself.
  const groups = groupByCause(failing.filter(isFelt), scope.hosts, topology, lasting);
  for (const group of groups) if (group.cause.kind === "host") gather(group, work);
  const alone = groups.flatMap(({ cause, members }) => (cause.kind === "monitor" ? members : []));
  for (const monitor of [...alone, ...failing.filter((one) => !isFelt(one))]) stand(monitor, work);
  for (const draft of drafts) passOn(draft, work);
  for (const draft of drafts) {
    tellWidening(draft, work);
    assess(draft, scope.monitors, rules, changes);
  }
  return changes;
}

/** All that a decision is made with and written to. */
interface Work {
  readonly scope: Scope;
  readonly drafts: Draft[];
  readonly rules: Rules;
  readonly changes: Change[];
  readonly now: number;
  readonly topology: Topology;
  /** Incidents, with the one that last took something over from each. */
  readonly heirs: Map<Draft, Draft>;
  /** Host's incidents, with when the last of their evidence came back. */
  readonly backAt: Map<Draft, number>;
  /** Host's incidents whose cause still explains something. */
  readonly claimed: Set<Draft>;
  /** Host → how many incidents of its single monitors were opened by this decision. */
  readonly spoken: Map<string | null, number>;
}

/** Without what fails as planned work makes it fail: nobody hears of that. */
function withoutExpected(whole: Scope): Scope {
  const expected = whole.monitors.filter((one) => isExpected(one, whole));
  const passed = (host: string): number =>
    expected.filter((one) => one.host === host && !isHeard(one.probe)).length;
  return {
    ...whole,
    hosts: whole.hosts.map((host) => ({ ...host, watched: host.watched - passed(host.id) })),
    monitors: whole.monitors.filter((one) => !expected.includes(one)),
  };
}

/** Fails as planned work makes it fail: no incident held it before. */
const isExpected = ({ id, state, maintained }: WatchedMonitor, { open }: Scope): boolean =>
  maintained &&
  isFailing(state) &&
  !open.some(({ evidence }) =>
    evidence.some(({ monitor, until }) => monitor === id && until === null),
  );

/** Whether something keeps it open. */
const isHeld = (draft: Draft): boolean =>
  standing(draft).length > 0 || draft.incident?.doubted === true;

/** When the last of its evidence came back. */
const backAt = ({ evidence }: Draft): number =>
  Math.max(-Infinity, ...evidence.flatMap((one) => (one.unrecovered ? [] : (one.until ?? []))));

/** A host's incident, until its cause has been back for long enough to tell what still fails from what is late. */
function lasts(draft: Draft, { backAt: back, now }: Work): boolean {
  const at = back.get(draft);
  return at !== undefined && now - Math.max(draft.openedAt, at) < SETTLE_MS;
}

/** Whether a host's incident keeps what it rests on: it lasts, or nobody has seen it fail since the cause is back. */
function keeps(draft: Draft, { failedAt }: WatchedMonitor, work: Work): boolean {
  const at = work.backAt.get(draft);
  return at !== undefined && (lasts(draft, work) || failedAt === null || failedAt <= at);
}

const isFelt = ({ state, reason }: WatchedMonitor): boolean =>
  isFailing(state) && isNoticeable(state, reason);

/** Whether an incident is this scope's to decide about, or merely holds evidence of a monitor that moved here. */
const isOurs = ({ cause }: Incident, { hosts }: Scope): boolean =>
  cause.kind !== "host" || hosts.some(({ id }) => id === cause.id);

/** Takes the evidence of monitors that moved here out of another tree's incident, and nothing else. */
function fetchMoved(from: Incident, { scope, changes, now }: Work): void {
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
  untold: boolean;
}

const draftOf = (incident: Incident): Draft => ({
  id: incident.id,
  incident,
  cause: incident.cause,
  evidence: [...incident.evidence],
  openedAt: incident.openedAt,
  lastEnd: "recovered",
  gone: false,
  untold: incident.untold,
});

const standing = (draft: Draft): Evidence[] => draft.evidence.filter(({ until }) => until === null);

const holds = (draft: Draft, monitor: string): boolean =>
  !draft.gone &&
  (standing(draft).some((one) => one.monitor === monitor) ||
    (draft.cause.kind === "monitor" && draft.cause.id === monitor));

/**
 * What creeps and what fails never share an incident, as the one may be told to nobody. Where one turned
 * into the other, what it was evidence of loses it, and that is all for now: the next decision follows.
 */
function endTurned({ scope, drafts, rules, changes }: Work): boolean {
  let anyTurned = false;
  for (const draft of drafts) {
    const turned = standing(draft).flatMap(({ monitor, reason, since }) => {
      const watched = scope.monitors.find(({ id }) => id === monitor);
      const isOther =
        watched && isFailing(watched.state) && isCreep(watched.reason) !== isCreep(reason);
      return isOther ? [{ monitor, until: Math.max(watched.since, since) }] : [];
    });
    for (const { monitor, until } of turned) end(draft, monitor, until, "turned", changes);
    if (turned.length > 0) assess(draft, scope.monitors, rules, changes);
    anyTurned ||= turned.length > 0;
  }
  return anyTurned;
}

/** Creeps, while customers still doubt the end of its outage. */
const isOutspoken = ({ id, reason }: WatchedMonitor, drafts: readonly Draft[]): boolean =>
  isCreep(reason) &&
  drafts.some(
    ({ cause, evidence }) =>
      cause.kind === "monitor" && cause.id === id && evidence.some((one) => !isCreep(one.reason)),
  );

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
    one.monitor === monitor && one.until === null
      ? { ...one, until, unrecovered: why !== "recovered" }
      : one,
  );
  draft.lastEnd = why;
  changes.push({ kind: "evidence-ended", id: draft.id, monitor, until, why });
}

/**
 * The incident of a host's failure: present, or reopened, or widened from the oldest open one that it
 * explains, or new. Whatever else is open and wholly explained is merged into it. What a lasting
 * incident of another cause rests on stays there, until it is clear what goes on by itself; and a cause
 * that merely lasts takes nothing from others.
 */
function gather({ cause, members, under, lasting }: Group<WatchedMonitor>, work: Work): void {
  const { scope, drafts, changes, claimed } = work;
  const ids = new Set(members.map(({ id }) => id));
  const hosts = new Set([...under, ...members.flatMap(({ host }) => host ?? [])]);
  const explained = (draft: Draft): boolean =>
    !draft.gone &&
    (isOf(draft, cause) ||
      (!lasting &&
        (draft.cause.kind === "monitor" || hosts.has(draft.cause.id)) &&
        standing(draft).some((one) => isFeltEvidence(one) && ids.has(one.monitor))));
  const others = drafts.filter(explained).toSorted((a, b) => a.openedAt - b.openedAt);
  const own: WatchedMonitor[] = [];
  for (const monitor of members) {
    const holder = holderOf(monitor, drafts);
    if (holder && !others.includes(holder) && (lasting || keeps(holder, monitor, work)))
      addEvidence(holder, monitor, changes);
    else own.push(monitor);
  }
  if (own.length === 0) return;
  const present = others.find((draft) => isOf(draft, cause));
  const earlier = present ? undefined : scope.recent.find((one) => isOf(one, cause));
  const isWhole = (draft: Draft): boolean =>
    standing(draft).every((one) => !isFeltEvidence(one) || ids.has(one.monitor));
  // One that is named after something else beside it may only stand in where nothing better is there.
  const canTake = (draft: Draft): boolean =>
    isOf(draft, cause) || draft.cause.kind === "monitor" || under.has(draft.cause.id);
  const whole = others.filter(isWhole);
  const oldest =
    present && !isWhole(present) ? present : (whole.find(canTake) ?? present ?? whole[0]);
  const found = earlier ? reopen(earlier, drafts, changes) : oldest;
  for (const other of others) {
    if (!found || other === found || !isWhole(other)) continue;
    other.gone = true;
    changes.push({ kind: "merged", id: other.id, into: found.id });
    found.evidence.push(...standing(other));
  }
  const isNew = !own.some((monitor) => holderOf(monitor, drafts));
  if (!found && isNew && !hasRoom({ host: cause.id }, work)) return;
  const taken = own.map((monitor) => takeOut(monitor, found ?? null, work));
  const survivor = found ?? openOf(cause, taken, work);
  if (survivor.cause.kind !== "host" || (!isOf(survivor, cause) && under.has(survivor.cause.id))) {
    survivor.cause = cause;
    const told = isClear(survivor, work);
    survivor.untold = !told;
    changes.push({ kind: "widened", id: survivor.id, cause, told });
  }
  claimed.add(survivor);
  for (const { monitor, from } of taken) {
    if (from) work.heirs.set(from, survivor);
    addEvidence(survivor, monitor, changes);
  }
}

/** What all fails on in other incidents is not over, and is told no end: it goes on there. */
function passOn(draft: Draft, { drafts, heirs, changes }: Work): void {
  const heir = heirs.get(draft);
  const others = drafts.filter((one) => one !== draft && !one.gone);
  const goesOn = draft.evidence.every(({ monitor }) =>
    others.some((one) => standing(one).some((each) => each.monitor === monitor)),
  );
  if (draft.gone || isHeld(draft) || !heir || heir.gone || !goesOn) return;
  draft.gone = true;
  changes.push({ kind: "merged", id: draft.id, into: heir.id });
}

const isOf = (one: { readonly cause: Cause }, cause: Cause): boolean =>
  one.cause.kind === cause.kind && one.cause.id === cause.id;

/** What a monitor is evidence of; else what is open of it although nothing fails there, in doubt. */
const holderOf = ({ id }: WatchedMonitor, drafts: readonly Draft[]): Draft | undefined =>
  drafts.find((draft) => !draft.gone && standing(draft).some(({ monitor }) => monitor === id)) ??
  drafts.find((draft) => holds(draft, id));

/** Whether no wider cause can show itself any more, so that this one may be told. */
const isClear = ({ cause, openedAt }: Draft, { scope, topology, now }: Work): boolean =>
  now - openedAt >= JOIN_MS || !mayBeWider(cause.id, scope.hosts, topology);

/** A monitor's fault, taken out of the incident that it was evidence of. */
interface Taken {
  readonly monitor: WatchedMonitor;
  readonly from: Draft | null;
}

/** Takes `monitor` out of whatever holds it but `keeper`: it began there, unless it turned into another fault. */
function takeOut(monitor: WatchedMonitor, keeper: Draft | null, work: Work): Taken {
  const { drafts, changes, now } = work;
  const of = (draft: Draft): Evidence | undefined =>
    standing(draft).find((one) => one.monitor === monitor.id);
  const from = drafts.find((one) => one !== keeper && !one.gone && of(one)) ?? null;
  const held = from && of(from);
  if (!from || !held) return { monitor, from: null };
  const since = isFeltEvidence(held) === isFelt(monitor) ? held.since : monitor.since;
  end(from, monitor.id, now, "moved", changes);
  from.lastEnd = "recovered";
  return { monitor: { ...monitor, since }, from };
}

/** Opens an incident of what was taken; split off where it comes from one whose cause is back. */
function openOf(cause: Cause, taken: readonly Taken[], { drafts, rules, changes }: Work): Draft {
  const since = Math.min(...taken.map(({ monitor }) => monitor.since));
  const from = taken.find((one) => one.from?.cause.kind === "host")?.from ?? null;
  return open(cause, since, from?.id ?? null, drafts, rules, changes);
}

/** A monitor that fails for itself: in its own incident, or where it is held as long as that lasts. */
function stand(monitor: WatchedMonitor, work: Work): void {
  const { drafts, changes, claimed } = work;
  const holder = holderOf(monitor, drafts);
  if (holder && (holder.cause.kind !== "host" || keeps(holder, monitor, work)))
    return addEvidence(holder, monitor, changes);
  if (holder && claimed.has(holder) && !isFelt(monitor))
    return addEvidence(holder, monitor, changes);
  if (holder) {
    const cause: Cause = { kind: "monitor", id: monitor.id };
    const taken = takeOut(monitor, null, work);
    const present = drafts.find((draft) => !draft.gone && isOf(draft, cause));
    const own = present ?? openOf(cause, [taken], work);
    if (taken.from) work.heirs.set(taken.from, own);
    return addEvidence(own, taken.monitor, changes);
  }
  if (hasRoom(monitor, work)) addEvidence(draftFor(monitor, work), monitor, changes);
}

/** Whether one more of a host may speak: those under one parent, while they are looked at, by one mouth. */
function hasRoom({ host }: Pick<WatchedMonitor, "host">, { rules, spoken, scope }: Work): boolean {
  const said = spoken.get(host) ?? 0;
  const room = rules.room(host);
  const parents = scope.hosts.find(({ id }) => id === host)?.parents ?? [];
  const siblings = scope.hosts.filter(
    (one) => one.id !== host && one.parents.some((parent) => parents.includes(parent)),
  );
  const isSaid = Number.isFinite(room) && siblings.some(({ id }) => (spoken.get(id) ?? 0) > 0);
  if (said >= room || isSaid) return false;
  spoken.set(host, said + 1);
  return true;
}

/** A widening that had to wait is told once it is clear. */
function tellWidening(draft: Draft, work: Work): void {
  if (draft.gone || !draft.untold || draft.cause.kind !== "host" || !isClear(draft, work)) return;
  draft.untold = false;
  if (standing(draft).length > 0) work.changes.push({ kind: "told", id: draft.id });
}

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
    untold: false,
  };
  drafts.push(draft);
  changes.push({ kind: "opened", id: draft.id, cause, openedAt, splitFrom });
  return draft;
}

function reopen(earlier: Incident, drafts: Draft[], changes: Change[]): Draft {
  const draft = draftOf(earlier);
  drafts.push(draft);
  changes.push({ kind: "reopened", id: earlier.id, cause: earlier.cause });
  return draft;
}

/** The incident of a monitor that fails for itself: its recent one again, or a new one. */
function draftFor(monitor: WatchedMonitor, { scope, drafts, rules, changes }: Work): Draft {
  const cause: Cause = { kind: "monitor", id: monitor.id };
  const earlier = scope.recent.find(
    (one) =>
      isOf(one, cause) &&
      one.evidence.some(({ reason }) => isCreep(reason)) === isCreep(monitor.reason),
  );
  if (earlier) return reopen(earlier, drafts, changes);
  return open(cause, monitor.since, null, drafts, rules, changes);
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
    // What is about to be told says how bad it is.
    worsened: incident !== null && peak !== incident.severity && !draft.untold,
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
