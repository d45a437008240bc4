import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  boundsOf,
  daysOf,
  spansOf,
  uptimeOf,
  type Day,
  type Spell,
} from "../../src/core/uptime.js";

const at = (iso: string) => new Date(iso);
const now = at("2026-11-21T12:00:00Z");
const spell = (status: Spell["status"], since: string, until: string | null = null): Spell => ({
  status,
  since: at(since),
  until: until === null ? null : at(until),
});
const short = (spells: Spell[]) =>
  spansOf(spells, now).map(
    ({ status, from, to }) =>
      `${status} ${new Date(from).toISOString().slice(11, 16)}-${new Date(to).toISOString().slice(11, 16)}`,
  );

test.each<[name: string, spells: Spell[], expected: string[]]>([
  ["nothing is known of what has no spells", [], []],
  [
    "blindness covers what was fine",
    [
      spell("operational", "2026-11-21T08:00Z"),
      spell("unknown", "2026-11-21T09:00Z", "2026-11-21T10:00Z"),
    ],
    ["operational 08:00-09:00", "unknown 09:00-10:00", "operational 10:00-12:00"],
  ],
  [
    "a known outage stays one while nobody can see it",
    [
      spell("operational", "2026-11-21T08:00Z", "2026-11-21T09:00Z"),
      spell("major_outage", "2026-11-21T09:00Z", "2026-11-21T11:00Z"),
      spell("operational", "2026-11-21T11:00Z"),
      spell("unknown", "2026-11-21T10:00Z", "2026-11-21T11:30Z"),
    ],
    [
      "operational 08:00-09:00",
      "major_outage 09:00-11:00",
      "unknown 11:00-11:30",
      "operational 11:30-12:00",
    ],
  ],
  [
    "a group is as bad as its worst member in each moment",
    [
      spell("operational", "2026-11-21T08:00Z"),
      spell("partial_outage", "2026-11-21T08:00Z", "2026-11-21T09:00Z"),
      spell("degraded_performance", "2026-11-21T08:30Z", "2026-11-21T09:30Z"),
    ],
    ["partial_outage 08:00-09:00", "degraded_performance 09:00-09:30", "operational 09:30-12:00"],
  ],
  [
    "what lies in the future does not count yet",
    [
      spell("operational", "2026-11-21T11:00Z", "2026-11-21T13:00Z"),
      spell("unknown", "2026-11-22T00:00Z"),
    ],
    ["operational 11:00-12:00"],
  ],
])("spans: %s", (_name, spells, expected) => {
  expect(short(spells)).toEqual(expected);
});

const hours = (day: Day | undefined) =>
  day && Object.values(day.seconds).reduce((sum, seconds) => sum + seconds, 0) / 3600;

test.each<[name: string, timezone: string, now: string, date: string, length: number]>([
  ["spring's day has 23 hours", "Europe/Budapest", "2026-03-30T12:00:00Z", "2026-03-29", 23],
  ["autumn's day has 25 hours", "Europe/Budapest", "2026-10-26T12:00:00Z", "2026-10-25", 25],
  [
    "a day without its midnight begins later",
    "Africa/Cairo",
    "2026-04-25T12:00:00Z",
    "2026-04-24",
    23,
  ],
  [
    "a zone of half hours is cut at its own midnight",
    "Asia/Kolkata",
    "2026-11-20T18:31:00Z",
    "2026-11-20",
    24,
  ],
])("days: %s", (_name, timezone, when, date, length) => {
  const days = daysOf([], boundsOf(timezone, at(when)));
  expect(hours(days.find((day) => day.date === date))).toBe(length);
});

test("days: ninety of them end with today, which ends now", () => {
  const days = daysOf(
    spansOf([spell("operational", "2026-11-20T11:00Z")], now),
    boundsOf("Europe/Budapest", now),
  );
  expect(days).toHaveLength(90);
  expect(days[0]?.date).toBe("2026-08-24");
  expect(days[88]?.seconds).toMatchObject({ noData: 12 * 3600, operational: 12 * 3600 });
  expect(days[89]).toMatchObject({ date: "2026-11-21", seconds: { operational: 13 * 3600 } });
});

test("days: a spell over midnight is shared between its days", () => {
  const spans = spansOf(
    [
      spell("operational", "2026-08-01T00:00Z"),
      spell("major_outage", "2026-11-19T22:30Z", "2026-11-20T00:00Z"),
    ],
    now,
  );
  const days = daysOf(spans, boundsOf("Europe/Budapest", now));
  expect(days[87]?.seconds.major_outage).toBe(1800);
  expect(days[88]?.seconds.major_outage).toBe(3600);
});

describe("uptime", () => {
  const day = (seconds: Partial<Day["seconds"]>): Day => ({
    date: "2026-11-21",
    seconds: {
      operational: 0,
      under_maintenance: 0,
      degraded_performance: 0,
      partial_outage: 0,
      major_outage: 0,
      unknown: 0,
      noData: 0,
      ...seconds,
    },
  });

  test.each<[name: string, seconds: Partial<Day["seconds"]>, expected: number | null]>([
    ["is not known where nothing was seen", { unknown: 500, noData: 86_400 }, null],
    ["is full without an outage", { operational: 86_400 }, 100],
    ["loses all of a major outage", { operational: 900, major_outage: 100 }, 90],
    ["loses 30 % of a partial outage", { operational: 900, partial_outage: 100 }, 97],
    [
      "loses nothing to slowness or planned work",
      { degraded_performance: 1, under_maintenance: 1 },
      100,
    ],
    [
      "leaves out what was not seen or not watched yet",
      { operational: 50, major_outage: 50, unknown: 900, noData: 900 },
      50,
    ],
    ["is cut, not rounded: 99.999 is 99.99", { operational: 99_999, major_outage: 1 }, 99.99],
    [
      "is never 100 after the shortest outage",
      { operational: 7_775_999.999, partial_outage: 0.001 },
      99.99,
    ],
  ])("%s", (_name, seconds, expected) => {
    expect(uptimeOf([day(seconds)])).toBe(expected);
  });
});

test("days: every moment of ninety days is counted once, whatever happened", () => {
  const status = fc.constantFrom<Spell["status"]>(
    "operational",
    "unknown",
    "partial_outage",
    "major_outage",
  );
  const spells = fc.array(
    fc.record({
      status,
      from: fc.integer({ min: 0, max: 8e9 }),
      length: fc.integer({ min: 0, max: 8e8 }),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(spells, (some) => {
      const spans = spansOf(
        some.map(({ status, from, length }) => ({
          status,
          since: new Date(now.getTime() - from),
          until: new Date(now.getTime() - from + length),
        })),
        now,
      );
      const days = daysOf(spans, boundsOf("Europe/Budapest", now));
      const total = days.reduce((sum, day) => sum + (hours(day) ?? 0), 0);
      const expected = (now.getTime() - at("2026-08-23T22:00:00Z").getTime()) / 3_600_000;
      expect(total).toBeCloseTo(expected, 6);
      for (const { seconds } of days)
        for (const part of Object.values(seconds)) expect(part).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 25 },
  );
});
