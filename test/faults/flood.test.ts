import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { clock, compare, measured, slipOf, startTarget, watching } from "../support/ledger.js";
import { canPause, embeddedDb, startProgram, storedResults } from "../support/program.js";

const IDS = ["web1", "web2", "web3"];

test.skipIf(!canPause)(
  "a flood of page views delays no look and makes none fail",
  { timeout: 60_000 },
  async () => {
    const target = await startTarget();
    const program = await startProgram({ config: watching(target, IDS) });
    const db = embeddedDb(program.dataDir);
    await vi.waitFor(() => expect(target.arrivals("web3").length).toBeGreaterThan(2), {
      timeout: 10_000,
    });
    const from = clock();
    const flood = await floodOf(`${program.url}/`);
    const until = clock();
    const slips = IDS.map((id) => slipOf(target.arrivals(id), 1_000, from, until));
    measured({ perSecond: flood.requests.average, p99Ms: flood.latency.p99, slips });
    expect(flood.non2xx + flood.errors).toBe(0);
    expect(flood.requests.total).toBeGreaterThan(1_000);
    for (const slip of slips) {
      expect(slip.worstMs).toBeLessThan(400);
      expect(slip.longestGapMs).toBeLessThan(1_800);
    }
    await vi.waitFor(
      async () => {
        const stored = await storedResults(db);
        expect(stored.filter(({ outcome }) => outcome !== "up")).toEqual([]);
        for (const id of IDS) {
          const own = stored.filter(({ monitor }) => monitor === id);
          const { lost, invented, doubled } = compare(target.arrivals(id), own, until);
          expect({ id, lost, invented, doubled }).toEqual({
            id,
            lost: [],
            invented: [],
            doubled: 0,
          });
        }
      },
      { timeout: 10_000, interval: 200 },
    );
    expect(await db("incidents").select("id")).toEqual([]);
  },
);

const AUTOCANNON = createRequire(import.meta.url).resolve("autocannon");

/** In a process of its own, so that the target is not late itself. */
async function floodOf(url: string): Promise<{
  readonly requests: { readonly average: number; readonly total: number };
  readonly latency: { readonly p99: number };
  readonly non2xx: number;
  readonly errors: number;
}> {
  const args = [AUTOCANNON, "--json", "--connections", "64", "--duration", "8", url];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}
