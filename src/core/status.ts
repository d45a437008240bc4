/** What a component is said to be, mildest first: the order is the ranking. */
export const COMPONENT_STATUSES = [
  "operational",
  "under_maintenance",
  "degraded_performance",
  "partial_outage",
  "major_outage",
] as const;
export type ComponentStatus = (typeof COMPONENT_STATUSES)[number];

/** What a monitor's failure means for its component. */
export const IMPACTS = ["degraded_performance", "partial_outage", "major_outage"] as const;
export type Impact = (typeof IMPACTS)[number];

/** The worse of two statuses. */
export const worse = (a: ComponentStatus, b: ComponentStatus): ComponentStatus =>
  COMPONENT_STATUSES.indexOf(a) >= COMPONENT_STATUSES.indexOf(b) ? a : b;

/** The worst of many; `operational` for none: a group is as bad as its worst component. */
export const worst = (statuses: Iterable<ComponentStatus>): ComponentStatus =>
  [...statuses].reduce(worse, "operational");
