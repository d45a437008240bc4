import { expect, test } from "vitest";
import {
  claimDue,
  countDeliveries,
  failUnconfigured,
  forgetDeliveries,
  recordFailure,
  recordSent,
  type Claim,
} from "../../src/store/deliveries.js";
import type { Db } from "../../src/store/db.js";
import { owe } from "../support/owed.js";
import { freshDb } from "../support/postgres.js";

const start = new Date("2026-11-21T10:00:00Z");
const at = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);
const LEASE_MS = 60_000;
const HOOK = [{ channelId: "hook", free: 10 }];

const claim = (db: Db, seconds: number, slots = HOOK): Promise<Claim[]> =>
  claimDue(db, at(seconds), slots, LEASE_MS);
const keys = (claims: readonly Claim[]): string[] => claims.map(({ key }) => key);

test("two claimers at once never get the same message", async () => {
  const { db } = await freshDb();
  await owe(
    db,
    Array.from({ length: 200 }, (_, n) => ({
      key: `m${n}`,
      incidentId: `inc${String(n).padStart(9, "0")}`,
    })),
  );
  for (let round = 0; round < 10; round += 1) {
    const claims = await Promise.all(Array.from({ length: 4 }, () => claim(db, 1 + round * 3_600)));
    const all = claims.flatMap(keys);
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(0);
    expect(all.length).toBeLessThanOrEqual(40);
  }
});

test("a claimer takes no more than its channel has room for", async () => {
  const { db } = await freshDb();
  const wishes = (channelId: string) =>
    Array.from({ length: 5 }, (_, n) => ({
      key: `${channelId}-${n}`,
      channelId,
      incidentId: `inc00000000${n}`,
    }));
  await owe(db, [...wishes("hook"), ...wishes("mail")]);
  const slots = [
    { channelId: "hook", free: 2 },
    { channelId: "mail", free: 0 },
    { channelId: "gone", free: 4 },
  ];
  expect(keys(await claim(db, 1, slots))).toEqual(["hook-0", "hook-1"]);
  expect(await claim(db, 1, [{ channelId: "mail", free: -1 }])).toEqual([]);
});

test("of one incident and channel only the oldest owed message is claimed", async () => {
  const { db } = await freshDb();
  await owe(db, [
    { key: "a1" },
    { key: "a2" },
    { key: "b1", incidentId: "inc000000002" },
    { key: "a1-mail", channelId: "mail" },
  ]);
  const slots = [...HOOK, { channelId: "mail", free: 10 }];
  const first = await claim(db, 1, slots);
  expect(keys(first)).toEqual(["a1", "b1", "a1-mail"]);
  expect(await claim(db, 1, slots)).toEqual([]);
  const [a1] = first;
  if (a1) await recordSent(db, a1, at(2));
  expect(keys(await claim(db, 2, slots))).toEqual(["a2"]);
});

test("a message that waits for its retry holds back the later ones of its incident", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "a1" }, { key: "a2" }]);
  const [a1] = await claim(db, 1);
  if (a1) await recordFailure(db, a1, { reason: "http-503", next: at(100) }, at(2));
  expect(await claim(db, 50)).toEqual([]);
  expect(keys(await claim(db, 100))).toEqual(["a1"]);
});

test("a message that is given up makes way for the later ones", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "a1" }, { key: "a2" }]);
  const [a1] = await claim(db, 1);
  if (a1) await recordFailure(db, a1, { reason: "http-410", next: null }, at(2));
  expect(keys(await claim(db, 2))).toEqual(["a2"]);
});

test("a lease that ended frees the message, and the first claimer can record nothing any more", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "a1", traceparent: "00-aa-bb-01" }]);
  const [first] = await claim(db, 0);
  expect(await claim(db, 59)).toEqual([]);
  const [second] = await claim(db, 60);
  expect(second).toMatchObject({ key: "a1", attempts: 2, traceparent: "00-aa-bb-01" });
  if (!first || !second) return;
  expect(await recordSent(db, first, at(61))).toBe(false);
  expect(await recordFailure(db, first, { reason: "late", next: null }, at(61))).toBe(false);
  expect(await recordSent(db, second, at(62))).toBe(true);
  expect(await recordSent(db, second, at(63))).toBe(false);
  expect(await claim(db, 1_000)).toEqual([]);
});

test("a claim has all that a message says", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "a1", event: "incident.resolved" }]);
  const [one] = await claim(db, 1);
  expect(one).toMatchObject({
    key: "a1",
    channelId: "hook",
    event: "incident.resolved",
    at: start,
    attempts: 1,
    traceparent: null,
    body: { headline: { en: expect.stringContaining("web3") }, incident: { id: "inc000000001" } },
  });
});

test("messages to channels that are gone are given up, and nobody else's", async () => {
  const { db } = await freshDb();
  await owe(db, [
    { key: "old1", channelId: "old" },
    { key: "old2", channelId: "old" },
    { key: "new1" },
    { key: "leased", channelId: "old", incidentId: "inc000000002" },
  ]);
  await db("deliveries")
    .where({ key: "leased" })
    .update({ leased_until: at(60) });
  expect(await failUnconfigured(db, ["hook"], at(1), at(1))).toBe(2);
  const rows = await db("deliveries").select("key", "state", "last_error").orderBy("id");
  expect(rows).toEqual([
    { key: "old1", state: "failed", last_error: "channel is no longer configured" },
    { key: "old2", state: "failed", last_error: "channel is no longer configured" },
    { key: "new1", state: "owed", last_error: null },
    { key: "leased", state: "owed", last_error: null },
  ]);
  expect(await failUnconfigured(db, [], at(0), at(61))).toBe(0);
  expect(await failUnconfigured(db, [], at(61), at(61))).toBe(2);
});

test("counts say what is owed, since when, and what failed within a day", async () => {
  const { db } = await freshDb();
  await owe(db, [
    { key: "a1" },
    { key: "a2", at: at(5) },
    { key: "b1", incidentId: "inc000000002", at: at(7) },
    { key: "m1", channelId: "mail" },
  ]);
  const claims = await claim(db, 10, [...HOOK, { channelId: "mail", free: 1 }]);
  const by = Object.fromEntries(claims.map((one) => [one.key, one]));
  if (by["a1"]) await recordSent(db, by["a1"], at(11));
  if (by["m1"]) await recordFailure(db, by["m1"], { reason: "smtp-550", next: null }, at(12));
  expect(await countDeliveries(db, at(20))).toEqual([
    { channelId: "hook", owed: 2, oldestOwedAt: at(5), sentLastDay: 1, failedLastDay: 0 },
    { channelId: "mail", owed: 0, oldestOwedAt: null, sentLastDay: 0, failedLastDay: 1 },
  ]);
  expect(await countDeliveries(db, at(90_000))).toMatchObject([
    { channelId: "hook", owed: 2, sentLastDay: 0 },
  ]);
});

test("what is old and done is forgotten, what is owed never", async () => {
  const { db } = await freshDb();
  await owe(db, [{ key: "a1" }, { key: "a2" }, { key: "b1", incidentId: "inc000000002" }]);
  const [a1, b1] = await claim(db, 1);
  if (a1) await recordSent(db, a1, at(2));
  if (b1) await recordFailure(db, b1, { reason: "x", next: null }, at(3));
  expect(await forgetDeliveries(db, at(3), 100)).toBe(1);
  expect(await forgetDeliveries(db, at(1_000), 100)).toBe(1);
  expect(await forgetDeliveries(db, at(1_000_000), 100)).toBe(0);
  expect(await db("deliveries").pluck("key")).toEqual(["a2"]);
});
