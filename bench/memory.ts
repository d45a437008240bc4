import { setTimeout as sleep } from "node:timers/promises";
import { round, type Bench } from "./bench.js";
import { forkChild } from "./child.js";
import { hasProc, memoryOf, NEEDS_PROC } from "./machine.js";
import { configText, manyMonitors, ROLES, startProgram } from "./program.js";
import { openTarget } from "./targets.js";

const MONITORS = 1_000;
const BAR_MB = 250;
const WATCH_MS = 75_000;
const LOOK_EVERY_MS = 5_000;

/**
 * Memory of every process with 1,000 monitors at work, the highest in more than a minute, while
 * metrics and the page are asked for as in real life. Shared pages are counted once (PSS).
 */
export const memory: Bench = async (stage) => {
  if (!hasProc()) return stage.print({ bench: "memory", skipped: NEEDS_PROC });
  const target = await openTarget(stage, "http");
  const bare = forkChild(stage, "bare-loop");
  await bare.ask({ do: "run", kind: "http", port: target.port, ca: "", perSecond: 100 });
  const config = configText(
    manyMonitors(MONITORS, (index) => ({
      probe: "http",
      target: `http://127.0.0.1:${target.port}/m/${index}`,
      every: "10s",
      component: `c-${index % 50}`,
    })),
    { components: Array.from({ length: 50 }, (_, index) => ({ id: `c-${index}` })) },
  );
  const program = await startProgram(stage, { config });
  let highest = { pssMb: 0, rssMb: 0, byRole: {} };
  for (const until = Date.now() + WATCH_MS; Date.now() < until;) {
    await sleep(LOOK_EVERY_MS);
    await program.metrics();
    await (await fetch(program.url)).text();
    const byRole = program.memory();
    const sum = (name: "pssMb" | "rssMb"): number =>
      ROLES.reduce((all, role) => all + byRole[role][name], 0);
    if (sum("pssMb") <= highest.pssMb) continue;
    highest = {
      pssMb: sum("pssMb"),
      rssMb: sum("rssMb"),
      byRole: Object.fromEntries(ROLES.map((role) => [`${role}PssMb`, round(byRole[role].pssMb)])),
    };
  }
  stage.print({
    bench: "memory",
    monitors: MONITORS,
    everyS: 10,
    pssMb: round(highest.pssMb),
    rssMb: round(highest.rssMb),
    ...highest.byRole,
    bareNodeLoopPssMb: round(memoryOf(bare.pid).pssMb),
    barMb: BAR_MB,
    ok: highest.pssMb <= BAR_MB,
  });
};
