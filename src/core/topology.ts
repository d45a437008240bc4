/** A host among the others: what it stands on, and what else it needs. */
export interface HostNode {
  readonly id: string;
  /** What it stands on: server → hypervisor → rack → uplink → site. */
  readonly parents: readonly string[];
  /** Other hosts whose failure is felt here: a relay, a database, a name server. */
  readonly dependsOn: readonly string[];
}

export interface Topology {
  /** What stands directly on `id`. */
  children(id: string): readonly string[];
  /** All that `id` stands on, without itself. */
  above(id: string): ReadonlySet<string>;
  /** All that stands on `id`, with itself. */
  under(id: string): ReadonlySet<string>;
  /** All that `id`, or what it stands on, depends on. */
  needs(id: string): ReadonlySet<string>;
  /** Every host, what stands on others before these. */
  readonly fromTheLeaves: readonly string[];
}

/** Names of hosts that are not among `hosts` are passed over; so are circles. */
export function topologyOf(hosts: readonly HostNode[]): Topology {
  const known = new Map(hosts.map((host) => [host.id, host]));
  const children = new Map<string, string[]>(hosts.map(({ id }) => [id, []]));
  for (const { id, parents } of hosts) for (const parent of parents) children.get(parent)?.push(id);
  const parentsOf = (id: string): readonly string[] => known.get(id)?.parents ?? [];
  const above = remembered((id: string) => reach(parentsOf(id), parentsOf, known));
  const under = remembered((id: string) => reach([id], (one) => children.get(one) ?? [], known));
  const needs = remembered((id: string) => {
    const own = (one: string): readonly string[] => known.get(one)?.dependsOn ?? [];
    const begins = [id, ...above(id)].flatMap(own);
    return reach(begins, (one) => [...own(one), ...parentsOf(one)], known);
  });
  return {
    children: (id) => children.get(id) ?? [],
    above,
    under,
    needs,
    fromTheLeaves: hosts
      .map(({ id }) => id)
      .toSorted((a, b) => under(a).size - under(b).size || compare(a, b)),
  };
}

/**
 * Which hosts can share a cause: those that parents and dependencies connect. Each of such a tree is
 * mapped to the same id, the first of theirs, so that all that may share a cause is judged together.
 */
export function treesOf(hosts: readonly HostNode[]): ReadonlyMap<string, string> {
  const root = new Map(hosts.map(({ id }) => [id, id]));
  const find = (id: string): string => {
    let at = id;
    for (let up = root.get(at); up !== undefined && up !== at; up = root.get(at)) at = up;
    root.set(id, at);
    return at;
  };
  for (const { id, parents, dependsOn } of hosts)
    for (const other of [...parents, ...dependsOn]) {
      if (!root.has(other)) continue;
      const [one, two] = [find(id), find(other)];
      const [first, second] = one < two ? [one, two] : [two, one];
      root.set(second, first);
    }
  return new Map(hosts.map(({ id }) => [id, find(id)]));
}

/**
 * The cause is the host when at least two and more than half of its watched monitors are confirmed
 * failing; else each failing monitor stands for itself.
 */
export const isHostDown = (failing: number, watched: number): boolean =>
  failing >= 2 && failing * 2 > watched;

function reach(
  from: readonly string[],
  next: (id: string) => readonly string[],
  known: ReadonlyMap<string, unknown>,
): ReadonlySet<string> {
  const found = new Set(from.filter((id) => known.has(id)));
  // A set hands out what is added while it is walked: each once, also in a circle.
  for (const id of found) for (const one of next(id)) if (known.has(one)) found.add(one);
  return found;
}

function remembered<T>(make: (id: string) => T): (id: string) => T {
  const kept = new Map<string, T>();
  return (id) => {
    const before = kept.get(id);
    if (before !== undefined) return before;
    const made = make(id);
    kept.set(id, made);
    return made;
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
