import { DateTime } from "luxon";
import type { CauseKind, IncidentState, Localized, Severity } from "./incident-view.js";
import { isUnderWay, stateAt, type MaintenanceState } from "./maintenance.js";
import { worst, type ComponentStatus } from "./status.js";
import type { Day } from "./uptime.js";

/** All that the public page says, read from the database at `asOf`; rendering adds only the clock. */
export interface PageModel {
  readonly site: {
    readonly name: string;
    readonly url: string;
    readonly timezone: string;
    readonly languages: readonly string[];
    readonly support: { readonly email: string | null; readonly phone: string | null };
    readonly accent: string | null;
  };
  readonly pageId: string;
  readonly createdAt: Date;
  readonly asOf: Date;
  /** The newest word of any worker; `null` where none has spoken yet. */
  readonly workerWordAt: Date | null;
  /** In the order of the page; a group stands before its members. */
  readonly components: readonly PageComponent[];
  /** Public ones: every open one and those of the last ninety days, newest first. */
  readonly incidents: readonly PageIncident[];
  /** Planned work: all that is not over, the earliest first, then that of the last ninety days. */
  readonly maintenances: readonly PageMaintenance[];
  /** Public ones opened before this are left to the older pages of the history; `null` for none. */
  readonly olderBefore: Date | null;
}

export interface PageComponent {
  readonly id: string;
  readonly publicId: string;
  readonly group: string | null;
  readonly isGroup: boolean;
  readonly name: Localized;
  readonly description: Localized | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** From open public incidents alone; a group has the worst of its members. */
  readonly status: ComponentStatus;
  /** Since when we cannot see it, by the engine's own watch; `null` while we can. */
  readonly unknownSince: Date | null;
  /** Whether any monitor watches it; one without follows incidents alone. */
  readonly watched: boolean;
  /** The last ninety days in the site's zone, oldest first; today is the last. */
  readonly days: readonly Day[];
  /** Percent over those days, two decimals, cut and never rounded up; `null` where nothing is known. */
  readonly uptime: number | null;
}

export interface PageIncident {
  readonly id: string;
  readonly title: Localized;
  /** Titles of what the engine found are sentences; those of people may be anything. */
  readonly causeKind: CauseKind;
  readonly state: IncidentState;
  readonly severity: Severity;
  readonly openedAt: Date;
  readonly monitoringAt: Date | null;
  readonly resolvedAt: Date | null;
  readonly nextUpdateAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly mergedInto: string | null;
  readonly components: readonly { readonly id: string; readonly status: ComponentStatus }[];
  /** Public ones, newest first; never empty. */
  readonly updates: readonly {
    readonly id: string;
    readonly at: Date;
    readonly state: IncidentState;
    readonly text: Localized;
    readonly affected: readonly {
      readonly id: string;
      readonly from: ComponentStatus;
      readonly to: ComponentStatus;
    }[];
  }[];
}

export interface PageMaintenance {
  readonly id: string;
  readonly title: Localized;
  readonly state: MaintenanceState;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly startedAt: Date | null;
  /** When it was over, or called off. */
  readonly endedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Component ids. */
  readonly components: readonly string[];
  /** Newest first; never empty. */
  readonly updates: readonly {
    readonly id: string;
    readonly at: Date;
    readonly state: MaintenanceState;
    readonly text: Localized;
  }[];
}

/** How long a worker's word keeps a component green, and how old what we read may be. */
const WORD_MS = 180_000;

/** What the page says of one component. `unknown` hides only what was fine; a known fault stays shown. */
export interface Shown {
  readonly status: ComponentStatus | "unknown";
  /** Since when we cannot see it; `null` while we can. */
  readonly unknownSince: Date | null;
}

/** All that the page concludes from a model at one moment. */
export interface Judgement {
  /** By component id, groups included. */
  readonly shown: ReadonlyMap<string, Shown>;
  readonly overall: ComponentStatus | "unknown" | "empty";
  /** Unresolved incidents, newest first. */
  readonly open: readonly PageIncident[];
  /** Planned work that goes on, and what is still to come; each the earliest first. */
  readonly underWay: readonly PageMaintenance[];
  readonly announced: readonly PageMaintenance[];
  /** What we cannot see, groups left out; `null` where we see everything. */
  readonly blind: {
    readonly since: Date;
    readonly components: readonly PageComponent[];
    readonly everything: boolean;
  } | null;
}

/** What a model says at `at`, which may be later than the model was read. */
export function judge(model: PageModel, at: Date): Judgement {
  const shown = new Map<string, Shown>();
  const single = model.components.filter((component) => !component.isGroup);
  for (const component of single) shown.set(component.id, shownStatus(component, model, at));
  for (const group of model.components.filter((component) => component.isGroup)) {
    const members = single.filter((component) => component.group === group.id);
    shown.set(group.id, together(members.flatMap(({ id }) => shown.get(id) ?? [])));
  }
  const all = together(shown.values());
  const unseen = single.filter(({ id }) => shown.get(id)?.unknownSince);
  const open = model.incidents.filter(isOpen);
  return {
    shown,
    overall: single.length === 0 && open.length === 0 ? "empty" : overallOf(all, open),
    open,
    underWay: model.maintenances.filter((one) => isUnderWay(stateAt(one, at))),
    announced: model.maintenances.filter((one) => stateAt(one, at) === "scheduled"),
    blind: all.unknownSince && {
      since: all.unknownSince,
      components: unseen,
      everything: unseen.length === single.length,
    },
  };
}

/** What the page says of one component that is not a group. */
function shownStatus(component: PageComponent, model: PageModel, at: Date): Shown {
  const unknownSince = earliest([component.unknownSince, silentSince(component, model, at)]);
  const fine = component.status === "operational";
  return { status: fine && unknownSince ? "unknown" : component.status, unknownSince };
}

/** Whether an incident is still going on under its own name. */
export const isOpen = (incident: PageIncident): boolean =>
  incident.resolvedAt === null && incident.mergedInto === null;

/** Whether the promised next word is overdue. */
export const isLate = (incident: PageIncident, at: Date): boolean =>
  isOpen(incident) && incident.nextUpdateAt !== null && at >= incident.nextUpdateAt;

/**
 * When the page next says something else by itself: a word or the model grows old, a promise falls
 * due, a day begins – and each new minute, because it tells the time and how long ago things were.
 */
export function nextChangeAt(model: PageModel, at: Date): Date {
  const now = at.getTime();
  const moments = [
    now - (now % 60_000) + 60_000,
    DateTime.fromJSDate(at, { zone: model.site.timezone })
      .startOf("day")
      .plus({ days: 1 })
      .startOf("day")
      .toMillis(),
    model.asOf.getTime() + WORD_MS,
    (model.workerWordAt?.getTime() ?? 0) + WORD_MS,
    ...model.incidents.filter(isOpen).map(({ nextUpdateAt }) => nextUpdateAt?.getTime() ?? 0),
    ...model.maintenances.flatMap(({ startsAt, endsAt }) => [startsAt.getTime(), endsAt.getTime()]),
  ];
  return new Date(Math.min(...moments.filter((moment) => moment > now)));
}

/** Since when nobody speaks for a component: its worker is silent, or our own memory is away. */
function silentSince({ watched, createdAt }: PageComponent, model: PageModel, at: Date) {
  const heard = model.workerWordAt ?? createdAt;
  const worker = watched && at.getTime() >= heard.getTime() + WORD_MS ? heard : null;
  const newborn = watched && model.workerWordAt === null ? createdAt : null;
  const memory = at.getTime() >= model.asOf.getTime() + WORD_MS ? model.asOf : null;
  return earliest([worker, newborn, memory]);
}

function together(parts: Iterable<Shown>): Shown {
  const all = [...parts];
  const unknownSince = earliest(all.map((part) => part.unknownSince));
  const status = worst(
    all.map((part) => (part.status === "unknown" ? "operational" : part.status)),
  );
  return { status: status === "operational" && unknownSince ? "unknown" : status, unknownSince };
}

/** An incident that names no component still keeps the page from saying that everything works. */
function overallOf({ status }: Shown, open: readonly PageIncident[]): Shown["status"] {
  const nameless = open.filter(
    ({ components, state }) => components.length === 0 && state !== "monitoring",
  );
  if (nameless.length === 0) return status;
  return worst([
    ...nameless.map(({ severity }) => AS_STATUS[severity]),
    status === "unknown" ? "operational" : status,
  ]);
}

const AS_STATUS: Readonly<Record<Severity, ComponentStatus>> = {
  none: "degraded_performance",
  minor: "degraded_performance",
  major: "partial_outage",
  critical: "major_outage",
};

function earliest(moments: readonly (Date | null)[]): Date | null {
  const known = moments.filter((moment) => moment !== null);
  return known.length === 0 ? null : known.reduce((a, b) => (b < a ? b : a));
}
