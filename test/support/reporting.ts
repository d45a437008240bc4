import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createLog } from "../../src/log.js";
import { createSecretLinks } from "../../src/secret-links.js";
import type { Db } from "../../src/store/db.js";
import { openWaitingReports } from "../../src/store/waiting-reports.js";
import { createIntake } from "../../src/web/intake.js";
import type { ReportApiSettings } from "../../src/web/api/reports.js";

/** What the site needs to take reports, with a folder of its own and nobody who reads them. */
export function reporting(
  db: () => Db,
  now: () => Date,
): Pick<ReportApiSettings, "intake" | "links" | "receipt"> & { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "tudunk-intake-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    links: createSecretLinks(Buffer.from("a key of the tests, long enough for everybody")),
    intake: createIntake({
      db,
      now,
      log: createLog("silent"),
      waiting: openWaitingReports(folder, () => undefined),
    }),
    receipt: ({ reference }, language) => ({
      kind: "none",
      language: language ?? "en",
      text: `We have it: ${reference}.`,
      incident: null,
      nextUpdateAt: null,
    }),
  };
}
