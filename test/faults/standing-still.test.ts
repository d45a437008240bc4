import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import type { Db } from "../../src/store/db.js";
import {
  clock,
  compare,
  measured,
  slipOf,
  startSink,
  startTarget,
  watching,
  type Target,
} from "../support/ledger.js";
import { canPause, embeddedDb, pause, startProgram, storedResults } from "../support/program.js";

const IDS = ["web1", "web2", "web3", "web4"];
/** A look may begin so much beside its grid on a busy machine (ms). */
const SLIP_MS = 400;

test.skipIf(!canPause)(
  "a database that stands still for a minute delays no look, loses none and opens nothing",
  { timeout: 120_000 },
  async () => {
    const { target, sink, program, db } = await watchedProgram();
    const from = clock();
    const goOn = pause(program.pids().postgres);
    let slowestMs = 0;
    let said = "";
    while (clock() - from < 60_000) {
      const asked = clock();
      const page = await fetch(`${program.url}/`);
      slowestMs = Math.max(slowestMs, clock() - asked);
      expect(page.status).toBe(200);
      const ready = await fetch(`${program.url}/readyz`);
      expect(ready.status).toBe(200);
      said = await ready.text();
      await sleep(4_000);
    }
    goOn();
    await expectWhole(db, target, from, clock());
    await expectQuiet(db, sink.received);
    measured({ fault: "database still for 60 s", slowestPageMs: Math.round(slowestMs) });
    expect(slowestMs).toBeLessThan(1_000);
    expect(said).toMatch(/The database is away; the page is as of/);
  },
);

test.skipIf(!canPause)(
  "a main process that stands still for ten seconds delays no look and loses none",
  { timeout: 60_000 },
  async () => {
    const { target, sink, program, db } = await watchedProgram();
    const from = clock();
    const goOn = pause([program.pid]);
    await sleep(10_000);
    goOn();
    await sleep(6_000);
    await expectWhole(db, target, from, clock());
    await expectQuiet(db, sink.received);
    expect(program.logged("worker.silent")).toEqual([]);
  },
);

test.skipIf(!canPause)(
  "a worker that stood still sees no failure in its own pause",
  { timeout: 60_000 },
  async () => {
    const { target, sink, program, db } = await watchedProgram();
    const looks = target.arrivals("web1").length;
    // Answers that come in the pause, after the deadline of who asked, are nobody's failure.
    target.behave("slow");
    await sleep(600);
    const goOn = pause(program.pids().worker);
    await sleep(7_000);
    target.behave("well");
    goOn();
    await vi.waitFor(() => expect(target.arrivals("web1").length).toBeGreaterThan(looks + 5), {
      timeout: 15_000,
      interval: 100,
    });
    await sleep(500);
    const strange = (await storedResults(db)).filter(({ outcome }) => outcome !== "up");
    measured({ fault: "worker still for 7 s", notUp: strange.map(({ reason }) => reason) });
    for (const { outcome, reason } of strange)
      expect({ outcome, reason }).toEqual({ outcome: "unknown", reason: "worker-stalled" });
    expect(program.logged("worker.died")).toEqual([]);
    expect(await db("incidents").select("id")).toEqual([]);
    expect(sink.received).toEqual([]);
  },
);

async function watchedProgram() {
  const target = await startTarget();
  const sink = await startSink();
  const program = await startProgram({
    config: watching(target, IDS, { channels: [sink.channel] }),
  });
  const db = embeddedDb(program.dataDir);
  await vi.waitFor(
    async () => {
      const stored = await storedResults(db);
      for (const id of IDS)
        expect(stored.filter(({ monitor }) => monitor === id).length).toBeGreaterThan(2);
    },
    { timeout: 10_000, interval: 100 },
  );
  return { target, sink, program, db };
}

/** Every look that arrived is stored once, at its own time, and none came late. */
async function expectWhole(db: Db, target: Target, from: number, until: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const stored = await storedResults(db);
      for (const id of IDS) {
        const own = stored.filter(({ monitor }) => monitor === id);
        expect({ id, ...compare(target.arrivals(id), own, until) }).toEqual({
          id,
          lost: [],
          invented: [],
          doubled: 0,
        });
      }
    },
    { timeout: 20_000, interval: 200 },
  );
  const slips = IDS.map((id) => slipOf(target.arrivals(id), 1_000, from, until));
  measured({ slips });
  for (const slip of slips) {
    expect(slip.worstMs).toBeLessThan(SLIP_MS);
    expect(slip.longestGapMs).toBeLessThan(1_000 + 2 * SLIP_MS);
  }
}

/** Nothing but `up` was seen, nothing opened, nobody was told, nothing was called unknown. */
async function expectQuiet(db: Db, received: readonly unknown[]): Promise<void> {
  const stored = await storedResults(db);
  expect(stored.filter(({ outcome }) => outcome !== "up")).toEqual([]);
  expect(await db("incidents").select("id")).toEqual([]);
  expect(received).toEqual([]);
  expect(await db("component_intervals").select("*").where({ status: "unknown" })).toEqual([]);
}
