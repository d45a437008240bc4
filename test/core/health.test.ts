import { expect, test } from "vitest";
import {
  gapOf,
  observe,
  shownState,
  unseen,
  wantsRecheck,
  type Confirm,
  type Health,
  type Outcome,
  type Shown,
} from "../../src/core/health.js";

const confirm: Confirm = { failures: 2, recheckMs: 5_000, recoveries: 2 };
const GAP = gapOf(60_000, 10_000);
const LETTERS: Readonly<Record<string, Outcome>> = {
  u: "up",
  d: "down",
  g: "degraded",
  x: "unknown",
};

/** Plays results 60 s apart, one letter each: up, down, degraded (g), unknown (x); `.` is none. */
function play(
  results: string,
  rule = confirm,
): { health: Health; shown: Shown[]; signals: number } {
  let health = unseen(0);
  const shown: Shown[] = [];
  let signals = 0;
  results.split("").forEach((letter, n) => {
    const outcome = LETTERS[letter];
    if (!outcome) return;
    const observed = observe(health, { at: n * 60_000 + 1, outcome, reason: outcome }, rule, GAP);
    health = observed.health;
    shown.push(...observed.shown);
    if (observed.confirmed) signals++;
  });
  return { health, shown, signals };
}

const minute = (n: number): number => n * 60_000 + 1;

test.each<[name: string, results: string, states: [string, number][]]>([
  ["the first good look makes it up", "u", [["up", 0]]],
  ["one failure changes nothing", "uudu", [["up", 0]]],
  [
    "two in a row confirm, dated to the first",
    "uudd",
    [
      ["up", 0],
      ["down", 2],
    ],
  ],
  [
    "two good ones in a row end it, dated to the first",
    "uddduu",
    [
      ["up", 0],
      ["down", 1],
      ["up", 4],
    ],
  ],
  [
    "a good one between failures does not end it",
    "uddudd",
    [
      ["up", 0],
      ["down", 1],
    ],
  ],
  [
    "failing differently confirms the milder",
    "udg",
    [
      ["up", 0],
      ["degraded", 1],
    ],
  ],
  [
    "degraded becomes down when down is confirmed",
    "uggdd",
    [
      ["up", 0],
      ["degraded", 1],
      ["down", 3],
    ],
  ],
  [
    "down becomes degraded when it recovers that far",
    "uddgg",
    [
      ["up", 0],
      ["down", 1],
      ["degraded", 3],
    ],
  ],
  [
    "down recovers as far as the worst of the good ones",
    "uddgu",
    [
      ["up", 0],
      ["down", 1],
      ["degraded", 3],
    ],
  ],
  ["never good, and failing twice, is down", "dd", [["down", 0]]],
  [
    "an unknown between failures neither counts nor breaks the run",
    "uudxd",
    [
      ["up", 0],
      ["down", 2],
    ],
  ],
  [
    "unknown alone confirms blindness and nothing else",
    "uuxx",
    [
      ["up", 0],
      ["unknown", 2],
    ],
  ],
  [
    "blindness ends with the first known look",
    "uuxxxu",
    [
      ["up", 0],
      ["unknown", 2],
      ["up", 5],
    ],
  ],
  [
    "what was down before blindness is down after it",
    "uddxxd",
    [
      ["up", 0],
      ["down", 1],
      ["unknown", 3],
      ["down", 5],
    ],
  ],
  [
    "a good look in blindness does not close what was open",
    "uddxxu",
    [
      ["up", 0],
      ["down", 1],
      ["unknown", 3],
      ["down", 5],
    ],
  ],
  [
    "a gap was not seen",
    "uu....uu",
    [
      ["up", 0],
      ["unknown", 1],
      ["up", 6],
    ],
  ],
  [
    "failures on both sides of a gap are not in a row",
    "uud....d",
    [
      ["up", 0],
      ["unknown", 2],
      ["up", 7],
    ],
  ],
])("health: %s", (_name, results, states) => {
  expect(play(results).shown).toEqual(states.map(([state, n]) => ({ state, at: minute(n) })));
});

test("health: only confirmed changes are signals", () => {
  expect(play("uuuu").signals).toBe(1);
  expect(play("uduxuxdu").signals).toBe(1);
  expect(play("uddddd").signals).toBe(2);
  expect(play("udduu").signals).toBe(3);
});

test("health: a failure that changes its reason is news", () => {
  const { health } = play("udd");
  const next = { at: minute(9), outcome: "down", reason: "refused" } as const;
  expect(observe(health, next, confirm, Infinity)).toMatchObject({
    confirmed: true,
    health: { state: "down", reason: "refused", since: minute(1) },
  });
});

test("health: a result that is not newer than the last changes nothing", () => {
  const { health } = play("uud");
  const late = { at: minute(1), outcome: "down", reason: "refused" } as const;
  expect(observe(health, late, confirm, GAP)).toEqual({ health, shown: [], confirmed: false });
});

test("health: one failure is enough where the rule says so", () => {
  expect(play("ud", { failures: 1, recheckMs: 0, recoveries: 1 }).health.state).toBe("down");
});

test.each<[results: string, wanted: boolean]>([
  ["u", false],
  ["ud", true],
  ["udd", false],
  ["ug", true],
  ["ugg", false],
  ["uggd", true],
  ["ux", true],
  ["uxx", false],
  ["uddu", false],
  ["uddx", true],
])("health: after %s another look soon is wanted: %s", (results, wanted) => {
  expect(wantsRecheck(play(results).health, confirm)).toBe(wanted);
});

test("health: what is shown is the confirmed state, or unknown while blind", () => {
  expect(shownState(play("udd").health)).toBe("down");
  expect(shownState(play("uddxx").health)).toBe("unknown");
  expect(play("uddxx").health.state).toBe("down");
});
