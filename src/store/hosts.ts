import { treesOf } from "../core/topology.js";
import type { Db } from "./db.js";

export interface HostRow {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly parents: readonly string[];
  readonly dependsOn?: readonly string[];
}

/** Adds hosts or changes them; one that was removed is there again, with its history. */
export async function saveHosts(db: Db, hosts: readonly HostRow[], now: Date): Promise<void> {
  for (const { dependsOn = [], ...host } of hosts)
    await db("hosts")
      .insert({ ...host, depends_on: dependsOn, tree: host.id, created_at: now, removed_at: null })
      .onConflict("id")
      .merge(["kind", "name", "addresses", "parents", "depends_on", "removed_at"]);
  if (hosts.length > 0) await alignTrees(db);
}

/** Ends the watch of hosts; their history stays. */
export async function removeHosts(db: Db, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await db("hosts").whereIn("id", ids).whereNull("removed_at").update({ removed_at: now });
  await alignTrees(db);
}

export async function listHosts(db: Db): Promise<(HostRow & { readonly dependsOn: string[] })[]> {
  return db("hosts")
    .select("id", "kind", "name", "addresses", "parents", { dependsOn: "depends_on" })
    .whereNull("removed_at");
}

/** Says of each host with which others it is judged; one that was removed stands alone. */
async function alignTrees(db: Db): Promise<void> {
  const trees = [...treesOf(await listHosts(db))];
  await db.raw(
    `update hosts h set tree = coalesce(t.tree, h.id)
       from hosts o left join jsonb_to_recordset(cast(:trees as jsonb)) as t (id text, tree text) on t.id = o.id
      where o.id = h.id and h.tree <> coalesce(t.tree, h.id)`,
    { trees: JSON.stringify(trees.map(([id, tree]) => ({ id, tree }))) },
  );
}
