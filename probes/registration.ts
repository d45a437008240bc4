/** What a registry says of a domain. */
export interface Registration {
  readonly registered: boolean;
  /** `null` where the registry does not say. */
  readonly expires: Date | null;
  /** As the registry writes them. */
  readonly statuses: readonly string[];
  readonly registrar: string | null;
}

/** What came of asking a registry once. */
export type Told =
  | { readonly kind: "told"; readonly registration: Registration }
  /** It wants to be left alone for so many milliseconds. */
  | { readonly kind: "busy"; readonly waitMs: number }
  | { readonly kind: "failed"; readonly why: string };

export const NOT_REGISTERED: Registration = {
  registered: false,
  expires: null,
  statuses: [],
  registrar: null,
};

/** What a status means for who uses the domain; `null` for nothing. */
export type Trouble = "domain-pending-delete" | "domain-on-hold";

/**
 * The worst that the statuses say. EPP's words (RFC 5731, RFC 3915), RDAP's for them (RFC 8056) and those of
 * registries of their own make: all are compared by their letters alone.
 */
export function troubleOf(statuses: readonly string[]): Trouble | null {
  const words = statuses.map((status) => lettersOf(status));
  if (words.some((word) => ENDING.has(word))) return "domain-pending-delete";
  return words.some((word) => HELD.has(word)) ? "domain-on-hold" : null;
}

/** `clientHold https://icann.org/epp#clientHold`, `client hold` and `CLIENT_HOLD` are one word. */
const lettersOf = (status: string): string =>
  status
    .replace(/\s*\(?https?:.*$/, "")
    .toLowerCase()
    .replace(/[^a-z]/g, "");

/** On its way out of the registry, or already only to be bought back. */
const ENDING: ReadonlySet<string> = new Set([
  "pendingdelete",
  "redemptionperiod",
  "pendingrestore",
  // .eu, .nl, .be, .si
  "quarantine",
  "inquarantine",
  // .cz, .sk
  "tobedeleted",
  "expired",
  "domquarantine",
]);

/** Registered, but not in the registry's zone: nobody finds it. */
const HELD: ReadonlySet<string> = new Set([
  "clienthold",
  "serverhold",
  // .de: registered but not delegated, as its name servers are wrong.
  "failed",
  // .be, .eu, .cz
  "outofservice",
  "suspended",
  "outzone",
  "notdelegated",
]);

/** A moment of the time in which domains are registered, else `null`: a wrong date is worse than none. */
export function plausible(ms: number): Date | null {
  return ms > Date.UTC(1985, 0) && ms < Date.UTC(2200, 0) ? new Date(ms) : null;
}
