/** What speaks for or against a link, each a number that a weight is multiplied with. */
export const FEATURES = [
  /** ln of how well the symptoms fit the fault, over how well just anything does. */
  "symptom",
  /** The account stands on what is hit, and that carries the symptom. */
  "own",
  /** Something all customers share is hit, and that carries the symptom. */
  "shared",
  /** What is hit touches the account only in something else. */
  "beside",
  /** The account is known and stands on nothing that is hit. */
  "elsewhere",
  /** Nobody knows whose report it is. */
  "stranger",
  /** The report names what is hit: server, address. */
  "named",
  /** It names other servers only. */
  "named-other",
  /** It repeats an error code of the incident's statements. */
  "code",
  /** Over for up to three hours. */
  "over-lately",
  /** Over for up to a day. */
  "over-today",
  /** Over for longer. */
  "over-long",
  /** Maintenance that has not begun. */
  "not-begun",
  /** The customer's beginning lies within it, 0–1 by how exactly it is said. */
  "since-within",
  /** The customer's beginning lies before it, 0–1 by how long. */
  "since-before",
  /** The customer's beginning lies after its end, or it still worked well after its begin. */
  "since-after",
  /** It works again, now that the incident is over. */
  "recovered",
  /** It works again, while the incident goes on. */
  "works-now",
  /** Signs of a cause of the customer's own, up to 2. */
  "individual",
  /** Question, request, thanks or bill rather than a fault, up to 2. */
  "no-fault",
  /** Asks about a fault that does not touch them. */
  "asks-about",
  /** ln(1 + reports linked in the last hour) / 2, up to 1. */
  "burst",
  /** The same account has been linked to it before. */
  "again",
] as const;
export type Feature = (typeof FEATURES)[number];

/** What `recalibrate` fits anew; serialisable. */
export interface Weights {
  readonly version: number;
  /** Log odds that a report belongs to something of which nothing else is known. */
  readonly prior: number;
  readonly of: Readonly<Record<Feature, number>>;
  /** Calibrates the sum L: p = 1 / (1 + e^−(slope · L + shift)). */
  readonly sigmoid: { readonly slope: number; readonly shift: number };
  readonly auto: { readonly p: number; readonly margin: number };
  readonly suggest: { readonly p: number; readonly most: number };
}

/** Natural log odds, from evidence over several hosters' reports. */
export const SHIPPED: Weights = {
  version: 1,
  prior: -2.1,
  of: {
    symptom: 1.45,
    own: 1.95,
    shared: 1.65,
    beside: -1.35,
    elsewhere: -4,
    stranger: -0.35,
    named: 1.85,
    "named-other": -1.2,
    code: 0.55,
    "over-lately": -0.9,
    "over-today": -3.3,
    "over-long": -5,
    "not-begun": -4.5,
    "since-within": 1.5,
    "since-before": -2.5,
    "since-after": -2,
    recovered: 2.2,
    "works-now": -0.8,
    individual: -1.85,
    "no-fault": -0.5,
    "asks-about": -1,
    burst: 0.9,
    again: 1.2,
  },
  sigmoid: { slope: 1.1, shift: 0.1 },
  auto: { p: 0.92, margin: 0.15 },
  suggest: { p: 0.15, most: 3 },
};
