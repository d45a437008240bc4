import fc from "fast-check";
import { expect, test } from "vitest";
import { groupByCause, JOIN_MS, type Failing, type WatchedHost } from "../../src/core/causes.js";
import { topologyOf, treesOf } from "../../src/core/topology.js";

const host = (
  id: string,
  parents: readonly string[] = [],
  more: Partial<WatchedHost> = {},
): WatchedHost => ({ id, parents, dependsOn: [], watched: 2, ...more });
const place = (id: string, parents: readonly string[] = []): WatchedHost =>
  host(id, parents, { watched: 0 });

const fails = (id: string, on: string, since: number): Failing => ({
  id,
  host: on,
  probe: "http",
  since,
});

/** Two failing monitors of each of these hosts, from `since` on. */
const dead = (since: number, ...hosts: readonly string[]): Failing[] =>
  hosts.flatMap((one) => [fails(`${one}-a`, one, since), fails(`${one}-b`, one, since)]);

const causesOf = (
  failing: readonly Failing[],
  hosts: readonly WatchedHost[],
  lasting: readonly string[] = [],
): string[] =>
  groupByCause(failing, hosts, topologyOf(hosts), new Set(lasting)).map(
    ({ cause, members }) => `${cause.kind} ${cause.id}: ${members.length}`,
  );

const servers = (parent: string, count: number): WatchedHost[] =>
  Array.from({ length: count }, (_, n) => host(`${parent}${n}`, [parent]));

test("half of a rack's servers, and three at least, make the rack the cause", () => {
  const hosts = [place("r"), ...servers("r", 4)];
  expect(causesOf(dead(0, "r0", "r1"), hosts)).toEqual(["host r0: 4"]);
  expect(causesOf(dead(0, "r0", "r1", "r2"), hosts)).toEqual(["host r: 6"]);
  const many = [place("r"), ...servers("r", 8)];
  expect(causesOf(dead(0, "r0", "r1", "r2"), many)).toEqual(["host r0: 6"]);
});

test("what fails more than two minutes apart does not fail together", () => {
  const hosts = [place("r"), ...servers("r", 4)];
  const apart = [...dead(0, "r0"), ...dead(JOIN_MS + 1, "r1"), ...dead(3 * JOIN_MS, "r2")];
  expect(causesOf(apart, hosts)).toEqual(["host r0: 2", "host r1: 2", "host r2: 2"]);
});

test("one branch that explains it is the cause, and not what it stands on", () => {
  const hosts = [
    place("rack"),
    place("h1", ["rack"]),
    place("h2", ["rack"]),
    ...servers("h1", 5),
    ...servers("h2", 5),
  ];
  const all = ["h10", "h11", "h12", "h13", "h14"];
  expect(causesOf(dead(0, ...all), hosts)).toEqual(["host h1: 10"]);
  expect(causesOf(dead(0, ...all, "h20"), hosts)).toEqual(["host h1: 10", "host h20: 2"]);
  const both = [...all, "h20", "h21", "h22", "h23", "h24"];
  expect(causesOf(dead(0, ...both), hosts)).toEqual(["host rack: 20"]);
});

test("a switch that fails itself takes along what stands on it, however little", () => {
  const hosts = [host("s"), ...servers("s", 9)];
  expect(causesOf(dead(0, "s", "s3"), hosts)).toEqual(["host s: 4"]);
  expect(causesOf(dead(0, "s"), hosts)).toEqual(["host s: 2"]);
  const one = [host("s", [], { watched: 1 }), ...servers("s", 9)];
  const ping: Failing = fails("ping", "s", 0);
  expect(causesOf([ping], one)).toEqual(["monitor ping: 1"]);
  expect(causesOf([ping, ...dead(9, "s3")], one)).toEqual(["host s: 3"]);
});

test("what depends on a host that fails, fails because of it, unless it did so long before", () => {
  const hosts = [host("relay"), host("mail", [], { dependsOn: ["relay"], watched: 6 })];
  const late: Failing = fails("mail-smtp", "mail", 50);
  expect(causesOf([...dead(0, "relay"), late], hosts)).toEqual(["host relay: 3"]);
  expect(causesOf([late], hosts)).toEqual(["monitor mail-smtp: 1"]);
  const long = { ...late, since: -JOIN_MS - 1 };
  expect(causesOf([...dead(0, "relay"), long], hosts)).toEqual([
    "monitor mail-smtp: 1",
    "host relay: 2",
  ]);
});

test("two that depend on each other have one cause, and no end is not reached", () => {
  const hosts = [host("a", [], { dependsOn: ["b"] }), host("b", [], { dependsOn: ["a"] })];
  const failing: Failing[] = [fails("a1", "a", 1), fails("b1", "b", 0)];
  expect(causesOf(failing, hosts)).toHaveLength(1);
});

test("a cause that lasts takes in what begins under it", () => {
  const hosts = [place("r"), ...servers("r", 4)];
  expect(causesOf([fails("x", "r3", 0)], hosts, ["r"])).toEqual(["host r: 1"]);
});

test("hosts are judged together where anything connects them", () => {
  const trees = treesOf([
    place("uplink"),
    place("rack", ["uplink"]),
    host("web", ["rack"]),
    host("db"),
    host("app", ["unknown"], { dependsOn: ["db"] }),
    host("alone"),
  ]);
  expect(Object.fromEntries(trees)).toEqual({
    uplink: "rack",
    rack: "rack",
    web: "rack",
    db: "app",
    app: "app",
    alone: "alone",
  });
});

test("every failure has one cause, in any world", () => {
  const world = fc
    .array(
      fc.record({ up: fc.nat(9), needs: fc.nat(9), watched: fc.integer({ min: 0, max: 3 }) }),
      {
        minLength: 1,
        maxLength: 10,
      },
    )
    .map((given) =>
      given.map(({ up, needs, watched }, n) =>
        host(`h${n}`, n > 0 ? [`h${up % n}`] : [], {
          dependsOn: [`h${needs % given.length}`],
          watched,
        }),
      ),
    );
  const failures = fc.array(fc.tuple(fc.nat(9), fc.nat(2), fc.nat(1_000_000)), { maxLength: 20 });
  fc.assert(
    fc.property(world, failures, (hosts, picked) => {
      const failing = [
        ...new Map(
          picked.flatMap(([n, m, since]) => {
            const on = hosts[n % hosts.length];
            if (!on || m >= on.watched) return [];
            const one: Failing = fails(`${on.id}-${m}`, on.id, since);
            return [[one.id, one] as const];
          }),
        ).values(),
      ];
      const groups = groupByCause(failing, hosts, topologyOf(hosts), new Set());
      const members = groups.flatMap((group) => group.members.map(({ id }) => id));
      expect(members.toSorted()).toEqual(failing.map(({ id }) => id).toSorted());
      expect(new Set(groups.map(({ cause }) => `${cause.kind} ${cause.id}`)).size).toBe(
        groups.length,
      );
    }),
  );
});
