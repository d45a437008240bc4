import { expect, test } from "vitest";
import { listUnsent } from "../../src/store/customer-letters.js";
import { confirmContact } from "../../src/store/customer-page.js";
import type { Db } from "../../src/store/db.js";
import { forgetDeliveries, recordSent } from "../../src/store/deliveries.js";
import { claimDue } from "../../src/store/deliveries.js";
import { CUSTOMERS } from "../../src/core/delivery.js";
import { oweCustomers, moveCustomers } from "../../src/store/incident-customers.js";
import { findIncident } from "../../src/store/incident-rows.js";
import { recordReading } from "../../src/store/ticket-reading.js";
import { freshDb } from "../support/postgres.js";
import { aStrangersReading, keepAReport, openAnIncident, owedLetters } from "../support/reports.js";
import { newId } from "../support/watched.js";

const HOUR_MS = 3_600_000;
const now = new Date("2026-11-22T10:00:00Z");
const later = (hours: number): Date => new Date(now.getTime() + hours * HOUR_MS);
const guard = async (): Promise<void> => undefined;
const confirm = { kind: "confirm", language: "en", reference: "ABC-DEF" } as const;
const answerLetter = {
  kind: "answer",
  language: "en",
  reference: "ABC-DEF",
  subject: "We know",
  text: "We know.",
} as const;

/** Somebody types `contact`, and we ask whether it is theirs. */
async function ask(db: Db, contact: string, at = now): Promise<string> {
  const id = await keepAReport(db, at, { contact, source: "anonymous" });
  await recordReading(db, id, aStrangersReading({ letter: confirm }), { now: at, newId, guard });
  return id;
}

test("an address is asked once a day whether it is theirs, however it is written and however many ask", async () => {
  const { db } = await freshDb();
  await Promise.all(
    ["anna@bakery.example", "Anna@Bakery.example", "ANNA@bakery.EXAMPLE"].map((one) =>
      ask(db, one),
    ),
  );
  for (let n = 0; n < 5; n++) await ask(db, "anna@bakery.example", later(n));
  await ask(db, "other@bakery.example");
  expect((await owedLetters(db, later(5))).toSorted()).toEqual([
    expect.stringMatching(/^anna@bakery.example confirm$/i),
    "other@bakery.example confirm",
  ]);
  await ask(db, "anna@bakery.example", later(25));
  expect(await owedLetters(db, later(26))).toHaveLength(3);
});

test("who says that an address is theirs may be asked again, thrice a day at most", async () => {
  const { db } = await freshDb();
  for (let n = 0; n < 6; n++) await confirmContact(db, await ask(db, "anna@bakery.example"));
  expect(await owedLetters(db, now)).toHaveLength(3);
});

test("a flood of different addresses ends at so many questions an hour", async () => {
  const { db } = await freshDb();
  for (let n = 0; n < 310; n++) await ask(db, `someone${n}@elsewhere.example`);
  expect(await owedLetters(db, now)).toHaveLength(300);
  await ask(db, "honest@bakery.example", later(2));
  expect(await owedLetters(db, later(2))).toHaveLength(301);
});

test("answers to a customer's address that strangers ask for end at six a day; a source's do not", async () => {
  const { db } = await freshDb();
  for (const trusted of [false, true])
    for (let n = 0; n < 9; n++) {
      const id = await keepAReport(db, now, { contact: `${trusted}@bakery.example` });
      const reading = { trusted, contactIsKnown: true, letter: answerLetter };
      await recordReading(db, id, aStrangersReading(reading), { now, newId, guard });
    }
  const letters = await owedLetters(db, now);
  expect(letters.filter((one) => one.startsWith("false"))).toHaveLength(6);
  expect(letters.filter((one) => one.startsWith("true"))).toHaveLength(9);
});

test("an answer that was sent is not sent again when the outbox has forgotten it", async () => {
  const { db } = await freshDb();
  const id = await ask(db, "anna@bakery.example");
  await confirmContact(db, id);
  expect(await listUnsent(db, later(1), 10)).toMatchObject([{ id }]);
  for (const claim of await claimDue(db, now, [{ channelId: CUSTOMERS, free: 9 }], HOUR_MS))
    await recordSent(db, claim, now);
  expect(await forgetDeliveries(db, later(1), 100)).toBe(1);
  expect(await listUnsent(db, later(24 * 91), 10)).toEqual([]);
});

/** A ticket of such a report, linked to the incident by the engine, told or not. */
async function linked(
  db: Db,
  incident: string,
  contact: string,
  given: Parameters<typeof aStrangersReading>[0] = {},
): Promise<string> {
  const id = await keepAReport(db, now, { contact });
  const link = { id: incident, p: 0.97, reasons: [] };
  const reading = aStrangersReading({ link, told: true, ...given });
  await recordReading(db, id, reading, { now, newId, guard });
  return id;
}

async function tell(
  db: Db,
  incident: string,
  event: "incident.updated" | "incident.resolved",
  again = false,
): Promise<string[]> {
  const view = await findIncident(db, incident);
  if (!view) throw new Error("no incident");
  const change = { view, text: { en: "A word." }, told: true, again };
  await oweCustomers(db, event, change, { now, newId, traceparent: null });
  return (await owedLetters(db, now)).map((one) => one.split("@")[0] ?? "").toSorted();
}

test("of an incident those hear who are its customers for certain, or whose answer named it", async () => {
  const { db } = await freshDb();
  const incident = await openAnIncident(db, now);
  await linked(db, incident, "proven@a.example", { trusted: true, contactIsKnown: true });
  await linked(db, incident, "owner@b.example", { contactIsKnown: true });
  await confirmContact(db, await linked(db, incident, "guesser@c.example"));
  const named = {
    kind: "none",
    language: "en",
    text: "Perhaps.",
    incident,
    nextUpdateAt: null,
  } as const;
  const hinted = { link: null, told: false, answer: named };
  await confirmContact(db, await linked(db, incident, "hinted@d.example", hinted));
  await linked(db, incident, "unproven@e.example", hinted);
  expect(await tell(db, incident, "incident.resolved")).toEqual(["hinted", "owner", "proven"]);
});

test("who is about to be told of an incident is not also sent its update", async () => {
  const { db } = await freshDb();
  const incident = await openAnIncident(db, now);
  await linked(db, incident, "late@a.example", {
    trusted: true,
    contactIsKnown: true,
    told: false,
  });
  expect(await tell(db, incident, "incident.resolved")).toEqual([]);
});

test("who was told that it is over hears when it is not", async () => {
  const { db } = await freshDb();
  const incident = await openAnIncident(db, now);
  await linked(db, incident, "first@a.example", { trusted: true, contactIsKnown: true });
  expect(await tell(db, incident, "incident.updated")).toEqual([]);
  expect(await tell(db, incident, "incident.updated", true)).toEqual(["first"]);
});

test("the customers of an incident that is merged are those of the one that goes on", async () => {
  const { db } = await freshDb();
  const [from, into] = [await openAnIncident(db, now), await openAnIncident(db, now)];
  await linked(db, from, "first@a.example", { trusted: true, contactIsKnown: true });
  await db("incidents")
    .where({ id: from })
    .update({ merged_into: into, state: "resolved", resolved_at: now });
  await moveCustomers(db, from, into, now);
  // Read while it was merged.
  await linked(db, from, "second@a.example", { trusted: true, contactIsKnown: true });
  expect(await db("tickets").pluck("state")).toEqual(["known", "known"]);
  expect(await tell(db, into, "incident.resolved")).toEqual(["first", "second"]);
  expect(await db("tickets").distinct().pluck("state")).toEqual(["fixed"]);
});
