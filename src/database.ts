import { Problem } from "./errors.js";
import type { Log } from "./log.js";
import {
  abandonDb,
  createDb,
  describeDatabaseError,
  LEADER_LOCK,
  migrate,
  type Db,
  type DbConnection,
} from "./store/db.js";
import { startEmbedded, type Durability, type Embedded } from "./store/embedded.js";
import { findLockHolder } from "./store/session.js";

/** The database of this process, which may be away for a while and come back by itself. */
export interface Database {
  readonly db: Db;
  /** A few connections of its own, so that no crowd of readers keeps results waiting. */
  readonly forWeb: Db;
  readonly connection: DbConnection;
  condition(): DatabaseCondition;
  /** Before an end: where the server does not answer now, nobody may wait for it any more. */
  abandonIfSilent(): Promise<void>;
  stop(): Promise<void>;
}

export interface DatabaseCondition {
  readonly kind: "embedded" | "server";
  readonly version: string | null;
  /** What survives: a power cut, or only the death of processes. */
  readonly durability: string | null;
  readonly pid: number | null;
}

interface DatabaseSettings {
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly log: Log;
  /** Says one line in the terminal. */
  readonly say: (line: string) => void;
  readonly stopping: AbortSignal;
}

const BACKOFF_MS = { first: 500, most: 10_000 };
const WEB_CONNECTIONS = 4;
/** A killed predecessor's session is gone within this; who still holds the lock then is alive. */
const PREDECESSOR_MS = 3_000;
/** At the end a server that says nothing for so long is not waited for. */
const SILENT_MS = 1_500;

/**
 * Opens the database and brings its schema up to date, trying until it works: each new reason is
 * said once. Resolves to `null` when asked to stop before that. Throws `Problem` where trying again
 * cannot help: another instance has this data folder, or the schema is newer than the program.
 */
export async function openDatabase(settings: DatabaseSettings): Promise<Database | null> {
  const { log, say, stopping } = settings;
  let waitMs = BACKOFF_MS.first;
  let said = "";
  while (!stopping.aborted) {
    let opened: Opened | null = null;
    try {
      opened = await open(settings);
      await migrate(opened.db);
      return await keep(opened, settings);
    } catch (error) {
      await opened?.db.destroy().catch(() => undefined);
      opened?.embedded?.leave();
      if (error instanceof Problem && error.code === "conflict") throw error;
      const line = describeDatabaseError(error);
      if (line !== said) {
        say(line);
        log.error({ err: error }, "database.unavailable");
      }
      said = line;
    }
    await pause(waitMs, stopping);
    waitMs = Math.min(2 * waitMs, BACKOFF_MS.most);
  }
  return null;
}

interface Opened {
  readonly db: Db;
  readonly connection: DbConnection;
  readonly embedded: Embedded | null;
}

async function open({ databaseUrl, dataDir, log }: DatabaseSettings): Promise<Opened> {
  if (databaseUrl !== null) {
    const connection = { url: databaseUrl };
    return { connection, db: createDb(connection), embedded: null };
  }
  const embedded = await startEmbedded({ dataDir, log });
  const opened = { connection: embedded.connection, db: createDb(embedded.connection), embedded };
  if (embedded.adopted) await refuseSecond(opened.connection, dataDir, embedded);
  return opened;
}

/** Whoever finds the embedded server at work is its heir, unless somebody alive leads it. */
async function refuseSecond(
  connection: DbConnection,
  dataDir: string,
  embedded: Embedded,
): Promise<void> {
  const until = performance.now() + PREDECESSOR_MS;
  for (;;) {
    const holder = await findLockHolder(connection, LEADER_LOCK);
    if (!holder) return;
    if (performance.now() > until) {
      embedded.leave();
      throw new Problem(
        "conflict",
        `Another Tudunk (${holder.application}) already runs with the data folder ${dataDir}. ` +
          `Stop it, or give this one a DATA_DIR (and a PORT) of its own.`,
      );
    }
    await pause(200);
  }
}

async function keep(
  { db, connection, embedded }: Opened,
  settings: DatabaseSettings,
): Promise<Database> {
  const { log, say, dataDir, stopping } = settings;
  let present = embedded;
  const server = embedded ? null : await serverOf(db);
  const forWeb = createDb(connection, { poolMax: WEB_CONNECTIONS });
  let version = embedded?.version ?? server?.version ?? null;

  const revive = async (): Promise<void> => {
    say("The embedded PostgreSQL ended; it is started again.");
    let said = "";
    for (
      let waitMs = BACKOFF_MS.first;
      !stopping.aborted;
      waitMs = Math.min(2 * waitMs, BACKOFF_MS.most)
    ) {
      try {
        present = await startEmbedded({ dataDir, log });
        version = present.version;
        present.onExit(() => void revive());
        say("The embedded PostgreSQL runs again.");
        return;
      } catch (error) {
        const line = describeDatabaseError(error);
        if (line !== said) {
          say(line);
          log.error({ err: error }, "database.unavailable");
        }
        said = line;
        await pause(waitMs, stopping);
      }
    }
  };
  present?.onExit(() => void revive());

  return {
    db,
    forWeb,
    connection,
    condition: () => ({
      kind: present ? "embedded" : "server",
      version,
      durability: present?.durability ?? server?.durability ?? null,
      pid: present?.pid ?? null,
    }),
    async abandonIfSilent() {
      const answers = db.raw("select").then(
        () => true,
        () => false,
      );
      if (await Promise.race([answers, pause(SILENT_MS)])) return;
      log.warn("database.abandoned");
      await Promise.all([abandonDb(db), abandonDb(forWeb)]);
    },
    async stop() {
      await Promise.all([db.destroy(), forWeb.destroy()]);
      await present?.stop();
    },
  };
}

/** What a server of our own choosing says of itself; it survives a power cut with all three on. */
async function serverOf(
  db: Db,
): Promise<{ readonly version: string; readonly durability: Durability } | null> {
  const { rows } = await db.raw<{ rows: { version: string; safe: boolean }[] }>(
    `select current_setting('server_version') as version,
            current_setting('fsync') = 'on' and current_setting('full_page_writes') = 'on'
              and current_setting('synchronous_commit') <> 'off' as safe`,
  );
  const [row] = rows;
  return row
    ? { version: row.version, durability: row.safe ? "power-safe" : "process-safe" }
    : null;
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
}
