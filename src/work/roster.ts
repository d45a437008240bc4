import type { Watched } from "../store/monitors.js";
import type { Health } from "../core/health.js";

/**
 * The monitors this leader watches, with the health its last commit left them in. Kept in memory,
 * because a leader alone writes it; read anew from the database when it begins to lead.
 */
export interface Roster {
  get(id: string): Watched | undefined;
  all(): Iterable<Watched>;
  put(monitors: readonly Watched[]): void;
  drop(ids: readonly string[]): void;
  /** After a commit. */
  healed(changes: ReadonlyMap<string, Health>): void;
  ofHost(host: string): Watched[];
  /** These of a tree, and no others of it, fail because what they stand on does. */
  explain(tree: string, monitors: readonly string[]): void;
  isExplained(id: string): boolean;
  readonly size: number;
}

export function createRoster(): Roster {
  const byId = new Map<string, Watched>();
  const byHost = new Map<string, Set<string>>();
  const explained = new Map<string, ReadonlySet<string>>();

  const drop = (id: string): void => {
    const known = byId.get(id);
    if (known?.host) byHost.get(known.host)?.delete(id);
    byId.delete(id);
  };

  return {
    get: (id) => byId.get(id),
    all: () => byId.values(),
    put(monitors) {
      for (const monitor of monitors) {
        drop(monitor.id);
        byId.set(monitor.id, monitor);
        if (!monitor.host) continue;
        const its = byHost.get(monitor.host) ?? new Set();
        byHost.set(monitor.host, its.add(monitor.id));
      }
    },
    drop: (ids) => ids.forEach(drop),
    healed(changes) {
      for (const [id, health] of changes) {
        const known = byId.get(id);
        if (known) byId.set(id, { ...known, health });
      }
    },
    ofHost: (host) => [...(byHost.get(host) ?? [])].flatMap((id) => byId.get(id) ?? []),
    explain(tree, monitors) {
      if (monitors.length > 0) explained.set(tree, new Set(monitors));
      else explained.delete(tree);
    },
    isExplained(id) {
      const tree = byId.get(id)?.tree ?? null;
      return tree !== null && explained.get(tree)?.has(id) === true;
    },
    get size() {
      return byId.size;
    },
  };
}
