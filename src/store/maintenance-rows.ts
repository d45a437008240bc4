import type { Localized } from "../core/incident-view.js";
import type { MaintenanceState, MaintenanceView } from "../core/maintenance.js";
import type { PageMaintenance } from "../core/page.js";
import type { Db } from "./db.js";

interface Row {
  readonly id: string;
  readonly state: MaintenanceState;
  readonly title: Localized;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly hosts: readonly string[];
  readonly components: readonly string[];
  readonly declared: string | null;
  readonly updates: readonly {
    readonly id: string;
    readonly at: string;
    readonly state: MaintenanceState;
    readonly by: string;
    readonly text: Localized;
  }[];
}

/** Maintenances with what belongs to each, in one query; `condition` may order and limit. */
async function rowsOf(
  db: Db,
  condition: string,
  bindings: Readonly<Record<string, string | number | Date>>,
): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select m.id, m.state, m.title, m.hosts, m.declared_id as declared,
            m.starts_at as "startsAt", m.ends_at as "endsAt", m.started_at as "startedAt",
            m.ended_at as "endedAt", m.created_at as "createdAt", m.updated_at as "updatedAt",
            array(select mc.component_id from maintenance_components mc
                    join components c on c.id = mc.component_id and c.removed_at is null
                   where mc.maintenance_id = m.id order by c.position) as components,
            coalesce((select jsonb_agg(jsonb_build_object('id', u.id, 'at', u.at, 'state', u.state,
                                                          'by', u.by, 'text', u.text)
                                       order by u.at desc, u.num desc)
                        from maintenance_updates u where u.maintenance_id = m.id), '[]') as updates
       from maintenances m where ${condition}`,
    bindings,
  );
  return rows;
}

const viewOf = (row: Row): MaintenanceView => ({
  id: row.id,
  state: row.state,
  title: row.title,
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  startedAt: row.startedAt?.toISOString() ?? null,
  endedAt: row.endedAt?.toISOString() ?? null,
  hosts: row.hosts,
  components: row.components,
  declared: row.declared,
  updates: row.updates
    .map((update) => ({ ...update, at: new Date(update.at).toISOString() }))
    .toReversed(),
});

/** A maintenance of any age; `null` where there is none. */
export async function findMaintenance(db: Db, id: string): Promise<MaintenanceView | null> {
  const [row] = await rowsOf(db, "m.id = :id", { id });
  return row ? viewOf(row) : null;
}

export interface MaintenancesPage {
  readonly state: "open" | "all";
  readonly after: { readonly startsAt: Date; readonly id: string } | null;
  readonly limit: number;
}

/** The latest window first; `open`: those that are not over. */
export async function listMaintenances(
  db: Db,
  { state, after, limit }: MaintenancesPage,
): Promise<MaintenanceView[]> {
  const rows = await rowsOf(
    db,
    `${state === "open" ? "m.ended_at is null" : "true"}
     ${after ? "and (m.starts_at, m.id) < (:startsAt, :id)" : ""}
     order by m.starts_at desc, m.id desc limit :limit`,
    { limit, ...(after && { startsAt: after.startsAt, id: after.id }) },
  );
  return rows.map(viewOf);
}

const pageOf = ({ hosts: _hosts, declared: _declared, updates, ...row }: Row): PageMaintenance => ({
  ...row,
  updates: updates.map(({ id, at, state, text }) => ({ id, at: new Date(at), state, text })),
});

/** What customers read of it. */
export async function findPublicMaintenance(db: Db, id: string): Promise<PageMaintenance | null> {
  const [row] = await rowsOf(db, "m.id = :id", { id });
  return row ? pageOf(row) : null;
}

/** Those that are not over, and those that were over since `endedAfter`; the earliest window first, at most `limit`. */
export async function listPublicMaintenances(
  db: Db,
  endedAfter: Date,
  limit: number,
): Promise<PageMaintenance[]> {
  const rows = await rowsOf(
    db,
    `m.ended_at is null or m.ended_at > :endedAfter
     order by m.ended_at is not null, m.starts_at, m.id limit :limit`,
    { endedAfter, limit },
  );
  return rows.map(pageOf);
}
