import { readFileSync, readdirSync } from "node:fs";
import { Socket } from "node:net";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import knex, { type Knex } from "knex";
import pg from "pg";
import { Problem } from "../errors.js";

/** A pool of connections, or one transaction: every store function takes either. */
export type Db = Knex;

/** Where a database is: an address, or the socket folder of the embedded server. */
export type DbConnection =
  | { readonly url: string }
  | {
      readonly socketDir: string;
      readonly port: number;
      readonly user: string;
      readonly database: string;
    };

export interface DbOptions {
  /** Connections at most; default 10. */
  readonly poolMax?: number;
  /** A statement that runs longer is cancelled by the server; default 30 s, 0 for never. */
  readonly statementTimeoutMs?: number;
}

/** Session advisory lock of the one `main` that probes and decides. */
export const LEADER_LOCK = 0x7475_0001;
/** Session advisory lock of whoever migrates. */
const MIGRATION_LOCK = 0x7475_0002;

const CONNECT_MS = 5_000;
const STATEMENT_MS = 30_000;
/** The server speaks within the statement's time, or it is not there any more. */
const SILENCE_MS = 15_000;
const MIGRATION_WAIT_MS = 600_000;
const LOCK_WAIT_MS = 10_000;
const OLDEST = 14;

const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;
const DATE_ARRAY = 1182;

/** What the driver needs to open one connection: where, who we are, how long we wait. */
export function clientConfig(connection: DbConnection) {
  const place =
    "url" in connection
      ? { connectionString: connection.url }
      : {
          host: connection.socketDir,
          port: connection.port,
          user: connection.user,
          database: connection.database,
        };
  return {
    ...place,
    // Seen in pg_stat_activity, and by a second instance that wonders who holds the lock.
    application_name: `tudunk/${process.pid}@${hostname()}`.slice(0, 63),
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

const socketsOf = new WeakMap<Db, Set<Socket>>();

/** A pool on `connection`; opens nothing before the first query. Close it with `destroy()`. */
export function createDb(connection: DbConnection, options: DbOptions = {}): Db {
  const statementMs = options.statementTimeoutMs ?? STATEMENT_MS;
  const sockets = new Set<Socket>();
  const stream = (): Socket => {
    const socket = new Socket();
    sockets.add(socket);
    return socket.once("close", () => sockets.delete(socket));
  };
  const db = knex({
    client: "pg",
    connection: {
      ...clientConfig(connection),
      stream,
      types: { getTypeParser },
      statement_timeout: statementMs,
      idle_in_transaction_session_timeout: 60_000,
    },
    pool: {
      min: 0,
      max: options.poolMax ?? 10,
      afterCreate: (client: pg.Client, done: Done) => {
        if (statementMs > 0) noticeSilence(client, statementMs + SILENCE_MS);
        noticeFarewell(client);
        done(null, client);
      },
    },
    acquireConnectionTimeout: 10_000,
    log: QUIET,
  });
  socketsOf.set(db, sockets);
  return db;
}

/** Ends a pool whose server says nothing: whoever waits for an answer hears at once that none comes. */
export async function abandonDb(db: Db): Promise<void> {
  // A pool that is being destroyed still takes whoever asks, and lets them wait to the end.
  Object.assign(db.client, {
    acquireConnection: () => Promise.reject(new Error("Connection terminated")),
  });
  const destroyed = db.destroy();
  const cut = (): void => {
    for (const socket of socketsOf.get(db) ?? [])
      socket.destroy(new Error("Connection terminated"));
  };
  // The pool tries once more for whoever still waits.
  const cutting = setInterval(cut, 100);
  cut();
  await destroyed.finally(() => clearInterval(cutting));
}

/**
 * Brings the schema up to this version, one transaction a migration. Whoever comes second waits.
 * Throws `Problem` where the server is older than PostgreSQL 14 or the database newer than we are.
 */
export async function migrate(db: Db, folder = MIGRATIONS): Promise<void> {
  // One connection, and none without the lock: it dies with its session, so a killed predecessor
  // never blocks us, and the lock row that knex keeps says nothing and may be freed.
  const alone = knex({
    client: "pg",
    connection: { ...connectionOf(db), statement_timeout: 0 },
    pool: {
      min: 0,
      max: 1,
      createTimeoutMillis: MIGRATION_WAIT_MS,
      afterCreate: (client: pg.Client, done: Done) => {
        client.query(`select pg_advisory_lock(${MIGRATION_LOCK})`, (error) => {
          done(error, client);
        });
      },
    },
    acquireConnectionTimeout: MIGRATION_WAIT_MS,
    migrations: { migrationSource: sqlFiles(folder) },
    log: QUIET,
  });
  try {
    await requireVersion(alone);
    const known = migrationNames(folder);
    const pending = known.length - (await requireKnown(alone, known));
    if (pending > 0) await alone.migrate.forceFreeMigrationsLock();
    for (let left = pending; left > 0; left--) await alone.migrate.up();
  } finally {
    await alone.destroy();
  }
}

/**
 * A value for a `jsonb` column. Halves of characters and NUL, which PostgreSQL refuses there, become
 * the character that stands for what cannot be read.
 */
export const toJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/\\(?:\\|u(?:0000|d[89a-f][0-9a-f]{2}))/g, (found) =>
    found === "\\\\" ? found : "\\ufffd",
  );

/** True where `error` says that the database cannot be used now, and may be again without us. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof Problem) return error.code === "unavailable";
  const code = codeOf(error);
  if (AWAY.some((known) => code.startsWith(known))) return true;
  return error instanceof Error && AWAY_WORDS.test(error.message);
}

/** One line on what is wrong with the database and what to do about it; never shows a password. */
export function describeDatabaseError(error: unknown): string {
  if (error instanceof Problem) return error.message;
  const code = codeOf(error);
  const said = error instanceof Error ? firstLine(error) : String(error);
  const advice = ADVICE.find(([start]) => code.startsWith(start))?.[1];
  if (advice) return `${advice} (${said})`;
  if (isDatabaseAway(error))
    return `The database does not answer; it is tried again by itself. (${said})`;
  return `The database refused a statement. (${said})`;
}

type Done = (error: Error | null, client: pg.Client) => void;

const QUIET = { warn() {}, error() {}, deprecate() {}, debug() {} };

const MIGRATIONS = join(packageRoot(dirname(fileURLToPath(import.meta.url))), "migrations");

/** The folder with package.json above `folder`: the same from `src/` and from `dist/src/`. */
function packageRoot(folder: string): string {
  const above = dirname(folder);
  if (above === folder) throw new Error("package.json not found above the program");
  return readdirSync(above).includes("package.json") ? above : packageRoot(above);
}

function migrationNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
}

function sqlFiles(folder: string): Knex.MigrationSource<string> {
  return {
    getMigrations: async () => migrationNames(folder),
    getMigrationName: (name) => name,
    getMigration: async (name) => ({
      up: async (tx) => {
        await tx.raw(`set local lock_timeout = ${LOCK_WAIT_MS}`);
        try {
          // knex takes every bare question mark for a binding, also in strings and comments.
          await tx.raw(readFileSync(join(folder, name), "utf8").replaceAll("?", "\\?"));
        } catch (cause) {
          throw new Error(`migration ${name}: ${cause instanceof Error ? firstLine(cause) : ""}`, {
            cause,
          });
        }
      },
      down: () => Promise.reject(new Error("migrations only go forward")),
    }),
  };
}

async function requireVersion(db: Db): Promise<void> {
  const { rows } = await db.raw<{ rows: { num: string; name: string }[] }>(
    `select current_setting('server_version_num') as num, current_setting('server_version') as name`,
  );
  const { num, name } = rows[0] ?? { num: "0", name: "unknown" };
  if (Number(num) >= OLDEST * 10_000) return;
  throw new Problem(
    "unavailable",
    `The database server is PostgreSQL ${name}; Tudunk needs ${OLDEST} or newer. Point DATABASE_URL at one.`,
  );
}

/** How many migrations the database has; throws where it has some that we do not know. */
async function requireKnown(db: Db, known: readonly string[]): Promise<number> {
  if (!(await db.schema.hasTable("knex_migrations"))) return 0;
  const rows: { name: string }[] = await db("knex_migrations").select("name");
  const unknown = rows.map((row) => row.name).filter((name) => !known.includes(name));
  if (unknown.length === 0) return rows.length;
  throw new Problem(
    "unavailable",
    `The database was last used by a newer Tudunk (it has ${unknown.join(", ")}, unknown here). Start that version, or restore a backup made by this one.`,
  );
}

function connectionOf(db: Db): Knex.PgConnectionConfig {
  const client: { config: { connection: Knex.PgConnectionConfig } } = db.client;
  return client.config.connection;
}

/** Without this a server that vanished is waited for until the kernel gives up: eleven minutes. */
function noticeSilence(client: pg.Client, ms: number): void {
  const { stream } = client.connection;
  if (stream instanceof Socket)
    stream.setTimeout(ms, () => stream.destroy(new Error("Connection fell silent")));
}

/** After its last word, and before its socket closes, the pool would hand a connection out again. */
function noticeFarewell(client: pg.Client): void {
  client.connection.on("errorMessage", (said: { severity?: string; code?: string }) => {
    if (said.severity === "FATAL" || said.code?.startsWith("57P"))
      Object.assign(client, { __knex__disposed: said });
  });
}

function getTypeParser(oid: number, format?: string): (value: string) => unknown {
  if (format !== "binary") {
    if (oid === INT8) return int8;
    if (oid === DATE) return String;
    if (oid === INT8_ARRAY) return (value) => strings(value).map(int8);
    if (oid === DATE_ARRAY) return strings;
  }
  return pg.types.getTypeParser(oid, format === "binary" ? "binary" : "text");
}

/** A number where JavaScript can hold it, else the digits. */
function int8(value: string): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Elements of a flat array without quotes: numbers and dates have none. */
function strings(value: string): string[] {
  return value === "{}" ? [] : value.slice(1, -1).split(",");
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return "cause" in error ? codeOf(error.cause) : "";
}

/** knex puts the statement before what the server said; values in it are nobody's business. */
function firstLine(error: Error): string {
  const said = error instanceof AggregateError ? String(error.errors[0]) : error.message;
  return (said.split(" - ").at(-1) ?? said).split("\n")[0]?.slice(0, 300) ?? "";
}

/** SQLSTATE classes and system errors that pass: connections, shutdown, resources, standby, login. */
const AWAY =
  "08 57P01 57P02 57P03 57P05 53 58 25006 28 3D000 ECONNREFUSED ECONNRESET ECONNABORTED ENOENT EACCES EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH EHOSTDOWN ENOTFOUND EAI_AGAIN EADDRNOTAVAIL".split(
    " ",
  );

/** What pg and the pool say without a code. */
const AWAY_WORDS =
  /^(Connection (terminated|ended|fell silent)|Client (was closed|has encountered a connection error)|timeout expired|timeout exceeded when trying to connect|Query read timeout|Knex: Timeout acquiring a connection|The server does not support SSL|aborted$|SASL:)|Connection terminated/;

const ADVICE: readonly (readonly [start: string, advice: string])[] = [
  ["53100", "The disk of the database is full: free some space; it goes on by itself."],
  ["ENOSPC", "The disk is full: free some space; it goes on by itself."],
  ["53200", "The database server is out of memory; it is tried again by itself."],
  ["53300", "The database has too many connections: raise max_connections or close other clients."],
  ["53", "The database server is out of resources; it is tried again by itself."],
  ["58", "The database server met a failure of its disk or system: look at its log."],
  ["28", "The database refuses the user or password: check DATABASE_URL."],
  ["3D000", "The database named in DATABASE_URL does not exist: create it."],
  ["42501", "The database user lacks a permission: it must own its database (or its schema)."],
  ["25006", "The database only allows reading: DATABASE_URL must point at the primary."],
  ["57P", "The database server is starting or stopping; it is tried again by itself."],
  ["ECONNREFUSED", "Nothing listens at the database's address: start it, or check DATABASE_URL."],
  ["ENOENT", "The database's socket is not there: start it, or check DATABASE_URL."],
  ["EACCES", "The database's socket may not be opened by this user."],
  ["ENOTFOUND", "The database's host name is unknown: check DATABASE_URL."],
  ["EAI_AGAIN", "The database's host name cannot be resolved now; it is tried again by itself."],
];
