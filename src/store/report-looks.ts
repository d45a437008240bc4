import type { DeepFinding } from "../core/deep-probe.js";
import { toJson, type Db } from "./db.js";
import { listReportsById, type StoredReport } from "./reports.js";

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
      .insert({
        report_id: reportId,
        at,
        service,
        target,
        outcome,
        reason,
        ms,
        facts: toJson(facts),
      })
      .onConflict()
      .ignore();
}
