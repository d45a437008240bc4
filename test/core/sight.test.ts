import { expect, test } from "vitest";
import { observe, unseen, type Health } from "../../src/core/health.js";
import { unseenSince, type Seen } from "../../src/core/sight.js";

const confirm = { failures: 2, recheckMs: 5_000, recoveries: 2 };
const look = (health: Health, at: number, outcome: "up" | "unknown"): Health =>
  observe(health, { at, outcome, reason: outcome }, confirm, Infinity).health;
const seen = (health: Health, more: Partial<Seen> = {}): Seen => ({
  probe: "http",
  component: "web",
  everyMs: 60_000,
  timeoutMs: 10_000,
  paused: false,
  health,
  ...more,
});
const looked = look(unseen(0), 1_000, "up");
const blind = look(look(looked, 61_000, "unknown"), 66_000, "unknown");

test.each<[name: string, monitors: Seen[], now: number, since: number | null]>([
  [
    "what tells of itself hides nothing before its first word",
    [seen(looked), seen(unseen(0), { probe: "heartbeat" })],
    131_000,
    null,
  ],
  [
    "a component of which nothing was heard yet cannot be seen",
    [seen(unseen(0), { probe: "heartbeat" })],
    131_000,
    0,
  ],
  ["a component seen in time can be seen", [seen(looked)], 131_000, null],
  [
    "overdue by more than an interval and its timeout it cannot, since the last look",
    [seen(looked)],
    131_001,
    1_000,
  ],
  ["a blind monitor hides its component since it went blind", [seen(blind)], 70_000, 61_000],
  [
    "one overdue monitor of two is enough",
    [seen(look(looked, 120_000, "up")), seen(looked)],
    140_000,
    1_000,
  ],
  ["before the first look nothing was seen", [seen(unseen(500))], 1_000, 500],
  [
    "a new monitor beside one that was looked at hides nothing yet",
    [seen(looked), seen(unseen(500))],
    2_000,
    null,
  ],
  ["a paused monitor hides nothing", [seen(looked, { paused: true })], 900_000, null],
  ["a monitor of no component hides nothing", [seen(looked, { component: null })], 900_000, null],
])("sight: %s", (_name, monitors, now, since) => {
  expect(unseenSince(monitors, now).get("web") ?? null).toBe(since);
});
