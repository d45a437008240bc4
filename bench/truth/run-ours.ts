import { existsSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stage } from "../bench.js";
import type { Need, OwnFault } from "./case.js";
import { runs, type Network } from "./network.js";
import { OURS_NAMES } from "./ours-names.js";
import { OURS_NETWORK } from "./ours-network.js";
import { OURS_PROCESSES } from "./ours-processes.js";
import { clockFile, OURS_CLOCK, OURS_SETTINGS } from "./ours-settings.js";
import { OURS_STORAGE } from "./ours-storage.js";
import { healthyServices } from "./services.js";
import { openStand, type Stand } from "./stand.js";
import type { Judged } from "./table.js";
import { openWorld } from "./world.js";

/** In the order of what it does to the program: what restarts nothing comes first. */
const FAULTS = [
  ...OURS_NAMES,
  ...OURS_NETWORK,
  ...OURS_SETTINGS,
  ...OURS_PROCESSES,
  ...OURS_STORAGE,
];
export const OURS = [...FAULTS, ...OURS_CLOCK];

const LASTS_S = 9;
/** What is told late is still told (ms). */
const AFTERMATH_MS = 3_000;
const CALM_MS = 60_000;
/** A host that is back is waited for so long. */
const LONG_CALM_MS = 180_000;
const DISK_MB = 480;

type Note = (judged: Judged) => void;

/** Our own faults, one after the other, on one program; those of the clock on one whose clock we hold. */
export async function runOurs(
  stage: Stage,
  network: Network,
  wanted: (name: string) => boolean,
  note: Note,
): Promise<void> {
  const faults = FAULTS.filter(({ name }) => wanted(name));
  const clocks = OURS_CLOCK.filter(({ name }) => wanted(name));
  await stage.part((inner) => strikeAll(inner, network, faults, note, {}));
  const library = FAKETIME.find((path) => existsSync(path));
  if (clocks.length === 0) return;
  await stage.part((inner) =>
    strikeAll(inner, network, clocks, note, library ? { clock: library } : {}),
  );
}

const FAKETIME = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib64/faketime/libfaketimeMT.so.1",
];

async function strikeAll(
  stage: Stage,
  network: Network,
  faults: readonly OwnFault[],
  note: Note,
  { clock }: { readonly clock?: string },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tudunk-truth-"));
  chmodSync(folder, 0o755);
  stage.later(() => rmSync(folder, { recursive: true, force: true }));
  // In a network of our own, what is mounted is our own as well, and ends with us.
  const hasDisk =
    network.wires !== null &&
    runs("mount", "-t", "tmpfs", "-o", `size=${DISK_MB}m,mode=0755`, "tmpfs", folder);
  if (hasDisk) stage.later(() => runs("umount", "-l", folder));
  const missing = ({ needs = [] }: OwnFault): Need | undefined =>
    needs.find(
      (need) =>
        (need === "network namespace" && !network.wires) ||
        (need === "mount" && !hasDisk) ||
        (need === "libfaketime" && !clock),
    );
  for (const fault of faults) {
    const need = missing(fault);
    if (need) note({ side: "ours", name: fault.name, verdict: "not run", words: `needs ${need}` });
  }
  const runnable = faults.filter((fault) => !missing(fault));
  if (runnable.length === 0) return;
  const world = await openWorld(stage, network, folder);
  writeFileSync(clockFile(folder), "+0\n");
  const stand = await openStand(stage, world, {
    ...(await healthyServices(world)),
    within: folder,
    env: clock
      ? {
          LD_PRELOAD: clock,
          FAKETIME_TIMESTAMP_FILE: clockFile(folder),
          FAKETIME_NO_CACHE: "1",
          FAKETIME_DONT_FAKE_MONOTONIC: "1",
        }
      : {},
  });
  for (const fault of runnable) note(await judge(stand, fault));
}

async function judge(stand: Stand, fault: OwnFault): Promise<Judged> {
  const fromMs = Date.now();
  const undo = await fault.strike(stand);
  try {
    await sleep((fault.lastsS ?? LASTS_S) * 1_000);
  } finally {
    await undo();
  }
  const isCalm = await stand.calm(CALM_MS);
  await sleep(AFTERMATH_MS);
  const told = stand.told(fromMs);
  const alarms = told.filter(
    ({ incident }) => incident.public || incident.cause.kind !== "blindness",
  );
  const openings = told.filter(({ event }) => event === "incident.opened").length;
  const shown = stand.shown(fromMs);
  const wrong = [
    ...new Set(
      alarms.map(
        ({ incident: { cause, evidence } }) =>
          `${cause.id}: ${[...new Set(evidence.map(({ reason }) => reason))].join(", ")}`,
      ),
    ),
    ...shown.map((title) => `on the page: ${title}`),
    ...(openings > 1 ? [`told ${openings} times`] : []),
    ...(fault.isTold && openings === 0 ? ["not told that we are blind"] : []),
    ...(isCalm ? [] : ["not well again after a minute"]),
  ];
  // What it left behind is not the next one's.
  if (wrong.length > 0) await stand.calm(LONG_CALM_MS);
  return {
    side: "ours",
    name: fault.name,
    verdict: wrong.length === 0 ? "well" : "failed",
    isPublic: alarms.length > 0 || shown.length > 0,
    words:
      wrong.length > 0 ? wrong.join("; ") : openings > 0 ? "told once that we are blind" : "silent",
  };
}
