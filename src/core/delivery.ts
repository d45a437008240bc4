import type { IncidentView, Localized } from "./incident-view.js";

export type EventName = "incident.opened" | "incident.updated" | "incident.resolved";

/** What an outbox row says: the incident as it was then, and the words of the change. */
export interface DeliveryBody {
  readonly headline: Localized;
  readonly text: Localized;
  readonly incident: IncidentView;
  /** Monitor → what it looks at and what it saw last, for staff: `https://web3/ (status 500)`. */
  readonly details?: Readonly<Record<string, string>>;
  /** Affected component → its name. */
  readonly names?: Readonly<Record<string, Localized>>;
}

/** The voice of the outbox that speaks to customers; no channel of the configuration is called so. */
export const CUSTOMERS = "customers:";
