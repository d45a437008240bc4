import type { MonitorText } from "../program.js";
import type { Stand } from "./stand.js";
import type { World } from "./world.js";

/** What a case needs of the machine; where it is missing the case is not run. */
export type Need = "root" | "network namespace" | "libfaketime" | "mount";

export type Undo = () => unknown;

/** A fault of ours: nobody outside may ever hear of it. */
export interface OwnFault {
  readonly name: string;
  readonly needs?: readonly Need[];
  /** How long it lasts (s); 10 unless it says otherwise. */
  readonly lastsS?: number;
  /** It must be told: once, and as one of ours. */
  readonly isTold?: boolean;
  strike(stand: Stand): Promise<Undo> | Undo;
}

/** A customer's service with what is wrong with it: found in time, named right, and over when it is mended. */
export interface RealFault {
  readonly name: string;
  readonly needs?: readonly Need[];
  /** Opens the servers and says what is watched. */
  arrange(world: World): Promise<Arranged>;
}

export interface Arranged {
  readonly monitors: readonly MonitorText[];
  /** Entries of `hosts` beside the one that each monitor names. */
  readonly hosts?: readonly Readonly<Record<string, unknown>>[];
  /** The monitor or the host that the incident must be about. */
  readonly cause: string;
  /** How much later than others it may be found (ms): what does not look but waits. */
  readonly graceMs?: number;
  strike(stand: Stand): unknown;
  mend(stand: Stand): unknown;
}
