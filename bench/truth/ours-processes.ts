import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { familyOf } from "../machine.js";
import type { OwnFault } from "./case.js";
import type { Stand } from "./stand.js";

type Part = "start" | "main" | "worker";

const signal = (pids: readonly number[], name: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended by itself.
    }
  }
};

/** The embedded server and its children, whoever started them: it outlives the main process. */
export function databaseOf({ program }: Stand): readonly number[] {
  const [first = ""] = readFileSync(join(program.folder, "data/pg/postmaster.pid"), "utf8").split(
    "\n",
  );
  return familyOf(Number(first)).map(({ pid }) => pid);
}

const partsOf = ({ program }: Stand, parts: readonly Part[]): number[] =>
  parts.flatMap((part) => program.pids(part));

/** Stops processes where they stand; the returned function lets them go on. */
export function pause(pids: readonly number[]): () => void {
  signal(pids, "SIGSTOP");
  return () => signal(pids, "SIGCONT");
}

export const kill = (stand: Stand, ...parts: readonly Part[]): void =>
  signal(partsOf(stand, parts), "SIGKILL");

export const killDatabase = (stand: Stand): void =>
  signal(databaseOf(stand).slice(0, 1), "SIGKILL");

const nothing = (): void => undefined;

/** One part after the other takes no more files than it has. */
function withoutFiles(stand: Stand, part: Part): () => void {
  const [pid = 0] = stand.program.pids(part);
  const [, soft = "1024"] =
    /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8")) ?? [];
  const limit = (files: string): void =>
    void spawnSync("prlimit", ["--pid", `${pid}`, `--nofile=${files}:`], { stdio: "ignore" });
  limit("12");
  return () => limit(soft);
}

const HOGS = 4;

function hogProcessors(): () => void {
  const hogs = Array.from({ length: HOGS }, () =>
    spawn(
      process.execPath,
      ["-e", "setTimeout(() => process.exit(), 30_000); for (;;) Math.sqrt(2)"],
      {
        stdio: "ignore",
      },
    ),
  );
  return () => {
    for (const hog of hogs) hog.kill("SIGKILL");
  };
}

/** Our own processes. */
export const OURS_PROCESSES: readonly OwnFault[] = [
  { name: "worker stands still", strike: (s) => pause(partsOf(s, ["worker"])) },
  { name: "main process stands still", strike: (s) => pause(partsOf(s, ["main"])) },
  {
    name: "machine sleeps",
    strike: (s) => pause([...partsOf(s, ["start", "main", "worker"]), ...databaseOf(s)]),
  },
  {
    name: "main process stutters",
    async strike(stand) {
      for (let n = 0; n < 4; n += 1) {
        const goOn = pause(partsOf(stand, ["main", "worker"]));
        await sleep(1_500);
        goOn();
        await sleep(500);
      }
      return nothing;
    },
  },
  {
    name: "worker killed",
    strike(stand) {
      kill(stand, "worker");
      return nothing;
    },
  },
  {
    name: "worker killed again and again",
    strike(stand) {
      const killing = setInterval(() => kill(stand, "worker"), 1_200);
      return () => clearInterval(killing);
    },
  },
  {
    name: "main process killed",
    strike(stand) {
      kill(stand, "main");
      return nothing;
    },
  },
  {
    name: "main process and worker killed",
    strike(stand) {
      kill(stand, "main", "worker");
      return nothing;
    },
  },
  { name: "processors taken by others", strike: hogProcessors },
  { name: "worker without file descriptors", strike: (s) => withoutFiles(s, "worker") },
  { name: "main process without file descriptors", strike: (s) => withoutFiles(s, "main") },
];
