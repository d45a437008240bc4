import type { PageModel } from "../core/page.js";
import type { Db } from "./db.js";

/** Everything a page says of its site but the address, which depends on where it is served. */
export type StoredSite = Omit<PageModel["site"], "url">;

/** The page's own id and birthday in the Statuspage API; made once. */
export async function ensurePage(db: Db, now: Date, newId: () => string): Promise<void> {
  await db("pages").insert({ public_id: newId(), created_at: now }).onConflict().ignore();
}

/** Keeps the site of a configuration that was applied. */
export async function saveSite(db: Db, site: StoredSite): Promise<void> {
  await db("pages").update({ site: JSON.stringify(site) });
}

/** The site of the last configuration that was applied; `null` where there was none yet. */
export async function findSite(db: Db): Promise<StoredSite | null> {
  const row: { site: StoredSite | null } | undefined = await db("pages").first("site");
  return row?.site ?? null;
}
