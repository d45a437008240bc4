import type { Extraction, Span, Symptom } from "../extract/extraction.js";

/** An incident or maintenance as far as it is known at one moment. Instants in epoch ms. */
export interface Known {
  readonly id: string;
  readonly what: "incident" | "maintenance";
  /** `mail.auth`, `web.slow`, `network.switch`, …: an open list; what it says nothing of is read from `words`. */
  readonly kind: string;
  /** Ids of servers, switches, racks as the inventory has them. */
  readonly places: readonly string[];
  /** `mail2/submission` */
  readonly services: readonly string[];
  readonly knownAt: number;
  /** As far as we know: when it was noticed or its evidence began; of a maintenance its planned begin. */
  readonly beganAt: number;
  /** When it was over, of a maintenance its planned end; `null` while it goes on. */
  readonly endedAt: number | null;
  /** Title and statements so far. */
  readonly words: readonly string[];
}

/** An earlier report, as far as later ones are compared with it. */
export interface Earlier {
  readonly id: string;
  readonly receivedAt: number;
  readonly accountId: string | null;
  readonly from: string | null;
  readonly extraction: Extraction;
  /** The incident or maintenance it is linked to, by whom it may be. */
  readonly linkedTo: string | null;
  /** The best candidate of that time, linked or not. */
  readonly resembles: string | null;
  /** The report it repeats. */
  readonly duplicateOf: string | null;
  /** The suspicion it is part of. */
  readonly suspected: string | null;
}

/** Something that speaks for or against: natural log-odds, and what words are made of it. */
export interface Reason {
  /** A key of the catalogue, `reason.<code>`. */
  readonly code: string;
  readonly weight: number;
  readonly params: Readonly<Record<string, string | number>>;
  /** The passage it rests on; `null` where it is a fact of ours. */
  readonly span: Span | null;
}

export interface Candidate {
  readonly id: string;
  /** Calibrated probability that the report belongs to it. */
  readonly p: number;
  /** Heaviest first. */
  readonly reasons: readonly Reason[];
}

/** Whose report it is, and how we know. */
export interface Sender {
  readonly accountId: string;
  readonly how: "proven" | "contact" | "own-domain" | "named-account" | "named-domain" | "company";
  readonly certainty: number;
}

/** What is made of one report. */
export interface Verdict {
  readonly sender: Sender | null;
  readonly decision: "auto" | "suggest" | "none";
  /** Best first, at most three; empty with `none` where nothing is near. */
  readonly candidates: readonly Candidate[];
  /** What the answer is about. */
  readonly answer: "known" | "maintenance" | "individual" | "not-a-fault" | "new";
  /** Why not linked, or why individual: heaviest first. */
  readonly reasons: readonly Reason[];
  readonly duplicateOf: string | null;
}

/** Improbably many unexplained reports at one place: for a human to look at. */
export interface Suspicion {
  /** What they share: a place or service, or only the symptom. */
  readonly key: { readonly place: string | null; readonly symptom: Symptom };
  /** Ids of its reports, oldest first. */
  readonly members: readonly string[];
  /** Accounts seen and accounts to be expected in the window. */
  readonly accounts: number;
  readonly expected: number;
  readonly windowMs: number;
  /** Words its reports share and others lack. */
  readonly words: readonly string[];
}
