import type { Log } from "../log.js";
import { describeDatabaseError, LEADER_LOCK, type DbConnection } from "../store/db.js";
import { holdLock } from "../store/session.js";
import { createTurns } from "../turns.js";

/** Something that runs until it is stopped. */
export interface Reign {
  stop(): Promise<void>;
}

interface ReignSettings {
  readonly connection: DbConnection;
  /** Begins to lead. */
  readonly lead: () => Promise<Reign>;
  readonly log: Log;
  readonly say: (line: string) => void;
}

const AGAIN_MS = 1_000;

/**
 * Leads while this process holds the database's lock: one instance a database probes and decides,
 * the others stand by and take over within seconds. A begin that fails is tried again.
 */
export function reign({ connection, lead, log, say }: ReignSettings): Reign {
  const inTurn = createTurns();
  let present: Reign | null = null;
  let wanted = false;

  const begin = async (): Promise<void> => {
    if (!wanted || present) return;
    try {
      present = await lead();
      log.info("lead.begun");
    } catch (error) {
      log.error({ err: error }, "lead.failed");
      say(`Watching could not begin: ${describeDatabaseError(error)} It is tried again.`);
      setTimeout(() => void inTurn(begin), AGAIN_MS).unref();
    }
  };

  const end = async (): Promise<void> => {
    const over = present;
    present = null;
    if (!over) return;
    await over.stop();
    log.info("lead.ended");
  };

  const lock = holdLock({
    connection,
    key: LEADER_LOCK,
    log,
    onChange: (change) => {
      switch (change.kind) {
        case "gained":
          wanted = true;
          void inTurn(begin);
          break;
        case "lost":
          wanted = false;
          void inTurn(end);
          break;
        case "refused":
          log.info({ holder: change.holder }, "lead.standing-by");
          say("Another instance watches and decides; this one serves pages and stands by.");
          break;
      }
    },
  });

  return {
    async stop() {
      wanted = false;
      await inTurn(end);
      await lock.stop();
    },
  };
}
