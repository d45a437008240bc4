import type { Candidate } from "../core/correlate/verdict.js";
import type { LetterBody } from "../core/letter.js";
import type { Answer } from "../core/report.js";
import { oweLetter } from "./customer-letters.js";
import { toJson, type Db } from "./db.js";
import { listReportsById, type StoredReport } from "./reports.js";
import { addLink, survivorOf } from "./ticket-links.js";
import type { RecordOptions } from "./ticket-reading.js";

/** Reports since `since` whose ticket is linked to nothing and that are about a fault, oldest first. */
export async function listUnlinked(db: Db, since: Date, limit: number): Promise<StoredReport[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `select r.id from reports r join tickets t on t.id = r.ticket_id
      where r.received_at >= :since and r.extraction is not null
        and t.queue = 'fault' and t.state = 'looking'
        and not exists (select 1 from links l where l.ticket_id = t.id)
      order by r.trusted desc, r.received_at desc limit :limit`,
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
    const incident = await survivorOf(tx, candidate.id);
    const open: unknown = await tx("tickets")
      .select("id")
      .where({ id: ticketId, state: "looking" })
      .forUpdate()
      .first();
    // What somebody has undone is not done again.
    const before: unknown = await tx("links").where({ ticket_id: ticketId }).first();
    if (!incident || !open || before) return false;
    const linked = { by: "engine", now, toldAt: null };
    const state = await addLink(tx, ticketId, incident, candidate, linked);
    if (state) await tx("tickets").where({ id: ticketId }).update({ state, updated_at: now });
    return true;
  });
}

/** A link whose customers have not been told of the incident. */
export interface Untold {
  readonly linkId: number;
  readonly ticketId: string;
  readonly incidentId: string;
  /** Somebody said so of this very ticket. */
  readonly picked: boolean;
}

/** Links to public incidents and planned work that nobody was told of yet. */
export async function listUntold(db: Db, limit: number): Promise<Untold[]> {
  const { rows } = await db.raw<{ rows: Untold[] }>(
    `select l.id as "linkId", l.ticket_id as "ticketId", l.picked,
            coalesce(l.incident_id, l.maintenance_id) as "incidentId"
       from links l left join incidents i on i.id = l.incident_id
      where l.told_at is null and l.undone_at is null and (i.public or l.maintenance_id is not null)
      order by l.id limit :limit`,
    { limit },
  );
  return rows;
}

/** What the customer of a report is told of a link; `answer` is `null` where only the letter may say it. */
export interface Telling {
  readonly reportId: string;
  readonly answer: Answer | null;
  readonly letter: LetterBody | null;
}

type OfLink = Pick<Untold, "linkId" | "ticketId">;

/** Notes that a link's customers are told, with the letters they are owed, all or nothing. */
export const tellLinked = (
  db: Db,
  link: OfLink,
  tellings: readonly Telling[],
  options: RecordOptions,
): Promise<boolean> =>
  tell(db, link, tellings, options, (tx) =>
    tx("links").where({ id: link.linkId }).whereNull("told_at").whereNull("undone_at").update({
      told_at: options.now,
    }),
  );

/** The same for an undone link: they hear that it was none of theirs. */
export const tellUndone = (
  db: Db,
  link: OfLink,
  tellings: readonly Telling[],
  options: RecordOptions,
): Promise<boolean> =>
  tell(db, link, tellings, options, (tx) =>
    tx("links")
      .where({ id: link.linkId })
      .whereNull("retracted_at")
      .update({ retracted_at: options.now }),
  );

async function tell(
  db: Db,
  { ticketId }: OfLink,
  tellings: readonly Telling[],
  { now, newId, guard }: RecordOptions,
  /** Notes it on the link; 0 where it was by now. */
  note: (tx: Db) => Promise<number> | PromiseLike<number>,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    await guard(tx);
    if ((await note(tx)) === 0) return false;
    for (const { reportId, answer, letter } of tellings) {
      if (answer) await revise(tx, { ticketId, reportId, answer }, newId(), now);
      if (letter) await oweLetter(tx, reportId, letter, newId(), now);
    }
    return true;
  });
}

/**
 * Answers a report anew by what anybody may know, where its answer named no incident yet. False where
 * it does by now.
 */
export async function answerAnew(
  db: Db,
  { id: reportId, ticketId }: Pick<StoredReport, "id" | "ticketId">,
  answer: Answer,
  { now, newId, guard }: RecordOptions,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    await guard(tx);
    const unnamed = await tx("reports")
      .where({ id: reportId, trusted: false })
      .whereRaw("answer ->> 'incident' is null")
      .update({ answer: toJson(answer) });
    if (unnamed === 0 || ticketId === null) return false;
    await revise(tx, { ticketId, reportId, answer }, newId(), now);
    return true;
  });
}

async function revise(
  tx: Db,
  said: { readonly ticketId: string; readonly reportId: string; readonly answer: Answer },
  id: string,
  now: Date,
): Promise<void> {
  await tx("ticket_messages").insert({
    id,
    ticket_id: said.ticketId,
    report_id: said.reportId,
    at: now,
    by: "engine",
    kind: "answer",
    text: said.answer.text,
  });
  await tx("reports")
    .where({ id: said.reportId })
    .update({ answer: toJson(said.answer) });
}
