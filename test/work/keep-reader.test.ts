import { expect, onTestFinished, test } from "vitest";
import { newBaseline } from "../../src/core/correlate/baseline.js";
import { SHIPPED } from "../../src/core/correlate/weights.js";
import { NO_INVENTORY } from "../../src/core/inventory.js";
import { keepReader } from "../../src/work/keep-reader.js";
import { aReport } from "../support/reports.js";
import { silent } from "../support/watched.js";

const at = new Date("2026-11-22T10:00:00Z");
const around = {
  knowns: [],
  earlier: [],
  weights: SHIPPED,
  standing: [],
  baseline: newBaseline("UTC", at.getTime()),
  traced: [],
  now: at.getTime(),
};
const unread = (text: string) => {
  const report = aReport(at, { text });
  return { id: report.id, report, extraction: null, corrected: null };
};

function aReader(options: { readonly patienceMs?: number; readonly idleMs?: number } = {}) {
  let loads = 0;
  const load = () => {
    loads += 1;
    return loads === 2 ? Promise.reject(new Error("away")) : Promise.resolve(NO_INVENTORY);
  };
  const made = keepReader({ load, log: silent, ...options });
  onTestFinished(() => made.stop());
  return { ...made, loads: () => loads };
}

test("a reading that takes too long is given up with its thread, and the next has a new one", async () => {
  const reader = aReader({ patienceMs: 400 });
  const flood = Array.from({ length: 60 }, () => unread("nem megy a levelezés 550 ".repeat(700)));
  expect(await reader.read(flood, around)).toBeNull();
  await expect(reader.read([unread("Our mail does not leave.")], around)).rejects.toThrow("away");
});

test("once it was stopped it reads nothing, and starts no thread that nobody would end", async () => {
  const reader = aReader();
  const under = reader.read([unread("Our mail does not leave.")], around);
  await reader.stop();
  expect(await under).toBeNull();
  expect(await reader.read([unread("Our mail does not leave.")], around)).toBeNull();
});

test("a thread with nothing to read gives its memory back, and is there again when needed", async () => {
  const reader = aReader({ idleMs: 50 });
  const [first] = (await reader.read([unread("Our mail does not leave.")], around))?.reads ?? [];
  expect(first).toMatchObject({ ok: true });
  await new Promise((then) => setTimeout(then, 300));
  // What it knew of the inventory went with it.
  await expect(reader.read([unread("Our mail does not leave.")], around)).rejects.toThrow("away");
  expect((await reader.read([unread("Our mail does not leave.")], around))?.reads).toHaveLength(1);
  expect(reader.loads()).toBe(3);
});
