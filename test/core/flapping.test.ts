import fc from "fast-check";
import { expect, test } from "vitest";
import {
  changeIn,
  isUnstable,
  NO_HISTORY,
  remember,
  type History,
} from "../../src/core/flapping.js";
import { isFlapping, observe, unseen, type Health, type Outcome } from "../../src/core/health.js";

const after = (looks: string, before: History = NO_HISTORY): History =>
  Array.from(looks).reduce((history, look) => remember(history, look === "x"), before);

test("no change is none, all changes are all, and what is newer counts more", () => {
  expect(changeIn(after("....................."))).toBe(0);
  expect(changeIn(after("xxxxxxxxxxxxxxxxxxxxx"))).toBe(0);
  expect(changeIn(after(".x.x.x.x.x.x.x.x.x.x."))).toBeCloseTo(100, 9);
  expect(changeIn(after(".x..................."))).toBeLessThan(
    changeIn(after("...................x.")),
  );
  expect(changeIn(after("....................x"))).toBeCloseTo(6, 9);
  expect(changeIn(after(".xxxxxxxxxxxxxxxxxxxx"))).toBeCloseTo(4, 9);
});

test("what was before the first look is no change", () => {
  expect(changeIn(after("x"))).toBe(0);
  expect(changeIn(after("xxx"))).toBe(0);
});

test("two outages are none too many, three are, and it takes a while to be steady again", () => {
  expect(isUnstable(after("........xx....xx....."), false)).toBe(false);
  const third = after(".....xx....xx....xx..");
  expect(isUnstable(third, false)).toBe(true);
  expect(isUnstable(after("......", third), true)).toBe(true);
  expect(isUnstable(after("......", third), false)).toBe(false);
  expect(isUnstable(after("............", third), true)).toBe(false);
});

test("it is always a share, and forgets what is long past", () => {
  const looks = fc.array(fc.constantFrom("x", "."), { maxLength: 60 }).map((all) => all.join(""));
  fc.assert(
    fc.property(looks, (given) => {
      const change = changeIn(after(given));
      expect(change).toBeGreaterThanOrEqual(0);
      expect(change).toBeLessThanOrEqual(100.000_001);
      expect(changeIn(after(given.slice(-21)))).toBeCloseTo(change, 9);
    }),
  );
});

const CONFIRM = { failures: 2, recheckMs: 5_000, recoveries: 2 };

/** The health after each of these looks, a minute apart. */
function watch(looks: string): Health[] {
  let health = unseen(0);
  return Array.from(looks).map((look, n) => {
    const outcome: Outcome = look === "x" ? "down" : look === "?" ? "unknown" : "up";
    const at = (n + 1) * 60_000;
    ({ health } = observe(health, { at, outcome, reason: outcome }, CONFIRM, 150_000));
    return health;
  });
}
const brief = ({ state, reason }: Health): string => `${state} ${reason}`;

test("a monitor that fails every other look is unstable, though nothing was ever confirmed", () => {
  const last = watch("...x.x.x.x.x").at(-1);
  expect(last && brief(last)).toBe("degraded unstable");
  expect(last && isFlapping(last)).toBe(true);
});

test("an unstable one that is down is down, and is not fine before it has been steady", () => {
  const seen = watch("..xx..xx..xx..xxxx......");
  expect(brief(seen[17] ?? unseen(0))).toBe("down down");
  expect(brief(seen[20] ?? unseen(0))).toBe("degraded unstable");
  expect(seen.slice(12).every(isFlapping)).toBe(true);
  const steady = watch("..xx..xx..xx..xxxx......................").at(-1);
  expect(steady && brief(steady)).toBe("up up");
  expect(steady && isFlapping(steady)).toBe(false);
});

test("changes while what it stands on is down are not its own", () => {
  let health = unseen(0);
  for (const [n, look] of Array.from("...x.x.x.x.x.x").entries())
    ({ health } = observe(
      health,
      { at: (n + 1) * 60_000, outcome: look === "x" ? "down" : "up", reason: "r" },
      CONFIRM,
      150_000,
      n < 2,
    ));
  expect(isFlapping(health)).toBe(false);
});

test("one outage with one recovery is no instability, nor is blindness", () => {
  expect(watch("...xxxxxx.....").some(isFlapping)).toBe(false);
  expect(watch(".?.?.?.?.?.?.?.?.?").some(isFlapping)).toBe(false);
});
