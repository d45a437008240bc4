import type { Reason } from "../../core/correlate/verdict.js";
import { sentenceOf } from "../../core/correlate/reasons.js";
import type { StoredReport } from "../../store/reports.js";
import type { Link, Ticket } from "../../store/tickets.js";

/** A report as staff see it: what it says, what was understood, and why. */
export function reportView(report: StoredReport, ticket: Ticket | null) {
  const { extraction, verdict } = report;
  return {
    id: report.id,
    reference: report.reference,
    ticket: report.ticketId,
    source: report.source,
    sourceId: report.sourceId,
    channel: report.channel,
    receivedAt: new Date(report.receivedAt).toISOString(),
    from: report.from,
    fromName: report.fromName,
    account: report.accountId,
    subject: report.subject,
    text: report.text,
    attachments: report.attachments,
    contact: report.contact,
    readAt: report.readAt?.toISOString() ?? null,
    extraction,
    sender: verdict?.sender ?? null,
    decision: verdict?.decision ?? null,
    candidates:
      verdict?.candidates.map(({ id, p, reasons }) => ({
        incident: id,
        p,
        reasons: reasons.map(reasonView),
      })) ?? [],
    reasons: verdict?.reasons.map(reasonView) ?? [],
    duplicateOf: report.duplicateOf,
    suspicion: report.suspicionId,
    links: ticket?.links.map(linkView) ?? [],
    answer: report.answer,
  };
}

/** A ticket as staff see it, with its reports' heads: who wrote first speaks for it, the others follow. */
export const ticketView = (ticket: Ticket) => ({
  id: ticket.id,
  contact: peopleOf(ticket)[0] ?? null,
  followers: peopleOf(ticket).slice(1),
  queue: ticket.queue,
  state: ticket.state,
  account: ticket.accountId,
  language: ticket.language,
  openedAt: ticket.openedAt.toISOString(),
  answerDueAt: ticket.answerDueAt?.toISOString() ?? null,
  links: ticket.links.map(linkView),
  reports: ticket.reports.map(({ id, reference, channel, receivedAt, subject, text }) => ({
    id,
    reference,
    channel,
    receivedAt: new Date(receivedAt).toISOString(),
    subject,
    text: text.length > 500 ? `${text.slice(0, 499)}…` : text,
  })),
});

interface Person {
  readonly name: string | null;
  readonly address: string | null;
}

/** Everybody who wrote, once, in the order in which they did. */
function peopleOf({ reports }: Ticket): readonly Person[] {
  const people = new Map<string, Person>();
  for (const { fromName, contact, from, id } of reports) {
    const address = contact ?? from;
    const key = (address ?? fromName ?? id).toLowerCase();
    if (!people.has(key)) people.set(key, { name: fromName, address });
  }
  return [...people.values()];
}

const linkView = (link: Link) => ({
  incident: link.incidentId,
  by: link.by,
  p: link.p,
  reasons: link.reasons.map(reasonView),
  linkedAt: link.linkedAt.toISOString(),
  undoneAt: link.undoneAt?.toISOString() ?? null,
});

const reasonView = (reason: Reason) => ({
  code: reason.code,
  weight: reason.weight,
  text: sentenceOf(reason),
  span: reason.span,
});
