import type { DeliveryBody, EventName } from "../core/delivery.js";
import { type Health } from "../core/health.js";
import {
  decide,
  type Assessment,
  type Change,
  type Evidence,
  type EvidenceEnd,
  type Incident,
  type Scope,
  type WatchedMonitor,
} from "../core/incident.js";
import type { IncidentState, IncidentView, Localized, Severity } from "../core/incident-view.js";
import { worse, worst, type ComponentStatus, type Impact } from "../core/status.js";
import { faultOf, type Headlined, type Phase, type Subject } from "../core/wording.js";
import type { Db } from "./db.js";

/** What can share a cause: all monitors of a host, or one monitor that has none. */
export interface ScopeKey {
  readonly kind: "host" | "monitor";
  readonly id: string;
}

/** Puts a subject and a phase into words, in every language. */
export interface Speaker {
  words(subject: Subject, phase: Phase): { readonly title: Localized; readonly text: Localized };
  headline(incident: Headlined, now: Date): Localized;
}

export interface JudgeOptions {
  readonly now: Date;
  readonly publish: "confirmed" | "manual";
  readonly nextUpdateMs: number;
  readonly reopenMs: number;
  /** Channels that are told. */
  readonly channels: readonly string[];
  readonly location: string;
  readonly newId: () => string;
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
    const loaded = await loadScope(tx, key, options);
    if (!loaded) return [];
    const { publish, newId, now } = options;
    const changes = decide(loaded.scope, now.getTime(), { publish, newId });
    const ids = [...new Set(changes.map(({ id }) => id))];
    const judged: Judged[] = [];
    for (const change of changes) await storeChange(tx, change, loaded, options);
    for (const id of ids)
      judged.push(
        await conclude(
          tx,
          id,
          changes.filter((change) => change.id === id),
          loaded,
          options,
        ),
      );
    return judged;
  });
}

/** The scopes whose incidents may be out of step with health: something fails or something is open. */
export async function listUnsettledScopes(db: Db): Promise<ScopeKey[]> {
  const { rows } = await db.raw<{ rows: ScopeKey[] }>(
    `select distinct case when m.host_id is null then 'monitor' else 'host' end as kind,
                     coalesce(m.host_id, m.id) as id
       from monitors m join monitor_states s on s.monitor = m.num
      where (m.removed_at is null and not m.paused and s.health ->> 'state' in ('down', 'degraded'))
         or m.num in (select e.monitor from incident_evidence e where e.until is null)
         or m.id in (select cause_id from incidents where resolved_at is null and cause_kind = 'monitor')
      union
     select 'host', cause_id from incidents where resolved_at is null and cause_kind = 'host'`,
  );
  return rows;
}

// ---------------------------------------------------------------------------------------- loading

interface Member extends WatchedMonitor {
  readonly num: number;
}

interface Loaded {
  readonly scope: Scope;
  readonly hostName: string | null;
  readonly nums: ReadonlyMap<string, number>;
  readonly members: readonly Member[];
  readonly names: ReadonlyMap<string, Localized>;
}

interface MonitorRow {
  readonly num: number;
  readonly id: string;
  readonly probe: string;
  readonly component: string | null;
  readonly impact: Impact;
  readonly health: Health;
  readonly watched: boolean;
}

async function loadScope(
  tx: Db,
  key: ScopeKey,
  { now, reopenMs }: JudgeOptions,
): Promise<Loaded | null> {
  const { rows: locked } = await tx.raw<{ rows: { name: string }[] }>(
    key.kind === "host"
      ? `select name from hosts where id = :id for update`
      : `select id as name from monitors where id = :id for update`,
    { id: key.id },
  );
  const [place] = locked;
  if (!place) return null;

  const { rows: monitors } = await tx.raw<{ rows: MonitorRow[] }>(
    `select m.num, m.id, m.probe, m.impact, s.health, m.removed_at is null and not m.paused as watched,
            case when c.removed_at is null then c.id end as component
       from monitors m join monitor_states s on s.monitor = m.num left join components c on c.id = m.component_id
      where ${key.kind === "host" ? "m.host_id = :id" : "m.id = :id and m.host_id is null"}`,
    { id: key.id },
  );
  const { rows: incidents } = await tx.raw<{ rows: IncidentRow[] }>(
    `select ${INCIDENT} from incidents i
      where (i.resolved_at is null or (i.resolved_at > :since and i.merged_into is null))
        and i.state <> 'postmortem'
        and ((i.cause_kind = :kind and i.cause_id = :id)
          or (i.cause_kind = 'monitor' and i.cause_id = any(:monitors))
          or (i.resolved_at is null and i.cause_kind in ('host', 'monitor')
              and exists (select 1 from incident_evidence e
                           where e.incident_id = i.id and e.until is null and e.monitor = any(:nums))))
      order by i.opened_at desc`,
    {
      since: new Date(now.getTime() - reopenMs),
      kind: key.kind,
      id: key.id,
      monitors: monitors.map(({ id }) => id),
      nums: monitors.map(({ num }) => num),
    },
  );
  const evidence = await loadEvidence(
    tx,
    incidents.map(({ id }) => id),
  );
  const { rows: components } = await tx.raw<{ rows: { id: string; name: Localized }[] }>(
    `select id, name from components where id = any(:ids)
        or id in (select component_id from incident_components where incident_id = any(:incidents))`,
    {
      ids: monitors.flatMap(({ component }) => component ?? []),
      incidents: incidents.map(({ id }) => id),
    },
  );

  const members = monitors.filter(({ watched }) => watched).map(memberOf);
  const all = incidents.map((row) => toIncident(row, evidence.get(row.id) ?? []));
  return {
    scope: {
      host: key.kind === "host" ? key.id : null,
      monitors: members,
      open: all.filter((_, n) => incidents[n]?.resolved_at === null),
      recent: all.filter((_, n) => incidents[n]?.resolved_at !== null),
    },
    hostName: key.kind === "host" ? place.name : null,
    nums: await numsOf(tx, monitors, evidence),
    members,
    names: new Map(components.map(({ id, name }) => [id, name])),
  };
}

const memberOf = ({ num, id, probe, component, impact, health }: MonitorRow): Member => ({
  num,
  id,
  probe,
  component,
  impact,
  state: health.state,
  since: health.since,
  reason: health.reason,
});

/** Evidence may rest on a monitor that has meanwhile moved to another host. */
async function numsOf(
  tx: Db,
  monitors: readonly MonitorRow[],
  evidence: ReadonlyMap<string, readonly EvidenceRow[]>,
): Promise<ReadonlyMap<string, number>> {
  const nums = new Map(monitors.map(({ id, num }) => [id, num]));
  const others = [...evidence.values()].flat().filter(({ monitor }) => !nums.has(monitor));
  if (others.length === 0) return nums;
  const rows: { id: string; num: number }[] = await tx("monitors")
    .select("id", "num")
    .whereIn(
      "id",
      others.map(({ monitor }) => monitor),
    );
  for (const { id, num } of rows) nums.set(id, num);
  return nums;
}

interface IncidentRow {
  readonly id: string;
  readonly state: IncidentState;
  readonly public: boolean;
  readonly cause_kind: IncidentView["cause"]["kind"];
  readonly cause_id: string;
  readonly severity: Severity;
  readonly title: Localized;
  readonly opened_at: Date;
  readonly resolved_at: Date | null;
  readonly next_update_at: Date | null;
  readonly merged_into: string | null;
  readonly split_from: string | null;
}

const INCIDENT = `i.id, i.state, i.public, i.cause_kind, i.cause_id, i.severity, i.title, i.opened_at, i.resolved_at,
  i.next_update_at, i.merged_into, i.split_from`;

interface EvidenceRow {
  readonly incident_id: string;
  readonly monitor: string;
  readonly probe: string;
  readonly location: string;
  readonly outcome: "degraded" | "down";
  readonly reason: string;
  readonly since: Date;
  readonly until: Date | null;
}

async function loadEvidence(db: Db, ids: readonly string[]): Promise<Map<string, EvidenceRow[]>> {
  const { rows } = await db.raw<{ rows: EvidenceRow[] }>(
    `select e.incident_id, m.id as monitor, m.probe, e.location, e.outcome, e.reason, e.since, e.until
       from incident_evidence e join monitors m on m.num = e.monitor
      where e.incident_id = any(:ids) order by e.since, m.id`,
    { ids },
  );
  const byIncident = new Map<string, EvidenceRow[]>(ids.map((id) => [id, []]));
  for (const row of rows) byIncident.get(row.incident_id)?.push(row);
  return byIncident;
}

const toIncident = (row: IncidentRow, evidence: readonly EvidenceRow[]): Incident => ({
  id: row.id,
  cause: { kind: row.cause_kind, id: row.cause_id },
  public: row.public,
  severity: row.severity,
  openedAt: row.opened_at.getTime(),
  evidence: evidence.map(({ monitor, outcome, reason, since, until }): Evidence => ({
    monitor,
    outcome,
    reason,
    since: since.getTime(),
    until: until?.getTime() ?? null,
  })),
});

// ---------------------------------------------------------------------------------------- storing

const ENDED: Readonly<Record<EvidenceEnd, string | null>> = {
  recovered: null,
  "no-longer-watched": "no longer watched",
  moved: "moved",
};

async function storeChange(
  tx: Db,
  change: Change,
  loaded: Loaded,
  options: JudgeOptions,
): Promise<void> {
  const { now, location } = options;
  const numOf = (monitor: string): number => loaded.nums.get(monitor) ?? 0;
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
      await tx("incidents")
        .where({ id: change.id })
        .update({
          state: "investigating",
          resolved_at: null,
          identified_at: null,
          monitoring_at: null,
        });
      return;
    case "widened":
      await tx("incidents")
        .where({ id: change.id })
        .update({ cause_kind: change.cause.kind, cause_id: change.cause.id });
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
      await tx("incident_evidence")
        .where({ incident_id: change.id })
        .whereNull("until")
        .update({ incident_id: change.into });
      return;
    case "evidence-added": {
      const { monitor, outcome, reason, since } = change.evidence;
      await tx("incident_evidence")
        .insert({
          incident_id: change.id,
          monitor: numOf(monitor),
          location,
          outcome,
          reason,
          since: new Date(since),
        })
        .onConflict(["incident_id", "monitor", "since"])
        .merge(["outcome", "reason"]);
      return;
    }
    case "evidence-ended":
      await tx("incident_evidence")
        .where({ incident_id: change.id, monitor: numOf(change.monitor) })
        .whereNull("until")
        .update({
          until: tx.raw("greatest(since, ?)", [new Date(change.until)]),
          ended: ENDED[change.why],
        });
      return;
    case "assessed":
    case "resolved":
      return;
  }
}

/** Which moment of the story the changes of one incident make, the most telling first. */
function phaseOf(changes: readonly Change[]): Phase | null {
  const find = (kind: Change["kind"]): Change | undefined =>
    changes.find((change) => change.kind === kind);
  const resolved = changes.find((change) => change.kind === "resolved");
  if (resolved) return resolved.why === "no-longer-watched" ? "unwatched" : "resolved";
  if (find("opened")) return "investigating";
  if (find("reopened")) return "reopened";
  if (find("widened")) return "widened";
  const assessed = changes.find((change) => change.kind === "assessed");
  if (assessed?.published) return "investigating";
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

/** Says what the changes of one incident amount to: its words, its components, and who is told. */
async function conclude(
  tx: Db,
  id: string,
  changes: readonly Change[],
  loaded: Loaded,
  options: JudgeOptions,
): Promise<Judged> {
  const { now } = options;
  if (changes.some(({ kind }) => kind === "merged")) {
    await refreshComponents(tx, await componentsOf(tx, id), changes, loaded, options);
    return { id, event: null, phase: "merged", changes };
  }
  const phase = phaseOf(changes);
  const assessed = changes.find((change) => change.kind === "assessed");
  const over = phase === "resolved" || phase === "unwatched";
  if (assessed) await storeAssessment(tx, id, assessed.assessment);
  if (over)
    await tx("incidents")
      .where({ id })
      .update({
        state: "resolved",
        resolved_at: tx.raw("greatest(opened_at, ?)", [now]),
        next_update_at: null,
      });
  await tx("incidents").where({ id }).update({ updated_at: now });
  const affected = await refreshComponents(
    tx,
    await componentsOf(tx, id),
    changes,
    loaded,
    options,
  );
  if (!phase) return { id, event: null, phase, changes };

  const opening = changes.some(({ kind }) => kind === "opened");
  const event = phase === "investigating" && !opening ? "incident.updated" : EVENTS[phase];
  const incident = await tell(tx, id, phase, affected, loaded, options);
  await owe(tx, id, event, incident, options);
  return { id, event, phase, changes };
}

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

const componentsOf = async (tx: Db, id: string): Promise<string[]> =>
  tx("incident_components").where({ incident_id: id }).pluck("component_id");

interface Affected {
  readonly id: string;
  readonly from: ComponentStatus;
  readonly to: ComponentStatus;
}

/** A component is as bad as the worst open public incident says; a change is dated by its evidence. */
async function refreshComponents(
  tx: Db,
  ids: readonly string[],
  changes: readonly Change[],
  loaded: Loaded,
  { now }: JudgeOptions,
): Promise<Affected[]> {
  if (ids.length === 0) return [];
  const { rows } = await tx.raw<{
    rows: { id: string; from: ComponentStatus; said: ComponentStatus[] }[];
  }>(
    `select s.component_id as id, s.status as from,
            coalesce(array_agg(ic.status) filter (where i.id is not null), '{}') as said
       from component_states s
       left join incident_components ic on ic.component_id = s.component_id
       left join incidents i on i.id = ic.incident_id and i.public and i.resolved_at is null
      where s.component_id = any(:ids) group by 1, 2`,
    { ids },
  );
  const affected: Affected[] = [];
  for (const { id, from, said } of rows) {
    const to = worst(said);
    if (to === from) continue;
    affected.push({ id, from, to });
    const at = new Date(Math.min(now.getTime(), datedBy(id, changes, loaded) ?? now.getTime()));
    await tx("component_states").where({ component_id: id }).update({ status: to });
    await tx("components").where({ id }).update({ updated_at: now });
    await moveInterval(tx, id, to, at, worse(from, to) === to);
  }
  await tx.raw(`select pg_notify('tudunk_page', '')`);
  return affected;
}

/** When the evidence of a component's monitors began or ended, the latest of them (epoch ms). */
function datedBy(
  component: string,
  changes: readonly Change[],
  { members }: Loaded,
): number | null {
  const its = new Set(members.filter((one) => one.component === component).map(({ id }) => id));
  const times = changes.flatMap((change) => {
    if (change.kind === "evidence-added" && its.has(change.evidence.monitor))
      return change.evidence.since;
    if (change.kind === "evidence-ended" && its.has(change.monitor)) return change.until;
    return [];
  });
  return times.length > 0 ? Math.max(...times) : null;
}

/** Ends the present interval at `at` and begins the next; a worse one may take its place altogether. */
async function moveInterval(
  tx: Db,
  id: string,
  status: ComponentStatus,
  at: Date,
  worsening: boolean,
): Promise<void> {
  const present = { component_id: id, until: null };
  const row: { since: Date; status: string } | undefined = await tx("component_intervals")
    .where(present)
    .whereNot({ status: "unknown" })
    .first("since", "status");
  const since = row && at < row.since ? row.since : at;
  const replaces = row !== undefined && since.getTime() === row.since.getTime() && worsening;
  if (replaces) {
    await tx("component_intervals")
      .where(present)
      .whereNot({ status: "unknown" })
      .update({ status });
    return;
  }
  await tx("component_intervals")
    .where(present)
    .whereNot({ status: "unknown" })
    .update({ until: since });
  await tx("component_intervals").insert({ component_id: id, status, since });
}

/** Writes the words of a change: title, update, promise. Returns the incident as it now is. */
async function tell(
  tx: Db,
  id: string,
  phase: Phase,
  affected: readonly Affected[],
  loaded: Loaded,
  options: JudgeOptions,
): Promise<{ readonly view: IncidentView; readonly text: Localized }> {
  const { now, nextUpdateMs, newId, speaker } = options;
  const before = await findIncident(tx, id);
  if (!before) throw new Error(`incident ${id} vanished within its own transaction`);
  const over = phase === "resolved" || phase === "unwatched";
  const nextUpdate = before.public && !over ? new Date(now.getTime() + nextUpdateMs) : null;
  const evidence = (await loadEvidence(tx, [id])).get(id) ?? [];
  const subject = subjectOf(before, evidence, loaded, { now, nextUpdate, over });
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
  return { view: view ?? before, text };
}

function subjectOf(
  incident: IncidentView,
  evidence: readonly EvidenceRow[],
  { hostName, members, names }: Loaded,
  {
    now,
    nextUpdate,
    over,
  }: { readonly now: Date; readonly nextUpdate: Date | null; readonly over: boolean },
): Subject {
  const standing = evidence.filter(({ until }) => until === null);
  const telling = over ? evidence : standing;
  const host = incident.cause.kind === "host" && hostName !== null ? { en: hostName } : null;
  const bad = incident.components.filter(({ status }) => over || status !== "operational");
  const places = bad
    .toSorted((a, b) =>
      a.status === b.status ? 0 : worse(a.status, b.status) === a.status ? -1 : 1,
    )
    .flatMap(({ id }) => nameOf(id, names));
  const [first = host ?? { en: incident.cause.id }, ...rest] = places;
  const troubled = new Set(
    members.filter(({ state }) => state !== "up").map(({ component }) => component),
  );
  const working = new Set(
    members.flatMap(({ component }) => (component && !troubled.has(component) ? component : [])),
  );
  const ends = evidence.flatMap(({ until }) => until?.getTime() ?? []);
  return {
    fault: faultOf(incident.cause.kind, telling),
    places: [first, ...rest],
    host,
    working: [...working].flatMap((id) => nameOf(id, names)),
    since: new Date(incident.openedAt),
    until: over ? new Date(Math.min(now.getTime(), Math.max(...ends, 0) || now.getTime())) : null,
    nextUpdate,
    now,
  };
}

function nameOf(id: string, names: ReadonlyMap<string, Localized>): readonly Localized[] {
  const name = names.get(id);
  return name ? [name] : [];
}

/** Owes one message to each channel. */
async function owe(
  tx: Db,
  id: string,
  event: EventName,
  { view, text }: { readonly view: IncidentView; readonly text: Localized },
  { now, channels, newId, speaker, traceparent }: JudgeOptions,
): Promise<void> {
  if (channels.length === 0) return;
  const headline = speaker.headline(
    {
      title: view.title,
      state: view.state,
      openedAt: new Date(view.openedAt),
      resolvedAt: view.resolvedAt === null ? null : new Date(view.resolvedAt),
      nextUpdateAt: view.nextUpdateAt === null ? null : new Date(view.nextUpdateAt),
    },
    now,
  );
  const body: DeliveryBody = { headline, text, incident: view };
  await tx("deliveries").insert(
    channels.map((channel_id) => ({
      key: `${id}-${newId()}`,
      channel_id,
      incident_id: id,
      event,
      at: now,
      body,
      traceparent,
      due_at: now,
    })),
  );
}

// ---------------------------------------------------------------------------------------- reading

/** One incident as the outside sees it; `null` where there is none. */
export async function findIncident(db: Db, id: string): Promise<IncidentView | null> {
  const { rows } = await db.raw<{ rows: IncidentRow[] }>(
    `select ${INCIDENT} from incidents i where i.id = :id`,
    { id },
  );
  return (await viewsOf(db, rows))[0] ?? null;
}

export interface IncidentPage {
  readonly open: boolean;
  /** `openedAt` and id of the last one seen; `null` for the first page. */
  readonly after: { readonly openedAt: Date; readonly id: string } | null;
  readonly limit: number;
}

/** Incidents newest first; only open ones where `open`. */
export async function listIncidents(
  db: Db,
  { open, after, limit }: IncidentPage,
): Promise<IncidentView[]> {
  const { rows } = await db.raw<{ rows: IncidentRow[] }>(
    `select ${INCIDENT} from incidents i
      where ${open ? "i.resolved_at is null" : "true"}
        and (i.opened_at, i.id) < (coalesce(cast(:openedAt as timestamptz), 'infinity'), :id)
      order by i.opened_at desc, i.id desc limit :limit`,
    { openedAt: after?.openedAt ?? null, id: after?.id ?? "", limit },
  );
  return viewsOf(db, rows);
}

interface UpdateRow {
  readonly id: string;
  readonly incident_id: string;
  readonly at: Date;
  readonly state: IncidentState;
  readonly public: boolean;
  readonly by: string;
  readonly text: Localized;
}

async function viewsOf(db: Db, rows: readonly IncidentRow[]): Promise<IncidentView[]> {
  const ids = rows.map(({ id }) => id);
  const evidence = await loadEvidence(db, ids);
  const updates: UpdateRow[] = await db("incident_updates")
    .select("id", "incident_id", "at", "state", "public", "by", "text")
    .whereIn("incident_id", ids)
    .orderBy([{ column: "at", order: "desc" }, { column: "id" }]);
  const components: { incident_id: string; id: string; status: ComponentStatus }[] = await db(
    "incident_components",
  )
    .select("incident_id", { id: "component_id" }, "status")
    .whereIn("incident_id", ids)
    .orderBy("component_id");
  return rows.map((row) => ({
    id: row.id,
    state: row.state,
    public: row.public,
    title: row.title,
    cause: { kind: row.cause_kind, id: row.cause_id },
    severity: row.severity,
    components: components
      .filter(({ incident_id }) => incident_id === row.id)
      .map(({ id, status }) => ({ id, status })),
    openedAt: row.opened_at.toISOString(),
    resolvedAt: row.resolved_at?.toISOString() ?? null,
    mergedInto: row.merged_into,
    splitFrom: row.split_from,
    evidence: (evidence.get(row.id) ?? []).map(({ monitor, location, since, until, reason }) => ({
      monitor,
      location,
      since: since.toISOString(),
      until: until?.toISOString() ?? null,
      reason,
    })),
    updates: updates
      .filter(({ incident_id }) => incident_id === row.id)
      .map(({ id, at, state, public: shown, by, text }) => ({
        id,
        at: at.toISOString(),
        state,
        public: shown,
        by,
        text,
      })),
    nextUpdateAt: row.next_update_at?.toISOString() ?? null,
  }));
}
