import { randomBytes } from "node:crypto";
import { Registry } from "prom-client";
import { publicId } from "../../src/core/ids.js";
import { createLog } from "../../src/log.js";
import { createMetrics } from "../../src/metrics.js";
import { saveComponents } from "../../src/store/components.js";
import { ensurePage } from "../../src/store/pages.js";
import type { Db } from "../../src/store/db.js";
import { saveHosts } from "../../src/store/hosts.js";
import { beginEpoch } from "../../src/store/leadership.js";
import { listWatched, saveMonitors, type MonitorRow } from "../../src/store/monitors.js";
import { createRoster, type Roster } from "../../src/work/roster.js";
import { createTaker, type Taker } from "../../src/work/take-results.js";
import type { Outcome } from "../../src/core/health.js";
import type { Reason } from "../../probes/probe.js";
import type { Sighting } from "../../src/worker/messages.js";

export const newId = (): string => publicId(randomBytes(12));
export const metrics = createMetrics(new Registry());
export const silent = createLog("silent");

/** When everything in these tests begins. */
export const START = new Date("2026-11-21T10:00:00.000Z");
export const after = (seconds: number): Date => new Date(START.getTime() + seconds * 1_000);

/** `web3-http` on the host web3, for the component web. */
export const monitorRow = (id: string, more: Partial<MonitorRow> = {}): MonitorRow => ({
  id,
  probe: "http",
  target: `http://${id}.test/`,
  everyMs: 60_000,
  timeoutMs: 10_000,
  host: "web3",
  component: "web",
  impact: "major_outage",
  confirm: { failures: 2, recheckMs: 5_000, recoveries: 2 },
  labels: {},
  paused: false,
  ...more,
});

export interface Watching {
  readonly db: Db;
  readonly roster: Roster;
  readonly taker: Taker;
  /** The present moment, for whoever takes and judges. */
  readonly clock: { now: Date };
  /** Sends one look of each monitor, `seconds` after the start, through the taker. */
  see(seconds: number, outcomes: Readonly<Record<string, Outcome>>, reason?: Reason): Promise<void>;
}

/** A database in which these monitors of one host and one component are watched. */
export async function watching(db: Db, monitors: readonly MonitorRow[]): Promise<Watching> {
  const clock = { now: START };
  await ensurePage(db, START, newId);
  await saveHosts(
    db,
    [{ id: "web3", kind: "server", name: "web3.test", addresses: [], parents: [] }],
    START,
  );
  await saveComponents(
    db,
    [
      {
        id: "web",
        group: null,
        isGroup: false,
        name: { en: "Websites", hu: "Weboldalak" },
        description: null,
        position: 0,
      },
    ],
    START,
    newId,
  );
  await saveMonitors(db, monitors, START);
  const roster = createRoster();
  roster.put(await listWatched(db));
  const taker = createTaker({
    db,
    roster,
    epoch: await beginEpoch(db),
    location: "local",
    now: () => clock.now,
    log: silent,
    metrics,
  });
  let seq = 0;
  return {
    db,
    roster,
    taker,
    clock,
    async see(seconds, outcomes, reason) {
      clock.now = after(seconds);
      const sightings = Object.entries(outcomes).map(([monitor, outcome]) =>
        sightingOf(++seq, monitor, outcome, clock.now, reason),
      );
      await taker.take({ stream: "test", sightings });
    },
  };
}

const REASONS = {
  up: "ok",
  degraded: "slow",
  down: "refused",
  unknown: "resolver-timed-out",
} as const;

export const sightingOf = (
  seq: number,
  monitor: string,
  outcome: Outcome,
  at: Date,
  reason: Reason = REASONS[outcome],
): Sighting => ({
  seq,
  monitor,
  lagMs: 0,
  result: {
    at: at.toISOString(),
    outcome,
    reason,
    ms: 12.5,
    timings: { connect: 1 },
    facts: { status: 200 },
  },
});
