import { randomBytes } from "node:crypto";
import { publicId } from "../../core/ids.js";
import { Problem } from "../../errors.js";
import type { Log } from "../../log.js";
import { keepBeats, type KeptBeat } from "../../store/beats.js";
import { isDatabaseAway, type Db } from "../../store/db.js";
import type { WaitingBeats } from "../../store/waiting-beats.js";

/**
 * Keeps a beat, synced, in the database or on disk while that is away. Throws `unavailable` where neither
 * takes it.
 */
export type KeepBeat = (beat: Omit<KeptBeat, "key">) => Promise<"kept" | "waits">;

export interface KeepBeatSettings {
  /** Throws `unavailable` before there is a database. */
  readonly db: () => Db;
  readonly waiting: WaitingBeats;
  readonly log: Log;
}

/** The database is not waited for longer than this (ms): many a script gives up after ten seconds. */
const KEEP_MS = 3_000;

export function createKeepBeat({ db, waiting, log }: KeepBeatSettings): KeepBeat {
  return async (said) => {
    const beat: KeptBeat = { ...said, key: publicId(randomBytes(12)) };
    try {
      await inTime(keepBeats(db(), [beat]));
      return "kept";
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
    }
    // What the database may have taken after all has the same key there.
    await waiting.add(beat).catch((cause: unknown) => {
      log.error({ monitor: beat.monitor, err: cause }, "beat.refused");
      throw new Problem("unavailable", "Beats cannot be kept at the moment; try again.", { cause });
    });
    return "waits";
  };
}

async function inTime(work: Promise<void>): Promise<void> {
  work.catch(() => undefined);
  let late: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_done, fail) => {
    late = setTimeout(
      () => fail(new Problem("unavailable", "The database does not answer.")),
      KEEP_MS,
    );
  });
  await Promise.race([work, patience]).finally(() => clearTimeout(late));
}
