import { NO_CONFIG, type Config, type Monitor } from "../config/config.js";
import { difference, type Difference } from "../config/difference.js";
import { expectationOf } from "../config/heartbeat.js";
import { createClosing } from "../closing.js";
import { isHeard } from "../core/heard.js";
import type { Expectation } from "../core/heartbeat.js";
import type { Localized } from "../core/incident-view.js";
import type { Log } from "../log.js";
import type { Metrics } from "../metrics.js";
import { ensurePage } from "../store/pages.js";
import { isDatabaseAway, type Db } from "../store/db.js";
import type { ScopeKey } from "../store/incident-scope.js";
import { beginEpoch, isEpoch, requireEpoch } from "../store/leadership.js";
import { lastEndOfWork, stepMaintenances, type PlanOptions } from "../store/maintenances.js";
import { listWatched, type Watched } from "../store/monitors.js";
import { recordWord } from "../store/results.js";
import type { Texts } from "../texts.js";
import { createTurns } from "../turns.js";
import type { Batch, Birth, Sights, Watch } from "../worker/messages.js";
import { applyDifference, applyWhole } from "./apply-config.js";
import { createSiblings } from "./await-siblings.js";
import { dropStrays, judgeBeatsOnce } from "./judge-beats.js";
import { forgetOldAlerts, judgeAlertsOnce } from "./judge-alerts.js";
import { createJudge, newPublicId } from "./judge.js";
import { keepWorker, type WorkerKeeper } from "./keep-worker.js";
import { every } from "./recurring.js";
import { createRoster, type Roster } from "./roster.js";
import { goRound } from "./rounds.js";
import { wordsOfWork } from "./words-of-work.js";
import { createBlindness } from "./tell-blindness.js";
import { createTaker, type Taken } from "./take-results.js";
import { createTell } from "./tell-heard.js";
import { dropOld, preparePartitions, rollUp } from "./tidy.js";
import { createCreepWatch } from "./watch-creep.js";
import { watchSight } from "./watch-sight.js";

/** The one who probes and decides, while it holds the lock. */
export interface Lead {
  /** Applies a configuration to the database, the worker and the incidents, once the database is there. */
  configure(config: Config): Promise<void>;
  readonly epoch: number;
  readonly worker: Pick<WorkerKeeper, "lookOnce"> & {
    readonly wordAt: Date | null;
    readonly blind: boolean;
    readonly refused: string | null;
    readonly pid: number | null;
  };
  readonly watching: number;
  /** Something that tells of itself has done so. */
  heard(what: "beats" | "alerts"): void;
  /** Whether nobody else has begun to lead since; rejects where the database is away. */
  stillLeads(): Promise<boolean>;
  stop(): Promise<void>;
}

interface LeadSettings {
  readonly db: Db;
  /** `NO_CONFIG` where none could be read: then what the database holds stays as it is. */
  readonly config: Config;
  readonly birth: Birth;
  readonly texts: () => Texts;
  readonly now: () => Date;
  readonly log: Log;
  /** Says one line in the terminal. */
  readonly say: (line: string) => void;
  readonly metrics: Metrics;
  /** Told after commits that owe messages. */
  readonly onOwed: () => void;
}

/** Where our own worker stands, until there are several. */
const LOCATION = "local";

/** Begins to lead: a new epoch, the configuration in place, the worker at work, loops running. */
export async function beginLead(settings: LeadSettings): Promise<Lead> {
  const { db, birth, texts, now, log, say, metrics, onOwed } = settings;
  const closing = createClosing(log);
  let { config } = settings;
  const epoch = await beginEpoch(db);
  const roster = createRoster();
  // Results and a new configuration both rewrite the roster: never both at once.
  const inTurn = createTurns();
  await preparePartitions(db, now());
  await ensurePage(db, now(), newPublicId);
  const words = (...args: Parameters<PlanOptions["words"]>): Localized =>
    wordsOfWork(texts(), ...args);
  if (config !== NO_CONFIG) await applyWhole(db, config, roster, { epoch, now: now(), words });
  roster.put(await listWatched(db));

  const siblings = createSiblings(roster, () => config.hosts, now);
  const judge = createJudge({
    db,
    epoch,
    location: LOCATION,
    policy: () => config.policy,
    channels: () => config.channels.map(({ id }) => id),
    texts,
    now,
    log,
    metrics,
    onOwed,
    room: (host) => siblings.room(host),
    onExplained: (tree, monitors) => roster.explain(tree, monitors),
    onOpened: ({ kind, id }) =>
      siblings.opened(kind === "host" ? id : (roster.get(id)?.host ?? null)),
  });
  const taker = createTaker({ db, roster, epoch, location: LOCATION, now, log, metrics });

  /** Acknowledged once committed; what it means for incidents follows, and is settled if it fails. */
  const take = async (batch: Batch, along?: (tx: Db) => Promise<void>): Promise<void> => {
    for (let rest: Batch | null = batch; rest;) {
      const part: Batch = rest;
      const taken = await inTurn(() => taker.take(part, along));
      rest = taken.rest;
      const judging = follow(taken.confirmed);
      // What comes next in this batch undoes some of it: first things first.
      if (rest) await judging;
    }
  };
  const follow = async (confirmed: Taken["confirmed"]): Promise<void> => {
    worker.lookNow(siblings.ask(confirmed.map(({ monitor }) => monitor)));
    const traces = new Map(
      confirmed.map(({ monitor, traceparent }) => [keyOf(scopeOf(monitor)), traceparent]),
    );
    await Promise.all([
      ...distinct(confirmed.map(({ monitor }) => scopeOf(monitor))).map((scope) =>
        judgeSoon([scope], traces.get(keyOf(scope)) ?? null),
      ),
      judgeSoon(siblings.ended(), null),
    ]);
  };
  const judgeSoon = (scopes: readonly ScopeKey[], traceparent: string | null): Promise<void> =>
    judge.judge(scopes, traceparent).catch((error: unknown) => {
      log.warn({ err: error }, "incident.judging-delayed");
      unsettled = true;
    });

  let unsettled = true;
  const settle = async (): Promise<void> => {
    await judge.settle(unsettled ? "all" : "hosts");
    unsettled = false;
  };

  const worker = keepWorker({
    birth,
    sights: sightsOf(config),
    watches: () => config.monitors.flatMap((monitor) => watchOf(monitor, roster)),
    take: (batch) => take(batch),
    now,
    log,
    say,
    metrics,
  });
  closing.add("worker", () => worker.stop());
  const judgeBeats = judgeBeatsOnce({
    db,
    roster,
    expectations: () => expectationsOf(config),
    tell: createTell(`beats-${epoch}`, take),
    now,
  });
  const beats = goRound("beats", log, judgeBeats);
  closing.add("beats", () => beats.stop());
  const judgeAlerts = judgeAlertsOnce({
    db,
    roster,
    epoch,
    config: () => config,
    tell: createTell(`alerts-${epoch}`, take),
    inTurn,
    onEnded: () => (unsettled = true),
    now,
    log,
  });
  const alerts = goRound("alerts", log, judgeAlerts);
  closing.add("alerts", () => alerts.stop());
  /** What the file says; `config` is what is in place, which follows as soon as the database is there. */
  let wanted = config;
  const configure = async (): Promise<void> => {
    const next = wanted;
    const change: Difference = difference(config, next);
    const applying = { epoch, now: now(), words };
    if (config === NO_CONFIG) await applyWhole(db, next, roster, applying);
    else await applyDifference(db, next, change, roster, applying);
    config = next;
    if (change.resolvers || change.references || change.egress) worker.setSights(sightsOf(next));
    const unlooked = next.monitors.filter(({ paused, probe }) => paused || isHeard(probe));
    const { added, changed, removed } = change.monitors;
    worker.watch(
      [...added, ...changed.map(({ after }) => after)].flatMap((monitor) =>
        watchOf(monitor, roster),
      ),
      [...removed, ...unlooked].map(({ id }) => id),
    );
    // What has not been looked at yet is not green, and what nobody watches any more is over.
    await watchSight(db, roster, epoch, now(), true);
    unsettled = true;
    void settle().catch(() => undefined);
  };

  closing.add(
    "sight",
    every("*/5 * * * * *", "sight", log, async () => {
      // What the worker saw while the database or we ourselves stood still is on its way.
      if (config !== NO_CONFIG && !worker.current) return;
      await watchSight(db, roster, epoch, now(), config !== NO_CONFIG);
      // Also where it has nothing to report for long: it speaks, so it sees.
      if (worker.wordAt) await recordWord(db, LOCATION, worker.wordAt);
    }),
  );
  const blindness = createBlindness({
    db,
    epoch,
    location: LOCATION,
    roster,
    site: () => config.site.name,
    channels: () => config.channels.map(({ id }) => id),
    nextUpdateMs: () => config.policy.nextUpdateMs,
    texts,
    now,
    log,
    onOwed,
  });
  closing.add(
    "blindness",
    every("*/5 * * * * *", "blindness", log, async () => {
      // What the worker saw while the database or we ourselves stood still is on its way.
      if (config === NO_CONFIG || !worker.current) blindness.forget();
      else await blindness.look();
    }),
  );
  closing.add(
    "settle",
    every("*/5 * * * * *", "settle", log, async () => {
      if (wanted !== config) await inTurn(configure);
      if (config === NO_CONFIG) return;
      // Time alone may split a host's incident or end what nobody watches: every open one is looked at.
      if (unsettled || now().getSeconds() % 15 < 5) await settle();
    }),
  );
  let workEndedAt = await lastEndOfWork(db);
  closing.add(
    "maintenances",
    every("*/5 * * * * *", "maintenances", log, async () => {
      const guard = (tx: Db): Promise<void> => requireEpoch(tx, epoch);
      const options = { now: now(), newId: newPublicId, words, traceparent: null, guard };
      for (const { id, state } of await stepMaintenances(db, options)) {
        log.info({ maintenance: id, state }, "maintenance.moved");
        onOwed();
      }
      // Whoever ended it: what still fails there is a fault from now on.
      const endedAt = await lastEndOfWork(db);
      if (endedAt?.getTime() !== workEndedAt?.getTime()) unsettled = true;
      workEndedAt = endedAt;
    }),
  );
  closing.add(
    "partitions",
    every("7 1 * * * *", "partitions", log, () => preparePartitions(db, now())),
  );
  closing.add(
    "roll-up",
    every("11 2-59/5 * * * *", "roll-up", log, () => rollUp(db, config, now(), log)),
  );
  const creep = createCreepWatch({
    db,
    roster,
    epoch,
    policy: () => config.policy,
    inTurn,
    onJudged: (monitors) => judgeSoon(distinct(monitors.map(scopeOf)), null),
    now,
    log,
  });
  closing.add(
    "creep",
    // Soon after the roll-up.
    every("41 3-59/5 * * * *", "creep", log, async () => {
      if (config !== NO_CONFIG) await creep.look();
    }),
  );
  closing.add(
    "drop-old",
    every("23 17 * * * *", "drop-old", log, async () => {
      await dropStrays(db, now(), log);
      await forgetOldAlerts(db, now());
      await dropOld(db, config, now(), log);
    }),
  );
  metrics.leading.set(1);
  closing.add("leading", () => metrics.leading.set(0));
  if (config === NO_CONFIG) await watchSight(db, roster, epoch, now(), false);
  else
    await settle().catch((error: unknown) => {
      if (!isDatabaseAway(error)) throw error;
    });

  return {
    async configure(next) {
      wanted = next;
      try {
        await inTurn(configure);
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
        log.warn("config.waits-for-database");
      }
    },
    epoch,
    worker,
    heard: (what) => (what === "beats" ? beats : alerts).wake(),
    get watching() {
      return config === NO_CONFIG ? 0 : roster.size;
    },
    stillLeads: () => isEpoch(db, epoch),
    stop: () => closing.run(),
  };
}

const sightsOf = ({ resolvers, references, egress }: Config): Sights => ({
  resolvers,
  references,
  egress: egress.allow,
});

function watchOf(monitor: Monitor, roster: Roster): Watch[] {
  const known = roster.get(monitor.id);
  if (monitor.paused || isHeard(monitor.probe) || !known) return [];
  const { id, probe, target, everyMs, timeoutMs, confirm, options } = monitor;
  return [{ id, probe, target, everyMs, timeoutMs, confirm, options, health: known.health }];
}

/** By configuration, so that the same one has the same expectations. */
const EXPECTATIONS = new WeakMap<Config, ReadonlyMap<string, Expectation>>();

function expectationsOf(config: Config): ReadonlyMap<string, Expectation> {
  const read =
    EXPECTATIONS.get(config) ??
    new Map(
      config.monitors
        .filter(({ probe }) => probe === "heartbeat")
        .map((monitor) => [monitor.id, expectationOf(monitor, config.site.timezone)]),
    );
  EXPECTATIONS.set(config, read);
  return read;
}

const scopeOf = ({ id, tree }: Pick<Watched, "id" | "tree">): ScopeKey =>
  tree === null ? { kind: "monitor", id } : { kind: "host", id: tree };

const keyOf = ({ kind, id }: ScopeKey): string => `${kind}:${id}`;

function distinct(scopes: readonly ScopeKey[]): ScopeKey[] {
  return [...new Map(scopes.map((scope) => [keyOf(scope), scope])).values()];
}
