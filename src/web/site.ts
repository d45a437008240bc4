import { createServer, type IncomingMessage, type Server } from "node:http";
import express, { type ErrorRequestHandler } from "express";
import helmet from "helmet";
import { Problem } from "../errors.js";
import type { Log } from "../log.js";
import { describeDatabaseError, isDatabaseAway } from "../store/db.js";
import { alerts, type AlertIntakeSettings } from "./alerts/index.js";
import { api, type ApiSettings } from "./api/index.js";
import { beats, type BeatSettings } from "./beats/index.js";
import type { Copies } from "./page/copies.js";
import { createFront } from "./page/front.js";
import { pageRoutes, sendErrorPage } from "./page/routes.js";
import { sendProblem } from "./problem.js";
import { reportPages, type ReportPagesSettings } from "./report/index.js";
import { system, type SystemSettings } from "./system.js";

export interface SiteSettings extends ApiSettings, SystemSettings, AlertIntakeSettings {
  readonly copies: Copies;
  readonly log: Log;
  /** What taking the beats of jobs needs besides. */
  readonly beating: Pick<BeatSettings, "ears" | "keep">;
  readonly trustProxy: readonly string[];
  /** What the form for customers and their own pages need besides; without it there are none. */
  readonly reporting: Pick<ReportPagesSettings, "waiting" | "reencoder">;
}

/** A slow or silent client keeps a connection no longer than this (ms). */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** Screenshots come over a phone's bad line; their form has its own watch. */
const UPLOAD_MS = 150_000;
const CHECK_MS = 2_000;
const MAX_CONNECTIONS = 20_000;

/** The whole face: the small door with rendered pages first, Express for everything else. */
export function createSite(settings: SiteSettings): Server {
  const { copies, log, trustProxy, reporting, beating } = settings;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("trust proxy", trustProxy.length > 0 ? [...trustProxy] : false);
  app.set("query parser", "simple");
  // Strict transport is for the proxy that speaks TLS to say.
  app.use(helmet({ contentSecurityPolicy: false, strictTransportSecurity: false }));
  app.use(system(settings));
  app.use("/api/v1", api(settings));
  app.use(beats({ ...settings, ...beating }));
  app.use(alerts(settings));
  app.use(reportPages({ ...settings, ...reporting }));
  app.use(pageRoutes(settings));
  app.use(() => {
    throw new Problem("not-found", "There is no such page.");
  });
  app.use(failure(log, copies));

  const front = createFront(copies);
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: UPLOAD_MS,
      connectionsCheckingInterval: CHECK_MS,
    },
    (req, res) => {
      if (front(req, res)) return;
      if (!isUpload(req)) limitBody(req);
      app(req, res);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

const isUpload = ({ method, url }: IncomingMessage): boolean =>
  method === "POST" && url !== undefined && /^\/report[/?]|^\/report$/.test(url);

/** Whoever takes too long over a body loses the connection. */
function limitBody(req: IncomingMessage): void {
  if (req.complete) return;
  const late = setTimeout(() => {
    if (!req.complete) req.destroy();
  }, REQUEST_MS);
  req.once("close", () => clearTimeout(late));
}

/** The address as it may be logged: what makes a customer's own page theirs stays out, and a job's token. */
const loggable = (path: string): string =>
  path.replace(/^(\/report\/[^/]+\/|\/beat\/|\/ping\/|\/api\/push\/).+/, "$1…");

/** What went wrong, as a page for people and as a problem document for programs. */
function failure(log: Log, copies: Copies): ErrorRequestHandler {
  return async (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error);
    const problem = problemOf(error);
    if (!problem) log.error({ err: error, path: loggable(req.path) }, "request.failed");
    else if (problem.code === "unavailable")
      log.warn(
        { path: loggable(req.path), error: describeDatabaseError(problem.cause ?? error) },
        "request.unavailable",
      );
    if (req.path.startsWith("/api/")) {
      if (problem) sendProblem(res, problem.code, problem.message);
      else res.status(500).type("application/problem+json").send(BROKEN);
      return;
    }
    const code = problem?.code ?? "failed";
    // A secret address is long: mail programs cut it, and whoever comes by it needs to know.
    const isCut = code === "not-found" && req.path.startsWith("/report/");
    await sendErrorPage(copies, req, res, isCut ? "gone" : code);
  };
}

const BROKEN = JSON.stringify({
  type: "urn:tudunk:problem:failed",
  title: "Something went wrong on our side.",
  status: 500,
  detail: "It has been noted in our log.",
});

function problemOf(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (isDatabaseAway(error))
    return new Problem("unavailable", "The database is away at the moment; please try again.", {
      cause: error,
    });
  // What Express itself refuses: a malformed escape in the address, a body that is no JSON or too long.
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  return status >= 400 && status < 500
    ? new Problem("bad-input", "The request could not be read.", { cause: error })
    : null;
}
