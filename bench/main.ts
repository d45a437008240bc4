import { perform, type Bench, type Line } from "./bench.js";
import { checkCpu } from "./check-cpu.js";
import { firstLook } from "./first-look.js";
import { inventory } from "./inventory.js";
import { memory } from "./memory.js";
import { page } from "./page.js";
import { reports } from "./reports.js";
import { serverProbes } from "./server-probes.js";
import { startLag } from "./start-lag.js";
import { storing } from "./storing.js";
import { telling } from "./telling.js";
import { tenThousand } from "./ten-thousand.js";
import { trips } from "./trips.js";

/** Every measurement by its name, in the order in which they run. */
const BENCHES: Readonly<Record<string, Bench>> = {
  "check-cpu": checkCpu,
  "server-probes": serverProbes,
  "start-lag": startLag,
  "first-look": firstLook,
  memory,
  storing,
  page,
  telling,
  inventory,
  reports,
  trips,
  "ten-thousand": tenThousand,
};

const names = process.argv.slice(2);
const wrong = names.filter((name) => !(name in BENCHES));
if (wrong.length > 0) {
  console.error(
    `There is no bench ${wrong.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}.`,
  );
  process.exit(2);
}

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.abort());

// Nobody reads on: what was opened must end all the same.
process.stdout.on("error", () => stopping.abort());

let missed = 0;
const print = (line: Line): void => {
  if (line.ok === false) missed += 1;
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

for (const [name, bench] of Object.entries(BENCHES)) {
  if (stopping.signal.aborted || (names.length > 0 && !names.includes(name))) continue;
  try {
    await perform(bench, print, stopping.signal);
  } catch (error) {
    missed += 1;
    if (!stopping.signal.aborted) print({ bench: name, ok: false, failed: String(error) });
  }
}
process.exitCode = missed > 0 ? 1 : 0;
