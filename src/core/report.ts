import type { ReportText, Symptom } from "./extract/extraction.js";

/** How much a customer wants to hear of an incident their ticket is linked to. */
export const HEARING = ["every", "first-and-fixed", "fixed", "nothing"] as const;
export type Hearing = (typeof HEARING)[number];

/** A report as it is stored before anything else happens to it. */
export interface Incoming extends ReportText {
  readonly id: string;
  /** What is said on the phone: `TR7-K4M`. */
  readonly reference: string;
  /** `web`, `shell`, `anonymous` or the name of the token it came with. */
  readonly source: string;
  /** The source's own number of it: what comes twice is one report. */
  readonly sourceId: string | null;
  /** Of the page it was written on; `null` where nobody said. */
  readonly language: string | null;
  /** Where the answer goes; nothing is sent before it is known to be theirs. */
  readonly contact: string | null;
  readonly hear: Hearing;
  readonly traceparent: string | null;
}

/** What a customer is told at once. */
export interface Answer {
  readonly kind: "known" | "maintenance" | "individual" | "none";
  readonly language: string;
  readonly text: string;
  /** A public incident's id; `null` where there is none to be named. */
  readonly incident: string | null;
  /** ISO 8601 */
  readonly nextUpdateAt: string | null;
}

/** Longer texts are cut before they are stored, so that nothing later has to fear them. */
export const TEXT_MAX = 20_000;
export const SUBJECT_MAX = 300;

/** Halves of characters and NUL mean nothing to anybody, and no database takes them. */
export const wholeText = (text: string): string => text.replaceAll(/\0|\p{Cs}/gu, "\uFFFD");

const SPOKEN = "ABCDEFGHJKLMNPRSTUVWXYZ23456789";

/** `TR7-K4M` from six random bytes: no letters that look or sound like figures. */
export function referenceOf(random: Uint8Array): string {
  const letters = Array.from({ length: 6 }, (_, n) => SPOKEN[(random[n] ?? 0) % SPOKEN.length]);
  return `${letters.slice(0, 3).join("")}-${letters.slice(3).join("")}`;
}

/** What the form offers as people say it, and what each is. */
export const CHOICES = {
  "web.down": "web.down",
  "web.slow": "web.slow",
  "web.error": "web.error5xx",
  "web.content": "web.content",
  "mail.send": "mail.send",
  "mail.receive": "mail.receive",
  "mail.login": "mail.login",
  "mail.webmail": "mail.webmail",
  tls: "tls",
  panel: "panel.login",
  ftp: "ftp",
  domain: "dns",
  other: "other",
} as const satisfies Readonly<Record<string, Symptom>>;
export type Choice = keyof typeof CHOICES;

/** What a customer put right of what we had understood; `null` where they left it as it was. */
export interface Correction {
  readonly which: string | null;
  readonly choice: Choice | null;
  readonly since: string | null;
}

/** All that a customer has put right so far. */
export interface Corrected extends Correction {
  /** When they said the last of it, ISO 8601. */
  readonly at: string;
}

/** Corrections, oldest first, as one: the last word on each counts. */
export function correctedBy(
  said: readonly { readonly at: Date; readonly correction: Correction }[],
): Corrected | null {
  const last = said.at(-1);
  if (!last) return null;
  const word = <Key extends keyof Correction>(key: Key): Correction[Key] | null =>
    said.findLast(({ correction }) => correction[key] !== null)?.correction[key] ?? null;
  return {
    which: word("which"),
    choice: word("choice"),
    since: word("since"),
    at: last.at.toISOString(),
  };
}
