import type { IncidentView, Localized } from "./incident-view.js";

export type EventName = "incident.opened" | "incident.updated" | "incident.resolved";

/** What an outbox row says: the incident as it was then, and the words of the change. */
export interface DeliveryBody {
  readonly headline: Localized;
  readonly text: Localized;
  readonly incident: IncidentView;
}
