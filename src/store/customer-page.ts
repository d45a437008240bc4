import { wholeText, type Correction, type Hearing } from "../core/report.js";
import { toJson, type Db } from "./db.js";
import { findReport, type StoredReport } from "./reports.js";
import type { Queue, TicketState } from "./tickets.js";

/** What a customer's own page says: of their own report alone, whoever else the ticket is shared with. */
export interface CustomerPage {
  readonly report: StoredReport;
  /** `null` until the report was read. */
  readonly ticket: {
    readonly queue: Queue;
    readonly state: TicketState;
    readonly language: string;
    readonly answerDueAt: Date | null;
    /** The incidents and planned work it is linked to, public or not, the newest link first. */
    readonly incidents: readonly string[];
  } | null;
  /** Oldest first. */
  readonly messages: readonly CustomerMessage[];
}

export interface CustomerMessage {
  readonly id: string;
  readonly at: Date;
  readonly mine: boolean;
  readonly kind: "answer" | "update" | "note" | "works" | "broken" | "corrected";
  readonly text: string;
  readonly corrected: Correction | null;
  readonly undone: boolean;
}

/** Who writes on the customer's own page. */
const CUSTOMER = "customer";
/** Customers add at most so much to one report. */
const MESSAGES_MOST = 100;
/** A human looks at what is still broken within so long (ms). */
const LOOK_WITHIN_MS = 24 * 3_600_000;

/**
 * The page of a report. `reader` is `anybody` where its address is only what whoever wrote was given:
 * then it shows of the incidents those that the answer or somebody of the staff named, and nothing by
 * which to tell whose servers are hit.
 */
export async function findCustomerPage(
  db: Db,
  reportId: string,
  reader: "owner" | "anybody",
): Promise<CustomerPage | null> {
  const found = await findReport(db, reportId);
  if (!found) return null;
  const { ticketId } = found;
  const sure = found.trusted || reader === "owner";
  // That an address is one of a customer is for nobody else to learn.
  const report =
    !sure && found.contactProof === "inventory" ? { ...found, contactProof: null } : found;
  if (ticketId === null) return { report, ticket: null, messages: [] };
  const ticket: TicketRow | undefined = await db("tickets").where({ id: ticketId }).first();
  const links: { about: string; picked: boolean }[] = await db("links")
    .select(db.raw("coalesce(incident_id, maintenance_id) as about"), "picked")
    .where({ ticket_id: ticketId })
    .whereNull("undone_at")
    .orderBy("id", "desc");
  const named = report.answer?.incident ?? null;
  const shown = links.filter(({ picked }) => sure || picked).map(({ about }) => about);
  const hidden = shown.length === 0 && ticket?.state !== "closed";
  // Notes of the staff may be meant for each other alone.
  const messages: MessageRow[] = await db("ticket_messages")
    .where({ ticket_id: ticketId, report_id: reportId })
    .where((query) => void query.where({ by: CUSTOMER }).orWhereNot({ kind: "note" }))
    .orderBy(["at", "num"]);
  return {
    report,
    ticket: ticket
      ? {
          queue: ticket.queue,
          state: hidden && !sure ? "looking" : ticket.state,
          language: ticket.language,
          answerDueAt: ticket.answer_due_at,
          incidents: named === null || sure ? shown : [...new Set([...shown, named])],
        }
      : null,
    messages: messages.map((row) => ({
      id: row.id,
      at: row.at,
      mine: row.by === CUSTOMER,
      kind: row.kind,
      text: row.text,
      corrected: row.corrected,
      undone: row.undone_at !== null,
    })),
  };
}

/** One thing said on the page; the same `id` twice is one. */
interface Said {
  readonly id: string;
  readonly now: Date;
  readonly reader: "owner" | "anybody";
}

/** `unread`: nobody has read the report yet, so there is no ticket. `full`: enough was said. */
export type Heard = "heard" | "unread" | "full";

export const addNote = (db: Db, reportId: string, said: Said, text: string): Promise<Heard> =>
  inTicket(db, reportId, (tx, ticket) => say(tx, ticket, said, { kind: "note", text }));

/** What they put right; `text` says the same in plain lines, for whoever reads the ticket. */
export const correct = (
  db: Db,
  reportId: string,
  said: Said,
  { corrected, text }: { readonly corrected: Correction; readonly text: string },
): Promise<Heard> =>
  inTicket(db, reportId, (tx, ticket) =>
    say(tx, ticket, said, { kind: "corrected", text, corrected }),
  );

/** It works again: the ticket is closed. Said of a closed one it changes nothing. */
export const sayWorks = (db: Db, reportId: string, said: Said): Promise<Heard> =>
  inTicket(db, reportId, async (tx, ticket) => {
    if (ticket.state === "closed") return "heard";
    await tx("tickets")
      .where({ id: ticket.id })
      .update({ state: "closed", closed_at: said.now, updated_at: said.now });
    return say(tx, ticket, said, { kind: "works", text: "" });
  });

/** Takes "it works" back: the ticket stands as it would without. */
export const takeBack = (db: Db, reportId: string, now: Date): Promise<Heard> =>
  inTicket(db, reportId, async (tx, ticket) => {
    const taken = await retractWorks(tx, ticket, now);
    if (taken === 0 || ticket.state !== "closed") return "heard";
    const linked = await linkedTo(tx, ticket.id);
    const state = linked ? (linked.over ? "fixed" : "known") : "looking";
    await tx("tickets")
      .where({ id: ticket.id })
      .update({
        state,
        closed_at: null,
        updated_at: now,
        ...(state === "looking" && { answer_due_at: dueAt(ticket, now) }),
      });
    await wake(tx);
    return "heard";
  });

/**
 * It still does not work: somebody looks within a day, and whoever reads reports is woken. While the
 * fault it is linked to is being worked on that is no news, and the fault's own promise holds.
 */
export const sayBroken = (db: Db, reportId: string, said: Said): Promise<Heard> =>
  inTicket(db, reportId, async (tx, ticket) => {
    await retractWorks(tx, ticket, said.now);
    const linked = await linkedTo(tx, ticket.id);
    const worked = linked && !linked.over && linked.state !== "monitoring";
    const state = worked ? "known" : "looking";
    if (ticket.state === state && (await lastWord(tx, ticket, said)) === "broken") return "heard";
    await tx("tickets")
      .where({ id: ticket.id })
      .update({
        state,
        closed_at: null,
        updated_at: said.now,
        ...(state === "looking" && { answer_due_at: dueAt(ticket, said.now) }),
      });
    const heard = await say(tx, ticket, said, { kind: "broken", text: "" });
    await wake(tx);
    return heard;
  });

export async function setHearing(db: Db, reportId: string, hear: Hearing): Promise<void> {
  await db("reports").where({ id: reportId }).update({ hear });
}

/** Whoever has the mail that we sent to the contact says that it is theirs: from now on we write there. */
export async function confirmContact(db: Db, reportId: string): Promise<void> {
  await db("reports")
    .where({ id: reportId, contact_proof: null })
    .whereNotNull("contact")
    .update({ contact_proof: "confirmed" });
}

interface TicketRow {
  readonly id: string;
  readonly queue: Queue;
  readonly state: TicketState;
  readonly language: string;
  readonly answer_due_at: Date | null;
}

interface MessageRow {
  readonly id: string;
  readonly at: Date;
  readonly by: string;
  readonly kind: CustomerMessage["kind"];
  readonly text: string;
  readonly corrected: Correction | null;
  readonly undone_at: Date | null;
}

type LockedTicket = TicketRow & { readonly reportId: string; readonly trusted: boolean };

async function inTicket(
  db: Db,
  reportId: string,
  act: (tx: Db, ticket: LockedTicket) => Promise<Heard>,
): Promise<Heard> {
  return db.transaction(async (tx) => {
    const report: { ticket_id: string | null; trusted: boolean } | undefined = await tx("reports")
      .select("ticket_id", "trusted")
      .where({ id: reportId })
      .first();
    if (!report?.ticket_id) return "unread";
    const ticket: TicketRow | undefined = await tx("tickets")
      .where({ id: report.ticket_id })
      .forUpdate()
      .first();
    return ticket ? act(tx, { ...ticket, reportId, trusted: report.trusted }) : "unread";
  });
}

async function say(
  tx: Db,
  { id: ticketId, reportId, trusted }: LockedTicket,
  { id, now, reader }: Said,
  message: Pick<MessageRow, "kind" | "text"> & { readonly corrected?: Correction },
): Promise<Heard> {
  const { rows } = await tx.raw<{ rows: { count: number }[] }>(
    `select count(*)::int as count from ticket_messages where report_id = :reportId and by = :by`,
    { reportId, by: CUSTOMER },
  );
  if ((rows[0]?.count ?? 0) >= MESSAGES_MOST) return "full";
  await tx("ticket_messages")
    .insert({
      id,
      ticket_id: ticketId,
      report_id: reportId,
      at: now,
      by: CUSTOMER,
      kind: message.kind,
      text: wholeText(message.text),
      corrected: message.corrected ? toJson(message.corrected) : null,
      trusted: trusted || reader === "owner",
    })
    .onConflict()
    .ignore();
  await tx("tickets").where({ id: ticketId }).update({ updated_at: now });
  return "heard";
}

const retractWorks = (tx: Db, { reportId }: LockedTicket, now: Date): Promise<number> =>
  tx("ticket_messages")
    .where({ report_id: reportId, by: CUSTOMER, kind: "works" })
    .whereNull("undone_at")
    .update({ undone_at: now });

/** Of what counts as much as what is said now. */
async function lastWord(
  tx: Db,
  { reportId, trusted }: LockedTicket,
  { reader }: Said,
): Promise<string | null> {
  const sure = trusted || reader === "owner";
  const row: { kind: string } | undefined = await tx("ticket_messages")
    .select("kind")
    .where((query) => void (sure && query.where({ trusted: true })))
    .where({ report_id: reportId, by: CUSTOMER })
    .whereIn("kind", ["works", "broken"])
    .whereNull("undone_at")
    .orderBy("num", "desc")
    .first();
  return row?.kind ?? null;
}

/** What is open – an incident or planned work – before what is over. */
async function linkedTo(
  tx: Db,
  ticketId: string,
): Promise<{ readonly state: string; readonly over: boolean } | undefined> {
  const { rows } = await tx.raw<{ rows: { state: string; over: boolean }[] }>(
    `select coalesce(i.state, m.state) as state, coalesce(i.resolved_at, m.ended_at) is not null as over
       from links l left join incidents i on i.id = l.incident_id
       left join maintenances m on m.id = l.maintenance_id
      where l.ticket_id = :ticketId and l.undone_at is null
      order by over, coalesce(i.resolved_at, m.ended_at) desc limit 1`,
    { ticketId },
  );
  return rows[0];
}

/** A promise that still runs is kept, not put off. */
const dueAt = ({ state, answer_due_at }: TicketRow, now: Date): Date =>
  state === "looking" && answer_due_at && answer_due_at > now
    ? answer_due_at
    : new Date(now.getTime() + LOOK_WITHIN_MS);

const wake = (tx: Db): Promise<unknown> => tx.raw("select pg_notify('tudunk_reports', '')");
