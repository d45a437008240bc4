import { setTimeout as sleep } from "node:timers/promises";
import { round, type Bench } from "./bench.js";
import { configText, manyMonitors, startProgram } from "./program.js";
import { openTarget } from "./targets.js";

const MONITORS = 1_000;
const EVERY_S = 60;
/** Measured beside, on a machine of this size: it starts its monitors one by one. */
const UPTIME_KUMA_S = 660;

/** From the start of the program, with a new database, until every monitor has been looked at. */
export const firstLook: Bench = async (stage) => {
  const target = await openTarget(stage, "http");
  const config = configText(
    manyMonitors(MONITORS, (index) => ({
      probe: "http",
      target: `http://127.0.0.1:${target.port}/m/${index}`,
      every: `${EVERY_S}s`,
    })),
  );
  const { startedMs, readyMs } = await startProgram(stage, { config });
  let firsts: number[] = [];
  for (const until = startedMs + 2 * EVERY_S * 1_000; Date.now() < until;) {
    firsts = [...(await target.arrivals(0)).values()].flatMap(([first]) => first ?? []);
    if (firsts.length === MONITORS) break;
    await sleep(500);
  }
  const allSeenS =
    firsts.length === MONITORS ? (Math.max(...firsts) - startedMs) / 1_000 : Infinity;
  stage.print({
    bench: "first-look",
    monitors: MONITORS,
    everyS: EVERY_S,
    pageServedS: round((readyMs - startedMs) / 1_000),
    firstSeenS: round((Math.min(...firsts) - startedMs) / 1_000),
    allSeenS: round(allSeenS),
    uptimeKumaS: UPTIME_KUMA_S,
    barS: EVERY_S,
    ok: allSeenS <= EVERY_S,
  });
};
