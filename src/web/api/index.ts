import { randomBytes } from "node:crypto";
import express, { Router } from "express";
import type { z } from "zod";
import { publicId } from "../../core/ids.js";
import type { Localized } from "../../core/incident-view.js";
import type { Headlined } from "../../core/wording.js";
import { Problem } from "../../errors.js";
import type { Db } from "../../store/db.js";
import { findIncident, listIncidents } from "../../store/incident-rows.js";
import { postUpdate } from "../../store/incident-updates.js";
import { findMonitor, listMonitors, type MonitorView } from "../../store/monitors.js";
import { currentTraceparent } from "../../tracing.js";
import { nameOf, READERS, requireRole, SPEAKERS } from "../bearer.js";
import { openApiDocument } from "./openapi.js";
import { incidentsQuery, monitorsQuery, statement } from "./schemas.js";

export interface ApiSettings {
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
}

/** `/api/v1`: its description is open; everything else is for staff who bring a token. */
export function api({ db, now, publicUrl, telling }: ApiSettings): Router {
  const routes = Router();

  routes.get("/openapi.json", (_req, res) => {
    res.json(openApiDocument(publicUrl()));
  });

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
    res.json(monitorOf(row));
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

  routes.use(() => {
    throw new Problem("not-found", "There is no such address; see /api/v1/openapi.json.");
  });
  return routes;
}

/** The query as its schema reads it; throws `bad-input` naming every parameter that is wrong. */
function read<T extends z.ZodType>(schema: T, query: unknown): z.output<T> {
  const { success, data, error } = schema.safeParse(query);
  if (success) return data;
  const wrong = error.issues.map(({ path, message }) => `${path.join(".") || "query"}: ${message}`);
  throw new Problem("bad-input", wrong.join("; "));
}

/** Cursors are opaque to whoever uses them. */
const closed = (position: string): string => Buffer.from(position).toString("base64url");
const opened = (cursor: string): string => Buffer.from(cursor, "base64url").toString();

/** Ids of ours have no other letters; anything else is found nowhere. */
function idOf(text: string): string {
  if (/^[a-z0-9-]{1,63}$/.test(text)) return text;
  throw new Problem("not-found", "There is nothing with such an id.");
}

function positionOf(text: string): { readonly openedAt: Date; readonly id: string } {
  const [, at = "", id = ""] = /^(\S+) ([a-z0-9]{12})$/.exec(text) ?? [];
  if (Number.isNaN(Date.parse(at))) throw new Problem("bad-input", "cursor: not one of ours");
  return { openedAt: new Date(at), id };
}

/** No monitor flaps yet: flapping becomes a state of its own together with its rules. */
const monitorOf = ({
  id,
  probe,
  target,
  state,
  since,
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
  flapping: false,
  host,
  component,
  labels,
  lastResult,
});
