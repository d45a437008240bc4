import { randomBytes } from "node:crypto";
import { publicId } from "../core/ids.js";
import { referenceOf, type Answer, type Incoming } from "../core/report.js";
import { Problem } from "../errors.js";
import type { Log } from "../log.js";
import { isDatabaseAway, type Db } from "../store/db.js";
import { findReport, keepReport } from "../store/reports.js";
import type { WaitingReports } from "../store/waiting-reports.js";
import { currentTraceparent } from "../tracing.js";

/** A report as it comes in, before it has a number of ours. */
export type Told = Omit<Incoming, "id" | "reference" | "traceparent">;

/** Stored, or on disk until it can be; `answer` is `null` where nobody has read it yet. */
export interface Accepted {
  readonly id: string;
  readonly reference: string;
  readonly answer: Answer | null;
}

/** The door that every report comes in by. */
export interface Intake {
  /**
   * Keeps a report, synced, and waits up to `patienceMs` for what it was understood to be. Throws
   * `conflict` for another report of the same number, `unavailable` where neither the database nor
   * the disk takes it.
   */
  accept(told: Told, patienceMs: number): Promise<Accepted>;
  /** Somebody has read report `id`. */
  heard(id: string): void;
}

export interface IntakeSettings {
  readonly db: () => Db;
  readonly waiting: WaitingReports;
  readonly now: () => Date;
  readonly log: Log;
}

/** The database is not waited for longer than this (ms): the disk is there meanwhile. */
const KEEP_MS = 4_000;
/** When patience is at its end it is looked once more, for so long (ms). */
const LAST_LOOK_MS = 1_000;

export function createIntake({ db, waiting, now, log }: IntakeSettings): Intake {
  const listeners = new Map<string, readonly ReadonlySet<() => void>[]>();

  const keep = async (
    report: Incoming,
  ): Promise<{ id: string; reference: string; stored: boolean }> => {
    try {
      return { ...(await inTime(keepReport(db(), report, now()))), stored: true };
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      // What the database may have taken after all is dropped there: it has the same id.
      await waiting.add(report).catch((cause: unknown) => {
        log.error({ err: cause }, "report.refused");
        throw new Problem(
          "unavailable",
          "We cannot take your message at the moment; please send it again in a minute.",
          { cause },
        );
      });
      log.warn({ report: report.id }, "report.waits-for-database");
      return { ...report, stored: false };
    }
  };

  const untilRead = async (id: string, patienceMs: number): Promise<Answer | null> => {
    const own = new Set<() => void>();
    listeners.set(id, [...(listeners.get(id) ?? []), own]);
    const until = performance.now() + patienceMs;
    try {
      for (;;) {
        own.clear();
        const woken = new Promise<void>((done) => own.add(done));
        const looking = findReport(db(), id);
        looking.catch(() => undefined);
        const report = await Promise.race([
          looking,
          pause(until - performance.now() + LAST_LOOK_MS),
        ]);
        const leftMs = until - performance.now();
        if (report?.readAt || leftMs <= 0) return report?.answer ?? null;
        await Promise.race([woken, pause(leftMs)]);
      }
    } catch (error) {
      if (isDatabaseAway(error)) return null;
      throw error;
    } finally {
      // The same report may be waited for twice.
      const others = (listeners.get(id) ?? []).filter((one) => one !== own);
      if (others.length > 0) listeners.set(id, others);
      else listeners.delete(id);
    }
  };

  return {
    async accept(told, patienceMs) {
      const kept = await keep({
        ...told,
        id: publicId(randomBytes(12)),
        reference: referenceOf(randomBytes(6)),
        traceparent: currentTraceparent(),
      });
      log.info({ report: kept.id, channel: told.channel }, "report.kept");
      const answer = kept.stored ? await untilRead(kept.id, patienceMs) : null;
      return { id: kept.id, reference: kept.reference, answer };
    },
    heard(id) {
      for (const waiting of listeners.get(id) ?? []) for (const wake of waiting) wake();
    },
  };
}

function inTime<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return Promise.race([
    work,
    pause(KEEP_MS).then(() => {
      throw new Problem("unavailable", "The database does not answer.");
    }),
  ]);
}

const pause = (ms: number): Promise<void> =>
  new Promise((done) => void setTimeout(done, ms).unref());
