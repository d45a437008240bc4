import type { Earlier, Verdict } from "../core/correlate/verdict.js";
import type { Extraction, ReportText } from "../core/extract/extraction.js";
import type { Inventory } from "../core/inventory.js";
import type { KnownIncident } from "../core/known-incident.js";

/** What main asks of the reading thread. */
export type Question =
  | { readonly kind: "inventory"; readonly inventory: Inventory | null }
  | {
      readonly kind: "read";
      readonly n: number;
      readonly report: ReportText;
      readonly id: string;
      readonly around: Around;
    }
  | {
      readonly kind: "consider";
      readonly n: number;
      readonly report: ReportText;
      readonly id: string;
      readonly extraction: Extraction;
      readonly around: Around;
    };

/** What is known at the moment a report is read. */
export interface Around {
  readonly knowns: readonly KnownIncident[];
  readonly earlier: readonly Earlier[];
  /** Epoch ms. */
  readonly now: number;
}

export type Reply =
  | { readonly n: number; readonly ok: true; readonly read: Read }
  | { readonly n: number; readonly ok: false; readonly error: string };

export interface Read {
  readonly extraction: Extraction;
  readonly verdict: Verdict;
  /** Of the account it is from, where that is known. */
  readonly account: {
    readonly id: string;
    readonly language: string | null;
    readonly contacts: readonly string[];
  } | null;
}
