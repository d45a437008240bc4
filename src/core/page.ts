import type { IncidentState, Localized, Severity } from "./incident-view.js";
import type { ComponentStatus } from "./status.js";

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

/** One local day of one component: seconds in each state; `noData` is time before it was watched. */
export interface Day {
  readonly date: string;
  readonly seconds: {
    readonly operational: number;
    readonly degraded_performance: number;
    readonly partial_outage: number;
    readonly major_outage: number;
    readonly under_maintenance: number;
    readonly unknown: number;
    readonly noData: number;
  };
}

export interface PageIncident {
  readonly id: string;
  readonly title: Localized;
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
