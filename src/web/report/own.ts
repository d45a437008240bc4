import { randomBytes } from "node:crypto";
import { Router, type Request, type Response } from "express";
import { publicId } from "../../core/ids.js";
import type { PageIncident, PageMaintenance } from "../../core/page.js";
import { HEARING, type Correction } from "../../core/report.js";
import { Problem } from "../../errors.js";
import { findAttachment, listAttachments } from "../../store/attachments.js";
import {
  addNote,
  confirmContact,
  correct,
  findCustomerPage,
  sayBroken,
  sayWorks,
  setHearing,
  takeBack,
  type CustomerPage,
  type Heard,
} from "../../store/customer-page.js";
import { isDatabaseAway, type Db } from "../../store/db.js";
import { findReport } from "../../store/reports.js";
import { findPublicMaintenance } from "../../store/maintenance-rows.js";
import { findPublicIncident } from "../../store/page.js";
import type { Limit } from "../limits.js";
import { languageFor } from "../page/negotiate.js";
import { sendErrorPage } from "../page/routes.js";
import { FILES_MOST, readForm, type Posted, type Room } from "./form-body.js";
import type { ReportPagesSettings } from "./index.js";
import { askedLanguage, openViews, sendFormPage } from "./open-views.js";
import { keepPictures, readRefusals, writeRefusals } from "./pictures.js";
import { renderConfirm, renderOwn } from "./render.js";
import { requireSameOrigin } from "./same-origin.js";
import { choiceOf, cleaned, compose, LONGEST } from "./typed.js";

const NOTICES = ["saved", "full"] as const;

const ID = /^[a-z0-9]{12}$/;

/** For one person's eyes: kept by no cache, told to no other site, found by no search. */
const SECRET_HEADERS = {
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Robots-Tag": "noindex, nofollow",
} as const;

interface OwnSettings extends ReportPagesSettings {
  readonly room: Room;
  readonly limitPosts: Limit;
}

/**
 * `/report/:id/:seal`: what became of one report, for whoever has its secret address. A wrong seal
 * and a report that is not there look alike.
 */
export function ownRoutes(settings: OwnSettings): Router {
  const { db, now, copies, links, waiting, room, limitPosts, publicUrl } = settings;
  const routes = Router();
  const newId = (): string => publicId(randomBytes(12));

  const isSealed = (req: Request, purpose: "report" | "owner" | "confirm"): boolean => {
    const [id, seal] = [String(req.params["id"]), String(req.params["seal"])];
    return ID.test(id) && links.isSealed(purpose, id, seal);
  };

  /** Whose address it is. */
  const opened = (req: Request): Opened => {
    const id = String(req.params["id"]);
    if (isSealed(req, "report")) return { id, path: links.reportPath(id), reader: "anybody" };
    if (isSealed(req, "owner")) return { id, path: links.ownerPath(id), reader: "owner" };
    throw new Problem("not-found", "There is no such page.");
  };

  const confirming = (req: Request): string => {
    if (isSealed(req, "confirm")) return String(req.params["id"]);
    throw new Problem("not-found", "There is no such page.");
  };

  /** Stored, or waiting on disk; it may go from there to here while we look. */
  const find = async ({ id, reader }: Opened): Promise<Found> => {
    const stored = await storedPage(db, id, reader);
    if (stored && stored !== "away") return { page: stored };
    const waits = await waiting.find(id);
    if (waits) return { waits };
    if (stored === "away") throw new Problem("unavailable", "The database is away.");
    const since = await storedPage(db, id, reader);
    if (since && since !== "away") return { page: since };
    throw new Problem("not-found", "There is no such page.");
  };

  routes.get("/report/:id/:seal", async (req, res) => {
    res.set(SECRET_HEADERS);
    const { id, path, reader } = opened(req);
    const found = await find({ id, path, reader });
    const report = "page" in found ? found.page.report : found.waits;
    const spoken =
      report.language ?? ("page" in found ? found.page.ticket?.language : null) ?? null;
    const language = languageOfOwn(settings, req, spoken);
    const { setting, views } = await openViews(copies, language, now());
    const options = {
      path,
      sent: req.query["sent"] === "1",
      refusals: readRefusals(req.query["pictures"]),
      newId,
    };
    if ("waits" in found || found.page.report.readAt === null) {
      const { reference, receivedAt } = report;
      const view = views.waiting({ ...options, reference, receivedAt });
      return sendFormPage(res, { status: 200, language }, renderOwn(setting, view), SECRET_HEADERS);
    }
    const { page } = found;
    const view = views.own({
      ...options,
      page,
      incidents: await publicOnes(db(), page.ticket?.incidents ?? []),
      work: await plannedOnes(db(), page.ticket?.incidents ?? []),
      pictures: await listAttachments(db(), id),
      notice: NOTICES.find((one) => req.query["said"] === one) ?? null,
    });
    sendFormPage(res, { status: 200, language }, renderOwn(setting, view), SECRET_HEADERS);
  });

  routes.get("/report/:id/:seal/pictures/:picture", async (req, res) => {
    res.set(SECRET_HEADERS);
    const { id } = opened(req);
    const { picture } = req.params;
    const webp = ID.test(picture) ? await findAttachment(db(), id, picture) : null;
    if (!webp) throw new Problem("not-found", "There is no such picture.");
    res
      .set({
        "Content-Type": "image/webp",
        "Content-Disposition": `attachment; filename="${picture}.webp"`,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
      })
      .send(webp);
  });

  // Programs that look into mail follow its links: so only the button on the page says yes.
  routes.get("/report/:id/confirm/:seal", async (req, res) => {
    res.set(SECRET_HEADERS);
    const id = confirming(req);
    const report = await findReport(db(), id);
    if (!report || report.contact === null)
      throw new Problem("not-found", "There is no such page.");
    const { contact, contactProof, language: spoken } = report;
    const language = languageOfOwn(settings, req, spoken);
    const { setting, views } = await openViews(copies, language, now());
    const view = views.confirm(links.confirmPath(id), contact, contactProof !== null);
    sendFormPage(res, { status: 200, language }, renderConfirm(setting, view), SECRET_HEADERS);
  });

  routes.post("/report/:id/confirm/:seal", async (req, res) => {
    res.set(SECRET_HEADERS);
    const id = confirming(req);
    requireSameOrigin(req, { publicUrl: publicUrl(), opaque: true });
    await limitPosts(req);
    await confirmContact(db(), id);
    const asked = askedLanguage(req);
    const query = asked === null ? "" : `?${new URLSearchParams({ lang: asked }).toString()}`;
    res.redirect(303, `${links.confirmPath(id)}${query}`);
  });

  routes.post("/report/:id/:seal", async (req, res) => {
    res.set(SECRET_HEADERS);
    const page = opened(req);
    requireSameOrigin(req, { publicUrl: publicUrl(), opaque: true });
    await limitPosts(req);
    const reading = await readForm(req, { room, files: FILES_MOST });
    if (!reading.ok) {
      if (reading.why === "gone") return;
      res.set("Connection", "close");
      return sendErrorPage(copies, req, res, "bad-input");
    }
    try {
      await act(req, res, page, reading.posted);
    } finally {
      reading.posted.release();
    }
  });

  const act = async (
    req: Request,
    res: Response,
    { id, path, reader }: Opened,
    posted: Posted,
  ): Promise<void> => {
    const back = (more: Readonly<Record<string, string>>): void => {
      const asked = askedLanguage(req);
      const query = new URLSearchParams({ ...(asked !== null && { lang: asked }), ...more });
      const written = query.size > 0 ? `?${query.toString()}` : "";
      res.redirect(303, `${path}${written}`);
    };
    const field = (name: string, most: number): string =>
      cleaned(posted.fields.get(name) ?? "").slice(0, most);
    const given = field("id", 12);
    const said = { id: ID.test(given) ? given : newId(), now: now(), reader };

    switch (posted.fields.get("act") ?? "") {
      case "works":
        return back(outcome(await sayWorks(db(), id, said)));
      case "broken":
        return back(outcome(await sayBroken(db(), id, said)));
      case "takeBack":
        return back(outcome(await takeBack(db(), id, said.now)));
      case "hear": {
        const hear = HEARING.find((one) => one === posted.fields.get("hear"));
        if (!hear) throw new Problem("bad-input", "hear: not one of those offered");
        await setHearing(db(), id, hear);
        return back({ said: "saved" });
      }
      case "correct": {
        const page = await findCustomerPage(db(), id, reader);
        if (!page) throw new Problem("not-found", "There is no such page.");
        const language = languageOfOwn(settings, req, page.report.language);
        const { views } = await openViews(copies, language, now());
        const before = views.understoodOf(page);
        const changed = (typed: string, shown: string): string | null =>
          typed === shown ? null : typed;
        const corrected: Correction = {
          which: changed(field("which", LONGEST.which), before?.which ?? ""),
          choice: choiceOf(field("choice", 20)),
          since: changed(field("since", LONGEST.sinceText), before?.since ?? ""),
        };
        if (Object.values(corrected).every((one) => one === null)) return back({});
        const { which, choice, since } = corrected;
        const text = compose(
          { which: which ?? "", choice, text: "", since: null, sinceText: since ?? "" },
          views.t,
        );
        const heard = await correct(db(), id, said, { corrected, text });
        return back({ said: "saved", ...outcome(heard) });
      }
      case "add": {
        const text = field("text", LONGEST.text);
        const heard = text === "" ? "heard" : await addNote(db(), id, said, text);
        const refusals = await keepPictures(posted.files, id, settings);
        const pictures = refusals.length > 0 ? { pictures: writeRefusals(refusals) } : {};
        return back({ ...outcome(heard), ...pictures });
      }
      default:
        throw new Problem("bad-input", "act: not one of those offered");
    }
  };

  return routes;
}

/** A page as it was opened: by the address that whoever wrote was given, or by that in the owner's mail. */
interface Opened {
  readonly id: string;
  readonly path: string;
  readonly reader: "owner" | "anybody";
}

type Found =
  | { readonly page: CustomerPage }
  | {
      readonly waits: {
        readonly reference: string;
        readonly receivedAt: number;
        readonly language: string | null;
      };
    };

async function storedPage(
  db: () => Db,
  id: string,
  reader: Opened["reader"],
): Promise<CustomerPage | null | "away"> {
  try {
    return await findCustomerPage(db(), id, reader);
  } catch (error) {
    if (isDatabaseAway(error)) return "away";
    if (error instanceof Problem && error.code === "unavailable") return "away";
    throw error;
  }
}

/** Of these incidents those that everybody may read; of merged ones what they went into. */
async function publicOnes(db: Db, ids: readonly string[]): Promise<PageIncident[]> {
  const found = new Map<string, PageIncident>();
  for (const id of ids) {
    const first = await findPublicIncident(db, id);
    const incident = first?.mergedInto ? await findPublicIncident(db, first.mergedInto) : first;
    if (incident) found.set(incident.id, incident);
  }
  return [...found.values()];
}

async function plannedOnes(db: Db, ids: readonly string[]): Promise<PageMaintenance[]> {
  const found = await Promise.all(ids.map((id) => findPublicMaintenance(db, id)));
  return found.filter((one) => one !== null);
}

/** Asked for, else the one they wrote in, else what their browser likes. */
function languageOfOwn({ copies }: OwnSettings, req: Request, spoken: string | null): string {
  const { languages } = copies.site();
  const asked = askedLanguage(req);
  if (asked === null && spoken !== null && languages.includes(spoken)) return spoken;
  return languageFor(languages, asked, req.get("accept-language"));
}

/** For the address that they are led back to. Throws `conflict` where nobody has read the report yet. */
function outcome(heard: Heard): Readonly<Record<string, string>> {
  if (heard === "unread") throw new Problem("conflict", "Nobody has read the report yet.");
  return heard === "full" ? { said: "full" } : {};
}
