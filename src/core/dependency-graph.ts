import type { Inventory } from "./inventory.js";

export interface DependencyGraph {
  /** All that fails when `id` fails, itself included. */
  readonly downstream: (id: string) => ReadonlySet<string>;
  /** All that must work for `id` to work, itself included. */
  readonly upstream: (id: string) => ReadonlySet<string>;
}

/** Answers kept; beyond it they are worked out anew. */
const MOST_KEPT = 5_000;

/**
 * The dependencies of an inventory and those that its places imply: a location carries its racks,
 * a rack its switches and servers, a switch its servers, a server its services.
 */
export function dependencyGraph({
  places,
  services,
  dependencies,
}: Pick<Inventory, "places" | "services" | "dependencies">): DependencyGraph {
  const down = new Map<string, Set<string>>();
  const up = new Map<string, Set<string>>();
  const join = (from: string | null, to: string | null): void => {
    if (from === null || to === null || from === to) return;
    addTo(down, from, to);
    addTo(up, to, from);
  };
  for (const { id, kind, switch: behind, rack, location } of places) {
    join(behind, id);
    join(rack, id);
    if (kind !== "location") join(location, id);
  }
  for (const { id, server } of services) join(server, id);
  for (const { from, to } of dependencies) join(from, to);
  return { downstream: closures(down), upstream: closures(up) };
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const before = map.get(key);
  if (before) before.add(value);
  else map.set(key, new Set([value]));
}

function closures(edges: ReadonlyMap<string, ReadonlySet<string>>) {
  const kept = new Map<string, ReadonlySet<string>>();
  return (id: string): ReadonlySet<string> => {
    const before = kept.get(id);
    if (before) return before;
    // A set hands out what is added while it is walked: each once, also in a circle.
    const all = new Set([id]);
    for (const each of all) for (const next of edges.get(each) ?? []) all.add(next);
    if (kept.size < MOST_KEPT && edges.has(id)) kept.set(id, all);
    return all;
  };
}
