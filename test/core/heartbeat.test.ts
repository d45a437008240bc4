import fc from "fast-check";
import { DateTime } from "luxon";
import { expect, test } from "vitest";
import { readCron } from "../../src/core/cron.js";
import {
  emptyBook,
  judgeBeats,
  note,
  type Beat,
  type Book,
  type Expectation,
} from "../../src/core/heartbeat.js";

const MINUTE = 60_000;
/** Every hour, with ten minutes of grace and half an hour for a run. */
const hourly: Expectation = {
  rhythm: { kind: "period", periodMs: 60 * MINUTE },
  graceMs: 10 * MINUTE,
  longestMs: null,
};
const measured: Expectation = { ...hourly, longestMs: 30 * MINUTE };

const beat = (
  minutes: number,
  signal: Beat["signal"] = "success",
  more: Partial<Beat> = {},
): Beat => ({ at: minutes * MINUTE, signal, exitStatus: null, run: null, ms: null, ...more });
const bookOf = (...beats: Beat[]): Book => beats.reduce(note, emptyBook(0));

const verdictAt = (
  book: Book,
  minutes: number,
  expected: Expectation = hourly,
  more: { listeningSince?: number; wasSilent?: boolean } = {},
): string => {
  const { verdict } = judgeBeats(book, expected, {
    now: minutes * MINUTE,
    listeningSince: -1e9,
    wasSilent: false,
    ...more,
  });
  return verdict ? `${verdict.outcome} ${verdict.reason}` : "pending";
};

test.each<[name: string, book: Book, minutes: number, expected: string]>([
  ["never heard of and not due yet is pending", bookOf(), 69, "pending"],
  [
    "never heard of is missing after a period and its grace",
    bookOf(),
    70,
    "down heartbeat-missing",
  ],
  ["in time is up", bookOf(beat(5)), 64, "up ok"],
  ["due and within its grace is late, and up", bookOf(beat(5)), 65, "up heartbeat-late"],
  ["later than its grace is missing", bookOf(beat(5)), 75, "down heartbeat-missing"],
  ["a beat after that is up again", bookOf(beat(5), beat(80)), 80, "up ok"],
  ["a failure is down at once", bookOf(beat(5), beat(9, "fail")), 9, "down heartbeat-failed"],
  ["and stays it", bookOf(beat(5), beat(9, "fail")), 500, "down heartbeat-failed"],
  ["until the next success", bookOf(beat(9, "fail"), beat(10)), 10, "up ok"],
  [
    "a start takes no failure away",
    bookOf(beat(9, "fail"), beat(10, "start")),
    11,
    "down heartbeat-failed",
  ],
  ["a log entry says nothing", bookOf(beat(5), beat(70, "log")), 75, "down heartbeat-missing"],
  ["a start alone is no success", bookOf(beat(5, "start")), 60, "pending"],
  [
    "a start buys no time by itself",
    bookOf(beat(5), beat(64, "start")),
    75,
    "down heartbeat-missing",
  ],
])("a job %s", (_name, book, minutes, expected) => {
  expect(verdictAt(book, minutes)).toBe(expected);
});

test.each<[name: string, book: Book, minutes: number, expected: string]>([
  [
    "is given its longest time, also beyond the grace",
    bookOf(beat(5), beat(64, "start")),
    90,
    "up heartbeat-late",
  ],
  [
    "is down as overlong once that is over, too",
    bookOf(beat(5), beat(64, "start")),
    94,
    "down heartbeat-overlong",
  ],
  [
    "is degraded as overlong while no success is due",
    bookOf(beat(5), beat(6, "start")),
    36,
    "degraded heartbeat-overlong",
  ],
  ["and is up again when it ends", bookOf(beat(5), beat(6, "start"), beat(40)), 40, "up ok"],
  [
    "counts from its latest start",
    bookOf(beat(5), beat(6, "start"), beat(30, "start")),
    50,
    "up ok",
  ],
])("a run that said it began %s", (_name, book, minutes, expected) => {
  expect(verdictAt(book, minutes, measured)).toBe(expected);
});

test("silence counts only after we have listened for a grace ourselves", () => {
  const book = bookOf(beat(5));
  const since = { listeningSince: 100 * MINUTE };
  expect(verdictAt(book, 109, hourly, since)).toBe("unknown heartbeat-unheard");
  expect(verdictAt(book, 110, hourly, since)).toBe("down heartbeat-missing");
  expect(verdictAt(book, 109, hourly, { ...since, wasSilent: true })).toBe(
    "down heartbeat-missing",
  );
  // Before it is due our break is of no account.
  expect(verdictAt(book, 60, hourly, { listeningSince: 59 * MINUTE })).toBe("up ok");
  const brief = { ...hourly, graceMs: 1_000 };
  expect(verdictAt(book, 100.1, brief, since)).toBe("unknown heartbeat-unheard");
});

test("the moments at which time alone changes something are named", () => {
  const times: number[] = [];
  const book = bookOf(beat(0), beat(50, "start"));
  for (let now = 50 * MINUTE; ;) {
    const { until } = judgeBeats(book, measured, {
      now,
      listeningSince: 55 * MINUTE,
      wasSilent: false,
    });
    if (until === null) break;
    expect(until).toBeGreaterThan(now);
    times.push(until / MINUTE);
    now = until;
  }
  expect(times).toEqual([60, 65, 70, 80]);
});

test("a run is measured from its own start", () => {
  expect(bookOf(beat(1, "start"), beat(4)).ms).toBe(3 * MINUTE);
  expect(bookOf(beat(4)).ms).toBeNull();
  expect(bookOf(beat(4, "success", { ms: 250 })).ms).toBe(250);
  const [a, b] = [{ run: "a" }, { run: "b" }];
  const overlapping = bookOf(beat(1, "start", a), beat(2, "start", b), beat(5, "success", a));
  expect(overlapping).toMatchObject({ ms: null, started: { run: "b" } });
  expect(note(overlapping, beat(6, "success", b))).toMatchObject({ ms: 4 * MINUTE, started: null });
  expect(bookOf(beat(1, "start", a), beat(5)).started).toBeNull();
  expect(bookOf(beat(1, "start", a), beat(5, "fail", b)).started).toBeNull();
});

test("beats may come late, twice and in any order", () => {
  const signals = fc.constantFrom<Beat["signal"]>("success", "start", "fail", "log");
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ at: fc.integer({ min: 1, max: 50 }), signal: signals }), {
        selector: ({ at }) => at,
        maxLength: 8,
      }),
      fc.infiniteStream(fc.nat()),
      (given, chance) => {
        const beats = given.map(({ at, signal }) => beat(at, signal));
        const ordered = bookOf(...beats.toSorted((a, b) => a.at - b.at));
        const mixed = [...beats, ...beats].toSorted(() => ((chance.next().value ?? 0) % 3) - 1);
        const late = bookOf(...mixed);
        expect(late.endedAt).toBe(ordered.endedAt);
        expect(late.failing).toEqual(ordered.failing);
        expect(late.started).toEqual(ordered.started);
      },
    ),
  );
});

const ZONE = "Europe/Budapest";
const local = (text: string): number => DateTime.fromISO(text, { zone: ZONE }).toMillis();
const nightly = (cron: string): Expectation => {
  const read = readCron(cron);
  if (!read) throw new Error(cron);
  return {
    rhythm: { kind: "cron", cron: read, zone: ZONE },
    graceMs: 30 * MINUTE,
    longestMs: null,
  };
};
const standsAt = (last: string, now: string, cron = "30 2 * * *"): string =>
  verdictAt(bookOf(beat(local(last) / MINUTE)), local(now) / MINUTE, nightly(cron));

test.each<[name: string, last: string, now: string, expected: string]>([
  ["is up all day", "2026-11-20T02:31", "2026-11-21T02:29", "up ok"],
  ["is late from its hour on", "2026-11-20T02:31", "2026-11-21T02:30", "up heartbeat-late"],
  ["is missing after its grace", "2026-11-20T02:31", "2026-11-21T03:00", "down heartbeat-missing"],
  ["whose beat came seconds early has beaten", "2026-11-21T02:29:40", "2026-11-21T20:00", "up ok"],
  ["left out by the change is awaited at it", "2026-03-28T02:31", "2026-03-29T01:59", "up ok"],
  [
    "is not missing before its grace after it",
    "2026-03-28T02:31",
    "2026-03-29T03:29",
    "up heartbeat-late",
  ],
  ["is missing then", "2026-03-28T02:31", "2026-03-29T03:30", "down heartbeat-missing"],
  [
    "that ran at the change is not asked for again",
    "2026-03-29T03:00:05",
    "2026-03-29T12:00",
    "up ok",
  ],
  [
    "is not awaited in the hour that comes twice",
    "2026-10-25T02:30:05+02:00",
    "2026-10-25T03:30",
    "up ok",
  ],
])("a nightly job %s", (_name, last, now, expected) => {
  expect(standsAt(last, now)).toBe(expected);
});

test("a job of every minute is still asked for every minute", () => {
  expect(standsAt("2026-11-21T10:00:58", "2026-11-21T10:01:30", "* * * * *")).toBe("up ok");
  expect(standsAt("2026-11-21T10:00:02", "2026-11-21T10:01:30", "* * * * *")).toBe(
    "up heartbeat-late",
  );
});
