import { unseenSince } from "../core/sight.js";
import type { Db } from "../store/db.js";
import { requireEpoch } from "../store/leadership.js";
import { listUnseen, recordUnseen, type Unseen } from "../store/sight.js";
import type { Roster } from "./roster.js";

/**
 * Looks which components we cannot see now and stores what changed since the last look. The page
 * judges by itself whether any worker speaks at all; this is about single monitors. Where nothing is
 * being watched (`watching` false: no readable configuration) nothing is seen. Rejects with `conflict`
 * where another instance leads.
 */
export async function watchSight(
  db: Db,
  roster: Roster,
  epoch: number,
  now: Date,
  watching: boolean,
): Promise<void> {
  const seen = unseenSince(roster.all(), watching ? now.getTime() : Infinity);
  const stored = await listUnseen(db);
  const lost: Unseen[] = [...seen]
    .filter(([component]) => !stored.has(component))
    .map(([component, since]) => ({ component, since: new Date(since) }));
  const back: Unseen[] = [...stored.keys()]
    .filter((component) => !seen.has(component))
    .map((component) => ({ component, since: null }));
  if (lost.length + back.length === 0) return;
  await db.transaction(async (tx) => {
    await requireEpoch(tx, epoch);
    await recordUnseen(tx, [...lost, ...back], now);
  });
}
