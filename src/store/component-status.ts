import type { Change } from "../core/incident.js";
import { worse, worst, type ComponentStatus } from "../core/status.js";
import type { Db } from "./db.js";
import type { LoadedScope } from "./incident-scope.js";

/** Ids of the components that an incident affects or affected. */
export const componentsOf = async (tx: Db, id: string): Promise<string[]> =>
  tx("incident_components").where({ incident_id: id }).pluck("component_id");

/** What a component was and now is. */
export interface Affected {
  readonly id: string;
  readonly from: ComponentStatus;
  readonly to: ComponentStatus;
}

/** A component is as bad as the worst open public incident says; a change is dated by its evidence. */
export async function refreshComponents(
  tx: Db,
  ids: readonly string[],
  changes: readonly Change[],
  loaded: LoadedScope,
  now: Date,
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
  { members }: LoadedScope,
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
