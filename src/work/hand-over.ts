import { Problem } from "../errors.js";
import type { Log } from "../log.js";
import type { Db } from "../store/db.js";
import { isDatabaseAway } from "../store/db.js";
import { keepReport } from "../store/reports.js";
import type { WaitingReports } from "../store/waiting-reports.js";
import { every } from "./recurring.js";

interface HandOverSettings {
  readonly db: Db;
  readonly waiting: WaitingReports;
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * Brings what this instance took while the database was away into it, whoever leads: each instance
 * has a folder of its own that nobody else looks into.
 */
export const handOverReports = (settings: HandOverSettings): (() => Promise<void>) =>
  every("*/3 * * * * *", "hand-over", settings.log, () => handOver(settings));

/** Hands over all that waits; one that the database will never take keeps no other. */
export async function handOver({ db, waiting, now, log }: HandOverSettings): Promise<void> {
  const handed = await waiting.handOver(async (report) => {
    try {
      await keepReport(db, report, now()).catch((error: unknown) => {
        if (!(error instanceof Problem && error.code === "conflict")) throw error;
        // It was taken with our word that it is kept: so it is, as one of its own.
        return keepReport(db, { ...report, sourceId: null }, now());
      });
      return "kept";
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      log.error({ report: report.id, err: error }, "report.set-aside");
      return "refused";
    }
  });
  if (handed > 0) log.info({ reports: handed }, "report.handed-over");
}
