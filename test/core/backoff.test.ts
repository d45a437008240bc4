import { expect, test } from "vitest";
import { GIVE_UP_MS, nextAttempt } from "../../src/core/backoff.js";

const owedSince = new Date("2026-11-21T10:00:00Z");
const at = (ms: number): Date => new Date(owedSince.getTime() + ms);
const wait = (attempts: number, advisedMs: number | null = null, key = "msg"): number => {
  const next = nextAttempt({ key, attempts, owedSince, advisedMs }, at(1000));
  return (next?.getTime() ?? Number.NaN) - at(1000).getTime();
};

test.each([
  [1, 5_000],
  [2, 15_000],
  [3, 60_000],
  [4, 300_000],
  [5, 900_000],
  [6, 1_800_000],
  [7, 3_600_000],
  [8, 3_600_000],
  [30, 3_600_000],
])("after attempt %i a message waits about %i ms", (attempts, about) => {
  for (const key of ["a", "b", "c", "d", "e"]) {
    expect(wait(attempts, null, key)).toBeGreaterThanOrEqual(about * 0.8);
    expect(wait(attempts, null, key)).toBeLessThanOrEqual(about * 1.2);
  }
});

test("the same message always waits the same, and others differ", () => {
  expect(wait(3)).toBe(wait(3));
  const waits = new Set(Array.from({ length: 50 }, (_, n) => wait(4, null, `msg${n}`)));
  expect(waits.size).toBeGreaterThan(45);
});

test("an advised wait is never undercut", () => {
  for (const attempts of [1, 2, 3, 8])
    for (const advised of [0, 100, 60_000, 7_200_000])
      expect(wait(attempts, advised)).toBeGreaterThanOrEqual(advised);
});

test("a short advised wait does not make late attempts frequent", () => {
  expect(wait(8, 1)).toBeGreaterThan(2_800_000);
});

test("a message is given up after a day, but never before five attempts", () => {
  const tried = (attempts: number, ms: number) =>
    nextAttempt({ key: "msg", attempts, owedSince, advisedMs: null }, at(ms));
  expect(tried(5, GIVE_UP_MS)).toBeNull();
  expect(tried(30, GIVE_UP_MS - 1)).not.toBeNull();
  expect(tried(4, GIVE_UP_MS * 3)).not.toBeNull();
});
