import { mkdir, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { HEARING, type Incoming } from "../core/report.js";
import { writeSynced } from "../synced-file.js";

/** Reports that wait on disk while the database is away: one synced file each. */
export interface WaitingReports {
  /** Resolves once the report would survive a power cut. Rejects where the disk takes nothing. */
  add(report: Incoming): Promise<void>;
  /**
   * Hands over each, oldest first, and forgets it once it is kept; what is refused for good is set
   * aside for a human. Ends at the first that is rejected. Returns how many were kept.
   */
  handOver(keep: (report: Incoming) => Promise<"kept" | "refused">): Promise<number>;
  /** The report of this id, while it waits. */
  find(id: string): Promise<Incoming | null>;
}

const waiting = z.object({
  id: z.string().regex(/^[a-z0-9]{12}$/),
  reference: z.string(),
  source: z.string(),
  sourceId: z.string().nullable(),
  channel: z.enum(["web", "email", "phone", "chat", "facebook", "api"]),
  receivedAt: z.number(),
  from: z.string().nullable(),
  fromName: z.string().nullable(),
  accountId: z.string().nullable(),
  subject: z.string().nullable(),
  text: z.string(),
  attachments: z.array(z.string()),
  language: z.string().nullable(),
  contact: z.string().nullable(),
  hear: z.enum(HEARING),
  traceparent: z.string().nullable(),
});

const NAME = /^\d{15}-[a-z0-9]{12}\.json$/;

/** Opens `DATA_DIR/intake`; `onUnreadable` is told of a file that holds no report, which stays. */
export function openWaitingReports(
  folder: string,
  onUnreadable: (path: string) => void,
): WaitingReports {
  const named = new Set<string>();

  return {
    async add(report) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const at = String(report.receivedAt).padStart(15, "0");
      const path = join(folder, `${at}-${report.id}.json`);
      await writeSynced(path, JSON.stringify(report));
    },
    async handOver(keep) {
      const names = await readdir(folder).catch(() => []);
      let handed = 0;
      for (const name of names.filter((one) => NAME.test(one)).toSorted()) {
        const path = join(folder, name);
        const report = await readWaiting(path);
        if (!report) {
          if (!named.has(path)) onUnreadable(path);
          named.add(path);
          continue;
        }
        if ((await keep(report)) === "refused") {
          await rename(path, `${path}.refused`);
          continue;
        }
        await unlink(path);
        handed += 1;
      }
      return handed;
    },
    async find(id) {
      const names = await readdir(folder).catch(() => []);
      const name = names.find((one) => NAME.test(one) && one.endsWith(`-${id}.json`));
      return name === undefined ? null : readWaiting(join(folder, name));
    },
  };
}

async function readWaiting(path: string): Promise<Incoming | null> {
  try {
    return waiting.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return null;
  }
}
