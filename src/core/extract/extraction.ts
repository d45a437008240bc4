import type { Language } from "../languages.js";

/** What a customer notices; the last four are no faults. */
export const SYMPTOMS = [
  "web.down",
  "web.slow",
  "web.error5xx",
  "web.error4xx",
  "web.content",
  "tls",
  "dns",
  "mail.send",
  "mail.receive",
  "mail.login",
  "mail.bounce_blocklist",
  "mail.spam",
  "mail.webmail",
  "ftp",
  "database",
  "panel.login",
  "backup",
  "domain",
  "billing",
  "howto",
  "feedback",
  "other",
] as const;
export type Symptom = (typeof SYMPTOMS)[number];

/** A passage of the original, in UTF-16 units, as people are shown it. */
/** A part of a report that is read. */
export type Part = "subject" | "text";

export interface Span {
  /** `said`: not in the report, but in what its customer put right later, as a whole. */
  readonly field: Part | "said";
  readonly from: number;
  readonly to: number;
}

/** Something that the report names itself, in one spelling whatever the customer's was. */
export interface Mention {
  readonly kind: "domain" | "mailbox" | "server" | "ip" | "account" | "code" | "company";
  /** Lower case; a domain's A-labels, its registrable part; a server's short id; a code as `550` or `5.7.1`. */
  readonly value: string;
  /** Of a domain or mailbox as written, with its subdomain; else as `value`. */
  readonly written: string;
  /** Whose it is: the sender's account, another customer's, somebody's outside, or our own. */
  readonly role: "own" | "other" | "remote" | "provider" | "unknown";
  readonly span: Span;
  /** It stands in a quotation, a signature or as a slip put right: named, but not what it is about. */
  readonly aside: boolean;
  /** The customer's domain that was probably meant, where this one is a letter away from it. */
  readonly meant: string | null;
}

/** One of the things that may be meant, with how likely it is; all of a report's sum to 1. */
export interface SymptomGuess {
  readonly symptom: Symptom;
  readonly p: number;
  readonly spans: readonly Span[];
}

/** How exactly the customer said it. `vague`: "for a while", "lately". */
export type Precision = "minute" | "hour" | "part-of-day" | "day" | "vague";

/** Instants in epoch ms. */
export interface Since {
  /** When it began; `null` where only something vague is said. */
  readonly from: number | null;
  /** It began at the latest then. */
  readonly to: number | null;
  readonly precision: Precision;
  /** It still worked then. */
  readonly workedAt: number | null;
  readonly span: Span;
}

/** What speaks for a cause of the customer's own, or says that no fault is reported. */
export const CUES = [
  /** "since I changed the password", "after the update" */
  "own-change",
  /** "only on my phone", "with one colleague" */
  "one-device",
  /** "others can", "from home it works" */
  "works-elsewhere",
  /** "our internet", "wifi", "the provider here" */
  "own-network",
  "domain-expired",
  "quota-full",
  "user-unknown",
  /** Somebody else's service: a shop system, a big mail provider, a plug-in's author */
  "third-party",
  "question",
  "request",
  "thanks",
  "billing",
  "compensation",
  /** "it works again" */
  "works-again",
  /** Asks about a fault that does not touch them: "I read about it, ours works" */
  "asks-about",
  /** "I wrote this morning already", "my colleague has reported it" */
  "wrote-before",
  /** Names hosts, times, traces: a report of somebody who knows */
  "expert",
  "urgent",
] as const;
export type Cue = (typeof CUES)[number];

/** What was understood of one report, each finding with its passage. */
export interface Extraction {
  readonly language: { readonly code: Language; readonly certainty: number };
  readonly mentions: readonly Mention[];
  /** Most likely first; never empty. */
  readonly symptoms: readonly SymptomGuess[];
  readonly since: Since | null;
  readonly cues: readonly { readonly cue: Cue; readonly span: Span }[];
  /** Passages that are not the customer's own words of now: quotations, signatures, pasted texts. */
  readonly asides: readonly {
    readonly kind: "quotation" | "signature" | "bounce" | "error-page" | "disclaimer";
    readonly span: Span;
  }[];
  /** Uncommon words of the report, folded, for what several reports have in common. */
  readonly words: readonly string[];
}

/** A report as it came in. */
export interface ReportText {
  readonly subject: string | null;
  readonly text: string;
  /** Epoch ms. */
  readonly receivedAt: number;
  readonly channel: "web" | "email" | "phone" | "chat" | "facebook" | "api";
  /** The sender's address and name as the channel gives them, proven or not. */
  readonly from: string | null;
  readonly fromName: string | null;
  /** Filled only where the channel proves it. */
  readonly accountId: string | null;
  /** Names only. */
  readonly attachments: readonly string[];
}
