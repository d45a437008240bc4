import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { newBaseline } from "../../core/correlate/baseline.js";
import type { Suspicion } from "../../core/correlate/verdict.js";
import { SHIPPED } from "../../core/correlate/weights.js";
import type { DeepFinding, DeepLook } from "../../core/deep-probe.js";
import type { Symptom } from "../../core/extract/extraction.js";
import { publicId } from "../../core/ids.js";
import type { Localized } from "../../core/incident-view.js";
import type { Inventory } from "../../core/inventory.js";
import type { Log } from "../../log.js";
import type { Metrics } from "../../metrics.js";
import type { Around, Unread } from "../../reader/messages.js";
import type { Db } from "../../store/db.js";
import { listLinkable, listLinkableWork, type Linkable } from "../../store/known-incidents.js";
import { requireEpoch } from "../../store/leadership.js";
import { listEarlier, type StoredReport } from "../../store/reports.js";
import type { reopenDoubted } from "../../store/still-broken.js";
import { findBaseline, listStanding } from "../../store/suspicions.js";
import { findWeights } from "../../store/weights.js";
import type { Answering } from "./answering.js";
import { keepReader, type Reader } from "../keep-reader.js";
import { createTracer } from "../trace-names.js";

export interface ReadingSettings {
  readonly db: Db;
  readonly epoch: number;
  readonly loadInventory: () => Promise<Inventory>;
  /** Puts into words what a customer is told. */
  readonly answering: Answering;
  /** How a reopened incident is told of. */
  readonly telling: () => Omit<Parameters<typeof reopenDoubted>[2], "now" | "newId" | "guard">;
  /** Title and statement of a fault at one of our servers that a report led us to. */
  readonly wordsOfFault: (
    place: string,
    symptom: Symptom,
    now: Date,
  ) => { readonly title: Localized; readonly text: Localized };
  /** What staff are told of a new suspicion. */
  readonly wordsOfSuspicion: (suspicion: Suspicion) => {
    readonly headline: Localized;
    readonly text: Localized;
  };
  /** Looks once at addresses in `allow`; `null` where the worker has no answer. */
  readonly lookOnce: (
    looks: readonly DeepLook[],
    allow: readonly string[],
  ) => Promise<readonly Omit<DeepFinding, "service" | "target">[] | null>;
  /** The site's zone: what is usual differs by hour and weekday. */
  readonly timezone: () => string;
  readonly now: () => Date;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told after a commit that owes letters. */
  readonly onOwed: () => void;
  /** Between two looks at what was noticed, said or put right since, however much comes in; default 10 s. */
  readonly roundMs?: number;
}

/** What everybody who works on reports has at hand. */
export interface Desk extends ReadingSettings {
  readonly reader: Reader;
  readonly tracer: ReturnType<typeof createTracer>;
  readonly newId: () => string;
  readonly guard: (tx: Db) => Promise<void>;
  /** Aborted when the work is to end. */
  readonly stopping: AbortSignal;
}

export function openDesk(settings: ReadingSettings, stopping: AbortSignal): Desk {
  const { loadInventory: load, log, lookOnce, now, epoch } = settings;
  return {
    ...settings,
    reader: keepReader({ load, log }),
    tracer: createTracer({ lookOnce, now }),
    newId: () => publicId(randomBytes(12)),
    guard: (tx) => requireEpoch(tx, epoch),
    stopping,
  };
}

const HOUR_MS = 3_600_000;
/** Reports that later ones are compared with. */
const EARLIER_MS = 72 * HOUR_MS;
const EARLIER_MOST = 1_000;
const KNOWN_MOST = 200;
const KNOWN_AFTER_MS = 7 * 24 * HOUR_MS;

const PLANNED_AHEAD_MS = 2 * 24 * HOUR_MS;

/** Incidents and planned work that reports of now may belong to. */
export async function listKnown({ db, now }: Desk): Promise<Linkable[]> {
  const at = now().getTime();
  const after = new Date(at - KNOWN_AFTER_MS);
  const [incidents, work] = await Promise.all([
    listLinkable(db, after, KNOWN_MOST),
    listLinkableWork(db, {
      startsBefore: new Date(at + PLANNED_AHEAD_MS),
      endedAfter: after,
      limit: KNOWN_MOST,
    }),
  ]);
  return [...incidents, ...work];
}

/** All that reports are considered with at this moment, but for the reports `except` themselves. */
export async function lookAround(
  desk: Desk,
  except: readonly string[],
): Promise<{ readonly around: Around; readonly knowns: readonly Linkable[] }> {
  const { db, now, timezone } = desk;
  const at = now().getTime();
  const [knowns, earlier, standing, counted, weights] = await Promise.all([
    listKnown(desk),
    listEarlier(db, new Date(at - EARLIER_MS), EARLIER_MOST),
    listStanding(db),
    findBaseline(db),
    findWeights(db),
  ]);
  return {
    around: {
      knowns,
      earlier: earlier.filter(({ id }) => !except.includes(id)),
      weights: weights ?? SHIPPED,
      standing,
      baseline: counted ?? newBaseline(timezone(), at),
      traced: [],
      now: at,
    },
    knowns,
  };
}

export const toUnread = (report: StoredReport): Unread => {
  const { id, extraction, subject, text, receivedAt, channel, from, fromName } = report;
  const { accountId, attachments, corrected } = report;
  return {
    id,
    extraction,
    corrected,
    report: { subject, text, receivedAt, channel, from, fromName, accountId, attachments },
  };
};

/** `work`, or `null` as soon as the work is to end. */
export const unlessStopping = <T>(work: Promise<T>, stopping: AbortSignal): Promise<T | null> => {
  work.catch(() => undefined);
  const ended = new Promise<null>((done) => {
    if (stopping.aborted) done(null);
    else stopping.addEventListener("abort", () => done(null), { once: true });
  });
  return Promise.race([work, ended]);
};

/** Waits; false where the work is to end. */
export const rest = (ms: number, stopping: AbortSignal): Promise<boolean> =>
  pause(ms, true, { signal: stopping }).catch(() => false);
