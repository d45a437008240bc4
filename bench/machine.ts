import { readFileSync, readdirSync } from "node:fs";

/** Every figure of CPU and memory is read from Linux's /proc. */
export const hasProc = (): boolean => statOf(process.pid) !== null;

export const NEEDS_PROC = "needs /proc";

/** USER_HZ: what `utime` and its like count in, the same on every Linux. */
const TICK_MS = 10;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Of the process and of its children that have ended. */
  readonly cpuMs: number;
}

function statOf(pid: number): Stat | null {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The command may hold anything, also blanks and parentheses: what counts begins behind the last one.
  const rest = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = [11, 12, 13, 14].reduce((sum, n) => sum + Number(rest[n]), 0);
  return { pid, parent: Number(rest[1]), cpuMs: ticks * TICK_MS };
}

/** A process and all that descend from it. */
export function familyOf(root: number): Stat[] {
  const all = readdirSync("/proc").flatMap((name) =>
    /^\d+$/.test(name) ? (statOf(Number(name)) ?? []) : [],
  );
  const family = all.filter(({ pid }) => pid === root);
  const known = new Set([root]);
  for (let found = -1; found !== known.size;) {
    found = known.size;
    for (const one of all)
      if (known.has(one.parent) && !known.has(one.pid)) {
        known.add(one.pid);
        family.push(one);
      }
  }
  return family;
}

/** CPU time in ms that a process and its ended children have used; 0 once it is gone. */
export const cpuMsOf = (pid: number): number => statOf(pid)?.cpuMs ?? 0;

export const commandOf = (pid: number): string =>
  (read(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ");

/** Memory in MB: what is resident, and the same with shared pages divided among those who share them. */
export function memoryOf(pid: number): { readonly rssMb: number; readonly pssMb: number } {
  const text = read(`/proc/${pid}/smaps_rollup`) ?? "";
  const mb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) / 1_024;
  return { rssMb: mb("Rss"), pssMb: mb("Pss") };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Gone, or never there.
    return null;
  }
}
