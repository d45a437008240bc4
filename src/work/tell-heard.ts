import type { Db } from "../store/db.js";
import { createTurns } from "../turns.js";
import type { Batch, Sighting } from "../worker/messages.js";

/**
 * Takes what was heard like a worker's results, with `along` in the same transaction: both are stored or
 * neither. Of each monitor there may be one at a time.
 */
export type Tell = (
  heard: readonly Omit<Sighting, "seq">[],
  along: (tx: Db) => Promise<void>,
) => Promise<void>;

/** Numbers what is told within `stream`, which is nobody else's and never used again. */
export function createTell(
  stream: string,
  take: (batch: Batch, along: (tx: Db) => Promise<void>) => Promise<void>,
): Tell {
  const inTurn = createTurns();
  let seq = 0;
  return (heard, along) =>
    inTurn(() => {
      const sightings = heard.map((one) => ({ ...one, seq: ++seq }));
      return take({ stream, sightings }, along);
    });
}
