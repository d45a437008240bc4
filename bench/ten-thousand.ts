import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { quantile, round, type Bench, type Stage } from "./bench.js";
import {
  configText,
  manyMonitors,
  startProgram,
  type MonitorText,
  type Program,
} from "./program.js";
import { hasTaskset, measureLag } from "./start-lag.js";
import { openTarget, type Target } from "./targets.js";

const MONITORS = 10_000;
const EVERY_S = 60;
const RELOAD_BAR_S = 1;
const ASK_EVERY_MS = 10;

/**
 * 10,000 monitors every minute: how late looks begin with the whole program on one processor; then,
 * on all of them, how soon one more is applied and looked at, and how long nobody is answered meanwhile.
 */
export const tenThousand: Bench = async (stage) => {
  const core = availableParallelism() > 1 && hasTaskset() ? 0 : null;
  const target = await openTarget(stage, "http");
  const program = await startProgram(stage, { config: textOf(target, MONITORS), core });
  const lags = { monitors: MONITORS, everyS: EVERY_S, measureMs: 62_000, oneCore: core !== null };
  await measureLag(stage, program, target, lags);
  if (core !== null) program.unbind();
  await measureReload(stage, program, target);
  await measureScrape(stage, program);
};

function textOf(target: Target, n: number): string {
  const make = (index: number): Omit<MonitorText, "id"> => ({
    probe: "http",
    target: `http://127.0.0.1:${target.port}/m/${index}`,
    every: `${EVERY_S}s`,
    host: `h-${Math.floor(index / 20)}`,
  });
  const hosts = Array.from({ length: MONITORS / 20 + 1 }, (_, index) => ({ id: `h-${index}` }));
  return configText(manyMonitors(n, make), { hosts });
}

async function measureReload(stage: Stage, program: Program, target: Target): Promise<void> {
  const text = textOf(target, MONITORS + 1);
  const asking = askOn(program.url);
  await sleep(3_000);
  const before = asking.took();
  const applied = program.next("config.applied", 30_000);
  const wroteMs = Date.now();
  program.configure(text);
  const appliedS = ((await applied).atMs - wroteMs) / 1_000;
  const during = asking.took();
  const path = `/m/${MONITORS}`;
  let seenMs = Infinity;
  for (const until = wroteMs + 60_000; Date.now() < until && seenMs === Infinity; await sleep(20))
    seenMs = (await target.arrivals(wroteMs)).get(path)?.[0] ?? Infinity;
  await asking.stop();
  stage.print({
    bench: "reload",
    monitors: MONITORS,
    fileKb: Math.round(text.length / 1_024),
    appliedS: round(appliedS),
    newTargetSeenS: round((seenMs - wroteMs) / 1_000),
    longestAnswerMs: round(quantile(during, 1)),
    longestAnswerBeforeMs: round(quantile(before, 1)),
    barS: RELOAD_BAR_S,
    ok: appliedS <= RELOAD_BAR_S,
  });
}

/** What one visit of Prometheus costs the others. */
async function measureScrape(stage: Stage, program: Program): Promise<void> {
  const asking = askOn(program.url);
  await sleep(2_000);
  const before = asking.took();
  const from = performance.now();
  const { length } = await program.metrics();
  const tookMs = performance.now() - from;
  const during = asking.took();
  await asking.stop();
  stage.print({
    bench: "scrape",
    monitors: MONITORS,
    kb: Math.round(length / 1_024),
    tookMs: round(tookMs),
    longestAnswerMs: round(quantile(during, 1)),
    longestAnswerBeforeMs: round(quantile(before, 1)),
  });
}

/** Asks for `/healthz` all the time: the longest answer is the longest that the program stood still. */
function askOn(url: string) {
  const asking = new AbortController();
  let took: number[] = [];
  let askedMs: number | null = null;
  const done = (async () => {
    for (; !asking.signal.aborted; await sleep(ASK_EVERY_MS)) {
      askedMs = performance.now();
      await (await fetch(`${url}/healthz`)).arrayBuffer();
      took.push(performance.now() - askedMs);
      askedMs = null;
    }
  })();
  return {
    /** How long the answers since the last call took (ms), one under way among them. */
    took(): number[] {
      const taken = [...took, ...(askedMs === null ? [] : [performance.now() - askedMs])];
      took = [];
      return taken;
    },
    async stop() {
      asking.abort();
      await done;
    },
  };
}
