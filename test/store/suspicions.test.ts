import { expect, test } from "vitest";
import type { Standing } from "../../src/core/correlate/suspect.js";
import type { Db } from "../../src/store/db.js";
import { oweCustomers } from "../../src/store/incident-customers.js";
import { findIncident } from "../../src/store/incident-rows.js";
import { listDoubted } from "../../src/store/still-broken.js";
import { dismissSuspicion, recordStanding, settleSuspicion } from "../../src/store/suspicions.js";
import { recordReading } from "../../src/store/ticket-reading.js";
import { freshDb } from "../support/postgres.js";
import { aStrangersReading, keepAReport, openAnIncident, owedLetters } from "../support/reports.js";
import { newId } from "../support/watched.js";

const now = new Date("2026-11-22T10:00:00Z");
const guard = async (): Promise<void> => undefined;
const words = () => ({ headline: { en: "x" }, text: { en: "x" } });

const standing = (id: string, members: readonly string[] = []): Standing => ({
  id,
  lastAt: now.getTime(),
  suspicion: {
    key: { place: id, symptom: "mail.spam" },
    members,
    accounts: 3,
    expected: 0.1,
    windowMs: 3_600_000,
    words: ["\ud800"],
  },
});

const raise = (db: Db, all: readonly Standing[], at = now) =>
  recordStanding(db, all, { now: at, guard, channels: ["duty"], newId, words });

test("staff are told of six suspicions an hour; more are only listed", async () => {
  const { db } = await freshDb();
  const all = Array.from({ length: 10 }, (_, n) => standing(`place${n}`));
  const raised = await raise(db, all);
  expect(raised.filter(({ told }) => told)).toHaveLength(6);
  expect(await db("suspicions").where({ state: "open" }).select("id")).toHaveLength(10);
  expect(await db("deliveries").select("id")).toHaveLength(6);
  const later = new Date(now.getTime() + 2 * 3_600_000);
  expect(await raise(db, [...all, standing("another")], later)).toEqual([
    { id: "another", told: true },
  ]);
});

test("what was dismissed while reports were read gets no new members", async () => {
  const { db } = await freshDb();
  const report = await keepAReport(db, now);
  await raise(db, [standing("maros")]);
  await dismissSuspicion(db, "maros", { by: "Bea", now });
  expect(await raise(db, [standing("maros", [report])])).toEqual([]);
  expect(await db("reports").pluck("suspicion_id")).toEqual([null]);
});

test("a suspicion that turns out to be over leaves its tickets fixed, and merges into no merged incident", async () => {
  const { db } = await freshDb();
  const report = await keepAReport(db, now);
  await recordReading(db, report, aStrangersReading(), { now, newId, guard });
  await raise(db, [standing("maros", [report])]);
  const over = await openAnIncident(db, now, { state: "resolved", resolved_at: now });
  const gone = await openAnIncident(db, now, {
    state: "resolved",
    resolved_at: now,
    merged_into: over,
  });
  const into = (incident: string) =>
    settleSuspicion(db, "maros", () => Promise.resolve({ incident, state: "merged" }), {
      by: "Bea",
      now,
    });
  await expect(into(gone)).rejects.toThrow(/merged into another/);
  await into(over);
  expect(await db("tickets").pluck("state")).toEqual(["fixed"]);
  // Whoever may be anybody is not told by it whose servers are hit.
  const view = await findIncident(db, over);
  if (!view) throw new Error("no incident");
  await db("links").update({ told_at: now });
  await db("reports").update({ contact: "thief@elsewhere.example", contact_proof: "confirmed" });
  await oweCustomers(
    db,
    "incident.resolved",
    { view, text: { en: "x" }, told: true },
    { now, newId, traceparent: null },
  );
  expect((await owedLetters(db, now)).filter((one) => one.includes("thief"))).toEqual([]);
});

test("three who are known for certain open an incident again; any number of others do not", async () => {
  const { db } = await freshDb();
  const incident = await openAnIncident(db, now, { state: "resolved", resolved_at: now });
  const doubt = async (n: number, trusted: boolean): Promise<void> => {
    const report = await keepAReport(db, now);
    const link = { id: incident, p: 0.97, reasons: [] };
    const accountId = trusted ? `A-${n}` : null;
    const reading = aStrangersReading({ link, trusted, accountId });
    await recordReading(db, report, reading, { now, newId, guard });
    await db("ticket_messages").insert({
      id: newId(),
      ticket_id: (await db("reports").where({ id: report }).pluck("ticket_id"))[0],
      report_id: report,
      at: now,
      by: "customer",
      kind: "broken",
      text: "",
      trusted,
    });
  };
  const before = new Date(now.getTime() - 1_000);
  for (let n = 0; n < 9; n++) await doubt(n, false);
  for (let n = 0; n < 9; n++) await doubt(n % 2, true);
  expect(await listDoubted(db, before)).toEqual([]);
  await doubt(2, true);
  expect(await listDoubted(db, before)).toEqual([incident]);
});
