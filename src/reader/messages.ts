import type { Baseline } from "../core/correlate/baseline.js";
import type { Standing } from "../core/correlate/suspect.js";
import type { Earlier, Verdict } from "../core/correlate/verdict.js";
import type { Labelled } from "../core/correlate/recalibrate.js";
import type { Weights } from "../core/correlate/weights.js";
import type { DeepPlan } from "../core/deep-probe.js";
import type { Corrected } from "../core/report.js";
import type { Extraction, ReportText } from "../core/extract/extraction.js";
import type { Inventory } from "../core/inventory.js";
import type { TracedName } from "../core/named-by-dns.js";
import type { KnownIncident } from "../core/known-incident.js";

/** What main asks of the reading thread. Who lives on what comes first, and again after each change. */
export type Question =
  | { readonly kind: "inventory"; readonly inventory: Inventory }
  | {
      readonly kind: "read";
      readonly n: number;
      /** Oldest first: each is an earlier report to those after it. */
      readonly reports: readonly Unread[];
      readonly around: Around;
    };

export interface Unread {
  readonly id: string;
  readonly report: ReportText;
  /** Of an earlier reading: then it is only considered again. */
  readonly extraction: Extraction | null;
  /** What its customer put right since; it is in an earlier `extraction` already. */
  readonly corrected: Corrected | null;
  /** Asks for a plan to look, whatever is known: the customer says "still broken". */
  readonly look?: boolean;
}

/** What is known at the moment reports are read. */
export interface Around {
  readonly knowns: readonly KnownIncident[];
  readonly earlier: readonly Earlier[];
  readonly weights: Weights;
  readonly standing: readonly Standing[];
  readonly baseline: Baseline;
  /** Names that the inventory lacks, with where the DNS says that they lead. */
  readonly traced: readonly TracedName[];
  /** Epoch ms. */
  readonly now: number;
}

/** One for each of the reports asked of, in their order. */
export interface Reply {
  readonly n: number;
  readonly reads: readonly Read[];
  /** The suspicions as they are after these reports. */
  readonly standing: readonly Standing[];
  /** Every address of ours: names may be asked whether they lead there. */
  readonly ours: readonly string[];
  /** Suspicions that an incident explains which was noticed since. */
  readonly explained: readonly { readonly id: string; readonly incident: string }[];
  /** What is usual, with what was counted since. */
  readonly baseline: Baseline;
}

export interface Open {
  readonly extraction: Extraction;
  readonly verdict: Verdict;
  /** What to look at of the name that the words give, whoever's it is. */
  readonly looks: Pick<DeepPlan, "looks" | "allow"> | null;
}

export type Weighed = Omit<Labelled, "report" | "linked">;

export type Read =
  | {
      readonly ok: true;
      readonly id: string;
      readonly extraction: Extraction;
      readonly verdict: Verdict;
      /** What the words alone say, without who lives on what: all that whoever may be anybody is answered by. */
      readonly open: Open;
      /** What spoke for and against what is known, likeliest first. */
      readonly weighed: readonly Weighed[];
      /** The suspicion it is part of. */
      readonly suspected: string | null;
      /** Domains it names that nobody is known to have, where its sender is not known either. */
      readonly strangers: readonly string[];
      /** What to look at, where nothing that is known explains it. */
      readonly plan: DeepPlan | null;
      /** Of the account it is from, where that is known. */
      readonly account: {
        readonly language: string | null;
        readonly timezone: string | null;
        readonly contacts: readonly string[];
        /** Unicode and A-labels. */
        readonly domains: readonly string[];
      } | null;
    }
  | { readonly ok: false; readonly id: string; readonly error: string };
