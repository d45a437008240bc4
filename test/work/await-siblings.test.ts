import { expect, test } from "vitest";
import { observe, unseen, type Health, type Outcome } from "../../src/core/health.js";
import type { Watched } from "../../src/store/monitors.js";
import { createSiblings } from "../../src/work/await-siblings.js";
import { createRoster } from "../../src/work/roster.js";
import { monitorRow, START } from "../support/watched.js";

const CONFIRM = { failures: 2, recheckMs: 5_000, recoveries: 2 };
const begun = START.getTime();

/** Monitors of one host, each seen up once, and what they see afterwards. */
function watch(ids: readonly string[], probes: Readonly<Record<string, string>> = {}) {
  const roster = createRoster();
  const clock = { now: begun + 1_000 };
  const healthy = observe(
    unseen(begun - 60_000),
    { at: begun, outcome: "up", reason: "ok" },
    CONFIRM,
    600_000,
  );
  roster.put(
    ids.map((id, num): Watched => ({
      ...monitorRow(id, { probe: probes[id] ?? "http" }),
      num,
      tree: "web3",
      health: healthy.health,
    })),
  );
  const siblings = createSiblings(
    roster,
    () => [{ id: "web3", parents: [] }],
    () => new Date(clock.now),
  );
  const see = (id: string, ...outcomes: Outcome[]): void => {
    let health: Health = roster.get(id)?.health ?? unseen(begun);
    for (const outcome of outcomes) {
      clock.now += 10;
      health = observe(
        health,
        { at: clock.now, outcome, reason: "refused" },
        CONFIRM,
        600_000,
      ).health;
    }
    roster.healed(new Map([[id, health]]));
  };
  const confirmed = (...asked: string[]): Watched[] => asked.flatMap((id) => roster.get(id) ?? []);
  return { clock, siblings, see, confirmed };
}

const HOST = { kind: "host", id: "web3" } as const;

test("the first failure of a host asks for its others, and awaits them until they have told", () => {
  const { siblings, see, confirmed } = watch(["a", "b", "c", "d"]);
  see("a", "down", "down");
  expect(siblings.ask(confirmed("a"))).toEqual(["b", "c", "d"]);
  expect(siblings.room("web3")).toBe(1);
  see("b", "up");
  expect(siblings.room("web3")).toBe(1);
  see("c", "up");
  expect(siblings.room("web3"), "a and d are not more than half").toBe(Infinity);
  expect(siblings.ended()).toEqual([HOST]);
  expect(siblings.ended()).toEqual([]);
});

test("what tells of itself is neither asked nor awaited", () => {
  const { siblings, see, confirmed } = watch(["a", "b", "job"], { job: "heartbeat" });
  see("a", "down", "down");
  expect(siblings.ask(confirmed("a"))).toEqual(["b"]);
  see("b", "up");
  expect(siblings.room("web3")).toBe(Infinity);
  see("job", "down");
  expect(siblings.ask(confirmed("job"))).toEqual([]);
});

test("a sibling that failed once is awaited until its second look", () => {
  const { siblings, see, confirmed } = watch(["a", "b", "c"]);
  see("a", "down", "down");
  siblings.ask(confirmed("a"));
  see("b", "down");
  see("c", "down");
  expect(siblings.ended()).toEqual([]);
  see("b", "down");
  expect(siblings.room("web3"), "two of three are more than half").toBe(Infinity);
  expect(siblings.ended()).toEqual([HOST]);
});

test("two that are confirmed in one batch are the first of their host together", () => {
  const { siblings, see, confirmed } = watch(["a", "b", "c", "d", "e"]);
  see("a", "down", "down");
  see("b", "down", "down");
  expect(siblings.ask(confirmed("a", "b"))).toEqual(["c", "d", "e"]);
  see("c", "down", "down");
  expect(siblings.ask(confirmed("c")), "asked already").toEqual([]);
});

test("while siblings are awaited one incident may open, and no second", () => {
  const { siblings, see, confirmed } = watch(["a", "b", "c", "d"]);
  see("a", "down", "down");
  siblings.ask(confirmed("a"));
  expect(siblings.room("web3")).toBe(1);
  siblings.opened("web3");
  expect(siblings.room("web3")).toBe(0);
});

test("one that has failed for long does not keep the others from being asked", () => {
  const { clock, siblings, see, confirmed } = watch(["a", "b", "c", "d"]);
  see("a", "down", "down");
  siblings.ask(confirmed("a"));
  clock.now += 86_400_000;
  siblings.ended();
  see("b", "down", "down");
  expect(siblings.ask(confirmed("b"))).toEqual(["c", "d"]);
});

test("siblings that say nothing are not awaited for ever", () => {
  const { clock, siblings, see, confirmed } = watch(["a", "b", "c"]);
  see("a", "down", "down");
  siblings.ask(confirmed("a"));
  clock.now += 10_000;
  expect(siblings.room("web3")).toBe(1);
  clock.now += 10_000;
  expect(siblings.room("web3")).toBe(Infinity);
  expect(siblings.ended()).toEqual([HOST]);
});
