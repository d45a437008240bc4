import { Router, type RequestHandler } from "express";
import type { Registry } from "prom-client";
import type { Metrics } from "../metrics.js";
import { COMPONENT_STATUSES } from "../core/status.js";
import type { Db } from "../store/db.js";
import { takeCensus } from "../store/census.js";
import { countDeliveries } from "../store/deliveries.js";
import { countMonitors, listMonitors, type MonitorView } from "../store/monitors.js";
import { READERS, requireRole } from "./bearer.js";
import { monitorMetrics } from "./monitor-metrics.js";

/** How this process is, for `/healthz` and `/readyz`. */
export interface Condition {
  /** False before the first page can be served, and while draining. */
  readonly ready: boolean;
  /** What does not work as it should, in words. */
  readonly degraded: readonly string[];
  readonly [more: string]: unknown;
}

export interface SystemSettings {
  /** Throws `unavailable` before there is a database. */
  readonly db: () => Db;
  readonly now: () => Date;
  readonly registry: Registry;
  readonly metrics: Metrics;
  readonly condition: () => Condition;
}

/** Monitors read at once for a scrape. */
const PAGE = 500;
/** A scrape within this time (ms) of another is given the same answer. */
const SCRAPE_HOLDS_MS = 2_000;

/** `/healthz`, `/readyz` and `/metrics`. */
export function system({ db, now, registry, metrics, condition }: SystemSettings): Router {
  const routes = Router();

  routes.get("/healthz", (_req, res) => {
    res.set("Cache-Control", "no-store").json({ ...condition(), alive: true });
  });

  routes.get("/readyz", (_req, res) => {
    const present = condition();
    res
      .set("Cache-Control", "no-store")
      .status(present.ready ? 200 : 503)
      .json(present);
  });

  let held: { readonly atMs: number; readonly text: Promise<string> } | null = null;
  // Without a database there are still the figures of this process, and none that are out of date.
  const figures = async (): Promise<void> => {
    const { incidentsOpen, componentStatus, deliveriesOwed, deliveryOldestSeconds } = metrics;
    for (const gauge of [incidentsOpen, componentStatus, deliveriesOwed, deliveryOldestSeconds])
      gauge.reset();
    metrics.monitors.reset();
    try {
      await fill(db(), metrics, now());
    } catch {
      // It is away; /readyz says so.
    }
  };
  async function* monitors(): AsyncGenerator<readonly MonitorView[]> {
    try {
      for (let after: string | null = null; ;) {
        const page: readonly MonitorView[] = await listMonitors(db(), {
          after,
          limit: PAGE,
          now: now(),
        });
        yield page;
        after = page.at(-1)?.id ?? null;
        if (page.length < PAGE) return;
      }
    } catch {
      // Without a database what was read so far is all there is.
    }
  }
  const scrape = async (): Promise<string> => {
    await figures();
    const own = await registry.metrics();
    return `${own}\n${await monitorMetrics(monitors())}`;
  };

  routes.get("/metrics", onlyLocalOr(requireRole(db, now, READERS)), async (_req, res) => {
    const atMs = performance.now();
    if (!held || atMs - held.atMs > SCRAPE_HOLDS_MS) held = { atMs, text: scrape() };
    res.type(registry.contentType).send(await held.text);
  });

  return routes;
}

/** Loopback may read: it names every target, so from elsewhere a token is needed. */
function onlyLocalOr(guard: RequestHandler): RequestHandler {
  return (req, res, next) => {
    // The connection's own address and no forwarded one: a proxy on this machine speaks for others.
    const from = req.socket.remoteAddress ?? "";
    const direct =
      req.headers["x-forwarded-for"] === undefined && req.headers["forwarded"] === undefined;
    const local = /^(::ffff:)?127\./.test(from) || from === "::1";
    return local && direct ? next() : guard(req, res, next);
  };
}

async function fill(db: Db, metrics: Metrics, now: Date): Promise<void> {
  const { incidents, components } = await takeCensus(db);
  for (const { state, n } of await countMonitors(db, now)) metrics.monitors.set({ state }, n);
  for (const severity of ["minor", "major", "critical"] as const) {
    const n = incidents.find((one) => one.severity === severity)?.n ?? 0;
    metrics.incidentsOpen.set({ severity }, n);
  }
  for (const { id, status } of components)
    for (const each of COMPONENT_STATUSES)
      metrics.componentStatus.set({ component: id, status: each }, each === status ? 1 : 0);
  for (const { channelId: channel, owed, oldestOwedAt } of await countDeliveries(db, now)) {
    metrics.deliveriesOwed.set({ channel }, owed);
    const age = oldestOwedAt ? (now.getTime() - oldestOwedAt.getTime()) / 1_000 : 0;
    metrics.deliveryOldestSeconds.set({ channel }, age);
  }
}
