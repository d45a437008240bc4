import { DateTime } from "luxon";
import {
  isOpen,
  judge,
  type Judgement,
  type PageComponent,
  type PageIncident,
  type PageMaintenance,
  type PageModel,
} from "../core/page.js";
import { stateAt } from "../core/maintenance.js";
import { COMPONENT_STATUSES, worst, type ComponentStatus } from "../core/status.js";
import { nameIn } from "./page/view.js";

/**
 * The body of `/api/v2/summary.json` (Statuspage v2). While we cannot see a component it keeps its
 * last confirmed status there: that API has no word for unknown, so `status` says it.
 */
export function summaryJson(model: PageModel, at: Date) {
  const judgement = judge(model, at);
  const components = componentsOf(model);
  return {
    page: pageOf(model),
    components: [...components.values()],
    incidents: judgement.open.map((incident) => incidentOf(incident, model, components)),
    scheduled_maintenances: [...judgement.underWay, ...judgement.announced].map((work) =>
      maintenanceOf(work, model, { at, components }),
    ),
    status: statusOf(model, judgement),
  };
}

/** The body of `/api/v2/status.json`. */
export const statusJson = (model: PageModel, at: Date) => ({
  page: pageOf(model),
  status: statusOf(model, judge(model, at)),
});

const INDICATORS: Readonly<Record<ComponentStatus, readonly [string, string]>> = {
  operational: ["none", "All Systems Operational"],
  under_maintenance: ["maintenance", "Service Under Maintenance"],
  degraded_performance: ["minor", "Partially Degraded Service"],
  partial_outage: ["major", "Partial System Outage"],
  major_outage: ["critical", "Major Service Outage"],
};

function statusOf(model: PageModel, { overall, blind }: Judgement) {
  const known = COMPONENT_STATUSES.find((status) => status === overall);
  const [indicator, description] = INDICATORS[known ?? "operational"];
  if (!blind) return { indicator, description };
  const interrupted = `since ${stamp(model, blind.since)}`;
  return known === undefined || known === "operational"
    ? { indicator: "minor", description: `Monitoring interrupted ${interrupted}` }
    : {
        // Planned work alone would hide that something is not seen.
        indicator: indicator === "maintenance" ? "minor" : indicator,
        description: `${description}; monitoring interrupted ${interrupted}`,
      };
}

function pageOf(model: PageModel) {
  const changes = [
    model.createdAt,
    ...model.components.map(({ updatedAt }) => updatedAt),
    ...model.incidents.map(({ updatedAt }) => updatedAt),
    ...model.maintenances.map(({ updatedAt }) => updatedAt),
  ];
  return {
    id: model.pageId,
    name: model.site.name,
    url: model.site.url.replace(/\/+$/, ""),
    time_zone: model.site.timezone,
    updated_at: stamp(
      model,
      changes.reduce((a, b) => (b > a ? b : a)),
    ),
  };
}

function componentsOf(model: PageModel): ReadonlyMap<string, ReturnType<typeof componentOf>> {
  const present = new Set(model.components.map(({ id }) => id));
  const positions = new Map<string | null, number>();
  return new Map(
    model.components.map((component) => {
      const group =
        component.group !== null && present.has(component.group) ? component.group : null;
      const position = (positions.get(group) ?? 0) + 1;
      positions.set(group, position);
      return [component.id, componentOf(component, model, { group, position })];
    }),
  );
}

function componentOf(
  component: PageComponent,
  model: PageModel,
  { group, position }: { readonly group: string | null; readonly position: number },
) {
  const members = model.components.filter((other) => other.group === component.id);
  return {
    id: component.publicId,
    name: named(component.name, model),
    status: component.isGroup ? worst(members.map(({ status }) => status)) : component.status,
    created_at: stamp(model, component.createdAt),
    updated_at: stamp(model, component.updatedAt),
    position,
    description: component.description && named(component.description, model),
    showcase: true,
    start_date: stamp(model, component.createdAt).slice(0, 10),
    group_id: model.components.find(({ id }) => id === group)?.publicId ?? null,
    page_id: model.pageId,
    group: component.isGroup,
    only_show_if_degraded: false,
    ...(component.isGroup ? { components: members.map(({ publicId }) => publicId) } : {}),
  };
}

function incidentOf(
  incident: PageIncident,
  model: PageModel,
  components: ReturnType<typeof componentsOf>,
) {
  return {
    id: incident.id,
    name: named(incident.title, model),
    status: incident.state,
    created_at: stamp(model, incident.createdAt),
    updated_at: stamp(model, incident.updatedAt),
    monitoring_at: incident.monitoringAt && stamp(model, incident.monitoringAt),
    resolved_at:
      isOpen(incident) || !incident.resolvedAt ? null : stamp(model, incident.resolvedAt),
    impact: incident.severity,
    shortlink: `${model.site.url.replace(/\/+$/, "")}/incidents/${incident.id}`,
    started_at: stamp(model, incident.openedAt),
    page_id: model.pageId,
    incident_updates: incident.updates.map((update) => ({
      id: update.id,
      status: update.state,
      body: named(update.text, model),
      incident_id: incident.id,
      created_at: stamp(model, update.at),
      updated_at: stamp(model, update.at),
      display_at: stamp(model, update.at),
      affected_components: update.affected.flatMap(({ id, from, to }) => {
        const component = components.get(id);
        if (!component) return [];
        const group = [...components.values()].find((other) => other.id === component.group_id);
        const name = group ? `${group.name} - ${component.name}` : component.name;
        return { code: component.id, name, old_status: from, new_status: to };
      }),
      deliver_notifications: true,
      custom_tweet: null,
      tweet_id: null,
    })),
    components: incident.components.flatMap(({ id }) => components.get(id) ?? []),
  };
}

/** An incident with a window; nobody scales how bad planned work is. */
function maintenanceOf(
  work: PageMaintenance,
  model: PageModel,
  { at, components }: { readonly at: Date; readonly components: ReturnType<typeof componentsOf> },
) {
  return {
    id: work.id,
    name: named(work.title, model),
    status: stateAt(work, at),
    created_at: stamp(model, work.createdAt),
    updated_at: stamp(model, work.updatedAt),
    monitoring_at: null,
    resolved_at: work.endedAt && stamp(model, work.endedAt),
    impact: "maintenance",
    shortlink: `${model.site.url.replace(/\/+$/, "")}/maintenance/${work.id}`,
    started_at: stamp(model, work.startedAt ?? work.startsAt),
    page_id: model.pageId,
    incident_updates: work.updates.map((update) => ({
      id: update.id,
      status: update.state,
      body: named(update.text, model),
      incident_id: work.id,
      created_at: stamp(model, update.at),
      updated_at: stamp(model, update.at),
      display_at: stamp(model, update.at),
      affected_components: [],
      deliver_notifications: true,
      custom_tweet: null,
      tweet_id: null,
    })),
    components: work.components.flatMap((id) => components.get(id) ?? []),
    scheduled_for: stamp(model, work.startsAt),
    scheduled_until: stamp(model, work.endsAt),
  };
}

const named = (name: Readonly<Record<string, string>>, { site }: PageModel): string =>
  nameIn(name, site.languages[0] ?? "en", site.languages);

const UTC = /^(Etc\/)?(UTC|UCT|Zulu|Universal|GMT)$/;

/** `2021-12-07T11:07:15.773-07:00` in the page's zone, `…Z` where that is UTC. */
function stamp({ site }: PageModel, at: Date): string {
  if (UTC.test(site.timezone)) return at.toISOString();
  return DateTime.fromJSDate(at, { zone: site.timezone }).toISO() ?? at.toISOString();
}
