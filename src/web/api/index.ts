import { randomBytes } from "node:crypto";
import express, { Router } from "express";
import { publicId } from "../../core/ids.js";
import type { Localized } from "../../core/incident-view.js";
import type { Headlined } from "../../core/wording.js";
import { Problem } from "../../errors.js";
import { findLastBeat } from "../../store/beats.js";
import type { Db } from "../../store/db.js";
import { findIncident, listIncidents } from "../../store/incident-rows.js";
import { postUpdate } from "../../store/incident-updates.js";
import type { PlanOptions } from "../../store/maintenances.js";
import { findMonitor, listMonitors, type MonitorView } from "../../store/monitors.js";
import { currentTraceparent } from "../../tracing.js";
import { nameOf, READERS, requireRole, SPEAKERS } from "../bearer.js";
import { inventory } from "./inventory.js";
import { maintenanceRoutes } from "./maintenances.js";
import { openApiDocument } from "./openapi.js";
import { closed, idOf, opened, positionOf, read } from "./reading.js";
import { suspicionRoutes } from "./suspicions.js";
import { reportRoutes, type ReportApiSettings } from "./reports.js";
import { incidentsQuery, monitorsQuery, statement } from "./schemas.js";

export interface ApiSettings extends ReportApiSettings {
  /** Throws `unavailable` before there is a database. */
  readonly db: () => Db;
  readonly now: () => Date;
  readonly publicUrl: () => string;
  /** Who is told of what is said by hand, and how. */
  readonly telling: () => Telling;
}

export interface Telling {
  readonly channels: readonly string[];
  readonly nextUpdateMs: number;
  readonly headline: (incident: Headlined, now: Date) => Localized;
  /** What planned work says by itself. */
  readonly words: PlanOptions["words"];
}

/** `/api/v1`: its description is open; everything else is for staff who bring a token. */
export function api(settings: ApiSettings): Router {
  const { db, now, publicUrl, telling } = settings;
  const routes = Router();

  routes.get("/openapi.json", (_req, res) => {
    res.json(openApiDocument(publicUrl()));
  });

  routes.use(reportRoutes(settings));
  routes.use(suspicionRoutes(settings));
  routes.use(maintenanceRoutes(settings));
  routes.use(requireRole(db, now, READERS));

  routes.get("/monitors", async (req, res) => {
    const { limit, cursor } = read(monitorsQuery, req.query);
    const rows = await listMonitors(db(), {
      after: cursor === undefined ? null : idOf(opened(cursor)),
      limit,
      now: now(),
    });
    const last = rows.length === limit ? rows.at(-1) : undefined;
    res.json({ items: rows.map(monitorOf), next: last ? closed(last.id) : null });
  });

  routes.get("/monitors/:id", async (req, res) => {
    const row = await findMonitor(db(), idOf(req.params.id), now());
    if (!row) throw new Problem("not-found", "There is no such monitor.");
    const lastBeat = row.probe === "heartbeat" ? await findLastBeat(db(), row.id) : undefined;
    res.json({ ...monitorOf(row), ...(lastBeat !== undefined && { lastBeat }) });
  });

  routes.get("/incidents", async (req, res) => {
    const { state, limit, cursor } = read(incidentsQuery, req.query);
    const after = cursor === undefined ? null : positionOf(opened(cursor));
    const items = await listIncidents(db(), { open: state === "open", after, limit });
    const last = items.length === limit ? items.at(-1) : undefined;
    res.json({ items, next: last ? closed(`${last.openedAt} ${last.id}`) : null });
  });

  routes.get("/incidents/:id", async (req, res) => {
    const incident = await findIncident(db(), idOf(req.params.id));
    if (!incident) throw new Problem("not-found", "There is no such incident.");
    res.json(incident);
  });

  routes.post(
    "/incidents/:id/updates",
    requireRole(db, now, SPEAKERS),
    express.json({ limit: "64kb" }),
    async (req, res) => {
      const said = read(statement, req.body ?? {});
      const { channels, nextUpdateMs, headline } = telling();
      const promised = said.nextUpdateAt === undefined ? null : new Date(said.nextUpdateAt);
      if (promised && promised <= now())
        throw new Problem("bad-input", "nextUpdateAt: expected a moment to come");
      const incident = await postUpdate(
        db(),
        idOf(String(req.params["id"])),
        {
          text: said.text,
          state: said.state ?? null,
          public: said.public,
          nextUpdateAt: promised,
          by: nameOf(res),
        },
        {
          now: now(),
          channels,
          nextUpdateMs,
          newId: () => publicId(randomBytes(12)),
          speaker: { headline },
          traceparent: currentTraceparent(),
        },
      );
      res.status(201).json(incident);
    },
  );

  routes.use("/inventory", inventory(db, now));

  routes.use(() => {
    throw new Problem("not-found", "There is no such address; see /api/v1/openapi.json.");
  });
  return routes;
}

const monitorOf = ({
  id,
  probe,
  target,
  state,
  since,
  flapping,
  creep,
  host,
  component,
  labels,
  lastResult,
}: MonitorView) => ({
  id,
  probe,
  target,
  state,
  since: since.toISOString(),
  flapping,
  creep: creep && { ...creep, since: new Date(creep.since).toISOString() },
  host,
  component,
  labels,
  lastResult,
});
