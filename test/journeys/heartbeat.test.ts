import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { createToken } from "../../src/store/tokens.js";
import { canPause, embeddedDb, pause, startProgram, type Program } from "../support/program.js";

const TOKEN = "cdrGFXyJUNK54VYOUnKmtg";
const UUID = "5b8a6e2e-6c1f-4a55-9d8f-0d7a4c1b2e3f";

const config = {
  site: { name: "Hegyalja", timezone: "Europe/Budapest", languages: ["en"] },
  components: [{ id: "backup", name: "Backups" }],
  monitors: [
    {
      id: "nightly",
      probe: "heartbeat",
      token: TOKEN,
      period: "3s",
      grace: "2s",
      component: "backup",
    },
    { id: "legacy", probe: "heartbeat", token: UUID, cron: "* * * * *", grace: "10m" },
  ],
};

async function reader(program: Program) {
  const db = embeddedDb(program.dataDir);
  const token = await createToken(db, { name: "ops", role: "viewer", now: new Date() });
  return async (path: string): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${program.url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return (await answer.json()) as Record<string, unknown>;
  };
}

test.skipIf(!canPause)(
  "a job that falls silent opens an incident, and its next beat resolves it",
  { timeout: 120_000 },
  async () => {
    const program = await startProgram({ config });
    const read = await reader(program);
    const beat = async (path: string, init: RequestInit = {}): Promise<string> =>
      (await fetch(`${program.url}${path}`, init)).text();
    const becomes = (id: string, state: string, reason: string): Promise<void> =>
      vi.waitFor(
        async () =>
          expect(await read(`/monitors/${id}`)).toMatchObject({ state, lastResult: { reason } }),
        { timeout: 40_000, interval: 100 },
      );
    const incidents = async () =>
      ((await read("/incidents?state=all"))["items"] as { state: string; cause: unknown }[]).map(
        ({ state, cause }) => ({ state, cause }),
      );

    expect(await beat(`/beat/${TOKEN}`)).toBe("OK");
    await becomes("nightly", "up", "ok");
    // It beats on for a while: long enough that we may trust its silence.
    for (let n = 0; n < 12; n++) {
      expect(await beat(`/api/push/${TOKEN}?status=up&msg=${n}&ping=${n}`)).toBe('{"ok":true}');
      await sleep(1_000);
    }
    expect(await incidents()).toEqual([]);
    await becomes("nightly", "down", "heartbeat-missing");
    const cause = { kind: "monitor", id: "nightly" };
    await vi.waitFor(async () =>
      expect(await incidents()).toEqual([{ state: "investigating", cause }]),
    );
    const page = await (await fetch(program.url)).text();
    expect(page).toContain("Backups");

    expect(await beat(`/beat/${TOKEN}`)).toBe("OK");
    await becomes("nightly", "up", "ok");
    await vi.waitFor(async () => expect(await incidents()).toEqual([{ state: "resolved", cause }]));

    await beat(`/ping/${UUID}/start`);
    await beat(`/ping/${UUID}/2`, { method: "POST", body: "tar: disk full" });
    await becomes("legacy", "down", "heartbeat-failed");
    expect(await read("/monitors/legacy")).toMatchObject({
      target: "legacy",
      lastResult: { facts: { exitStatus: 2, says: "tar: disk full" } },
      lastBeat: { signal: "fail", exitStatus: 2, text: "tar: disk full" },
    });
    await beat(`/ping/${UUID}`);
    await becomes("legacy", "up", "ok");

    const metrics = await (await fetch(`${program.url}/metrics`)).text();
    expect(metrics).toContain(
      'probe_success{instance="legacy",module="heartbeat",monitor="legacy"} 1',
    );
    for (const secret of [TOKEN, UUID]) {
      expect(program.said()).not.toContain(secret);
      expect(metrics).not.toContain(secret);
      expect(JSON.stringify(await read("/monitors"))).not.toContain(secret);
    }
    // No worker was ever given them.
    expect(program.logged("monitor.unusable")).toEqual([]);
    expect((await program.stop()).code).toBe(0);
  },
);

test.skipIf(!canPause)(
  "beats taken while the database stands still, or before we were killed, are judged afterwards",
  { timeout: 120_000 },
  async () => {
    const program = await startProgram({
      config: {
        ...config,
        monitors: [{ id: "nightly", probe: "heartbeat", token: TOKEN, period: "1h", grace: "1h" }],
      },
      launched: true,
      port: 0,
    });
    const db = embeddedDb(program.dataDir);
    expect(await (await fetch(`${program.url}/beat/${TOKEN}`)).text()).toBe("OK");
    const goOn = pause(program.pids().postgres);
    const began = performance.now();
    const answer = await fetch(`${program.url}/beat/${TOKEN}/fail`, {
      method: "POST",
      body: "late",
    });
    expect(answer.status).toBe(200);
    expect(performance.now() - began).toBeLessThan(10_000);
    for (const pid of program.pids().main) process.kill(pid, "SIGKILL");
    await sleep(500);
    goOn();
    await vi.waitFor(
      async () =>
        expect(
          await db("monitor_states").select("state", db.raw("last_result ->> 'reason' as reason")),
        ).toEqual([{ state: "down", reason: "heartbeat-failed" }]),
      { timeout: 60_000, interval: 200 },
    );
    expect(await db("beats").select("num")).toEqual([]);
    expect((await program.stop()).code).toBe(0);
  },
);
