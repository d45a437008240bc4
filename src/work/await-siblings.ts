import { isHeard } from "../core/heard.js";
import { wantsRecheck, isFailing } from "../core/health.js";
import { isHostDown } from "../core/topology.js";
import type { ScopeKey } from "../store/incident-scope.js";
import type { Watched } from "../store/monitors.js";
import type { Roster } from "./roster.js";

/** Knows of which hosts the other monitors are being looked at, as one of them was found failing. */
export interface Siblings {
  /** Those to look at at once, where these failures are the first of their hosts in a while; they are awaited now. */
  ask(confirmed: readonly Watched[]): string[];
  /**
   * How many incidents of single monitors may open there now: while what is being looked at may still
   * make the host the cause, the first speaks for all of them.
   */
  room(scope: ScopeKey): number;
  /** An incident was opened there. */
  opened(scope: ScopeKey): void;
  /** Hosts that were awaited and are no more: to be judged again. */
  ended(): ScopeKey[];
}

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

export function createSiblings(roster: Roster, now: () => Date): Siblings {
  const asked = new Map<string, Asked>();
  /** Those of a host that can be looked at. */
  const lookedAt = (host: string): Watched[] =>
    roster.ofHost(host).filter(({ paused, probe }) => !paused && !isHeard(probe));

  const isOpen = (host: string, { at, until }: Asked): boolean => {
    if (now().getTime() >= until) return false;
    const watched = lookedAt(host);
    const failing = watched.filter(({ health }) => isFailing(health.state)).length;
    const pending = watched.filter(
      ({ health, confirm }) =>
        !isFailing(health.state) && ((health.lastAt ?? 0) < at || wantsRecheck(health, confirm)),
    ).length;
    return (
      pending > 0 &&
      !isHostDown(failing, watched.length) &&
      isHostDown(failing + pending, watched.length)
    );
  };

  const spellOf = ({ kind, id }: ScopeKey): Asked | undefined =>
    kind === "host" ? asked.get(id) : undefined;

  return {
    ask(confirmed) {
      const fresh = new Set(confirmed.map(({ id }) => id));
      const failing = confirmed.filter(({ health }) => isFailing(health.state));
      const hosts = new Set(failing.flatMap(({ host }) => host ?? []));
      return [...hosts].flatMap((host) => {
        const others = lookedAt(host).filter(({ id }) => !fresh.has(id));
        const well = others.filter(({ health }) => !isFailing(health.state));
        const before = asked.get(host);
        if (well.length === 0 || (before && now().getTime() < before.until)) return [];
        const at = now().getTime();
        const until = at + Math.max(...well.map(patienceOf));
        asked.set(host, { at, until, opened: false, told: false });
        return well.map(({ id }) => id);
      });
    },
    room(scope) {
      const spell = spellOf(scope);
      if (!spell || !isOpen(scope.id, spell)) return Infinity;
      return spell.opened ? 0 : 1;
    },
    opened(scope) {
      const spell = spellOf(scope);
      if (spell) spell.opened = true;
    },
    ended() {
      const over = [...asked].filter(([host, spell]) => !spell.told && !isOpen(host, spell));
      for (const [, spell] of over) spell.told = true;
      // Kept until then, so that each further failure of the host does not ask all others again.
      for (const [host, spell] of asked) if (now().getTime() >= spell.until) asked.delete(host);
      return over.map(([id]) => ({ kind: "host", id }));
    },
  };
}

const patienceOf = ({ timeoutMs, confirm: { failures, recheckMs } }: Watched): number =>
  timeoutMs + (failures - 1) * (recheckMs + SLACK_MS) + SLACK_MS;
