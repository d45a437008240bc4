import { setImmediate as breathe } from "node:timers/promises";
import type { Policy } from "../config/config.js";
import { HOUR_MS, hoursFor, judgeCreep, LOOKS, type Creep, type Hour } from "../core/creep.js";
import { heed, shownState, type Health } from "../core/health.js";
import { isHeard } from "../core/heard.js";
import { quantile, unpackSketch } from "../core/sketch.js";
import type { Log } from "../log.js";
import type { Db } from "../store/db.js";
import { requireEpoch } from "../store/leadership.js";
import type { Watched } from "../store/monitors.js";
import { recordHealth, recordShown } from "../store/results.js";
import {
  latestHour,
  listHours,
  listTroubles,
  type RolledHour,
  type Trouble,
} from "../store/usual.js";
import type { InTurn } from "../turns.js";
import type { Roster } from "./roster.js";

interface CreepSettings {
  readonly db: Db;
  readonly roster: Roster;
  readonly epoch: number;
  readonly policy: () => Policy;
  /** Whatever changes the roster waits for each other. */
  readonly inTurn: InTurn;
  /** Told which monitors to judge: those that creep, and those that no longer do. */
  readonly onJudged: (monitors: readonly Watched[]) => Promise<void>;
  readonly now: () => Date;
  readonly log: Log;
}

const MONITORS_AT_ONCE = 50;
/** Where more than half of so many hosts or more begin to creep within an hour, it is we who are slow. */
const MANY = 5;

/**
 * Compares each monitor with its own week, once for each hour that is rolled up. `look` is to be called
 * every few minutes; what it concludes is stored, and stays until another hour says otherwise.
 */
export function createCreepWatch(settings: CreepSettings): { look(): Promise<void> } {
  const { db, roster, epoch, inTurn, now, log } = settings;
  let judged = 0;

  /** What each of these is found to be by the hour `last`. */
  const conclude = async (
    some: readonly Watched[],
    last: number,
    troubles: ReadonlyMap<number, readonly Trouble[]>,
  ): Promise<Map<string, Creep | null>> => {
    const hours = hoursFor(last).map((at) => new Date(at));
    const rows = await listHours(
      db,
      some.map(({ num }) => num),
      hours,
    );
    const hoursOf = byMonitor(rows);
    return new Map(
      some.map(({ id, num, health }) => {
        const known = (hoursOf.get(num) ?? [])
          .map(hourOf)
          .filter((hour) => isTelling(hour, health, troubles.get(num) ?? []));
        return [id, judgeCreep(known, last, health.creep ?? null)];
      }),
    );
  };

  const concludeAll = async (watched: readonly Watched[], last: number) => {
    const from = new Date(Math.min(...hoursFor(last)));
    const troubles = byMonitor(await listTroubles(db, from, new Date(last + HOUR_MS)));
    const found = new Map<string, Creep | null>();
    for (let at = 0; at < watched.length; at += MONITORS_AT_ONCE) {
      const some = watched.slice(at, at + MONITORS_AT_ONCE);
      for (const [id, creep] of await conclude(some, last, troubles)) found.set(id, creep);
      // Results are taken meanwhile.
      await breathe();
    }
    return found;
  };

  /** Stores what was found, as far as it is news; in the health of now, as looks went on meanwhile. */
  const store = (found: ReadonlyMap<string, Creep | null>, over: number): Promise<Watched[]> =>
    inTurn(async () => {
      const at = now();
      const changed = [...found].flatMap(([id, creep]) => {
        const watched = roster.get(id);
        if (!watched || watched.paused || same(watched.health.creep ?? null, creep)) return [];
        return [{ watched, ...heed(watched.health, creep, { at: at.getTime(), over }) }];
      });
      if (changed.length === 0) return [];
      await db.transaction(async (tx) => {
        await requireEpoch(tx, epoch);
        await recordHealth(
          tx,
          changed.map(({ watched: { num }, health }) => ({
            num,
            state: shownState(health),
            since: new Date(health.blind ? health.runs.unknown.since : health.since),
            health,
          })),
        );
        const shown = changed.flatMap(({ watched: { num }, shown }) =>
          shown.flatMap(({ state }) => (state === "pending" ? [] : [{ num, state, at }])),
        );
        if (shown.length > 0) await recordShown(tx, shown);
      });
      roster.healed(new Map(changed.map(({ watched, health }) => [watched.id, health])));
      return changed.filter(({ confirmed }) => confirmed).map(({ watched }) => watched);
    });

  const look = async (): Promise<void> => {
    const watched = [...roster.all()].filter(({ paused, probe }) => !paused && !isHeard(probe));
    if (settings.policy().creep === "off") {
      const held = watched.filter(({ health }) => health.creep);
      const ended = await store(new Map(held.map(({ id }) => [id, null])), now().getTime());
      judged = 0;
      return settings.onJudged(ended);
    }
    const last = (await latestHour(db))?.getTime() ?? 0;
    // What is long past says nothing of now.
    if (last <= judged || last < now().getTime() - 3 * HOUR_MS) return;
    const found = await concludeAll(watched, last);
    const fresh = watched.filter(({ id, health }) => !health.creep && found.get(id));
    if (isEverywhere(fresh, watched)) {
      log.warn({ monitors: fresh.length, hour: new Date(last) }, "creep.everywhere");
      for (const { id } of fresh) found.delete(id);
    }
    const changed = await store(found, last - HOUR_MS);
    for (const { id } of changed)
      log.info({ monitor: id, creep: roster.get(id)?.health.creep ?? null }, "monitor.creep");
    const creeping = watched.filter(({ id }) => roster.get(id)?.health.creep);
    await settings.onJudged([...new Set([...changed, ...creeping])]);
    judged = last;
  };
  return { look };
}

function isEverywhere(fresh: readonly Watched[], watched: readonly Watched[]): boolean {
  const places = (some: readonly Watched[]): number =>
    new Set(some.map(({ id, host }) => host ?? `monitor ${id}`)).size;
  return places(watched) >= MANY && places(fresh) * 2 > places(watched);
}

const same = (a: Creep | null, b: Creep | null): boolean =>
  a?.reason === b?.reason &&
  a?.since === b?.since &&
  a?.value === b?.value &&
  a?.usual === b?.usual &&
  a?.limit === b?.limit;

function byMonitor<T extends { readonly monitor: number }>(rows: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const group = groups.get(row.monitor);
    if (group) group.push(row);
    else groups.set(row.monitor, [row]);
  }
  return groups;
}

/** Whether nothing else was the matter in that hour, and enough was seen. */
const isTelling = (
  { at, looks }: Hour,
  { usualFrom = 0 }: Health,
  troubles: readonly Trouble[],
): boolean =>
  looks >= LOOKS &&
  at >= usualFrom &&
  !troubles.some(
    ({ since, until }) =>
      since.getTime() < at + HOUR_MS && (until === null || until.getTime() > at),
  );

function hourOf({ hour, up, degraded, down, sketch }: RolledHour): Hour {
  return {
    at: hour.getTime(),
    looks: up + degraded + down,
    bad: degraded + down,
    medianMs: up + degraded < LOOKS ? null : quantile(unpackSketch(sketch), 0.5),
  };
}
