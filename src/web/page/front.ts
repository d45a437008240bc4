import type { IncomingMessage, ServerResponse } from "node:http";
import type { Copies } from "./copies.js";
import { PAGE_HEADERS, type Copy } from "./copy.js";
import { encodingFor, languageFor, matchesTag } from "./negotiate.js";

/** Answers what it has a copy of and says so; `false` leaves the request to Express. */
export type Front = (req: IncomingMessage, res: ServerResponse) => boolean;

const MAINTENANCE = /^\/maintenance\/([a-z0-9]{12})$/;
const INCIDENT = /^\/incidents\/([a-z0-9]{12})$/;
const API = { "/api/v2/summary.json": "summary", "/api/v2/status.json": "status" } as const;

/** The small door in front of Express: a view costs no query and no rendering. */
export function createFront(copies: Copies): Front {
  const language = (req: IncomingMessage, query: string): string =>
    languageFor(copies.site().languages, langOf(query), req.headers["accept-language"]);

  const later = (req: IncomingMessage, res: ServerResponse, copy: Promise<Copy>): true => {
    copy.then(
      (made) => answer(req, res, made),
      () => void unavailable(req, res, "failed", 500),
    );
    return true;
  };

  const unavailable = async (
    req: IncomingMessage,
    res: ServerResponse,
    problem: string,
    status: number,
  ): Promise<void> => {
    const html = await copies.error(problem, language(req, queryOf(req.url ?? "")));
    res.writeHead(status, {
      ...PAGE_HEADERS,
      "Cache-Control": "no-store",
      "Retry-After": 2,
      "Content-Length": Buffer.byteLength(html),
    });
    res.end(req.method === "HEAD" ? undefined : html);
  };

  return (req, res) => {
    if (req.method !== "GET" && req.method !== "HEAD") return false;
    const url = req.url ?? "/";
    const query = queryOf(url);
    const path = pathOf(url);
    if (path === "/") {
      const copy = copies.home(language(req, query));
      if (copy) answer(req, res, copy);
      else void unavailable(req, res, "unavailable", 503).catch(() => res.destroy());
      return true;
    }
    if (path.startsWith("/assets/")) {
      const copy = copies.asset(path);
      if (copy) answer(req, res, copy);
      return copy !== null;
    }
    if (path === "/api/v2/summary.json" || path === "/api/v2/status.json") {
      const copy = copies.api(API[path]);
      if (copy) answer(req, res, copy);
      else starting(res);
      return true;
    }
    const shown = copies.shown();
    if (!shown) return false;
    if (path === "/history" && !new URLSearchParams(query).has("before"))
      return later(req, res, copies.history(language(req, query)));
    const workId = MAINTENANCE.exec(path)?.[1];
    const work = workId && shown.model.maintenances.find((one) => one.id === workId);
    if (work) return later(req, res, copies.maintenance(work, language(req, query)));
    const id = INCIDENT.exec(path)?.[1];
    const incident = id && shown.model.incidents.find((one) => one.id === id);
    if (!incident) return false;
    if (incident.mergedInto === null)
      return later(req, res, copies.incident(incident, language(req, query)));
    const Location = `/incidents/${incident.mergedInto}${query && `?${query}`}`;
    res.writeHead(302, { Location, "Content-Length": 0 }).end();
    return true;
  };
}

/** Sends a copy in the reader's encoding, or 304 where they have it. */
function answer(req: IncomingMessage, res: ServerResponse, copy: Copy): void {
  const { headers, bare, etag, body } = copy[encodingFor(headerOf(req, "accept-encoding"))];
  if (matchesTag(req.headers["if-none-match"], etag)) res.writeHead(304, bare).end();
  else if (req.method === "HEAD") res.writeHead(200, headers).end();
  else res.writeHead(200, headers).end(body);
}

/** Before the first page nothing is known, and saying `operational` would be a guess. */
function starting(res: ServerResponse): void {
  const body = `{"error":"starting"}`;
  res.writeHead(503, {
    "Content-Type": "application/json; charset=utf-8",
    "Access-Control-Allow-Origin": "*",
    "Retry-After": 2,
    "Content-Length": body.length,
  });
  res.end(body);
}

const headerOf = (req: IncomingMessage, name: "accept-encoding"): string => {
  const value = req.headers[name];
  return typeof value === "string" ? value : "";
};

/** The path alone; some clients join base and route with two slashes. */
function pathOf(url: string): string {
  const end = url.indexOf("?");
  const path = end < 0 ? url : url.slice(0, end);
  return path.includes("//") ? path.replaceAll(/\/{2,}/g, "/") : path;
}

function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start + 1);
}

const langOf = (query: string): string | null =>
  query === "" ? null : new URLSearchParams(query).get("lang");
