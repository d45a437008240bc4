import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PROBES } from "../../probes/index.js";
import { createNamedHosts } from "../../probes/named-hosts.js";
import { createResolver, type Resolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { createEgress } from "../../probes/egress.js";
import type { Eyes, Run } from "../../probes/probe.js";
import { gapOf, observe, wantsRecheck, type Health } from "../core/health.js";
import { createLog } from "../log.js";
import { startTracing, withSpan } from "../tracing.js";
import { lookOnce } from "./once.js";
import { createSchedule } from "./schedule.js";
import { createSelfCheck } from "./selfcheck.js";
import { openSpool } from "./spool.js";
import type { Birth, Order, Sights, Watch, Word } from "./messages.js";

/** How long a result waits for company before it is handed over (ms); a bad one does not wait. */
const COMPANY_MS = 200;
const MOST_AT_ONCE = 2_000;
/** Nobody took it for so long: to disk (ms). */
const PATIENCE_MS = 2_000;
/** Looks under way at the end are waited for so long (ms). */
const LAST_LOOKS_MS = 1_000;
/** How often the folder is searched for what a predecessor wrote late (ms). */
const RESCAN_MS = 5_000;
/** Whose oldest sighting waits longer than this (ms) is behind. */
const BEHIND_MS = 3_000;
/** A look that follows silence is given `recheck` and this (ms), else a dead server takes failures × timeout. */
const AFTER_SILENCE_MS = 2_000;

/** First looks after a start begin so far apart (ms): a hundred a second. */
const FIRST_LOOKS_APART_MS = 10;

interface Watched {
  readonly watch: Watch;
  readonly run: Run;
  health: Health;
  silent: boolean;
}

const clock = (): number => performance.now();
const now = (): Date => new Date();
const birth = JSON.parse(process.argv[2] ?? "{}") as Birth;
const log = createLog(birth.logLevel).child({ part: "worker" });
const tracing = await startTracing(process.env);

const say = (word: Word): void => {
  // A parent that died a moment ago must not be our end before the spool is on disk.
  if (process.connected) process.send?.(word, undefined, undefined, () => undefined);
};

const spool = await openSpool({
  folder: join(birth.dataDir, "spool"),
  stream: `${Date.now().toString(36)}-${process.pid.toString(36)}`,
  clock,
  log: (event, fields) => log.warn(fields, event),
});
const selfcheck = createSelfCheck(clock);
const watched = new Map<string, Watched>();
let sights: Sights = { resolvers: [], references: [], egress: [] };
let resolver: Resolver = createResolver({});
let namedHosts = createNamedHosts({});
let mayReach = createEgress([]);
/** Asked through these, so that what is set anew applies to monitors already prepared. */
const eyes: Eyes = {
  resolver: { resolve: (...asked) => resolver.resolve(...asked) },
  mayReach: (address) => mayReach(address),
};

const schedule = createSchedule(clock, look);

async function look(id: string, lagMs: number): Promise<void> {
  const one = watched.get(id);
  if (!one) return;
  const { watch, run } = one;
  const { timeoutMs, confirm } = watch;
  const patience =
    one.silent && wantsRecheck(one.health, confirm)
      ? Math.min(timeoutMs, confirm.recheckMs + AFTER_SILENCE_MS)
      : timeoutMs;
  await withSpan(
    "probe.look",
    { "tudunk.monitor": id, "tudunk.probe": watch.probe },
    null,
    async (traceparent) => {
      const result = await selfcheck.judge(await runProbe(run, patience, now), patience);
      // Dropped or replaced meanwhile: nobody wants to hear of the old target.
      if (watched.get(id) !== one) return;
      const { health } = observe(
        one.health,
        { at: Date.parse(result.at), outcome: result.outcome, reason: result.reason },
        confirm,
        gapOf(watch.everyMs, timeoutMs),
      );
      const matters = result.outcome !== "up" || one.health.state !== "up";
      one.health = health;
      one.silent = result.reason.startsWith("timed-out");
      spool.push({
        monitor: id,
        result,
        lagMs,
        ...(matters && { traceparent }),
      });
      if (wantsRecheck(health, confirm)) schedule.again(id, confirm.recheckMs);
      hand(matters ? 0 : COMPANY_MS);
    },
  );
}

/** Hands over one batch at a time, and the next only when it has been committed. */
let handing: NodeJS.Timeout | null = null;
let handingAt = Infinity;
let owed: { readonly stream: string; readonly seq: number } | null = null;

function hand(inMs: number): void {
  const at = clock() + inMs;
  if (owed || at >= handingAt) return;
  if (handing) clearTimeout(handing);
  handingAt = at;
  handing = setTimeout(() => void handOver(), inMs);
}

async function handOver(): Promise<void> {
  // Kept below `Infinity` until the batch is chosen: two hand-overs never overlap.
  handingAt = -Infinity;
  handing = null;
  const batch = owed ? null : await spool.next(MOST_AT_ONCE);
  handingAt = Infinity;
  const last = batch?.sightings.at(-1);
  if (!batch || !last || !process.connected) return;
  owed = { stream: batch.stream, seq: last.seq };
  say({ kind: "batch", batch });
}

async function taken(stream: string, seq: number): Promise<void> {
  await spool.taken(stream, seq);
  owed = null;
  if (spool.size > 0) hand(spool.size >= MOST_AT_ONCE ? 0 : COMPANY_MS);
}

function watch(add: readonly Watch[], drop: readonly string[]): void {
  for (const id of drop) {
    watched.delete(id);
    schedule.drop(id);
  }
  for (const one of add) {
    try {
      const probe = PROBES[one.probe];
      if (!probe) throw new Error(`there is no probe ${one.probe}`);
      const known = watched.get(one.id);
      const run = probe.prepare(one.target, one.options, eyes);
      watched.set(one.id, { watch: one, run, health: known?.health ?? one.health, silent: false });
      schedule.put(one.id, one.everyMs);
      if (!known) lookSoon(one.id);
    } catch (error) {
      log.error({ monitor: one.id, err: error }, "monitor.unusable");
    }
  }
}

/** What is new need not wait for its place in the interval, but must not come all at once either. */
let soonAt = 0;
function lookSoon(id: string): void {
  soonAt = Math.max(soonAt + FIRST_LOOKS_APART_MS, clock());
  schedule.again(id, soonAt - clock());
}

function obey(order: Order): void {
  switch (order.kind) {
    case "sights":
      sights = order.sights;
      resolver = createResolver({ servers: sights.resolvers });
      namedHosts = createNamedHosts({ servers: sights.resolvers });
      mayReach = createEgress(sights.egress);
      selfcheck.configure(sights.references);
      break;
    case "watch":
      watch(order.add, order.drop);
      break;
    case "look-now":
      for (const id of order.monitors) schedule.again(id, 0);
      break;
    case "look-once":
      void answerOnce(order);
      break;
    case "taken":
      void taken(order.stream, order.seq);
      break;
    case "refused":
      owed = null;
      hand(1_000);
      break;
    case "stop":
      void end();
      break;
  }
}

/** What a customer complains of is looked at beside the schedule; it delays nothing. */
async function answerOnce({ n, looks, allow }: Order & { kind: "look-once" }): Promise<void> {
  try {
    say({
      kind: "looked-once",
      n,
      results: await lookOnce(looks, allow, { resolver, namedHosts }, now),
    });
  } catch (error) {
    log.error({ err: error }, "look-once.failed");
    say({ kind: "looked-once", n, results: [] });
  }
}

async function settleAll(): Promise<void> {
  try {
    await spool.settle(0);
  } catch (error) {
    log.error({ err: error }, "spool.failed");
  }
}

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(1), 5_000).unref();
  schedule.stop();
  await settleAll();
  // What has begun is seen to its end where that is near: it was a look like any other.
  const until = clock() + LAST_LOOKS_MS;
  while (schedule.running > 0 && clock() < until) await pause(20);
  await settleAll();
  selfcheck.stop();
  await tracing.stop();
  process.exit(0);
}

let unwritable = "";
const settling = setInterval(() => {
  spool.settle(PATIENCE_MS).then(
    () => (unwritable = ""),
    (error: unknown) => {
      // Said once for each spell: it is tried every second, and memory holds it meanwhile.
      if (String(error) !== unwritable) log.error({ err: error }, "spool.failed");
      unwritable = String(error);
    },
  );
}, 1_000);
settling.unref();
const rescanning = setInterval(() => {
  spool
    .rescan()
    .then(() => hand(COMPANY_MS))
    .catch((error: unknown) => log.error({ err: error }, "spool.failed"));
}, RESCAN_MS);
rescanning.unref();

setInterval(() => {
  const { size, running, missed } = schedule;
  say({
    kind: "word",
    at: now().toISOString(),
    watching: size,
    running,
    missed,
    spooled: spool.size,
    behind: spool.waitsMs > BEHIND_MS,
    blind: selfcheck.blind,
  });
}, 1_000);

process.on("message", (order) => obey(order as Order));
// A worker without its parent keeps what it saw and ends; the next one delivers it.
process.on("disconnect", () => void end());
// It may have died before we came to listen.
if (!process.connected) void end();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
hand(0);
