import { connect } from "node:net";
import { SILENT, type Reason } from "../../probes/reasons.js";
import type { Result } from "../../probes/probe.js";
import type { Sights } from "./messages.js";

/** Judges whether a bad result may be our own blindness. */
export interface SelfCheck {
  /** The result as it may be reported: `unknown` where our own side failed. */
  judge(result: Result, timeoutMs: number): Promise<Result>;
  configure(references: Sights["references"]): void;
  /** Whether the last try found every reference silent. */
  readonly blind: boolean;
  stop(): void;
}

/** A reference that says nothing for so long is silent (ms). */
const REFERENCE_TIMEOUT_MS = 2_000;
/** One answer holds for as long (ms): a thousand failures at once ask each reference once. */
const ANSWER_HOLDS_MS = 3_000;
/** How often the loop's own lateness is measured, and what counts as standing still (ms). */
const BEAT_MS = 250;
const STANDSTILL_MS = 1_000;

/**
 * Two ways of being blind: the process stood still while the look was under way, so that its
 * deadline struck before an answer could be read; or silence, while none of the references –
 * places outside that answer whoever can reach them – says anything either. A refusal or a reset
 * of a reference proves the path. Without references no silence is called blindness.
 */
export function createSelfCheck(clock: () => number): SelfCheck {
  let references: Sights["references"] = [];
  let asked: { readonly at: number; readonly answer: Promise<boolean> } | null = null;
  let blind = false;
  let stoodStillUntil = -Infinity;
  let beatAt = clock();
  const beat = setInterval(() => {
    const now = clock();
    if (now - beatAt > BEAT_MS + STANDSTILL_MS) stoodStillUntil = now;
    beatAt = now;
    if (blind && asked && now - asked.at >= ANSWER_HOLDS_MS)
      void canSee().then((seeing) => (blind = !seeing));
  }, BEAT_MS);
  beat.unref();

  const canSee = (): Promise<boolean> => {
    if (asked && clock() - asked.at < ANSWER_HOLDS_MS) return asked.answer;
    const answer = Promise.any(references.map(answers)).then(
      () => true,
      () => false,
    );
    asked = { at: clock(), answer };
    return answer;
  };

  return {
    async judge(result, timeoutMs) {
      if (result.outcome === "up" || result.outcome === "unknown") return result;
      const began = clock() - result.ms;
      const stoodStill = stoodStillUntil > began || clock() - beatAt > BEAT_MS + STANDSTILL_MS;
      if (stoodStill || result.ms > timeoutMs + STANDSTILL_MS)
        return unseen(result, "worker-stalled");
      if (references.length === 0 || !SILENT.has(result.reason)) return result;
      blind = !(await canSee());
      return blind ? unseen(result, "blind") : result;
    },
    configure(next) {
      references = next;
      asked = null;
      if (next.length === 0) blind = false;
    },
    get blind() {
      return blind;
    },
    stop() {
      clearInterval(beat);
    },
  };
}

const unseen = (result: Result, reason: Reason): Result => ({
  ...result,
  outcome: "unknown",
  reason,
  facts: { ...result.facts, seen: result.reason },
});

/** Resolves when the place answers at all; rejects on silence and "unreachable". */
function answers({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((done, failed) => {
    const socket = connect({ host, port });
    const end = (answered: boolean): void => {
      socket.destroy();
      if (answered) done();
      else failed(new Error("silent"));
    };
    socket.setTimeout(REFERENCE_TIMEOUT_MS, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end(error.code === "ECONNREFUSED" || error.code === "ECONNRESET"),
    );
  });
}
