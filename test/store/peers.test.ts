import { expect, test } from "vitest";
import { saveHosts } from "../../src/store/hosts.js";
import { judgeScope, type Judged } from "../../src/store/incidents.js";
import { listWatched, saveMonitors } from "../../src/store/monitors.js";
import { planMaintenance, stepMaintenances } from "../../src/store/maintenances.js";
import { freshDb } from "../support/postgres.js";
import { after, monitorRow, newId, START, watching, type Watching } from "../support/watched.js";

/*
 * What users of other monitors have suffered from, a test for each kind. The issues are named as their
 * trackers number them.
 */

const SERVERS = ["s1", "s2", "s3", "s4"];
const idsOf = (server: string): string[] => ["a", "b", "c"].map((each) => `${server}-${each}`);
const ALL = SERVERS.flatMap(idsOf);

interface Rack extends Watching {
  /** All of these look so at that second, twice, and what follows is judged. */
  look(
    seconds: number,
    outcome: "up" | "down",
    ids: readonly string[],
    room?: number,
  ): Promise<Judged[]>;
  /** `room`: how many single monitors of a host may speak, while its others are looked at. */
  judge(seconds: number, room?: number): Promise<Judged[]>;
  /** What a channel was told, in order. */
  told(): Promise<string[]>;
}

/** A rack of four servers with three monitors each, all seen well. */
async function rack(): Promise<Rack> {
  const { db } = await freshDb();
  const host = (id: string, parents: readonly string[]) => ({
    id,
    kind: "server",
    name: `${id}.test`,
    addresses: [],
    parents,
  });
  const world = await watching(db, []);
  await saveHosts(
    db,
    [host("rack", []), ...SERVERS.map((server) => host(server, ["rack"]))],
    START,
  );
  await saveMonitors(
    db,
    SERVERS.flatMap((server) => idsOf(server).map((id) => monitorRow(id, { host: server }))),
    START,
  );
  world.roster.put(await listWatched(db));
  const judge: Rack["judge"] = (seconds, room = Infinity) =>
    judgeScope(
      db,
      { kind: "host", id: "rack" },
      {
        now: after(seconds),
        publish: "confirmed",
        nextUpdateMs: 1_800_000,
        reopenMs: 1_800_000,
        channels: ["mail"],
        location: "local",
        newId,
        speaker: {
          words: ({ fault, host: of }, phase) => ({
            title: { en: `${of?.["en"] ?? "something"}: ${fault}` },
            text: { en: phase },
          }),
          headline: ({ title }) => title,
        },
        room: () => room,
        traceparent: null,
      },
    );
  const all = (outcome: "up" | "down", ids: readonly string[]) =>
    Object.fromEntries(ids.map((id) => [id, outcome]));
  const made: Rack = {
    ...world,
    judge,
    async look(seconds, outcome, ids, room) {
      await world.see(seconds, all(outcome, ids));
      await world.see(seconds + 5, all(outcome, ids));
      return judge(seconds + 6, room);
    },
    told: () => db("deliveries").orderBy("id").pluck("event"),
  };
  await world.see(0, all("up", ALL));
  return made;
}

const causes = ({ db }: Watching): Promise<string[]> =>
  db("incidents").whereNull("merged_into").orderBy("created_at").pluck("cause_id");

test("one cause is one incident and two messages at most, however much fails (kuma#1089, #1137, #4779, #4956)", async () => {
  const world = await rack();
  for (const [n, server] of SERVERS.entries()) {
    // The first speaks at once; of those after it the whole server is looked at first.
    await world.look(60 + 20 * n, "down", idsOf(server).slice(0, 1), n === 0 ? 1 : 0);
    await world.look(66 + 20 * n, "down", idsOf(server));
  }
  expect(await causes(world)).toEqual(["rack"]);
  expect(await world.db("incidents").whereNull("merged_into").pluck("title")).toEqual([
    { en: "rack.test: host.down" },
  ]);
  const told = await world.told();
  expect(told.filter((event) => event === "incident.opened")).toHaveLength(1);
  expect(told.length).toBeLessThanOrEqual(2);
});

test("suppressed is opening, never resolving: who heard of it hears the end (alertmanager#226, #2754)", async () => {
  const world = await rack();
  await world.look(60, "down", ["s1-a"]);
  expect(await world.told()).toEqual(["incident.opened"]);
  // Planned work begins, and everything around fails.
  await world.db.transaction((tx) =>
    planMaintenance(
      tx,
      {
        title: { en: "Rack" },
        text: null,
        startsAt: after(100),
        endsAt: after(4_000),
        hosts: ["rack"],
        components: [],
      },
      "anna",
      { now: after(90), newId, words: () => ({ en: "x" }), traceparent: null },
    ),
  );
  await stepMaintenances(world.db, {
    now: after(100),
    newId,
    words: () => ({ en: "x" }),
    traceparent: null,
    guard: () => Promise.resolve(),
  });
  await world.look(
    120,
    "down",
    ALL.filter((id) => id !== "s1-a"),
  );
  expect(await world.told()).toEqual(["incident.opened"]);
  await world.look(300, "up", ALL);
  expect(await world.told()).toEqual(["incident.opened", "incident.resolved"]);
});

test("what is over is told once, and judging it again tells nothing (alertmanager#2447, #4008)", async () => {
  const world = await rack();
  await world.look(60, "down", ALL);
  await world.look(120, "up", ALL);
  const told = await world.told();
  expect(told.filter((event) => event === "incident.resolved")).toHaveLength(1);
  for (const seconds of [127, 200, 400]) expect(await world.judge(seconds)).toEqual([]);
  expect(await world.told()).toEqual(told);
});

test("a child's real state counts, and not its parent's alone (oneuptime#3122)", async () => {
  const world = await rack();
  await world.look(60, "down", ALL);
  // Three are back; the fourth is not, and nobody says that it is.
  await world.look(120, "up", ["s1", "s2", "s3"].flatMap(idsOf));
  await world.look(390, "down", idsOf("s4"));
  const open = await world
    .db("incidents")
    .whereNull("resolved_at")
    .select("cause_id", "split_from", "opened_at");
  expect(open).toMatchObject([{ cause_id: "s4", opened_at: after(60) }]);
  expect(open[0]?.split_from).not.toBeNull();
  expect(await world.db("incidents").whereNotNull("resolved_at").pluck("cause_id")).toEqual([
    "rack",
  ]);
});

test("a flapping one that is really down is told and shown as down (icinga2#9750)", async () => {
  const world = await rack();
  for (let n = 0; n < 8; n++)
    await world.see(60 + 60 * n, { "s1-a": n % 2 === 0 ? "down" : "up", "s1-b": "up" });
  await world.judge(500);
  expect(await world.db("incident_evidence").pluck("reason")).toEqual(["unstable"]);
  expect(await world.db("component_states").pluck("status")).toEqual(["degraded_performance"]);
  await world.see(560, { "s1-a": "down" });
  await world.see(565, { "s1-a": "down" });
  await world.judge(566);
  expect(await world.db("component_states").pluck("status")).toEqual(["major_outage"]);
  expect(await world.told()).toEqual(["incident.opened", "incident.updated"]);
});

test("that it flaps is known after a restart, too (icinga2#4746)", async () => {
  const world = await rack();
  const flip = async (from: number, times: number): Promise<void> => {
    for (let n = from; n < from + times; n++)
      await world.see(60 + 60 * n, { "s1-a": n % 2 === 0 ? "down" : "up" });
  };
  await flip(0, 4);
  world.roster.put(await listWatched(world.db));
  await flip(4, 4);
  await world.judge(500);
  expect(await world.db("incident_evidence").pluck("reason")).toEqual(["unstable"]);
});

test("what flaps below something that is down says nothing (nagioscore#477, centreon-engine#524)", async () => {
  const world = await rack();
  await world.look(60, "down", ALL);
  const told = await world.told();
  world.roster.explain("rack", ALL);
  for (let n = 0; n < 12; n++)
    await world.look(120 + 60 * n, n % 2 === 0 ? "up" : "down", ["s1-a"]);
  expect(await world.told()).toEqual(told);
  await world.look(900, "up", ALL);
  await world.judge(1_200);
  expect(await world.db("incidents").whereNull("resolved_at").pluck("cause_id")).toEqual([]);
});
