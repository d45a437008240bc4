import type { Log } from "../log.js";
import { keepBeats, type KeptBeat } from "../store/beats.js";
import { isDatabaseAway, type Db } from "../store/db.js";
import type { WaitingBeats } from "../store/waiting-beats.js";
import { every } from "./recurring.js";

interface HandOverBeatsSettings {
  readonly db: Db;
  readonly waiting: WaitingBeats;
  readonly log: Log;
}

/**
 * Brings the beats that this instance took while the database was away into it, whoever leads. Often, as
 * they are awaited: whoever judges gives them ten seconds at least.
 */
export const handOverBeats = (settings: HandOverBeatsSettings): (() => Promise<void>) =>
  every("*/2 * * * * *", "hand-over-beats", settings.log, () => handOverWaiting(settings));

/** Hands over all that waits; one that the database will never take keeps no other. */
export async function handOverWaiting({ db, waiting, log }: HandOverBeatsSettings): Promise<void> {
  const keepOne = async (beat: KeptBeat): Promise<void> => {
    try {
      await keepBeats(db, [beat]);
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      log.error({ monitor: beat.monitor, err: error }, "beat.dropped");
    }
  };
  const handed = await waiting.handOver(async (beats) => {
    try {
      await keepBeats(db, beats);
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      for (const beat of beats) await keepOne(beat);
    }
  });
  if (handed > 0) log.info({ beats: handed }, "beats.handed-over");
}
