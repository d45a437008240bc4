import { randomBytes } from "node:crypto";
import express, { Router } from "express";
import { publicId } from "../../core/ids.js";
import { Problem } from "../../errors.js";
import type { Db } from "../../store/db.js";
import { findMaintenance, listMaintenances } from "../../store/maintenance-rows.js";
import { planMaintenance, sayOfMaintenance, type PlanOptions } from "../../store/maintenances.js";
import { currentTraceparent } from "../../tracing.js";
import { nameOf, READERS, requireRole, SPEAKERS } from "../bearer.js";
import type { ApiSettings } from "./index.js";
import { maintenancesQuery, newMaintenance, workStatement } from "./maintenance-schemas.js";
import { closed, idOf, opened, positionOf, read } from "./reading.js";

/** Planned work: staff read it, those on duty plan it and say how it goes. */
export function maintenanceRoutes({ db, now, telling }: ApiSettings): Router {
  const routes = Router();
  const speaking = requireRole(db, now, SPEAKERS);
  const reading = requireRole(db, now, READERS);
  const body = express.json({ limit: "64kb" });

  const options = (): PlanOptions => ({
    now: now(),
    newId: () => publicId(randomBytes(12)),
    words: telling().words,
    traceparent: currentTraceparent(),
  });

  const found = async (id: string) => {
    const maintenance = await findMaintenance(db(), id);
    if (!maintenance) throw new Problem("not-found", "There is no such maintenance.");
    return maintenance;
  };

  routes.get("/maintenances", reading, async (req, res) => {
    const { state, limit, cursor } = read(maintenancesQuery, req.query);
    const position = cursor === undefined ? null : positionOf(opened(cursor));
    const after = position && { startsAt: position.openedAt, id: position.id };
    const items = await listMaintenances(db(), { state, after, limit });
    const last = items.length === limit ? items.at(-1) : undefined;
    res.json({ items, next: last ? closed(`${last.startsAt} ${last.id}`) : null });
  });

  routes.get("/maintenances/:id", reading, async (req, res) => {
    res.json(await found(idOf(String(req.params["id"]))));
  });

  routes.post("/maintenances", speaking, body, async (req, res) => {
    const { title, text, hosts, components, ...window } = read(newMaintenance, req.body ?? {});
    const startsAt = new Date(window.startsAt);
    const endsAt = new Date(window.endsAt);
    if (endsAt <= startsAt)
      throw new Problem("bad-input", "endsAt: expected a moment after startsAt");
    if (endsAt <= now()) throw new Problem("bad-input", "endsAt: expected a moment to come");
    const planned = { title, text: text ?? null, startsAt, endsAt, hosts, components };
    const by = nameOf(res);
    const id = await db().transaction((tx: Db) => planMaintenance(tx, planned, by, options()));
    res.status(201).json(await found(id));
  });

  routes.post("/maintenances/:id/updates", speaking, body, async (req, res) => {
    const id = idOf(String(req.params["id"]));
    const { text, state, startsAt, endsAt } = read(workStatement, req.body ?? {});
    const momentOf = (given: string | undefined) => (given === undefined ? null : new Date(given));
    await sayOfMaintenance(
      db(),
      id,
      {
        text,
        state: state ?? null,
        startsAt: momentOf(startsAt),
        endsAt: momentOf(endsAt),
        by: nameOf(res),
      },
      options(),
    );
    res.status(201).json(await found(id));
  });

  return routes;
}
