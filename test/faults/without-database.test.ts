import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { databaseProxy } from "../support/database-proxy.js";
import { clock, measured, startTarget, watching } from "../support/ledger.js";
import { freshDb } from "../support/postgres.js";
import { canPause, startProgram } from "../support/program.js";

test.skipIf(!canPause)(
  "a start without its database says so, shows the last page with its age, and goes on once it is there",
  { timeout: 60_000 },
  async () => {
    const target = await startTarget();
    const { connection } = await freshDb();
    const proxy = await databaseProxy(connection);
    if (!("url" in proxy.connection)) throw new Error("not an address");
    const databaseUrl = proxy.connection.url;
    const config = watching(target, ["web"]);
    const former = await startProgram({ config, databaseUrl });
    await vi.waitFor(() => expect(target.arrivals("web").length).toBeGreaterThan(2), {
      timeout: 10_000,
    });
    expect((await former.stop()).code).toBe(0);
    const looks = target.arrivals("web").length;

    proxy.cut();
    const program = await startProgram({ config, databaseUrl, dataDir: former.dataDir });
    const page = await fetch(`${program.url}/`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("Websites");
    await vi.waitFor(() => expect(program.said()).toMatch(/Nothing listens at the database's/), {
      timeout: 5_000,
    });
    const ready = await fetch(`${program.url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.text()).toMatch(/The database is/);
    await sleep(2_000);
    expect(target.arrivals("web").length).toBe(looks);
    expect(program.said().match(/Nothing listens/g)).toHaveLength(1);

    await proxy.mend();
    const mended = clock();
    await vi.waitFor(() => expect(target.arrivals("web").length).toBeGreaterThan(looks), {
      timeout: 15_000,
      interval: 20,
    });
    measured({ watchingAfterMendMs: Math.round((target.arrivals("web").at(-1) ?? 0) - mended) });
    await vi.waitFor(
      async () =>
        expect(JSON.parse(await (await fetch(`${program.url}/readyz`)).text()).degraded).toEqual(
          [],
        ),
      { timeout: 10_000 },
    );
    expect((await program.stop()).code).toBe(0);
  },
);

test.skipIf(!canPause)(
  "a first start whose database is away waits for it, and ends when it is told to",
  { timeout: 60_000 },
  async () => {
    const port = await new Promise<number>((done) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => done(typeof address === "object" && address ? address.port : 1));
      });
    });
    const target = await startTarget();
    const program = await startProgram({
      config: watching(target, ["web"]),
      databaseUrl: `postgres://nobody@127.0.0.1:${port}/none`,
      soon: true,
    });
    await vi.waitFor(() => expect(program.said()).toMatch(/Nothing listens at the database's/), {
      timeout: 10_000,
    });
    const ended = await program.stop();
    measured({ firstStartWithout: ended });
    expect(ended.code).toBe(0);
    expect(ended.afterMs).toBeLessThan(5_000);
  },
);
