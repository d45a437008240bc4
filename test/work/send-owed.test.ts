import { Writable } from "node:stream";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Message, Send, SendResult } from "../../src/notify/channel.js";
import { createLog } from "../../src/log.js";
import { createDb, type Db, type DbConnection } from "../../src/store/db.js";
import { createSender, type Attempt } from "../../src/work/send-owed.js";
import { owe } from "../support/owed.js";
import { freshDb } from "../support/postgres.js";
import { databaseProxy } from "../support/database-proxy.js";

const SENT: SendResult = { sent: true };
const about = () => ({
  site: { name: "Example", url: "https://status.example.org/", timezone: "UTC" },
  language: "hu",
});

/** A sender over the given channels, with what it sent, noted and logged. */
function start(db: Db, channels: Record<string, Send>, now: () => Date = () => new Date()) {
  const lines: { event: string }[] = [];
  const attempts: Attempt[] = [];
  const known = new Map(Object.entries(channels).map(([id, send]) => [id, { send }]));
  const sender = createSender({
    db,
    channels: () => known,
    about,
    now,
    log: createLog(
      "info",
      new Writable({
        write(line: Buffer, _encoding, done) {
          lines.push(JSON.parse(line.toString()));
          done();
        },
      }),
    ),
    observe: (attempt) => attempts.push(attempt),
  });
  let stopped: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopped ??= sender.stop());
  onTestFinished(stop);
  return { sender, stop, lines, attempts, known };
}

const until = (check: () => unknown, timeout = 5_000): Promise<void> =>
  vi.waitFor(async () => expect(await check()).toBeTruthy(), { timeout, interval: 20 });

const states = async (db: Db): Promise<Record<string, string>> => {
  const rows: { key: string; state: string }[] = await db("deliveries").select("key", "state");
  return Object.fromEntries(rows.map(({ key, state }) => [key, state]));
};

test("what is owed is sent in order, and said in the site's language with its address", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "a1" }, { key: "a2" }, { key: "a3" }]);
  await db("deliveries").update({
    body: db.raw(`jsonb_set(body, '{text,hu}', '"magyarul"')`),
  });
  const messages: Message[] = [];
  const { attempts } = start(db, {
    hook: (message) => {
      messages.push(message);
      return Promise.resolve(SENT);
    },
  });
  await until(() => attempts.length === 3);
  expect(messages.map(({ key }) => key)).toEqual(["a1", "a2", "a3"]);
  expect(messages[0]).toMatchObject({
    event: "incident.updated",
    text: "magyarul",
    headline: expect.stringContaining("web3"),
    language: "hu",
    url: "https://status.example.org/incidents/inc000000001",
  });
  expect(await states(db)).toEqual({ a1: "sent", a2: "sent", a3: "sent" });
});

test("a message owed just now goes out as soon as the sender is woken", async () => {
  const { db } = await freshDb();
  const { sender, attempts } = start(db, { hook: () => Promise.resolve(SENT) });
  await new Promise((later) => setTimeout(later, 150));
  await owe(db, [{ key: "a1", at: new Date() }]);
  const woken = performance.now();
  sender.wake();
  await until(() => attempts.length === 1);
  expect(performance.now() - woken).toBeLessThan(700);
});

test("a channel that hangs delays no other, and no more than its own places are taken", async () => {
  const { db } = await freshDb();
  const wishes = (channelId: string) =>
    Array.from({ length: 8 }, (_, n) => ({
      key: `${channelId}-${n}`,
      channelId,
      incidentId: `inc00000000${n}`,
    }));
  await owe(db, [...wishes("slow"), ...wishes("quick")]);
  const hanging: (() => void)[] = [];
  const { attempts } = start(db, {
    slow: () => new Promise((done) => hanging.push(() => done(SENT))),
    quick: () => Promise.resolve(SENT),
  });
  await until(() => attempts.length === 8);
  expect(attempts.every(({ channelId }) => channelId === "quick")).toBe(true);
  expect(hanging).toHaveLength(4);
  for (const release of hanging) release();
});

test("a failure that may pass is tried again later, in its turn", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "a1" }, { key: "a2" }]);
  let clock = Date.parse("2026-11-21T10:00:01Z");
  const keys: string[] = [];
  const { sender, attempts } = start(
    db,
    {
      hook: ({ key }) => {
        keys.push(key);
        return Promise.resolve(
          keys.length < 3
            ? { sent: false, retry: true, afterMs: 90_000, reason: "http-503" }
            : SENT,
        );
      },
    },
    () => new Date(clock),
  );
  await until(() => attempts.length === 1);
  const [row] = await db("deliveries").where({ key: "a1" });
  expect(row).toMatchObject({
    state: "owed",
    attempts: 1,
    last_error: "http-503",
    leased_until: null,
  });
  expect(row.due_at.getTime()).toBeGreaterThanOrEqual(clock + 90_000);
  clock += 80_000;
  sender.wake();
  await new Promise((later) => setTimeout(later, 200));
  expect(keys).toEqual(["a1"]);
  for (const step of [200_000, 200_000]) {
    clock += step;
    sender.wake();
    await new Promise((later) => setTimeout(later, 150));
  }
  await until(() => attempts.length === 4);
  expect(keys).toEqual(["a1", "a1", "a1", "a2"]);
  expect(await states(db)).toEqual({ a1: "sent", a2: "sent" });
});

test("a final answer ends the message, and says so in the log", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "a1" }, { key: "a2" }]);
  const { attempts, lines } = start(db, {
    hook: ({ key }) =>
      Promise.resolve(key === "a1" ? { sent: false, retry: false, reason: "http-410" } : SENT),
  });
  await until(() => attempts.length === 2);
  expect(await states(db)).toEqual({ a1: "failed", a2: "sent" });
  expect(lines.find(({ event }) => event === "delivery.failed")).toMatchObject({
    level: "error",
    delivery: "a1",
    reason: "http-410",
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test("a message is given up after a day of failures", async () => {
  const { db } = await freshDb();
  const owedAt = new Date("2026-11-20T10:00:00Z");
  await owe(db, [{ key: "a1", at: owedAt }]);
  await db("deliveries").update({ attempts: 28 });
  const { attempts } = start(
    db,
    { hook: () => Promise.resolve({ sent: false, retry: true, reason: "connection-refused" }) },
    () => new Date("2026-11-21T10:00:01Z"),
  );
  await until(() => attempts.length === 1);
  expect(attempts[0]?.outcome).toBe("failed");
  expect(await states(db)).toEqual({ a1: "failed" });
});

test("a channel that breaks takes no other message with it", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "a1" }, { key: "b1", incidentId: "inc000000002" }]);
  const { attempts, lines } = start(db, {
    hook: ({ key }) => {
      if (key === "a1") throw new Error("a bug of ours");
      return Promise.resolve(SENT);
    },
  });
  await until(() => attempts.length === 2);
  expect(await states(db)).toEqual({ a1: "owed", b1: "sent" });
  expect(lines.map(({ event }) => event)).toContain("delivery.broke");
});

test("what is owed to a channel that was taken out is given up", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "old", channelId: "old" }]);
  const { lines } = start(db, { hook: () => Promise.resolve(SENT) });
  await until(async () => (await states(db))["old"] === "failed");
  expect(lines).toMatchObject([{ event: "delivery.gave-up-unconfigured", count: 1 }]);
});

test("a channel that a reload takes out and in again loses nothing", async () => {
  const { db } = await freshDb();
  let clock = Date.parse("2026-11-21T10:00:01Z");
  const { sender, known, attempts, lines } = start(
    db,
    { hook: () => Promise.resolve(SENT), mail: () => Promise.resolve(SENT) },
    () => new Date(clock),
  );
  await new Promise((later) => setTimeout(later, 100));
  const hook = known.get("hook");
  known.delete("hook");
  await owe(db, [{ key: "a1" }]);
  clock += 59_999;
  sender.wake();
  await new Promise((later) => setTimeout(later, 200));
  if (hook) known.set("hook", hook);
  sender.wake();
  await until(() => attempts.length === 1);
  expect(await states(db)).toEqual({ a1: "sent" });
  known.delete("hook");
  await owe(db, [{ key: "a2" }]);
  clock += 130_000;
  sender.wake();
  await until(() => lines.some(({ event }) => event === "delivery.gave-up-unconfigured"));
  expect(await states(db)).toEqual({ a1: "sent", a2: "failed" });
});

test("without any channel nothing is given up before a day has passed", async () => {
  const { db } = await freshDb();
  await owe(db, [
    { key: "today", at: new Date() },
    { key: "old", at: new Date(Date.now() - 90_000_000) },
  ]);
  start(db, {});
  await until(async () => (await states(db))["old"] === "failed");
  expect(await states(db)).toEqual({ today: "owed", old: "failed" });
});

test("stopping lets a send in progress end", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "a1" }]);
  let begun = false;
  const { stop } = start(db, {
    hook: async () => {
      begun = true;
      await new Promise((later) => setTimeout(later, 400));
      return SENT;
    },
  });
  await until(() => begun);
  await stop();
  expect(await states(db)).toEqual({ a1: "sent" });
});

test("stopping interrupts a send that hangs, and leaves it owed at once", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "a1" }]);
  let begun = false;
  const { stop } = start(db, {
    hook: () => {
      begun = true;
      return new Promise(() => undefined);
    },
  });
  await until(() => begun);
  const asked = performance.now();
  await stop();
  expect(performance.now() - asked).toBeLessThan(6_500);
  const [row] = await db("deliveries");
  expect(row).toMatchObject({ state: "owed", leased_until: null, last_error: "interrupted" });
  expect(row.due_at.getTime()).toBeLessThanOrEqual(Date.now());
});

test("while the database is away nothing is lost and nothing is sent twice", async () => {
  const { db, connection } = await freshDb();
  const proxy = await databaseProxy(connection);
  const through = openDb(proxy.connection);
  await owe(
    db,
    Array.from({ length: 6 }, (_, n) => ({ key: `a${n}` })),
  );
  const keys: string[] = [];
  const { attempts, lines, stop } = start(through, {
    hook: async ({ key }) => {
      keys.push(key);
      if (key === "a1") proxy.cut();
      await new Promise((later) => setTimeout(later, 50));
      return SENT;
    },
  });
  await until(() => lines.some(({ event }) => event === "sender.database-away"));
  await new Promise((later) => setTimeout(later, 1_500));
  expect(keys).toEqual(["a0", "a1"]);
  await proxy.mend();
  await until(() => attempts.length === 6, 15_000);
  expect(keys).toEqual(["a0", "a1", "a2", "a3", "a4", "a5"]);
  expect(lines.filter(({ event }) => event === "sender.database-away")).toHaveLength(1);
  await stop();
});

function openDb(connection: DbConnection): Db {
  const db = createDb(connection, { poolMax: 3 });
  onTestFinished(() => db.destroy());
  return db;
}
