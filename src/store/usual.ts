import type { Db } from "./db.js";

/** An hour of a monitor as it was rolled up; `sketch` as core/sketch.ts packs it. */
export interface RolledHour {
  readonly monitor: number;
  readonly hour: Date;
  readonly up: number;
  readonly degraded: number;
  readonly down: number;
  readonly sketch: Uint8Array;
}

/** The newest whole hour that is rolled up and waits for nothing; `null` where there is none. */
export async function latestHour(db: Db): Promise<Date | null> {
  const { rows } = await db.raw<{ rows: { hour: Date | null }[] }>(
    `select max(hour) as hour from result_hours where hour not in (select hour from rollups_due)`,
  );
  return rows[0]?.hour ?? null;
}

/** These hours of these monitors, as far as they are there. */
export async function listHours(
  db: Db,
  monitors: readonly number[],
  hours: readonly Date[],
): Promise<RolledHour[]> {
  const { rows } = await db.raw<{ rows: RolledHour[] }>(
    `select monitor, hour, up, degraded, down, sketch from result_hours
      where hour = any(cast(:hours as timestamptz[])) and monitor = any(cast(:monitors as int[]))`,
    { monitors, hours },
  );
  return rows;
}

/** A time in which something else was the matter with a monitor. */
export interface Trouble {
  readonly monitor: number;
  readonly since: Date;
  /** `null` while it lasts. */
  readonly until: Date | null;
}

/**
 * When, within [from, until), a monitor was down, unstable, paused or not seen, planned work went on where
 * it looks, or an incident had its host or something that its host stands on for a cause.
 */
export async function listTroubles(db: Db, from: Date, until: Date): Promise<Trouble[]> {
  const { rows } = await db.raw<{ rows: Trouble[] }>(
    `with recursive works as (
       select id, hosts, coalesce(started_at, starts_at) as since, ended_at as until from maintenances
        where state <> 'cancelled' and coalesce(started_at, starts_at) < :until and (ended_at is null or ended_at > :from)),
     places as (
       select unnest(hosts) as host, since, until from works
       union
       select cause_id, opened_at, resolved_at from incidents
        where cause_kind = 'host' and opened_at < :until and (resolved_at is null or resolved_at > :from)
       union
       select h.id, p.since, p.until from hosts h join places p on p.host = any(h.parents))
     select monitor, since, until from monitor_intervals
      where state in ('down', 'unknown', 'paused') and since < :until and (until is null or until > :from)
     union all
     select monitor, since, until from incident_evidence
      where reason = 'unstable' and since < :until and (until is null or until > :from)
     union all
     select m.num, p.since, p.until from places p join monitors m on m.host_id = p.host
     union all
     select m.num, w.since, w.until from works w
       join maintenance_components mc on mc.maintenance_id = w.id and w.hosts = '{}'
       join monitors m on m.component_id = mc.component_id`,
    { from, until },
  );
  return rows;
}
