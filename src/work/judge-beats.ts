import { isFailing } from "../core/health.js";
import {
  emptyBook,
  judgeBeats,
  note,
  type Book,
  type Expectation,
  type Standing,
} from "../core/heartbeat.js";
import type { Log } from "../log.js";
import {
  dropStrayBeats,
  listBeats,
  loadBooks,
  settleBeats,
  type LastBeat,
  type WaitingBeat,
} from "../store/beats.js";
import type { Db } from "../store/db.js";
import type { Watched } from "../store/monitors.js";
import type { Sighting } from "../worker/messages.js";
import type { Roster } from "./roster.js";
import type { Tell } from "./tell-heard.js";

export interface JudgeBeatsSettings {
  readonly db: Db;
  readonly roster: Roster;
  /** By the id of their monitor; another object whenever the configuration has changed. */
  readonly expectations: () => ReadonlyMap<string, Expectation>;
  readonly tell: Tell;
  readonly now: () => Date;
}

/** Beats are also looked for without a word, should one have been lost (ms). */
const LOOK_MS = 5_000;
/**
 * Rounds farther apart than this (ms): we stood still, and what came meanwhile may have given up, or
 * still waits to be heard.
 */
const STOOD_STILL_MS = 3_000;
/** Reading that takes longer than this (ms): the database stood still, and what came meanwhile may wait on disk. */
const SLOW_MS = 1_000;
/** A beat for a monitor that is not known by then (ms) is nobody's. */
const STRAY_MS = 3_600_000;
const AT_ONCE = 1_000;
const SHOWN_TEXT = 256;

interface Job {
  book: Book;
  last: LastBeat | null;
  /** When it is judged again unless it says something (epoch ms). */
  nextAt: number;
}

/** What one round has to tell of a job, and the beats that are settled by it. */
interface Word {
  readonly watched: Watched;
  readonly job: Job;
  readonly nums: readonly number[];
  readonly sighting: Omit<Sighting, "seq"> | null;
}

/**
 * One round of judging jobs: what they said is judged at once, in the order they said it, and their
 * silence at the moments when it begins to mean something. Each result is stored together with the book
 * it rests on. A round that rejects has stored nothing of what it failed at; the next does it again.
 */
export function judgeBeatsOnce(settings: JudgeBeatsSettings): (woken: boolean) => Promise<void> {
  const { db, roster, expectations, tell, now } = settings;
  const jobs = new Map<string, Job>();
  let known: ReadonlyMap<string, Expectation> = new Map();
  let loaded = false;
  let listeningSince = now().getTime();
  let roundAt = listeningSince;
  let lookedAt = 0;

  const load = async (): Promise<void> => {
    for (const [monitor, { book, last }] of await loadBooks(db))
      jobs.set(monitor, { book, last, nextAt: 0 });
    loaded = true;
  };

  /** The job of a monitor; its book begins anew where the watch over it did. */
  const jobOf = ({ id, health }: Watched, at: number): Job => {
    const job = jobs.get(id);
    const begins = health.state === "pending" && job?.book.since !== health.since;
    if (job && !begins) return job;
    const since = health.state === "pending" ? health.since : at;
    return { book: emptyBook(since), last: job?.last ?? null, nextAt: 0 };
  };

  const standingOf = (book: Book, { id, health }: Watched, at: number): Standing | null => {
    const expected = known.get(id);
    if (!expected) return null;
    return judgeBeats(book, expected, {
      now: at,
      listeningSince,
      wasSilent: isFailing(health.state),
    });
  };

  const wordOf = (
    watched: Watched,
    job: Omit<Job, "nextAt">,
    judgedAt: number,
    nums: readonly number[],
  ): Word => {
    const standing = standingOf(job.book, watched, judgedAt);
    const at = Math.max(judgedAt, (watched.health.lastAt ?? 0) + 1);
    const nextAt = Math.min(at + watched.everyMs, standing?.until ?? Infinity);
    const lagMs = Math.max(0, now().getTime() - judgedAt);
    const sighting =
      standing?.verdict && !watched.paused
        ? { monitor: watched.id, lagMs, result: resultOf(job, standing, at) }
        : null;
    return { watched, job: { ...job, nextAt }, nums, sighting };
  };

  const store = async (words: readonly Word[]): Promise<void> => {
    if (words.length === 0) return;
    const books = words.map(({ watched, job: { book, last } }) => ({
      monitor: watched.id,
      book,
      last,
    }));
    const nums = words.flatMap((word) => word.nums);
    await tell(
      words.flatMap(({ sighting }) => sighting ?? []),
      (tx) => settleBeats(tx, nums, books),
    );
    for (const { watched, job } of words) jobs.set(watched.id, job);
  };

  /** Reads what jobs said; of each as much at once as leads to one result. */
  const hear = async (): Promise<void> => {
    for (;;) {
      const ids = [...known.keys()].filter((id) => roster.get(id));
      const waiting = await listBeats(db, ids, AT_ONCE);
      if (waiting.length === 0) return;
      const byMonitor = new Map<string, WaitingBeat[]>();
      for (const beat of waiting)
        byMonitor.set(beat.monitor, [...(byMonitor.get(beat.monitor) ?? []), beat]);
      await store([...byMonitor].flatMap(([id, its]) => hearOne(id, its)));
    }
  };

  const hearOne = (id: string, its: readonly WaitingBeat[]): Word[] => {
    const watched = roster.get(id);
    if (!watched) return [];
    const end = its.findIndex(({ signal }) => signal === "success" || signal === "fail");
    const taken = end < 0 ? its : its.slice(0, end + 1);
    const last = taken.at(-1);
    if (!last) return [];
    const job = jobOf(watched, last.at);
    const book = taken.reduce(note, job.book);
    const newest = job.last && Date.parse(job.last.at) > last.at ? job.last : lastOf(last);
    return [
      wordOf(
        watched,
        { book, last: newest },
        book.endedAt === last.at ? momentOf(book, watched, last.at) : now().getTime(),
        taken.map(({ num }) => num),
      ),
    ];
  };

  /** What a job says holds for when it said it – unless time alone has undone it since. */
  const momentOf = (book: Book, watched: Watched, at: number): number => {
    const present = now().getTime();
    const until = standingOf(book, watched, at)?.until ?? Infinity;
    return until <= present ? present : Math.min(at, present);
  };

  const dueAt = (at: number): Watched[] =>
    [...known.keys()].flatMap((id) => {
      const watched = roster.get(id);
      if (!watched || watched.paused) return [];
      const { nextAt } = jobOf(watched, at);
      // Farther away than that it never was: the clock went back.
      return at < nextAt && nextAt <= at + watched.everyMs ? [] : [watched];
    });

  const judgeDue = async (at: number): Promise<void> => {
    const words: Word[] = [];
    for (const watched of dueAt(at)) {
      const { id } = watched;
      const word = wordOf(watched, jobOf(watched, at), at, []);
      // Nothing to tell and nothing to remember.
      if (word.sighting || !jobs.has(id)) words.push(word);
      else jobs.set(id, word.job);
    }
    await store(words);
  };

  const round = async (woken: boolean): Promise<void> => {
    const at = now().getTime();
    if (at - roundAt > STOOD_STILL_MS) listeningSince = at;
    roundAt = at;
    if (!loaded) await load();
    const present = expectations();
    if (present !== known) for (const job of jobs.values()) job.nextAt = 0;
    known = present;
    for (const id of jobs.keys()) if (!known.has(id)) jobs.delete(id);
    // Nobody is called silent before what has come was read.
    if (woken || Math.abs(at - lookedAt) >= LOOK_MS || dueAt(at).length > 0) {
      await hear();
      lookedAt = at;
      const heardAt = now().getTime();
      if (heardAt - at > SLOW_MS) listeningSince = heardAt;
    }
    await judgeDue(now().getTime());
  };

  return async (woken) => {
    try {
      await round(woken);
    } catch (error) {
      // What comes in now may be kept on disk, of another machine even: silence proves nothing.
      listeningSince = now().getTime();
      throw error;
    }
  };
}

const lastOf = ({ at, signal, exitStatus, run, ms, text }: WaitingBeat): LastBeat => ({
  at: new Date(at).toISOString(),
  signal,
  exitStatus,
  run,
  ms,
  text,
});

function resultOf(
  { book, last }: Pick<Job, "book" | "last">,
  { verdict, dueAt }: Standing,
  at: number,
): Sighting["result"] {
  const says = last?.text ?? null;
  const cut =
    says !== null && says.length > SHOWN_TEXT ? `${says.slice(0, SHOWN_TEXT - 1)}…` : says;
  return {
    at: new Date(at).toISOString(),
    outcome: verdict?.outcome ?? "unknown",
    reason: verdict?.reason ?? "heartbeat-unheard",
    ms: book.ms ?? 0,
    timings: {},
    facts: {
      ...(last && { signal: last.signal, beatAt: last.at }),
      ...(last?.exitStatus != null && { exitStatus: last.exitStatus }),
      ...(dueAt !== null && { dueAt: new Date(dueAt).toISOString() }),
      ...(book.started && { runningSince: new Date(book.started.at).toISOString() }),
      ...(cut !== null && { says: cut }),
    },
  };
}

/** Drops what was said by jobs that nobody watches. */
export async function dropStrays(db: Db, now: Date, log: Log): Promise<void> {
  const dropped = await dropStrayBeats(db, new Date(now.getTime() - STRAY_MS));
  if (dropped > 0) log.warn({ beats: dropped }, "beats.of-nobody");
}
