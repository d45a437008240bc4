import { expect, test } from "vitest";
import { NO_CONFIG, type Policy } from "../../src/config/config.js";
import { bucketOf, packSketch } from "../../src/core/sketch.js";
import { saveHosts } from "../../src/store/hosts.js";
import { findIncident } from "../../src/store/incident-rows.js";
import { judgeScope } from "../../src/store/incidents.js";
import {
  findMonitor,
  listWatched,
  saveMonitors,
  type MonitorRow,
} from "../../src/store/monitors.js";
import { loadPage } from "../../src/store/page.js";
import { recordShown } from "../../src/store/results.js";
import { createTexts } from "../../src/texts.js";
import { createTurns } from "../../src/turns.js";
import { preparePartitions } from "../../src/work/tidy.js";
import { createCreepWatch } from "../../src/work/watch-creep.js";
import { wordsFor } from "../../src/core/wording.js";
import { SITE } from "../support/page-model.js";
import { freshDb } from "../support/postgres.js";
import { after, monitorRow, newId, silent, watching } from "../support/watched.js";

const HOUR = 3_600;
/** Fine until here (seconds after the start); eight days are known. */
const KNOWN = 8 * 24 * HOUR;

interface Figures {
  readonly ms?: number;
  readonly bad?: number;
}

/** Monitors with eight usual days: 100 ms, no failures. */
async function usual(rows: readonly MonitorRow[], policy: Partial<Policy> = {}) {
  const { db } = await freshDb();
  const world = await watching(db, []);
  const hosts = [...new Set(rows.flatMap(({ host }) => host ?? []))];
  await saveHosts(
    db,
    hosts.map((id) => ({ id, kind: "server", name: id, addresses: [], parents: [] })),
    after(0),
  );
  await saveMonitors(db, rows, after(0));
  for (let day = 0; day < 12; day += 1) await preparePartitions(db, after(day * 24 * HOUR));
  world.roster.put(await listWatched(db));
  const ids = rows.map(({ id }) => id);
  const all = (outcome: "up" | "down") => Object.fromEntries(ids.map((id) => [id, outcome]));
  await world.see(0, all("up"));
  const epoch: number = (await db("leadership").first("epoch"))?.epoch;
  const rules: Policy = { ...NO_CONFIG.policy, ...policy };

  /** One whole hour, `n` hours after the start. */
  const roll = (n: number, figures: Readonly<Record<string, Figures>> = {}): Promise<unknown> =>
    db("result_hours")
      .insert(
        ids.map((id) => {
          const { ms = 100, bad = 0 } = figures[id] ?? {};
          return {
            monitor: world.roster.get(id)?.num,
            hour: after(n * HOUR),
            up: 60 - bad,
            degraded: 0,
            down: bad,
            unknown: 0,
            max_ms: ms,
            sketch: Buffer.from(packSketch(new Map([[bucketOf(ms), 60 - bad]]))),
          };
        }),
      )
      .onConflict(["hour", "monitor"])
      .merge();
  for (let n = 0; n < KNOWN / HOUR; n += 1) await roll(n);

  const texts = createTexts();
  const judge = async (): Promise<void> => {
    for (const kind of ["host", "monitor"] as const)
      for (const id of kind === "host" ? hosts : ids)
        await judgeScope(
          db,
          { kind, id },
          {
            now: world.clock.now,
            publish: rules.publish,
            nextUpdateMs: rules.nextUpdateMs,
            reopenMs: rules.reopenMs,
            tellsCreep: rules.creep === "tell",
            channels: ["duty"],
            location: "local",
            newId,
            speaker: {
              words(subject, phase) {
                const { title, text } = wordsFor(subject, phase);
                return { title: texts.localized(title), text: texts.localized(text) };
              },
              headline: ({ title }) => title,
            },
            traceparent: null,
          },
        );
  };
  let policyNow = rules;
  const fresh = () =>
    createCreepWatch({
      db,
      roster: world.roster,
      epoch,
      policy: () => policyNow,
      inTurn: createTurns(),
      onJudged: judge,
      now: () => world.clock.now,
      log: silent,
    });
  let creep = fresh();
  /** Hours from the known ones on, each looked at when it is over. */
  const go = async (from: number, figures: readonly Readonly<Record<string, Figures>>[]) => {
    for (const [n, one] of figures.entries()) {
      const at = KNOWN / HOUR + from + n;
      await roll(at, one);
      world.clock.now = after((at + 1) * HOUR + 180);
      await creep.look();
    }
  };
  return {
    db,
    world,
    go,
    judge,
    all,
    roll,
    restart: () => (creep = fresh()),
    look: () => creep.look(),
    set: (more: Partial<Policy>) => (policyNow = { ...policyNow, ...more }),
    told: (): Promise<string[]> =>
      db("deliveries").where({ channel_id: "duty" }).orderBy("id").pluck("event"),
    incidents: () =>
      db("incidents")
        .orderBy(["opened_at", "created_at"])
        .select("id", "state", "public", "cause_id"),
    monitor: (id: string) => findMonitor(db, id, world.clock.now),
  };
}

const SLOW = { a: { ms: 300 } };

test("what is slower than usual is an incident for staff alone, and over when it is as usual", async () => {
  const one = await usual([monitorRow("a"), monitorRow("b")]);
  await one.go(0, [SLOW]);
  expect(await one.incidents()).toEqual([]);
  await one.go(1, [SLOW]);
  const [opened] = await one.incidents();
  expect(await findIncident(one.db, opened.id)).toMatchObject({
    state: "investigating",
    public: false,
    severity: "minor",
    cause: { kind: "monitor", id: "a" },
    title: { en: "a is slower than usual", hu: "A szokottnál lassabb: a" },
    openedAt: after(KNOWN).toISOString(),
    components: [],
    evidence: [{ monitor: "a", reason: "slower-than-usual", until: null }],
  });
  expect(await one.monitor("a")).toMatchObject({
    creep: { reason: "slower-than-usual", since: after(KNOWN).getTime() },
  });
  const page = await loadPage(one.db, SITE, one.world.clock.now);
  expect(page.incidents).toEqual([]);
  expect(await one.db("component_states").pluck("status")).toEqual(["operational"]);
  one.restart();
  await one.look();
  await one.go(2, [{}, {}]);
  expect(await one.incidents()).toMatchObject([{ id: opened.id, state: "resolved" }]);
  const over = await findIncident(one.db, opened.id);
  expect(over?.resolvedAt).toBe(after(KNOWN + 2 * HOUR).toISOString());
  expect((await one.monitor("a"))?.creep).toBeNull();
  expect(await one.told()).toEqual([]);
});

test("where channels are to hear of it, they hear of its beginning and its end", async () => {
  const one = await usual([monitorRow("a"), monitorRow("b")], { creep: "tell" });
  await one.go(0, [SLOW, SLOW]);
  expect(await one.told()).toEqual(["incident.opened"]);
  one.set({ creep: "off" });
  await one.look();
  expect(await one.incidents()).toMatchObject([{ state: "resolved" }]);
  expect(await one.told()).toEqual(["incident.opened", "incident.resolved"]);
  await one.go(2, [SLOW, SLOW]);
  expect(await one.incidents()).toHaveLength(1);
});

test("an outage of what creeps is told as any other, from its opening to its end", async () => {
  const one = await usual([monitorRow("a"), monitorRow("b")]);
  await one.go(0, [SLOW, SLOW]);
  const at = KNOWN + 2 * HOUR + 300;
  await one.world.see(at, { a: "down" });
  await one.world.see(at + 5, { a: "down" });
  await one.judge();
  const [quiet, outage] = await one.incidents();
  expect(quiet).toMatchObject({ state: "resolved", public: false });
  expect(await findIncident(one.db, outage.id)).toMatchObject({
    state: "investigating",
    public: true,
    openedAt: after(at).toISOString(),
    components: [{ id: "web", status: "major_outage" }],
  });
  expect(await one.told()).toEqual(["incident.opened"]);
  await one.world.see(at + 65, { a: "up" });
  await one.world.see(at + 70, { a: "up" });
  await one.judge();
  expect(await one.told()).toEqual(["incident.opened", "incident.resolved"]);
  const [before, ended, since] = await one.incidents();
  expect(ended).toMatchObject({ id: outage.id, state: "resolved" });
  // It is slower than usual still: what was open for that is again, and the outage is over.
  expect([before, since]).toMatchObject([{ id: quiet.id, state: "investigating" }, undefined]);
  expect(await one.monitor("a")).toMatchObject({ creep: { reason: "slower-than-usual" } });
  await one.judge();
  expect(await one.told()).toHaveLength(2);
});

test("a host that fails is one outage, whatever crept on it before", async () => {
  const one = await usual([monitorRow("a"), monitorRow("b"), monitorRow("c", { host: "other" })]);
  await one.go(0, [
    { a: { ms: 300 }, b: { ms: 300 } },
    { a: { ms: 300 }, b: { ms: 300 } },
  ]);
  expect(await one.incidents()).toHaveLength(2);
  const at = KNOWN + 2 * HOUR + 300;
  await one.world.see(at, { a: "down", b: "down" });
  await one.world.see(at + 5, { a: "down", b: "down" });
  await one.judge();
  const open = (await one.incidents()).filter(({ state }) => state !== "resolved");
  expect(open).toMatchObject([{ public: true, cause_id: "web3" }]);
  expect(await findIncident(one.db, open[0].id)).toMatchObject({
    openedAt: after(at).toISOString(),
  });
  expect(await one.told()).toEqual(["incident.opened"]);
});

test("looks that fail now and then are told with their figures", async () => {
  const one = await usual([monitorRow("a"), monitorRow("b")]);
  await one.go(0, [{ a: { bad: 12 } }, { a: { bad: 9 } }]);
  expect(await one.monitor("a")).toMatchObject({
    creep: { reason: "failing-more-than-usual", value: 0.15, usual: 0 },
  });
  const [opened] = await one.incidents();
  expect(await findIncident(one.db, opened.id)).toMatchObject({
    title: { en: "a fails more often than usual" },
  });
});

test.each<[name: string, trouble: (one: Awaited<ReturnType<typeof usual>>) => Promise<unknown>]>([
  [
    "it was down",
    async ({ db, world }) => {
      const num = world.roster.get("a")?.num ?? 0;
      await recordShown(db, [{ num, state: "down", at: after(KNOWN + 600) }]);
      await recordShown(db, [{ num, state: "up", at: after(KNOWN + 700) }]);
    },
  ],
  [
    "its host was being worked on",
    ({ db }) =>
      db("maintenances").insert({
        id: "aaaaaaaaaaaa",
        state: "completed",
        title: {},
        starts_at: after(KNOWN + 60),
        ends_at: after(KNOWN + 120),
        started_at: after(KNOWN + 60),
        ended_at: after(KNOWN + 120),
        hosts: ["web3"],
        created_at: after(0),
        updated_at: after(0),
      }),
  ],
  [
    "its host had an incident",
    ({ db }) =>
      db("incidents").insert({
        id: "bbbbbbbbbbbb",
        state: "resolved",
        public: true,
        cause_kind: "host",
        cause_id: "web3",
        severity: "major",
        title: {},
        opened_at: after(KNOWN + 60),
        resolved_at: after(KNOWN + 120),
        created_at: after(0),
        updated_at: after(0),
      }),
  ],
  [
    "it looked elsewhere before",
    async ({ db, world }) => {
      world.clock.now = after(KNOWN - HOUR);
      await saveMonitors(db, [monitorRow("a", { target: "http://new.test/" })], world.clock.now);
      world.roster.put(await listWatched(db, ["a"]));
    },
  ],
])("an hour says nothing where %s", async (_name, trouble) => {
  const one = await usual([monitorRow("a"), monitorRow("b")]);
  await trouble(one);
  await one.go(0, [SLOW, SLOW]);
  expect((await one.monitor("a"))?.creep).toBeNull();
});

test("where most hosts are slower at once it is we who are, and nobody is accused", async () => {
  const ids = ["a", "b", "c", "d", "e", "f"];
  const one = await usual(ids.map((id) => monitorRow(id, { host: `host-${id}` })));
  const slow = (some: string[]) => Object.fromEntries(some.map((id) => [id, { ms: 400 }]));
  await one.go(0, [slow(ids.slice(0, 4)), slow(ids.slice(0, 4))]);
  expect(await one.incidents()).toEqual([]);
  await one.go(2, [{}, slow(["a", "b"]), slow(["a", "b"])]);
  expect(await one.incidents()).toHaveLength(2);
});
