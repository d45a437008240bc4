import type { KnownIncident } from "../core/known-incident.js";
import type { IncidentState, Localized } from "../core/incident-view.js";
import { isOver, type MaintenanceState } from "../core/maintenance.js";
import { faultOf, type Sighting } from "../core/wording.js";
import type { Db } from "./db.js";

/** What reports may belong to, with what may be said of it. */
export type Linkable = LinkableIncident | LinkableWork;

export interface LinkableIncident extends KnownIncident {
  readonly what: "incident";
  readonly public: boolean;
  readonly state: IncidentState;
  readonly title: Localized;
  readonly nextUpdateAt: Date | null;
}

/** Planned work; everything of it is public. */
export interface LinkableWork extends KnownIncident {
  readonly what: "maintenance";
  readonly state: MaintenanceState;
  readonly title: Localized;
  readonly startsAt: Date;
  readonly endsAt: Date;
}

interface Row {
  readonly id: string;
  readonly public: boolean;
  readonly state: IncidentState;
  readonly cause_kind: string;
  readonly cause_id: string;
  readonly title: Localized;
  readonly opened_at: Date;
  readonly created_at: Date;
  readonly resolved_at: Date | null;
  readonly next_update_at: Date | null;
  readonly hosts: KnownIncident["hosts"];
  readonly evidence: readonly (Sighting & { readonly target: string })[];
  readonly texts: readonly Localized[];
}

/**
 * The incidents that a report of now may belong to: all that are open, and those over since
 * `resolvedAfter`; newest first, at most `limit`. Merged ones are their survivors' business.
 */
export async function listLinkable(
  db: Db,
  resolvedAfter: Date,
  limit: number,
): Promise<LinkableIncident[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select i.id, i.public, i.state, i.cause_kind, i.cause_id, i.title, i.opened_at, i.created_at, i.resolved_at, i.next_update_at,
            coalesce((select jsonb_agg(distinct jsonb_build_object('id', h.id, 'name', h.name, 'addresses', h.addresses))
                        from hosts h
                       where (i.cause_kind = 'host' and h.id = i.cause_id)
                          or h.id in (select m.host_id from incident_evidence e join monitors m on m.num = e.monitor
                                       where e.incident_id = i.id)), '[]') as hosts,
            coalesce((select jsonb_agg(jsonb_build_object('probe', m.probe, 'target', m.target,
                                                          'outcome', e.outcome, 'reason', e.reason))
                        from incident_evidence e join monitors m on m.num = e.monitor
                       where e.incident_id = i.id), '[]') as evidence,
            coalesce((select jsonb_agg(u.text order by u.at, u.num) from incident_updates u
                       where u.incident_id = i.id), '[]') as texts
       from incidents i
      where i.merged_into is null and i.cause_kind <> 'blindness'
        and (i.resolved_at is null or i.resolved_at > :resolvedAfter)
      order by i.resolved_at is null desc, i.opened_at desc
      limit :limit`,
    { resolvedAfter, limit },
  );
  return rows.map(linkableOf);
}

/** Reports alone name their place and what they say, `mail1 mail.spam`; probes name hosts and what they saw. */
const causeOf = (row: Row): Pick<LinkableIncident, "fault" | "hosts"> => {
  const [place = "", symptom] = row.cause_id.split(" ");
  return row.cause_kind === "reports" && symptom
    ? { fault: symptom, hosts: [{ id: place, name: place, addresses: [] }] }
    : { fault: faultOf(row.cause_kind, row.evidence), hosts: row.hosts };
};

const linkableOf = (row: Row): LinkableIncident => ({
  id: row.id,
  what: "incident",
  public: row.public,
  state: row.state,
  title: row.title,
  nextUpdateAt: row.next_update_at,
  ...causeOf(row),
  monitors: row.evidence.map(({ probe, target }) => ({ probe, target })),
  openedAt: row.opened_at.getTime(),
  knownAt: row.created_at.getTime(),
  resolvedAt: row.resolved_at?.getTime() ?? null,
  words: [row.title, ...row.texts].flatMap((text) => Object.values(text)),
});

interface WorkRow {
  readonly id: string;
  readonly state: MaintenanceState;
  readonly title: Localized;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly created_at: Date;
  readonly hosts: KnownIncident["hosts"];
  readonly monitors: KnownIncident["monitors"];
  readonly texts: readonly Localized[];
}

/**
 * The planned work that a report of now may belong to: what begins before `startsBefore`, and is not
 * over or was over since `endedAfter`; at most `limit`. What was called off explains nothing.
 */
export async function listLinkableWork(
  db: Db,
  {
    startsBefore,
    endedAfter,
    limit,
  }: { readonly startsBefore: Date; readonly endedAfter: Date; readonly limit: number },
): Promise<LinkableWork[]> {
  const { rows } = await db.raw<{ rows: WorkRow[] }>(
    `select m.id, m.state, m.title, m.starts_at, m.ends_at, m.started_at, m.ended_at, m.created_at,
            (with recursive worked_on as (
               select unnest(m.hosts) as id
               union
               select h.id from hosts h join worked_on w on w.id = any(h.parents) where h.removed_at is null)
             select coalesce(jsonb_agg(jsonb_build_object('id', h.id, 'name', h.name, 'addresses', h.addresses)), '[]')
               from hosts h join worked_on w on w.id = h.id) as hosts,
            (select coalesce(jsonb_agg(jsonb_build_object('probe', o.probe, 'target', o.target)), '[]')
               from monitors o join maintenance_components mc on mc.component_id = o.component_id
              where mc.maintenance_id = m.id and o.removed_at is null) as monitors,
            coalesce((select jsonb_agg(u.text order by u.at, u.num) from maintenance_updates u
                       where u.maintenance_id = m.id), '[]') as texts
       from maintenances m
      where m.state <> 'cancelled' and m.starts_at < :startsBefore
        and (m.ended_at is null or m.ended_at > :endedAfter)
      order by m.ended_at is null desc, m.starts_at desc
      limit :limit`,
    { startsBefore, endedAfter, limit },
  );
  return rows.map((row) => ({
    id: row.id,
    what: "maintenance",
    fault: "maintenance",
    state: row.state,
    title: row.title,
    startsAt: row.starts_at,
    endsAt: isOver(row.state) ? (row.ended_at ?? row.ends_at) : row.ends_at,
    hosts: row.hosts,
    monitors: row.monitors,
    openedAt: (row.started_at ?? row.starts_at).getTime(),
    knownAt: row.created_at.getTime(),
    resolvedAt: (row.ended_at ?? row.ends_at).getTime(),
    words: [row.title, ...row.texts].flatMap((text) => Object.values(text)),
  }));
}
