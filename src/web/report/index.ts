import { randomBytes } from "node:crypto";
import { Router, type Request, type Response } from "express";
import { Problem } from "../../errors.js";
import type { Reencoder } from "../../images/reencode.js";
import type { Log } from "../../log.js";
import type { SecretLinks } from "../../secret-links.js";
import type { Db } from "../../store/db.js";
import type { WaitingReports } from "../../store/waiting-reports.js";
import type { Accepted, Intake } from "../intake.js";
import { limitByAddress, type Limit } from "../limits.js";
import type { Copies } from "../page/copies.js";
import { sendErrorPage } from "../page/routes.js";
import { createRoom, FILES_MOST, readForm, type Posted } from "./form-body.js";
import { askedLanguage, languageOf, openViews, sendFormPage } from "./open-views.js";
import { ownRoutes } from "./own.js";
import { keepPictures, writeRefusals } from "./pictures.js";
import { renderForm, renderKnown } from "./render.js";
import { requireSameOrigin } from "./same-origin.js";
import {
  choiceOf,
  cleaned,
  compose,
  findMistakes,
  nothingTyped,
  readTyped,
  sourceIdOf,
  type Typed,
} from "./typed.js";
import type { FormState } from "./view.js";

export interface ReportPagesSettings {
  /** Throws `unavailable` before there is a database. */
  readonly db: () => Db;
  readonly now: () => Date;
  readonly copies: Copies;
  readonly publicUrl: () => string;
  readonly log: Log;
  readonly intake: Intake;
  readonly links: SecretLinks;
  /** Where reports are while the database is away. */
  readonly waiting: Pick<WaitingReports, "find">;
  readonly reencoder: Reencoder;
}

/** A whole office behind one address writes some dozens in an outage; a script writes thousands. */
const REPORTS = { points: 40, seconds: 600 };
/** Beyond this a form is not even read. */
const POSTS = { points: 120, seconds: 600 };
/** Asked while somebody types, after each pause. */
const LOOKS = { points: 240, seconds: 60 };
/** Bytes of pictures in memory at once, of all who send any. */
const ROOM = 128 * 1024 * 1024;
/** The customer's page comes with its answer where one is found so soon (ms). */
const PATIENCE_MS = 2_500;
/** What was sent in the last minutes, by its number: sent twice, it leads to the same page. */
const SENT_MOST = 1_000;

/** `/report`: the form, what is known while it is filled in, and each customer's own page. */
export function reportPages(settings: ReportPagesSettings): Router {
  const { now, copies, publicUrl, intake, links } = settings;
  const routes = Router();
  const room = createRoom(ROOM);
  const limitReports = limitByAddress(REPORTS.points, REPORTS.seconds);
  const limitPosts = limitByAddress(POSTS.points, POSTS.seconds);
  const limitLooks = limitByAddress(LOOKS.points, LOOKS.seconds);
  const sent = new Map<string, Promise<Accepted>>();
  const newFormId = (): string => randomBytes(12).toString("hex");

  const sendForm = async (
    req: Request,
    res: Response,
    status: number,
    state: (say: (key: string, count?: number) => string) => Partial<FormState>,
  ): Promise<void> => {
    const { language, setting, views } = await openViews(copies, languageOf(copies, req), now());
    const view = views.form({
      typed: nothingTyped(newFormId()),
      kept: false,
      mistakes: [],
      notice: null,
      again: false,
      ...state((key, minutes = 0) => views.t(`error.${key}`, { minutes })),
    });
    sendFormPage(res, { status, language }, renderForm(setting, view));
  };

  routes.get("/report", async (req, res) => {
    await sendForm(req, res, 200, () => ({}));
  });

  routes.get("/report/known", async (req, res) => {
    await limitLooks(req);
    const text = (name: string): string => {
      const given = req.query[name];
      return typeof given === "string" ? cleaned(given).slice(0, 300) : "";
    };
    const { language, setting, views } = await openViews(copies, languageOf(copies, req), now());
    const known = views.known({ which: text("which"), choice: choiceOf(text("what")) });
    sendFormPage(res, { status: 200, language }, renderKnown(setting, language, known), {
      "Cache-Control": "private, max-age=5",
    });
  });

  /** One report, however often the same form is sent. */
  const accept = (typed: Typed, language: string, files: Posted["files"]): Promise<Accepted> => {
    const sourceId = sourceIdOf(typed);
    const earlier = sent.get(sourceId);
    if (earlier) return earlier;
    const accepting = openViews(copies, language, now()).then(({ views }) =>
      intake.accept(
        {
          source: "web",
          sourceId,
          channel: "web",
          receivedAt: now().getTime(),
          from: typed.email || null,
          fromName: typed.name || null,
          accountId: null,
          subject: null,
          text: compose(typed, views.t),
          attachments: files.map(({ name }) => cleaned(name).slice(0, 200)),
          language,
          contact: typed.email || null,
          hear: typed.hear,
        },
        // While pictures are made anew, it is read.
        files.length > 0 ? 0 : PATIENCE_MS,
      ),
    );
    sent.set(sourceId, accepting);
    accepting.catch(() => sent.delete(sourceId));
    for (const [oldest] of sent) {
      if (sent.size <= SENT_MOST) break;
      sent.delete(oldest);
    }
    return accepting;
  };

  const take = async (req: Request, res: Response, posted: Posted): Promise<void> => {
    const typed = readTyped(posted, newFormId);
    const again = posted.files.length > 0;
    const keptForm = (
      status: number,
      notice: (say: (key: string, count?: number) => string) => string,
    ) => sendForm(req, res, status, (say) => ({ typed, kept: true, again, notice: notice(say) }));
    const mistakes = findMistakes(typed, posted.cut);
    if (mistakes.length > 0)
      return sendForm(req, res, 400, () => ({ typed, kept: true, mistakes, again }));
    const tooMany = await over(limitReports, req);
    if (tooMany) {
      res.set("Retry-After", String(REPORTS.seconds));
      return keptForm(429, (say) => say("many", REPORTS.seconds / 60));
    }
    const language = languageOf(copies, req);
    let accepted: Accepted;
    try {
      accepted = await accept(typed, language, posted.files);
    } catch (error) {
      if (!(error instanceof Problem && error.code === "unavailable")) throw error;
      res.set("Retry-After", "60");
      return keptForm(503, (say) => say("away"));
    }
    const refusals = await keepPictures(posted.files, accepted.id, settings);
    const query = new URLSearchParams({ sent: "1" });
    const asked = askedLanguage(req);
    if (asked !== null) query.set("lang", asked);
    if (refusals.length > 0) query.set("pictures", writeRefusals(refusals));
    res.set("Cache-Control", "no-store");
    res.redirect(303, `${links.reportPath(accepted.id)}?${query.toString()}`);
  };

  routes.post("/report", async (req, res) => {
    requireSameOrigin(req, { publicUrl: publicUrl() });
    await limitPosts(req);
    const reading = await readForm(req, { room, files: FILES_MOST });
    if (!reading.ok) {
      if (reading.why === "gone") return;
      res.set("Connection", "close");
      if (reading.why !== "large") return sendErrorPage(copies, req, res, "bad-input");
      return sendForm(req, res, 413, (say) => ({ notice: say("large") }));
    }
    const { posted } = reading;
    try {
      await take(req, res, posted);
    } finally {
      posted.release();
    }
  });

  routes.use(ownRoutes({ ...settings, room, limitPosts }));
  return routes;
}

/** Whether there was too much; anything else that is wrong is thrown on. */
async function over(limit: Limit, req: Request): Promise<boolean> {
  try {
    await limit(req);
    return false;
  } catch (error) {
    if (error instanceof Problem && error.code === "too-many") return true;
    throw error;
  }
}
