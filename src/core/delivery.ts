import type { IncidentView, Localized } from "./incident-view.js";

export type EventName = "incident.opened" | "incident.updated" | "incident.resolved";

/** Told to staff: reports alone make us suspect something, and a human has to look. */
export const SUSPICION_RAISED = "suspicion.raised";

/** What an outbox row says of a suspicion. */
export interface NoticeBody {
  readonly headline: Localized;
  readonly text: Localized;
  readonly suspicion: SuspicionNotice;
}

export interface SuspicionNotice {
  readonly id: string;
  /** A place of the inventory; `null` where they share only what they say. */
  readonly place: string | null;
  readonly symptom: string;
  readonly reports: readonly string[];
  readonly accounts: number;
  /** Accounts to be expected in the window. */
  readonly expected: number;
  readonly words: readonly string[];
}

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
