import { randomBytes } from "node:crypto";
import type { Suspicion } from "../core/correlate/verdict.js";
import { newBaseline } from "../core/correlate/baseline.js";
import { SHIPPED } from "../core/correlate/weights.js";
import { publicId } from "../core/ids.js";
import { setTimeout as pause } from "node:timers/promises";
import { SAID_OF, type DeepFinding, type DeepLook } from "../core/deep-probe.js";
import type { Symptom } from "../core/extract/extraction.js";
import type { Localized } from "../core/incident-view.js";
import type { Inventory } from "../core/inventory.js";
import type { Log } from "../log.js";
import type { Metrics } from "../metrics.js";
import type { Around, Read, Reply, Unread } from "../reader/messages.js";
import { isDatabaseAway, type Db } from "../store/db.js";
import { listLinkable, type LinkableIncident } from "../store/known-incidents.js";
import { requireEpoch } from "../store/leadership.js";
import { keepReport, listEarlier, listUnread, type StoredReport } from "../store/reports.js";
import {
  findBaseline,
  listStanding,
  mergeExplained,
  recordStanding,
  saveBaseline,
} from "../store/suspicions.js";
import { openReported } from "../store/reported-faults.js";
import { listDoubted, reopenDoubted } from "../store/still-broken.js";
import {
  adoptTicket,
  findTicket,
  listUnlinked,
  listBroken,
  listUnsent,
  listUntold,
  oweAnswer,
  recordLooks,
  recordReading,
  tellLinked,
} from "../store/tickets.js";
import { findWeights } from "../store/weights.js";
import type { WaitingReports } from "../store/waiting-reports.js";
import { traceIdOf, withSpan } from "../tracing.js";
import type { Answering } from "./answering.js";
import { keepReader } from "./keep-reader.js";
import { createTracer } from "./trace-names.js";

/** Reads what comes in, for as long as this process leads. */
export interface Reading {
  /** Something came in, or an incident changed: looks at once. */
  wake(): void;
  /** The inventory changed. */
  forget(): void;
  stop(): Promise<void>;
}

interface ReadingSettings {
  readonly db: Db;
  readonly epoch: number;
  readonly waiting: WaitingReports;
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
}

const LOOK_MS = 5_000;
const AT_ONCE = 20;
/** Between two looks at whether an incident explains what nothing explained (ms). */
const ADOPT_EVERY_MS = 10_000;
const HOUR_MS = 3_600_000;
/** Who wrote first, so long before the incident was noticed, is adopted by it. */
const ADOPT_BACK_MS = 6 * HOUR_MS;
/** Reports that later ones are compared with. */
const EARLIER_MS = 72 * HOUR_MS;
const EARLIER_MOST = 1_000;
const KNOWN_MOST = 200;
const KNOWN_AFTER_MS = 7 * 24 * HOUR_MS;
/** "Still broken" counts against an end of this time (ms). */
const DOUBT_MS = 24 * HOUR_MS;
/** A second look before anybody is woken (ms). */
const LOOK_AGAIN_MS = 5_000;
const DEEP_EVERY_MS = 600_000;
const DEEP_A_MINUTE = 30;
/** A report that could not be read so often is left to a human. */
const ATTEMPTS = 2;

export function readReports(settings: ReadingSettings): Reading {
  const { db, epoch, waiting, answering, now, log, metrics, onOwed } = settings;
  const reader = keepReader({ load: settings.loadInventory, log });
  const newId = (): string => publicId(randomBytes(12));
  const guard = (tx: Db): Promise<void> => requireEpoch(tx, epoch);
  const failures = new Map<string, number>();
  const deepLooks = createAllowance(now);
  const tracer = createTracer({ lookOnce: settings.lookOnce, now });
  let stopping = false;
  let woken = false;
  let wakeUp = (): void => undefined;
  let adoptedMs = -Infinity;
  let lastConsidered = "";
  const lookedInto = new Set<string>();

  const wake = (): void => {
    woken = true;
    wakeUp();
  };

  const aroundNow = async (
    except: readonly string[],
  ): Promise<{ around: Around; knowns: readonly LinkableIncident[] }> => {
    const at = now().getTime();
    const [knowns, earlier, standing, counted, weights] = await Promise.all([
      listLinkable(db, new Date(at - KNOWN_AFTER_MS), KNOWN_MOST),
      listEarlier(db, new Date(at - EARLIER_MS), EARLIER_MOST),
      listStanding(db),
      findBaseline(db),
      findWeights(db),
    ]);
    const baseline = counted ?? newBaseline(settings.timezone(), at);
    const others = earlier.filter(({ id }) => !except.includes(id));
    return {
      around: {
        knowns,
        earlier: others,
        weights: weights ?? SHIPPED,
        standing,
        baseline,
        traced: [],
        now: at,
      },
      knowns,
    };
  };

  /** Reads what nobody has read; true where there may be more. */
  const readNew = async (): Promise<boolean> => {
    const unread = await listUnread(db, AT_ONCE);
    if (unread.length === 0) return false;
    const { around, knowns } = await aroundNow(unread.map(({ id }) => id));
    const { reads: first, reply } = await readSafely(unread, around);
    const reads = reply ? await traceStrangers(unread, first, reply.ours, around) : first;
    // Who has to be looked into keeps nobody else waiting.
    await Promise.all(
      unread.map(async (report) => {
        const read = reads.get(report.id);
        if (!read) return;
        const findings = await lookInto(read);
        await record(report, read, knowns, findings);
        void escalate(report, read, findings).catch((error: unknown) =>
          log.error({ report: report.id, err: error }, "report.escalation-failed"),
        );
      }),
    );
    if (reply) await suspect(reply, around);
    return true;
  };

  /** Whose domain nobody has in the inventory may be ours all the same: the DNS says where it leads. */
  const traceStrangers = async (
    unread: readonly StoredReport[],
    reads: ReadonlyMap<string, Read>,
    ours: readonly string[],
    around: Around,
  ): Promise<ReadonlyMap<string, Read>> => {
    const traced = new Map(reads);
    for (const report of unread) {
      const read = reads.get(report.id);
      if (!read?.ok || read.strangers.length === 0 || ours.length === 0) continue;
      const names = await tracer.trace(read.strangers, ours);
      if (names.length === 0) continue;
      const again = await reader.read([toUnread(report)], { ...around, traced: names });
      const [better] = again.reads;
      if (better?.ok) traced.set(report.id, better);
    }
    return traced;
  };

  /** Keeps what is suspected, and what is usual. */
  const suspect = async (
    { standing, explained, baseline }: Omit<Reply, "n">,
    around: Around,
  ): Promise<void> => {
    await mergeExplained(db, explained, now(), guard);
    const before = JSON.stringify(around.standing);
    if (JSON.stringify(standing) !== before)
      for (const id of await recordStanding(db, standing, {
        now: now(),
        guard,
        newId,
        channels: settings.telling().channels,
        words: settings.wordsOfSuspicion,
      })) {
        const raised = standing.find((one) => one.id === id);
        log.warn({ suspicion: id, ...raised?.suspicion }, "suspicion.raised");
        metrics.suspicions.inc();
        onOwed();
      }
    if (baseline.until > around.baseline.until || baseline.since === around.now)
      await saveBaseline(db, baseline);
  };

  /** One report may be our end: then each is read alone, and the one that is left to a human. */
  const readSafely = async (
    unread: readonly StoredReport[],
    around: Around,
  ): Promise<{ reads: ReadonlyMap<string, Read>; reply: Omit<Reply, "n"> | null }> => {
    const batch = unread.some(({ id }) => failures.has(id)) ? unread.slice(0, 1) : unread;
    for (const { id } of batch) failures.set(id, (failures.get(id) ?? 0) + 1);
    const asked = batch.filter(({ id }) => (failures.get(id) ?? 0) <= ATTEMPTS);
    const given = batch.filter(({ id }) => (failures.get(id) ?? 0) > ATTEMPTS);
    const reply = asked.length > 0 ? await reader.read(asked.map(toUnread), around) : null;
    const failed = given.map(({ id }): Read => ({ ok: false, id, error: "could not be read" }));
    for (const { id } of batch) failures.delete(id);
    return {
      reads: new Map([...(reply?.reads ?? []), ...failed].map((read) => [read.id, read])),
      reply,
    };
  };

  /** Looks at exactly this customer's services, where nothing known explains the report. */
  const lookInto = async (read: Read): Promise<readonly DeepFinding[]> => {
    const plan = read.ok ? read.plan : null;
    if (!plan || !deepLooks.may(plan.accountId)) return [];
    const results = await settings.lookOnce(plan.looks, plan.allow);
    return plan.looks.flatMap(({ service, target }, n) => {
      const seen = results?.[n];
      return seen ? { service, target, ...seen } : [];
    });
  };

  /**
   * A server of ours that fails when we look for a customer, and again a moment later, is a fault of
   * ours that no monitor saw: staff are told at once. Nothing becomes public by it.
   */
  const escalate = async (
    report: StoredReport,
    read: Read,
    findings: readonly DeepFinding[],
  ): Promise<void> => {
    const plan = read.ok ? read.plan : null;
    const failing = (seen: readonly DeepFinding[]): readonly DeepLook[] =>
      plan?.looks.filter(
        ({ service, target, place }) =>
          place !== null &&
          seen.some(
            (one) => one.service === service && one.target === target && one.outcome === "down",
          ),
      ) ?? [];
    const looks = failing(findings);
    if (!plan || looks.length === 0) return;
    await pause(LOOK_AGAIN_MS);
    if (stopping) return;
    const results = (await settings.lookOnce(looks, plan.allow)) ?? [];
    for (const [n, { service, target, place }] of looks.entries()) {
      const seen = results[n];
      const symptom = SAID_OF[service];
      if (seen?.outcome !== "down" || place === null || !symptom) continue;
      await recordLooks(db, report.id, [{ service, target, ...seen }]);
      const { title, text } = settings.wordsOfFault(place, symptom, now());
      const cause = { kind: "reports", id: `${place} ${symptom}` } as const;
      const opened = await openReported(
        db,
        report.id,
        { cause, title, text, openedAt: now() },
        { ...settings.telling(), now: now(), newId, guard },
      );
      if (!opened.fresh) continue;
      log.warn(
        { report: report.id, incident: opened.id, place, target, reason: seen.reason },
        "incident.reported",
      );
      metrics.incidents.inc({ phase: "investigating" });
      onOwed();
    }
  };

  const record = async (
    report: StoredReport,
    read: Read,
    knowns: readonly LinkableIncident[],
    findings: readonly DeepFinding[],
  ): Promise<void> => {
    await withSpan(
      "report.read",
      { "tudunk.report": report.id },
      report.traceparent,
      async (trace) => {
        if (!read.ok) log.error({ report: report.id, error: read.error }, "report.unreadable");
        const reading = answering.readingOf(report, read, { knowns, findings, now: now() });
        const fresh = await recordReading(db, report.id, reading, { now: now(), newId, guard });
        if (!fresh) return;
        metrics.reports.inc({ channel: report.channel, answer: reading.answer.kind });
        log.info(
          {
            report: report.id,
            answer: reading.answer.kind,
            symptom: read.ok ? read.extraction.symptoms[0]?.symptom : null,
            link: reading.link?.id ?? null,
            waitedMs: now().getTime() - report.storedAt.getTime(),
            traceId: traceIdOf(trace),
          },
          "report.read",
        );
        if (reading.letter) onOwed();
      },
    );
  };

  /** An incident that was noticed after its first reports explains them. */
  const adopt = async (): Promise<void> => {
    const at = now();
    const unlinked = await listUnlinked(db, new Date(at.getTime() - ADOPT_BACK_MS), 500);
    if (unlinked.length === 0) return;
    const { around } = await aroundNow([]);
    // The same reports beside the same incidents would only be judged the same again.
    const considered = JSON.stringify([
      around.knowns.map(({ id, words, resolvedAt }) => [id, words.length, resolvedAt]),
      unlinked.map(({ id }) => id),
    ]);
    if (around.knowns.length === 0 || considered === lastConsidered) return;
    lastConsidered = considered;
    const { reads, explained } = await reader.read(unlinked.map(toUnread), around);
    await mergeExplained(db, explained, now(), guard);
    for (const read of reads) {
      const report = unlinked.find(({ id }) => id === read.id);
      const [best] = read.ok && read.verdict.decision === "auto" ? read.verdict.candidates : [];
      if (!best || !report?.ticketId) continue;
      if (await adoptTicket(db, report.ticketId, best, { now: now(), guard }))
        log.info({ report: report.id, link: best.id }, "report.adopted");
    }
  };

  /** Who was linked without a word – late, by a colleague, or before it was public – gets one now. */
  const tellUntold = async (): Promise<void> => {
    const untold = await listUntold(db, 500);
    if (untold.length === 0) return;
    const knowns = await listLinkable(db, new Date(now().getTime() - KNOWN_AFTER_MS), KNOWN_MOST);
    for (const one of untold) {
      const ticket = await findTicket(db, one.ticketId);
      const incident = knowns.find(({ id }) => id === one.incidentId);
      const tellings =
        ticket && incident
          ? ticket.reports.map((report) => answering.tellingOf(report, ticket, incident, now()))
          : [];
      await tellLinked(db, one, tellings, { now: now(), newId, guard });
    }
    onOwed();
  };

  /** Whoever has confirmed their address gets the answer that waited for it. */
  const sendConfirmed = async (): Promise<void> => {
    for (const report of await listUnsent(db, 100)) {
      const letter = answering.answerAgain(report);
      if (letter) await oweAnswer(db, report.id, letter, { now: now(), newId, guard });
      onOwed();
    }
  };

  /** "Still broken" is looked into at once; where several customers agree, the incident goes on. */
  const hearDoubts = async (): Promise<void> => {
    const at = now().getTime();
    const broken = await listBroken(db, new Date(at - HOUR_MS), 100);
    const fresh = broken.filter(({ messageId }) => !lookedInto.has(messageId));
    if (fresh.length > 0) {
      const { around } = await aroundNow([]);
      const asked = fresh.map(({ report }) => ({ ...toUnread(report), look: true }));
      const { reads } = await reader.read(asked, around);
      await Promise.all(reads.map(async (read) => recordLooks(db, read.id, await lookInto(read))));
    }
    lookedInto.clear();
    for (const { messageId } of broken) lookedInto.add(messageId);
    for (const id of await listDoubted(db, new Date(at - DOUBT_MS))) {
      const reopened = await reopenDoubted(db, id, {
        ...settings.telling(),
        now: now(),
        newId,
        guard,
      });
      if (!reopened) continue;
      log.warn({ incident: id }, "incident.doubted");
      metrics.incidents.inc({ phase: "reopened" });
      onOwed();
    }
  };

  const look = async (): Promise<void> => {
    const handed = await waiting.handOver(
      async (report) => void (await keepReport(db, report, now())),
    );
    if (handed > 0) log.info({ reports: handed }, "report.handed-over");
    while (!stopping && (await readNew()));
    if (performance.now() - adoptedMs < ADOPT_EVERY_MS) return;
    adoptedMs = performance.now();
    await adopt();
    await tellUntold();
    await hearDoubts();
    await sendConfirmed();
  };

  const rest = async (): Promise<void> => {
    if (woken || stopping) return;
    await new Promise<void>((done) => {
      const timer = setTimeout(done, LOOK_MS);
      wakeUp = () => {
        clearTimeout(timer);
        done();
      };
    });
  };

  const loop = async (): Promise<void> => {
    while (!stopping) {
      woken = false;
      try {
        await look();
      } catch (error) {
        if (isDatabaseAway(error)) log.debug({ err: error }, "reports.waiting");
        else log.error({ err: error }, "reports.look-failed");
        woken = false;
      }
      await rest();
    }
  };
  const running = loop();

  return {
    wake,
    forget: () => reader.forget(),
    async stop() {
      stopping = true;
      wake();
      await reader.stop();
      await running;
    },
  };
}

/** One customer's services are looked into at most every 10 min, and those of 30 customers a minute. */
function createAllowance(now: () => Date): { may(accountId: string): boolean } {
  const last = new Map<string, number>();
  return {
    may(accountId) {
      const at = now().getTime();
      for (const [id, then] of last) if (at - then > DEEP_EVERY_MS) last.delete(id);
      const lately = [...last.values()].filter((then) => at - then < 60_000).length;
      if (last.has(accountId) || lately >= DEEP_A_MINUTE) return false;
      last.set(accountId, at);
      return true;
    },
  };
}

const toUnread = (report: StoredReport): Unread => {
  const { id, extraction, subject, text, receivedAt, channel, from, fromName } = report;
  const { accountId, attachments } = report;
  return {
    id,
    extraction,
    report: { subject, text, receivedAt, channel, from, fromName, accountId, attachments },
  };
};
