import { createHash, randomBytes } from "node:crypto";
import type { Extraction, ReportText } from "../core/extract/extraction.js";
import type { Earlier, Verdict } from "../core/correlate/verdict.js";
import {
  referenceOf,
  wholeText,
  type Answer,
  type Corrected,
  type Hearing,
  type Incoming,
} from "../core/report.js";
import { Problem } from "../errors.js";
import { toJson, type Db } from "./db.js";

/** What became of a report that came in: stored now, or known from an earlier time. */
export interface Kept {
  readonly id: string;
  readonly reference: string;
  readonly fresh: boolean;
}

/**
 * Stores a report, synced, before anything else happens to it, and wakes whoever reads. The same
 * number of the same source with the same content is one report; with another content it throws
 * `conflict`. A reference that is taken is replaced: what counts is the one that is returned.
 */
export async function keepReport(db: Db, report: Incoming, now: Date): Promise<Kept> {
  const digest = digestOf(report);
  return db.transaction(async (tx) => {
    let { reference } = report;
    for (let left = REFERENCES_TRIED; left > 0; left--) {
      const inserted = await insert(tx, { ...report, reference }, digest, now);
      if (inserted) {
        await tx.raw("select pg_notify('tudunk_reports', ?)", [report.id]);
        return { id: report.id, reference, fresh: true };
      }
      const earlier = await findSame(tx, report);
      if (earlier && !earlier.digest.equals(digest))
        throw new Problem(
          "conflict",
          `There is another report with the id ${report.sourceId} from this source already.`,
        );
      if (earlier) return { id: earlier.id, reference: earlier.reference, fresh: false };
      reference = referenceOf(randomBytes(6));
    }
    throw new Error(`report ${report.id} is neither new nor known`);
  });
}

const REFERENCES_TRIED = 5;

async function insert(tx: Db, report: Incoming, digest: Buffer, now: Date): Promise<boolean> {
  const text = (given: string | null): string | null => (given === null ? null : wholeText(given));
  const inserted: unknown[] = await tx("reports")
    .insert({
      id: report.id,
      reference: report.reference,
      source: text(report.source),
      source_id: text(report.sourceId),
      digest,
      channel: report.channel,
      received_at: new Date(report.receivedAt),
      stored_at: now,
      from_address: text(report.from),
      from_name: text(report.fromName),
      account_id: text(report.accountId),
      subject: text(report.subject),
      text: text(report.text),
      attachments: toJson(report.attachments),
      language: report.language,
      contact: text(report.contact),
      hear: report.hear,
      traceparent: report.traceparent,
    })
    // What waited on disk comes with its id, what is sent again with its number.
    .onConflict()
    .ignore()
    .returning("id");
  return inserted.length > 0;
}

async function findSame(
  tx: Db,
  { id, source, sourceId }: Incoming,
): Promise<{ id: string; reference: string; digest: Buffer } | undefined> {
  return tx("reports")
    .select("id", "reference", "digest")
    .where({ id })
    .orWhere(
      (query) =>
        void query
          .where({ source, source_id: sourceId === null ? null : wholeText(sourceId) })
          .whereNotNull("source_id"),
    )
    .first();
}

/** Of what the sender said, and nothing that we add: a repetition has the same. */
function digestOf(report: Incoming): Buffer {
  const { channel, from, fromName, accountId, subject, text, contact } = report;
  return createHash("sha256")
    .update(JSON.stringify([channel, from, fromName, accountId, subject, text, contact]))
    .digest();
}

/** A stored report, as far as it has been read. */
export interface StoredReport extends ReportText {
  readonly id: string;
  readonly reference: string;
  readonly ticketId: string | null;
  readonly source: string;
  readonly sourceId: string | null;
  readonly storedAt: Date;
  readonly language: string | null;
  readonly contact: string | null;
  readonly contactProof: "inventory" | "confirmed" | null;
  readonly hear: Hearing;
  readonly readAt: Date | null;
  readonly extraction: Extraction | null;
  readonly verdict: Verdict | null;
  readonly answer: Answer | null;
  readonly duplicateOf: string | null;
  readonly suspicionId: string | null;
  /** What its customer put right, as far as it was read. */
  readonly corrected: Corrected | null;
  /** Whoever reads its page and its answer is the customer for certain. */
  readonly trusted: boolean;
  readonly traceparent: string | null;
}

export async function findReport(db: Db, id: string): Promise<StoredReport | null> {
  const row: ReportRow | undefined = await db("reports").where({ id }).first();
  return row ? reportOf(row) : null;
}

/** The reports of these tickets, oldest first. */
export async function listReportsOf(db: Db, ticketIds: readonly string[]): Promise<StoredReport[]> {
  const rows: ReportRow[] = await db("reports")
    .whereIn("ticket_id", ticketIds)
    .orderBy("received_at")
    .orderBy("id");
  return rows.map(reportOf);
}

/** These reports, oldest first. */
export async function listReportsById(db: Db, ids: readonly string[]): Promise<StoredReport[]> {
  const rows: ReportRow[] = await db("reports")
    .whereIn("id", ids)
    .orderBy("received_at")
    .orderBy("id");
  return rows.map(reportOf);
}

/** What nobody has read yet, without those `except`, oldest first; what a program may flood us with last. */
export async function listUnread(
  db: Db,
  limit: number,
  except: readonly string[] = [],
): Promise<StoredReport[]> {
  const rows: ReportRow[] = await db("reports")
    .whereNull("read_at")
    .whereNotIn("id", except)
    .orderByRaw("source = 'anonymous'")
    .orderBy("received_at")
    .orderBy("id")
    .limit(limit);
  return rows.map(reportOf);
}

/** Reports received since, read and oldest first, as later ones are compared with them. */
export async function listEarlier(db: Db, since: Date, limit: number): Promise<Earlier[]> {
  const { rows } = await db.raw<{ rows: EarlierRow[] }>(
    `select * from (
       select r.id, r.received_at, r.from_address, r.extraction, r.duplicate_of, r.suspicion_id,
              r.verdict #>> '{sender,accountId}' as account_id,
              r.verdict #>> '{candidates,0,id}' as resembles,
              (select coalesce(l.incident_id, l.maintenance_id) from links l
                where l.ticket_id = r.ticket_id and l.undone_at is null
                order by l.linked_at limit 1) as linked_to
         from reports r
        where r.received_at >= :since and r.extraction is not null
        order by r.received_at desc, r.id desc
        limit :limit) latest
      order by received_at, id`,
    { since, limit },
  );
  return rows.map((row) => ({
    id: row.id,
    receivedAt: row.received_at.getTime(),
    accountId: row.account_id,
    from: row.from_address,
    extraction: row.extraction,
    linkedTo: row.linked_to,
    resembles: row.resembles,
    duplicateOf: row.duplicate_of,
    suspected: row.suspicion_id,
  }));
}

interface EarlierRow {
  readonly id: string;
  readonly received_at: Date;
  readonly from_address: string | null;
  readonly extraction: Extraction;
  readonly duplicate_of: string | null;
  readonly suspicion_id: string | null;
  readonly account_id: string | null;
  readonly resembles: string | null;
  readonly linked_to: string | null;
}

interface ReportRow {
  readonly id: string;
  readonly reference: string;
  readonly ticket_id: string | null;
  readonly source: string;
  readonly source_id: string | null;
  readonly channel: ReportText["channel"];
  readonly received_at: Date;
  readonly stored_at: Date;
  readonly from_address: string | null;
  readonly from_name: string | null;
  readonly account_id: string | null;
  readonly subject: string | null;
  readonly text: string;
  readonly attachments: readonly string[];
  readonly language: string | null;
  readonly contact: string | null;
  readonly contact_proof: StoredReport["contactProof"];
  readonly hear: Hearing;
  readonly read_at: Date | null;
  readonly extraction: Extraction | null;
  readonly verdict: Verdict | null;
  readonly answer: Answer | null;
  readonly duplicate_of: string | null;
  readonly suspicion_id: string | null;
  readonly corrected: Corrected | null;
  readonly trusted: boolean;
  readonly traceparent: string | null;
}

const reportOf = (row: ReportRow): StoredReport => ({
  id: row.id,
  reference: row.reference,
  ticketId: row.ticket_id,
  source: row.source,
  sourceId: row.source_id,
  channel: row.channel,
  receivedAt: row.received_at.getTime(),
  storedAt: row.stored_at,
  from: row.from_address,
  fromName: row.from_name,
  accountId: row.account_id,
  subject: row.subject,
  text: row.text,
  attachments: row.attachments,
  language: row.language,
  contact: row.contact,
  contactProof: row.contact_proof,
  hear: row.hear,
  readAt: row.read_at,
  extraction: row.extraction,
  verdict: row.verdict,
  answer: row.answer,
  duplicateOf: row.duplicate_of,
  suspicionId: row.suspicion_id,
  corrected: row.corrected,
  trusted: row.trusted,
  traceparent: row.traceparent,
});
