import { listUnsent, oweAnswer } from "../../store/customer-letters.js";
import type { StoredReport } from "../../store/reports.js";
import { listUntold, tellLinked, tellUndone, type Telling } from "../../store/ticket-adoption.js";
import { listUndone } from "../../store/ticket-correction.js";
import { findTicket } from "../../store/tickets.js";
import { listKnown, type Desk } from "./desk.js";

const LINKS_AT_ONCE = 500;
const ANSWERS_AT_ONCE = 100;

/** Who was linked without a word – late, by a colleague, or before it was public – gets one now. */
export async function tellUntold(desk: Desk): Promise<void> {
  const { db, answering, now, newId, guard } = desk;
  const untold = await listUntold(db, LINKS_AT_ONCE);
  if (untold.length === 0) return;
  const knowns = await listKnown(desk);
  for (const one of untold) {
    const ticket = await findTicket(db, one.ticketId);
    const incident = knowns.find(({ id }) => id === one.incidentId);
    const linked = incident && { picked: one.picked, incident };
    const tellings =
      ticket && linked
        ? ticket.reports.map((report) => answering.tellingOf(report, ticket, linked, now()))
        : [];
    const letters = oneLetterEach(ticket?.reports ?? [], tellings);
    await tellLinked(db, one, letters, { now: now(), newId, guard });
  }
  desk.onOwed();
}

/** Who undoes a link by mistake may do it again within this time (ms), before anybody is told. */
const SECOND_THOUGHTS_MS = 60_000;

/** Who was told of an incident that is none of theirs, as somebody says, gets another word now. */
export async function tellUnlinked(desk: Desk): Promise<void> {
  const { db, answering, now, newId, guard } = desk;
  const before = new Date(now().getTime() - SECOND_THOUGHTS_MS);
  const undone = await listUndone(db, before, LINKS_AT_ONCE);
  for (const one of undone) {
    const ticket = await findTicket(db, one.ticketId);
    // A ticket that is linked to something else is told of that, and one that is closed of nothing.
    const open =
      ticket &&
      ticket.state !== "closed" &&
      ticket.links.every(({ undoneAt }) => undoneAt !== null);
    const tellings = open
      ? ticket.reports.map((report) => answering.withdrawalOf(report, ticket, now()))
      : [];
    const letters = oneLetterEach(ticket?.reports ?? [], tellings);
    await tellUndone(db, one, letters, { now: now(), newId, guard });
  }
  if (undone.length > 0) desk.onOwed();
}

/** Who wrote of the same several times reads of it once, by their last report. */
function oneLetterEach(
  reports: readonly StoredReport[],
  tellings: readonly Telling[],
): readonly Telling[] {
  const last = new Map<string, string>();
  const addressOf = (reportId: string): string =>
    reports.find(({ id }) => id === reportId)?.contact?.toLowerCase() ?? "";
  for (const { reportId, letter } of tellings) if (letter) last.set(addressOf(reportId), reportId);
  return tellings.map((one) =>
    last.get(addressOf(one.reportId)) === one.reportId ? one : { ...one, letter: null },
  );
}

/** Whoever has confirmed their address gets the answer that waited for it. */
export async function sendConfirmed(desk: Desk): Promise<void> {
  const { db, answering, now, newId, guard, onOwed } = desk;
  const unsent = await listUnsent(db, now(), ANSWERS_AT_ONCE);
  for (const report of unsent) {
    const letter = answering.answerAgain(report);
    if (letter) await oweAnswer(db, report.id, letter, { now: now(), newId, guard });
  }
  if (unsent.length > 0) onOwed();
}
