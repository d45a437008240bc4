import type { Localized } from "../core/incident-view.js";
import { COMPONENT_STATUSES } from "../core/status.js";
import { UNDER_MAINTENANCE } from "./component-status.js";
import type { Db } from "./db.js";

export interface ComponentRow {
  readonly id: string;
  readonly group: string | null;
  readonly isGroup: boolean;
  readonly name: Localized;
  readonly description: Localized | null;
  readonly position: number;
}

const CHANGING = ["group_id", "is_group", "name", "description", "position", "removed_at"];

/**
 * Adds components or changes them, groups before their members. The public id is drawn once and
 * kept; a component that was removed is there again, with its history.
 */
export async function saveComponents(
  db: Db,
  components: readonly ComponentRow[],
  now: Date,
  newId: () => string,
): Promise<void> {
  for (const { id, group, isGroup, name, description, position } of components) {
    await db("components")
      .insert({
        id,
        public_id: newId(),
        group_id: group,
        is_group: isGroup,
        name: JSON.stringify(name),
        description: description && JSON.stringify(description),
        position,
        created_at: now,
        updated_at: now,
        removed_at: null,
      })
      .onConflict("id")
      .merge([...CHANGING, "updated_at"])
      .whereRaw(
        `(${CHANGING.map((name) => `components.${name}`).join()}) is distinct from (${CHANGING.map((name) => `excluded.${name}`).join()})`,
      );
    if (isGroup) continue;
    // One that comes back during an outage is as bad as the worst open incident says.
    await db.raw(
      `insert into component_states (component_id, status)
       select :id, coalesce((select ic.status from incident_components ic
                               join incidents i on i.id = ic.incident_id and i.public and i.resolved_at is null
                              where ic.component_id = :id
                              order by array_position(cast(:ranking as text[]), ic.status) desc limit 1),
                            case when :id in (${UNDER_MAINTENANCE}) then 'under_maintenance' else 'operational' end)
       on conflict do nothing`,
      { id, ranking: [...COMPONENT_STATUSES] },
    );
    await db.raw(
      `insert into component_intervals (component_id, status, since)
       select :id, (select status from component_states where component_id = :id), :now where not exists
         (select 1 from component_intervals
           where component_id = :id and status <> 'unknown' and until is null)`,
      { id, now },
    );
  }
}

/** Takes components off the page; their history stays. */
export async function removeComponents(db: Db, ids: readonly string[], now: Date): Promise<void> {
  await db("components").whereIn("id", ids).whereNull("removed_at").update({ removed_at: now });
  await db("component_intervals")
    .whereIn("component_id", ids)
    .whereNull("until")
    .update({ until: now });
  await db("component_states").whereIn("component_id", ids).delete();
}

export async function listComponents(db: Db): Promise<ComponentRow[]> {
  return db("components")
    .select({ id: "id", group: "group_id", isGroup: "is_group" }, "name", "description", "position")
    .whereNull("removed_at")
    .orderBy("position");
}
