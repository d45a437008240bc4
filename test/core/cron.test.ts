import fc from "fast-check";
import { DateTime } from "luxon";
import { expect, test } from "vitest";
import { nextTime, readCron } from "../../src/core/cron.js";

const at = (text: string, zone: string): number => DateTime.fromISO(text, { zone }).toMillis();
const next = (cron: string, after: string, zone = "Europe/Budapest"): string => {
  const read = readCron(cron);
  const found = read && nextTime(read, at(after, zone), zone);
  const time = found ? DateTime.fromMillis(found, { zone }) : null;
  return time?.toISO({ suppressMilliseconds: true }) ?? "-";
};

test.each<[cron: string, after: string, expected: string]>([
  ["*/15 * * * *", "2026-11-21T10:00", "2026-11-21T10:15:00+01:00"],
  ["*/15 * * * *", "2026-11-21T10:14:59.999", "2026-11-21T10:15:00+01:00"],
  ["0 2 * * *", "2026-11-21T02:00", "2026-11-22T02:00:00+01:00"],
  ["30 4 1 * *", "2026-11-21T10:00", "2026-12-01T04:30:00+01:00"],
  ["0 0 29 feb *", "2026-11-21T10:00", "2028-02-29T00:00:00+01:00"],
  ["0 9 * * mon-fri", "2026-11-20T10:00", "2026-11-23T09:00:00+01:00"],
  ["0 9 * * 7", "2026-11-20T10:00", "2026-11-22T09:00:00+01:00"],
  ["0 9 13 * fri", "2026-11-08T10:00", "2026-11-13T09:00:00+01:00"],
  ["0 9 20 * fri", "2026-11-13T10:00", "2026-11-20T09:00:00+01:00"],
  ["0 9 */2 * mon", "2026-11-21T10:00", "2026-11-23T09:00:00+01:00"],
  ["5/20 3 * * *", "2026-11-21T03:05", "2026-11-21T03:25:00+01:00"],
  ["@weekly", "2026-11-21T10:00", "2026-11-22T00:00:00+01:00"],
])("%s after %s is due at %s", (cron, after, expected) => {
  expect(next(cron, after)).toBe(expected);
});

test.each<[name: string, cron: string, after: string, zone: string, expected: string]>([
  [
    "a fixed time that is left out is due at the change",
    "30 2 * * *",
    "2026-03-28T12:00",
    "Europe/Budapest",
    "2026-03-29T03:00:00+02:00",
  ],
  [
    "and only once",
    "30 2 * * *",
    "2026-03-29T03:00",
    "Europe/Budapest",
    "2026-03-30T02:30:00+02:00",
  ],
  [
    "a fixed time that comes twice is due the first time",
    "30 2 * * *",
    "2026-10-24T12:00",
    "Europe/Budapest",
    "2026-10-25T02:30:00+02:00",
  ],
  [
    "and not the second",
    "30 2 * * *",
    "2026-10-25T00:30:00Z",
    "Europe/Budapest",
    "2026-10-26T02:30:00+01:00",
  ],
  [
    "what runs every hour runs in both",
    "30 * * * *",
    "2026-10-25T00:30:00Z",
    "Europe/Budapest",
    "2026-10-25T02:30:00+01:00",
  ],
  [
    "and skips what is left out",
    "30 * * * *",
    "2026-03-29T01:30",
    "Europe/Budapest",
    "2026-03-29T03:30:00+02:00",
  ],
  [
    "half an hour of change is one, too",
    "15 2 * * *",
    "2026-10-03T12:00",
    "Australia/Lord_Howe",
    "2026-10-04T02:30:00+11:00",
  ],
  [
    "a midnight that does not exist is due at the change",
    "0 0 * * *",
    "2026-09-05T12:00",
    "America/Santiago",
    "2026-09-06T01:00:00-03:00",
  ],
])("%s", (_name, cron, after, zone, expected) => {
  expect(next(cron, after, zone)).toBe(expected);
});

test.each([
  "",
  "* * * *",
  "* * * * * *",
  "60 * * * *",
  "* 24 * * *",
  "* * 0 * *",
  "* * * 13 *",
  "* * * * 8",
  "5-1 * * * *",
  "*/0 * * * *",
  "1,,2 * * * *",
  "0 0 31 2 *",
  "0 0 30 feb *",
  "@reboot",
  "1-2-3 * * * *",
  "mon * * * *",
])("%j is no cron expression", (text) => {
  expect(readCron(text)).toBeNull();
});

test("it finds what a search minute by minute finds, also around the changes of the clock", () => {
  const zone = "Europe/Budapest";
  const field = (least: number, most: number) =>
    fc.oneof(
      fc.constant("*"),
      fc.integer({ min: least, max: most }).map(String),
      fc.integer({ min: 2, max: 20 }).map((step) => `*/${step}`),
    );
  fc.assert(
    fc.property(
      field(0, 59),
      field(0, 23),
      fc.integer({ min: 0, max: 400 * 1_440 }),
      (minute, hour, minutes) => {
        const cron = readCron(`${minute} ${hour} * * *`);
        const after = at("2026-01-01T00:00", zone) + minutes * 60_000 + 17;
        const found = cron && nextTime(cron, after, zone);
        if (!cron || found === null) throw new Error("none");
        expect(found).toBeGreaterThan(after);
        // Never later than the first minute whose clock fits.
        for (let ms = after - 17 + 60_000; ms < found; ms += 60_000) {
          const { hour: h, minute: m, offset } = DateTime.fromMillis(ms, { zone });
          const again = DateTime.fromMillis(ms - 3_600_000, { zone });
          const isSecond = again.hour === h && again.offset !== offset && !cron.runs;
          expect(cron.hours.includes(h) && cron.minutes.includes(m) && !isSecond).toBe(false);
        }
      },
    ),
    { numRuns: 300 },
  );
});
