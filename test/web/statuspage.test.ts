import { expect, test } from "vitest";
import type { PageModel } from "../../src/core/page.js";
import { statusJson, summaryJson } from "../../src/web/statuspage.js";
import {
  aComponent,
  aModel,
  anIncident,
  idOf,
  minutesAgo,
  NOW,
  SITE,
} from "../support/page-model.js";

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+01:00$/;

const trouble = aModel({
  components: [
    aComponent("mail", { isGroup: true, watched: false, name: { en: "E-mail", hu: "Levelezés" } }),
    aComponent("mail1", { group: "mail" }),
    aComponent("mail2", { group: "mail", status: "major_outage" }),
    aComponent("dns"),
  ],
  incidents: [
    anIncident("open"),
    anIncident("gone", { state: "resolved", resolvedAt: minutesAgo(5), components: [] }),
  ],
});

test("v2: a summary has these keys and no others, at every level", () => {
  const body = summaryJson(trouble, NOW);
  const keys = (value: object | undefined) => Object.keys(value ?? {}).toSorted();
  expect(keys(body)).toEqual([
    "components",
    "incidents",
    "page",
    "scheduled_maintenances",
    "status",
  ]);
  expect(keys(body.page)).toEqual(["id", "name", "time_zone", "updated_at", "url"]);
  expect(keys(body.status)).toEqual(["description", "indicator"]);
  const component = [
    ..."created_at description group group_id id name only_show_if_degraded page_id position".split(
      " ",
    ),
    ..."showcase start_date status updated_at".split(" "),
  ];
  expect(keys(body.components[1])).toEqual(component);
  expect(keys(body.components[0])).toEqual([...component, "components"].toSorted());
  const incident = body.incidents[0];
  expect(keys(incident)).toEqual(
    "components created_at id impact incident_updates monitoring_at name page_id resolved_at shortlink started_at status updated_at".split(
      " ",
    ),
  );
  expect(keys(incident?.incident_updates[0])).toEqual(
    "affected_components body created_at custom_tweet deliver_notifications display_at id incident_id status tweet_id updated_at".split(
      " ",
    ),
  );
});

test("v2: groups point down, members point up, and positions begin anew in each group", () => {
  const { components } = summaryJson(trouble, NOW);
  expect(
    components.map(({ name, group_id, position, status }) => [name, group_id, position, status]),
  ).toEqual([
    ["Levelezés", null, 1, "major_outage"],
    ["mail1", idOf("mail"), 1, "operational"],
    ["mail2", idOf("mail"), 2, "major_outage"],
    ["dns", null, 2, "operational"],
  ]);
  expect(components[0]).toMatchObject({ group: true, components: [idOf("mail1"), idOf("mail2")] });
  expect(components[3]).toMatchObject({ group: false, start_date: "2026-01-05" });
});

test("v2: an unresolved incident tells its story newest first, in the page's zone", () => {
  const { incidents, page } = summaryJson(trouble, NOW);
  expect(incidents).toHaveLength(1);
  expect(incidents[0]).toMatchObject({
    id: idOf("open"),
    status: "identified",
    impact: "critical",
    monitoring_at: null,
    resolved_at: null,
    shortlink: `https://status.example.hu/incidents/${idOf("open")}`,
    started_at: "2026-11-21T10:58:00.000+01:00",
    page_id: "pg0123456789",
  });
  expect(incidents[0]?.components.map(({ name }) => name)).toEqual(["mail2"]);
  expect(incidents[0]?.incident_updates.map(({ status }) => status)).toEqual([
    "identified",
    "investigating",
  ]);
  expect(incidents[0]?.incident_updates[1]?.affected_components).toEqual([
    {
      code: idOf("mail2"),
      name: "Levelezés - mail2",
      old_status: "operational",
      new_status: "major_outage",
    },
  ]);
  expect(incidents[0]?.incident_updates[0]?.body).toContain("lemeze megtelt");
  expect(page.updated_at).toMatch(STAMP);
});

test("v2: the zone UTC is written as Z", () => {
  const utc = aModel({ site: { ...SITE, timezone: "Etc/UTC" } });
  expect(summaryJson(utc, NOW).page.updated_at).toBe("2026-01-05T08:00:00.000Z");
  const london = aModel({ site: { ...SITE, timezone: "Europe/London" } });
  expect(summaryJson(london, NOW).page.updated_at).toBe("2026-01-05T08:00:00.000+00:00");
});

const alone = (options: Parameters<typeof aComponent>[1], model: Partial<PageModel> = {}) =>
  aModel({ components: [aComponent("web3", options)], ...model });

test.each<[name: string, model: PageModel, indicator: string, description: string]>([
  ["nothing is wrong", alone({}), "none", "All Systems Operational"],
  [
    "service is degraded",
    alone({ status: "degraded_performance" }),
    "minor",
    "Partially Degraded Service",
  ],
  ["part is out", alone({ status: "partial_outage" }), "major", "Partial System Outage"],
  ["all is out", alone({ status: "major_outage" }), "critical", "Major Service Outage"],
  [
    "work is planned",
    alone({ status: "under_maintenance" }),
    "maintenance",
    "Service Under Maintenance",
  ],
  [
    "we cannot see",
    alone({}, { workerWordAt: minutesAgo(20) }),
    "minor",
    "Monitoring interrupted since 2026-11-21T10:58:00.000+01:00",
  ],
  [
    "we cannot see a fault any more",
    alone({ status: "partial_outage", unknownSince: minutesAgo(20) }),
    "major",
    "Partial System Outage; monitoring interrupted since 2026-11-21T10:58:00.000+01:00",
  ],
])("v2: the status when %s", (_name, model, indicator, description) => {
  expect(statusJson(model, NOW).status).toEqual({ indicator, description });
});

test("v2: a component that we cannot see keeps its last confirmed status", () => {
  const blind = alone({}, { workerWordAt: minutesAgo(20) });
  expect(summaryJson(blind, NOW).components[0]?.status).toBe("operational");
});
