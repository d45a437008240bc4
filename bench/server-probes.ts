import { round, type Bench, type Stage } from "./bench.js";
import { forkChild } from "./child.js";
import type { Looked, LookQuestion } from "./look-loop.js";
import { cpuMsOf, hasProc, NEEDS_PROC } from "./machine.js";
import type { ServerKind } from "./server-targets.js";

const WARM_MS = 1_500;
const MEASURE_MS = 5_000;
const LOGIN = { auth: { username: "probe", password: "bench", plaintext: true } };

/** What is asked for, how many at a time, and at most how much CPU a look may cost (ms). */
const KINDS: Readonly<
  Record<ServerKind | "icmp", { readonly options: object; readonly atOnce: number; bar: number }>
> = {
  tcp: { options: {}, atOnce: 8, bar: 1 },
  ftp: { options: { mode: "plain", ...LOGIN }, atOnce: 8, bar: 2 },
  mysql: { options: { encrypt: "never", query: "select 1", ...LOGIN }, atOnce: 8, bar: 2 },
  postgres: { options: { encrypt: "never", query: "select 1", ...LOGIN }, atOnce: 8, bar: 2 },
  ssh: { options: {}, atOnce: 8, bar: 10 },
  icmp: { options: { count: 1 }, atOnce: 8, bar: 10 },
};

/** The probes for servers alone, in a process of their own: looks a second and CPU time of each, `tcp` beside them. */
export const serverProbes: Bench = async ({ print, part }) => {
  if (!hasProc()) return print({ bench: "server-probes", skipped: NEEDS_PROC });
  for (const kind of ["tcp", "ftp", "mysql", "postgres", "ssh", "icmp"] as const)
    await part((stage) => measure(kind, stage));
};

async function measure(kind: ServerKind | "icmp", stage: Stage): Promise<void> {
  const { options, atOnce, bar } = KINDS[kind];
  const target = await targetOf(kind, stage);
  const looking = forkChild(stage, "look-loop");
  const ask = (forMs: number): Promise<Looked> =>
    looking.ask<Looked>({ kind, target, options, atOnce, forMs } satisfies LookQuestion);
  await ask(WARM_MS);
  const before = cpuMsOf(looking.pid);
  const { looks, failed, spentMs } = await ask(MEASURE_MS);
  // With the children that have ended: `ping` is one a look.
  const cpuMs = (cpuMsOf(looking.pid) - before) / looks;
  stage.print({
    bench: "server-probes",
    probe: kind,
    looksPerSecond: round((looks * 1_000) / spentMs),
    cpuMs: round(cpuMs),
    failed,
    bar,
    ok: failed === 0 && cpuMs <= bar,
  });
}

async function targetOf(kind: ServerKind | "icmp", stage: Stage): Promise<string> {
  if (kind === "icmp") return "127.0.0.1";
  const port = await forkChild(stage, "server-targets").ask<number>({ kind });
  return `127.0.0.1:${port}`;
}
