import { isHeard } from "./heard.js";
import { isHostDown, type HostNode, type Topology } from "./topology.js";

/** A failing monitor that customers can notice, as far as its cause is concerned. Instants in epoch ms. */
export interface Failing {
  readonly id: string;
  readonly host: string | null;
  readonly probe: string;
  readonly since: number;
}

/** A host with how many of its monitors are looked at; what tells of itself falls silent long after it did. */
export interface WatchedHost extends HostNode {
  readonly watched: number;
}

/** Failures that share a cause, the one that began first before the others. */
export interface Group<F extends Failing> {
  readonly cause: { readonly kind: "host" | "monitor"; readonly id: string };
  readonly members: readonly F[];
  /** Every host that stands on the cause, with itself; empty for a monitor. */
  readonly under: ReadonlySet<string>;
  /** It is a cause of before that merely lasts: nothing that fails now would make it one. */
  readonly lasting: boolean;
}

/** Hosts that fail within this time (ms) of each other under one parent fail together. */
export const JOIN_MS = 120_000;
/** So many hosts, and half of those that are watched there, make what they stand on the cause. */
const HOSTS_LEAST = 3;

/**
 * The fewest causes that explain what fails. A host is the cause by the host rule; what hosts stand on
 * is, when at least three and half of those that are watched there fail within two minutes, in two of
 * its branches at least – else the one branch explains it –, or when it fails itself and takes
 * something along. Of several that explain a failure the widest is its cause. What depends on a host
 * that fails, and failed no more than two minutes before it, fails because of it. Hosts that fail
 * within two minutes under one parent share a cause before it is clear which. `lasting` are causes of
 * before that go on until somebody says otherwise.
 */
export function groupByCause<F extends Failing>(
  failing: readonly F[],
  hosts: readonly WatchedHost[],
  topology: Topology,
  lasting: ReadonlySet<string>,
): Group<F>[] {
  const sick = sicknessOf(failing, hosts);
  const fallen = placesDown(topology, hosts, sick);
  const down = new Set([...fallen, ...lasting]);
  const together = clustersOf(topology, hosts, sick, down);
  // What stands on one of those that failed together belongs to them, too.
  const carrying = new Set([...down, ...together.keys()]);
  const names = new Set([...fallen, ...together.values()]);
  const groups = new Map<string, Group<F> & { readonly members: F[] }>();
  const causeOf = (one: F, asked: ReadonlySet<string> = new Set()): Group<F>["cause"] => {
    const own = { kind: "monitor", id: one.id } as const;
    if (one.host === null) return own;
    const place = widest(topology, carrying, one.host);
    if (place !== undefined) return { kind: "host", id: together.get(place) ?? place };
    for (const needed of topology.needs(one.host)) {
      const first = sick.get(needed)?.first as F | undefined;
      if (!first || asked.has(needed) || one.since < first.since - JOIN_MS) continue;
      // Of two that need each other the one that failed first is the cause.
      if (topology.needs(needed).has(one.host) && isBefore(one, first)) continue;
      return causeOf(first, new Set([...asked, one.host]));
    }
    return own;
  };
  for (const one of failing.toSorted((a, b) => a.since - b.since || compare(a.id, b.id))) {
    const cause = causeOf(one);
    const key = `${cause.kind} ${cause.id}`;
    const under = cause.kind === "host" ? topology.under(cause.id) : new Set<string>();
    const isLasting = cause.kind === "host" && !names.has(cause.id);
    const group = groups.get(key) ?? { cause, members: [], under, lasting: isLasting };
    group.members.push(one);
    groups.set(key, group);
  }
  return [...groups.values()];
}

const isBefore = (one: Failing, other: Failing): boolean =>
  one.since < other.since || (one.since === other.since && one.id < other.id);

/** What of a host fails. `hit`: as much as nothing of it is known to work. */
interface Sickness {
  readonly first: Failing;
  readonly down: boolean;
  readonly hit: boolean;
}

function sicknessOf(
  failing: readonly Failing[],
  hosts: readonly WatchedHost[],
): ReadonlyMap<string, Sickness> {
  const byHost = new Map<string, Failing[]>();
  for (const one of failing) {
    if (one.host === null) continue;
    const its = byHost.get(one.host);
    if (its) its.push(one);
    else byHost.set(one.host, [one]);
  }
  return new Map(
    hosts.flatMap(({ id, watched }) => {
      const its = byHost.get(id) ?? [];
      const [first] = its.toSorted((a, b) => a.since - b.since || compare(a.id, b.id));
      if (!first) return [];
      const looked = its.filter(({ probe }) => !isHeard(probe)).length;
      const down = isHostDown(looked, watched);
      return [[id, { first, down, hit: down || (looked > 0 && looked >= watched) }] as const];
    }),
  );
}

/** By what fails now: what merely lasts makes nothing else fall. */
function placesDown(
  topology: Topology,
  hosts: readonly WatchedHost[],
  sick: ReadonlyMap<string, Sickness>,
): ReadonlySet<string> {
  const watched = new Set(hosts.filter((host) => host.watched > 0).map(({ id }) => id));
  const isHit = (id: string): boolean => sick.get(id)?.hit === true;
  const fallen = new Set<string>();
  for (const id of topology.fromTheLeaves) {
    const own = sick.get(id);
    const branches = topology.children(id);
    const isMostlyHit = (branch: string): boolean => {
      const its = [...topology.under(branch)].filter((one) => watched.has(one));
      return its.length > 0 && its.filter(isHit).length * 2 >= its.length;
    };
    const falling = branches.filter((branch) => fallen.has(branch) || isMostlyHit(branch));
    const below = [...topology.under(id)].filter((one) => one !== id && watched.has(one));
    const hits = below.flatMap((one) => (isHit(one) ? (sick.get(one)?.first.since ?? []) : []));
    const atOnce = largestRun(hits);
    const explains = atOnce >= HOSTS_LEAST && atOnce * 2 >= below.length && falling.length >= 2;
    const takesAlong = own?.hit === true && falling.length > 0;
    if (own?.down || explains || takesAlong) fallen.add(id);
  }
  return fallen;
}

/** How many of these instants follow each other within `JOIN_MS` at most. */
function largestRun(instants: readonly number[]): number {
  let [run, most, before] = [0, 0, -Infinity];
  for (const at of instants.toSorted((a, b) => a - b)) {
    run = at - before <= JOIN_MS ? run + 1 : 1;
    most = Math.max(most, run);
    before = at;
  }
  return most;
}

/** Of the places that are down and that `host` stands on, or itself, the one that most stands on. */
function widest(topology: Topology, down: ReadonlySet<string>, host: string): string | undefined {
  const found = [host, ...topology.above(host)].filter((one) => down.has(one));
  const size = (one: string): number => topology.under(one).size;
  return found.toSorted((a, b) => size(b) - size(a) || compare(a, b))[0];
}

/** Host → the first of those that failed together with it under one parent, where no place explains them. */
function clustersOf(
  topology: Topology,
  hosts: readonly WatchedHost[],
  sick: ReadonlyMap<string, Sickness>,
  down: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  const onsetOf = (id: string): number => sick.get(id)?.first.since ?? Infinity;
  for (const { id: parent } of hosts) {
    const alone = topology
      .children(parent)
      .filter((id) => sick.get(id)?.hit && (widest(topology, down, id) ?? id) === id)
      .toSorted((a, b) => onsetOf(a) - onsetOf(b) || compare(a, b));
    let run: string[] = [];
    for (const id of [...alone, null]) {
      const last = run.at(-1);
      if (id !== null && last !== undefined && onsetOf(id) - onsetOf(last) <= JOIN_MS) run.push(id);
      else {
        const [first] = run;
        if (first !== undefined && run.length > 1)
          for (const one of run) named.set(one, named.get(one) ?? first);
        run = id === null ? [] : [id];
      }
    }
  }
  return named;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether what `host` stands on may still turn out to be the cause: enough is watched there. */
export const mayBeWider = (
  host: string,
  hosts: readonly WatchedHost[],
  topology: Topology,
): boolean =>
  [...topology.above(host)].some(
    (place) =>
      hosts.filter(
        ({ id, watched }) => watched > 0 && id !== place && topology.under(place).has(id),
      ).length >= HOSTS_LEAST,
  );
