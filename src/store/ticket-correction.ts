import type { Answer, Corrected, Correction } from "../core/report.js";
import { correctedBy } from "../core/report.js";
import { toJson, type Db } from "./db.js";
import { listReportsById, type StoredReport } from "./reports.js";
import { addLink, survivorOf, undoLink } from "./ticket-links.js";
import { recordLooks } from "./report-looks.js";
import type { Reading, RecordOptions } from "./ticket-reading.js";

/** A report whose customer has put something right since it was read. */
export interface Due {
  readonly report: StoredReport;
  /** All that they put right so far. */
  readonly corrected: Corrected;
}

/** Reports to be read again by what their customers put right, at most `limit`. */
export async function listCorrected(db: Db, limit: number): Promise<Due[]> {
  const { rows } = await db.raw<{ rows: { report_id: string; at: Date; corrected: Correction }[] }>(
    `with due as (
       select distinct m.report_id from ticket_messages m join reports r on r.id = m.report_id
        where m.kind = 'corrected' and r.extraction is not null
          and (r.corrected is null or m.at > (r.corrected ->> 'at')::timestamptz)
        limit :limit)
     select m.report_id, m.at, m.corrected from ticket_messages m
      where m.kind = 'corrected' and m.report_id in (select report_id from due)
      order by m.at, m.num`,
    { limit },
  );
  const reports = await listReportsById(db, [...new Set(rows.map((row) => row.report_id))]);
  return reports.flatMap((report) => {
    const said = rows
      .filter((row) => row.report_id === report.id)
      .map(({ at, corrected: correction }) => ({ at, correction }));
    const corrected = correctedBy(said);
    return corrected ? [{ report, corrected }] : [];
  });
}

/** What the engine makes of it now; `null` where it could not be read again. */
export type Reread = Pick<
  Reading,
  "extraction" | "verdict" | "weighed" | "link" | "told" | "findings" | "queue" | "answerDueAt"
>;

/** By whom links are undone that a correction contradicts. */
const BY_CORRECTION = "correction";

/**
 * The one door through which a correction changes what was made of a report. What the engine linked
 * and no longer even suggests is undone, where nobody else shares the ticket; what people linked stays.
 * `answer` is what the customer is told where something changes for them.
 */
export async function recordCorrection(
  db: Db,
  { report, corrected }: Due,
  reread: Reread | null,
  answer: Answer | null,
  { now, newId, guard }: RecordOptions,
): Promise<{ readonly linked: string | null; readonly undone: readonly string[] }> {
  return db.transaction(async (tx) => {
    await guard(tx);
    const { id, ticketId } = report;
    const incident = reread?.link ? await survivorOf(tx, reread.link.id) : null;
    await tx("reports")
      .where({ id })
      .update({
        corrected: toJson(corrected),
        ...(reread?.extraction && {
          extraction: toJson(reread.extraction),
          verdict: toJson(reread.verdict),
          weighed: toJson(reread.weighed),
        }),
      });
    if (!reread || ticketId === null) return { linked: null, undone: [] };
    const ticket: { state: string } | undefined = await tx("tickets")
      .where({ id: ticketId })
      .forUpdate()
      .first("state");
    if (!ticket || ticket.state === "closed") return { linked: null, undone: [] };
    // What was taken for a question may turn out to be a fault, and then somebody is waited for.
    await tx("tickets")
      .where({ id: ticketId })
      .whereNot({ queue: reread.queue })
      .whereRaw("(select count(*) from reports where ticket_id = tickets.id) = 1")
      .update({
        queue: reread.queue,
        answer_due_at: tx.raw("coalesce(answer_due_at, ?::timestamptz)", [reread.answerDueAt]),
        updated_at: now,
      });
    const undone = await undoContradicted(tx, ticketId, reread, now);
    const state =
      incident && reread.link
        ? await addLink(tx, ticketId, incident, reread.link, {
            by: "engine",
            now,
            toldAt: reread.told ? now : null,
          })
        : null;
    if (state) await tx("tickets").where({ id: ticketId }).update({ state, updated_at: now });
    await recordLooks(tx, id, reread.findings);
    if (answer) {
      await tx("reports")
        .where({ id })
        .update({ answer: toJson(answer) });
      await tx("ticket_messages").insert({
        id: newId(),
        ticket_id: ticketId,
        report_id: id,
        at: now,
        by: "engine",
        kind: "answer",
        text: answer.text,
      });
    }
    return { linked: state && incident ? incident.id : null, undone };
  });
}

async function undoContradicted(
  tx: Db,
  ticketId: string,
  { verdict, link }: Reread,
  now: Date,
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: { about: string }[] }>(
    `select coalesce(incident_id, maintenance_id) as about from links
      where ticket_id = :ticketId and undone_at is null and by = 'engine' and not picked
        and (select count(*) from reports where ticket_id = :ticketId) = 1`,
    { ticketId },
  );
  const likely = new Set([link?.id, ...(verdict?.candidates ?? []).map(({ id }) => id)]);
  const undone: string[] = [];
  for (const { about } of rows) {
    if (likely.has(about)) continue;
    await undoLink(tx, ticketId, about, { by: BY_CORRECTION, now });
    undone.push(about);
  }
  return undone;
}

/** A link that somebody undid after its customers had been told of it. */
export interface Undone {
  readonly linkId: number;
  readonly ticketId: string;
}

/** Such links of which nobody has spoken yet, undone before `before`: who undoes by mistake may do it again. */
export async function listUndone(db: Db, before: Date, limit: number): Promise<Undone[]> {
  const { rows } = await db.raw<{ rows: Undone[] }>(
    `select id as "linkId", ticket_id as "ticketId" from links
      where undone_at < :before and retracted_at is null and told_at is not null
        and undone_by not in ('merged', 'split')
      order by id limit :limit`,
    { before, limit },
  );
  return rows;
}
