import { expect, test } from "vitest";
import { findIncident, listIncidents } from "../../src/store/incident-rows.js";
import { listUnsettledScopes } from "../../src/store/incident-scope.js";
import { judgeScope, type JudgeOptions, type Judged } from "../../src/store/incidents.js";
import { saveComponents } from "../../src/store/components.js";
import { saveHosts } from "../../src/store/hosts.js";
import { removeMonitors, saveMonitors } from "../../src/store/monitors.js";
import { listUntold } from "../../src/store/ticket-adoption.js";
import { recordReading } from "../../src/store/ticket-reading.js";
import { freshDb } from "../support/postgres.js";
import { aStrangersReading, keepAReport, owedLetters } from "../support/reports.js";
import { after, monitorRow, newId, watching, type Watching } from "../support/watched.js";

const HOST = { kind: "host", id: "web3" } as const;

function options(now: Date, more: Partial<JudgeOptions> = {}): JudgeOptions {
  return {
    now,
    publish: "confirmed",
    nextUpdateMs: 1_800_000,
    reopenMs: 1_800_000,
    channels: ["mail", "hook"],
    location: "local",
    newId,
    speaker: {
      words: ({ fault, places }, phase) => ({
        title: { en: `${fault} at ${places.map(({ en }) => en).join()}` },
        text: { en: `${fault}, ${phase}` },
      }),
      headline: ({ title, state }) => ({ en: `${title["en"]}: ${state}` }),
    },
    traceparent: null,
    ...more,
  };
}

const judge = (
  world: Watching,
  seconds: number,
  more: Partial<JudgeOptions> = {},
): Promise<Judged[]> => judgeScope(world.db, HOST, options(after(seconds), more));

const owed = (world: Watching): Promise<string[]> =>
  world.db("deliveries").where({ channel_id: "mail" }).orderBy("id").pluck("event");

/** Three monitors of one host, seen well once. */
async function threeMonitors(): Promise<Watching> {
  const { db } = await freshDb();
  const world = await watching(db, [monitorRow("a"), monitorRow("b"), monitorRow("c")]);
  await world.see(0, { a: "up", b: "up", c: "up" });
  return world;
}

test("a confirmed failure opens one incident, with its words, component, evidence and messages", async () => {
  const world = await threeMonitors();
  await world.see(60, { a: "down" });
  expect(await judge(world, 61)).toEqual([]);
  await world.see(65, { a: "down" });
  const [opened] = await judge(world, 66);
  expect(await findIncident(world.db, opened?.id ?? "")).toMatchObject({
    state: "investigating",
    public: true,
    title: { en: "web.down at Websites" },
    cause: { kind: "monitor", id: "a" },
    severity: "critical",
    components: [{ id: "web", status: "major_outage" }],
    openedAt: after(60).toISOString(),
    evidence: [
      {
        monitor: "a",
        location: "local",
        since: after(60).toISOString(),
        until: null,
        reason: "refused",
      },
    ],
    updates: [{ state: "investigating", public: true, text: { en: "web.down, investigating" } }],
    nextUpdateAt: after(66 + 1_800).toISOString(),
  });
  expect(await world.db("component_states").pluck("status")).toEqual(["major_outage"]);
  expect(
    await world.db("deliveries").orderBy("channel_id").select("channel_id", "event", "state"),
  ).toEqual([
    { channel_id: "hook", event: "incident.opened", state: "owed" },
    { channel_id: "mail", event: "incident.opened", state: "owed" },
  ]);
  const { body } = (await world.db("deliveries").first("body")) ?? {};
  expect(body).toMatchObject({
    details: { a: "http://a.test/ (status 200)" },
    names: { web: { en: "Websites", hu: "Weboldalak" } },
  });
  expect(await judge(world, 67)).toEqual([]);
});

test("a host that dies monitor by monitor is one incident: one opening, one widening, one end", async () => {
  const world = await threeMonitors();
  await world.see(60, { a: "down" });
  await world.see(65, { a: "down" });
  const [opened] = await judge(world, 66);
  await world.see(67, { b: "down", c: "down" });
  await world.see(72, { b: "down" });
  await judge(world, 73);
  await world.see(74, { c: "down" });
  await judge(world, 75);
  const all = await listIncidents(world.db, { open: false, after: null, limit: 10 });
  expect(all).toMatchObject([
    { id: opened?.id, cause: { kind: "host", id: "web3" }, evidence: [{}, {}, {}] },
  ]);
  await world.see(300, { a: "up", b: "up", c: "up" });
  await world.see(360, { a: "up", b: "up", c: "up" });
  await judge(world, 361);
  expect(await owed(world)).toEqual(["incident.opened", "incident.updated", "incident.resolved"]);
  expect(await findIncident(world.db, opened?.id ?? "")).toMatchObject({
    state: "resolved",
    resolvedAt: after(300).toISOString(),
    nextUpdateAt: null,
    evidence: [{ until: after(300).toISOString() }, {}, {}],
  });
  expect(
    await world.db("component_intervals").orderBy("since").select("status", "since", "until"),
  ).toEqual([
    { status: "operational", since: after(0), until: after(60) },
    { status: "major_outage", since: after(60), until: after(300) },
    { status: "operational", since: after(300), until: null },
  ]);
});

test("a failure soon after reopens the incident, a late one opens another", async () => {
  const world = await threeMonitors();
  const fail = async (at: number): Promise<Judged[]> => {
    await world.see(at, { a: "down" });
    await world.see(at + 5, { a: "down" });
    return judge(world, at + 6);
  };
  const heal = async (at: number): Promise<void> => {
    await world.see(at, { a: "up" });
    await world.see(at + 5, { a: "up" });
    await judge(world, at + 6);
  };
  const [first] = await fail(60);
  await heal(120);
  expect(await fail(600)).toMatchObject([
    { id: first?.id, phase: "reopened", event: "incident.updated" },
  ]);
  await heal(700);
  const [later] = await fail(8_000);
  expect(later?.id).not.toBe(first?.id);
});

test("two incidents that turn out to be one host are merged into the older", async () => {
  const { db } = await freshDb();
  const world = await watching(
    db,
    ["a", "b", "c", "d"].map((id) => monitorRow(id)),
  );
  await world.see(0, { a: "up", b: "up", c: "up", d: "up" });
  for (const id of ["a", "b"]) {
    const at = id === "a" ? 60 : 120;
    await world.see(at, { [id]: "down" });
    await world.see(at + 5, { [id]: "down" });
    await judge(world, at + 6);
  }
  const [younger, older] = await listIncidents(db, { open: true, after: null, limit: 10 });
  await world.see(180, { c: "down" });
  await world.see(185, { c: "down" });
  await judge(world, 186);
  expect(await findIncident(db, younger?.id ?? "")).toMatchObject({
    mergedInto: older?.id,
    state: "resolved",
    evidence: [],
  });
  expect(await findIncident(db, older?.id ?? "")).toMatchObject({
    cause: { kind: "host", id: "web3" },
    evidence: [{ monitor: "a" }, { monitor: "b" }, { monitor: "c" }],
  });
  expect(await owed(world)).toEqual(["incident.opened", "incident.opened", "incident.updated"]);
});

test("what still fails when its host is back becomes an incident of its own", async () => {
  const world = await threeMonitors();
  await world.see(60, { a: "down", b: "down" });
  await world.see(65, { a: "down", b: "down" });
  const [host] = await judge(world, 66);
  await world.see(120, { b: "up" });
  await world.see(125, { b: "up" });
  expect(await judge(world, 130)).toMatchObject([{ event: null }]);
  await world.see(240, { a: "down" });
  const split = await judge(world, 260);
  expect(split.map(({ phase }) => phase)).toEqual(["resolved", "investigating"]);
  const [own] = await listIncidents(world.db, { open: true, after: null, limit: 10 });
  expect(own).toMatchObject({
    cause: { kind: "monitor", id: "a" },
    splitFrom: host?.id,
    openedAt: after(60).toISOString(),
  });
  expect(await world.db("component_states").pluck("status")).toEqual(["major_outage"]);
});

test("a monitor that is no longer watched ends its incident, and that is what is said", async () => {
  const world = await threeMonitors();
  await world.see(60, { a: "down" });
  await world.see(65, { a: "down" });
  await judge(world, 66);
  await removeMonitors(world.db, ["a"], after(70));
  expect(await listUnsettledScopes(world.db, "all")).toEqual([HOST]);
  expect(await judge(world, 71)).toMatchObject([
    { phase: "unwatched", event: "incident.resolved" },
  ]);
  expect(await listUnsettledScopes(world.db, "all")).toEqual([]);
});

test("an outage that becomes mere slowness stays an outage in the history", async () => {
  const world = await threeMonitors();
  await world.see(60, { a: "down" });
  await world.see(65, { a: "down" });
  await judge(world, 66);
  await world.see(3_660, { a: "degraded" });
  await world.see(3_665, { a: "degraded" });
  await judge(world, 3_666);
  expect(
    await world.db("component_intervals").orderBy("since").select("status", "since", "until"),
  ).toEqual([
    { status: "operational", since: after(0), until: after(60) },
    { status: "major_outage", since: after(60), until: after(3_660) },
    { status: "degraded_performance", since: after(3_660), until: null },
  ]);
});

test("who told of what still fails goes along when it is split off, and is not told that it is over", async () => {
  const { db } = await freshDb();
  const world = await watching(db, [
    monitorRow("a"),
    monitorRow("b", { probe: "smtp" }),
    monitorRow("c", { probe: "smtp" }),
  ]);
  await world.see(0, { a: "up", b: "up", c: "up" });
  await world.see(60, { a: "down", b: "down", c: "down" });
  await world.see(65, { a: "down", b: "down", c: "down" });
  const [host] = await judge(world, 66);
  for (const symptom of ["web.slow", "mail.send"]) {
    const report = await keepAReport(db, after(70), { contact: `${symptom}@bakery.example` });
    const symptoms = [{ symptom, p: 1, spans: [] }];
    const reading = aStrangersReading({ trusted: true, contactIsKnown: true, told: true });
    const link = { id: host?.id ?? "", p: 0.97, reasons: [] };
    const guard = async (): Promise<void> => undefined;
    await recordReading(db, report, { ...reading, link }, { now: after(70), newId, guard });
    await db("reports").where({ id: report }).update({ extraction: { symptoms } });
  }
  await world.see(120, { b: "up", c: "up" });
  await world.see(125, { b: "up", c: "up" });
  await judge(world, 130);
  await world.see(240, { a: "down" });
  const [, own] = await judge(world, 260);
  expect(await owedLetters(db, after(261))).toEqual(["mail.send@bakery.example update"]);
  expect(await listUntold(db, 10)).toMatchObject([{ incidentId: own?.id }]);
  expect(await db("tickets").orderBy("state").pluck("state")).toEqual(["fixed", "known"]);
});

test("a host that fails again after one of its monitors was split off is one incident again", async () => {
  const world = await threeMonitors();
  const all = (outcome: "up" | "down") => ({ a: outcome, b: outcome, c: outcome });
  await world.see(60, all("down"));
  await world.see(65, all("down"));
  const [host] = await judge(world, 66);
  await world.see(120, { a: "up", b: "up" });
  await world.see(125, { a: "up", b: "up" });
  await judge(world, 130);
  await world.see(240, { c: "down" });
  await judge(world, 260);
  await world.see(300, { a: "down", b: "down" });
  await world.see(305, { a: "down", b: "down" });
  expect((await judge(world, 306)).map(({ phase }) => phase)).toContain("reopened");
  expect(await listIncidents(world.db, { open: true, after: null, limit: 5 })).toMatchObject([
    { id: host?.id, cause: { kind: "host" } },
  ]);
  expect(await judge(world, 307)).toEqual([]);
});

test("a warning nobody noticed that becomes an outage begins for customers with the outage", async () => {
  const { db } = await freshDb();
  const world = await watching(db, [monitorRow("a"), monitorRow("b")]);
  await world.see(0, { a: "up", b: "up" });
  await world.see(60, { a: "degraded" }, "certificate-expires-soon");
  await world.see(65, { a: "degraded" }, "certificate-expires-soon");
  await judge(world, 66);
  expect(await db("component_states").pluck("status")).toEqual(["operational"]);
  await world.see(7_200, { a: "down" });
  await world.see(7_205, { a: "down" });
  await judge(world, 7_206);
  expect(await listIncidents(db, { open: true, after: null, limit: 5 })).toMatchObject([
    { public: true, openedAt: after(7_200).toISOString() },
  ]);
  expect(await db("component_intervals").whereNull("until").select("status", "since")).toEqual([
    { status: "major_outage", since: after(7_200) },
  ]);
});

test("a failing monitor that moves to another host takes its evidence along, and nobody else's", async () => {
  const world = await threeMonitors();
  await world.see(60, { a: "down", b: "down", c: "down" });
  await world.see(65, { a: "down", b: "down", c: "down" });
  const [host] = await judge(world, 66);
  await saveHosts(
    world.db,
    [{ id: "other", kind: "server", name: "other", addresses: [], parents: [] }],
    after(70),
  );
  await saveMonitors(world.db, [monitorRow("c", { host: "other" })], after(70));
  const moved = await judgeScope(world.db, { kind: "host", id: "other" }, options(after(71)));
  await judge(world, 72);
  const open = await listIncidents(world.db, { open: true, after: null, limit: 5 });
  const own = moved.find(({ phase }) => phase === "investigating")?.id;
  expect(new Map(open.map(({ id, cause }) => [id, cause.id]))).toEqual(
    new Map([
      [host?.id, "web3"],
      [own, "c"],
    ]),
  );
  const standing = await world
    .db("incident_evidence")
    .where({ incident_id: host?.id })
    .whereNull("until")
    .count("* as n")
    .first();
  expect(standing).toEqual({ n: 2 });
  expect(await judge(world, 73)).toEqual([]);
});

test("a component that a failing monitor leaves is well again, and the one it joins is not", async () => {
  const world = await threeMonitors();
  const mail = { id: "mail", group: null, isGroup: false, name: { en: "Mail" }, description: null };
  await saveComponents(world.db, [{ ...mail, position: 1 }], after(0), newId);
  await world.see(60, { a: "down" });
  await world.see(65, { a: "down" });
  await judge(world, 66);
  await saveMonitors(world.db, [monitorRow("a", { component: "mail" })], after(70));
  await judge(world, 71);
  expect(await world.db("component_states").orderBy("component_id").pluck("status")).toEqual([
    "major_outage",
    "operational",
  ]);
});

test("where publishing is manual customers see nothing, and staff are told", async () => {
  const world = await threeMonitors();
  await world.see(60, { a: "down" });
  await world.see(65, { a: "down" });
  await judge(world, 66, { publish: "manual" });
  expect(await listIncidents(world.db, { open: true, after: null, limit: 1 })).toMatchObject([
    { public: false, nextUpdateAt: null, updates: [{ public: false }] },
  ]);
  expect(await world.db("component_states").pluck("status")).toEqual(["operational"]);
  expect(await owed(world)).toEqual(["incident.opened"]);
});

test("ten judges at once open one incident and owe each channel one message", async () => {
  for (let round = 0; round < 3; round++) {
    const world = await threeMonitors();
    await world.see(60, { a: "down", b: "down" });
    await world.see(65, { a: "down", b: "down" });
    await Promise.all(Array.from({ length: 10 }, () => judge(world, 66)));
    expect(await world.db("incidents").count("* as n").first()).toEqual({ n: 1 });
    expect(await owed(world)).toEqual(["incident.opened"]);
  }
});

test("incidents are listed newest first, page by page", async () => {
  const { db } = await freshDb();
  const world = await watching(
    db,
    ["a", "b", "c", "d", "e", "f", "g"].map((id) => monitorRow(id)),
  );
  await world.see(0, { a: "up", b: "up", c: "up", d: "up", e: "up", f: "up", g: "up" });
  await world.see(60, { a: "down", b: "down", c: "down" });
  await world.see(65, { a: "down", b: "down", c: "down" });
  await judge(world, 66);
  const first = await listIncidents(db, { open: true, after: null, limit: 2 });
  const last = first.at(-1);
  const rest = await listIncidents(db, {
    open: true,
    after: { openedAt: new Date(last?.openedAt ?? 0), id: last?.id ?? "" },
    limit: 2,
  });
  expect([...first, ...rest].map(({ cause }) => cause.id).toSorted()).toEqual(["a", "b", "c"]);
  expect(rest).toHaveLength(1);
});
