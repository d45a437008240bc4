import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { LEADER_LOCK } from "../../src/store/db.js";
import { findReport } from "../../src/store/reports.js";
import { openWaitingReports } from "../../src/store/waiting-reports.js";
import { findLockHolder } from "../../src/store/session.js";
import { databaseProxy } from "../support/database-proxy.js";
import { clock, compare, measured, slipOf, startTarget, watching } from "../support/ledger.js";
import { freshDb } from "../support/postgres.js";
import { aReport } from "../support/reports.js";
import {
  canPause,
  isIdle,
  pause,
  startProgram,
  storedResults,
  type Program,
} from "../support/program.js";

test.skipIf(!canPause)(
  "of two programs on one database one probes, and the other takes over when it is killed",
  { timeout: 60_000 },
  async () => {
    const { target, first, second } = await twoPrograms();
    await vi.waitFor(() => expect(target.arrivals("by-first").length).toBeGreaterThan(3), {
      timeout: 10_000,
    });
    expect(target.arrivals("by-second")).toEqual([]);
    expect((await fetch(`${second.url}/`)).status).toBe(200);
    expect(await leading(first)).toBe(true);
    expect(await leading(second)).toBe(false);

    const killed = clock();
    first.kill("SIGKILL");
    await vi.waitFor(() => expect(target.arrivals("by-second").length).toBeGreaterThan(0), {
      timeout: 10_000,
      interval: 20,
    });
    measured({ takeoverMs: Math.round((target.arrivals("by-second")[0] ?? 0) - killed) });
    expect((target.arrivals("by-second")[0] ?? 0) - killed).toBeLessThan(5_000);
    await sleep(1_000);
    expect(target.arrivals("by-first").at(-1)).toBeLessThan(killed + 5_000);
    expect(isIdle(first.dataDir)).toBe(true);
  },
);

test.skipIf(!canPause)(
  "a leader that slept past its lock stores nothing more and stands by",
  { timeout: 60_000 },
  async () => {
    const { db, connection, target, first, second } = await twoPrograms();
    await vi.waitFor(() => expect(target.arrivals("by-first").length).toBeGreaterThan(3), {
      timeout: 10_000,
    });
    const goOn = pause([first.pid]);
    const paused = clock();
    const holder = await findLockHolder(connection, LEADER_LOCK);
    await db.raw("select pg_terminate_backend(?)", [holder?.backend ?? 0]);
    await vi.waitFor(() => expect(target.arrivals("by-second").length).toBeGreaterThan(3), {
      timeout: 15_000,
      interval: 50,
    });
    const overtaken = target.arrivals("by-second")[0] ?? 0;
    // Its worker looked on all the while; what that saw is offered as soon as it goes on.
    expect(target.arrivals("by-first").some((at) => at > overtaken)).toBe(true);
    goOn();
    await vi.waitFor(async () => expect(await leading(first)).toBe(false), { timeout: 10_000 });
    await vi.waitFor(() => expect(first.pids().worker).toEqual([]), { timeout: 10_000 });
    await sleep(2_000);
    const until = clock() - 1_000;
    const later = (await storedResults(db)).filter(({ at }) => at > paused + 300);
    expect(compare(target.arrivals("by-second"), later, until)).toEqual({
      lost: [],
      invented: [],
      doubled: 0,
    });
    expect(await leading(second)).toBe(true);
    expect((await fetch(`${first.url}/`)).status).toBe(200);
    expect(later.filter(({ outcome }) => outcome !== "up")).toEqual([]);
  },
);

test.skipIf(!canPause)(
  "a second program on the same data folder ends with a clear word and harms nobody",
  { timeout: 60_000 },
  async () => {
    const target = await startTarget();
    const config = watching(target, ["web"]);
    const first = await startProgram({ config });
    await vi.waitFor(() => expect(target.arrivals("web").length).toBeGreaterThan(1), {
      timeout: 10_000,
    });
    const before = first.pids();
    const from = clock();
    const second = await startProgram({ config, dataDir: first.dataDir, soon: true });
    const { code } = await second.ended;
    expect(code).toBe(2);
    expect(second.said()).toMatch(/already runs with the data folder .* DATA_DIR/);
    await sleep(2_000);
    expect(first.pids().main).toEqual(before.main);
    expect(first.pids().worker).toEqual(before.worker);
    expect(Math.min(...first.pids().postgres)).toBe(Math.min(...before.postgres));
    expect(slipOf(target.arrivals("web"), 1_000, from + 1_000, clock()).longestGapMs).toBeLessThan(
      2_000,
    );
    expect((await first.stop()).code).toBe(0);
  },
);

test.skipIf(!canPause)(
  "what stands by takes reports that the other reads, and hands over what it kept on disk",
  { timeout: 60_000 },
  async () => {
    const { db, first, second } = await twoPrograms();
    expect(await leading(first)).toBe(true);
    const began = clock();
    const response = await fetch(`${second.url}/api/v1/reports`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: "Our mail does not leave since this morning.", language: "en" }),
    });
    const { answer } = (await response.json()) as { answer: { text: string } };
    expect(answer.text).toMatch(/person/);
    expect(clock() - began).toBeLessThan(5_000);
    const folder = join(second.dataDir, "intake");
    const kept = aReport(new Date(), { text: "My web site is slow." });
    await openWaitingReports(folder, () => undefined).add(kept);
    await vi.waitFor(
      async () => expect((await findReport(db, kept.id))?.readAt).toBeInstanceOf(Date),
      { timeout: 20_000, interval: 100 },
    );
    expect(readdirSync(folder)).toEqual([]);
  },
);

/** The monitor `web` is looked at under another address by each, which tells who looked. */
async function twoPrograms() {
  const target = await startTarget();
  const { db, connection } = await freshDb();
  const proxy = await databaseProxy(connection);
  if (!("url" in proxy.connection)) throw new Error("not an address");
  const databaseUrl = proxy.connection.url;
  const configOf = (who: string) =>
    watching(target, ["web"], { monitor: { target: target.url(who) } });
  const first = await startProgram({ config: configOf("by-first"), databaseUrl });
  const second = await startProgram({ config: configOf("by-second"), databaseUrl });
  return { db, connection: proxy.connection, target, first, second };
}

async function leading(program: Program): Promise<unknown> {
  const answer = await fetch(`${program.url}/healthz`);
  return JSON.parse(await answer.text()).leading;
}
