import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { createToken } from "../../src/store/tokens.js";
import type { Db } from "../../src/store/db.js";
import { clock, measured, startTarget, watching } from "../support/ledger.js";
import {
  canPause,
  embeddedDb,
  pause,
  signal,
  startProgram,
  type Program,
} from "../support/program.js";
import { smtpSink } from "../support/smtp-sink.js";

/** Between the start and each kill (ms): no two at the same point of anything. */
const MOMENTS = [900, 1_430, 2_110, 1_270];

const inventory = {
  provider: { name: "Hegyalja", domain: "hegyalja.example" },
  timezone: "Europe/Budapest",
  customers: Array.from({ length: 200 }, (_, n) => ({
    account_id: `H-${n}`,
    company: `Pince ${n}`,
    contact_email: `pince${n}@borok.example`,
    language: "hu",
    domains: [{ name: `pince${n}.example` }],
  })),
};

async function reporting(program: Program, db: Db) {
  const token = await createToken(db, { name: "desk", role: "admin", now: new Date() });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const put = await fetch(`${program.url}/api/v1/inventory`, {
    method: "PUT",
    headers,
    body: JSON.stringify(inventory),
  });
  expect(put.status).toBe(200);
  /** As a help desk hands reports in: again and again until it is told that one is taken. */
  return async (n: number): Promise<{ id: string; tookMs: number }> => {
    for (const began = clock(); ; await sleep(100)) {
      const response = await fetch(`${program.url}/api/v1/reports`, {
        method: "POST",
        headers,
        body: JSON.stringify({
          id: `desk-${n}`,
          account: `H-${n}`,
          contact: `pince${n}@borok.example`,
          text: `Nem tudok belépni a pince${n}.example postafiókjába tegnap este óta.`,
        }),
        signal: AbortSignal.timeout(20_000),
      }).catch(() => null);
      if (response?.status === 202)
        return { id: ((await response.json()) as { id: string }).id, tookMs: clock() - began };
      if (clock() - began > 60_000)
        throw new Error(`report ${n}: ${response?.status ?? "no answer"}`);
    }
  };
}

test.skipIf(!canPause)(
  "a main process killed at any moment loses and doubles no report, ticket or answer",
  { timeout: 180_000 },
  async () => {
    const target = await startTarget();
    const relay = await smtpSink();
    const program = await startProgram({
      config: watching(target, ["web"], {
        mail: { smtp: `smtp://127.0.0.1:${relay.port}`, from: "status@hegyalja.example" },
      }),
      launched: true,
      port: await freePort(),
    });
    const db = embeddedDb(program.dataDir);
    const report = await reporting(program, db);
    let handed = 0;
    const ids = new Map<number, string>();
    const desk = async (from: number): Promise<void> => {
      for (let n = from; n < 120; n += 4) {
        ids.set(n, (await report(n)).id);
        handed += 1;
      }
    };
    const desks = Promise.all([0, 1, 2, 3].map(desk));
    for (const moment of MOMENTS) {
      await sleep(moment);
      // It may not be back yet.
      for (const pid of program.pids().main) signal(pid, "SIGKILL");
    }
    await desks;
    await vi.waitFor(
      async () => expect(await db("reports").whereNull("read_at").select("id")).toEqual([]),
      { timeout: 60_000, interval: 200 },
    );
    const reports: { id: string; source_id: string; ticket_id: string }[] = await db(
      "reports",
    ).select("id", "source_id", "ticket_id");
    expect(reports).toHaveLength(120);
    expect(new Set(reports.map(({ source_id }) => source_id)).size).toBe(120);
    for (const [n, id] of ids)
      expect(reports.find(({ source_id }) => source_id === `desk-${n}`)?.id).toBe(id);
    expect(new Set(reports.map(({ ticket_id }) => ticket_id)).size).toBe(120);
    expect(await db("ticket_messages").where({ kind: "answer" }).select("id")).toHaveLength(120);
    await vi.waitFor(() => expect(new Set(relay.letters.map(({ to }) => to[0])).size).toBe(120), {
      timeout: 60_000,
      interval: 200,
    });
    const keys = relay.letters.map(({ raw }) => /^message-id: (.*)$/im.exec(raw)?.[1]);
    measured({ killed: "main", handed, letters: keys.length, different: new Set(keys).size });
    // Sent again after a kill it may be, but only with the same key.
    expect(new Set(keys).size).toBe(120);
    expect((await program.stop()).code).toBe(0);
  },
);

test.skipIf(!canPause)(
  "while the database stands still reports are taken within seconds, and read once it goes on",
  { timeout: 90_000 },
  async () => {
    const target = await startTarget();
    const program = await startProgram({ config: watching(target, ["web"]) });
    const db = embeddedDb(program.dataDir);
    const goOn = pause(program.pids().postgres);
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => {
        const began = clock();
        const response = await fetch(`${program.url}/api/v1/reports`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ text: `Our web site ${n} does not open since this morning.` }),
        });
        return { status: response.status, tookMs: clock() - began };
      }),
    );
    goOn();
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    const slowestMs = Math.max(...answers.map(({ tookMs }) => tookMs));
    expect(slowestMs).toBeLessThan(8_000);
    await vi.waitFor(
      async () =>
        expect(await db("reports").whereNotNull("read_at").select("text")).toHaveLength(10),
      { timeout: 40_000, interval: 200 },
    );
    expect(await db("reports").select("id")).toHaveLength(10);
    measured({ fault: "database still", slowestTakenMs: Math.round(slowestMs) });
    expect((await program.stop()).code).toBe(0);
  },
);

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address ? address.port : 0));
    });
  });
}
