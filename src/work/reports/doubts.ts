import { listBroken, recordLooks } from "../../store/report-looks.js";
import { listDoubted, reopenDoubted } from "../../store/still-broken.js";
import { lookAround, toUnread, type Desk } from "./desk.js";
import type { Looker } from "./look-into.js";

const HOUR_MS = 3_600_000;
/** What was said so lately is looked into. */
const HEARD_MS = HOUR_MS;
/** "Still broken" counts against an end of this time (ms). */
const DOUBT_MS = 24 * HOUR_MS;
const AT_ONCE = 25;

/** Hears "still broken": looks at that customer's services, and opens again what several agree on. */
export function createDoubts(desk: Desk, looker: Looker) {
  const { db, reader, now, newId, guard, log, metrics } = desk;
  let heard: ReadonlySet<string> = new Set();

  return {
    async lookInto(): Promise<void> {
      const broken = await listBroken(db, new Date(now().getTime() - HEARD_MS), 100);
      const fresh = broken.filter(({ messageId }) => !heard.has(messageId)).slice(0, AT_ONCE);
      if (fresh.length === 0) return;
      const before = broken.filter(({ messageId }) => heard.has(messageId));
      // One that ends the thread is not tried again and again.
      heard = new Set([...before, ...fresh].map(({ messageId }) => messageId));
      const { around } = await lookAround(desk, []);
      const asked = fresh.map(({ report }) => ({ ...toUnread(report), look: true }));
      const reply = await reader.read(asked, around);
      await Promise.all(
        (reply?.reads ?? []).map(async (read) => {
          const findings = await looker.at(read.ok ? read.plan : null);
          await recordLooks(db, read.id, findings);
        }),
      );
    },

    async reopen(): Promise<void> {
      for (const id of await listDoubted(db, new Date(now().getTime() - DOUBT_MS))) {
        const options = { ...desk.telling(), now: now(), newId, guard };
        if (!(await reopenDoubted(db, id, options))) continue;
        log.warn({ incident: id }, "incident.doubted");
        metrics.incidents.inc({ phase: "reopened" });
        desk.onOwed();
      }
    },
  };
}
