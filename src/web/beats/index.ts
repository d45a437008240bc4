import { Router, type ErrorRequestHandler, type Request, type Response } from "express";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Problem } from "../../errors.js";
import type { Log } from "../../log.js";
import type { Metrics } from "../../metrics.js";
import { limitByAddress } from "../limits.js";
import { STATUS_OF } from "../problem.js";
import type { Ears } from "./ears.js";
import type { KeepBeat } from "./keep.js";
import { MOST_TEXT, pushOf, readText, signalOf, type Said } from "./said.js";

export interface BeatSettings {
  /** `null` where no configuration could be read: then we know nobody, and say so. */
  readonly ears: () => Ears | null;
  readonly keep: KeepBeat;
  readonly now: () => Date;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Tokens nobody knows, from one address: a mistyped one in some crontabs, and no search for one that fits. */
const STRANGERS = { points: 60, seconds: 600 };
/** Beats of one job: one a second is more than anybody needs, and a loop gone wild is bounded. */
const BEATS = { points: 120, duration: 60 };

const RUN = /^[\w-]{1,64}$/;

/**
 * The addresses by which jobs tell of themselves: `/beat/TOKEN` with `/start`, `/fail`, `/log` or an exit
 * status; the same below `/ping` as Healthchecks has it, and `/api/push/TOKEN?status=` as Uptime Kuma has it,
 * each answered in the words that its scripts expect. Whoever knows the token is the job.
 */
export function beats(settings: BeatSettings): Router {
  const { ears, keep, now, log, metrics } = settings;
  const routes = Router();
  const limitStrangers = limitByAddress(STRANGERS.points, STRANGERS.seconds);
  const limit = new RateLimiterMemory(BEATS);

  const monitorOf = async (req: Request): Promise<string> => {
    const known = ears();
    if (!known) throw new Problem("unavailable", "There is no configuration to know you by.");
    const monitor = known(String(req.params["token"]));
    if (monitor === null) {
      metrics.beats.inc({ result: "unknown" });
      await limitStrangers(req);
      throw new Problem("not-found", "not found");
    }
    await limit.consume(monitor).catch((left: unknown) => {
      if (!(left instanceof RateLimiterRes)) throw left;
      log.warn({ monitor }, "beat.too-many");
      throw new Problem("too-many", "More than two beats a second are not taken.");
    });
    return monitor;
  };

  const take = async (req: Request, said: Said, more: string | null = null): Promise<void> => {
    const at = now().getTime();
    const monitor = await monitorOf(req);
    const run = req.query["rid"];
    if (run !== undefined && !(typeof run === "string" && RUN.test(run)))
      throw new Problem("bad-input", "invalid uuid format");
    const text = (await readText(req)) ?? more;
    const { signal, exitStatus, ms } = said;
    const done = await keep({ monitor, at, signal, exitStatus, ms, run: run ?? null, text });
    metrics.beats.inc({ result: done });
    log.debug({ monitor, signal }, "beat.kept");
  };

  const plain = async (req: Request, res: Response): Promise<void> => {
    const word = req.params["word"];
    const said = signalOf(typeof word === "string" ? word : undefined);
    if (!said) throw new Problem("bad-input", "invalid url format");
    await take(req, said);
    res.set("Ping-Body-Limit", String(MOST_TEXT)).type("text/plain").send("OK");
  };

  routes.use(["/beat", "/ping", "/api/push"], (req, res, next) => {
    res.set("Cache-Control", "no-store");
    if (["GET", "HEAD", "POST"].includes(req.method)) return next();
    res.status(405).set("Allow", "GET, HEAD, POST").type("text/plain").send("method not allowed");
  });
  routes.all(["/beat/:token{/:word}", "/ping/:token{/:word}"], plain);
  routes.all("/api/push/:token", async (req, res) => {
    const { text, ...said } = pushOf(req.query);
    await take(req, said, text);
    res.json({ ok: true });
  });
  routes.use(["/beat", "/ping", "/api/push"], refusal(metrics, log));
  return routes;
}

/** What went wrong, in one line for a script's log; in JSON where Uptime Kuma would say it so. */
const refusal =
  (metrics: Metrics, log: Log): ErrorRequestHandler =>
  (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error);
    const problem = error instanceof Problem ? error : null;
    if (!problem && !req.destroyed) log.error({ err: error }, "beat.failed");
    const status = problem ? STATUS_OF[problem.code] : 503;
    if (status === 503) metrics.beats.inc({ result: "refused" });
    if (status === 503) res.set("Retry-After", "10");
    if (status === 429) res.set("Retry-After", "60");
    const message = problem?.message ?? "try again later";
    res.status(status);
    if (!req.baseUrl.startsWith("/api/")) return void res.type("text/plain").send(message);
    const msg = status === 404 ? "Monitor not found or not active." : message;
    res.json({ ok: false, msg });
  };
