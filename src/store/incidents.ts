import { isCreep } from "../core/creep.js";
import type { EventName } from "../core/delivery.js";
import { decide, type Assessment, type Change, type EvidenceEnd } from "../core/incident.js";
import type { IncidentView, Localized } from "../core/incident-view.js";
import { worse } from "../core/status.js";
import { faultOf, type Phase, type Subject } from "../core/wording.js";
import { componentsOf, refreshComponents, type Affected } from "./component-status.js";
import type { Db } from "./db.js";
import { moveCustomers, oweCustomers, splitCustomers } from "./incident-customers.js";
import { oweMessages, type Speaker } from "./incident-messages.js";
import { findIncident, loadEvidence, type EvidenceRow } from "./incident-rows.js";
import { loadScope, type LoadedScope, type ScopeKey } from "./incident-scope.js";

export interface JudgeOptions {
  readonly now: Date;
  readonly publish: "confirmed" | "manual";
  readonly nextUpdateMs: number;
  readonly reopenMs: number;
  /** Whether channels hear of what is merely slower or worse than usual; default: they do not. */
  readonly tellsCreep?: boolean;
  /** Channels that are told. */
  readonly channels: readonly string[];
  readonly location: string;
  readonly newId: () => string;
  /** How many incidents of single monitors may open on a host now (core/incident.ts); default: any number. */
  readonly room?: (host: string | null) => number;
  readonly speaker: Speaker;
  readonly traceparent: string | null;
  /** Runs first in the transaction; throws where we may not decide any more. */
  readonly guard?: (tx: Db) => Promise<void>;
}

/** One incident's part in a judgement, as stored. */
export interface Judged {
  readonly id: string;
  readonly event: EventName | null;
  readonly phase: Phase | "merged" | null;
  readonly changes: readonly Change[];
}

/**
 * The one door through which probes change incidents. Locks the scope, loads it, lets the core
 * decide, and stores every change with its update, the components it affects and the deliveries it
 * owes: all or nothing. Judging again without news changes nothing, so it may be repeated freely.
 */
export async function judgeScope(db: Db, key: ScopeKey, options: JudgeOptions): Promise<Judged[]> {
  return db.transaction(async (tx) => {
    await options.guard?.(tx);
    const judged = await judgeOnce(tx, key, options);
    // What ended because it turned into something else is that from now on.
    return judged.some(hasTurned) ? [...judged, ...(await judgeOnce(tx, key, options))] : judged;
  });
}

const hasTurned = ({ changes }: Judged): boolean =>
  changes.some((change) => change.kind === "evidence-ended" && change.why === "turned");

async function judgeOnce(tx: Db, key: ScopeKey, options: JudgeOptions): Promise<Judged[]> {
  const loaded = await loadScope(tx, key, options);
  if (!loaded) return [];
  const { publish, newId, now, room = () => Infinity } = options;
  const changes = decide(loaded.scope, now.getTime(), { publish, newId, room });
  await storeChanges(tx, changes, loaded, options);
  // Once it is known what each rests on.
  for (const change of changes)
    if (change.kind === "opened" && change.splitFrom !== null)
      await splitCustomers(tx, change.splitFrom, change.id, now);
  const parts = [...new Set(changes.map(({ id }) => id))].map((id) => partOf(id, changes));
  for (const part of parts) await conclude(tx, part, now);
  // Only when all are as they will be: a component may pass from one incident to another.
  const its = await componentsOf(
    tx,
    parts.map(({ id }) => id),
  );
  const all = [...new Set([...its.values()].flatMap((ids) => [...ids]))];
  const affected = await refreshComponents(tx, all, changes, loaded.members, now);
  for (const part of parts)
    await announce(
      tx,
      part,
      affected.filter(({ id }) => its.get(part.id)?.has(id)),
      loaded,
      options,
    );
  return parts;
}

const ENDED: Readonly<Record<EvidenceEnd, string | null>> = {
  recovered: null,
  "no-longer-watched": "no longer watched",
  moved: "moved",
  turned: "turned into another fault",
};

/** In their order; what many monitors have in common is stored at once. */
async function storeChanges(
  tx: Db,
  changes: readonly Change[],
  loaded: LoadedScope,
  options: JudgeOptions,
): Promise<void> {
  let run: Change[] = [];
  const inRun = new Set<string>();
  const store = async (): Promise<void> => {
    const [first] = run;
    const added = run.flatMap((one) => (one.kind === "evidence-added" ? one : []));
    const ended = run.flatMap((one) => (one.kind === "evidence-ended" ? one : []));
    run = [];
    inRun.clear();
    if (added.length > 0) await addEvidence(tx, added, loaded, options.location);
    else if (ended.length > 0) await endEvidence(tx, ended, loaded);
    else if (first) await storeChange(tx, first, options);
  };
  for (const change of changes) {
    const monitor = monitorOf(change);
    // The same monitor twice in a row has an order.
    const isMore = monitor !== null && !inRun.has(monitor) && run.at(-1)?.kind === change.kind;
    if (!isMore) await store();
    run.push(change);
    if (monitor !== null) inRun.add(monitor);
  }
  await store();
}

function monitorOf(change: Change): string | null {
  if (change.kind === "evidence-added") return change.evidence.monitor;
  return change.kind === "evidence-ended" ? change.monitor : null;
}

async function addEvidence(
  tx: Db,
  changes: readonly Extract<Change, { kind: "evidence-added" }>[],
  { nums }: LoadedScope,
  location: string,
): Promise<void> {
  const rows = changes.map(({ id, evidence: { monitor, outcome, reason, since } }) => ({
    id,
    monitor: nums.get(monitor) ?? 0,
    outcome,
    reason,
    since: new Date(since),
  }));
  await tx.raw(
    `insert into incident_evidence (incident_id, monitor, location, outcome, reason, since)
     select id, monitor, :location, outcome, reason, since
       from jsonb_to_recordset(cast(:rows as jsonb))
            as x (id text, monitor int, outcome text, reason text, since timestamptz)
     on conflict (incident_id, monitor, since) do update
        set outcome = excluded.outcome, reason = excluded.reason, until = null, ended = null`,
    { location, rows: JSON.stringify(rows) },
  );
}

async function endEvidence(
  tx: Db,
  changes: readonly Extract<Change, { kind: "evidence-ended" }>[],
  { nums }: LoadedScope,
): Promise<void> {
  const rows = changes.map(({ id, monitor, until, why }) => ({
    id,
    monitor: nums.get(monitor) ?? 0,
    until: new Date(until),
    ended: ENDED[why],
  }));
  await tx.raw(
    `update incident_evidence e set until = greatest(e.since, x.until), ended = x.ended
       from jsonb_to_recordset(cast(:rows as jsonb))
            as x (id text, monitor int, until timestamptz, ended text)
      where e.incident_id = x.id and e.monitor = x.monitor and e.until is null`,
    { rows: JSON.stringify(rows) },
  );
}

async function storeChange(tx: Db, change: Change, { now }: JudgeOptions): Promise<void> {
  switch (change.kind) {
    case "opened":
      await tx("incidents").insert({
        id: change.id,
        state: "investigating",
        public: false,
        cause_kind: change.cause.kind,
        cause_id: change.cause.id,
        severity: "none",
        title: {},
        opened_at: new Date(Math.min(change.openedAt, now.getTime())),
        split_from: change.splitFrom,
        created_at: now,
        updated_at: now,
      });
      return;
    case "reopened":
      await tx("incidents").where({ id: change.id }).update({
        state: "investigating",
        resolved_at: null,
        identified_at: null,
        monitoring_at: null,
      });
      return;
    case "widened":
      await tx("incidents").where({ id: change.id }).update({
        cause_kind: change.cause.kind,
        cause_id: change.cause.id,
        untold: !change.told,
      });
      return;
    case "told":
      await tx("incidents").where({ id: change.id }).update({ untold: false });
      return;
    case "merged":
      // Resolved before the survivor may take its cause: one open incident a cause.
      await tx("incidents").where({ id: change.id }).update({
        merged_into: change.into,
        state: "resolved",
        resolved_at: now,
        next_update_at: null,
        updated_at: now,
      });
      await moveEvidence(tx, change.id, change.into);
      await moveCustomers(tx, change.id, change.into, now);
      return;
    case "evidence-added":
    case "evidence-ended":
    case "assessed":
    case "resolved":
      return;
  }
}

/** What stands moves to the survivor; it may have stood there before, and stands there again. */
async function moveEvidence(tx: Db, from: string, into: string): Promise<void> {
  const rows: Record<string, unknown>[] = await tx("incident_evidence")
    .where({ incident_id: from })
    .whereNull("until")
    .delete()
    .returning("*");
  for (const row of rows)
    await tx("incident_evidence")
      .insert({ ...row, incident_id: into })
      .onConflict(["incident_id", "monitor", "since"])
      .merge(["outcome", "reason", "until", "ended"]);
}

/** An incident's own changes and what they amount to. */
function partOf(id: string, all: readonly Change[]): Judged {
  const changes = all.filter((change) => change.id === id);
  const merged = changes.some(({ kind }) => kind === "merged");
  const phase = merged ? "merged" : phaseOf(changes);
  if (phase === null || phase === "merged") return { id, event: null, phase, changes };
  const opening = changes.some(({ kind }) => kind === "opened");
  const event = phase === "investigating" && !opening ? "incident.updated" : EVENTS[phase];
  return { id, event, phase, changes };
}

/** Which moment of the story the changes of one incident make, the most telling first. */
function phaseOf(changes: readonly Change[]): Phase | null {
  const find = (kind: Change["kind"]): Change | undefined =>
    changes.find((change) => change.kind === kind);
  const resolved = changes.find((change) => change.kind === "resolved");
  if (resolved) return resolved.why === "no-longer-watched" ? "unwatched" : "resolved";
  if (find("opened")) return "investigating";
  if (find("reopened")) return "reopened";
  if (find("told")) return "widened";
  const widened = changes.find((change) => change.kind === "widened");
  // What may become wider still is told once it is clear.
  if (widened) return widened.told ? "widened" : null;
  const assessed = changes.find((change) => change.kind === "assessed");
  if (assessed && assessed.published !== null) return "investigating";
  return assessed?.worsened ? "worsened" : null;
}

const EVENTS: Readonly<Record<Phase, EventName>> = {
  investigating: "incident.opened",
  identified: "incident.updated",
  worsened: "incident.updated",
  widened: "incident.updated",
  monitoring: "incident.updated",
  reopened: "incident.updated",
  resolved: "incident.resolved",
  unwatched: "incident.resolved",
};

/** Stores how bad an incident is now, or that it is over. */
async function conclude(tx: Db, { id, phase, changes }: Judged, now: Date): Promise<void> {
  const assessed = changes.find((change) => change.kind === "assessed");
  if (assessed) await storeAssessment(tx, id, assessed.assessment);
  const opening = changes.some(({ kind }) => kind === "opened");
  // To customers it began when they could first notice it, however long staff knew of a warning.
  if (assessed && assessed.published !== null && !opening)
    await tx("incidents")
      .where({ id })
      .update({ opened_at: new Date(assessed.published) });
  if (phase === "resolved" || phase === "unwatched") {
    await tx("incidents")
      .where({ id })
      .update({
        state: "resolved",
        // What recovered was over when its first good look began, not when that was confirmed.
        resolved_at: tx.raw(
          "greatest(opened_at, least(?, (select max(until) from incident_evidence where incident_id = ?)))",
          [now, id],
        ),
        next_update_at: null,
      });
    await tx("incident_components").where({ incident_id: id }).update({ status: "operational" });
  }
  await tx("incidents").where({ id }).update({ updated_at: now });
}

/** Says what changed, and owes it to whoever is told. */
async function announce(
  tx: Db,
  { id, phase, event }: Judged,
  affected: readonly Affected[],
  loaded: LoadedScope,
  options: JudgeOptions,
): Promise<void> {
  if (phase === null) await retitle(tx, id, loaded, options);
  if (phase === null || phase === "merged" || event === null) return;
  const incident = await tell(tx, id, phase, affected, loaded, options);
  const isTold = options.tellsCreep || !incident.creeps;
  if (isTold || (event !== "incident.opened" && (await wasTold(tx, id))))
    await oweMessages(tx, id, event, incident, options);
  const again = phase === "reopened";
  await oweCustomers(tx, event, { ...incident, told: incident.view.public, again }, options);
}

/** Whether any channel knows of it: whoever heard that it began has to hear that it is over. */
const wasTold = async (tx: Db, id: string): Promise<boolean> =>
  Boolean(await tx("deliveries").where({ incident_id: id }).first("id"));

async function storeAssessment(tx: Db, id: string, assessment: Assessment): Promise<void> {
  const { severity, components } = assessment;
  await tx("incidents").where({ id }).update({ severity, public: assessment.public });
  await tx("incident_components")
    .where({ incident_id: id })
    .whereNotIn(
      "component_id",
      components.map((one) => one.id),
    )
    .update({ status: "operational" });
  for (const { id: component_id, status } of components)
    await tx("incident_components")
      .insert({ incident_id: id, component_id, status })
      .onConflict(["incident_id", "component_id"])
      .merge();
}

/** What fails may have turned into another fault: the title follows, without a word of its own. */
async function retitle(
  tx: Db,
  id: string,
  loaded: LoadedScope,
  options: JudgeOptions,
): Promise<void> {
  const { now, speaker } = options;
  const incident = await findIncident(tx, id);
  if (!incident) return;
  const evidence = (await loadEvidence(tx, [id])).get(id) ?? [];
  const subject = subjectOf(incident, evidence, loaded, { now, nextUpdate: null, over: false });
  await tx("incidents")
    .where({ id })
    .update({ title: speaker.words(subject, "identified").title });
}

/** Writes the words of a change: title, update, promise. Returns the incident as it now is. */
async function tell(
  tx: Db,
  id: string,
  phase: Phase,
  affected: readonly Affected[],
  loaded: LoadedScope,
  options: JudgeOptions,
): Promise<{
  readonly view: IncidentView;
  readonly text: Localized;
  /** It is merely slower or worse than usual. */
  readonly creeps: boolean;
}> {
  const { now, nextUpdateMs, newId, speaker } = options;
  const before = await findIncident(tx, id);
  if (!before) throw new Error(`incident ${id} vanished within its own transaction`);
  const over = phase === "resolved" || phase === "unwatched";
  const nextUpdate = before.public && !over ? new Date(now.getTime() + nextUpdateMs) : null;
  const evidence = (await loadEvidence(tx, [id])).get(id) ?? [];
  const again = phase === "reopened";
  const subject = subjectOf(before, evidence, loaded, { now, nextUpdate, over, again });
  const { title, text } = speaker.words(subject, phase);
  await tx("incidents")
    .where({ id })
    .update({ next_update_at: nextUpdate, ...(!over && { title }) });
  await tx("incident_updates").insert({
    id: newId(),
    incident_id: id,
    at: now,
    state: before.state,
    public: before.public,
    by: "engine",
    text,
    affected: JSON.stringify(affected),
  });
  const view = await findIncident(tx, id);
  const creeps = evidence.length > 0 && evidence.every(({ reason }) => isCreep(reason));
  return { view: view ?? before, text, creeps };
}

function subjectOf(
  incident: IncidentView,
  evidence: readonly EvidenceRow[],
  { hostNames, members, names }: LoadedScope,
  {
    now,
    nextUpdate,
    over,
    again = false,
  }: {
    readonly now: Date;
    readonly nextUpdate: Date | null;
    readonly over: boolean;
    readonly again?: boolean;
  },
): Subject {
  const standing = evidence.filter(({ until }) => until === null);
  const telling = over ? evidence : standing;
  const hostName = incident.cause.kind === "host" ? hostNames.get(incident.cause.id) : undefined;
  const host = hostName === undefined ? null : { en: hostName };
  const monitors = new Set(evidence.map(({ monitor }) => monitor));
  const hosts = new Set(members.flatMap((one) => (monitors.has(one.id) ? one.host : [])));
  // What works elsewhere says nothing of what fails here.
  const near = members.filter((one) => hosts.has(one.host));
  const bad = incident.components.filter(({ status }) => over || status !== "operational");
  const places = bad
    .toSorted((a, b) =>
      a.status === b.status ? 0 : worse(a.status, b.status) === a.status ? -1 : 1,
    )
    .flatMap(({ id }) => nameOf(id, names));
  const [first = host ?? { en: incident.cause.id }, ...rest] = places;
  const openedAt = new Date(incident.openedAt);
  const troubled = new Set(
    near.filter((one) => !worksFor(one, openedAt)).map(({ component }) => component),
  );
  const working = new Set(
    near.flatMap(({ component }) => (component && !troubled.has(component) ? component : [])),
  );
  const ends = evidence.flatMap(({ until }) => until?.getTime() ?? []);
  return {
    fault: faultOf(incident.cause.kind, telling),
    places: [first, ...rest],
    host,
    working: [...working].flatMap((id) => nameOf(id, names)),
    // It worked in between: this time it began with what fails now.
    since: again ? new Date(Math.min(...standing.map(({ since }) => since.getTime()))) : openedAt,
    until: over ? new Date(Math.min(now.getTime(), Math.max(...ends, 0) || now.getTime())) : null,
    nextUpdate,
    now,
  };
}

/** Only what was looked at since the fault began, and without a fault, may be said to work. */
const worksFor = ({ state, steadyAt }: LoadedScope["members"][number], since: Date): boolean =>
  state === "up" && steadyAt !== null && steadyAt >= since.getTime();

function nameOf(id: string, names: ReadonlyMap<string, Localized>): readonly Localized[] {
  const name = names.get(id);
  return name ? [name] : [];
}
