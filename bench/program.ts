import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Stage } from "./bench.js";
import { commandOf, familyOf, memoryOf } from "./machine.js";

const START = fileURLToPath(new URL("../../src/start.mjs", import.meta.url));
const READY_MS = 120_000;
const END_MS = 12_000;

export const ROLES = ["start", "main", "worker", "postgres"] as const;
export type Role = (typeof ROLES)[number];

/** A line of the program's log. */
export interface Logged {
  readonly event: string;
  readonly atMs: number;
  readonly [field: string]: unknown;
}

/** The whole program as `npm start` runs it, in a folder of its own. */
export interface Program {
  /** Where it serves now: another port after each start. */
  readonly url: string;
  readonly folder: string;
  /** When it was asked to start and when it said that it was ready (epoch ms). */
  readonly startedMs: number;
  readonly readyMs: number;
  readonly logged: readonly Logged[];
  /** The first line of that event that comes after now. */
  next(event: string, withinMs: number): Promise<Logged>;
  configure(text: string): void;
  /** CPU time used so far (ms), by part. */
  cpuMs(): Readonly<Record<Role, number>>;
  memory(): Readonly<Record<Role, { readonly rssMb: number; readonly pssMb: number }>>;
  metrics(): Promise<string>;
  pid(role: Role): number | null;
  pids(role: Role): readonly number[];
  /** Lets a program that was bound to one processor run on all of them. */
  unbind(): void;
}

export interface ProgramOptions {
  readonly config: string;
  /** Binds all of its processes to one processor. */
  readonly core?: number | null;
  /** What its environment has besides. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its own folder is made. */
  readonly within?: string;
}

/** Starts the program on the embedded database and loopback; resolves once it serves. */
export async function startProgram(
  { later }: Stage,
  { config, core = null, env = {}, within = tmpdir() }: ProgramOptions,
): Promise<Program> {
  const folder = mkdtempSync(join(within, "tudunk-bench-"));
  chmodSync(folder, 0o755);
  later(() => rmSync(folder, { recursive: true, force: true }));
  const configPath = join(folder, "tudunk.yaml");
  writeFileSync(configPath, config);
  const startedMs = Date.now();
  const [command, ...args] =
    core === null
      ? [process.execPath, START]
      : ["taskset", "-c", String(core), process.execPath, START];
  const child = spawn(command, args, {
    env: {
      ...process.env,
      PORT: "0",
      HOST: "127.0.0.1",
      DATA_DIR: join(folder, "data"),
      TUDUNK_CONFIG: configPath,
      DATABASE_URL: "",
      LOG_LEVEL: "info",
      // Where we are killed, it notices that its starter is gone.
      npm_lifecycle_event: "start",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const root = child.pid ?? 0;
  const ended = once(child, "exit");
  later(async () => {
    child.kill("SIGTERM");
    await Promise.race([ended, sleep(END_MS, undefined, { ref: false })]);
    if (child.exitCode === null) child.kill("SIGKILL");
  });

  const logged: Logged[] = [];
  const said: string[] = [];
  const heard = new Set<(line: Logged) => void>();
  let url = "";
  const ready = new Promise<true>((done) => {
    createInterface(child.stdout).on("line", (line) => {
      const address = /^Tudunk is ready: (http\S+)$/.exec(line)?.[1];
      if (address) {
        url = address.replace("localhost", "127.0.0.1");
        done(true);
      }
      const entry = readLogged(line);
      if (!entry) return;
      logged.push(entry);
      for (const hear of heard) hear(entry);
    });
  });
  createInterface(child.stderr).on("line", (line) => said.push(line));
  const isReady = await Promise.race([
    ready,
    ended.then(() => null),
    sleep(READY_MS, null, { ref: false }),
  ]);
  if (isReady === null)
    throw new Error(`the program did not start:\n${said.slice(-20).join("\n")}`);
  const readyMs = Date.now();
  if (logged.some(({ event }) => event === "config.rejected"))
    throw new Error(`the configuration was rejected:\n${said.slice(-20).join("\n")}`);

  const byRole = <T>(zero: T, add: (sum: T, pid: number, cpuMs: number) => T): Record<Role, T> => {
    const sums = { start: zero, main: zero, worker: zero, postgres: zero };
    for (const { pid, cpuMs } of familyOf(root)) {
      const role = roleOf(pid);
      sums[role] = add(sums[role], pid, cpuMs);
    }
    return sums;
  };

  return {
    get url() {
      return url;
    },
    folder,
    startedMs,
    readyMs,
    logged,
    next(event, withinMs) {
      return new Promise((done, failed) => {
        const timer = setTimeout(() => {
          heard.delete(hear);
          failed(new Error(`no ${event} within ${withinMs} ms`));
        }, withinMs);
        const hear = (line: Logged): void => {
          if (line.event !== event) return;
          clearTimeout(timer);
          heard.delete(hear);
          done(line);
        };
        heard.add(hear);
      });
    },
    configure: (text) => writeFileSync(configPath, text),
    cpuMs: () => byRole(0, (sum, _pid, cpuMs) => sum + cpuMs),
    memory: () =>
      byRole({ rssMb: 0, pssMb: 0 }, (sum, pid) => {
        const { rssMb, pssMb } = memoryOf(pid);
        return { rssMb: sum.rssMb + rssMb, pssMb: sum.pssMb + pssMb };
      }),
    metrics: async () => (await fetch(`${url}/metrics`)).text(),
    unbind() {
      const all = `0-${availableParallelism() - 1}`;
      for (const { pid } of familyOf(root)) spawnSync("taskset", ["-a", "-c", "-p", all, `${pid}`]);
    },
    pid: (role) => familyOf(root).find(({ pid }) => roleOf(pid) === role)?.pid ?? null,
    pids: (role) => familyOf(root).flatMap(({ pid }) => (roleOf(pid) === role ? [pid] : [])),
  };
}

function roleOf(pid: number): Role {
  const command = commandOf(pid);
  if (command.includes("src/worker/main.js")) return "worker";
  if (command.includes("src/main.js")) return "main";
  return command.includes("src/start.mjs") ? "start" : "postgres";
}

function readLogged(line: string): Logged | null {
  if (!line.startsWith("{")) return null;
  try {
    const { at, event, ...rest } = JSON.parse(line) as Record<string, unknown>;
    return { ...rest, event: String(event), atMs: Date.parse(String(at)) };
  } catch {
    return null;
  }
}

export interface MonitorText {
  readonly id: string;
  readonly probe: string;
  readonly target: string;
  readonly [key: string]: unknown;
}

/** A configuration as people write it: an entry a block. */
export function configText(
  monitors: readonly MonitorText[],
  more: Readonly<Record<string, unknown>> = {},
): string {
  const top = { site: { name: "Bench", timezone: "Europe/Budapest" }, ...more };
  const sections = Object.entries(top).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const entries = monitors.map((monitor) =>
    Object.entries(monitor)
      .map(([key, value], n) => `  ${n === 0 ? "-" : " "} ${key}: ${JSON.stringify(value)}`)
      .join("\n"),
  );
  return `${[...sections, "monitors:", ...entries].join("\n")}\n`;
}

/** `n` monitors of one probe, each with a target of its own. */
export const manyMonitors = (
  n: number,
  make: (index: number) => Omit<MonitorText, "id">,
): MonitorText[] =>
  Array.from({ length: n }, (_, index) => ({ id: `m-${index}`, ...make(index) }) as MonitorText);
