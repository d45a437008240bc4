import { isHeard } from "../core/heard.js";
import { isFailing, ownState, wantsRecheck } from "../core/health.js";
import { JOIN_MS } from "../core/causes.js";
import { isHostDown, type HostNode } from "../core/topology.js";
import type { ScopeKey } from "../store/incident-scope.js";
import type { Watched } from "../store/monitors.js";
import type { Roster } from "./roster.js";

/** Knows of which hosts the other monitors are being looked at, as one of them was found failing. */
export interface Siblings {
  /**
   * Those to look at at once, where these failures are the first of their hosts in a while: the hosts'
   * other monitors, which are awaited now, and one of each host that stands beside them.
   */
  ask(confirmed: readonly Watched[]): string[];
  /**
   * How many incidents may open on a host now: while what is being looked at may still make the host the
   * cause, the first speaks for all of them – or that of a host beside it, above or below, and then for as
   * long as that one is looked at.
   */
  room(host: string | null): number;
  /** An incident was opened there. */
  opened(host: string | null): void;
  /** Hosts that were awaited and are no more: where they stand is to be judged again. */
  ended(): ScopeKey[];
}

/** More hosts than this beside one that fails are looked at in their own time. */
const BESIDE_MOST = 200;

/** A look that ends in silence takes its timeout, and the one that confirms it `recheck` and as much again at most. */
const SLACK_MS = 2_000;

interface Asked {
  /** Looks that began earlier do not count (epoch ms). */
  readonly at: number;
  readonly until: number;
  opened: boolean;
  /** Whether its end has been told. */
  told: boolean;
}

export function createSiblings(
  roster: Roster,
  hosts: () => readonly Pick<HostNode, "id" | "parents">[],
  now: () => Date,
): Siblings {
  const asked = new Map<string, Asked>();
  /** Parent → when what stands on it was looked at last; host → when an incident opened there (epoch ms). */
  const lookedBeside = new Map<string, number>();
  const spokenAt = new Map<string, number>();

  const isLately = (at: number | undefined): boolean =>
    at !== undefined && now().getTime() - at < JOIN_MS;

  /** Hosts that stand on the same as `host` does. */
  const beside = (host: string): string[] => {
    const parents = hosts().find(({ id }) => id === host)?.parents ?? [];
    if (parents.length === 0) return [];
    return hosts()
      .filter((one) => one.id !== host && one.parents.some((parent) => parents.includes(parent)))
      .map(({ id }) => id);
  };

  /** Those, and what `host` stands on or carries itself. */
  const near = (host: string): string[] => {
    const parents = hosts().find(({ id }) => id === host)?.parents ?? [];
    const carried = hosts().filter((one) => one.parents.includes(host));
    return [...beside(host), ...parents, ...carried.map(({ id }) => id)];
  };

  /** A monitor that works, or none, of each host beside `host`, once in a while for all of them. */
  const oneBesideEach = (host: string): string[] => {
    const parents = hosts().find(({ id }) => id === host)?.parents ?? [];
    if (parents.every((one) => isLately(lookedBeside.get(one)))) return [];
    for (const parent of parents) lookedBeside.set(parent, now().getTime());
    return beside(host)
      .slice(0, BESIDE_MOST)
      .flatMap((one) => {
        const well = lookedAt(one).find(({ health }) => !isFailing(ownState(health)));
        return well ? [well.id] : [];
      });
  };

  /** Those of a host that can be looked at. */
  const lookedAt = (host: string): Watched[] =>
    roster.ofHost(host).filter(({ paused, probe }) => !paused && !isHeard(probe));

  const isOpen = (host: string, { at, until }: Asked): boolean => {
    if (now().getTime() >= until) return false;
    const watched = lookedAt(host);
    const failing = watched.filter(({ health }) => isFailing(ownState(health))).length;
    const pending = watched.filter(
      ({ health, confirm }) =>
        !isFailing(ownState(health)) &&
        ((health.lastAt ?? 0) < at || wantsRecheck(health, confirm)),
    ).length;
    return (
      pending > 0 &&
      !isHostDown(failing, watched.length) &&
      isHostDown(failing + pending, watched.length)
    );
  };

  const isLookedAt = (host: string): boolean => {
    const spell = asked.get(host);
    return spell !== undefined && isOpen(host, spell);
  };

  const askOn = (host: string, fresh: ReadonlySet<string>): string[] => {
    const others = lookedAt(host).filter(({ id }) => !fresh.has(id));
    const well = others.filter(({ health }) => !isFailing(ownState(health)));
    const before = asked.get(host);
    if (well.length === 0 || (before && now().getTime() < before.until)) return [];
    const at = now().getTime();
    const until = at + Math.max(...well.map(patienceOf));
    asked.set(host, { at, until, opened: false, told: false });
    return well.map(({ id }) => id);
  };

  return {
    ask(confirmed) {
      const fresh = new Set(confirmed.map(({ id }) => id));
      const failing = confirmed.filter(({ health }) => isFailing(ownState(health)));
      const sick = new Set(failing.flatMap(({ host }) => host ?? []));
      const wanted = [...sick].flatMap((host) => [...askOn(host, fresh), ...oneBesideEach(host)]);
      return [...new Set(wanted)].filter((id) => !fresh.has(id));
    },
    room(host) {
      if (host === null) return Infinity;
      const speakers = near(host).filter((one) => isLately(spokenAt.get(one)));
      if (isLookedAt(host)) return asked.get(host)?.opened || speakers.length > 0 ? 0 : 1;
      return speakers.some(isLookedAt) ? 0 : Infinity;
    },
    opened(host) {
      if (host === null) return;
      spokenAt.set(host, now().getTime());
      const spell = asked.get(host);
      if (spell) spell.opened = true;
    },
    ended() {
      const over = [...asked].filter(([host, spell]) => !spell.told && !isOpen(host, spell));
      for (const [, spell] of over) spell.told = true;
      // Kept until then, so that each further failure of the host does not ask all others again.
      for (const [host, spell] of asked) if (now().getTime() >= spell.until) asked.delete(host);
      for (const [host, at] of spokenAt) if (!isLately(at)) spokenAt.delete(host);
      const trees = new Set(over.flatMap(([host]) => roster.ofHost(host)[0]?.tree ?? []));
      return [...trees].map((id) => ({ kind: "host", id }));
    },
  };
}

const patienceOf = ({ timeoutMs, confirm: { failures, recheckMs } }: Watched): number =>
  timeoutMs + (failures - 1) * (recheckMs + SLACK_MS) + SLACK_MS;
