import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { publicId } from "../../src/core/ids.js";
import { referenceOf, type Answer, type Incoming } from "../../src/core/report.js";
import { claimDue } from "../../src/store/deliveries.js";
import type { Db } from "../../src/store/db.js";
import { CUSTOMERS } from "../../src/core/delivery.js";
import { postUpdate } from "../../src/store/incident-updates.js";
import { findReport, keepReport, listUnread } from "../../src/store/reports.js";
import { adoptTicket, listUntold, tellLinked } from "../../src/store/ticket-adoption.js";
import { linkTicket, unlinkTicket } from "../../src/store/ticket-links.js";
import { recordReading, type Reading } from "../../src/store/ticket-reading.js";
import { findTicket, forgetTickets } from "../../src/store/tickets.js";
import { freshDb } from "../support/postgres.js";

const now = new Date("2026-11-22T10:00:00Z");
const newId = (): string => publicId(randomBytes(12));
const record = { now, newId, guard: async () => undefined };
const INCIDENT = "inc000000001";

const incoming = (given: Partial<Incoming> = {}): Incoming => ({
  id: newId(),
  reference: referenceOf(randomBytes(6)),
  source: "shop-desk",
  sourceId: null,
  channel: "api",
  receivedAt: now.getTime(),
  from: null,
  fromName: null,
  accountId: null,
  subject: null,
  text: "Our mail does not leave.",
  attachments: [],
  language: "en",
  contact: "anna@bakery.example",
  hear: "first-and-fixed",
  traceparent: null,
  ...given,
});

const answer = (incident: string | null = null): Answer => ({
  kind: incident ? "known" : "none",
  language: "en",
  text: "We have it.",
  incident,
  nextUpdateAt: null,
});

const reading = (given: Partial<Reading> = {}): Reading => ({
  extraction: null,
  verdict: null,
  weighed: [],
  answer: answer(),
  queue: "fault",
  language: "en",
  accountId: "A-1",
  trusted: true,
  answerDueAt: null,
  joins: null,
  link: null,
  told: given.link != null,
  contactIsKnown: true,
  findings: [],
  letter: null,
  ...given,
});

async function openIncident(db: Db, id = INCIDENT, isPublic = true): Promise<void> {
  await db("incidents").insert({
    id,
    state: "investigating",
    public: isPublic,
    cause_kind: "host",
    cause_id: id,
    severity: "major",
    title: { en: "Sending mail fails" },
    opened_at: now,
    created_at: now,
    updated_at: now,
  });
}

const letters = async (db: Db): Promise<unknown[]> =>
  (await claimDue(db, now, [{ channelId: CUSTOMERS, free: 50 }], 60_000)).map((claim) =>
    claim.to === "customer" ? [claim.recipient, claim.body.kind] : claim,
  );

test("a report of the same number and content is one report, of other content it is refused", async () => {
  const { db } = await freshDb();
  const first = await keepReport(db, incoming({ sourceId: "7" }), now);
  const again = await keepReport(db, incoming({ sourceId: "7" }), now);
  expect(again).toEqual({ ...first, fresh: false });
  await expect(keepReport(db, incoming({ sourceId: "7", text: "else" }), now)).rejects.toThrow(
    /another report with the id 7/,
  );
  expect(await listUnread(db, 10)).toHaveLength(1);
});

test("of twenty copies at once one is kept", async () => {
  const { db } = await freshDb();
  const kept = await Promise.all(
    Array.from({ length: 20 }, () => keepReport(db, incoming({ sourceId: "same" }), now)),
  );
  expect(kept.filter(({ fresh }) => fresh)).toHaveLength(1);
  expect(new Set(kept.map(({ id }) => id)).size).toBe(1);
});

test("a reading becomes a ticket once, with link, answer and letter", async () => {
  const { db } = await freshDb();
  await openIncident(db);
  const { id } = await keepReport(db, incoming(), now);
  const letter = {
    kind: "answer",
    language: "en",
    reference: "ABC-DEF",
    subject: "We know",
    text: "We know.",
  } as const;
  const whole = reading({
    answer: answer(INCIDENT),
    link: { id: INCIDENT, p: 0.97, reasons: [] },
    letter,
  });
  expect(await recordReading(db, id, whole, record)).toBe(true);
  expect(await recordReading(db, id, whole, record)).toBe(false);
  const report = await findReport(db, id);
  const ticket = await findTicket(db, report?.ticketId ?? "");
  expect(ticket).toMatchObject({ state: "known", links: [{ incidentId: INCIDENT, by: "engine" }] });
  expect(await letters(db)).toEqual([["anna@bakery.example", "answer"]]);
});

test("a repetition joins the ticket of its account, and never that of another", async () => {
  const { db } = await freshDb();
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.push((await keepReport(db, incoming(), now)).id);
  const [first = "", second = "", third = ""] = ids;
  await recordReading(db, first, reading(), record);
  await recordReading(db, second, reading({ joins: first }), record);
  await recordReading(db, third, reading({ joins: first, accountId: "A-2" }), record);
  const tickets = await Promise.all(ids.map(async (id) => (await findReport(db, id))?.ticketId));
  expect(tickets[1]).toBe(tickets[0]);
  expect(tickets[2]).not.toBe(tickets[0]);
});

test("what repeats a trouble that was over is looked at, and a link to what is over is fixed", async () => {
  const { db } = await freshDb();
  await openIncident(db);
  await db("incidents").update({ state: "resolved", resolved_at: now });
  const link = { id: INCIDENT, p: 0.97, reasons: [] };
  const { id: first } = await keepReport(db, incoming(), now);
  await recordReading(db, first, reading({ link }), record);
  const ticketId = (await findReport(db, first))?.ticketId ?? "";
  expect((await findTicket(db, ticketId))?.state).toBe("fixed");
  const { id: second } = await keepReport(db, incoming(), now);
  await recordReading(db, second, reading({ joins: first, answerDueAt: now }), record);
  expect(await findTicket(db, ticketId)).toMatchObject({ state: "looking", answerDueAt: now });
  expect((await findReport(db, second))?.ticketId).toBe(ticketId);
});

test("a link undone by somebody is not made again by the engine, and both are remembered", async () => {
  const { db } = await freshDb();
  await openIncident(db);
  const { id } = await keepReport(db, incoming(), now);
  await recordReading(db, id, reading(), record);
  const ticketId = (await findReport(db, id))?.ticketId ?? "";
  const by = { by: "Bea", now };
  await linkTicket(db, ticketId, INCIDENT, by);
  await linkTicket(db, ticketId, INCIDENT, by);
  expect((await findTicket(db, ticketId))?.state).toBe("known");
  await unlinkTicket(db, ticketId, INCIDENT, by);
  expect((await findTicket(db, ticketId))?.state).toBe("looking");
  await expect(unlinkTicket(db, ticketId, INCIDENT, by)).rejects.toThrow(/not linked/);
  expect(await adoptTicket(db, ticketId, { id: INCIDENT, p: 1, reasons: [] }, record)).toBe(false);
  expect(await db("corrections").orderBy("id").pluck("linked")).toEqual([true, false]);
  await expect(linkTicket(db, ticketId, "inc000000009", by)).rejects.toThrow(/no such incident/);
});

test("who was linked late is told once, when customers may know of it", async () => {
  const { db } = await freshDb();
  await openIncident(db, INCIDENT, false);
  const { id } = await keepReport(db, incoming(), now);
  await recordReading(db, id, reading(), record);
  const ticketId = (await findReport(db, id))?.ticketId ?? "";
  expect(await adoptTicket(db, ticketId, { id: INCIDENT, p: 0.95, reasons: [] }, record)).toBe(
    true,
  );
  expect(await listUntold(db, 10)).toEqual([]);
  await db("incidents").update({ public: true });
  const [untold] = await listUntold(db, 10);
  if (!untold) throw new Error("nobody to tell");
  const telling = { reportId: id, answer: answer(INCIDENT), letter: null };
  expect(await tellLinked(db, untold, [telling], record)).toBe(true);
  expect(await tellLinked(db, untold, [telling], record)).toBe(false);
  expect((await findReport(db, id))?.answer?.kind).toBe("known");
});

test("an update reaches those who want every word, the end those who want the end", async () => {
  const { db } = await freshDb();
  await openIncident(db);
  const wishes = ["every", "first-and-fixed", "fixed", "nothing"] as const;
  for (const hear of [...wishes, "every"] as const) {
    const contact = `${hear}@bakery.example`;
    const { id } = await keepReport(db, incoming({ hear, contact }), now);
    const link = { id: INCIDENT, p: 0.97, reasons: [] };
    await recordReading(db, id, reading({ link, accountId: null }), record);
  }
  // Nobody has said that this address is theirs.
  const unproven = await keepReport(db, incoming({ hear: "every", contact: "x@y.example" }), now);
  await recordReading(
    db,
    unproven.id,
    reading({ link: { id: INCIDENT, p: 0.97, reasons: [] }, contactIsKnown: false }),
    record,
  );
  await postUpdate(
    db,
    INCIDENT,
    {
      text: { en: "A part is on its way." },
      state: null,
      public: true,
      nextUpdateAt: null,
      by: "Bea",
    },
    {
      now,
      channels: [],
      nextUpdateMs: 60_000,
      newId,
      speaker: { headline: () => ({ en: "x" }) },
      traceparent: null,
    },
  );
  // However many tickets it has, an address hears of one incident once.
  expect(await letters(db)).toEqual([["every@bakery.example", "update"]]);
});

test("what nobody has spoken of for long is forgotten with all that belongs to it", async () => {
  const { db } = await freshDb();
  await openIncident(db);
  const { id } = await keepReport(db, incoming(), now);
  const link = { id: INCIDENT, p: 0.97, reasons: [] };
  await recordReading(db, id, reading({ link }), record);
  expect(await forgetTickets(db, new Date(now.getTime() - 1), 10)).toBe(0);
  expect(await forgetTickets(db, new Date(now.getTime() + 1), 10)).toBe(1);
  for (const table of ["tickets", "reports", "links", "ticket_messages"])
    expect(await db(table).select("*")).toEqual([]);
});
