import type { Db } from "./db.js";

/** A picture that belongs to a report, without its bytes. */
export interface Attachment {
  readonly id: string;
  readonly addedAt: Date;
  readonly width: number;
  readonly height: number;
}

export interface NewAttachment extends Attachment {
  readonly reportId: string;
  /** SHA-256 of what was sent, before it was made anew. */
  readonly digest: Buffer;
  readonly webp: Buffer;
}

/** Of one report, with all that is added later. */
const MOST = 12;

/**
 * Keeps a picture. `unknown` where the report is not in the database (yet), `full` where it has as
 * many as we keep; the same picture of the same report is kept once.
 */
export async function keepAttachment(
  db: Db,
  { id, reportId, addedAt, width, height, digest, webp }: NewAttachment,
): Promise<"kept" | "unknown" | "full"> {
  return db.transaction(async (tx) => {
    const report: unknown = await tx("reports")
      .select("id")
      .where({ id: reportId })
      .forUpdate()
      .first();
    if (!report) return "unknown";
    const there: { digest: Buffer }[] = await tx("attachments")
      .select("digest")
      .where({ report_id: reportId });
    if (there.some((one) => one.digest.equals(digest))) return "kept";
    if (there.length >= MOST) return "full";
    await tx("attachments").insert({
      id,
      report_id: reportId,
      added_at: addedAt,
      width,
      height,
      digest,
      webp,
    });
    return "kept";
  });
}

/** The pictures of a report, oldest first. */
export async function listAttachments(db: Db, reportId: string): Promise<Attachment[]> {
  const rows: { id: string; added_at: Date; width: number; height: number }[] = await db(
    "attachments",
  )
    .select("id", "added_at", "width", "height")
    .where({ report_id: reportId })
    .orderBy(["added_at", "id"]);
  return rows.map(({ id, added_at, width, height }) => ({ id, addedAt: added_at, width, height }));
}

/** The bytes of one picture of that very report; `null` where there is none. */
export async function findAttachment(db: Db, reportId: string, id: string): Promise<Buffer | null> {
  const row: { webp: Buffer } | undefined = await db("attachments")
    .select("webp")
    .where({ id, report_id: reportId })
    .first();
  return row?.webp ?? null;
}

/** Removes pictures added before, at most `limit` at once; how many they were. */
export async function forgetAttachments(db: Db, before: Date, limit: number): Promise<number> {
  const { rowCount } = await db.raw<{ rowCount: number }>(
    `delete from attachments
      where id in (select id from attachments where added_at < :before order by added_at limit :limit)`,
    { before, limit },
  );
  return rowCount;
}
