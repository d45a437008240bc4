import fc from "fast-check";
import { expect, test } from "vitest";
import { hoursFor, HOUR_MS, judgeCreep, type Creep, type Hour } from "../../src/core/creep.js";
import {
  gapOf,
  heed,
  observe,
  ownState,
  unseen,
  wantsRecheck,
  type Health,
  type Outcome,
} from "../../src/core/health.js";

const WEEK_H = 7 * 24;

/** Judges each hour of a series after its first week; what was concluded at the end of each. */
function judgeAll(hours: readonly (Hour | null)[]): { hour: number; creep: Creep | null }[] {
  const known = new Map(hours.flatMap((hour) => (hour ? [[hour.at, hour] as const] : [])));
  let creep: Creep | null = null;
  return hours.flatMap((_, n) => {
    const last = n * HOUR_MS;
    const its = hoursFor(last).flatMap((at) => known.get(at) ?? []);
    const before = creep;
    creep = judgeCreep(its, last, before);
    return n < WEEK_H ? [] : [{ hour: n, creep }];
  });
}

/** Hours of so many looks, with a median by the hour of the series and no failure but `bad`. */
const series = (
  length: number,
  medianMs: (n: number) => number,
  { looks = 60, bad = () => 0 }: { looks?: number; bad?: (n: number) => number } = {},
): Hour[] =>
  Array.from({ length }, (_, n) => ({
    at: n * HOUR_MS,
    looks,
    bad: bad(n),
    medianMs: medianMs(n),
  }));

/** How often it began to creep. */
const alarms = (judged: readonly { creep: Creep | null }[]): number =>
  judged.filter(({ creep }, n) => creep && !judged[n - 1]?.creep).length;
const firstAlarm = (judged: readonly { hour: number; creep: Creep | null }[]): number | undefined =>
  judged.find(({ creep }) => creep)?.hour;

/** mulberry32: the same noise every time. */
function noise(seed: number) {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

/** The median of so many log-normal latencies, and how many looks of those fail. */
function noisyHours(
  hours: number,
  {
    seed,
    looks,
    share,
    level = () => 200,
  }: {
    readonly seed: number;
    readonly looks: number;
    readonly share: number;
    readonly level?: (n: number) => number;
  },
): Hour[] {
  const { uniform, normal } = noise(seed);
  return Array.from({ length: hours }, (_, n) => {
    const all = Array.from({ length: looks }, () => level(n) * Math.exp(0.35 * normal()));
    const bad = all.filter(() => uniform() < share).length;
    const medianMs = all.toSorted((a, b) => a - b)[looks >> 1] ?? 0;
    return { at: n * HOUR_MS, looks, bad, medianMs };
  });
}

const isWorkday = (n: number): boolean => Math.floor(n / 24) % 7 < 5;
const busy = (n: number): number => (isWorkday(n) && n % 24 >= 8 && n % 24 < 17 ? 2 : 1);

test("steady noise alarms nobody: half a year of six monitors, rare looks and many, some failing", () => {
  const hours = 183 * 24;
  const counted = [12, 60].flatMap((looks) =>
    [0, 0.01, 0.05].map((share, n) =>
      alarms(
        judgeAll(
          noisyHours(hours, { seed: looks * 10 + n, looks, share, level: (at) => 100 * busy(at) }),
        ),
      ),
    ),
  );
  expect(counted).toEqual([0, 0, 0, 0, 0, 0]);
});

test("twice as slow is said within three hours, also in noise, and dated to its first hour", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const from = 9 * 24 + seed;
    const judged = judgeAll(
      noisyHours(12 * 24, { seed, looks: 60, share: 0, level: (n) => (n < from ? 150 : 300) }),
    );
    expect(firstAlarm(judged)).toBe(from + 1);
    expect(judged.find(({ creep }) => creep)?.creep).toMatchObject({
      reason: "slower-than-usual",
      since: from * HOUR_MS,
    });
  }
});

test("each look more that fails in ten is said, though none was ever confirmed", () => {
  const from = 9 * 24;
  const judged = judgeAll(series(10 * 24, () => 100, { bad: (n) => (n < from ? n % 2 : 7) }));
  expect(judged.find(({ creep }) => creep)?.creep).toMatchObject({
    reason: "failing-more-than-usual",
    since: from * HOUR_MS,
    value: 7 / 60,
  });
  expect(firstAlarm(judged)).toBe(from + 1);
});

test("one slow hour is nothing, and two fine ones in a row are the end", () => {
  const slow = (hours: readonly number[]) => (n: number) => (hours.includes(n - 200) ? 400 : 100);
  const one = judgeAll(series(220, slow([0, 2, 4])));
  expect(alarms(one)).toBe(0);
  const judged = judgeAll(series(220, slow([0, 1, 3, 4])));
  expect(judged.filter(({ creep }) => creep).map(({ hour }) => hour - 200)).toEqual([
    1, 2, 3, 4, 5,
  ]);
});

test("what is half back is not back", () => {
  const judged = judgeAll(
    series(230, (n) => (n < 200 ? 100 : n < 205 ? 400 : n < 210 ? 140 : 110)),
  );
  expect(judged.filter(({ creep }) => creep).map(({ hour }) => hour)).toEqual(
    Array.from({ length: 10 }, (_, n) => 201 + n),
  );
});

test.each<[name: string, medianMs: (n: number) => number]>([
  ["the busy hours of each day", (n) => (n % 24 >= 8 && n % 24 < 18 ? 400 : 100)],
  ["the busy hours of workdays", (n) => 100 * busy(n) ** 2],
  ["the backup of Sunday night", (n) => (n % WEEK_H >= 146 && n % WEEK_H < 150 ? 2_000 : 100)],
  ["a few milliseconds", (n) => (n < 400 ? 2 : 5)],
  ["half a second that varies by a third", (n) => 500 + 160 * Math.sin(n / 5)],
])("%s are usual", (_name, medianMs) => {
  expect(alarms(judgeAll(series(6 * WEEK_H, medianMs)))).toBe(0);
});

test("what stays so for four days is the new usual, and what was before it is fine", () => {
  const judged = judgeAll(series(4 * WEEK_H, (n) => (n < 200 || n >= 400 ? 100 : 300)));
  const creeping = judged.filter(({ creep }) => creep).map(({ hour }) => hour);
  expect(creeping[0]).toBe(201);
  expect((creeping.at(-1) ?? 0) - 200).toBeGreaterThan(3 * 24);
  expect((creeping.at(-1) ?? 0) - 200).toBeLessThanOrEqual(4 * 24);
});

test("without five days nothing is usual, and an hour that says nothing ends nothing", () => {
  const young = series(WEEK_H, (n) => (n < 100 ? 100 : 900)).slice(0, 110);
  let creep: Creep | null = null;
  for (const { at } of young) creep = judgeCreep(young, at, creep);
  expect(creep).toBeNull();
  const gone = new Set([203, 204, 206]);
  const judged = judgeAll(
    series(215, (n) => (n < 200 ? 100 : n < 203 ? 400 : 100)).map((hour, n) =>
      gone.has(n) ? null : hour,
    ),
  );
  expect(judged.filter(({ creep }) => creep).map(({ hour }) => hour)).toEqual([
    201, 202, 203, 204, 205, 206, 207,
  ]);
});

test("judging is steady: the same hour again says the same, and a limit is never below the usual", () => {
  const values = fc.array(fc.double({ min: 0.1, max: 5_000, noNaN: true }), {
    minLength: 200,
    maxLength: 200,
  });
  fc.assert(
    fc.property(values, fc.nat(60), (medians, bad) => {
      const hours = series(200, (n) => medians[n] ?? 1, { bad: (n) => (n > 197 ? bad : 0) });
      const once = judgeCreep(hours, 199 * HOUR_MS, null);
      expect(judgeCreep(hours, 199 * HOUR_MS, once)).toEqual(once);
      const { value, limit, usual } = once ?? { value: 2, limit: 1, usual: 0 };
      expect([value > limit, limit > usual]).toEqual([true, true]);
    }),
  );
});

const CONFIRM = { failures: 2, recheckMs: 5_000, recoveries: 2 };
const MINUTE = 60_000;
const SLOWER: Creep = {
  reason: "slower-than-usual",
  since: 4 * MINUTE,
  value: 400,
  usual: 100,
  limit: 150,
};
const LETTERS: Readonly<Record<string, readonly [Outcome, string]>> = {
  u: ["up", "ok"],
  d: ["down", "refused"],
  g: ["degraded", "slow"],
};

/** Looks a minute apart, from minute `from` on. */
function look(health: Health, looks: string, from: number): Health[] {
  let now = health;
  return looks.split("").map((letter, n) => {
    const [outcome, reason] = LETTERS[letter] ?? ["unknown", "blind"];
    const at = (from + n) * MINUTE;
    now = observe(now, { at, outcome, reason }, CONFIRM, gapOf(MINUTE, 10_000)).health;
    return now;
  });
}
const fine = (): Health => look(unseen(0), "uuuuuuuuuu", 1).at(-1) ?? unseen(0);
const times = { at: 11 * MINUTE, over: 11 * MINUTE };
const brief = ({ state, reason, since }: Health): string => `${state} ${reason} ${since / MINUTE}`;

test("a monitor that creeps is degraded from when it began, and shown so from when we said so", () => {
  const { health, shown, confirmed } = heed(fine(), SLOWER, times);
  expect(brief(health)).toBe("degraded slower-than-usual 4");
  expect([shown, confirmed]).toEqual([[{ state: "degraded", at: 11 * MINUTE }], true]);
  const again = heed(health, { ...SLOWER, value: 420 }, times);
  expect([again.shown, again.confirmed, again.health.creep?.value]).toEqual([[], false, 420]);
  const over = heed(health, null, { at: 20 * MINUTE, over: 15 * MINUTE });
  expect(brief(over.health)).toBe("up ok 15");
  expect([over.shown, over.confirmed]).toEqual([[{ state: "up", at: 20 * MINUTE }], true]);
});

test("looks go on: one bad one confirms nothing, two do, and it creeps on when it works again", () => {
  const { health } = heed(fine(), SLOWER, times);
  const seen = look(health, "uugguuddduuu", 12).map(brief);
  expect(seen).toEqual([
    "degraded slower-than-usual 4",
    "degraded slower-than-usual 4",
    "degraded slower-than-usual 4",
    "degraded slow 14",
    "degraded slow 14",
    "degraded slower-than-usual 16",
    "degraded slower-than-usual 16",
    "down refused 18",
    "down refused 18",
    "down refused 18",
    "degraded slower-than-usual 21",
    "degraded slower-than-usual 21",
  ]);
});

test("a first failure of what creeps is looked at again at once, as any other", () => {
  const { health } = heed(fine(), SLOWER, times);
  const [degraded = health] = look(health, "g", 12);
  expect([ownState(degraded), wantsRecheck(degraded, CONFIRM)]).toEqual(["up", true]);
});

test("what is really down stays so, whatever the week says, and is up when both are over", () => {
  const down = look(fine(), "dd", 11).at(-1) ?? fine();
  const { health, confirmed } = heed(down, SLOWER, times);
  expect([brief(health), confirmed]).toEqual(["down refused 11", false]);
  const over = heed(health, null, { at: 14 * MINUTE, over: 14 * MINUTE }).health;
  expect(look(over, "uu", 15).map(brief)).toEqual(["down refused 11", "up ok 15"]);
});
