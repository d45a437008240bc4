import { randomBytes } from "node:crypto";
import express, { Router } from "express";
import { z } from "zod";
import { publicId } from "../../core/ids.js";
import { Problem } from "../../errors.js";
import type { Db } from "../../store/db.js";
import { openByHand } from "../../store/incident-by-hand.js";
import { findIncident } from "../../store/incident-rows.js";
import {
  dismissSuspicion,
  findSuspicion,
  listSuspicions,
  settleSuspicion,
  type SuspicionView,
} from "../../store/suspicions.js";
import { currentTraceparent } from "../../tracing.js";
import { nameOf, READERS, requireRole, SPEAKERS } from "../bearer.js";
import type { ApiSettings } from "./index.js";
import { idOf, read } from "./reading.js";
import { linkBody, newIncident, suspicionsQuery } from "./report-schemas.js";

const nothing = z.strictObject({});

/** Incidents opened by hand, and the suspicions that may become one. */
export function suspicionRoutes({ db, now, telling }: ApiSettings): Router {
  const routes = Router();
  const speaking = requireRole(db, now, SPEAKERS);
  const body = express.json({ limit: "64kb" });

  const owing = () => {
    const { channels, nextUpdateMs, headline } = telling();
    return {
      now: now(),
      channels,
      nextUpdateMs,
      newId: () => publicId(randomBytes(12)),
      speaker: { headline },
      traceparent: currentTraceparent(),
    };
  };

  const declaredOf = (given: z.output<typeof newIncident>, by: string) => {
    const promised = given.nextUpdateAt === undefined ? null : new Date(given.nextUpdateAt);
    if (promised && promised <= now())
      throw new Problem("bad-input", "nextUpdateAt: expected a moment to come");
    const { title, text, components: affected } = given;
    return { title, text, components: affected, public: given.public, nextUpdateAt: promised, by };
  };

  routes.post("/incidents", speaking, body, async (req, res) => {
    const declared = declaredOf(read(newIncident, req.body ?? {}), nameOf(res));
    const [first] = declared.components;
    const id = first?.id ?? publicId(randomBytes(12));
    const view = await db().transaction((tx: Db) =>
      openByHand(tx, { ...declared, cause: { kind: "component", id }, openedAt: now() }, owing()),
    );
    res.status(201).json(view);
  });

  routes.get("/suspicions", requireRole(db, now, READERS), async (req, res) => {
    const items = await listSuspicions(db(), read(suspicionsQuery, req.query));
    res.json({ items: items.map(suspicionView), next: null });
  });

  const found = async (id: string): Promise<SuspicionView> => {
    const suspicion = await findSuspicion(db(), idOf(id));
    if (!suspicion) throw new Problem("not-found", "There is no such suspicion.");
    return suspicion;
  };

  routes.get("/suspicions/:id", requireRole(db, now, READERS), async (req, res) => {
    res.json(suspicionView(await found(String(req.params["id"]))));
  });

  routes.post("/suspicions/:id/confirm", speaking, body, async (req, res) => {
    const id = idOf(String(req.params["id"]));
    const by = nameOf(res);
    const declared = declaredOf(read(newIncident, req.body ?? {}), by);
    const before = await found(id);
    await settleSuspicion(
      db(),
      id,
      async (tx, { key }) => {
        const cause = { kind: "reports", id: `${key.place ?? "anywhere"} ${key.symptom}` } as const;
        const openedAt = before.raisedAt;
        const view = await openByHand(tx, { ...declared, cause, openedAt }, owing());
        return { incident: view.id, state: "confirmed" };
      },
      { by, now: now() },
    );
    const { incidentId } = await found(id);
    res.status(201).json(incidentId === null ? null : await findIncident(db(), incidentId));
  });

  routes.post("/suspicions/:id/merge", speaking, body, async (req, res) => {
    const id = idOf(String(req.params["id"]));
    const { incident } = read(linkBody, req.body ?? {});
    await settleSuspicion(
      db(),
      id,
      async (tx) => {
        const into = await findIncident(tx, incident);
        if (!into || into.mergedInto) throw new Problem("not-found", "There is no such incident.");
        return { incident, state: "merged" };
      },
      { by: nameOf(res), now: now() },
    );
    res.json(suspicionView(await found(id)));
  });

  routes.post("/suspicions/:id/dismiss", speaking, body, async (req, res) => {
    read(nothing, req.body ?? {});
    const id = idOf(String(req.params["id"]));
    await dismissSuspicion(db(), id, { by: nameOf(res), now: now() });
    res.json(suspicionView(await found(id)));
  });

  return routes;
}

const suspicionView = ({ incidentId, ...suspicion }: SuspicionView) => ({
  ...suspicion,
  incident: incidentId,
});
