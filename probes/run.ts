import type { Fact, Facts, Result, Run, Verdict } from "./probe.js";
import { judgeEnd, judgeTimeout } from "./failures.js";
import { phasesOf } from "./phases.js";

/** How long after the deadline a probe may still say what it saw. */
const LAST_WORD_MS = 20;
const MAX_TEXT = 256;
const MAX_FACTS = 2_048;

/**
 * Lets a probe look once, for at most `timeoutMs`. Never rejects: an error of the network is
 * `down`, one of ours `unknown`, and a timeout names the phase it struck in, also when the probe
 * ignores its signal. `at` is the start; facts are capped and cleaned for storage.
 */
export async function runProbe(run: Run, timeoutMs: number, now: () => Date): Promise<Result> {
  const at = now().toISOString();
  const started = performance.now();
  const deadline = new AbortController();
  const phases = phasesOf(deadline.signal);

  const verdict = await new Promise<Verdict>((done) => {
    const ended = (outcome: Verdict): void => {
      clearTimeout(timer);
      done(outcome);
    };
    let timer = setTimeout(() => {
      deadline.abort();
      timer = setTimeout(done, LAST_WORD_MS, judgeTimeout(phases.current()));
    }, timeoutMs);
    const failed = (error: unknown): void =>
      ended(judgeEnd(error, phases.current(), deadline.signal));
    try {
      run(deadline.signal).then(ended, failed);
    } catch (error) {
      failed(error);
    }
  });

  const ms = Math.round((performance.now() - started) * 1_000) / 1_000;
  return {
    at,
    outcome: verdict.outcome,
    reason: verdict.reason,
    ms,
    timings: verdict.timings ?? phases.timings(),
    facts: verdict.facts === undefined ? {} : capFacts(verdict.facts),
  };
}

/** Control characters, halves of characters and what turns the direction of text around. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Text from outside as it may be stored and shown: at most 256 characters, one line. */
export function capText(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
  return short.replace(UNPRINTABLE, "\ufffd");
}

/** At most 2 KB of facts, as many as fit; `truncated` says that some did not. */
export function capFacts(facts: Facts): Facts {
  const room: Room = { left: MAX_FACTS - 24, cut: false };
  const kept = capEntries(facts, room, 0);
  return room.cut ? { ...kept, truncated: true } : kept;
}

interface Room {
  left: number;
  cut: boolean;
}

const MAX_DEPTH = 4;
const MAX_ENTRIES = 32;

function capFact(fact: Fact, room: Room, depth: number): Fact {
  if (typeof fact === "string") return capText(fact);
  if (typeof fact === "number") return Number.isFinite(fact) ? fact : null;
  if (typeof fact !== "object" || fact === null) return fact;
  if (depth >= MAX_DEPTH) return null;
  if (!isList(fact)) return capEntries(fact, room, depth + 1);
  const kept: Fact[] = [];
  for (const each of fact.slice(0, MAX_ENTRIES)) {
    const capped = capFact(each, room, depth + 1);
    if (takes(room, capped, 1)) kept.push(capped);
  }
  return kept;
}

/** Single values first, so that no long list pushes them out. */
function capEntries(facts: Facts, room: Room, depth: number): Record<string, Fact> {
  const kept: Record<string, Fact> = {};
  const entries = Object.entries(facts).slice(0, MAX_ENTRIES);
  for (const single of [true, false])
    for (const [name, fact] of entries) {
      if (single === (typeof fact === "object" && fact !== null)) continue;
      const capped = capFact(fact, room, depth);
      if (takes(room, capped, name.length + 4)) kept[capText(name)] = capped;
    }
  return kept;
}

/** Takes the fact's size as JSON from the room, if it fits; what an object holds was taken before. */
function takes(room: Room, fact: Fact, around: number): boolean {
  const size = around + sizeOf(fact);
  if (size > room.left) {
    room.cut = true;
    return false;
  }
  room.left -= size;
  return true;
}

const isList = (fact: Fact): fact is readonly Fact[] => Array.isArray(fact);

/** Bytes of the fact as JSON, of an object or list only the brackets. */
function sizeOf(fact: Fact): number {
  if (typeof fact === "string")
    return PLAIN.test(fact) ? fact.length + 2 : Buffer.byteLength(JSON.stringify(fact));
  return typeof fact === "object" && fact !== null ? 2 : String(fact).length;
}

const PLAIN = /^[ !#-[\]-~]*$/;
