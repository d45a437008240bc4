import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { quantile, round, type Bench, type Stage } from "./bench.js";
import type { LoopQuestion } from "./bare-loop.js";
import { forkChild } from "./child.js";
import { configText, manyMonitors, startProgram, type Program } from "./program.js";
import { openTarget, type Target } from "./targets.js";

const BAR_MS = 1_000;
/** A new monitor's first look waits its turn: a hundred a second. */
const FIRST_LOOKS_PER_SECOND = 100;

const MONITORS = 1_000;
const EVERY_S = 10;

/** How late the looks of 1,000 monitors begin; 10,000 are part of `ten-thousand`. */
export const startLag: Bench = async (stage) => {
  const target = await openTarget(stage, "http");
  const config = configText(
    manyMonitors(MONITORS, (index) => ({
      probe: "http",
      target: `http://127.0.0.1:${target.port}/m/${index}`,
      every: `${EVERY_S}s`,
    })),
  );
  const program = await startProgram(stage, { config });
  const lags = { monitors: MONITORS, everyS: EVERY_S, measureMs: 20_000, oneCore: false };
  await measureLag(stage, program, target, lags);
};

/** First looks wait their turn beside the plan; so long before the measurement none is left. */
const SETTLED_MS = 4_000;

interface Lags {
  readonly monitors: number;
  readonly everyS: number;
  readonly measureMs: number;
  readonly oneCore: boolean;
}

/**
 * As the worker counts it against its plan, and as the target sees it, where a look is to come one
 * interval after the last. Beside it, how late a bare timer is on this machine.
 */
export async function measureLag(
  stage: Stage,
  program: Program,
  target: Target,
  { monitors, everyS, measureMs, oneCore }: Lags,
): Promise<void> {
  const timer = forkChild(stage, "bare-loop");
  const ask = <T>(question: LoopQuestion): Promise<T> => timer.ask<T>(question);
  const perSecond = monitors / everyS;
  await ask({ do: "run", kind: "timer", port: 0, ca: "", perSecond });
  await sleep(Math.max(everyS, monitors / FIRST_LOOKS_PER_SECOND) * 1_000 + 5_000);

  const before = lagBuckets(await program.metrics());
  await ask({ do: "lags" });
  const fromMs = Date.now();
  await sleep(measureMs);
  const arrivals = await target.arrivals(fromMs - SETTLED_MS);
  const after = lagBuckets(await program.metrics());
  const bare = await ask<number[]>({ do: "lags" });

  const late = [...arrivals.values()].flatMap((times) =>
    times.slice(1).map((at, n) => Math.abs(at - (times[n] ?? at) - everyS * 1_000)),
  );
  const lags = difference(before, after);
  const p99 = quantileOf(lags, 0.99);
  stage.print({
    bench: "start-lag",
    monitors,
    everyS,
    oneCore,
    looks: lags.reduce((sum, { count }) => sum + count, 0),
    p50AtMostMs: quantileOf(lags, 0.5),
    p99AtMostMs: p99,
    maxAtMostMs: quantileOf(lags, 1),
    offIntervalMs: {
      looks: late.length,
      p50: round(quantile(late, 0.5)),
      p99: round(quantile(late, 0.99)),
      max: round(quantile(late, 1)),
    },
    missedLooks: Number(/^tudunk_worker_missed_looks (\S+)/m.exec(await program.metrics())?.[1]),
    bareTimerMs: {
      p50: round(quantile(bare, 0.5)),
      p99: round(quantile(bare, 0.99)),
      max: round(quantile(bare, 1)),
    },
    barMs: BAR_MS,
    ok: p99 <= BAR_MS,
  });
}

export const hasTaskset = (): boolean => spawnSync("taskset", ["--version"]).status === 0;

interface Bucket {
  readonly atMostMs: number;
  /** Looks in this bucket and in none before. */
  readonly count: number;
}

/** The buckets of `tudunk_probe_start_lag_seconds`, each with its own count. */
function lagBuckets(metrics: string): Bucket[] {
  const lines = metrics.matchAll(/^tudunk_probe_start_lag_seconds_bucket\{le="([^"]+)"\} (\d+)/gm);
  let before = 0;
  return [...lines].map(([, le, cumulative]) => {
    const count = Number(cumulative) - before;
    before = Number(cumulative);
    return { atMostMs: le === "+Inf" ? Infinity : Number(le) * 1_000, count };
  });
}

const difference = (before: readonly Bucket[], after: readonly Bucket[]): Bucket[] =>
  after.map(({ atMostMs, count }, n) => ({ atMostMs, count: count - (before[n]?.count ?? 0) }));

/** The upper bound of the bucket in which the quantile lies. */
function quantileOf(buckets: readonly Bucket[], q: number): number {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  let seen = 0;
  for (const { atMostMs, count } of buckets) {
    seen += count;
    if (seen >= q * total) return atMostMs;
  }
  return Number.NaN;
}
