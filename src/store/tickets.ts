import type { Candidate, Reason, Verdict } from "../core/correlate/verdict.js";
import type { DeepFinding } from "../core/deep-probe.js";
import type { Labelled } from "../core/correlate/recalibrate.js";
import type { Extraction } from "../core/extract/extraction.js";
import type { LetterBody } from "../core/letter.js";
import type { Answer } from "../core/report.js";
import { Problem } from "../errors.js";
import { CUSTOMERS } from "../core/delivery.js";
import type { Db } from "./db.js";
import { listReportsById, listReportsOf, type StoredReport } from "./reports.js";

export type Queue = "fault" | "billing" | "help" | "feedback";
export type TicketState = "known" | "looking" | "fixed" | "closed";

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
  /** Until when a person's word is promised; `null` where an incident's promise holds. */
  readonly answerDueAt: Date | null;
  /** The earlier report whose ticket it joins. */
  readonly joins: string | null;
  /** The incident that the engine links it to. */
  readonly link: Candidate | null;
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
    const joined = await ticketToJoin(tx, reading);
    const ticketId = joined ?? (await openTicket(tx, reading, newId(), now));
    await tx("reports")
      .where({ id: reportId })
      .update({
        ticket_id: ticketId,
        read_at: now,
        extraction: reading.extraction,
        verdict: reading.verdict,
        weighed: JSON.stringify(reading.weighed),
        answer: reading.answer,
        duplicate_of: reading.verdict?.duplicateOf ?? null,
        ...(reading.contactIsKnown && { contact_proof: "inventory" }),
      });
    // An answer that could not name the incident yet is followed by one that does.
    const toldAt = reading.answer.incident === null ? null : now;
    if (reading.link) await addLink(tx, ticketId, reading.link, { by: "engine", now, toldAt });
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

type LinkWish = Pick<Candidate, "id" | "reasons"> & { readonly p: number | null };

async function addLink(
  tx: Db,
  ticketId: string,
  { id, p, reasons }: LinkWish,
  { by, now, toldAt }: { readonly by: string; readonly now: Date; readonly toldAt: Date | null },
): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `insert into links (ticket_id, incident_id, by, p, reasons, linked_at, told_at)
     values (:ticketId, :id, :by, cast(:p as real), cast(:reasons as jsonb), :now, cast(:toldAt as timestamptz))
     on conflict (ticket_id, incident_id) where undone_at is null do nothing`,
    { ticketId, id, by, p, reasons: JSON.stringify(reasons), now, toldAt },
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

// ── late adoption ────────────────────────────────────────────────────────────────────────────

/** Reports since `since` whose ticket is linked to nothing and that are about a fault, oldest first. */
export async function listUnlinked(db: Db, since: Date, limit: number): Promise<StoredReport[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `select r.id from reports r join tickets t on t.id = r.ticket_id
      where r.received_at >= :since and r.extraction is not null
        and t.queue = 'fault' and t.state = 'looking'
        and not exists (select 1 from links l where l.ticket_id = t.id)
      order by r.received_at desc limit :limit`,
    { since, limit },
  );
  return listReportsById(
    db,
    rows.map(({ id }) => id),
  );
}

/** Links a ticket to an incident that turned up after it. False where it is linked or closed by now. */
export async function adoptTicket(
  db: Db,
  ticketId: string,
  candidate: Candidate,
  { now, guard }: Pick<RecordOptions, "now" | "guard">,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    await guard(tx);
    const open: unknown = await tx("tickets")
      .select("id")
      .where({ id: ticketId, state: "looking" })
      .forUpdate()
      .first();
    // What somebody has undone is not done again.
    const before: unknown = await tx("links").where({ ticket_id: ticketId }).first();
    if (!open || before) return false;
    await addLink(tx, ticketId, candidate, { by: "engine", now, toldAt: null });
    await tx("tickets").where({ id: ticketId }).update({ state: "known", updated_at: now });
    return true;
  });
}

/** A link whose customers have not been told of the incident. */
export interface Untold {
  readonly linkId: number;
  readonly ticketId: string;
  readonly incidentId: string;
}

/** Links to public incidents that nobody was told of yet. */
export async function listUntold(db: Db, limit: number): Promise<Untold[]> {
  const { rows } = await db.raw<{ rows: Untold[] }>(
    `select l.id as "linkId", l.ticket_id as "ticketId", l.incident_id as "incidentId"
       from links l join incidents i on i.id = l.incident_id
      where l.told_at is null and l.undone_at is null and i.public
      order by l.id limit :limit`,
    { limit },
  );
  return rows;
}

/** What the customers of a link are told: an answer for each report, and the letter that carries it. */
export interface Telling {
  readonly reportId: string;
  readonly answer: Answer;
  readonly letter: LetterBody | null;
}

/** Notes that a link's customers are told, with the letters they are owed, all or nothing. */
export async function tellLinked(
  db: Db,
  { linkId, ticketId }: Untold,
  tellings: readonly Telling[],
  { now, newId, guard }: RecordOptions,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    await guard(tx);
    const mine = await tx("links")
      .where({ id: linkId })
      .whereNull("told_at")
      .whereNull("undone_at")
      .update({ told_at: now });
    if (mine === 0) return false;
    for (const { reportId, answer, letter } of tellings) {
      await tx("ticket_messages").insert({
        id: newId(),
        ticket_id: ticketId,
        report_id: reportId,
        at: now,
        by: "engine",
        kind: "answer",
        text: answer.text,
      });
      await tx("reports").where({ id: reportId }).update({ answer });
      if (letter) await oweLetter(tx, reportId, letter, newId(), now);
    }
    return true;
  });
}

/** What customers said was still broken since `since`, oldest first. */
export async function listBroken(
  db: Db,
  since: Date,
  limit: number,
): Promise<{ readonly messageId: string; readonly report: StoredReport }[]> {
  const rows: { id: string; report_id: string }[] = await db("ticket_messages")
    .select("id", "report_id")
    .where({ kind: "broken" })
    .whereNull("undone_at")
    .whereNotNull("report_id")
    .where("at", ">=", since)
    .orderBy("num")
    .limit(limit);
  const reports = await listReportsById(
    db,
    rows.map(({ report_id }) => report_id),
  );
  return rows.flatMap(({ id, report_id }) => {
    const report = reports.find((one) => one.id === report_id);
    return report ? { messageId: id, report } : [];
  });
}

/** Keeps what our looks at a customer's services saw. */
export async function recordLooks(
  db: Db,
  reportId: string,
  findings: readonly DeepFinding[],
): Promise<void> {
  for (const { service, target, outcome, reason, ms, at, facts } of findings)
    await db("report_looks")
      .insert({ report_id: reportId, at, service, target, outcome, reason, ms, facts })
      .onConflict()
      .ignore();
}

/** Reports whose sender has said that the address is theirs, and who were sent no answer yet. */
export async function listUnsent(db: Db, limit: number): Promise<StoredReport[]> {
  const ids: string[] = await db("reports")
    .where({ contact_proof: "confirmed" })
    .whereNotNull("answer")
    .whereIn("hear", ["every", "first-and-fixed"])
    .whereNotExists(
      db("deliveries")
        .whereRaw("deliveries.report_id = reports.id")
        .where({ event: "report.answer" }),
    )
    .orderBy("received_at", "desc")
    .limit(limit)
    .pluck("id");
  return listReportsById(db, ids);
}

/** Owes the answer to a report whose address is known by now. */
export async function oweAnswer(
  db: Db,
  reportId: string,
  letter: LetterBody,
  { now, newId, guard }: RecordOptions,
): Promise<void> {
  await db.transaction(async (tx) => {
    await guard(tx);
    await oweLetter(tx, reportId, letter, newId(), now);
  });
}

// ── what people decide ───────────────────────────────────────────────────────────────────────

interface Decision {
  readonly by: string;
  readonly now: Date;
}

/**
 * Links a ticket to an incident, as somebody says; kept as training data. Linking again changes
 * nothing. Throws `not-found` for a ticket or incident that is not there.
 */
export async function linkTicket(
  db: Db,
  ticketId: string,
  incidentId: string,
  { by, now }: Decision,
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockTicket(tx, ticketId);
    const incident: { resolved_at: Date | null } | undefined = await tx("incidents")
      .select("resolved_at")
      .where({ id: incidentId })
      .whereNull("merged_into")
      .first();
    if (!incident) throw new Problem("not-found", "There is no such incident.");
    const wish = { id: incidentId, p: null, reasons: [] };
    if (!(await addLink(tx, ticketId, wish, { by, now, toldAt: null }))) return;
    await tx("tickets")
      .where({ id: ticketId })
      .whereNot({ state: "closed" })
      .update({ state: incident.resolved_at ? "fixed" : "known", updated_at: now });
    await noteCorrection(tx, ticketId, incidentId, true, { by, now });
    await tx.raw("select pg_notify('tudunk_reports', '')");
  });
}

/** Undoes a link; kept as training data. Where there is none it throws `not-found`. */
export async function unlinkTicket(
  db: Db,
  ticketId: string,
  incidentId: string,
  { by, now }: Decision,
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockTicket(tx, ticketId);
    const undone = await tx("links")
      .where({ ticket_id: ticketId, incident_id: incidentId })
      .whereNull("undone_at")
      .update({ undone_at: now, undone_by: by });
    if (undone === 0) throw new Problem("not-found", "The ticket is not linked to this incident.");
    const rest = await tx("links").where({ ticket_id: ticketId }).whereNull("undone_at").first();
    if (!rest)
      await tx("tickets")
        .where({ id: ticketId })
        .whereNot({ state: "closed" })
        .update({ state: "looking", updated_at: now });
    await noteCorrection(tx, ticketId, incidentId, false, { by, now });
  });
}

async function lockTicket(tx: Db, id: string): Promise<void> {
  const found: unknown = await tx("tickets").select("id").where({ id }).forUpdate().first();
  if (!found) throw new Problem("not-found", "There is no such ticket.");
}

/** What the engine thought of each of the ticket's reports, beside what somebody knows better. */
async function noteCorrection(
  tx: Db,
  ticketId: string,
  incidentId: string,
  linked: boolean,
  { by, now }: Decision,
): Promise<void> {
  await tx.raw(
    `insert into corrections (at, by, report_id, incident_id, linked, reasons)
     select :now, :by, r.id, :incidentId, :linked,
            coalesce((select c -> 'reasons' from jsonb_array_elements(r.verdict -> 'candidates') c
                       where c ->> 'id' = :incidentId limit 1), '[]')
       from reports r where r.ticket_id = :ticketId`,
    { now, by, incidentId, linked, ticketId },
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

/** Deletes tickets of which nothing was heard since `before`, with all that belongs to them; returns how many. */
export async function forgetTickets(db: Db, before: Date, limit: number): Promise<number> {
  return db.transaction(async (tx) => {
    const ids: string[] = await tx("tickets")
      .where("updated_at", "<", before)
      .whereNotExists(
        tx("reports").whereRaw("reports.ticket_id = tickets.id").where("received_at", ">=", before),
      )
      .limit(limit)
      .pluck("id");
    if (ids.length === 0) return 0;
    const reports: string[] = await tx("reports").whereIn("ticket_id", ids).pluck("id");
    await tx("deliveries").whereIn("report_id", reports).delete();
    await tx("corrections").whereIn("report_id", reports).delete();
    await tx("report_looks").whereIn("report_id", reports).delete();
    await tx("ticket_messages").whereIn("ticket_id", ids).delete();
    await tx("links").whereIn("ticket_id", ids).delete();
    await tx("reports").whereIn("duplicate_of", reports).update({ duplicate_of: null });
    await tx("reports").whereIn("id", reports).delete();
    await tx("tickets").whereIn("id", ids).delete();
    return ids.length;
  });
}
