import type { Fact, Facts, Result, Run, Verdict } from "./probe.js";
import { Failure, judgeError, judgeTimeout } from "./failures.js";
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
      ended(
        deadline.signal.aborted && !(error instanceof Failure)
          ? judgeTimeout(phases.current())
          : judgeError(error, phases.current()),
      );
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

/** At most 2 KB of facts, whole ones in their order; `truncated` says that some were left out. */
export function capFacts(facts: Facts): Facts {
  const kept: Record<string, Fact> = {};
  let size = 2;
  for (const [name, fact] of Object.entries(facts)) {
    const capped = capFact(fact, 0);
    size += name.length + 4 + sizeOf(capped);
    if (size > MAX_FACTS - 20) return { ...kept, truncated: true };
    kept[name] = capped;
  }
  return kept;
}

function capFact(fact: Fact, depth: number): Fact {
  if (typeof fact === "string") return capText(fact);
  if (typeof fact === "number") return Number.isFinite(fact) ? fact : null;
  if (typeof fact !== "object" || fact === null) return fact;
  if (depth > 4) return null;
  if (isList(fact)) return fact.slice(0, 32).map((each) => capFact(each, depth + 1));
  return Object.fromEntries(
    Object.entries(fact)
      .slice(0, 32)
      .map(([name, each]) => [capText(name), capFact(each, depth + 1)]),
  );
}

const isList = (fact: Fact): fact is readonly Fact[] => Array.isArray(fact);

/** Bytes of the fact as JSON. */
function sizeOf(fact: Fact): number {
  return typeof fact === "string" || typeof fact === "object"
    ? Buffer.byteLength(JSON.stringify(fact))
    : String(fact).length;
}
