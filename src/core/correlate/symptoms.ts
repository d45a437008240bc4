import type { Extraction, Symptom } from "../extract/extraction.js";

const NO_FAULT: ReadonlySet<Symptom> = new Set(["billing", "howto", "feedback"]);

/** Whether it says that something is wrong. */
export const isFault = (symptom: Symptom): boolean => !NO_FAULT.has(symptom);

/** How much of what is meant is a fault, 0–1. */
export const faultMass = ({ symptoms }: Extraction): number =>
  symptoms.reduce((sum, { symptom, p }) => sum + (isFault(symptom) ? p : 0), 0);

/** Symptoms that one fault shows as, and customers mix up. */
export const FAMILIES = {
  web: ["web.down", "web.slow", "web.error5xx"],
  "web-errors": ["web.error5xx", "web.error4xx", "web.content"],
  data: ["database", "web.error5xx"],
  outgoing: ["mail.send", "mail.bounce_blocklist"],
  delivery: ["mail.send", "mail.receive"],
  incoming: ["mail.receive", "mail.spam"],
  mailbox: ["mail.login", "mail.webmail"],
} as const satisfies Readonly<Record<string, readonly Symptom[]>>;

const ALL: readonly (readonly Symptom[])[] = Object.values(FAMILIES);

/** A symptom and those that it is mixed up with. */
export const kinOf = (symptom: Symptom): readonly Symptom[] => [
  ...new Set([symptom, ...ALL.flatMap((family) => (family.includes(symptom) ? family : []))]),
];

/** How likely two reports are of the same trouble by their symptoms alone, 0–1. */
export function likeness(one: Extraction, other: Extraction): number {
  let sum = 0;
  for (const { symptom, p } of one.symptoms)
    for (const { symptom: second, p: q } of other.symptoms)
      sum += p * q * (symptom === second ? 1 : areKin(symptom, second) ? 0.6 : 0);
  return sum;
}

const areKin = (one: Symptom, other: Symptom): boolean =>
  ALL.some((family) => family.includes(one) && family.includes(other));
