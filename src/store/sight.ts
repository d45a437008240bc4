import type { Db } from "./db.js";

export interface Unseen {
  readonly component: string;
  /** Since when we cannot see it; `null` once we can. */
  readonly since: Date | null;
}

/** Components that are not seen now, with since when. */
export async function listUnseen(db: Db): Promise<Map<string, Date>> {
  const rows: { component_id: string; unknown_since: Date }[] = await db("component_states")
    .select("component_id", "unknown_since")
    .whereNotNull("unknown_since");
  return new Map(rows.map((row) => [row.component_id, row.unknown_since]));
}

/** Notes from when on components cannot be seen, or that they can again, and tells the page. */
export async function recordUnseen(db: Db, changes: readonly Unseen[], now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    for (const { component, since } of changes) {
      await tx("component_states")
        .where({ component_id: component })
        .update({ unknown_since: since });
      const present = tx("component_intervals").where({
        component_id: component,
        status: "unknown",
        until: null,
      });
      if (since === null) {
        await present.update({ until: now });
      } else if (!(await present.clone().first())) {
        await tx("component_intervals").insert({
          component_id: component,
          status: "unknown",
          since,
        });
      }
    }
    await tx.raw(`select pg_notify('tudunk_page', '')`);
  });
}
