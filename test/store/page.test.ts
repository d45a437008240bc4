import { describe, expect, test } from "vitest";
import type { Db } from "../../src/store/db.js";
import { findPublicIncident, listPublicIncidents, loadPage } from "../../src/store/page.js";
import { idOf, NOW, SITE } from "../support/page-model.js";
import { freshDb } from "../support/postgres.js";

const BORN = new Date("2026-06-01T00:00:00.000Z");
const at = (iso: string) => new Date(iso);

async function addComponent(
  db: Db,
  id: string,
  {
    group = null,
    position = 0,
    isGroup = false,
  }: { group?: string | null; position?: number; isGroup?: boolean } = {},
): Promise<void> {
  await db("components").insert({
    id,
    public_id: idOf(id),
    group_id: group,
    is_group: isGroup,
    name: JSON.stringify({ en: id }),
    position,
    created_at: BORN,
    updated_at: BORN,
  });
  if (isGroup) return;
  await db("component_states").insert({ component_id: id, status: "operational" });
  await db("component_intervals").insert({ component_id: id, status: "operational", since: BORN });
}

const addMonitor = (db: Db, id: string, component: string, options: object = {}) =>
  db("monitors").insert({
    id,
    probe: "http",
    target: "http://localhost",
    every_ms: 60_000,
    timeout_ms: 10_000,
    component_id: component,
    impact: "major_outage",
    confirm: "{}",
    labels: "{}",
    paused: false,
    created_at: BORN,
    ...options,
  });

async function addIncident(
  db: Db,
  name: string,
  opened: string,
  options: object = {},
): Promise<string> {
  const id = idOf(name);
  const openedAt = at(opened);
  await db("incidents").insert({
    id,
    state: "investigating",
    public: true,
    cause_kind: "host",
    cause_id: name,
    severity: "critical",
    title: JSON.stringify({ en: name }),
    opened_at: openedAt,
    created_at: openedAt,
    updated_at: openedAt,
    ...options,
  });
  await addUpdate(db, id, `${name}u1`, opened);
  return id;
}

const addUpdate = (db: Db, incident: string, name: string, when: string, options: object = {}) =>
  db("incident_updates").insert({
    id: idOf(name),
    incident_id: incident,
    at: at(when),
    state: "investigating",
    public: true,
    by: "engine",
    text: JSON.stringify({ en: name }),
    ...options,
  });

const resolved = (when: string) => ({ state: "resolved", resolved_at: at(when) });

test("the page of an empty installation is empty", async () => {
  const { db } = await freshDb();
  expect(await loadPage(db, SITE, NOW)).toMatchObject({
    site: SITE,
    asOf: NOW,
    workerWordAt: null,
    components: [],
    incidents: [],
    olderBefore: null,
  });
});

test("components come in the order of the page, with their days, and groups are their members' worst", async () => {
  const { db } = await freshDb();
  await db("pages").insert({ public_id: "pg0123456789", created_at: BORN });
  await db("workers").insert([
    { location: "a", word_at: at("2026-11-21T10:00:00Z") },
    { location: "b", word_at: at("2026-11-21T10:17:00Z") },
  ]);
  await addComponent(db, "mail", { isGroup: true, position: 1 });
  await addComponent(db, "mail2", { group: "mail", position: 3 });
  await addComponent(db, "mail1", { group: "mail", position: 2 });
  await addComponent(db, "old", { position: 0 });
  await db("components").where({ id: "old" }).update({ removed_at: NOW });
  await db("component_states")
    .where({ component_id: "mail2" })
    .update({ status: "partial_outage" });
  await db("component_intervals")
    .where({ component_id: "mail2" })
    .update({ until: at("2026-11-20T23:00:00Z") });
  await db("component_intervals").insert([
    { component_id: "mail2", status: "partial_outage", since: at("2026-11-20T23:00:00Z") },
    {
      component_id: "mail1",
      status: "unknown",
      since: at("2026-11-19T23:00:00Z"),
      until: at("2026-11-20T00:00:00Z"),
    },
  ]);
  const page = await loadPage(db, SITE, NOW);
  expect(page).toMatchObject({ pageId: "pg0123456789", createdAt: BORN });
  expect(page.workerWordAt).toEqual(at("2026-11-21T10:17:00Z"));
  expect(page.components.map(({ id, group, status }) => [id, group, status])).toEqual([
    ["mail", null, "partial_outage"],
    ["mail1", "mail", "operational"],
    ["mail2", "mail", "partial_outage"],
  ]);
  const [group, mail1, mail2] = page.components;
  expect(mail2?.days).toHaveLength(90);
  expect(mail2?.days[89]?.seconds.partial_outage).toBe((11 * 60 + 18) * 60);
  expect(mail1?.days[88]?.seconds.unknown).toBe(3600);
  expect(group?.days[88]?.seconds).toMatchObject({ unknown: 3600 });
  expect(group?.days[89]?.seconds.partial_outage).toBe((11 * 60 + 18) * 60);
  expect(mail1?.uptime).toBe(100);
  expect(mail2?.uptime).toBe(group?.uptime);
  expect(mail2?.uptime).toBeLessThan(100);
});

test("a component is watched by monitors that are neither paused nor gone", async () => {
  const { db } = await freshDb();
  for (const id of ["a", "b", "c", "d"]) await addComponent(db, id);
  await addMonitor(db, "m1", "a");
  await addMonitor(db, "m2", "a", { paused: true });
  await addMonitor(db, "m3", "b", { paused: true });
  await addMonitor(db, "m4", "c", { removed_at: NOW });
  const { components } = await loadPage(db, SITE, NOW);
  expect(components.map(({ id, watched }) => [id, watched])).toEqual([
    ["a", true],
    ["b", false],
    ["c", false],
    ["d", false],
  ]);
});

describe("incidents on the page", () => {
  test("are the open ones of any age and the resolved ones of ninety days, newest first", async () => {
    const { db } = await freshDb();
    await addIncident(db, "open", "2026-11-21T09:58:00Z");
    await addIncident(db, "ancient", "2026-01-02T00:00:00Z");
    await addIncident(db, "gone", "2026-11-01T00:00:00Z", resolved("2026-11-01T01:00:00Z"));
    await addIncident(db, "old", "2026-05-01T00:00:00Z", resolved("2026-05-01T01:00:00Z"));
    const page = await loadPage(db, SITE, NOW);
    expect(page.incidents.map(({ title }) => title["en"])).toEqual(["open", "gone", "ancient"]);
    expect(page.olderBefore).toEqual(at("2026-08-23T22:00:00.000Z"));
  });

  test("never show what is internal: neither incidents nor updates, nor where one was merged into", async () => {
    const { db } = await freshDb();
    const secret = await addIncident(db, "secret", "2026-11-21T09:00:00Z", { public: false });
    await addIncident(db, "into", "2026-11-21T09:10:00Z", {
      ...resolved("2026-11-21T09:30:00Z"),
      merged_into: secret,
    });
    const silent = await addIncident(db, "silent", "2026-11-21T09:20:00Z");
    await db("incident_updates").where({ incident_id: silent }).update({ public: false });
    const open = await addIncident(db, "open", "2026-11-21T09:58:00Z");
    await addUpdate(db, open, "note", "2026-11-21T10:00:00Z", { public: false });
    const { incidents } = await loadPage(db, SITE, NOW);
    expect(incidents.map(({ title }) => title["en"])).toEqual(["open"]);
    expect(incidents[0]?.updates.map(({ text }) => text["en"])).toEqual(["openu1"]);
    expect(await findPublicIncident(db, secret)).toBeNull();
    expect(await findPublicIncident(db, silent)).toBeNull();
  });

  test("tell what they touch and what was said, newest first", async () => {
    const { db } = await freshDb();
    await addComponent(db, "mail2");
    const open = await addIncident(db, "open", "2026-11-21T09:58:00Z");
    await db("incident_components").insert({
      incident_id: open,
      component_id: "mail2",
      status: "major_outage",
    });
    await addUpdate(db, open, "second", "2026-11-21T10:10:00.250Z", {
      affected: JSON.stringify([{ id: "mail2", from: "operational", to: "major_outage" }]),
    });
    const found = await findPublicIncident(db, open);
    expect(found).toMatchObject({
      causeKind: "host",
      openedAt: at("2026-11-21T09:58:00Z"),
      mergedInto: null,
    });
    expect(found?.components).toEqual([{ id: "mail2", status: "major_outage" }]);
    expect(found?.updates.map(({ text }) => text["en"])).toEqual(["second", "openu1"]);
    expect(found?.updates[0]).toMatchObject({
      at: at("2026-11-21T10:10:00.250Z"),
      affected: [{ id: "mail2", from: "operational", to: "major_outage" }],
    });
    const page = await loadPage(db, SITE, NOW);
    expect(page.incidents).toEqual([found]);
  });
});

test("the history goes back page by page and leaves nothing out", async () => {
  const { db } = await freshDb();
  for (let index = 0; index < 64; index++) {
    // Several open in the same moment, also where one page ends.
    const when = new Date(BORN.getTime() + Math.floor(index / 4) * 60_000).toISOString();
    await addIncident(
      db,
      `i${index}x`,
      when,
      resolved(new Date(Date.parse(when) + 1000).toISOString()),
    );
  }
  const first = await listPublicIncidents(db, NOW);
  const second = await listPublicIncidents(db, first.older ?? BORN);
  expect(first.incidents.length).toBeGreaterThanOrEqual(50);
  expect(second.older).toBeNull();
  const all = [...first.incidents, ...second.incidents].map(({ id }) => id);
  expect(new Set(all).size).toBe(64);
  expect(all).toHaveLength(64);
});

test("the number of queries stays the same, however much is watched", async () => {
  const { db } = await freshDb();
  const count = async (): Promise<number> => {
    let queries = 0;
    const counting = () => (queries += 1);
    db.on("query", counting);
    await loadPage(db, SITE, NOW);
    db.off("query", counting);
    return queries;
  };
  const before = await count();
  for (let index = 0; index < 12; index++) {
    await addComponent(db, `c${index}x`, { position: index });
    for (let nth = 0; nth < 5; nth++) await addMonitor(db, `m${index}-${nth}`, `c${index}x`);
    await addIncident(db, `i${index}x`, `2026-11-20T10:${10 + index}:00Z`);
  }
  expect(await count()).toBe(before);
  // Five, and what begins and ends the transaction.
  expect(before).toBeLessThanOrEqual(7);
});
