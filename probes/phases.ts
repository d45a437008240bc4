import type { Reason } from "./reasons.js";
import type { Timings } from "./probe.js";

export type Phase = "resolve" | "connect" | "tls" | "firstByte" | "transfer";

/** What a look says when its time ends in the phase. Without a resolver's word we know nothing. */
export const TIMED_OUT: Readonly<Record<Phase, Reason>> = {
  resolve: "resolver-timed-out",
  connect: "timed-out-connect",
  tls: "timed-out-tls",
  firstByte: "timed-out-first-byte",
  transfer: "timed-out-transfer",
};

/** Where a look stands. One phase runs at a time; entering one ends the last. */
export interface Phases {
  enter(phase: Phase): void;
  /** Ends the running phase; the look stays where it was for the naming of a timeout. */
  end(): void;
  /** The last phase entered; `null` before the first. */
  current(): Phase | null;
  /** Milliseconds by phase so far, the running one included. A phase met again adds up. */
  timings(): Timings;
}

/** Starts with no phase entered. */
export function createPhases(): Phases {
  const spent: Record<string, number> = {};
  let current: Phase | null = null;
  let since = 0;
  let running = false;

  const end = (): void => {
    if (!running || current === null) return;
    const now = performance.now();
    spent[current] = (spent[current] ?? 0) + now - since;
    running = false;
  };
  return {
    enter(phase) {
      end();
      current = phase;
      since = performance.now();
      running = true;
    },
    end,
    current: () => current,
    timings() {
      const rounded: Record<string, number> = {};
      for (const phase in spent) rounded[phase] = spent[phase] ?? 0;
      if (running && current !== null)
        rounded[current] = (rounded[current] ?? 0) + performance.now() - since;
      for (const phase in rounded)
        rounded[phase] = Math.round((rounded[phase] ?? 0) * 1_000) / 1_000;
      return rounded;
    },
  };
}

const bySignal = new WeakMap<AbortSignal, Phases>();

/** The phases of the look that `signal` ends, so that `runProbe` can name where a timeout struck. */
export function phasesOf(signal: AbortSignal): Phases {
  const known = bySignal.get(signal);
  if (known) return known;
  const phases = createPhases();
  bySignal.set(signal, phases);
  return phases;
}
