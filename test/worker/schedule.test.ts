import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSchedule, type Schedule } from "../../src/worker/schedule.js";

// The clock and its timers are driven by hand; what is scheduled is real.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const clock = (): number => performance.now();

/** Notes when each look began; a look lasts `lastsMs`. */
function watching(lastsMs = 0): { schedule: Schedule; began: Map<string, number[]> } {
  const began = new Map<string, number[]>();
  const schedule = createSchedule(clock, (id) => {
    began.set(id, [...(began.get(id) ?? []), clock()]);
    return new Promise((done) => setTimeout(done, lastsMs));
  });
  return { schedule, began };
}

const gaps = (times: readonly number[] = []): number[] =>
  times.slice(1).map((time, n) => Math.round(time - (times[n] ?? 0)));

test("looks come start to start, however long each lasts", async () => {
  const { schedule, began } = watching(700);
  schedule.put("a", 1_000);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(began.get("a")?.length).toBeGreaterThanOrEqual(99);
  expect(new Set(gaps(began.get("a")))).toEqual(new Set([1_000]));
});

test("a look that outlasts its interval is never overlapped, and the grid is kept", async () => {
  const { schedule, began } = watching(2_500);
  schedule.put("a", 1_000);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(new Set(gaps(began.get("a")))).toEqual(new Set([3_000]));
  expect(schedule.running).toBeLessThanOrEqual(1);
  expect(schedule.missed).toBeGreaterThan(10);
});

test("a thousand monitors are spread evenly over their interval", async () => {
  const { schedule, began } = watching();
  for (let n = 0; n < 1_000; n++) schedule.put(`m${n}`, 60_000);
  await vi.advanceTimersByTimeAsync(60_000);
  const first = [...began.values()].map(([at = 0]) => at).toSorted((a, b) => a - b);
  expect(first).toHaveLength(1_000);
  expect(Math.max(...gaps(first))).toBeLessThanOrEqual(120);
});

test("an extra look comes after its delay and leaves the grid alone", async () => {
  const { schedule, began } = watching(100);
  schedule.put("a", 60_000);
  await vi.advanceTimersByTimeAsync(1);
  const [start = 0] = began.get("a") ?? [];
  schedule.again("a", 5_000);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(began.get("a")?.map((time) => Math.round(time - start))).toEqual([0, 5_000, 60_000]);
});

test("an extra look asked for during a look waits for its end", async () => {
  const { schedule, began } = watching(8_000);
  schedule.put("a", 60_000);
  await vi.advanceTimersByTimeAsync(10);
  const [start = 0] = began.get("a") ?? [];
  schedule.again("a", 5_000);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(began.get("a")?.map((time) => Math.round((time - start) / 10) * 10)).toEqual([0, 8_000]);
});

test("an extra look asked for at once during a look outlasting its interval hangs nothing", async () => {
  const { schedule, began } = watching(2_500);
  schedule.put("a", 1_000);
  await vi.advanceTimersByTimeAsync(10);
  schedule.again("a", 0);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(began.get("a")?.length).toBeGreaterThan(2);
});

test("a dropped monitor is not looked at again, a changed interval holds at once", async () => {
  const { schedule, began } = watching();
  schedule.put("a", 1_000);
  schedule.put("b", 60_000);
  await vi.advanceTimersByTimeAsync(3_000);
  const before = began.get("a")?.length;
  schedule.drop("a");
  schedule.put("b", 1_000);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(began.get("a")?.length).toBe(before);
  expect(began.get("b")?.length).toBeGreaterThanOrEqual(9);
});

test("after a standstill what piled up is spread out, not let loose at once", async () => {
  const { schedule, began } = watching();
  for (let n = 0; n < 100; n++) schedule.put(`m${n}`, 10_000);
  await vi.advanceTimersByTimeAsync(20_000);
  began.clear();
  vi.setSystemTime(Date.now() + 60_000);
  // Timers stand still while the clock goes on, as in a process that was stopped.
  const at = clock();
  const stopped = vi.spyOn(performance, "now").mockImplementation(() => at + 60_000);
  await vi.advanceTimersByTimeAsync(200);
  stopped.mockRestore();
  expect([...began.values()].flat().length).toBeLessThan(30);
});
