import type { DeepFinding } from "../../core/deep-probe.js";
import { Problem } from "../../errors.js";
import type { Around, Read, Reply } from "../../reader/messages.js";
import { isDatabaseAway } from "../../store/db.js";
import type { Linkable } from "../../store/known-incidents.js";
import { recordLooks } from "../../store/report-looks.js";
import { listUnread, type StoredReport } from "../../store/reports.js";
import { recordReading } from "../../store/ticket-reading.js";
import { traceIdOf, withSpan } from "../../tracing.js";
import { lookAround, toUnread, type Desk } from "./desk.js";
import { escalate, type Looker } from "./look-into.js";
import { suspect } from "./suspect.js";

/** Reads what nobody has read. */
export interface Understanding {
  /** Reads some; true where there may be more. */
  readSome(): Promise<boolean>;
  /** Resolves when nothing is under way any more that follows a reading. */
  settled(): Promise<void>;
}

const AT_ONCE = 20;
/** A report that ends the reading thread so often, alone, is left to a human. */
const ATTEMPTS = 2;

type Reads = ReadonlyMap<string, Read>;

interface Surroundings {
  readonly around: Around;
  readonly knowns: readonly Linkable[];
  /** Our addresses. */
  readonly ours: readonly string[];
}

export function createUnderstanding(
  desk: Desk,
  looker: Looker,
  /** A name turned out to be ours: what was read may belong to something. */
  onTraced: () => void,
): Understanding {
  const { db, reader, tracer, answering, now, newId, guard, log, metrics, stopping } = desk;
  const failures = new Map<string, number>();
  /** What the database refuses in every form: named once, and out of the others' way. */
  const unkeepable = new Set<string>();
  const following = new Set<Promise<void>>();

  /** One report may be the thread's end: then each is read alone, and that one left to a human. */
  const readSafely = async (
    unread: readonly StoredReport[],
    around: Around,
  ): Promise<{ readonly reads: Reads; readonly reply: Omit<Reply, "n"> | null }> => {
    const doubtful = unread.find(({ id }) => failures.has(id));
    const batch = doubtful ? [doubtful] : unread;
    const reply = await reader.read(batch.map(toUnread), around);
    if (reply) {
      for (const { id } of batch) failures.delete(id);
      return { reads: new Map(reply.reads.map((read) => [read.id, read])), reply };
    }
    const reads = new Map<string, Read>();
    if (stopping.aborted) return { reads, reply };
    for (const { id } of batch) {
      const times = (failures.get(id) ?? 0) + 1;
      failures.set(id, times);
      if (batch.length > 1 || times < ATTEMPTS) continue;
      reads.set(id, { ok: false, id, error: "could not be read" });
      failures.delete(id);
    }
    return { reads, reply };
  };

  /** Whose domain nobody has in the inventory may be ours all the same: the DNS says where it leads. */
  const traced = async (
    report: StoredReport,
    read: Read,
    { around, ours }: Surroundings,
  ): Promise<Read> => {
    if (!read.ok || read.strangers.length === 0) return read;
    const names = await tracer.trace(read.strangers, ours);
    if (names.length === 0) return read;
    const again = await reader.read([toUnread(report)], { ...around, traced: names });
    const [better] = again?.reads ?? [];
    return better?.ok ? better : read;
  };

  const record = async (
    report: StoredReport,
    read: Read,
    knowns: readonly Linkable[],
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
        if (reading.letter) desk.onOwed();
      },
    );
  };

  /** What cannot be kept as it was read goes to a human as it is; the others go on. */
  const recordSafely: typeof record = async (report, read, knowns, findings) => {
    try {
      await record(report, read, knowns, findings);
    } catch (error) {
      if (isOurs(error)) throw error;
      log.error({ report: report.id, err: error }, "report.reading-refused");
      const unread = { ok: false, id: report.id, error: "could not be kept" } as const;
      await record(report, unread, knowns, []).catch((worse: unknown) => {
        if (isOurs(worse)) throw worse;
        log.error({ report: report.id, err: worse }, "report.unkeepable");
        unkeepable.add(report.id);
      });
    }
  };

  /**
   * Who is the customer for certain waits for our look at their services. Everybody else waits for
   * what anybody may see, and for nothing that would tell who is a customer.
   */
  const takeIn = async (
    report: StoredReport,
    first: Read,
    surroundings: Surroundings,
  ): Promise<void> => {
    const { knowns, ours } = surroundings;
    const trusted = answering.trusts(report, first);
    const read = trusted ? await traced(report, first, surroundings) : first;
    const seen = !read.ok
      ? []
      : trusted
        ? await looker.at(read.plan)
        : await looker.openly(read.open.looks);
    // Whoever reads next looks for themselves.
    if (stopping.aborted) return;
    await recordSafely(report, read, knowns, seen);
    follow(report, async () => {
      if (!read.ok) return;
      if (trusted) return escalate(desk, report, read.plan, seen);
      const findings = await looker.at(read.plan);
      await recordLooks(db, report.id, findings);
      if ((await tracer.trace(read.strangers, ours)).length > 0) onTraced();
      await escalate(desk, report, read.plan, findings);
    });
  };

  const follow = (report: StoredReport, work: () => Promise<void>): void => {
    const step = work()
      .catch((error: unknown) => {
        if (!stopping.aborted && !isDatabaseAway(error))
          log.error({ report: report.id, err: error }, "report.not-followed");
      })
      .finally(() => following.delete(step));
    following.add(step);
  };

  return {
    async readSome() {
      const unread = await listUnread(db, AT_ONCE, [...unkeepable]);
      if (unread.length === 0) return false;
      const { around, knowns } = await lookAround(
        desk,
        unread.map(({ id }) => id),
      );
      const { reads, reply } = await readSafely(unread, around);
      // Who has to be looked into keeps nobody else waiting, and whose fails nobody else's.
      const taken = await Promise.allSettled(
        unread.map(async (report) => {
          const read = reads.get(report.id);
          if (read) await takeIn(report, read, { around, knowns, ours: reply?.ours ?? [] });
        }),
      );
      const failed = taken.find((one) => one.status === "rejected");
      if (failed) throw failed.reason;
      if (reply) await suspect(desk, reply, around);
      return !stopping.aborted;
    },
    async settled() {
      await Promise.all(following);
    },
  };
}

/** The database is away, or another instance leads: no fault of the report's. */
const isOurs = (error: unknown): boolean =>
  isDatabaseAway(error) || (error instanceof Problem && error.code === "conflict");
