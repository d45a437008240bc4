import { describe, expect, test } from "vitest";
import { judge, nextChangeAt, type PageModel } from "../../src/core/page.js";
import { aComponent, aModel, anIncident, minutesAgo, NOW } from "../support/page-model.js";

const said = (model: PageModel, at = NOW) => {
  const { shown, overall, blind } = judge(model, at);
  return {
    overall,
    shown: [...shown].map(([id, { status }]) => `${id} ${status}`),
    blindSince: blind && blind.since.toISOString().slice(11, 16),
  };
};
const only = (options: Parameters<typeof aComponent>[1]) => [aComponent("web3", options)];

test.each<[name: string, model: Partial<PageModel>, expected: object]>([
  [
    "is green with a worker's word within three minutes",
    { components: only({}), workerWordAt: minutesAgo(2.9) },
    { overall: "operational", shown: ["web3 operational"], blindSince: null },
  ],
  [
    "is not seen once the worker was silent for three minutes",
    { components: only({}), workerWordAt: minutesAgo(3) },
    { overall: "unknown", shown: ["web3 unknown"], blindSince: "10:15" },
  ],
  [
    "is not seen before the first word",
    { components: only({ createdAt: minutesAgo(1) }), workerWordAt: null },
    { overall: "unknown", shown: ["web3 unknown"], blindSince: "10:17" },
  ],
  [
    "is not seen while the engine says so",
    { components: only({ unknownSince: minutesAgo(30) }) },
    { overall: "unknown", shown: ["web3 unknown"], blindSince: "09:48" },
  ],
  [
    "keeps a known fault while it is not seen",
    { components: only({ status: "partial_outage" }), workerWordAt: minutesAgo(9) },
    { overall: "partial_outage", shown: ["web3 partial_outage"], blindSince: "10:09" },
  ],
  [
    "follows incidents alone where nothing watches it",
    { components: only({ watched: false }), workerWordAt: null },
    { overall: "operational", shown: ["web3 operational"], blindSince: null },
  ],
  [
    "is not seen when what we read is three minutes old, watched or not",
    { components: only({ watched: false }), asOf: minutesAgo(3) },
    { overall: "unknown", shown: ["web3 unknown"], blindSince: "10:15" },
  ],
])("a component %s", (_name, model, expected) => {
  expect(said(aModel(model))).toEqual(expected);
});

describe("a group", () => {
  const group = (
    first: Parameters<typeof aComponent>[1],
    second: Parameters<typeof aComponent>[1],
  ) =>
    aModel({
      components: [
        aComponent("mail", { isGroup: true, watched: false }),
        aComponent("mail1", { ...first, group: "mail" }),
        aComponent("mail2", { ...second, group: "mail" }),
      ],
    });

  test("is as bad as its worst member", () => {
    const model = group({ status: "under_maintenance" }, { status: "degraded_performance" });
    expect(said(model).shown).toContain("mail degraded_performance");
  });

  test("with one member that cannot be seen is not called fine", () => {
    expect(said(group({}, { unknownSince: minutesAgo(4) })).shown).toContain("mail unknown");
  });
});

test.each<[name: string, model: Partial<PageModel>, expected: string]>([
  ["is empty where nothing is watched", { components: [] }, "empty"],
  ["is fine where everything works", {}, "operational"],
  [
    "is not fine with an open incident that names no component",
    { incidents: [anIncident("a", { components: [], severity: "major" })] },
    "partial_outage",
  ],
  [
    "forgets a merged incident",
    { incidents: [anIncident("a", { components: [], mergedInto: "b00000000000" })] },
    "operational",
  ],
])("the page as a whole %s", (_name, model, expected) => {
  expect(said(aModel(model)).overall).toBe(expected);
});

test.each<[name: string, model: Partial<PageModel>, at: string, expected: string]>([
  ["with each minute", {}, "2026-11-21T10:18:20.000Z", "2026-11-21T10:19:00.000Z"],
  [
    "when a worker's word grows old",
    { workerWordAt: new Date("2026-11-21T10:15:30.000Z") },
    "2026-11-21T10:18:20.000Z",
    "2026-11-21T10:18:30.000Z",
  ],
  [
    "when what we read grows old",
    { asOf: new Date("2026-11-21T10:15:25.000Z") },
    "2026-11-21T10:18:20.000Z",
    "2026-11-21T10:18:25.000Z",
  ],
  [
    "when a promise falls due",
    { incidents: [anIncident("a", { nextUpdateAt: new Date("2026-11-21T10:18:40.000Z") })] },
    "2026-11-21T10:18:20.000Z",
    "2026-11-21T10:18:40.000Z",
  ],
])("the page changes by itself %s", (_name, model, at, expected) => {
  expect(nextChangeAt(aModel(model), new Date(at)).toISOString()).toBe(expected);
});
