import type { Answer } from "../../core/report.js";
import { listCorrected, recordCorrection, type Due } from "../../store/ticket-correction.js";
import { lookAround, toUnread, type Desk } from "./desk.js";
import type { Looker } from "./look-into.js";

const AT_ONCE = 20;

/** Reads reports again by what their customers put right. */
export function createCorrections(desk: Desk, looker: Looker) {
  const { db, reader, answering, now, newId, guard, log } = desk;

  const readOne = async (
    due: Due,
    { around, knowns }: Awaited<ReturnType<typeof lookAround>>,
  ): Promise<void> => {
    const { report, corrected } = due;
    const asked = { ...toUnread(report), extraction: null, corrected };
    const reply = await reader.read([asked], around);
    const [read] = reply?.reads ?? [];
    // What ends the thread is left as it was read before, and not tried again and again.
    if (!read?.ok) {
      log.error({ report: report.id, error: read?.error ?? "ended" }, "report.not-read-again");
      await recordCorrection(db, due, null, null, { now: now(), newId, guard });
      return;
    }
    const trusted = answering.trusts(report, read);
    const findings = trusted ? await looker.at(read.plan) : await looker.openly(read.open.looks);
    const reading = answering.readingOf(report, read, { knowns, findings, now: now() });
    const options = { now: now(), newId, guard };
    const answer = isNews(report.answer, reading.answer, findings.length > 0)
      ? reading.answer
      : null;
    const { linked, undone } = await recordCorrection(db, due, reading, answer, options);
    log.info({ report: report.id, linked, undone, answered: answer?.kind }, "report.read-again");
  };

  return {
    async readAgain(): Promise<void> {
      const due = await listCorrected(db, AT_ONCE);
      if (due.length === 0) return;
      const around = await lookAround(
        desk,
        due.map(({ report }) => report.id),
      );
      for (const one of due) await readOne(one, around);
    },
  };
}

/** Another answer is worth a word where it says or names something else than before, or what we saw. */
function isNews(before: Answer | null, after: Answer, looked: boolean): boolean {
  if (before === null) return true;
  // That we cannot say more takes back what was said, but for what we had seen.
  if (before.kind !== after.kind) return after.kind !== "none" || before.kind !== "individual";
  return before.incident !== after.incident || (looked && before.text !== after.text);
}
