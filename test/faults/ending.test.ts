import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { measured, startTarget, watching } from "../support/ledger.js";
import {
  canPause,
  isIdle,
  pause,
  startProgram,
  type Program,
  type ProgramOptions,
} from "../support/program.js";

interface Way {
  readonly way: string;
  readonly how?: Partial<ProgramOptions>;
  readonly ask: (program: Program) => Promise<void> | void;
}

const WAYS: readonly Way[] = [
  { way: "SIGTERM", ask: (program) => program.kill("SIGTERM") },
  {
    way: "SIGTERM twice",
    ask: async (program) => {
      program.kill("SIGTERM");
      await sleep(100);
      program.kill("SIGTERM");
    },
  },
  {
    way: "SIGINT to the whole group, as Ctrl-C does",
    how: { grouped: true },
    ask: (program) => void process.kill(-program.pid, "SIGINT"),
  },
  {
    way: "SIGTERM through the launcher",
    how: { launched: true },
    ask: (program) => program.kill("SIGTERM"),
  },
  {
    way: "SIGTERM while the database stands still",
    ask: async (program) => {
      pause(program.pids().postgres);
      await sleep(3_000);
      program.kill("SIGTERM");
    },
  },
  {
    way: "SIGTERM twelve seconds into a database that stands still",
    ask: async (program) => {
      pause(program.pids().postgres);
      await sleep(12_000);
      program.kill("SIGTERM");
    },
  },
  {
    way: "SIGTERM while the database is starting",
    how: { soon: true },
    ask: async (program) => {
      await vi.waitFor(() => expect(program.pids().postgres.length).toBeGreaterThan(0), {
        timeout: 15_000,
        interval: 5,
      });
      program.kill("SIGTERM");
    },
  },
  {
    way: "SIGTERM to a launcher whose program has only begun",
    how: { soon: true, launched: true },
    ask: async (program) => {
      await vi.waitFor(() => expect(program.pids().main).toHaveLength(1), {
        timeout: 10_000,
        interval: 5,
      });
      program.kill("SIGTERM");
    },
  },
];

test.skipIf(!canPause).for(WAYS)(
  "$way ends everything within ten seconds",
  { timeout: 60_000 },
  async ({ way, how, ask }) => {
    const target = await startTarget();
    const program = await startProgram({ config: watching(target, ["web"]), ...how });
    await ask(program);
    const asked = performance.now();
    const { code, signal } = await program.ended;
    const tookMs = Math.round(performance.now() - asked);
    measured({ way, tookMs, code, signal });
    expect({ code, signal, failed: code === 0 ? "" : program.said() }).toEqual({
      code: 0,
      signal: null,
      failed: "",
    });
    expect(tookMs).toBeLessThan(10_000);
    await vi.waitFor(() => expect(isIdle(program.dataDir)).toBe(true), { timeout: 500 });
  },
);
