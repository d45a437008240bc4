import type { Change } from "../core/incident.js";
import { worse, worst, type ComponentStatus } from "../core/status.js";
import type { Db } from "./db.js";
import type { LoadedScope } from "./incident-scope.js";

/** Ids of the components that planned work goes on at. */
export const UNDER_MAINTENANCE = `select mc.component_id from maintenance_components mc
   join maintenances m on m.id = mc.maintenance_id where m.state in ('in_progress', 'verifying')`;

/** Ids of the components that incidents affect or affected, by incident. */
export async function componentsOf(
  tx: Db,
  incidents: readonly string[],
): Promise<Map<string, Set<string>>> {
  const rows: { incident_id: string; component_id: string }[] = await tx("incident_components")
    .select("incident_id", "component_id")
    .whereIn("incident_id", incidents);
  const byIncident = new Map(incidents.map((id) => [id, new Set<string>()]));
  for (const { incident_id, component_id } of rows) byIncident.get(incident_id)?.add(component_id);
  return byIncident;
}

/** What a component was and now is. */
export interface Affected {
  readonly id: string;
  readonly from: ComponentStatus;
  readonly to: ComponentStatus;
}

/**
 * A component is as bad as the worst open public incident says, and at least under maintenance while
 * planned work goes on; a change is dated by its evidence.
 */
export async function refreshComponents(
  tx: Db,
  ids: readonly string[],
  changes: readonly Change[],
  members: LoadedScope["members"],
  now: Date,
): Promise<Affected[]> {
  if (ids.length === 0) return [];
  const { rows } = await tx.raw<{
    rows: { id: string; from: ComponentStatus; said: ComponentStatus[] }[];
  }>(
    `select s.component_id as id, s.status as from,
            coalesce(array_agg(ic.status) filter (where i.id is not null), '{}')
              || case when s.component_id in (${UNDER_MAINTENANCE}) then array['under_maintenance'] else '{}' end as said
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
    const worsening = worse(from, to) === to;
    const dated = datedBy(id, to, worsening, changes, members) ?? now.getTime();
    const at = new Date(Math.min(now.getTime(), dated));
    await tx("component_states").where({ component_id: id }).update({ status: to });
    await tx("components").where({ id }).update({ updated_at: now });
    await moveInterval(tx, id, to, at, worsening);
  }
  await tx.raw(`select pg_notify('tudunk_page', '')`);
  return affected;
}

/**
 * Since when (epoch ms) a component is `to`: it got worse when the first of what makes it so began,
 * and better when the last of what made it worse ended or became milder.
 */
function datedBy(
  component: string,
  to: ComponentStatus,
  worsening: boolean,
  changes: readonly Change[],
  members: LoadedScope["members"],
): number | null {
  const its = new Set(members.filter((one) => one.component === component).map(({ id }) => id));
  const began = changes.flatMap((change) =>
    change.kind === "evidence-added" &&
    its.has(change.evidence.monitor) &&
    (!worsening || to === "degraded_performance" || change.evidence.outcome === "down")
      ? change.at
      : [],
  );
  if (worsening) return began.length > 0 ? Math.min(...began) : null;
  const ended = changes.flatMap((change) =>
    change.kind === "evidence-ended" && its.has(change.monitor) ? change.until : [],
  );
  const milder = [...began, ...ended];
  return milder.length > 0 ? Math.max(...milder) : null;
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
