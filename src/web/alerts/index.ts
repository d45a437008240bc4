import express, { Router, type ErrorRequestHandler, type Request, type Response } from "express";
import { z } from "zod";
import type { Config } from "../../config/config.js";
import type { Alert, Told } from "../../core/alert.js";
import { hostFinder, placeAlert, type AlertPlace } from "../../core/alert-rule.js";
import { Problem } from "../../errors.js";
import type { Log } from "../../log.js";
import type { Metrics } from "../../metrics.js";
import { keepAlerts, listFiring } from "../../store/alerts.js";
import { isDatabaseAway, type Db } from "../../store/db.js";
import type { Role } from "../../store/tokens.js";
import { nameOf, READERS, requireRole, withBasic } from "../bearer.js";
import { STATUS_OF } from "../problem.js";
import { readHooked, readPosted } from "./messages.js";

export interface AlertIntakeSettings {
  /** Throws `unavailable` before there is a database. */
  readonly db: () => Db;
  readonly now: () => Date;
  readonly config: () => Config;
  readonly log: Log;
  readonly metrics: Metrics;
}

const TELLERS: readonly Role[] = ["source", "operator", "admin"];
const MOST_BODY = "16mb";
/** Of one message so many alerts are named in the log. */
const MOST_NAMED = 20;

/**
 * Where other monitoring systems bring their alerts: `/hooks/alertmanager` for the webhook of Alertmanager
 * and Grafana, `/api/v2/alerts` as if we were an Alertmanager, for Prometheus and amtool. 200 once they are
 * stored; 503 where they cannot be, which all of them try again.
 */
export function alerts({ db, now, config, log, metrics }: AlertIntakeSettings): Router {
  const routes = Router();
  const placeIn = (): ((labels: Alert["labels"]) => AlertPlace) => {
    const { rules, hosts, components } = config();
    const atlas = {
      rules,
      host: hostFinder(hosts),
      components: new Set(components.map(({ id }) => id)),
      digest: (text: string) => text,
    };
    return (labels) => placeAlert(labels, atlas);
  };

  /** Keeps what a body says, and says aloud what no rule has a word for. */
  const take = async (res: Response, read: (source: string) => readonly Told[]): Promise<void> => {
    const source = nameOf(res);
    const told = read(source);
    const begun = await keepAlerts(db(), source, told, now());
    const place = placeIn();
    for (const { labels } of told) metrics.alerts.inc({ result: place(labels).kind });
    const odd: (readonly [event: string, about: object])[] = [];
    for (const { labels, fingerprint } of begun) {
      const where = place(labels);
      const about = { source, fingerprint, labels };
      if (where.kind === "unmatched") odd.push(["alert.unmatched", about]);
      if (where.kind === "placed" && where.stranger !== null)
        odd.push(["alert.host-unknown", { ...about, rule: where.rule.id, host: where.stranger }]);
    }
    for (const [event, about] of odd.slice(0, MOST_NAMED)) log.warn(about, event);
    if (odd.length > MOST_NAMED) log.warn({ source, more: odd.length - MOST_NAMED }, "alerts.odd");
    log.debug({ source, alerts: told.length }, "alerts.kept");
  };

  const json = express.json({ limit: MOST_BODY, type: () => true });
  const tellers = [withBasic, requireRole(db, now, TELLERS), json];
  const readers = [withBasic, requireRole(db, now, [...READERS, "source"])];

  routes.post("/hooks/alertmanager", tellers, async (req: Request, res: Response) => {
    await take(res, (source) => readHooked(req.body, source));
    res.json({ ok: true });
  });
  routes.post("/api/v2/alerts", tellers, async (req: Request, res: Response) => {
    await take(res, (source) => readPosted(req.body, source));
    res.status(200).end();
  });
  routes.get("/api/v2/alerts", readers, async (_req: Request, res: Response) => {
    const place = placeIn();
    const { alerts: firing } = await listFiring(db());
    res.json(firing.map((alert) => viewOf(alert, place(alert.labels))));
  });
  routes.get("/api/v2/status", readers, (_req: Request, res: Response) => {
    res.json(STATUS);
  });
  routes.use(["/hooks/alertmanager", "/api/v2/alerts", "/api/v2/status"], refusal(log));
  return routes;
}

/** As Alertmanager has it; who receives it is the rule that placed it. */
const viewOf = (alert: Alert, place: AlertPlace) => ({
  annotations: alert.annotations,
  endsAt: new Date(alert.until ?? alert.heardAt).toISOString(),
  fingerprint: alert.fingerprint,
  receivers: [{ name: place.kind === "unmatched" ? "unmatched" : place.rule.id }],
  startsAt: new Date(alert.startsAt).toISOString(),
  status: { inhibitedBy: [], mutedBy: [], silencedBy: [], state: "active" },
  updatedAt: new Date(alert.heardAt).toISOString(),
  ...(alert.url !== null && { generatorURL: alert.url }),
  labels: alert.labels,
});

/** What clients ask for to see whom they talk to. */
const STATUS = {
  cluster: { status: "disabled", peers: [] },
  config: { original: "" },
  uptime: new Date().toISOString(),
  versionInfo: {
    version: "0.27.0",
    revision: "tudunk",
    branch: "",
    buildUser: "",
    buildDate: "",
    goVersion: "",
  },
};

/** Errors as Alertmanager's API words them; 4xx is final for senders, 5xx is tried again. */
const refusal =
  (log: Log): ErrorRequestHandler =>
  (error: unknown, _req, res, next) => {
    if (res.headersSent) return next(error);
    const [status, message] = wordsOf(error);
    if (status >= 500) log.warn({ err: error }, "alerts.refused");
    if (status === 401) res.set("WWW-Authenticate", 'Basic realm="tudunk"');
    if (status === 503) res.set("Retry-After", "10");
    res.status(status).json({ code: status, message });
  };

function wordsOf(error: unknown): readonly [status: number, message: string] {
  if (error instanceof Problem) return [STATUS_OF[error.code], error.message];
  if (error instanceof z.ZodError) {
    const wrong = error.issues
      .slice(0, 5)
      .map(({ path, message }) => `${path.join(".")}: ${message}`);
    return [400, wrong.join("; ")];
  }
  if (isDatabaseAway(error)) return [503, "The database is away at the moment; try again."];
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  return status >= 400 && status < 500
    ? [status, "The body could not be read."]
    : [500, "Something went wrong on our side."];
}
