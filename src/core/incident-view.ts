import type { ComponentStatus } from "./status.js";

/** An incident as the outside sees it: the API's body and what outgoing events carry. */
export interface IncidentView {
  readonly id: string;
  readonly state: IncidentState;
  readonly public: boolean;
  readonly title: Localized;
  readonly cause: { readonly kind: CauseKind; readonly id: string };
  readonly severity: Severity;
  readonly components: readonly { readonly id: string; readonly status: ComponentStatus }[];
  readonly openedAt: string;
  readonly resolvedAt: string | null;
  readonly mergedInto: string | null;
  readonly splitFrom: string | null;
  readonly evidence: readonly {
    readonly monitor: string;
    readonly location: string;
    readonly since: string;
    readonly until: string | null;
    readonly reason: string;
  }[];
  readonly updates: readonly {
    readonly id: string;
    readonly at: string;
    readonly state: IncidentState;
    readonly public: boolean;
    readonly by: string;
    readonly text: Localized;
  }[];
  readonly nextUpdateAt: string | null;
}

/** Language code (`hu`, `en`) → text. */
export type Localized = Readonly<Record<string, string>>;

export type IncidentState =
  "investigating" | "identified" | "monitoring" | "resolved" | "postmortem";

export type CauseKind = "host" | "monitor" | "component" | "reports" | "blindness";

/** From the worst affected component: degraded → minor, partial → major, major outage → critical. */
export type Severity = "none" | "minor" | "major" | "critical";
