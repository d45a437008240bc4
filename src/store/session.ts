import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Log } from "../log.js";
import { clientConfig, describeDatabaseError, LEADER_LOCK, type DbConnection } from "./db.js";

export { LEADER_LOCK };

/** A connection kept for its own sake, and made again whenever it breaks, until `stop()`. */
export interface Session {
  stop(): Promise<void>;
}

/** Who has a lock: its backend, and what its program calls itself, `tudunk/PID@HOST`. */
export interface LockHolder {
  readonly backend: number;
  readonly application: string;
}

/** The lock of one session, as a leader keeps it. */
export interface Lock extends Session {
  held(): boolean;
}

export type LockChange =
  | { readonly kind: "gained" }
  /** The connection is gone, and with it the lock. */
  | { readonly kind: "lost" }
  /** Somebody else has it; said once for each holder. `null` where the database does not tell. */
  | { readonly kind: "refused"; readonly holder: LockHolder | null };

export interface ListenOptions {
  readonly connection: DbConnection;
  /** Plain names: `[a-z_]+`. */
  readonly channels: readonly string[];
  /** Called for each notification, and once a channel with `null` after each connection, as some may have been missed. */
  readonly onNotify: (channel: string, payload: string | null) => void;
  readonly onState?: (state: "listening" | "away") => void;
  readonly log: Log;
}

export interface LockOptions {
  readonly connection: DbConnection;
  readonly key: number;
  readonly onChange: (change: LockChange) => void;
  readonly log: Log;
  /** How often it is tried, and the connection looked at; default 1 s. */
  readonly everyMs?: number;
}

const BACKOFF_MS = { first: 100, most: 5_000 };
const LOOK_MS = 1_000;
const GOODBYE_MS = 500;
/** What does not answer within this is taken for lost. */
const ANSWER_MS = 10_000;
/** So that the server, too, finds out within half a minute, and frees what a vanished host held. */
const KEEPALIVE =
  "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3";

/** Hears `notify` on some channels, over a connection of its own that comes back within 5 s of the database. */
export function listen(options: ListenOptions): Session {
  const { channels, onNotify, onState } = options;
  return keepSession(options, "listening", async (client, lost) => {
    client.on("notification", ({ channel, payload }) => onNotify(channel, payload ?? ""));
    for (const channel of channels) await client.query(`listen ${channel}`);
    onState?.("listening");
    for (const channel of channels) onNotify(channel, null);
    try {
      while (!lost.aborted) {
        await pause(ANSWER_MS, lost);
        if (!lost.aborted) await client.query("select");
      }
    } finally {
      onState?.("away");
    }
  });
}

/**
 * Takes the session advisory lock `key` as soon as it is free, and keeps it while the connection
 * lives. `lost` is said before anybody else can gain it only where our own side notices first:
 * what must not happen twice needs a fence in the database as well.
 */
export function holdLock(options: LockOptions): Lock {
  const { key, onChange, everyMs = LOOK_MS } = options;
  let held = false;
  const session = keepSession(options, "lock", async (client, lost) => {
    let told: string | null = null;
    try {
      while (!lost.aborted) {
        if (held) {
          await client.query("select");
        } else if (await tryLock(client, key)) {
          held = true;
          onChange({ kind: "gained" });
        } else {
          const holder = await holderOf(client, key);
          const name = `${holder?.backend} ${holder?.application}`;
          if (name !== told) onChange({ kind: "refused", holder });
          told = name;
        }
        await pause(everyMs, lost);
      }
    } finally {
      const had = held;
      held = false;
      if (had) onChange({ kind: "lost" });
    }
  });
  return { held: () => held, stop: () => session.stop() };
}

/** Who holds the session advisory lock `key` now; `null` for nobody. Rejects where the database is away. */
export async function findLockHolder(
  connection: DbConnection,
  key: number,
): Promise<LockHolder | null> {
  const client = open(connection);
  try {
    await client.connect();
    return await holderOf(client, key);
  } finally {
    await client.end().catch(() => {});
  }
}

async function tryLock(client: pg.Client, key: number): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    "select pg_try_advisory_lock($1::bigint) as locked",
    [key],
  );
  return rows[0]?.locked === true;
}

async function holderOf(client: pg.Client, key: number): Promise<LockHolder | null> {
  const { rows } = await client.query<LockHolder>(
    `select locks.pid as backend, coalesce(activity.application_name, '') as application
       from pg_locks locks left join pg_stat_activity activity using (pid)
      where locks.locktype = 'advisory' and locks.granted and locks.objsubid = 1
        and locks.classid = 0 and locks.objid = $1::bigint::oid
        and locks.database = (select oid from pg_database where datname = current_database())`,
    [key],
  );
  return rows[0] ?? null;
}

/** Connects, uses the connection until it is lost, and again; `use` returns or throws once `lost` is aborted. */
function keepSession(
  { connection, log }: { readonly connection: DbConnection; readonly log: Log },
  purpose: string,
  use: (client: pg.Client, lost: AbortSignal) => Promise<void>,
): Session {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    let waitMs = BACKOFF_MS.first;
    while (!stopping.signal.aborted) {
      const client = open(connection);
      const lost = new AbortController();
      const end = (): void => lost.abort();
      // A silent server would let us wait for what was asked last.
      const endSoon = (): void => {
        end();
        setTimeout(() => client.connection.stream.destroy(), GOODBYE_MS).unref();
      };
      client.once("end", end);
      stopping.signal.addEventListener("abort", endSoon, { once: true });
      try {
        await client.connect();
        await client.query(KEEPALIVE);
        waitMs = BACKOFF_MS.first;
        await use(client, lost.signal);
      } catch (error) {
        if (!stopping.signal.aborted)
          log.warn({ purpose, error: describeDatabaseError(error) }, "session.lost");
      } finally {
        stopping.signal.removeEventListener("abort", endSoon);
        await hangUp(client);
      }
      await pause(waitMs, stopping.signal);
      waitMs = Math.min(waitMs * 2, BACKOFF_MS.most);
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function open(connection: DbConnection): pg.Client {
  const client = new pg.Client({ ...clientConfig(connection), query_timeout: ANSWER_MS });
  // Told by "end" as well; unheard, it would end the program.
  client.on("error", () => {});
  return client;
}

/** A good-bye that a vanished server need not answer. */
async function hangUp(client: pg.Client): Promise<void> {
  const ended = client.end().catch(() => {});
  await Promise.race([ended, sleep(GOODBYE_MS, undefined, { ref: false })]);
  client.connection.stream.destroy();
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
