import { createServer } from "node:net";
import { expect, test, vi } from "vitest";
import { createToken } from "../../src/store/tokens.js";
import { canPause, embeddedDb, startProgram } from "../support/program.js";

test.skipIf(!canPause)(
  "an alert opens an incident at the place its rule names, outlives a kill, and ends it",
  { timeout: 120_000 },
  async () => {
    const program = await startProgram({
      config: {
        site: { name: "Hegyalja", languages: ["en"] },
        hosts: [{ id: "web3", name: "web3.example.hu" }],
        components: [{ id: "web", name: "Websites" }],
        rules: [
          {
            id: "disk",
            match: { alertname: "Disk*" },
            host: "{{ labels.instance }}",
            component: "web",
          },
        ],
      },
      launched: true,
      port: await freePort(),
    });
    const db = embeddedDb(program.dataDir);
    const token = await createToken(db, { name: "am", role: "source", now: new Date() });
    const tell = async (status: string, endsAt = "0001-01-01T00:00:00Z"): Promise<number> => {
      const answer = await fetch(`${program.url}/hooks/alertmanager`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({
          version: "4",
          status,
          alerts: [
            {
              status,
              labels: { alertname: "DiskFull", instance: "web3.example.hu:9100" },
              annotations: {},
              startsAt: "2026-11-21T10:00:00Z",
              endsAt,
            },
          ],
        }),
      });
      return answer.status;
    };
    const incidents = () => db("incidents").select("cause_id", "state", "severity");
    const becomes = (state: string): Promise<void> =>
      vi.waitFor(
        async () =>
          expect(await incidents()).toEqual([
            { cause_id: "alert-disk--web3", state, severity: "critical" },
          ]),
        { timeout: 20_000, interval: 100 },
      );
    expect(await tell("firing")).toBe(200);
    await becomes("investigating");
    expect(await (await fetch(program.url)).text()).toContain("Websites");
    for (const pid of program.pids().main) process.kill(pid, "SIGKILL");
    await vi.waitFor(async () => expect(await tell("firing")).toBe(200), {
      timeout: 30_000,
      interval: 200,
    });
    await becomes("investigating");
    expect(await tell("resolved", new Date().toISOString())).toBe(200);
    await becomes("resolved");
    expect(program.said()).not.toContain(token);
    expect((await program.stop()).code).toBe(0);
  },
);

/** The same after a restart, so that senders find us again. */
function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address ? address.port : 0));
    });
  });
}
