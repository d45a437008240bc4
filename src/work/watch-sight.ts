import { unseenSince } from "../core/sight.js";
import type { Db } from "../store/db.js";
import { listUnseen, recordUnseen, type Unseen } from "../store/sight.js";
import type { Roster } from "./roster.js";

/**
 * Looks which components we cannot see now and stores what changed since the last look. The page
 * judges by itself whether any worker speaks at all; this is about single monitors.
 */
export async function watchSight(db: Db, roster: Roster, now: Date): Promise<void> {
  const seen = unseenSince(roster.all(), now.getTime());
  const stored = await listUnseen(db);
  const lost: Unseen[] = [...seen]
    .filter(([component]) => !stored.has(component))
    .map(([component, since]) => ({ component, since: new Date(since) }));
  const back: Unseen[] = [...stored.keys()]
    .filter((component) => !seen.has(component))
    .map((component) => ({ component, since: null }));
  if (lost.length + back.length > 0) await recordUnseen(db, [...lost, ...back], now);
}
