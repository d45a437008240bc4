import { nextTime, type Cron } from "./cron.js";

/** What a job says of itself. `log` is a word without a verdict. */
export type Signal = "success" | "start" | "fail" | "log";

/** One word of a job, received at `at`; instants are epoch ms throughout this file. */
export interface Beat {
  readonly at: number;
  readonly signal: Signal;
  readonly exitStatus: number | null;
  /** Which run of several at once it belongs to, as the job calls it. */
  readonly run: string | null;
  /** How long the job says it took (ms). */
  readonly ms: number | null;
}

/** When a job is expected to say that it is done. */
export interface Expectation {
  readonly rhythm:
    | { readonly kind: "period"; readonly periodMs: number }
    | { readonly kind: "cron"; readonly cron: Cron; readonly zone: string };
  /** How long after it was due it may still come. */
  readonly graceMs: number;
  /** How long a run may take that said it began; `null`: its length is not judged. */
  readonly longestMs: number | null;
}

/** What is known of a job. */
export interface Book {
  /** Watched since: what was due before is nobody's. */
  readonly since: number;
  /** When a run last ended, well or not. */
  readonly endedAt: number | null;
  /** How the last run ended, where it failed. */
  readonly failing: { readonly exitStatus: number | null } | null;
  /** The run that began last, while it has not ended. */
  readonly started: { readonly at: number; readonly run: string | null } | null;
  /** How long the last run took (ms). */
  readonly ms: number | null;
}

export const emptyBook = (since: number): Book => ({
  since,
  endedAt: null,
  failing: null,
  started: null,
  ms: null,
});

/**
 * The book after a beat. What is older than the end of a later run is history and changes nothing, so
 * beats may come late, twice and in any order. A run ends by the same name it began with; a failure, and
 * an end without a name, end whichever was under way.
 */
export function note(book: Book, beat: Beat): Book {
  const { at, signal, exitStatus, run } = beat;
  if (signal === "log" || at < (book.endedAt ?? -Infinity)) return book;
  if (signal === "start")
    return at < (book.started?.at ?? -Infinity) ? book : { ...book, started: { at, run } };
  const { started } = book;
  const isIts = started !== null && started.run === run && at >= started.at;
  const ends = signal === "fail" || run === null || isIts;
  return {
    ...book,
    endedAt: at,
    failing: signal === "fail" ? { exitStatus } : null,
    started: ends && at >= (started?.at ?? -Infinity) ? null : started,
    ms: beat.ms ?? (isIts ? at - started.at : null),
  };
}

export type BeatReason =
  | "ok"
  | "heartbeat-late"
  | "heartbeat-missing"
  | "heartbeat-failed"
  | "heartbeat-overlong"
  | "heartbeat-unheard";

/** How a job stands; `until` is the next moment at which time alone may change that. */
export interface Standing {
  /** `null` where it has never been heard of and need not have been yet. */
  readonly verdict: {
    readonly outcome: "up" | "degraded" | "down" | "unknown";
    readonly reason: BeatReason;
  } | null;
  /** When its next word is due. */
  readonly dueAt: number | null;
  readonly until: number | null;
}

export interface Hearing {
  readonly now: number;
  /** Since when we have listened without a break. */
  readonly listeningSince: number;
  /** Whether its silence had been confirmed before we stopped listening. */
  readonly wasSilent: boolean;
}

/** After a break we listen at least so long (ms) before silence says something, however short the grace. */
const LISTEN_MS = 10_000;

/**
 * How a job stands now. Late is still up: that is what the grace is for. A run that has said it began is
 * given its `longestMs`, also beyond the grace. Silence counts only after we have listened for a whole
 * grace ourselves: what came while we were away is lost, and that is our failure.
 */
export function judgeBeats(book: Book, expected: Expectation, hearing: Hearing): Standing {
  const { now, listeningSince, wasSilent } = hearing;
  const { graceMs, longestMs } = expected;
  const dueAt = dueAfter(book, expected);
  const deadline = dueAt === null ? Infinity : dueAt + graceMs;
  const overlongAt =
    book.started !== null && longestMs !== null ? book.started.at + longestMs : Infinity;
  const trustedAt = listeningSince + Math.max(graceMs, LISTEN_MS);
  const changes = [dueAt ?? Infinity, deadline, overlongAt, trustedAt].filter((at) => at > now);
  const until = Math.min(...changes);
  const standing = (verdict: Standing["verdict"]): Standing => ({
    verdict,
    dueAt,
    until: until === Infinity ? null : until,
  });

  if (book.failing) return standing({ outcome: "down", reason: "heartbeat-failed" });
  const overlong = now >= overlongAt;
  const runs = overlongAt !== Infinity && !overlong;
  const overdue = now >= deadline && !runs;
  if ((overdue || overlong) && !wasSilent && now < trustedAt)
    return standing({ outcome: "unknown", reason: "heartbeat-unheard" });
  if (overlong)
    return standing({ outcome: overdue ? "down" : "degraded", reason: "heartbeat-overlong" });
  if (overdue) return standing({ outcome: "down", reason: "heartbeat-missing" });
  if (book.endedAt === null) return standing(null);
  const late = dueAt !== null && now >= dueAt;
  return standing({ outcome: "up", reason: late ? "heartbeat-late" : "ok" });
}

/** A beat so little (ms) before the hour is that hour's: clocks differ. */
const EARLY_MS = 60_000;

function dueAfter({ endedAt, since }: Book, { rhythm }: Expectation): number | null {
  const from = Math.max(endedAt ?? since, since);
  if (rhythm.kind === "period") return from + rhythm.periodMs;
  const { cron, zone } = rhythm;
  const next = nextTime(cron, from, zone);
  if (next === null || endedAt === null) return next;
  const second = nextTime(cron, next, zone);
  if (second === null) return next;
  return next - from < Math.min(EARLY_MS, (second - next) / 4) ? second : next;
}
