import type { Log } from "../log.js";
import { describeDatabaseError, LEADER_LOCK, type DbConnection } from "../store/db.js";
import { holdLock } from "../store/session.js";
import { createTurns } from "../turns.js";

/** Leading, until it is stopped. */
export interface Reign {
  /** Whether nobody else has led since it began; rejects where the database is away. */
  stillLeads(): Promise<boolean>;
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
 * Leads from when this process holds the database's lock until another one does: one instance a
 * database probes and decides, the others stand by and take over within seconds. While the database
 * is away nobody can have taken the lock, or be asked, so watching goes on; the epoch refuses what
 * a leader would store that has been replaced meanwhile. A begin that fails is tried again.
 */
export function reign({ connection, lead, log, say }: ReignSettings): { stop(): Promise<void> } {
  const inTurn = createTurns();
  let present: Reign | null = null;
  let wanted = false;

  const begin = async (): Promise<void> => {
    if (!wanted) return;
    try {
      if (await present?.stillLeads()) return;
      await end();
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
          break;
        case "refused":
          wanted = false;
          void inTurn(end);
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
