import { expect, test } from "vitest";
import {
  decide,
  SETTLE_MS,
  type Change,
  type Evidence,
  type Incident,
  type Scope,
  type WatchedMonitor,
} from "../../src/core/incident.js";

const NOW = 1_000_000;

const monitor = (
  id: string,
  state: WatchedMonitor["state"],
  more: Partial<WatchedMonitor> = {},
): WatchedMonitor => ({
  id,
  host: "web3",
  probe: "http",
  component: "web",
  impact: "major_outage",
  state,
  since: NOW - 60_000,
  reason: state === "up" ? "ok" : "refused",
  failedAt: state === "up" ? null : NOW,
  maintained: false,
  ...more,
});

const evidence = (id: string, more: Partial<Evidence> = {}): Evidence => ({
  monitor: id,
  outcome: "down",
  reason: "refused",
  since: NOW - 60_000,
  until: null,
  ...more,
});

const incident = (
  id: string,
  cause: string,
  its: readonly Evidence[],
  more: Partial<Incident> = {},
): Incident => ({
  id,
  cause: cause === "web3" ? { kind: "host", id: cause } : { kind: "monitor", id: cause },
  public: true,
  severity: "critical",
  openedAt: NOW - 60_000,
  doubted: false,
  untold: false,
  components: [{ id: "web", status: "major_outage" }],
  evidence: its,
  ...more,
});

const scope = (monitors: readonly WatchedMonitor[], more: Partial<Scope> = {}): Scope => ({
  hosts: [
    {
      id: "web3",
      parents: [],
      dependsOn: [],
      watched: monitors.filter(({ probe }) => probe === "http").length,
    },
  ],
  monitors,
  open: [],
  recent: [],
  ...more,
});

function decideAt(
  at: number,
  given: Scope,
  publish: "confirmed" | "manual" = "confirmed",
  room = Infinity,
): Change[] {
  let n = 0;
  return decide(given, at, { publish, newId: () => `new-${++n}`, room: () => room });
}
/** The kinds of what was decided, with the incident each is about: `opened new-1`. */
const told = (changes: readonly Change[]): string[] =>
  changes.map(({ kind, id }) => `${kind} ${id}`);

const up = (id: string): WatchedMonitor => monitor(id, "up");
const down = (id: string, more: Partial<WatchedMonitor> = {}): WatchedMonitor =>
  monitor(id, "down", more);

test.each<[name: string, given: Scope, then: string[]]>([
  ["nothing fails, nothing is open", scope([up("a"), up("b")]), []],
  [
    "one of three fails: the monitor is the cause",
    scope([down("a"), up("b"), up("c")]),
    ["opened new-1", "evidence-added new-1", "assessed new-1"],
  ],
  [
    "two of three fail: the host is the cause",
    scope([down("a"), down("b"), up("c")]),
    ["opened new-1", "evidence-added new-1", "evidence-added new-1", "assessed new-1"],
  ],
  [
    "two of four fail: half is not more than half",
    scope([down("a"), down("b"), up("c"), up("d")]),
    [
      "opened new-1",
      "evidence-added new-1",
      "opened new-2",
      "evidence-added new-2",
      "assessed new-1",
      "assessed new-2",
    ],
  ],
  [
    "jobs that fall silent do not make a host fail",
    scope([down("a", { probe: "heartbeat" }), down("b", { probe: "heartbeat" }), up("c")]),
    [
      "opened new-1",
      "evidence-added new-1",
      "opened new-2",
      "evidence-added new-2",
      "assessed new-1",
      "assessed new-2",
    ],
  ],
  [
    "jobs that were heard of lately do not keep a host from failing",
    scope([
      down("a"),
      down("b"),
      ...["c", "d", "e"].map((id) => monitor(id, "up", { probe: "heartbeat" })),
    ]),
    ["opened new-1", "evidence-added new-1", "evidence-added new-1", "assessed new-1"],
  ],
  [
    "a second failure widens the open incident, which keeps its id",
    scope([down("a"), down("b"), up("c")], { open: [incident("old", "a", [evidence("a")])] }),
    ["widened old", "evidence-added old", "assessed old"],
  ],
  [
    "two open ones on a host that is down: the oldest survives",
    scope([down("a"), down("b"), down("c")], {
      open: [
        incident("younger", "b", [evidence("b")], { openedAt: NOW - 10_000 }),
        incident("older", "a", [evidence("a")]),
      ],
    }),
    ["merged younger", "widened older", "evidence-added older", "assessed older"],
  ],
  [
    "more failures of the same host are more evidence and no more incidents",
    scope([down("a"), down("b"), down("c")], {
      open: [incident("host", "web3", [evidence("a"), evidence("b")])],
    }),
    ["evidence-added host", "assessed host"],
  ],
  [
    "a monitor recovers, another still fails on the same incident",
    scope([down("a"), down("b"), up("c")], {
      open: [incident("host", "web3", [evidence("a"), evidence("b"), evidence("c")])],
    }),
    ["evidence-ended host", "assessed host"],
  ],
  [
    "the last failing monitor recovers: resolved",
    scope([up("a"), up("b"), up("c")], { open: [incident("one", "a", [evidence("a")])] }),
    ["evidence-ended one", "resolved one"],
  ],
  [
    "a monitor that is no longer watched ends its evidence",
    scope([up("b")], { open: [incident("one", "a", [evidence("a")])] }),
    ["evidence-ended one", "resolved one"],
  ],
  [
    "a cause that fails again soon reopens its incident",
    scope([down("a"), up("b"), up("c")], {
      recent: [incident("one", "a", [evidence("a", { until: NOW - 30_000 })])],
    }),
    ["reopened one", "evidence-added one", "assessed one"],
  ],
  [
    "a host that fails again soon takes the newcomer into its reopened incident",
    scope([down("a"), down("b"), up("c")], {
      open: [incident("newcomer", "a", [evidence("a")])],
      recent: [
        incident("host", "web3", [evidence("a", { until: NOW - 30_000 })], {
          openedAt: NOW - 900_000,
        }),
      ],
    }),
    ["reopened host", "merged newcomer", "evidence-added host", "assessed host"],
  ],
  [
    "two of five fail and two were not looked at yet: that is not more than half",
    scope([down("a"), up("c"), monitor("d", "pending"), monitor("e", "pending"), down("b")]),
    [
      "opened new-1",
      "evidence-added new-1",
      "opened new-2",
      "evidence-added new-2",
      "assessed new-1",
      "assessed new-2",
    ],
  ],
  [
    "two certificates expire soon: that says nothing of their host",
    scope([
      monitor("a", "degraded", { reason: "certificate-expires-soon" }),
      monitor("b", "degraded", { reason: "certificate-expires-soon" }),
    ]),
    [
      "opened new-1",
      "evidence-added new-1",
      "opened new-2",
      "evidence-added new-2",
      "assessed new-1",
      "assessed new-2",
    ],
  ],
  [
    "its component changed while it failed: the incident follows",
    scope([down("a", { component: "mail" }), up("b"), up("c")], {
      open: [incident("one", "a", [evidence("a")])],
    }),
    ["assessed one"],
  ],
])("an incident, when %s", (_name, given, then) => {
  expect(told(decideAt(NOW, given))).toEqual(then);
});

test("an incident opens when its first failure began, named after its cause", () => {
  const [opened] = decideAt(
    NOW,
    scope([down("a", { since: 500 }), down("b", { since: 400 }), up("c")]),
  );
  expect(opened).toMatchObject({
    cause: { kind: "host", id: "web3" },
    openedAt: 400,
    splitFrom: null,
  });
});

test("a host that is back lets go of what still fails, with its real start, and resolves", () => {
  const recovered = evidence("b", { until: NOW - SETTLE_MS });
  const open = [
    incident(
      "host",
      "web3",
      [evidence("a", { since: 300 }), recovered, { ...recovered, monitor: "c" }],
      { openedAt: 300 },
    ),
  ];
  const given = scope([down("a", { since: 300 }), up("b"), up("c")], { open });
  expect(told(decideAt(NOW - 1, given))).toEqual([]);
  const changes = decideAt(NOW, given);
  expect(told(changes)).toEqual([
    "evidence-ended host",
    "opened new-1",
    "evidence-added new-1",
    "resolved host",
    "assessed new-1",
  ]);
  expect(changes[1]).toMatchObject({
    cause: { kind: "monitor", id: "a" },
    openedAt: 300,
    splitFrom: "host",
  });
});

test.each<[name: string, monitors: WatchedMonitor[], expected: object]>([
  [
    "a degraded monitor degrades its component, whatever its impact",
    [monitor("a", "degraded", { reason: "slow" })],
    {
      severity: "minor",
      components: [{ id: "web", status: "degraded_performance" }],
      public: true,
    },
  ],
  [
    "the worst impact of a component's monitors counts",
    [down("a", { impact: "degraded_performance" }), down("b", { impact: "partial_outage" })],
    { severity: "major", components: [{ id: "web", status: "partial_outage" }], public: true },
  ],
  [
    "what customers cannot notice stays internal",
    [monitor("a", "degraded", { reason: "certificate-expires-soon" })],
    { severity: "minor", components: [], public: false },
  ],
  [
    "a monitor without a component is for the sysadmins alone",
    [down("a", { component: null })],
    { severity: "major", components: [], public: false },
  ],
])("severity: %s", (_name, monitors, expected) => {
  const assessed = decideAt(NOW, scope(monitors)).find(({ kind }) => kind === "assessed");
  expect(assessed).toMatchObject({ assessment: expected });
});

test("where publishing is manual nothing goes public by itself", () => {
  const assessed = decideAt(NOW, scope([down("a")]), "manual").find(
    ({ kind }) => kind === "assessed",
  );
  expect(assessed).toMatchObject({ assessment: { public: false }, published: null });
});

test("an incident that gets worse says so once, and never gets milder while it lasts", () => {
  const minor = incident("one", "a", [evidence("a", { outcome: "degraded", reason: "slow" })], {
    severity: "minor",
  });
  const worse = decideAt(NOW, scope([down("a")], { open: [minor] }));
  expect(worse.at(-1)).toMatchObject({ assessment: { severity: "critical" }, worsened: true });
  const milder = decideAt(
    NOW,
    scope([monitor("a", "degraded", { reason: "slow" })], {
      open: [incident("one", "a", [evidence("a")])],
    }),
  );
  expect(milder.at(-1)).toMatchObject({
    assessment: { severity: "critical", components: [{ status: "degraded_performance" }] },
    worsened: false,
  });
});

test("deciding again without news decides nothing", () => {
  const open = [incident("host", "web3", [evidence("a"), evidence("b")])];
  expect(decideAt(NOW, scope([down("a"), down("b"), up("c")], { open }))).toEqual([]);
});

test("while a host's other monitors are being looked at, one incident stands for what fails there", () => {
  const awaited = (given: Scope): string[] =>
    told(decideAt(NOW, given, "confirmed", given.open.length === 0 ? 1 : 0));
  const opened = ["opened new-1", "evidence-added new-1", "assessed new-1"];
  expect(awaited(scope([down("a"), up("b"), up("c"), up("d")]))).toEqual(opened);
  expect(awaited(scope([down("a"), down("b"), up("c"), up("d")]))).toEqual(opened);
  const open = [incident("old", "a", [evidence("a")])];
  expect(awaited(scope([down("a"), down("b"), up("c"), up("d")], { open }))).toEqual([]);
  expect(awaited(scope([down("a"), down("b"), down("c"), up("d")], { open }))).toEqual([
    "widened old",
    "evidence-added old",
    "evidence-added old",
    "assessed old",
  ]);
});

test("what customers say goes on is not over because probes see nothing", () => {
  const doubted = incident("inc", "web3", [evidence("a", { until: NOW - 1_000 })], {
    doubted: true,
  });
  const world = scope([monitor("a", "up")], { open: [doubted] });
  expect(decide(world, NOW, { publish: "confirmed", newId: () => "new", room: () => 9 })).toEqual(
    [],
  );
});
