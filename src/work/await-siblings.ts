import { wantsRecheck, isFailing } from "../core/health.js";
import { isHostDown } from "../core/topology.js";
import type { ScopeKey } from "../store/incident-scope.js";
import type { Watched } from "../store/monitors.js";
import type { Roster } from "./roster.js";

/** Knows of which hosts the other monitors are being looked at, as one of them was found failing. */
export interface Siblings {
  /** Those to look at at once, where these failures are the first of their hosts; from now on they are awaited. */
  ask(confirmed: readonly Watched[]): string[];
  /** Whether what is being looked at there may still make the host the cause. */
  isAwaited(scope: ScopeKey): boolean;
  /** Hosts that were awaited and are no more: to be judged again. */
  ended(): ScopeKey[];
}

/** A look that ends in silence takes its timeout, and the one that confirms it `recheck` and as much again at most. */
const SLACK_MS = 2_000;

interface Asked {
  /** Looks that began earlier do not count (epoch ms). */
  readonly at: number;
  readonly until: number;
}

export function createSiblings(roster: Roster, now: () => Date): Siblings {
  const asked = new Map<string, Asked>();

  const isOpen = (host: string, { at, until }: Asked): boolean => {
    if (now().getTime() >= until) return false;
    const watched = roster.ofHost(host).filter(({ paused }) => !paused);
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

  return {
    ask(confirmed) {
      const fresh = new Set(confirmed.map(({ id }) => id));
      const failing = confirmed.filter(({ health }) => isFailing(health.state));
      const hosts = new Set(failing.flatMap(({ host }) => host ?? []));
      return [...hosts].flatMap((host) => {
        const others = roster.ofHost(host).filter(({ id, paused }) => !fresh.has(id) && !paused);
        if (others.length === 0 || others.some(({ health }) => isFailing(health.state))) return [];
        const at = now().getTime();
        asked.set(host, { at, until: at + Math.max(...others.map(patienceOf)) });
        return others.map(({ id }) => id);
      });
    },
    isAwaited({ kind, id }) {
      const spell = kind === "host" ? asked.get(id) : undefined;
      return spell !== undefined && isOpen(id, spell);
    },
    ended() {
      const over = [...asked].filter(([host, spell]) => !isOpen(host, spell));
      for (const [host] of over) asked.delete(host);
      return over.map(([id]) => ({ kind: "host", id }));
    },
  };
}

const patienceOf = ({ timeoutMs, confirm: { failures, recheckMs } }: Watched): number =>
  timeoutMs + (failures - 1) * (recheckMs + SLACK_MS) + SLACK_MS;
