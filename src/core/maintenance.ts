import type { Localized } from "./incident-view.js";

/** Planned work goes this way, and is called off at most before its end. */
export const MAINTENANCE_STATES = [
  "scheduled",
  "in_progress",
  "verifying",
  "completed",
  "cancelled",
] as const;
export type MaintenanceState = (typeof MAINTENANCE_STATES)[number];

/** A maintenance as the API shows it. Instants are ISO 8601. */
export interface MaintenanceView {
  readonly id: string;
  readonly state: MaintenanceState;
  readonly title: Localized;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly hosts: readonly string[];
  readonly components: readonly string[];
  /** Its id in the configuration; `null` where it was made by hand. */
  readonly declared: string | null;
  readonly updates: readonly {
    readonly id: string;
    readonly at: string;
    readonly state: MaintenanceState;
    readonly by: string;
    readonly text: Localized;
  }[];
}

interface Planned {
  readonly state: MaintenanceState;
  readonly startsAt: Date;
  readonly endsAt: Date;
}

/** The states that the plan alone brings by `now`, in order: work begins and ends as announced, unless people say otherwise. */
export function stepsDue(
  { state, startsAt, endsAt }: Planned,
  now: Date,
): readonly ("in_progress" | "completed")[] {
  if (isOver(state)) return [];
  const begins = state === "scheduled" && now >= startsAt ? (["in_progress"] as const) : [];
  const goesOn = state !== "scheduled" || begins.length > 0;
  return goesOn && now >= endsAt ? [...begins, "completed"] : begins;
}

/** How it stands at `now`, also where nobody could store yet that it moved on. */
export const stateAt = (planned: Planned, now: Date): MaintenanceState =>
  stepsDue(planned, now).at(-1) ?? planned.state;

/** Whether nothing more comes of it. */
export const isOver = (state: MaintenanceState): boolean =>
  state === "completed" || state === "cancelled";

/** Whether somebody works on it, so that what fails there is expected. */
export const isUnderWay = (state: MaintenanceState): boolean =>
  state === "in_progress" || state === "verifying";

/** Whether people may say that it now is `to`: it never goes back, and `verifying` is of work that was begun. */
export function mayBecome(from: MaintenanceState, to: MaintenanceState): boolean {
  if (isOver(from)) return false;
  if (to === "cancelled") return from === "scheduled";
  if (to === "verifying" || to === "completed") return isUnderWay(from);
  return from === to || to === "in_progress";
}
