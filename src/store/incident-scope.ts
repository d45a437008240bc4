import { HEARD } from "../core/heard.js";
import type { Health } from "../core/health.js";
import type { Evidence, Incident, Scope, WatchedMonitor } from "../core/incident.js";
import type { Localized } from "../core/incident-view.js";
import type { Impact } from "../core/status.js";
import type { Db } from "./db.js";
import {
  INCIDENT,
  loadAffected,
  loadEvidence,
  type EvidenceRow,
  type IncidentRow,
} from "./incident-rows.js";

/** What can share a cause: all monitors of a tree of hosts (`hosts.tree`), or one monitor that has no host. */
export interface ScopeKey {
  readonly kind: "host" | "monitor";
  readonly id: string;
}

/**
 * The scopes whose incidents may be out of step with health: something fails or something is open;
 * or only the hosts with an open incident.
 */
export async function listUnsettledScopes(db: Db, which: "all" | "hosts"): Promise<ScopeKey[]> {
  const hosts = `select distinct 'host' as kind, h.tree as id
       from incidents i join hosts h on h.id = i.cause_id
      where i.resolved_at is null and i.cause_kind = 'host'`;
  const all = `select distinct case when m.host_id is null then 'monitor' else 'host' end as kind,
                      coalesce(h.tree, m.id) as id
       from monitors m join monitor_states s on s.monitor = m.num left join hosts h on h.id = m.host_id
      where (m.removed_at is null and not m.paused and s.health ->> 'state' in ('down', 'degraded'))
         or m.num in (select e.monitor from incident_evidence e where e.until is null)
         or m.id in (select cause_id from incidents where resolved_at is null and cause_kind = 'monitor')
      union ${hosts}`;
  const { rows } = await db.raw<{ rows: ScopeKey[] }>(which === "all" ? all : hosts);
  return rows;
}

/** Of a tree the monitors whose failure a wider cause than their own host explains. */
export async function listExplained(db: Db, tree: string): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `select m.id from incident_evidence e join incidents i on i.id = e.incident_id
       join monitors m on m.num = e.monitor join hosts h on h.id = m.host_id and h.tree = :tree
      where e.until is null and i.cause_kind = 'host' and i.cause_id <> m.host_id`,
    { tree },
  );
  return rows.map(({ id }) => id);
}

interface Member extends WatchedMonitor {
  readonly num: number;
  /** When it was last looked at, where that look was good (epoch ms). */
  readonly steadyAt: number | null;
}

/** A scope as the core decides on it, with what storing the decision needs. */
export interface LoadedScope {
  readonly scope: Scope;
  readonly hostNames: ReadonlyMap<string, string>;
  readonly nums: ReadonlyMap<string, number>;
  readonly members: readonly Member[];
  readonly names: ReadonlyMap<string, Localized>;
}

interface MonitorRow {
  readonly num: number;
  readonly id: string;
  readonly host: string | null;
  readonly probe: string;
  readonly component: string | null;
  readonly impact: Impact;
  readonly health: Health;
  readonly watched: boolean;
  readonly maintained: boolean;
}

/**
 * Monitors `m` that planned work of `:now` goes on at: those of its hosts and of all that stands on
 * them; where it names no host, those of its components.
 */
const MAINTAINED = `with recursive running as (
     select id, hosts from maintenances
      where state in ('in_progress', 'verifying') or (state = 'scheduled' and starts_at <= :now)),
   worked_on as (
     select unnest(hosts) as id from running
     union
     select h.id from hosts h join worked_on w on w.id = any(h.parents) where h.removed_at is null),
   worked_in as (
     select mc.component_id as id from maintenance_components mc
       join running r on r.id = mc.maintenance_id and r.hosts = '{}')`;

/** Of a tree those hosts of which something fails, or an incident rests on something. */
const BUSY = `busy as (
     select distinct m.host_id from monitors m join monitor_states s on s.monitor = m.num
       join hosts h on h.id = m.host_id and h.tree = :id
      where s.health ->> 'state' in ('down', 'degraded')
         or m.num in (select e.monitor from incident_evidence e where e.until is null)
         or m.id in (select cause_id from incidents where resolved_at is null and cause_kind = 'monitor'))`;

/** Locks a scope and loads what of it matters; `null` where there is no such tree or monitor. */
export async function loadScope(
  tx: Db,
  key: ScopeKey,
  { now, reopenMs }: { readonly now: Date; readonly reopenMs: number },
): Promise<LoadedScope | null> {
  const isTree = key.kind === "host";
  const { rows: locked } = await tx.raw<{ rows: unknown[] }>(
    `select id from ${isTree ? "hosts" : "monitors"} where id = :id for update`,
    { id: key.id },
  );
  if (locked.length === 0) return null;

  const hosts = isTree ? await hostsOf(tx, key.id) : [];
  const { rows: monitors } = await tx.raw<{ rows: MonitorRow[] }>(
    `${MAINTAINED}${isTree ? `, ${BUSY}` : ""}
     select m.num, m.id, m.host_id as host, m.probe, m.impact, s.health, m.removed_at is null and not m.paused as watched,
            m.host_id in (select id from worked_on) is true
              or m.component_id in (select id from worked_in) is true as maintained,
            case when c.removed_at is null then c.id end as component
       from monitors m join monitor_states s on s.monitor = m.num left join components c on c.id = m.component_id
      where ${isTree ? "m.host_id in (select host_id from busy)" : "m.id = :id and m.host_id is null"}`,
    { id: key.id, now },
  );
  const { rows: incidents } = await tx.raw<{ rows: IncidentRow[] }>(
    `select ${INCIDENT} from incidents i
      where (i.resolved_at is null or (i.resolved_at > :since and i.merged_into is null))
        and i.state <> 'postmortem'
        and ((i.cause_kind = 'host' and i.cause_id = any(:hosts))
          or (i.cause_kind = 'monitor' and i.cause_id = any(:monitors))
          or (i.resolved_at is null and i.cause_kind in ('host', 'monitor')
              and exists (select 1 from incident_evidence e
                           where e.incident_id = i.id and e.until is null and e.monitor = any(:nums))))
      order by i.opened_at desc`,
    {
      since: new Date(now.getTime() - reopenMs),
      hosts: hosts.map(({ id }) => id),
      monitors: monitors.map(({ id }) => id),
      nums: monitors.map(({ num }) => num),
    },
  );
  const affected = await loadAffected(
    tx,
    incidents.map(({ id }) => id),
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
  const all = incidents.map((row) =>
    toIncident(row, evidence.get(row.id) ?? [], affected.get(row.id) ?? []),
  );
  return {
    scope: {
      hosts: hosts.map(({ id, parents, dependsOn, watched }) => ({
        id,
        parents,
        dependsOn,
        watched,
      })),
      monitors: members,
      open: all.filter((_, n) => incidents[n]?.resolved_at === null),
      recent: all.filter((_, n) => incidents[n]?.resolved_at !== null),
    },
    hostNames: new Map(hosts.map(({ id, name }) => [id, name])),
    nums: await numsOf(tx, monitors, evidence),
    members,
    names: new Map(components.map(({ id, name }) => [id, name])),
  };
}

interface HostRow {
  readonly id: string;
  readonly name: string;
  readonly parents: readonly string[];
  readonly dependsOn: readonly string[];
  readonly watched: number;
}

async function hostsOf(tx: Db, tree: string): Promise<HostRow[]> {
  const { rows } = await tx.raw<{ rows: HostRow[] }>(
    `select h.id, h.name, h.parents, h.depends_on as "dependsOn", count(m.num)::int as watched
       from hosts h left join monitors m on m.host_id = h.id and m.removed_at is null and not m.paused
                                        and m.probe <> all(:heard)
      where h.tree = :tree group by h.id`,
    { tree, heard: [...HEARD] },
  );
  return rows;
}

const memberOf = ({
  num,
  id,
  host,
  probe,
  component,
  impact,
  health,
  maintained,
}: MonitorRow): Member => ({
  num,
  id,
  host,
  probe,
  component,
  impact,
  maintained,
  steadyAt: health.runs.bad.n + health.runs.unknown.n === 0 ? health.lastAt : null,
  state: health.state,
  since: health.since,
  reason: health.reason,
  failedAt: health.runs.bad.n > 0 ? health.lastAt : null,
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

const toIncident = (
  row: IncidentRow,
  evidence: readonly EvidenceRow[],
  components: Incident["components"],
): Incident => ({
  components,
  id: row.id,
  cause: { kind: row.cause_kind, id: row.cause_id },
  public: row.public,
  severity: row.severity,
  openedAt: row.opened_at.getTime(),
  doubted: row.doubted_at !== null,
  untold: row.untold,
  evidence: evidence.map(({ monitor, outcome, reason, since, until, unrecovered }): Evidence => ({
    monitor,
    outcome,
    reason,
    since: since.getTime(),
    until: until?.getTime() ?? null,
    unrecovered,
  })),
});
