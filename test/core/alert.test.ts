import fc from "fast-check";
import { expect, test } from "vitest";
import {
  hearAlert,
  judgeAlerts,
  SILENT_MS,
  stateOfAlert,
  type Alert,
  type AlertState,
  type Told,
} from "../../src/core/alert.js";
import { hostFinder, placeAlert, type AlertRule, type Atlas } from "../../src/core/alert-rule.js";

const MINUTE = 60_000;

const word = (more: Partial<Told> = {}): Told => ({
  source: "prometheus",
  fingerprint: "f",
  labels: { alertname: "Disk" },
  annotations: {},
  url: null,
  startsAt: 10 * MINUTE,
  endsAt: null,
  resolved: false,
  believedMs: null,
  ...more,
});
const over = (endsAt: number, more: Partial<Told> = {}): Told =>
  word({ resolved: true, endsAt: endsAt * MINUTE, ...more });
/** What is known after these words, each heard at its minute. */
const after = (...words: readonly (readonly [minute: number, told: Told])[]): Alert | null =>
  words.reduce<Alert | null>(
    (known, [minute, told]) => hearAlert(known, told, minute * MINUTE) ?? known,
    null,
  );

test.each<[name: string, known: Alert | null, expected: Partial<Alert>]>([
  ["fires since it says", after([12, word()]), { startsAt: 10 * MINUTE, endsAt: null }],
  ["is over when it says", after([12, word()], [20, over(19)]), { endsAt: 19 * MINUTE }],
  [
    "is over by an end that lies behind",
    after([12, word()], [20, word({ endsAt: 19 * MINUTE })]),
    { endsAt: 19 * MINUTE },
  ],
  [
    "is over now where it does not say when",
    after([12, word()], [20, word({ resolved: true })]),
    { endsAt: 20 * MINUTE },
  ],
  [
    "does not begin again by a late word",
    after([12, word()], [20, over(19)], [20.5, word()]),
    { endsAt: 19 * MINUTE },
  ],
  [
    "nor by one that overtook its end",
    after([20, over(19)], [20.5, word()]),
    { endsAt: 19 * MINUTE },
  ],
  [
    "begins again by a new one",
    after([12, word()], [20, over(19)], [22, word({ startsAt: 21 * MINUTE })]),
    { startsAt: 21 * MINUTE, endsAt: null },
  ],
  [
    "begins again where it is insisted on",
    after([12, word()], [20, over(19)], [25, word()]),
    { endsAt: null },
  ],
  [
    "is not ended by the end of an earlier spell",
    after([22, word({ startsAt: 21 * MINUTE })], [23, over(19)]),
    { endsAt: null },
  ],
  [
    "keeps its first beginning",
    after([12, word()], [13, word({ startsAt: 11 * MINUTE })]),
    { startsAt: 10 * MINUTE },
  ],
  [
    "never begins in the future",
    after([12, word({ startsAt: 99 * MINUTE })]),
    { startsAt: 12 * MINUTE },
  ],
  [
    "is believed as long as it says",
    after([12, word({ endsAt: 16 * MINUTE })]),
    { until: 16 * MINUTE, endsAt: null },
  ],
  [
    "is believed for a week at most",
    after([12, word({ endsAt: 1e12 })]),
    { until: 12 * MINUTE + 7 * 86_400_000 },
  ],
  [
    "is believed as its way of telling has it",
    after([12, word({ believedMs: 5 * MINUTE })]),
    { until: 17 * MINUTE },
  ],
])("an alert %s", (_name, known, expected) => {
  expect(known).toMatchObject(expected);
});

test("whatever is told twice is told once", () => {
  const words = fc.array(
    fc.record({
      at: fc.integer({ min: 1, max: 60 }),
      over: fc.boolean(),
      began: fc.integer({ min: 0, max: 60 }),
    }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(words, (given) => {
      const told = given
        .toSorted((a, b) => a.at - b.at)
        .map(({ at, over: ends, began }) => {
          const startsAt = Math.min(began, at) * MINUTE;
          return [at, ends ? over(at, { startsAt }) : word({ startsAt })] as const;
        });
      const once = after(...told);
      const twice = after(...told.flatMap((one) => [one, one]));
      expect(twice).toEqual(once);
    }),
  );
});

const stands = (
  alert: Alert | null,
  minute: number,
  more: { listeningSince?: number; sourceHeardAt?: number } = {},
): AlertState | null =>
  alert &&
  stateOfAlert(alert, {
    now: minute * MINUTE,
    listeningSince: -1e9,
    sourceHeardAt: alert.heardAt,
    expiresMs: 300 * MINUTE,
    ...more,
  });

test("a lost end leaves nothing open: who goes on talking would have told again", () => {
  const alert = after([12, word({ endsAt: 16 * MINUTE })]);
  expect(stands(alert, 15.9)).toBe("firing");
  expect(stands(alert, 16, { sourceHeardAt: 15 * MINUTE })).toBe("expired");
  // One minute after the word of this alert says nothing yet.
  expect(stands(alert, 16, { sourceHeardAt: 13 * MINUTE })).toBe("silent");
  expect(stands(alert, 16)).toBe("silent");
  expect(stands(alert, 16 + SILENT_MS / MINUTE - 0.1)).toBe("silent");
  expect(stands(alert, 16 + SILENT_MS / MINUTE)).toBe("lost");
  const hooked = after([12, word()]);
  expect(stands(hooked, 311)).toBe("firing");
  expect(stands(hooked, 312, { sourceHeardAt: 100 * MINUTE })).toBe("expired");
});

test("what was not heard while we were away is not over", () => {
  const alert = after([12, word({ endsAt: 16 * MINUTE })]);
  const since = { listeningSince: 100 * MINUTE };
  expect(stands(alert, 101, { ...since, sourceHeardAt: 100.5 * MINUTE })).toBe("silent");
  expect(stands(alert, 105, { ...since, sourceHeardAt: 100.5 * MINUTE })).toBe("expired");
  expect(stands(alert, 105, { ...since, sourceHeardAt: 99 * MINUTE })).toBe("silent");
});

test.each<[states: AlertState[], expected: string]>([
  [[], "up ok"],
  [["over"], "up ok"],
  [["expired", "over"], "up alert-expired"],
  [["silent", "over"], "unknown alert-source-silent"],
  [["silent", "firing", "lost"], "degraded alert-firing"],
  [["lost"], "nobody knows"],
])("alerts that are %j amount to: %s", (states, expected) => {
  const verdict = judgeAlerts(states, "degraded");
  expect(verdict ? `${verdict.outcome} ${verdict.reason}` : "nobody knows").toBe(expected);
});

const rule = (id: string, more: Partial<AlertRule> = {}): AlertRule => ({
  id,
  match: {},
  host: null,
  component: null,
  impact: "major_outage",
  outcome: "down",
  ignore: false,
  expiresMs: 1,
  ...more,
});
const hosts = [
  { id: "web3", name: "web3.example.hu", addresses: ["192.0.2.13", "2001:db8::13"] },
  { id: "mail2", name: "mail2", addresses: [] },
];
const atlas = (...rules: AlertRule[]): Atlas => ({
  rules,
  host: hostFinder(hosts),
  components: new Set(["web"]),
  digest: (text) => `d${text.length}`,
});
const disk = rule("disk", {
  match: { alertname: ["Disk*"], severity: ["critical", "page"] },
  host: "{{ labels.instance }}",
});

test.each<[labels: Record<string, string>, expected: object]>([
  [
    { alertname: "DiskFull", severity: "critical", instance: "web3.example.hu:9100" },
    { kind: "placed", monitor: "alert-disk--web3", host: "web3", stranger: null },
  ],
  [
    { alertname: "Disk", severity: "page", instance: "192.0.2.13:9100" },
    { monitor: "alert-disk--web3" },
  ],
  [
    { alertname: "Disk", severity: "page", instance: "[2001:db8::13]:9100" },
    { monitor: "alert-disk--web3" },
  ],
  [
    { alertname: "Disk", severity: "page", instance: "https://WEB3.example.hu/health?x=1" },
    { monitor: "alert-disk--web3" },
  ],
  [
    { alertname: "Disk", severity: "page", instance: "mail2.example.hu" },
    { monitor: "alert-disk--mail2" },
  ],
  [
    { alertname: "Disk", severity: "page", instance: "192.0.2.99:9100" },
    { host: null, stranger: "192.0.2.99:9100", monitor: "alert-disk--d26" },
  ],
  [
    { alertname: "Disk", severity: "page" },
    { host: null, stranger: null, monitor: "alert-disk" },
  ],
  [{ alertname: "Disk", severity: "warning" }, { kind: "unmatched" }],
  [{ alertname: "MyDisk", severity: "page" }, { kind: "unmatched" }],
  [{ severity: "page" }, { kind: "unmatched" }],
])("the alert %j is placed %j", (labels, expected) => {
  expect(placeAlert(labels, atlas(disk))).toMatchObject(expected);
});

test("the first rule that fits counts, also where nothing is to follow", () => {
  const rules = [
    rule("quiet", { match: { severity: ["info"] }, ignore: true }),
    rule("mail", { match: { job: ["*smtp*", ""] }, component: "{{labels.component}}" }),
    rule("rest"),
  ];
  expect(placeAlert({ severity: "info" }, atlas(...rules))).toMatchObject({ kind: "ignored" });
  expect(placeAlert({ job: "eu-smtp-in", component: "web" }, atlas(...rules))).toMatchObject({
    monitor: "alert-mail--web",
    component: "web",
  });
  expect(placeAlert({ component: "odd" }, atlas(...rules))).toMatchObject({
    component: null,
    monitor: "alert-mail--odd",
  });
  expect(placeAlert({ job: "http" }, atlas(...rules))).toMatchObject({ monitor: "alert-rest" });
});

test("what is alike only by its dashes does not share a monitor", () => {
  const ids = [
    placeAlert({ instance: "b" }, atlas(rule("a", { host: "{{ labels.instance }}" }))),
    placeAlert({ instance: "a--b" }, atlas(rule("a", { host: "{{ labels.instance }}" }))),
    placeAlert({ instance: "x" }, atlas(rule("a-b", { host: "{{ labels.instance }}" }))),
    placeAlert({ instance: "b-x" }, atlas(rule("a", { host: "{{ labels.instance }}" }))),
  ].map((place) => (place.kind === "placed" ? place.monitor : ""));
  expect(new Set(ids).size).toBe(4);
});
