import type { Read } from "../../reader/messages.js";
import type { Linkable } from "../../store/known-incidents.js";
import { mergeExplained } from "../../store/suspicions.js";
import { listReportsById, type StoredReport } from "../../store/reports.js";
import { adoptTicket, answerAnew, listUnlinked } from "../../store/ticket-adoption.js";
import { lookAround, listKnown, toUnread, type Desk } from "./desk.js";

/** Links reports to what was noticed after them. */
export interface Adoption {
  /** Considers some that nothing explained; true where more are to be considered. */
  adoptSome(): Promise<boolean>;
  /** Something is known of the names they give: considers them all again. */
  again(): void;
}

/** Who wrote first, so long before the incident was noticed, is adopted by it. */
const BACK_MS = 6 * 3_600_000;
const MOST = 500;
/** So few that what comes in is read in between. */
const AT_ONCE = 25;
/** Where nothing but the number of reports has changed, it is thought over again after so long (ms). */
const AGAIN_MS = 60_000;

export function createAdoption(desk: Desk): Adoption {
  const { db, reader, tracer, answering, now, newId, guard, log } = desk;
  let waiting: string[] = [];
  let lastKnown = "";
  let lastUnlinked = "";
  let lastMs = -Infinity;

  const begin = async (): Promise<void> => {
    const known = briefOf(await listKnown(desk));
    const unchanged = known === lastKnown;
    if (unchanged && performance.now() - lastMs < AGAIN_MS) return;
    lastMs = performance.now();
    lastKnown = known;
    const unlinked = await listUnlinked(db, new Date(now().getTime() - BACK_MS), MOST);
    const ids = unlinked.map(({ id }) => id);
    const all = ids.join();
    // The same reports beside the same incidents would only be judged the same again.
    if (known === NONE || (unchanged && all === lastUnlinked)) return;
    lastUnlinked = all;
    waiting = ids;
  };

  const adopt = async (
    report: StoredReport,
    read: Read,
    knowns: readonly Linkable[],
  ): Promise<void> => {
    if (!read.ok || report.ticketId === null) return;
    const record = { now: now(), newId, guard };
    const [best] = read.verdict.decision === "auto" ? read.verdict.candidates : [];
    if (best && (await adoptTicket(db, report.ticketId, best, record)))
      log.info({ report: report.id, link: best.id }, "report.adopted");
    const hint = answering.hintOf(report, read, knowns, record.now);
    if (hint && (await answerAnew(db, report, hint, record)))
      log.info({ report: report.id, incident: hint.incident }, "report.answered-anew");
  };

  return {
    async adoptSome() {
      if (waiting.length === 0) await begin();
      const reports = await listReportsById(db, waiting.splice(0, AT_ONCE));
      if (reports.length === 0) return false;
      const { around, knowns } = await lookAround(desk, []);
      const reply = await reader.read(reports.map(toUnread), { ...around, traced: tracer.known() });
      if (!reply) return waiting.length > 0;
      await mergeExplained(db, reply.explained, now(), guard);
      for (const read of reply.reads) {
        const report = reports.find(({ id }) => id === read.id);
        if (report) await adopt(report, read, knowns);
      }
      return waiting.length > 0;
    },
    again() {
      lastKnown = "";
    },
  };
}

const briefOf = (knowns: readonly Linkable[]): string =>
  JSON.stringify(
    knowns.map((known) => [
      known.id,
      known.words.length,
      known.resolvedAt,
      known.what === "incident" ? known.public : known.state,
    ]),
  );
const NONE = briefOf([]);
