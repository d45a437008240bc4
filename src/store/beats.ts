import type { Beat, Book } from "../core/heartbeat.js";
import type { Db } from "./db.js";

/** What a job said, as it came in. */
export interface KeptBeat extends Beat {
  /** Twelve random letters, given at the door. */
  readonly key: string;
  readonly monitor: string;
  /** What else it told: the end of its output; `null` where nothing. */
  readonly text: string | null;
}

/** A beat that waits to be judged. */
export interface WaitingBeat extends KeptBeat {
  readonly num: number;
}

/** Keeps beats, synced once it resolves, and tells whoever judges them; what is there already stays. */
export async function keepBeats(db: Db, beats: readonly KeptBeat[]): Promise<void> {
  await db.raw(
    `with kept as (
       insert into beats (key, monitor, at, said)
       select key, monitor, at, said
         from jsonb_to_recordset(cast(:beats as jsonb)) as x (key text, monitor text, at timestamptz, said jsonb)
       on conflict (key) do nothing)
     select pg_notify('tudunk_beats', '')`,
    {
      beats: JSON.stringify(
        beats.map(({ key, monitor, at, ...said }) => ({
          key,
          monitor,
          at: new Date(at).toISOString(),
          said,
        })),
      ),
    },
  );
}

/** Beats of these monitors that nobody has judged, the oldest first. */
export async function listBeats(
  db: Db,
  monitors: readonly string[],
  limit: number,
): Promise<WaitingBeat[]> {
  const rows: {
    num: number;
    key: string;
    monitor: string;
    at: Date;
    said: Omit<KeptBeat, "key" | "monitor" | "at">;
  }[] = await db("beats")
    .select("num", "key", "monitor", "at", "said")
    .whereRaw("monitor = any(?)", [[...monitors]])
    .orderBy(["at", "num"])
    .limit(limit);
  return rows.map(({ at, said, ...rest }) => ({ ...rest, ...said, at: at.getTime() }));
}

/** What was judged: the beats are gone, and the books say what came of them. */
export async function settleBeats(
  tx: Db,
  nums: readonly number[],
  books: readonly {
    readonly monitor: string;
    readonly book: Book;
    readonly last: LastBeat | null;
  }[],
): Promise<void> {
  await tx.raw(
    `insert into heartbeats as h (monitor, book, last_beat)
     select monitor, book, case when jsonb_typeof(last) = 'object' then last end
       from jsonb_to_recordset(cast(:books as jsonb)) as x (monitor text, book jsonb, last jsonb)
     on conflict (monitor) do update
        set book = excluded.book, last_beat = coalesce(excluded.last_beat, h.last_beat)`,
    { books: JSON.stringify(books) },
  );
  if (nums.length > 0) await tx.raw(`delete from beats where num = any(:nums)`, { nums });
}

/** Drops beats of monitors that nobody has come to know since `before`. */
export async function dropStrayBeats(db: Db, before: Date): Promise<number> {
  return db("beats").where("at", "<", before).delete();
}

/** The last beat as it is shown. */
export interface LastBeat {
  readonly at: string;
  readonly signal: Beat["signal"];
  readonly exitStatus: number | null;
  readonly run: string | null;
  readonly ms: number | null;
  readonly text: string | null;
}

/** What is known of every job. */
export async function loadBooks(
  db: Db,
): Promise<Map<string, { readonly book: Book; readonly last: LastBeat | null }>> {
  const rows: { monitor: string; book: Book; last: LastBeat | null }[] = await db(
    "heartbeats",
  ).select("monitor", "book", { last: "last_beat" });
  return new Map(rows.map(({ monitor, book, last }) => [monitor, { book, last }]));
}

export async function findLastBeat(db: Db, monitor: string): Promise<LastBeat | null> {
  const row = await db("heartbeats").where({ monitor }).first("last_beat");
  return (row?.last_beat as LastBeat | null | undefined) ?? null;
}
