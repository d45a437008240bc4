import { expect, test } from "vitest";
import { saveComponents } from "../../src/store/components.js";
import { saveHosts } from "../../src/store/hosts.js";
import { judgeScope } from "../../src/store/incidents.js";
import { findMaintenance, listMaintenances } from "../../src/store/maintenance-rows.js";
import {
  declareMaintenances,
  planMaintenance,
  sayOfMaintenance,
  stepMaintenances,
  type Planned,
} from "../../src/store/maintenances.js";
import { loadPage } from "../../src/store/page.js";
import { SITE } from "../support/page-model.js";
import { freshDb } from "../support/postgres.js";
import { after, monitorRow, newId, watching, type Watching } from "../support/watched.js";

const MINUTE = 60;

const options = (seconds: number) => ({
  now: after(seconds),
  newId,
  words: (moment: string) => ({ en: moment }),
  traceparent: null,
  guard: () => Promise.resolve(),
});

const planned = (from: number, to: number, more: Partial<Planned> = {}): Planned => ({
  title: { en: "Kernel update" },
  text: null,
  startsAt: after(from),
  endsAt: after(to),
  hosts: ["web3"],
  components: [],
  ...more,
});

/** Three monitors of web3, which stands in a rack; and one of another host. */
async function world(): Promise<Watching> {
  const { db } = await freshDb();
  const made = await watching(db, [monitorRow("a"), monitorRow("b"), monitorRow("c")]);
  const place = (id: string, parents: readonly string[]) => ({
    id,
    kind: "server",
    name: id,
    addresses: [],
    parents,
  });
  await saveHosts(db, [place("rack", []), place("web3", ["rack"])], after(0));
  await made.see(0, { a: "up", b: "up", c: "up" });
  return made;
}

const judge = ({ db }: Watching, seconds: number) =>
  judgeScope(
    db,
    { kind: "host", id: "web3" },
    {
      ...options(seconds),
      publish: "confirmed",
      nextUpdateMs: 1_800_000,
      reopenMs: 1_800_000,
      channels: ["mail"],
      location: "local",
      speaker: {
        words: ({ fault }, phase) => ({ title: { en: fault }, text: { en: phase } }),
        headline: () => ({ en: "x" }),
      },
    },
  );

const plan = (made: Watching, given: Planned, seconds = 0): Promise<string> =>
  made.db.transaction((tx) => planMaintenance(tx, given, "anna", options(seconds)));

const fail = async (made: Watching, seconds: number, ...ids: readonly string[]): Promise<void> => {
  const all = Object.fromEntries(ids.map((id) => [id, "down" as const]));
  await made.see(seconds, all);
  await made.see(seconds + 5, all);
};

test("it begins and ends by itself, its components say so, and what was said stays", async () => {
  const made = await world();
  const id = await plan(made, planned(10 * MINUTE, 70 * MINUTE));
  expect(await stepMaintenances(made.db, options(9 * MINUTE))).toEqual([]);
  expect(await stepMaintenances(made.db, options(10 * MINUTE))).toEqual([
    { id, state: "in_progress" },
  ]);
  expect(await made.db("component_states").pluck("status")).toEqual(["under_maintenance"]);
  expect(await stepMaintenances(made.db, options(11 * MINUTE))).toEqual([]);
  expect(await stepMaintenances(made.db, options(71 * MINUTE))).toEqual([
    { id, state: "completed" },
  ]);
  expect(await made.db("component_states").pluck("status")).toEqual(["operational"]);
  expect(await findMaintenance(made.db, id)).toMatchObject({
    state: "completed",
    components: ["web"],
    declared: null,
    startedAt: after(10 * MINUTE).toISOString(),
    endedAt: after(71 * MINUTE).toISOString(),
    updates: [
      { state: "scheduled", by: "anna", text: { en: "scheduled" } },
      { state: "in_progress", by: "engine" },
      { state: "completed", by: "engine" },
    ],
  });
  const { components } = await loadPage(made.db, SITE, after(80 * MINUTE));
  expect(components[0]?.days.at(-1)?.seconds.under_maintenance).toBe(61 * MINUTE);
});

test("what fails while it is worked on opens nothing, and is a fault once the work is over", async () => {
  const made = await world();
  await plan(made, planned(MINUTE, 60 * MINUTE, { hosts: ["rack"] }));
  // Before anybody could store that it has begun.
  await fail(made, 2 * MINUTE, "a", "b", "c");
  expect(await judge(made, 2 * MINUTE + 6)).toEqual([]);
  await stepMaintenances(made.db, options(3 * MINUTE));
  expect(await judge(made, 3 * MINUTE)).toEqual([]);
  await made.see(50 * MINUTE, { b: "up", c: "up" });
  await made.see(50 * MINUTE + 5, { b: "up", c: "up" });
  expect(await judge(made, 50 * MINUTE + 6)).toEqual([]);
  await stepMaintenances(made.db, options(60 * MINUTE));
  const [opened] = await judge(made, 60 * MINUTE + 1);
  expect(opened).toMatchObject({ phase: "investigating" });
  expect(await made.db("incidents").pluck("cause_id")).toEqual(["a"]);
});

test("a fault of before goes on under its incident, and is over when it is over", async () => {
  const made = await world();
  await fail(made, MINUTE, "a");
  await judge(made, MINUTE + 6);
  await plan(made, planned(2 * MINUTE, 60 * MINUTE), 2 * MINUTE);
  await stepMaintenances(made.db, options(2 * MINUTE));
  expect(await made.db("component_states").pluck("status")).toEqual(["major_outage"]);
  await fail(made, 3 * MINUTE, "b", "c");
  expect(await judge(made, 3 * MINUTE + 6)).toEqual([]);
  await made.see(10 * MINUTE, { a: "up" });
  await made.see(10 * MINUTE + 5, { a: "up" });
  expect(await judge(made, 10 * MINUTE + 6)).toMatchObject([{ phase: "resolved" }]);
  expect(await made.db("component_states").pluck("status")).toEqual(["under_maintenance"]);
});

test("work on a component alone silences that component's monitors and no others", async () => {
  const made = await world();
  await saveComponents(
    made.db,
    [
      {
        id: "mail",
        group: null,
        isGroup: false,
        name: { en: "Mail" },
        description: null,
        position: 1,
      },
    ],
    after(0),
    newId,
  );
  await plan(made, planned(0, 60 * MINUTE, { hosts: [], components: ["mail"] }));
  await stepMaintenances(made.db, options(1));
  await fail(made, MINUTE, "a");
  expect(await judge(made, MINUTE + 6)).toMatchObject([{ phase: "investigating" }]);
});

test("people move it, begin it early, end it early and call it off, and never take it back", async () => {
  const made = await world();
  const say = (id: string, seconds: number, more: object) =>
    sayOfMaintenance(
      made.db,
      id,
      { text: { en: "x" }, state: null, startsAt: null, endsAt: null, by: "anna", ...more },
      options(seconds),
    );
  const id = await plan(made, planned(60 * MINUTE, 120 * MINUTE));
  await say(id, 1, { startsAt: after(90 * MINUTE), endsAt: after(100 * MINUTE) });
  await expect(say(id, 2, { endsAt: after(80 * MINUTE) })).rejects.toThrow(/endsAt/);
  await expect(say(id, 2, { state: "completed" })).rejects.toThrow(/cannot become/);
  await say(id, 30 * MINUTE, { state: "in_progress" });
  expect(await findMaintenance(made.db, id)).toMatchObject({
    state: "in_progress",
    startsAt: after(30 * MINUTE).toISOString(),
  });
  await expect(say(id, 31 * MINUTE, { state: "cancelled" })).rejects.toThrow(/cannot become/);
  await expect(say(id, 31 * MINUTE, { startsAt: after(95 * MINUTE) })).rejects.toThrow(/has begun/);
  await say(id, 40 * MINUTE, { state: "verifying" });
  await say(id, 41 * MINUTE, { state: "completed" });
  await expect(say(id, 42 * MINUTE, {})).rejects.toThrow(/over/);
  const other = await plan(made, planned(60 * MINUTE, 120 * MINUTE), 42 * MINUTE);
  await say(other, 43 * MINUTE, { state: "cancelled" });
  expect(await stepMaintenances(made.db, options(200 * MINUTE))).toEqual([]);
  expect(await listMaintenances(made.db, { state: "open", after: null, limit: 9 })).toEqual([]);
  expect(await listMaintenances(made.db, { state: "all", after: null, limit: 9 })).toHaveLength(2);
});

test("the configuration owns what it declares: it is moved, called off, ended, and planned anew", async () => {
  const made = await world();
  const declare = (seconds: number, ...all: readonly (Planned & { id: string })[]) =>
    made.db.transaction((tx) => declareMaintenances(tx, all, options(seconds)));
  const states = () =>
    made.db("maintenances").orderBy("created_at").pluck("state") as Promise<string[]>;
  const kernel = { id: "kernel", ...planned(60 * MINUTE, 120 * MINUTE) };
  await declare(0, kernel);
  await declare(1, kernel);
  expect(await made.db("maintenance_updates").pluck("state")).toEqual(["scheduled"]);
  const [first] = await made.db("maintenances").pluck("id");
  await expect(
    sayOfMaintenance(
      made.db,
      first,
      { text: { en: "x" }, state: null, startsAt: null, endsAt: after(150 * MINUTE), by: "anna" },
      options(2),
    ),
  ).rejects.toThrow(/configuration says when/);
  await declare(3, { ...kernel, endsAt: after(130 * MINUTE) });
  expect(await made.db("maintenance_updates").orderBy("num").pluck("text")).toEqual([
    { en: "scheduled" },
    { en: "moved" },
  ]);
  await stepMaintenances(made.db, options(60 * MINUTE));
  await declare(70 * MINUTE);
  expect(await states()).toEqual(["completed"]);
  const again = { id: "kernel", ...planned(200 * MINUTE, 260 * MINUTE) };
  await declare(71 * MINUTE, again);
  await declare(72 * MINUTE);
  expect(await states()).toEqual(["completed", "cancelled"]);
  // One that is over long since is nothing to begin with.
  await declare(73 * MINUTE, { id: "old", ...planned(0, 10 * MINUTE) });
  expect(await states()).toEqual(["completed", "cancelled"]);
});

test("what is not there cannot be worked on", async () => {
  const made = await world();
  await expect(plan(made, planned(0, 60, { hosts: ["web9"] }))).rejects.toThrow(/web9/);
  await expect(plan(made, planned(0, 60, { components: ["nope"] }))).rejects.toThrow(/nope/);
});
