import type { Candidate, Reason, Verdict } from "../core/correlate/verdict.js";
import type { Extraction } from "../core/extract/extraction.js";
import type { LetterBody } from "../core/letter.js";
import type { Answer } from "../core/report.js";
import { CUSTOMERS } from "../core/delivery.js";
import type { Db } from "./db.js";
import { listReportsOf, type StoredReport } from "./reports.js";

export type Queue = "fault" | "billing" | "help" | "feedback";
export type TicketState = "known" | "looking" | "fixed" | "closed";

/** What was made of a report, to be stored at once. */
export interface Reading {
  readonly extraction: Extraction | null;
  readonly verdict: Verdict | null;
  readonly answer: Answer;
  readonly queue: Queue;
  readonly language: string;
  /** Whose it is where that is certain; only then may another report join the ticket. */
  readonly accountId: string | null;
  /** Until when a person's word is promised; `null` where an incident's promise holds. */
  readonly answerDueAt: Date | null;
  /** The earlier report whose ticket it joins. */
  readonly joins: string | null;
  /** The incident that the engine links it to. */
  readonly link: Candidate | null;
  /** The contact is one that the account gave us itself. */
  readonly contactIsKnown: boolean;
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
    const joined = await ticketToJoin(tx, reading);
    const ticketId = joined ?? (await openTicket(tx, reading, newId(), now));
    await tx("reports")
      .where({ id: reportId })
      .update({
        ticket_id: ticketId,
        read_at: now,
        extraction: reading.extraction,
        verdict: reading.verdict,
        answer: reading.answer,
        duplicate_of: reading.verdict?.duplicateOf ?? null,
        ...(reading.contactIsKnown && { contact_proof: "inventory" }),
      });
    if (reading.link) await addLink(tx, ticketId, reading.link, "engine", now);
    await tx("ticket_messages").insert({
      id: newId(),
      ticket_id: ticketId,
      report_id: reportId,
      at: now,
      by: "engine",
      kind: "answer",
      text: reading.answer.text,
    });
    if (reading.letter) await oweLetter(tx, reportId, reading.letter, newId(), now);
    await tx.raw("select pg_notify('tudunk_read', ?)", [reportId]);
    return true;
  });
}

/** The open ticket of the report that this one repeats, where both are certainly of one account. */
async function ticketToJoin(tx: Db, { joins, accountId }: Reading): Promise<string | null> {
  if (joins === null || accountId === null) return null;
  const found: { id: string } | undefined = await tx("tickets")
    .join("reports", "reports.ticket_id", "tickets.id")
    .select("tickets.id")
    .where({ "reports.id": joins, "tickets.account_id": accountId })
    .whereNot("tickets.state", "closed")
    .first();
  return found?.id ?? null;
}

async function openTicket(tx: Db, reading: Reading, id: string, now: Date): Promise<string> {
  await tx("tickets").insert({
    id,
    queue: reading.queue,
    state: reading.link ? "known" : "looking",
    account_id: reading.accountId,
    language: reading.language,
    opened_at: now,
    answer_due_at: reading.answerDueAt,
    updated_at: now,
  });
  return id;
}

async function addLink(
  tx: Db,
  ticketId: string,
  { id, p, reasons }: Pick<Candidate, "id" | "p" | "reasons">,
  by: string,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `insert into links (ticket_id, incident_id, by, p, reasons, linked_at)
     values (:ticketId, :id, :by, :p, cast(:reasons as jsonb), :now)
     on conflict (ticket_id, incident_id) where undone_at is null do nothing`,
    { ticketId, id, by, p, reasons: JSON.stringify(reasons), now },
  );
  return rowCount === 1;
}

async function oweLetter(
  tx: Db,
  reportId: string,
  letter: LetterBody,
  key: string,
  now: Date,
): Promise<void> {
  await tx.raw(
    `insert into deliveries (key, channel_id, report_id, recipient, event, at, body, traceparent, due_at)
     select :key, :channel, r.id, r.contact, :event, :now, cast(:body as jsonb), r.traceparent, :now
       from reports r where r.id = :reportId and r.contact is not null`,
    {
      key: `${reportId}-${key}`,
      channel: CUSTOMERS,
      event: `report.${letter.kind}`,
      now,
      body: JSON.stringify(letter),
      reportId,
    },
  );
}

// ── reading ──────────────────────────────────────────────────────────────────────────────────

export interface Link {
  readonly incidentId: string;
  readonly by: string;
  readonly p: number | null;
  readonly reasons: readonly Reason[];
  readonly linkedAt: Date;
  readonly undoneAt: Date | null;
}

export interface Ticket {
  readonly id: string;
  readonly queue: Queue;
  readonly state: TicketState;
  readonly accountId: string | null;
  readonly language: string;
  readonly openedAt: Date;
  readonly answerDueAt: Date | null;
  readonly links: readonly Link[];
  readonly reports: readonly StoredReport[];
}

interface TicketRow {
  readonly id: string;
  readonly queue: Queue;
  readonly state: TicketState;
  readonly account_id: string | null;
  readonly language: string;
  readonly opened_at: Date;
  readonly answer_due_at: Date | null;
}

interface LinkRow {
  readonly ticket_id: string;
  readonly incident_id: string;
  readonly by: string;
  readonly p: number | null;
  readonly reasons: readonly Reason[];
  readonly linked_at: Date;
  readonly undone_at: Date | null;
}

export async function findTicket(db: Db, id: string): Promise<Ticket | null> {
  const rows: TicketRow[] = await db("tickets").where({ id });
  return (await ticketsOf(db, rows))[0] ?? null;
}

export interface TicketPage {
  readonly state: "open" | "all";
  readonly after: { readonly openedAt: Date; readonly id: string } | null;
  readonly limit: number;
}

/** Tickets newest first. */
export async function listTickets(db: Db, { state, after, limit }: TicketPage): Promise<Ticket[]> {
  const query = db("tickets")
    .orderBy([
      { column: "opened_at", order: "desc" },
      { column: "id", order: "desc" },
    ])
    .limit(limit);
  if (state === "open") void query.whereNot({ state: "closed" });
  if (after) void query.whereRaw("(opened_at, id) < (?, ?)", [after.openedAt, after.id]);
  return ticketsOf(db, await query);
}

async function ticketsOf(db: Db, rows: readonly TicketRow[]): Promise<Ticket[]> {
  const ids = rows.map(({ id }) => id);
  const links: LinkRow[] = await db("links").whereIn("ticket_id", ids).orderBy("id");
  const reports = await listReportsOf(db, ids);
  return rows.map((row) => ({
    id: row.id,
    queue: row.queue,
    state: row.state,
    accountId: row.account_id,
    language: row.language,
    openedAt: row.opened_at,
    answerDueAt: row.answer_due_at,
    links: links.filter(({ ticket_id }) => ticket_id === row.id).map(linkOf),
    reports: reports.filter(({ ticketId }) => ticketId === row.id),
  }));
}

const linkOf = (row: LinkRow): Link => ({
  incidentId: row.incident_id,
  by: row.by,
  p: row.p,
  reasons: row.reasons,
  linkedAt: row.linked_at,
  undoneAt: row.undone_at,
});
