import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { createDb, type Db, type DbConnection } from "../../src/store/db.js";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "dist/src/main.js");
const LAUNCHER = join(ROOT, "src/start.mjs");

/** Processes are found and paused by what /proc tells of them. */
export const canPause = process.platform === "linux";

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  /** From the first signal (or, without one, from the start) to the end. */
  readonly afterMs: number;
}

export interface Pids {
  readonly launcher: readonly number[];
  readonly main: readonly number[];
  readonly worker: readonly number[];
  readonly postgres: readonly number[];
}

/** The built program, as its operator starts it, in a folder of its own. */
export interface Program {
  readonly dataDir: string;
  readonly pid: number;
  /** `http://127.0.0.1:PORT`, once it is ready. */
  readonly url: string;
  readonly ended: Promise<Ended>;
  /** Everything it wrote so far, both streams. */
  said(): string;
  /** Its structured lines named `event`, oldest first. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[];
  /** What runs on its folder now, whoever started it. */
  pids(): Pids;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and what came of it. */
  stop(): Promise<Ended>;
}

export interface ProgramOptions {
  readonly config: unknown;
  /** Of an earlier program of this test, to go on in. */
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  /** Through `src/start.mjs`, which starts it again when it dies. */
  readonly launched?: boolean;
  /** A process group of its own, as a terminal would give it. */
  readonly grouped?: boolean;
  readonly port?: number;
  /** Resolve as soon as it is started, without waiting for the ready line. */
  readonly soon?: boolean;
}

const READY_MS = 30_000;

/** A folder for a program, gone with all that still runs on it when the test is over. */
export function programFolder(within = tmpdir()): string {
  const folder = realpathSync(mkdtempSync(join(within, "tudunk-program-")));
  // So that the user who runs the embedded server may pass.
  chmodSync(folder, 0o755);
  onTestFinished(async () => {
    const { launcher, main, worker, postgres } = pidsOf(folder);
    for (const pid of [...launcher, ...main, ...worker]) signal(pid, "SIGKILL");
    for (const pid of postgres) signal(pid, "SIGCONT");
    for (const pid of postgres) signal(pid, "SIGQUIT");
    await vi.waitFor(
      () => {
        const left = Object.values(pidsOf(folder)).flat();
        for (const pid of left) signal(pid, "SIGKILL");
        if (left.length > 0) throw new Error(`still running: ${left.join(" ")}`);
      },
      { timeout: 5_000, interval: 200 },
    );
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  return folder;
}

/** Starts the program and waits until it serves pages. Rejects with what it said where it ends first. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const dataDir = options.dataDir ?? programFolder();
  configure(dataDir, options.config);
  const { launched = false, grouped = false, port = 0, soon = false } = options;
  const child = spawn(
    process.execPath,
    launched ? [LAUNCHER] : ["--enable-source-maps", "--max-semi-space-size=2", MAIN],
    {
      cwd: ROOT,
      env: environment(dataDir, port, options.databaseUrl),
      stdio: ["ignore", "pipe", "pipe"],
      detached: grouped,
    },
  );
  const written = gather(child);
  let askedMs = performance.now();
  let asked = false;
  const ask = (name: NodeJS.Signals): void => {
    if (!asked) askedMs = performance.now();
    asked = true;
    child.kill(name);
  };
  const ended = once(child, "close").then(([code, name]: unknown[]): Ended => ({
    code: typeof code === "number" ? code : null,
    signal: typeof name === "string" ? name : null,
    afterMs: performance.now() - askedMs,
  }));
  const readyAt = (): string | undefined =>
    /Tudunk is ready: http:\/\/localhost:(\d+)/.exec(written())?.[1];
  let gone: Ended | null = null;
  void ended.then((how) => (gone = how));
  if (!soon)
    await vi.waitFor(
      () => {
        if (readyAt() === undefined && gone === null) throw new Error(`not ready: ${written()}`);
      },
      { timeout: READY_MS, interval: 10 },
    );
  if (!soon && readyAt() === undefined)
    throw new Error(`ended with ${JSON.stringify(gone)}: ${written()}`);

  return {
    dataDir,
    pid: child.pid ?? 0,
    get url() {
      return `http://127.0.0.1:${readyAt() ?? port}`;
    },
    ended,
    said: written,
    logged: (event) => linesOf(written()).filter((line) => line["event"] === event),
    pids: () => pidsOf(dataDir),
    kill: ask,
    stop() {
      ask("SIGTERM");
      return ended;
    },
  };
}

const environment = (dataDir: string, port: number, databaseUrl?: string): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"],
  HOME: process.env["HOME"],
  PORT: String(port),
  HOST: "127.0.0.1",
  DATA_DIR: dataDir,
  TUDUNK_CONFIG: configPath(dataDir),
  ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
});

/** Puts a new configuration in the place of the one before, as a careful editor does. */
export function configure(dataDir: string, config: unknown): void {
  const text = typeof config === "string" ? config : JSON.stringify(config);
  writeFileSync(`${configPath(dataDir)}.new`, text);
  renameSync(`${configPath(dataDir)}.new`, configPath(dataDir));
}

const configPath = (dataDir: string): string => join(dataDir, "tudunk.yaml");

function gather(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (bytes: Buffer) => (text += bytes.toString()));
  return () => text;
}

function linesOf(text: string): Readonly<Record<string, unknown>>[] {
  return text.split("\n").flatMap((line) => {
    try {
      return line.startsWith("{") ? [JSON.parse(line)] : [];
    } catch {
      return [];
    }
  });
}

// ── processes ────────────────────────────────────────────────────────────────────────────────

/** Sends a signal to a process that may be gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}

/** What runs on a data folder: by its working folder, its arguments or its environment. */
function pidsOf(dataDir: string): Pids {
  const found = {
    launcher: [] as number[],
    main: [] as number[],
    worker: [] as number[],
    postgres: [] as number[],
  };
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const kind = kindOf(name, dataDir);
    if (kind) found[kind].push(Number(name));
  }
  return found;
}

function kindOf(pid: string, dataDir: string): keyof Pids | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    if (/\) [ZX] /.test(stat)) return null;
    if (stat.includes("(postgres)"))
      return readlinkSync(`/proc/${pid}/cwd`) === join(dataDir, "pg") ? "postgres" : null;
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const file = words.find((word) => /\/(?:main\.js|start\.mjs)$/.test(word));
    if (!file) return null;
    const environ = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    if (!environ.includes(`DATA_DIR=${dataDir}`)) return null;
    if (file.endsWith("start.mjs")) return "launcher";
    return file.endsWith("worker/main.js") ? "worker" : "main";
  } catch {
    return null;
  }
}

/** Stops processes where they stand; the returned function lets them go on. */
export function pause(pids: readonly number[]): () => void {
  for (const pid of pids) signal(pid, "SIGSTOP");
  return () => {
    for (const pid of pids) signal(pid, "SIGCONT");
  };
}

/** Whether anything at all runs on the folder. */
export const isIdle = (dataDir: string): boolean =>
  Object.values(pidsOf(dataDir)).flat().length === 0;

// ── what it stored ───────────────────────────────────────────────────────────────────────────

/** The embedded database of a running program. */
export function embeddedDb(dataDir: string): Db {
  const socketDir = readFileSync(join(dataDir, "pg/postmaster.pid"), "utf8").split("\n")[4] ?? "";
  const connection: DbConnection = { socketDir, port: 5432, user: "tudunk", database: "tudunk" };
  const db = createDb(connection, { poolMax: 2 });
  onTestFinished(() => db.destroy());
  return db;
}

export interface StoredResult {
  readonly monitor: string;
  /** Epoch ms. */
  readonly at: number;
  readonly outcome: "up" | "degraded" | "down" | "unknown";
  readonly reason: string;
  readonly ms: number;
}

const OUTCOMES = ["up", "degraded", "down", "unknown"] as const;

/** Every stored result, oldest first. */
export async function storedResults(db: Db): Promise<StoredResult[]> {
  const rows: { id: string; at: Date; outcome: number; reason: string; ms: number }[] = await db(
    "results",
  )
    .join("monitors", "monitors.num", "results.monitor")
    .select("monitors.id", "results.at", "results.outcome", "results.reason", "results.ms")
    .orderBy("results.at");
  return rows.map(({ id, at, outcome, reason, ms }) => ({
    monitor: id,
    at: at.getTime(),
    outcome: OUTCOMES[outcome] ?? "unknown",
    reason,
    ms,
  }));
}
