import type { Creep } from "../core/creep.js";
import { unseen, type Confirm, type Health } from "../core/health.js";
import type { Impact } from "../core/status.js";
import type { Db } from "./db.js";

/** A monitor as it is stored: everything but the probe's own options, which may hold secrets. */
export interface MonitorRow {
  readonly id: string;
  readonly probe: string;
  readonly target: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly host: string | null;
  readonly component: string | null;
  readonly impact: Impact;
  readonly confirm: Confirm;
  readonly labels: Readonly<Record<string, string>>;
  readonly paused: boolean;
}

/** What the loop that takes results knows of a monitor. */
export interface Watched extends MonitorRow {
  readonly num: number;
  /** All that may share a cause with it (`hosts.tree`); `null` without a host. */
  readonly tree: string | null;
  readonly health: Health;
}

const COLUMNS = {
  num: "m.num",
  id: "m.id",
  probe: "m.probe",
  target: "m.target",
  everyMs: "m.every_ms",
  timeoutMs: "m.timeout_ms",
  host: "m.host_id",
  component: "m.component_id",
  impact: "m.impact",
  confirm: "m.confirm",
  labels: "m.labels",
  paused: "m.paused",
  health: "s.health",
  tree: "h.tree",
} as const;

/** Every monitor under watch, with its health. */
export async function listWatched(db: Db, ids?: readonly string[]): Promise<Watched[]> {
  const query = db("monitors as m")
    .join("monitor_states as s", "s.monitor", "m.num")
    .leftJoin("hosts as h", "h.id", "m.host_id")
    .select(COLUMNS)
    .whereNull("m.removed_at");
  if (ids) void query.whereIn("m.id", ids);
  return query;
}

/**
 * Adds monitors or changes them, in one statement however many. One that was removed is watched
 * again with its history, and starts unseen; so does one whose pause ends. One that looks at another
 * target has yet to show what is usual.
 */
export async function saveMonitors(
  db: Db,
  monitors: readonly MonitorRow[],
  now: Date,
): Promise<void> {
  if (monitors.length === 0) return;
  await markMoved(db, monitors, now);
  await db.raw(
    `with saved as (
       insert into monitors as m (id, probe, target, every_ms, timeout_ms, host_id, component_id, impact,
                                  confirm, labels, paused, created_at)
       select id, probe, target, "everyMs", "timeoutMs", host, component, impact, confirm, labels, paused, :now
         from jsonb_to_recordset(cast(:monitors as jsonb))
              as x (id text, probe text, target text, "everyMs" int, "timeoutMs" int, host text,
                    component text, impact text, confirm jsonb, labels jsonb, paused boolean)
       on conflict (id) do update
          set (probe, target, every_ms, timeout_ms, host_id, component_id, impact, confirm, labels, paused, removed_at)
            = (excluded.probe, excluded.target, excluded.every_ms, excluded.timeout_ms, excluded.host_id,
               excluded.component_id, excluded.impact, excluded.confirm, excluded.labels, excluded.paused, null)
       returning num, paused)
     insert into monitor_states as s (monitor, state, since, health)
     select num, 'pending', :now, :unseen from saved
     on conflict (monitor) do update
        set state = 'pending', since = excluded.since,
            health = excluded.health || jsonb_strip_nulls(jsonb_build_object('usualFrom', s.health -> 'usualFrom'))
      where s.monitor in (select i.monitor from monitor_intervals i
                           join saved on saved.num = i.monitor and not saved.paused
                          where i.until is null and i.state = 'paused')
         or s.monitor in (select num from monitors where removed_at is not null)`,
    { monitors: JSON.stringify(monitors), now, unseen: JSON.stringify(unseen(now.getTime())) },
  );
  await markPauses(
    db,
    monitors.map(({ id }) => id),
    now,
  );
}

/** What was seen of another target says nothing of what is usual at this one. */
async function markMoved(db: Db, monitors: readonly MonitorRow[], now: Date): Promise<void> {
  await db.raw(
    `update monitor_states s set health = s.health || jsonb_build_object('usualFrom', cast(:at as bigint))
       from monitors m join jsonb_to_recordset(cast(:targets as jsonb)) as x (id text, probe text, target text) using (id)
      where s.monitor = m.num and (m.probe, m.target) is distinct from (x.probe, x.target)`,
    {
      at: now.getTime(),
      targets: JSON.stringify(monitors.map(({ id, probe, target }) => ({ id, probe, target }))),
    },
  );
}

/** Begins the interval of a pause and ends that of a pause that is over. */
async function markPauses(db: Db, ids: readonly string[], now: Date): Promise<void> {
  await db.raw(
    `update monitor_intervals i set until = greatest(i.since, cast(:now as timestamptz))
       from monitors m
      where m.num = i.monitor and m.id = any(:ids) and i.until is null and m.paused <> (i.state = 'paused')`,
    { ids, now },
  );
  await db.raw(
    `insert into monitor_intervals (monitor, state, since)
     select num, 'paused', :now from monitors m
      where id = any(:ids) and paused
        and not exists (select 1 from monitor_intervals i where i.monitor = m.num and i.until is null)
     on conflict (monitor, since) do update set state = 'paused', until = null`,
    { ids, now },
  );
}

/** Ends the watch of monitors; their history stays. */
export async function removeMonitors(db: Db, ids: readonly string[], now: Date): Promise<void> {
  await db.raw(
    `with gone as (
       update monitors set removed_at = :now where id = any(:ids) and removed_at is null returning num)
     update monitor_intervals i set until = greatest(i.since, cast(:now as timestamptz))
       from gone where i.monitor = gone.num and i.until is null`,
    { ids, now },
  );
}

/** A monitor as the API shows it. */
export interface MonitorView {
  readonly id: string;
  readonly probe: string;
  readonly target: string;
  readonly host: string | null;
  readonly component: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: "up" | "degraded" | "down" | "unknown" | "paused" | "pending";
  readonly since: Date;
  /** It changes too often to be believed. */
  readonly flapping: boolean;
  /** Otherwise than is usual for it. */
  readonly creep: Creep | null;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly lastAt: Date | null;
  readonly lastResult: unknown;
}

/** Overdue by more than an interval and its timeout: what was seen last says nothing of now. */
const OVERDUE = `s.last_at < cast(:now as timestamptz) - (2 * m.every_ms + m.timeout_ms) * interval '1 ms'`;

const VIEW = `m.id, m.probe, m.target, m.host_id as "host", m.component_id as "component", m.labels,
  case when m.paused then 'paused' when ${OVERDUE} then 'unknown' else s.state end as state,
  case when ${OVERDUE} and not m.paused then s.last_at else s.since end as since,
  (s.health ->> 'unstableSince') is not null as flapping, nullif(s.health -> 'creep', 'null') as creep,
  m.every_ms as "everyMs", m.timeout_ms as "timeoutMs", s.last_at as "lastAt", s.last_result as "lastResult"`;

/** How many monitors under watch there are of each state. */
export async function countMonitors(
  db: Db,
  now: Date,
): Promise<{ readonly state: MonitorView["state"]; readonly n: number }[]> {
  const { rows } = await db.raw<{ rows: { state: MonitorView["state"]; n: number }[] }>(
    `select case when m.paused then 'paused' when ${OVERDUE} then 'unknown' else s.state end as state,
            count(*)::int as n
       from monitors m join monitor_states s on s.monitor = m.num
      where m.removed_at is null group by 1`,
    { now },
  );
  return rows;
}

/** Monitors under watch by id, after `after`, at most `limit`. */
export async function listMonitors(
  db: Db,
  {
    after,
    limit,
    now,
  }: { readonly after: string | null; readonly limit: number; readonly now: Date },
): Promise<MonitorView[]> {
  const { rows } = await db.raw<{ rows: MonitorView[] }>(
    `select ${VIEW} from monitors m join monitor_states s on s.monitor = m.num
      where m.removed_at is null and m.id > :after order by m.id limit :limit`,
    { after: after ?? "", limit, now },
  );
  return rows;
}

export async function findMonitor(db: Db, id: string, now: Date): Promise<MonitorView | null> {
  const { rows } = await db.raw<{ rows: MonitorView[] }>(
    `select ${VIEW} from monitors m join monitor_states s on s.monitor = m.num
      where m.removed_at is null and m.id = :id`,
    { id, now },
  );
  return rows[0] ?? null;
}
