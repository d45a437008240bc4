import type { z } from "zod";
import type { Resolver } from "./resolver.js";

/**
 * What one look at a target found. `unknown` says that our own side failed (resolver, proxy, a
 * broken local trust store): it never opens or closes anything.
 */
export type Outcome = "up" | "degraded" | "down" | "unknown";

/** Phase name → milliseconds, e.g. `{ resolve, connect, tls, firstByte, transfer }`; absent = not reached. */
export type Timings = Readonly<Record<string, number>>;

/** Something worth showing to a sysadmin. Text from outside is capped, never interpreted. */
export type Fact =
  string | number | boolean | null | readonly Fact[] | { readonly [name: string]: Fact };
export type Facts = Readonly<Record<string, Fact>>;

/** What a probe's run says; `reason` is a word of `probes/reasons.ts`. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly reason: Reason;
  readonly timings?: Timings;
  readonly facts?: Facts;
}

/** A finished look: `at` is the start (ISO 8601), `ms` how long it took from start to verdict. */
export interface Result {
  readonly at: string;
  readonly outcome: Outcome;
  readonly reason: Reason;
  readonly ms: number;
  readonly timings: Timings;
  readonly facts: Facts;
}

export type Reason = import("./reasons.js").Reason;

/** What all probes of one process share: the resolver with deadlines, and local trust. */
export interface Eyes {
  readonly resolver: Resolver;
  /** For judging certificates; default: the real clock. */
  readonly now?: () => Date;
  /** Whether an address that others chose (a redirect's target) may be reached; default: public ones. */
  readonly mayReach?: (address: string) => boolean;
  /** The name servers of `resolver`, for who speaks DNS himself; default: the system's. */
  readonly nameServers?: () => readonly string[];
}

/** One look, ended by `signal` at the latest. May reject: `runProbe` turns that into a verdict. */
export type Run = (signal: AbortSignal) => Promise<Verdict>;

/** A protocol module. Knows sockets and nothing of monitors, incidents or pages. */
export interface Probe {
  readonly kind: string;
  /** A look takes long by its nature: one that follows silence gets its whole time all the same. */
  readonly patient?: boolean;
  /** What `target` must look like; throws a `z.ZodError`-free plain `Error` with a one-line message. */
  readonly target: z.ZodType<string>;
  /** The kind's own keys beside the common ones of a monitor (`expect`, `auth`, …); strict. */
  readonly options: z.ZodObject;
  /** Reads target and options once and returns the function that looks. Throws on bad settings. */
  prepare(target: string, options: unknown, eyes: Eyes): Run;
}
