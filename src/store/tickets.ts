import type { Reason } from "../core/correlate/verdict.js";
import type { Db } from "./db.js";
import { listReportsOf, type StoredReport } from "./reports.js";

export type Queue = "fault" | "billing" | "help" | "feedback";
export type TicketState = "known" | "looking" | "fixed" | "closed";

export interface Link {
  /** Of the incident, or of the planned work. */
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
  readonly incident_id: string | null;
  readonly maintenance_id: string | null;
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

/** What was said of a report since: by its customer on their page, by the engine, by staff. */
export interface Said {
  readonly at: Date;
  readonly by: string;
  readonly kind: "answer" | "update" | "note" | "works" | "broken" | "corrected";
  readonly text: string;
  /** What the customer put right: as it should have been understood. */
  readonly corrected: Readonly<Record<string, string | null>> | null;
  readonly undoneAt: Date | null;
}

/** All that was said of a report since it came in, oldest first. */
export async function listSaid(db: Db, reportId: string): Promise<Said[]> {
  return db("ticket_messages")
    .select("at", "by", "kind", "text", "corrected", { undoneAt: "undone_at" })
    .where({ report_id: reportId })
    .orderBy(["at", "num"]);
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
  incidentId: row.incident_id ?? row.maintenance_id ?? "",
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
