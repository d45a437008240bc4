import { expect, test } from "vitest";
import {
  decide,
  type Evidence,
  type Incident,
  type Scope,
  type WatchedMonitor,
} from "../../src/core/incident.js";

const monitor = (id: string, more: Partial<WatchedMonitor> = {}): WatchedMonitor => ({
  id,
  host: "web3",
  probe: "http",
  component: "web",
  impact: "major_outage",
  state: "up",
  since: 0,
  reason: "ok",
  maintained: false,
  failedAt: null,
  ...more,
});
const SLOWER = { state: "degraded", reason: "slower-than-usual" } as const;
const DOWN = { state: "down", reason: "refused" } as const;

const evidence = (id: string, { state, reason }: typeof SLOWER | typeof DOWN): Evidence => ({
  monitor: id,
  outcome: state,
  reason,
  since: 100,
  until: null,
});

const incident = (id: string, more: Partial<Incident>): Incident => ({
  id,
  cause: { kind: "monitor", id: "a" },
  public: false,
  severity: "minor",
  openedAt: 100,
  doubted: false,
  untold: false,
  components: [],
  evidence: [],
  ...more,
});

const scope = (
  monitors: readonly WatchedMonitor[],
  open: readonly Incident[] = [],
  recent: readonly Incident[] = [],
): Scope => ({
  hosts: [{ id: "web3", parents: [], dependsOn: [], watched: 3 }],
  monitors,
  open,
  recent,
});

const rules = { publish: "confirmed", newId: () => "new", room: () => Infinity } as const;
const changesOf = (given: Scope) => decide(given, 1_000, rules);
const kinds = (given: Scope): string[] => changesOf(given).map(({ kind }) => kind);

const others = [monitor("b"), monitor("c")];

test("what creeps stands for itself, whatever else creeps on its host, and never goes public", () => {
  const all = ["a", "b", "c"].map((id) => monitor(id, { ...SLOWER, since: 100 }));
  const changes = changesOf(scope(all));
  expect(changes.flatMap((one) => (one.kind === "opened" ? one.cause : []))).toEqual(
    ["a", "b", "c"].map((id) => ({ kind: "monitor", id })),
  );
  expect(changes.flatMap((one) => (one.kind === "assessed" ? one.assessment.public : []))).toEqual([
    false,
    false,
    false,
  ]);
});

test("an outage of what creeps first ends what was open for that, dated when it failed, and nothing else", () => {
  const quiet = incident("quiet", { evidence: [evidence("a", SLOWER)] });
  const failing = [
    monitor("a", { ...DOWN, since: 900 }),
    monitor("b", { ...DOWN, since: 900 }),
    monitor("c"),
  ];
  expect(changesOf(scope(failing, [quiet]))).toEqual([
    { kind: "evidence-ended", id: "quiet", monitor: "a", until: 900, why: "turned" },
    { kind: "resolved", id: "quiet", why: "turned" },
  ]);
  const after = changesOf(scope(failing, [], [{ ...quiet, evidence: [] }]));
  expect(after).toMatchObject([
    { kind: "opened", cause: { kind: "host", id: "web3" }, openedAt: 900 },
    { kind: "evidence-added" },
    { kind: "evidence-added" },
    { kind: "assessed", assessment: { public: true } },
  ]);
});

test("what creeps on after its outage reopens what was open for that, and not the outage", () => {
  const outage = incident("outage", { public: true, evidence: [evidence("a", DOWN)] });
  const creeping = [monitor("a", { ...SLOWER, since: 900 }), ...others];
  expect(kinds(scope(creeping, [outage]))).toEqual(["evidence-ended", "resolved"]);
  const over = { ...outage, evidence: [{ ...evidence("a", DOWN), until: 900 }] };
  const quiet = incident("quiet", { evidence: [{ ...evidence("a", SLOWER), until: 500 }] });
  expect(changesOf(scope(creeping, [], [over, quiet]))[0]).toEqual({
    kind: "reopened",
    id: "quiet",
    cause: { kind: "monitor", id: "a" },
  });
  expect(changesOf(scope(creeping, [], [over]))[0]).toMatchObject({ kind: "opened" });
});

test("an outage that customers doubt the end of takes no notice of what creeps", () => {
  const doubted = incident("outage", {
    public: true,
    doubted: true,
    evidence: [{ ...evidence("a", DOWN), until: 500 }],
  });
  expect(kinds(scope([monitor("a", { ...SLOWER, since: 500 }), ...others], [doubted]))).toEqual([]);
});
