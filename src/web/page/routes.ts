import { Router, type Request, type Response } from "express";
import { Problem, type ProblemCode } from "../../errors.js";
import { isDatabaseAway, type Db } from "../../store/db.js";
import { findPublicMaintenance } from "../../store/maintenance-rows.js";
import { findPublicIncident, listPublicIncidents } from "../../store/page.js";
import { STATUS_OF } from "../problem.js";
import type { Copies } from "./copies.js";
import { PAGE_HEADERS } from "./copy.js";
import { languageFor } from "./negotiate.js";
import { renderHistory, renderIncident, renderMaintenance } from "./render.js";

const ID = /^[a-z0-9]{12}$/;

/** What the copies do not hold: incidents and planned work older than ninety days, and older pages of the history. */
export function pageRoutes({
  db,
  copies,
  now,
}: {
  /** Throws `unavailable` before there is a database. */
  readonly db: () => Db;
  readonly copies: Copies;
  readonly now: () => Date;
}): Router {
  const routes = Router();

  routes.get("/incidents/:id", async (req, res) => {
    const { id } = req.params;
    const found = ID.test(id) ? await asked(async () => findPublicIncident(db(), id)) : null;
    if (found === "away") return sendErrorPage(copies, req, res, "unavailable");
    const shown = copies.shown();
    if (!found || !shown)
      return sendErrorPage(copies, req, res, shown ? "not-found" : "unavailable");
    if (found.mergedInto !== null) return res.redirect(302, movedTo(found.mergedInto, req));
    const language = languageOf(copies, req);
    const setting = await copies.setting();
    sendPage(res, language, renderIncident(setting, language, shown.model, now(), found));
  });

  routes.get("/maintenance/:id", async (req, res) => {
    const { id } = req.params;
    const found = ID.test(id) ? await asked(async () => findPublicMaintenance(db(), id)) : null;
    if (found === "away") return sendErrorPage(copies, req, res, "unavailable");
    const shown = copies.shown();
    if (!found || !shown)
      return sendErrorPage(copies, req, res, shown ? "not-found" : "unavailable");
    const language = languageOf(copies, req);
    const setting = await copies.setting();
    sendPage(res, language, renderMaintenance(setting, language, shown.model, now(), found));
  });

  routes.get("/history", async (req, res) => {
    if (!copies.shown()) return sendErrorPage(copies, req, res, "unavailable");
    const before = momentIn(req.query["before"]);
    if (!before) return sendErrorPage(copies, req, res, "bad-input");
    const found = await asked(async () => listPublicIncidents(db(), before));
    const shown = copies.shown();
    if (found === "away" || !shown) return sendErrorPage(copies, req, res, "unavailable");
    const language = languageOf(copies, req);
    const part = { ...found, before };
    const setting = await copies.setting();
    sendPage(res, language, renderHistory(setting, language, shown.model, now(), part));
  });

  return routes;
}

/** A designed page for what went wrong, in the reader's language, with its status. */
export async function sendErrorPage(
  copies: Copies,
  req: Request,
  res: Response,
  problem: ProblemCode | "failed" | "gone",
): Promise<void> {
  const language = languageOf(copies, req);
  const html = await copies.error(problem, language);
  res.status(problem === "failed" ? 500 : STATUS_OF[problem === "gone" ? "not-found" : problem]);
  if (problem === "unavailable") res.set("Retry-After", "10");
  sendPage(res, language, html, "no-store");
}

function sendPage(
  res: Response,
  language: string,
  html: string,
  caching: string = PAGE_HEADERS["Cache-Control"],
): void {
  res.set({ ...PAGE_HEADERS, "Content-Language": language, "Cache-Control": caching }).send(html);
}

/** What the database says, or that it is away, which is no fault of whoever asks. */
async function asked<Found extends object | null>(
  look: () => Promise<Found>,
): Promise<Found | "away"> {
  try {
    return await look();
  } catch (error) {
    if (isDatabaseAway(error)) return "away";
    if (error instanceof Problem && error.code === "unavailable") return "away";
    throw error;
  }
}

function languageOf(copies: Copies, req: Request): string {
  const { lang } = req.query;
  const header = req.headers["accept-language"];
  return languageFor(copies.site().languages, typeof lang === "string" ? lang : null, header);
}

/** An instant as our own links write it; anything else is no moment. */
function momentIn(text: unknown): Date | null {
  if (typeof text !== "string" || !/^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/.test(text)) return null;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? null : at;
}

function movedTo(id: string, req: Request): string {
  const { lang } = req.query;
  const kept = typeof lang === "string" ? `?lang=${encodeURIComponent(lang)}` : "";
  return `/incidents/${id}${kept}`;
}
