import type { Socket } from "node:net";
import { z } from "zod";
import { connectTo, type Place } from "./connect.js";
import { judgeEnd } from "./failures.js";
import { phasesOf, type Phases } from "./phases.js";
import type { Eyes, Fact, Verdict } from "./probe.js";

/** What a talk with a connected server has to go by; what it notes in `facts` outlives its failure. */
export interface Visit {
  readonly socket: Socket;
  readonly facts: Record<string, Fact>;
  readonly phases: Phases;
  readonly signal: AbortSignal;
  readonly now: Date;
}

/** Which addresses to try; `any` takes whichever answers first. */
export const familyWord = z
  .union([z.literal(4), z.literal(6), z.literal("any")], { error: "expected 4, 6 or any" })
  .default("any");

/**
 * Connects to `place`, lets `talk` find the verdict, and hangs up. Never rejects: however the talk
 * ends, the verdict keeps the facts noted so far, `address` and `family` among them.
 */
export async function visitPlace(
  eyes: Eyes,
  place: Place,
  signal: AbortSignal,
  talk: (visit: Visit) => Promise<Verdict>,
): Promise<Verdict> {
  const phases = phasesOf(signal);
  const facts: Record<string, Fact> = {};
  let socket: Socket | undefined;
  let verdict: Verdict;
  try {
    const connected = await connectTo(eyes.resolver, place, phases, signal);
    socket = connected.socket;
    facts["address"] = connected.address.address;
    facts["family"] = connected.address.family;
    const now = eyes.now?.() ?? new Date();
    verdict = await talk({ socket, facts, phases, signal, now });
  } catch (error) {
    verdict = judgeEnd(error, phases.current(), signal);
  }
  // A goodbye has left by then; a server that does not take it cannot hold us.
  setImmediate(() => socket?.destroy());
  return { ...verdict, facts: { ...facts, ...verdict.facts } };
}
