import { createHash } from "node:crypto";
import { HEARD, type Config } from "../config/config.js";
import { judgeAlerts, stateOfAlert, type Alert, type AlertState } from "../core/alert.js";
import { hostFinder, placeAlert, type AlertPlace, type Atlas } from "../core/alert-rule.js";
import { ALERT } from "../core/heard.js";
import type { Log } from "../log.js";
import { endAlerts, forgetAlerts, listFiring } from "../store/alerts.js";
import type { Db } from "../store/db.js";
import { requireEpoch } from "../store/leadership.js";
import { listWatched, removeMonitors, saveMonitors, type MonitorRow } from "../store/monitors.js";
import type { Watched } from "../store/monitors.js";
import type { InTurn } from "../turns.js";
import type { Sighting } from "../worker/messages.js";
import type { Roster } from "./roster.js";
import type { Tell } from "./tell-heard.js";

export interface JudgeAlertsSettings {
  readonly db: Db;
  readonly roster: Roster;
  readonly epoch: number;
  readonly config: () => Config;
  readonly tell: Tell;
  /** Whatever changes the roster waits for each other. */
  readonly inTurn: InTurn;
  /** Told when monitors have ended: their incidents are to be looked at. */
  readonly onEnded: () => void;
  readonly now: () => Date;
  readonly log: Log;
}

/** Rounds farther apart than this (ms): we stood still, and were told nothing. */
const STOOD_STILL_MS = 10_000;
const LOOK_MS = 5_000;
/** A monitor whose alerts are over is watched so long (ms), then it has ended. */
const QUIET_MS = 3_600_000;
/** An incident began no earlier than this (ms) before we heard of it: farther back we had not looked. */
const OLDEST_MS = 100_000;
/** What no rule places is forgotten so long (ms) after its last word where that does not say. */
const UNPLACED_MS = 5 * 3_600_000;
/** More monitors than this are made for nobody: a rule that makes one of each request is a mistake. */
const MOST = 2_000;

/** The alerts of one monitor. */
interface Gathered {
  readonly place: AlertPlace & { readonly kind: "placed" };
  readonly alerts: Alert[];
  readonly states: AlertState[];
}

/**
 * One round of judging alerts: those that rules place become monitors, one for each rule and place, which
 * fail while any of theirs fires. A monitor is made when it is first needed, and ends when its alerts have
 * been over for an hour or nobody knows any more. What is stored is the truth: a round that rejects is
 * simply done again.
 */
export function judgeAlertsOnce(settings: JudgeAlertsSettings): (woken: boolean) => Promise<void> {
  const { db, roster, epoch, tell, inTurn, onEnded, now, log } = settings;
  const nextAt = new Map<string, number>();
  const saidOf = new Map<string, string>();
  let listeningSince = now().getTime();
  let roundAt = listeningSince;
  let lookedAt = 0;
  let judged: Config | null = null;

  const present = (): Watched[] => [...roster.all()].filter(({ probe }) => probe === ALERT);

  const gather = (
    alerts: readonly Alert[],
    heardAt: ReadonlyMap<string, number>,
    config: Config,
    at: number,
  ): { readonly gathered: Map<string, Gathered>; readonly gone: Alert[] } => {
    const atlas = atlasOf(config);
    const gathered = new Map<string, Gathered>();
    const gone: Alert[] = [];
    for (const alert of alerts) {
      const place = placeAlert(alert.labels, atlas);
      if (place.kind !== "placed") {
        if (at >= (alert.until ?? alert.heardAt + UNPLACED_MS)) gone.push(alert);
        continue;
      }
      const its = gathered.get(place.monitor) ?? { place, alerts: [], states: [] };
      its.alerts.push(alert);
      its.states.push(
        stateOfAlert(alert, {
          now: at,
          listeningSince,
          sourceHeardAt: heardAt.get(alert.source) ?? 0,
          expiresMs: place.rule.expiresMs,
        }),
      );
      gathered.set(place.monitor, its);
    }
    return { gathered, gone };
  };

  /** Makes the monitors that are wanted and not there, or otherwise than they are to be. */
  const make = async (gathered: ReadonlyMap<string, Gathered>, at: Date): Promise<void> => {
    const known = present();
    let room = MOST - known.length;
    const wanted: MonitorRow[] = [];
    for (const [id, { place, states }] of gathered) {
      const row = rowOf(id, place);
      const watched = roster.get(id);
      if (watched && sameRow(watched, row)) continue;
      // What has ended before we saw it makes none.
      if (!watched && !(states.includes("firing") && room-- > 0)) continue;
      wanted.push(row);
    }
    if (room < 0) log.error({ most: MOST }, "alerts.too-many-places");
    if (wanted.length === 0) return;
    await inTurn(async () => {
      await db.transaction(async (tx) => {
        await requireEpoch(tx, epoch);
        await saveMonitors(tx, wanted, at);
      });
      const ids = wanted.map(({ id }) => id);
      roster.put(await listWatched(db, ids));
    });
  };

  const end = async (ids: readonly string[], at: Date): Promise<void> => {
    if (ids.length === 0) return;
    await inTurn(async () => {
      await db.transaction(async (tx) => {
        await requireEpoch(tx, epoch);
        await removeMonitors(tx, ids, at);
      });
      roster.drop(ids);
    });
    for (const id of ids) {
      nextAt.delete(id);
      saidOf.delete(id);
    }
    onEnded();
  };

  const judge = async (
    gathered: ReadonlyMap<string, Gathered>,
    config: Config,
    at: Date,
  ): Promise<void> => {
    const ms = at.getTime();
    const rules = new Set(config.rules.filter(({ ignore }) => !ignore).map(({ id }) => id));
    const sightings: Omit<Sighting, "seq">[] = [];
    const ended: string[] = [];
    for (const watched of present()) {
      const { id, health } = watched;
      const its = gathered.get(id);
      const verdict = judgeAlerts(its?.states ?? [], its?.place.rule.outcome ?? "down");
      const quiet =
        !its &&
        health.state !== "down" &&
        health.state !== "degraded" &&
        ms - health.since >= QUIET_MS;
      if (!verdict || quiet || !rules.has(watched.labels["rule"] ?? "")) {
        ended.push(id);
        continue;
      }
      const said = `${verdict.outcome} ${verdict.reason}`;
      const dueAt = nextAt.get(id) ?? 0;
      if (said === saidOf.get(id) && ms < dueAt && dueAt <= ms + watched.everyMs) continue;
      const began = health.state === verdict.outcome ? null : beganAt(verdict.outcome, its);
      const seenAt = Math.max(Math.min(ms, began ?? ms), (health.lastAt ?? 0) + 1);
      sightings.push({
        monitor: id,
        lagMs: 0,
        result: {
          at: new Date(seenAt).toISOString(),
          ...verdict,
          ms: 0,
          timings: {},
          facts: factsOf(its),
        },
      });
      // What is dated back says nothing of now.
      nextAt.set(id, seenAt < ms ? ms : ms + watched.everyMs);
      saidOf.set(id, said);
    }
    try {
      if (sightings.length > 0) await tell(sightings, async () => {});
    } catch (error) {
      for (const { monitor } of sightings) nextAt.delete(monitor);
      throw error;
    }
    const over = [...gathered.values()].flatMap(({ alerts, states }) =>
      alerts.filter((_, n) => states[n] === "expired" || states[n] === "lost"),
    );
    if (over.length > 0) await endAlerts(db, over, at);
    await end(ended, at);
  };

  /** When what fires began, where that is news. */
  const beganAt = (outcome: string, its: Gathered | undefined): number | null => {
    if (!its || outcome === "up" || outcome === "unknown") return null;
    const firing = its.alerts.filter((_, n) => its.states[n] === "firing");
    const began = Math.min(...firing.map(({ startsAt }) => startsAt));
    return Math.max(began, now().getTime() - OLDEST_MS);
  };

  const round = async (woken: boolean): Promise<void> => {
    const at = now();
    const ms = at.getTime();
    if (ms - roundAt > STOOD_STILL_MS) listeningSince = ms;
    roundAt = ms;
    const config = settings.config();
    if (config.rules.length === 0 && present().length === 0) return;
    if (!woken && config === judged && Math.abs(ms - lookedAt) < LOOK_MS) return;
    const { alerts, heardAt } = await listFiring(db);
    const { gathered, gone } = gather(alerts, heardAt, config, ms);
    if (gone.length > 0) await endAlerts(db, gone, at);
    await make(gathered, at);
    await judge(gathered, config, at);
    lookedAt = ms;
    judged = config;
  };

  return async (woken) => {
    try {
      await round(woken);
    } catch (error) {
      listeningSince = now().getTime();
      throw error;
    }
  };
}

const atlases = new WeakMap<Config, Atlas>();

/** Where alerts belong by a configuration. */
function atlasOf(config: Config): Atlas {
  const made = atlases.get(config) ?? {
    rules: config.rules,
    host: hostFinder(config.hosts),
    components: new Set(config.components.filter(({ isGroup }) => !isGroup).map(({ id }) => id)),
    digest: (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 12),
  };
  atlases.set(config, made);
  return made;
}

const rowOf = (id: string, place: AlertPlace & { readonly kind: "placed" }): MonitorRow => ({
  id,
  probe: ALERT,
  target: `${place.rule.id}${place.stranger === null ? "" : ` ${place.stranger.slice(0, 200)}`}`,
  ...HEARD,
  host: place.host,
  component: place.component,
  impact: place.rule.impact,
  labels: { rule: place.rule.id },
  paused: false,
});

const sameRow = (a: MonitorRow, b: MonitorRow): boolean =>
  a.target === b.target &&
  a.host === b.host &&
  a.component === b.component &&
  a.impact === b.impact;

function factsOf(its: Gathered | undefined): Sighting["result"]["facts"] {
  const firing = its?.alerts.filter((_, n) => its.states[n] === "firing") ?? [];
  const [first] = firing;
  if (!first) return {};
  const { labels, annotations, url } = first;
  const summary = annotations["summary"] ?? annotations["description"] ?? annotations["message"];
  const shown = Object.entries(labels).slice(0, 16);
  return {
    firing: firing.length,
    ...(labels["alertname"] !== undefined && { alertname: short(labels["alertname"]) }),
    ...(summary !== undefined && { summary: short(summary) }),
    ...(url !== null && { url: short(url) }),
    source: first.source,
    labels: Object.fromEntries(shown.map(([name, value]) => [name, short(value, 80)])),
  };
}

const short = (text: string, most = 256): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** Alerts that have been over for so long (ms) are forgotten: no word of them is late any more. */
const OVER_MS = 86_400_000;
/** Nothing is believed longer than a week; then nobody judges (ms), as where there is no rule at all. */
const UNHEARD_MS = 8 * 86_400_000;

export const forgetOldAlerts = (db: Db, now: Date): Promise<void> =>
  forgetAlerts(db, {
    overSince: new Date(now.getTime() - OVER_MS),
    unheardSince: new Date(now.getTime() - UNHEARD_MS),
  });
