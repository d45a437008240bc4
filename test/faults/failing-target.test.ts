import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { clock, measured, startSink, startTarget, watching } from "../support/ledger.js";
import type { Db } from "../../src/store/db.js";
import { closedPort } from "../support/http-servers.js";
import {
  canPause,
  embeddedDb,
  startProgram,
  storedResults,
  type Program,
} from "../support/program.js";

const EVERY_MS = 1_000;
const RECHECK_MS = 500;

test.skipIf(!canPause)(
  "a server that dies is one incident on the page and one message, and one more when it is back",
  { timeout: 60_000 },
  async () => {
    const target = await startTarget();
    const healthy = await startTarget();
    const sink = await startSink();
    const ids = ["web", "shop", "mail"];
    const config = {
      ...watching(target, ids, { monitor: { host: "web3" }, channels: [sink.channel] }),
      hosts: [{ id: "web3", name: "web3.example" }],
      policy: { publish: "confirmed" },
    };
    const other = watching(healthy, ["other"], { monitor: { component: "web" } }).monitors;
    const program = await startProgram({
      config: { ...config, monitors: [...config.monitors, ...other] },
    });
    await vi.waitFor(() => expect(target.arrivals("mail").length).toBeGreaterThan(1), {
      timeout: 10_000,
    });
    await vi.waitFor(async () => expect(await status(program)).toBe("none"), { timeout: 10_000 });

    const died = clock();
    await target.close();
    await vi.waitFor(async () => expect(await status(program)).not.toBe("none"), {
      timeout: 15_000,
      interval: 20,
    });
    const shownMs = clock() - died;
    await vi.waitFor(() => expect(sink.received.length).toBeGreaterThan(0), { interval: 10 });
    const toldMs = (sink.received[0]?.at ?? 0) - died;
    await sleep(4_000);
    const db = embeddedDb(program.dataDir);
    const incidents = await db("incidents")
      .select("cause_kind", "cause_id")
      .whereNull("merged_into");
    expect(incidents).toEqual([{ cause_kind: "host", cause_id: "web3" }]);
    const told = sink.received.map(({ type }) => type);
    expect(told[0]).toBe("incident.opened");
    expect(told.length).toBeLessThanOrEqual(2);
    expect(told.slice(1).every((type) => type === "incident.updated")).toBe(true);

    const back = clock();
    await target.open();
    await vi.waitFor(
      () => expect(sink.received.map(({ type }) => type)).toContain("incident.resolved"),
      { timeout: 15_000, interval: 20 },
    );
    const resolvedMs = (sink.received.at(-1)?.at ?? 0) - back;
    await vi.waitFor(async () => expect(await status(program)).toBe("none"), { timeout: 5_000 });
    await sleep(1_500);
    const types = sink.received.map(({ type }) => type);
    measured({ shownMs, toldMs, resolvedMs, types });
    expect(types.filter((type) => type === "incident.opened")).toHaveLength(1);
    expect(types.filter((type) => type === "incident.resolved")).toHaveLength(1);
    expect(new Set(sink.received.map(({ incident }) => incident.id)).size).toBe(1);
    expect(shownMs).toBeLessThan(EVERY_MS + RECHECK_MS + 3_000);
    expect(toldMs).toBeLessThan(EVERY_MS + RECHECK_MS + 3_000);
    expect(
      (await storedResults(db)).filter(({ monitor }) => monitor === "other").length,
    ).toBeGreaterThan(5);
  },
);

test.skipIf(!canPause)(
  "silence everywhere, also of every reference, is our blindness and no incident",
  { timeout: 60_000 },
  async () => {
    const reference = await startQuietable();
    await reference.silence();
    const { db, sink, target } = await silenced(reference.port);
    await vi.waitFor(async () => expect(await outcomes(db)).toContain("unknown blind"), {
      timeout: 15_000,
      interval: 200,
    });
    await vi.waitFor(async () => expect(await unseen(db)).toEqual(["web"]), {
      timeout: 15_000,
      interval: 200,
    });
    const seen = await outcomes(db);
    measured({ blind: seen });
    expect(seen).toEqual(["unknown blind", "up ok"]);
    target.speak();
    await vi.waitFor(async () => expect(await unseen(db)).toEqual([]), {
      timeout: 20_000,
      interval: 200,
    });
    expect(await db("incidents").select("id")).toEqual([]);
    expect(sink.received).toEqual([]);
  },
);

test.skipIf(!canPause)(
  "the same silence is an outage where a reference refuses us, for that proves the path",
  { timeout: 60_000 },
  async () => {
    const { db, sink } = await silenced(await closedPort());
    await vi.waitFor(
      () => expect(sink.received.map(({ type }) => type)).toEqual(["incident.opened"]),
      { timeout: 15_000, interval: 50 },
    );
    const seen = await outcomes(db);
    measured({ refusing: seen });
    expect(seen).toEqual(["down timed-out-connect", "up ok"]);
  },
);

/** A target that was well falls silent, watched by a program with this port as its one reference. */
async function silenced(port: number) {
  const target = await startQuietable();
  const sink = await startSink();
  const program = await startProgram({
    config: {
      ...watching(await startTarget(), []),
      monitors: [
        {
          id: "web",
          probe: "http",
          target: `http://127.0.0.1:${target.port}/`,
          component: "web",
          every: "2s",
          timeout: "1s",
        },
      ],
      references: [`127.0.0.1:${port}`],
      channels: [sink.channel],
    },
  });
  const db = embeddedDb(program.dataDir);
  await vi.waitFor(async () => expect(await outcomes(db)).toEqual(["up ok"]), { timeout: 10_000 });
  await target.silence();
  return { target, sink, db };
}

async function outcomes(db: Db): Promise<string[]> {
  const stored = await storedResults(db);
  return [...new Set(stored.map(({ outcome, reason }) => `${outcome} ${reason}`))].toSorted();
}

async function unseen(db: Db): Promise<string[]> {
  const rows: { component_id: string }[] = await db("component_states")
    .select("component_id")
    .whereNotNull("unknown_since");
  return rows.map((row) => row.component_id);
}

async function status(program: Program): Promise<unknown> {
  const answer = await fetch(`${program.url}/api/v2/status.json`);
  return JSON.parse(await answer.text()).status.indicator;
}

const LISTENER = `
require("node:http").createServer((_, response) => response.setHeader("connection", "close").end("ok"))
  .listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () { console.log(this.address().port); });
`;

interface Quietable {
  readonly port: number;
  /** From now on the system lets every new connection wait for ever: its queue is full and nobody takes. */
  silence(): Promise<void>;
  speak(): void;
}

async function startQuietable(): Promise<Quietable> {
  const child = spawn(process.execPath, ["-e", LISTENER], { stdio: ["ignore", "pipe", "inherit"] });
  const waiting: Socket[] = [];
  onTestFinished(() => {
    child.kill("SIGKILL");
    for (const socket of waiting) socket.destroy();
  });
  const [printed]: unknown[] = await once(child.stdout, "data");
  const port = Number(String(printed));
  return {
    port,
    async silence() {
      child.kill("SIGSTOP");
      for (let full = false; !full && waiting.length < 10;) {
        const socket = connect({ port, host: "127.0.0.1" });
        socket.on("error", () => undefined);
        waiting.push(socket);
        const connected = once(socket, "connect").then(() => false);
        full = await Promise.race([connected, sleep(500).then(() => true)]);
      }
    },
    speak() {
      for (const socket of waiting) socket.destroy();
      child.kill("SIGCONT");
    },
  };
}
