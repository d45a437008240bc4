import type { Candidate } from "../core/correlate/verdict.js";
import { Problem } from "../errors.js";
import { toJson, type Db } from "./db.js";
import type { TicketState } from "./tickets.js";

type LinkWish = Pick<Candidate, "reasons"> & { readonly p: number | null };

/** The incident or planned work that a link is made to. */
export interface Survivor {
  readonly id: string;
  readonly planned: boolean;
  readonly over: boolean;
}

interface LinkedBy {
  readonly by: string;
  readonly now: Date;
  /** When its customers were told; `null` while they are to be. */
  readonly toldAt: Date | null;
  /** Somebody says so of this very ticket. */
  readonly picked?: boolean;
}

/** Links a ticket. Says how it stands by that; `null` where it was linked to the incident already. */
export async function addLink(
  tx: Db,
  ticketId: string,
  incident: Survivor,
  { p, reasons }: LinkWish,
  { by, now, toldAt, picked = false }: LinkedBy,
): Promise<TicketState | null> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `insert into links (ticket_id, ${columnOf(incident)}, by, p, reasons, linked_at, told_at, picked)
     values (:ticketId, :id, :by, cast(:p as real), cast(:reasons as jsonb), :now, cast(:toldAt as timestamptz), :picked)
     on conflict do nothing`,
    { ticketId, id: incident.id, by, p, reasons: toJson(reasons), now, toldAt, picked },
  );
  return rowCount === 1 ? (incident.over ? "fixed" : "known") : null;
}

const columnOf = ({ planned }: Pick<Survivor, "planned">): "maintenance_id" | "incident_id" =>
  planned ? "maintenance_id" : "incident_id";

const HOPS = 10;

/**
 * The incident, or the one that it was merged into meanwhile, or the planned work of this id; locked, so that no merging passes by a
 * link that is being made. To be asked for before a ticket is locked, in the order of those who judge.
 */
export async function survivorOf(tx: Db, id: string): Promise<Survivor | null> {
  let at = id;
  for (let hop = 0; hop < HOPS; hop++) {
    const { rows } = await tx.raw<{ rows: { into: string | null; over: boolean }[] }>(
      `select merged_into as into, resolved_at is not null as over from incidents where id = :at for share`,
      { at },
    );
    const [row] = rows;
    if (!row) return plannedWork(tx, id);
    if (row.into === null) return { id: at, planned: false, over: row.over };
    at = row.into;
  }
  throw new Error(`incident ${id} is merged in a circle`);
}

async function plannedWork(tx: Db, id: string): Promise<Survivor | null> {
  const { rows } = await tx.raw<{ rows: { over: boolean }[] }>(
    `select ended_at is not null as over from maintenances where id = :id and state <> 'cancelled' for share`,
    { id },
  );
  return rows[0] ? { id, planned: true, over: rows[0].over } : null;
}

// ── what people decide ───────────────────────────────────────────────────────────────────────

interface Decision {
  readonly by: string;
  readonly now: Date;
}

/** Somebody looks again within so long (ms). */
const LOOK_WITHIN_MS = 24 * 3_600_000;

/**
 * Links a ticket to an incident or planned work, as somebody says; kept as training data. Linking
 * again changes nothing. Throws `not-found` for a ticket, incident or maintenance that is not there.
 */
export async function linkTicket(
  db: Db,
  ticketId: string,
  incidentId: string,
  { by, now }: Decision,
): Promise<void> {
  await db.transaction(async (tx) => {
    const incident = await survivorOf(tx, incidentId);
    if (incident?.id !== incidentId) throw new Problem("not-found", "There is no such incident.");
    await lockTicket(tx, ticketId);
    const wish = { p: null, reasons: [] };
    const state = await addLink(tx, ticketId, incident, wish, {
      by,
      now,
      toldAt: null,
      picked: true,
    });
    if (state === null) return;
    await tx("tickets")
      .where({ id: ticketId })
      .whereNot({ state: "closed" })
      .update({ state, updated_at: now });
    await noteCorrection(tx, ticketId, incident, true, { by, now });
    await tx.raw("select pg_notify('tudunk_reports', '')");
  });
}

/**
 * Undoes a link; kept as training data, and its customers are to hear that it was none of theirs. Where
 * there is none it throws `not-found`.
 */
export async function unlinkTicket(
  db: Db,
  ticketId: string,
  incidentId: string,
  { by, now }: Decision,
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockTicket(tx, ticketId);
    const undone = await undoLink(tx, ticketId, incidentId, { by, now });
    if (!undone) throw new Problem("not-found", "The ticket is not linked to this incident.");
    await noteCorrection(tx, ticketId, undone, false, { by, now });
    await tx.raw("select pg_notify('tudunk_reports', '')");
  });
}

/**
 * Undoes a link in the caller's transaction, which has locked the ticket; without another one somebody
 * has to look. Returns what it was to; `null` where there was none.
 */
export async function undoLink(
  tx: Db,
  ticketId: string,
  id: string,
  { by, now }: Decision,
): Promise<Pick<Survivor, "id" | "planned"> | null> {
  const { rows } = await tx.raw<{ rows: { planned: boolean }[] }>(
    `update links set undone_at = :now, undone_by = :by
      where ticket_id = :ticketId and (incident_id = :id or maintenance_id = :id) and undone_at is null
     returning maintenance_id is not null as planned`,
    { ticketId, id, now, by },
  );
  const [undone] = rows;
  if (!undone) return null;
  const rest: unknown = await tx("links")
    .where({ ticket_id: ticketId })
    .whereNull("undone_at")
    .first();
  if (!rest)
    await tx("tickets")
      .where({ id: ticketId })
      .whereNot({ state: "closed" })
      .update({
        state: "looking",
        // The incident's promise was theirs; now a person's is.
        answer_due_at: new Date(now.getTime() + LOOK_WITHIN_MS),
        updated_at: now,
      });
  return { id, planned: undone.planned };
}

async function lockTicket(tx: Db, id: string): Promise<void> {
  const found: unknown = await tx("tickets").select("id").where({ id }).forUpdate().first();
  if (!found) throw new Problem("not-found", "There is no such ticket.");
}

/** What the engine thought of each of the ticket's reports, beside what somebody knows better. */
async function noteCorrection(
  tx: Db,
  ticketId: string,
  about: Pick<Survivor, "id" | "planned">,
  linked: boolean,
  { by, now }: Decision,
): Promise<void> {
  await tx.raw(
    `insert into corrections (at, by, report_id, ${columnOf(about)}, linked, reasons)
     select :now, :by, r.id, :id, :linked,
            coalesce((select c -> 'reasons' from jsonb_array_elements(r.verdict -> 'candidates') c
                       where c ->> 'id' = :id limit 1), '[]')
       from reports r where r.ticket_id = :ticketId`,
    { now, by, id: about.id, linked, ticketId },
  );
}
