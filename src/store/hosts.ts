import type { Db } from "./db.js";

export interface HostRow {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly parents: readonly string[];
}

/** Adds hosts or changes them; one that was removed is there again, with its history. */
export async function saveHosts(db: Db, hosts: readonly HostRow[], now: Date): Promise<void> {
  for (const host of hosts)
    await db("hosts")
      .insert({ ...host, created_at: now, removed_at: null })
      .onConflict("id")
      .merge(["kind", "name", "addresses", "parents", "removed_at"]);
}

/** Ends the watch of hosts; their history stays. */
export async function removeHosts(db: Db, ids: readonly string[], now: Date): Promise<void> {
  await db("hosts").whereIn("id", ids).whereNull("removed_at").update({ removed_at: now });
}

export async function listHosts(db: Db): Promise<HostRow[]> {
  return db("hosts").select("id", "kind", "name", "addresses", "parents").whereNull("removed_at");
}
