import type { Labelled } from "../core/correlate/recalibrate.js";
import type { Candidate, Verdict } from "../core/correlate/verdict.js";
import type { DeepFinding } from "../core/deep-probe.js";
import type { Extraction } from "../core/extract/extraction.js";
import type { LetterBody } from "../core/letter.js";
import type { Answer } from "../core/report.js";
import { oweLetter } from "./customer-letters.js";
import { toJson, type Db } from "./db.js";
import { recordLooks } from "./report-looks.js";
import { addLink, survivorOf } from "./ticket-links.js";
import type { Queue, TicketState } from "./tickets.js";

type Weighed = Omit<Labelled, "report" | "linked">;

/** What was made of a report, to be stored at once. */
export interface Reading {
  readonly extraction: Extraction | null;
  readonly verdict: Verdict | null;
  /** What spoke for and against what was known. */
  readonly weighed: readonly Weighed[];
  readonly answer: Answer;
  readonly queue: Queue;
  readonly language: string;
  /** Whose it is where that is certain; only then may another report join the ticket. */
  readonly accountId: string | null;
  /** Whoever reads its page is the customer for certain. */
  readonly trusted: boolean;
  /** Until when a person's word is promised; `null` where an incident's promise holds. */
  readonly answerDueAt: Date | null;
  /** The earlier report whose ticket it joins. */
  readonly joins: string | null;
  /** The incident that the engine links it to. */
  readonly link: Candidate | null;
  /** Answer or letter name the incident it is linked to. */
  readonly told: boolean;
  /** The contact is one that the account gave us itself. */
  readonly contactIsKnown: boolean;
  /** What our own looks saw; empty where none was taken. */
  readonly findings: readonly DeepFinding[];
  /** The letter that carries the answer, where the contact is known to be theirs. */
  readonly letter: LetterBody | null;
}

export interface RecordOptions {
  readonly now: Date;
  readonly newId: () => string;
  /** Runs first in the transaction; throws where we may not decide any more. */
  readonly guard: (tx: Db) => Promise<void>;
}

/**
 * The one door through which a reading becomes a ticket: what was understood, the link, the answer
 * and the letter that carries it, all or nothing. False where the report had been read already.
 */
export async function recordReading(
  db: Db,
  reportId: string,
  reading: Reading,
  { now, newId, guard }: RecordOptions,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    await guard(tx);
    const unread: { id: string } | undefined = await tx("reports")
      .select("id")
      .where({ id: reportId })
      .whereNull("read_at")
      .forUpdate()
      .first();
    if (!unread) return false;
    const incident = reading.link && (await survivorOf(tx, reading.link.id));
    const joined = await ticketToJoin(tx, reading);
    const ticketId = joined?.id ?? (await openTicket(tx, reading, newId(), now));
    await tx("reports")
      .where({ id: reportId })
      .update({
        ticket_id: ticketId,
        read_at: now,
        extraction: reading.extraction && toJson(reading.extraction),
        verdict: reading.verdict && toJson(reading.verdict),
        weighed: toJson(reading.weighed),
        answer: toJson(reading.answer),
        duplicate_of: await firstOf(tx, reading),
        trusted: reading.trusted,
        ...(reading.contactIsKnown && { contact_proof: "inventory" }),
      });
    // An answer that could not name the incident yet is followed by one that does.
    const linked = { by: "engine", now, toldAt: reading.told ? now : null };
    const state =
      incident && reading.link && (await addLink(tx, ticketId, incident, reading.link, linked));
    await standBy(tx, ticketId, { reading, now, state, before: joined?.state ?? null });
    await tx("ticket_messages").insert({
      id: newId(),
      ticket_id: ticketId,
      report_id: reportId,
      at: now,
      by: "engine",
      kind: "answer",
      text: reading.answer.text,
    });
    await recordLooks(tx, reportId, reading.findings);
    if (reading.letter) await oweLetter(tx, reportId, reading.letter, newId(), now);
    await tx.raw("select pg_notify('tudunk_read', ?)", [reportId]);
    return true;
  });
}

/** The open ticket of the report that this one repeats, where both are certainly of one account. */
async function ticketToJoin(
  tx: Db,
  { joins, accountId }: Reading,
): Promise<{ readonly id: string; readonly state: TicketState } | null> {
  if (joins === null || accountId === null) return null;
  const found: { id: string; state: TicketState } | undefined = await tx("tickets")
    .join("reports", "reports.ticket_id", "tickets.id")
    .select("tickets.id", "tickets.state")
    .where({ "reports.id": joins, "tickets.account_id": accountId })
    .whereNot("tickets.state", "closed")
    .forUpdate("tickets")
    .first();
  return found ?? null;
}

/** What it repeats may have been forgotten while it was read. */
async function firstOf(tx: Db, { verdict }: Reading): Promise<string | null> {
  const id = verdict?.duplicateOf ?? null;
  if (id === null) return null;
  const first: unknown = await tx("reports").select("id").where({ id }).forShare().first();
  return first ? id : null;
}

async function openTicket(tx: Db, reading: Reading, id: string, now: Date): Promise<string> {
  await tx("tickets").insert({
    id,
    queue: reading.queue,
    state: "looking",
    account_id: reading.accountId,
    language: reading.language,
    opened_at: now,
    answer_due_at: reading.answerDueAt,
    updated_at: now,
  });
  return id;
}

/** How the ticket stands with this report: linked, or to be looked at where it was thought over. */
async function standBy(
  tx: Db,
  ticketId: string,
  {
    reading,
    now,
    state,
    before,
  }: {
    readonly reading: Reading;
    readonly now: Date;
    readonly state: TicketState | null;
    readonly before: TicketState | null;
  },
): Promise<void> {
  const again = before === "fixed" && reading.link === null && reading.queue === "fault";
  await tx("tickets")
    .where({ id: ticketId })
    .update({
      updated_at: now,
      ...(state !== null && { state }),
      ...(again && { state: "looking", answer_due_at: reading.answerDueAt }),
    });
}
