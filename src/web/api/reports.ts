import { createHash } from "node:crypto";
import express, { Router } from "express";
import type { z } from "zod";
import type { Answer } from "../../core/report.js";
import { Problem } from "../../errors.js";
import type { SecretLinks } from "../../secret-links.js";
import type { Db } from "../../store/db.js";
import { findReport } from "../../store/reports.js";
import { linkTicket, unlinkTicket } from "../../store/ticket-links.js";
import { findTicket, listSaid, listTickets } from "../../store/tickets.js";
import type { Role } from "../../store/tokens.js";
import { bearerOf, nameOf, READERS, requireRole } from "../bearer.js";
import type { Accepted, Intake } from "../intake.js";
import { limitByAddress } from "../limits.js";
import { closed, idOf, opened, positionOf, read } from "./reading.js";
import { reportView, ticketView } from "./report-views.js";
import { linkBody, newReport, ticketsQuery } from "./report-schemas.js";

export interface ReportApiSettings {
  readonly db: () => Db;
  readonly now: () => Date;
  readonly publicUrl: () => string;
  readonly intake: Intake;
  readonly links: SecretLinks;
  /** What a customer is told while nobody has read their words. */
  readonly receipt: (accepted: Accepted, language: string | null) => Answer;
}

/** Whoever hands reports in for others may say whose they are and when they came. */
const HANDS_IN: readonly Role[] = ["source", "agent", "operator", "admin"];
const WORKS_ON_TICKETS: readonly Role[] = ["agent", "operator", "admin"];

/** A stricter answer than "later" helps nobody: an honest customer writes a few times, a crowd behind one address some dozens. */
const ANONYMOUS = { points: 40, seconds: 600 };
/** An anonymous writer waits so long (ms) for what we make of it; then the page tells. */
const PATIENCE_MS = 5_000;
const OLDEST_MS = 30 * 86_400_000;
const AHEAD_MS = 120_000;

/** What only somebody with a token may say. */
const ONLY_WITH_TOKEN = ["channel", "from", "fromName", "account", "receivedAt", "attachments"];

/** `POST /reports` for everybody; reading them and the tickets they become is for staff. */
export function reportRoutes(settings: ReportApiSettings): Router {
  const { db, now, publicUrl, intake, links, receipt } = settings;
  const routes = Router();
  const limitAnonymous = limitByAddress(ANONYMOUS.points, ANONYMOUS.seconds);

  routes.post("/reports", express.json({ limit: "256kb" }), async (req, res) => {
    const bearer = await bearerOf(req, db, now);
    if (bearer && !HANDS_IN.includes(bearer.role))
      throw new Problem("forbidden", `A token with the role ${bearer.role} may not do this.`);
    if (!bearer) await limitAnonymous(req);
    const told = read(newReport, req.body ?? {});
    const given = new Set(Object.keys(told));
    const refused = bearer ? [] : ONLY_WITH_TOKEN.filter((key) => given.has(key));
    if (refused.length > 0)
      throw new Problem("bad-input", `${refused.join(", ")}: only with a token of a source`);
    const receivedAt = momentOf(told.receivedAt, now());
    const accepted = await intake.accept(
      {
        source: bearer?.name ?? "anonymous",
        sourceId: bearer ? (told.id ?? null) : sourceIdOf(told),
        channel: told.channel ?? "api",
        receivedAt: receivedAt.getTime(),
        from: told.from ?? null,
        fromName: told.fromName ?? null,
        accountId: told.account ?? null,
        subject: told.subject ?? null,
        text: told.text,
        attachments: told.attachments ?? [],
        language: told.language ?? null,
        contact: told.contact ?? null,
        hear: told.hear,
      },
      PATIENCE_MS,
    );
    const { id, reference } = accepted;
    const answer = accepted.answer ?? receipt(accepted, told.language ?? null);
    const page = `${publicUrl()}${links.reportPath(id)}`;
    res.status(202).json({ id, reference, answer: { ...answer, page } });
  });

  routes.get("/reports/:id", requireRole(db, now, READERS), async (req, res) => {
    const report = await findReport(db(), idOf(String(req.params["id"])));
    if (!report) throw new Problem("not-found", "There is no such report.");
    const ticket = report.ticketId === null ? null : await findTicket(db(), report.ticketId);
    res.json({ ...reportView(report, ticket), said: await listSaid(db(), report.id) });
  });

  routes.get("/tickets", requireRole(db, now, READERS), async (req, res) => {
    const asked = read(ticketsQuery, req.query);
    const after = asked.cursor === undefined ? null : positionOf(opened(asked.cursor));
    const tickets = await listTickets(db(), { state: asked.state, after, limit: asked.limit });
    const last = tickets.length === asked.limit ? tickets.at(-1) : undefined;
    res.json({
      items: tickets.map(ticketView),
      next: last ? closed(`${last.openedAt.toISOString()} ${last.id}`) : null,
    });
  });

  const ticketOf = async (id: string) => {
    const ticket = await findTicket(db(), idOf(id));
    if (!ticket) throw new Problem("not-found", "There is no such ticket.");
    return ticketView(ticket);
  };

  routes.post(
    "/tickets/:id/link",
    requireRole(db, now, WORKS_ON_TICKETS),
    express.json({ limit: "4kb" }),
    async (req, res) => {
      const id = String(req.params["id"]);
      const { incident } = read(linkBody, req.body ?? {});
      await linkTicket(db(), idOf(id), incident, { by: nameOf(res), now: now() });
      res.json(await ticketOf(id));
    },
  );

  routes.post(
    "/tickets/:id/unlink",
    requireRole(db, now, WORKS_ON_TICKETS),
    express.json({ limit: "4kb" }),
    async (req, res) => {
      const id = String(req.params["id"]);
      const { incident } = read(linkBody, req.body ?? {});
      await unlinkTicket(db(), idOf(id), incident, { by: nameOf(res), now: now() });
      res.json(await ticketOf(id));
    },
  );

  return routes;
}

/** Nobody owns the numbers that strangers give: only the same number with the same words is the same report. */
function sourceIdOf(told: z.output<typeof newReport>): string | null {
  if (told.id === undefined) return null;
  const words = createHash("sha256").update(JSON.stringify(told)).digest("base64url");
  return `${told.id}.${words.slice(0, 22)}`;
}

/** When it came in: now, or as the source says. Throws `bad-input` for the future and the distant past. */
function momentOf(given: string | undefined, now: Date): Date {
  if (given === undefined) return now;
  const at = new Date(given);
  if (at.getTime() > now.getTime() + AHEAD_MS || at.getTime() < now.getTime() - OLDEST_MS)
    throw new Problem("bad-input", "receivedAt: expected a moment of the last 30 days");
  return new Date(Math.min(at.getTime(), now.getTime()));
}
