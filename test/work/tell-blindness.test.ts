import { expect, test } from "vitest";
import { findIncident } from "../../src/store/incident-rows.js";
import { loadPage } from "../../src/store/page.js";
import { createTexts } from "../../src/texts.js";
import { createBlindness } from "../../src/work/tell-blindness.js";
import { SITE } from "../support/page-model.js";
import { freshDb } from "../support/postgres.js";
import { after, monitorRow, silent, watching } from "../support/watched.js";

async function watched(patienceMs: number) {
  const { db } = await freshDb();
  const world = await watching(
    db,
    ["a", "b", "c"].map((id) => monitorRow(id)),
  );
  await world.see(0, { a: "up", b: "up", c: "up" });
  const epoch: number = (await db("leadership").first("epoch"))?.epoch;
  const blindness = createBlindness({
    db,
    epoch,
    location: "local",
    roster: world.roster,
    site: () => "Hoster",
    channels: () => ["duty"],
    nextUpdateMs: () => 60_000,
    texts: () => createTexts(),
    now: () => world.clock.now,
    log: silent,
    onOwed: () => undefined,
    patienceMs,
  });
  const told = (): Promise<string[]> => db("deliveries").orderBy("id").pluck("event");
  return { db, world, blindness, told };
}

test("that we see nothing is one incident for staff, and over when we see again", async () => {
  const { db, world, blindness, told } = await watched(0);
  await world.see(60, { a: "unknown", b: "unknown", c: "up" });
  await world.see(65, { a: "unknown", b: "unknown" });
  await blindness.look();
  await blindness.look();
  const [id] = await db("incidents").pluck("id");
  expect(await findIncident(db, id)).toMatchObject({
    state: "investigating",
    public: false,
    title: { en: "We cannot see Hoster at present" },
    cause: { kind: "blindness", id: "local" },
    openedAt: after(60).toISOString(),
    components: [],
  });
  expect((await loadPage(db, SITE, after(66))).incidents).toEqual([]);
  await world.see(120, { a: "up", b: "up", c: "up" });
  await blindness.look();
  expect(await findIncident(db, id)).toMatchObject({ state: "resolved", public: false });
  expect(await told()).toEqual(["incident.opened", "incident.resolved"]);
});

test("half of what we look at, and a moment without sight, are nobody's trouble", async () => {
  const some = await watched(0);
  await some.world.see(60, { a: "unknown", b: "up", c: "up" });
  await some.world.see(65, { a: "unknown" });
  await some.blindness.look();
  expect(await some.told()).toEqual([]);
  const short = await watched(60_000);
  await short.world.see(60, { a: "unknown", b: "unknown", c: "unknown" });
  await short.world.see(65, { a: "unknown", b: "unknown", c: "unknown" });
  await short.blindness.look();
  expect(await short.told()).toEqual([]);
});
