import type { Around, Reply } from "../../reader/messages.js";
import { mergeExplained, recordStanding, saveBaseline } from "../../store/suspicions.js";
import type { Desk } from "./desk.js";

/** Keeps what is suspected, and what is usual; staff are told of what is new. */
export async function suspect(
  { db, now, newId, guard, telling, wordsOfSuspicion, log, metrics, onOwed }: Desk,
  { standing, explained, baseline }: Omit<Reply, "n">,
  around: Around,
): Promise<void> {
  await mergeExplained(db, explained, now(), guard);
  if (JSON.stringify(standing) !== JSON.stringify(around.standing)) {
    const { channels } = telling();
    const options = { now: now(), guard, newId, channels, words: wordsOfSuspicion };
    for (const { id, told } of await recordStanding(db, standing, options)) {
      const raised = standing.find((one) => one.id === id);
      log.warn({ suspicion: id, told, ...raised?.suspicion }, "suspicion.raised");
      metrics.suspicions.inc();
      onOwed();
    }
  }
  if (baseline.until > around.baseline.until || baseline.since === around.now)
    await saveBaseline(db, baseline, guard);
}
