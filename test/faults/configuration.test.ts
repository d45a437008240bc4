import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { clock, measured, slipOf, startTarget, watching } from "../support/ledger.js";
import { canPause, configure, embeddedDb, startProgram } from "../support/program.js";

test.skipIf(!canPause)(
  "an edited configuration is in force within a second, a broken one changes nothing",
  { timeout: 60_000 },
  async () => {
    const target = await startTarget();
    const program = await startProgram({ config: watching(target, ["kept"]) });
    const { dataDir } = program;
    await vi.waitFor(() => expect(target.arrivals("kept").length).toBeGreaterThan(2), {
      timeout: 10_000,
    });
    const from = clock();
    const tookMs: number[] = [];
    for (const [n, ids] of [
      ["kept", "new1"],
      ["kept", "new1", "new2"],
      ["new3", "kept"],
    ].entries()) {
      const edited = clock();
      configure(dataDir, watching(target, ids));
      const fresh = `new${n + 1}`;
      await vi.waitFor(() => expect(target.arrivals(fresh).length).toBeGreaterThan(0), {
        timeout: 5_000,
        interval: 10,
      });
      tookMs.push(Math.round((target.arrivals(fresh)[0] ?? 0) - edited));
    }
    const dropped = clock();

    configure(dataDir, `${JSON.stringify(watching(target, ["other"]))}\nmonitrs: [`);
    await vi.waitFor(async () => expect(await readiness(program.url)).toMatch(/rejected/), {
      timeout: 2_000,
      interval: 20,
    });
    expect((await fetch(`${program.url}/readyz`)).status).toBe(200);
    await sleep(2_500);
    expect(target.arrivals("other")).toEqual([]);
    expect(target.arrivals("new3").at(-1)).toBeGreaterThan(clock() - 1_500);

    const mended = clock();
    configure(dataDir, watching(target, ["kept", "other"]));
    await vi.waitFor(() => expect(target.arrivals("other").length).toBeGreaterThan(0), {
      timeout: 5_000,
      interval: 10,
    });
    tookMs.push(Math.round((target.arrivals("other")[0] ?? 0) - mended));
    await vi.waitFor(async () => expect(await readiness(program.url)).not.toMatch(/rejected/), {
      timeout: 2_000,
      interval: 20,
    });

    const kept = slipOf(target.arrivals("kept"), 1_000, from, clock());
    measured({ tookMs, kept });
    expect(Math.max(...tookMs)).toBeLessThan(1_000);
    expect(kept.worstMs).toBeLessThan(400);
    expect(kept.longestGapMs).toBeLessThan(1_800);
    for (const gone of ["new1", "new2"])
      expect(target.arrivals(gone).at(-1)).toBeLessThan(dropped + 500);
    const db = embeddedDb(dataDir);
    const watched: { id: string }[] = await db("monitors").select("id").whereNull("removed_at");
    expect(watched.map(({ id }) => id).toSorted()).toEqual(["kept", "other"]);
  },
);

async function readiness(url: string): Promise<string> {
  const answer = await fetch(`${url}/readyz`);
  return answer.text();
}
