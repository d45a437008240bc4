import { expect, test } from "vitest";
import { duration, durationText, milliseconds } from "../../probes/duration.js";

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["7d", 604_800_000],
  ["0s", 0],
])("the duration %s is %d milliseconds", (text, ms) => {
  expect(milliseconds(text)).toBe(ms);
  expect(duration().parse(text)).toBe(ms);
  expect(durationText().parse(text)).toBe(text);
});

test.each(["", "5", "5 m", "1.5h", "-1s", "1h30m", "5M", "9999999999s", 5, null])(
  "%j is no duration",
  (value) => {
    for (const type of [duration(), durationText()])
      expect(type.safeParse(value).error?.issues[0]?.message).toBe(
        "expected a duration such as 500ms, 30s, 5m, 1h or 7d",
      );
  },
);
