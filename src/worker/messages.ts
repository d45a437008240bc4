import type { DeepLook } from "../core/deep-probe.js";
import type { Confirm, Health } from "../core/health.js";
import type { LogLevel } from "../log.js";
import type { Result } from "../../probes/probe.js";

export type LookResult = Result;

/** A monitor as a worker needs it; its options may hold secrets and stay in memory. */
export interface Watch {
  readonly id: string;
  readonly probe: string;
  readonly target: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly confirm: Confirm;
  readonly options: Readonly<Record<string, unknown>>;
  /** What is known of it, so that a restarted worker knows a first failure from an old one. */
  readonly health: Health;
}

/** A result on its way: numbered within its worker's stream, so that it is counted once. */
export interface Sighting {
  readonly seq: number;
  readonly monitor: string;
  readonly result: Result;
  /** How late the look began (ms). */
  readonly lagMs: number;
  /** W3C trace context of the look; only of those that may change something. */
  readonly traceparent?: string;
}

/** Sightings of one stream in order of `seq`. */
export interface Batch {
  readonly stream: string;
  readonly sightings: readonly Sighting[];
}

/** What `main` tells its worker at birth, as JSON in its one argument. */
export interface Birth {
  readonly dataDir: string;
  readonly logLevel: LogLevel;
}

export interface Sights {
  readonly resolvers: readonly string[];
  readonly references: readonly { readonly host: string; readonly port: number }[];
  /** CIDRs that redirects may lead to although they are not public. */
  readonly egress: readonly string[];
}

/** From `main` to its worker. */
export type Order =
  | { readonly kind: "sights"; readonly sights: Sights }
  | { readonly kind: "watch"; readonly add: readonly Watch[]; readonly drop: readonly string[] }
  | { readonly kind: "look-now"; readonly monitors: readonly string[] }
  | {
      readonly kind: "look-once";
      readonly n: number;
      readonly looks: readonly DeepLook[];
      /** The only addresses that may be connected to. */
      readonly allow: readonly string[];
    }
  | { readonly kind: "taken"; readonly stream: string; readonly seq: number }
  | { readonly kind: "refused"; readonly stream: string }
  | { readonly kind: "stop" };

/** From a worker to its `main`. */
export type Word =
  | { readonly kind: "batch"; readonly batch: Batch }
  /** One result for each of the looks that were asked for. */
  | { readonly kind: "looked-once"; readonly n: number; readonly results: readonly Result[] }
  | {
      readonly kind: "word";
      readonly at: string;
      readonly watching: number;
      readonly running: number;
      /** Looks left out because the one before had not ended or the process was stopped. */
      readonly missed: number;
      readonly spooled: number;
      /** Something seen a while ago has not been taken yet: what is stored says less than was seen. */
      readonly behind: boolean;
      /** References that answered none of the last tries: we may be blind. */
      readonly blind: boolean;
    };
