import { expect, test } from "vitest";
import type { Config, Monitor } from "../../src/config/config.js";
import { difference } from "../../src/config/difference.js";

const monitor = (id: string, more: Partial<Monitor> = {}): Monitor => ({
  id,
  probe: "http",
  target: `http://${id}.example/`,
  everyMs: 60_000,
  timeoutMs: 10_000,
  host: null,
  component: null,
  impact: "major_outage",
  confirm: { failures: 2, recheckMs: 5_000, recoveries: 2 },
  labels: { team: "web", tier: "1" },
  paused: false,
  options: { expect: { status: [200, 204] } },
  ...more,
});

const config = (more: Partial<Config> = {}): Config => ({
  site: {
    name: "A",
    url: null,
    timezone: "UTC",
    languages: ["en"],
    support: { email: null, phone: null },
    accent: null,
  },
  mail: null,
  references: [],
  resolvers: [],
  egress: { allow: [] },
  retention: { resultsMs: 1, hoursMs: 2, daysMs: 3, reportsMs: 4, screenshotsMs: 5 },
  hosts: [{ id: "h", kind: "server", name: "h", addresses: [], parents: [], dependsOn: [] }],
  components: [
    { id: "c", group: null, isGroup: false, name: { en: "C", hu: "C" }, description: null },
    { id: "d", group: null, isGroup: false, name: { en: "D" }, description: null },
  ],
  monitors: [monitor("a"), monitor("b")],
  rules: [],
  maintenances: [],
  channels: [{ id: "ops", kind: "email", settings: { to: ["a@example.org"] } }],
  policy: { publish: "confirmed", nextUpdateMs: 1, reopenMs: 1, creep: "quiet" },
  texts: {},
  help: {},
  ...more,
});

test("a first configuration is all new", () => {
  const first = difference(null, config());
  expect(first.monitors.added.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(first.hosts.added).toHaveLength(1);
  expect(first).toMatchObject({ site: true, policy: true, order: true, none: false });
});

test("the same configuration differs in nothing, whatever the order of its keys and monitors", () => {
  const turned = Object.fromEntries(
    Object.entries(monitor("a")).toReversed(),
  ) as unknown as Monitor;
  const after = config({
    monitors: [monitor("b"), { ...turned, labels: { tier: "1", team: "web" } }],
  });
  expect(difference(config(), after)).toMatchObject({
    none: true,
    order: false,
    site: false,
    monitors: { added: [], changed: [], removed: [] },
  });
});

test("what was added, changed and removed is told apart by id", () => {
  const after = config({
    monitors: [monitor("a", { options: { expect: { status: [200] } } }), monitor("c")],
    hosts: [],
    channels: [{ id: "ops", kind: "email", settings: { to: ["b@example.org"] } }],
  });
  const { monitors, hosts, channels, components, none } = difference(config(), after);
  expect(monitors.added.map(({ id }) => id)).toEqual(["c"]);
  expect(monitors.changed.map(({ after: { id } }) => id)).toEqual(["a"]);
  expect(monitors.removed.map(({ id }) => id)).toEqual(["b"]);
  expect(hosts.removed).toHaveLength(1);
  expect(channels.changed).toHaveLength(1);
  expect(components.changed).toEqual([]);
  expect(none).toBe(false);
});

test("a section that changed is named, and so is another order of components", () => {
  const before = config();
  const after = config({
    policy: { publish: "manual", nextUpdateMs: 1, reopenMs: 1, creep: "quiet" },
    components: before.components.toReversed(),
  });
  expect(difference(before, after)).toMatchObject({
    policy: true,
    order: true,
    site: false,
    mail: false,
    components: { added: [], changed: [], removed: [] },
    none: false,
  });
});
