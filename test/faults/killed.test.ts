import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import {
  clock,
  compare,
  measured,
  slipOf,
  startSink,
  startTarget,
  watching,
  type Comparison,
  type Target,
} from "../support/ledger.js";
import {
  canPause,
  configure,
  embeddedDb,
  pause,
  programFolder,
  signal,
  startProgram,
  storedResults,
  type StoredResult,
} from "../support/program.js";

const IDS = Array.from({ length: 30 }, (_, n) => `web${n}`);
/** Between the last kill and the next (ms): no two at the same point of anything. */
const MOMENTS = [1_310, 2_070, 1_730, 2_490, 1_190];
/** What was seen so shortly before a kill may not have been handed over yet (ms). */
const UNTAKEN_MS = 1_000;

test.skipIf(!canPause)(
  "a worker killed five times is replaced, and nothing it handed over is lost or doubled",
  { timeout: 60_000 },
  async () => {
    const target = await startTarget();
    const program = await startProgram({ config: watching(target, IDS) });
    const db = embeddedDb(program.dataDir);
    const kills: number[] = [];
    const backAfterMs: number[] = [];
    for (const moment of MOMENTS) {
      await sleep(moment);
      const [pid = 0] = program.pids().worker;
      kills.push(clock());
      signal(pid, "SIGKILL");
      const killed = clock();
      await vi.waitFor(() => expect(lastArrival(target)).toBeGreaterThan(killed + 20), {
        timeout: 10_000,
        interval: 20,
      });
      backAfterMs.push(Math.round(lastArrival(target) - killed));
    }
    await sleep(2_000);
    const until = clock() - 1_000;
    const found = compareAll(target, await storedResults(db), until);
    measured({
      killed: "worker",
      backAfterMs,
      lost: lostBefore(found, kills),
      of: looksOf(target),
    });
    expect(Math.max(...backAfterMs)).toBeLessThan(5_000);
    expect(found.doubled).toBe(0);
    expect(found.invented).toEqual([]);
    for (const ms of lostBefore(found, kills)) expect(ms).toBeLessThan(UNTAKEN_MS);
    expect(await db("incidents").select("id")).toEqual([]);
  },
);

test.skipIf(!canPause)(
  "a main process killed five times loses nothing, tells once, and its successor goes on where it was",
  { timeout: 120_000 },
  async () => {
    const target = await startTarget();
    const failing = await startTarget();
    const sink = await startSink();
    const dataDir = programFolder();
    const config = watching(target, IDS, {
      channels: [sink.channel],
      monitors: [
        ...watching(target, IDS).monitors,
        { id: "mail", probe: "http", target: failing.url("mail"), component: "web" },
      ],
    });
    configure(dataDir, config);
    let program = await startProgram({ config, dataDir });
    const postmaster = program.logged("database.started")[0]?.["pid"];
    const kills: number[] = [];
    const workerGoneMs: number[] = [];
    const readyMs: number[] = [];
    for (const [n, moment] of MOMENTS.entries()) {
      await sleep(moment);
      // It fails just before the second kill, and is well again just before the fourth.
      if (n === 1) await failing.close();
      if (n === 3) await failing.open();
      await sleep(n * 150);
      const [worker = 0] = program.pids().worker;
      kills.push(clock());
      program.kill("SIGKILL");
      const killed = clock();
      const gone = vi
        .waitFor(() => expect(program.pids().worker).not.toContain(worker), {
          timeout: 8_000,
          interval: 20,
        })
        .then(() => workerGoneMs.push(Math.round(clock() - killed)));
      await program.ended;
      program = await startProgram({ config, dataDir });
      readyMs.push(Math.round(clock() - killed));
      await gone;
      // It may serve the last page before it has the database.
      await vi.waitFor(
        () => expect(program.logged("database.adopted")[0]?.["pid"]).toBe(postmaster),
        { timeout: 10_000 },
      );
    }
    const db = embeddedDb(dataDir);
    await vi.waitFor(
      () => expect(sink.received.map(({ type }) => type)).toContain("incident.resolved"),
      { timeout: 20_000, interval: 100 },
    );
    await sleep(2_000);
    const found = compareAll(target, await storedResults(db), clock() - 1_000);
    measured({
      killed: "main",
      workerGoneMs,
      readyMs,
      lost: lostBefore(found, kills),
      of: looksOf(target),
      told: sink.received.map(({ type }) => type),
    });
    expect(Math.max(...workerGoneMs)).toBeLessThan(5_000);
    expect(found.doubled).toBe(0);
    expect(found.invented).toEqual([]);
    for (const ms of lostBefore(found, kills)) expect(ms).toBeLessThan(UNTAKEN_MS);
    const incidents: { cause_id: string }[] = await db("incidents").select("cause_id");
    expect(incidents).toEqual([{ cause_id: "mail" }]);
    const messages = new Map(sink.received.map(({ key, type }) => [key, type]));
    expect([...messages.values()]).toEqual(["incident.opened", "incident.resolved"]);
  },
);

test.skipIf(!canPause)(
  "an orphaned worker that ends long after its successor began still hands over what it saw",
  { timeout: 60_000 },
  async () => {
    const target = await startTarget();
    const config = watching(target, ["web"]);
    const former = await startProgram({ config });
    await vi.waitFor(() => expect(target.arrivals("web").length).toBeGreaterThan(2), {
      timeout: 10_000,
    });
    // Nobody takes what it sees now.
    pause([former.pid]);
    await sleep(2_500);
    const seen = target.arrivals("web").slice();
    const orphan = former.pids().worker;
    const goOn = pause(orphan);
    former.kill("SIGKILL");
    const program = await startProgram({ config, dataDir: former.dataDir });
    const db = embeddedDb(program.dataDir);
    const looks = target.arrivals("web").length;
    await vi.waitFor(() => expect(target.arrivals("web").length).toBeGreaterThan(looks), {
      timeout: 10_000,
    });
    goOn();
    await vi.waitFor(
      async () => {
        const { lost, doubled } = compare(seen, await storedResults(db), Infinity);
        expect({ lost, doubled, said: former.said() }).toMatchObject({ lost: [], doubled: 0 });
      },
      { timeout: 10_000, interval: 100 },
    );
    expect(program.pids().worker).not.toEqual(expect.arrayContaining([...orphan]));
    expect(await db("incidents").select("id")).toEqual([]);
  },
);

test.skipIf(!canPause)(
  "an embedded database that is killed comes back, and no look is late or lost",
  { timeout: 60_000 },
  async () => {
    const target = await startTarget();
    const program = await startProgram({ config: watching(target, IDS) });
    await vi.waitFor(() => expect(target.arrivals("web0").length).toBeGreaterThan(2), {
      timeout: 10_000,
    });
    const from = clock();
    for (const pid of program.pids().postgres) signal(pid, "SIGKILL");
    await vi.waitFor(() => expect(program.logged("database.started")).toHaveLength(2), {
      timeout: 20_000,
    });
    measured({ databaseBackMs: Math.round(clock() - from) });
    await sleep(3_000);
    const until = clock();
    const db = embeddedDb(program.dataDir);
    await vi.waitFor(
      async () => {
        const found = compareAll(target, await storedResults(db), until);
        expect(found).toEqual({ lost: [], invented: [], doubled: 0 });
      },
      { timeout: 15_000, interval: 200 },
    );
    const slips = IDS.map((id) => slipOf(target.arrivals(id), 1_000, from, until));
    measured({ worstSlipMs: Math.max(...slips.map(({ worstMs }) => worstMs)) });
    for (const slip of slips) expect(slip.longestGapMs).toBeLessThan(1_800);
    expect(await db("incidents").select("id")).toEqual([]);
  },
);

test.skipIf(!canPause)(
  "a killed main process is started again by the launcher",
  { timeout: 60_000 },
  async () => {
    const target = await startTarget();
    const program = await startProgram({ config: watching(target, ["web"]), launched: true });
    await vi.waitFor(() => expect(target.arrivals("web").length).toBeGreaterThan(2), {
      timeout: 10_000,
    });
    const killed = clock();
    for (const pid of program.pids().main) signal(pid, "SIGKILL");
    await vi.waitFor(() => expect(target.arrivals("web").at(-1)).toBeGreaterThan(killed + 600), {
      timeout: 15_000,
      interval: 20,
    });
    measured({ launchedAgainMs: Math.round((target.arrivals("web").at(-1) ?? 0) - killed) });
    expect((target.arrivals("web").at(-1) ?? 0) - killed).toBeLessThan(5_000);
    expect((await program.stop()).code).toBe(0);
  },
);

const lastArrival = (target: Target): number =>
  Math.max(...IDS.map((id) => target.arrivals(id).at(-1) ?? 0));

const looksOf = (target: Target): number =>
  IDS.reduce((sum, id) => sum + target.arrivals(id).length, 0);

function compareAll(target: Target, stored: readonly StoredResult[], until: number): Comparison {
  const each = IDS.map((id) =>
    compare(
      target.arrivals(id),
      stored.filter(({ monitor }) => monitor === id),
      until,
    ),
  );
  return {
    lost: each.flatMap(({ lost }) => lost),
    invented: each.flatMap(({ invented }) => invented),
    doubled: each.reduce((sum, { doubled }) => sum + doubled, 0),
  };
}

/** How long before the next kill each lost look had arrived (ms). */
const lostBefore = ({ lost }: Comparison, kills: readonly number[]): number[] =>
  lost.map((at) => Math.round((kills.find((kill) => kill > at - 500) ?? Infinity) - at));
