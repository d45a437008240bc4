import { CUSTOMERS } from "../core/delivery.js";
import type { LetterBody } from "../core/letter.js";
import { toJson, type Db } from "./db.js";
import { listReportsById, type StoredReport } from "./reports.js";

/**
 * Anybody may type anybody's address. So an address is asked once a day whether it is theirs, thrice
 * where it said yes in between; a flood of different ones ends at so many an hour.
 */
const QUESTIONS_A_DAY = 3;
const QUESTIONS_AN_HOUR = 300;
/** Answers that a day brings to an address whose owner did not surely ask for them. */
const ANSWERS_A_DAY = 6;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** One at a time counts and adds: two at once would both find room. */
const LETTERS_LOCK = 0x7475_0003;

const SENT_TODAY = `(select count(*) from deliveries d
   where lower(d.recipient) = lower(r.contact) and d.event = :event and d.at > :dayAgo)`;

const ROOM: Readonly<Record<LetterBody["kind"], string>> = {
  update: "true",
  answer: `(r.trusted or ${SENT_TODAY} < ${ANSWERS_A_DAY})`,
  confirm: `${SENT_TODAY} < ${QUESTIONS_A_DAY}
    and not exists (select 1 from deliveries d join reports q on q.id = d.report_id
                     where lower(d.recipient) = lower(r.contact) and d.event = :event and d.at > :dayAgo
                       and q.contact_proof is null)
    and (select count(*) from deliveries d
          where d.event = :event and d.at > :hourAgo) < ${QUESTIONS_AN_HOUR}`,
};

/** Owes a letter to a report's contact; false where there is none, or it was sent enough of late. */
export async function oweLetter(
  tx: Db,
  reportId: string,
  letter: LetterBody,
  key: string,
  now: Date,
): Promise<boolean> {
  await tx.raw(`select pg_advisory_xact_lock(${LETTERS_LOCK})`);
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `insert into deliveries (key, channel_id, report_id, recipient, event, at, body, traceparent, due_at)
     select :key, :channel, r.id, r.contact, cast(:event as text), :now, cast(:body as jsonb), r.traceparent, :now
       from reports r
      where r.id = :reportId and r.contact is not null and ${ROOM[letter.kind]}`,
    {
      key: `${reportId}-${key}`,
      channel: CUSTOMERS,
      event: `report.${letter.kind}`,
      now,
      body: toJson(letter),
      reportId,
      dayAgo: new Date(now.getTime() - DAY_MS),
      hourAgo: new Date(now.getTime() - HOUR_MS),
    },
  );
  return rowCount === 1;
}

/** Who confirms later than this hears of what is to come, and no more of what was said then. */
const UNSENT_MS = 14 * DAY_MS;

/**
 * Reports whose sender has said that the address is theirs, and who were sent no answer yet. Not
 * older than what the outbox remembers for certain: else all would be sent once more.
 */
export async function listUnsent(db: Db, now: Date, limit: number): Promise<StoredReport[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `select r.id from reports r
      where r.contact_proof = 'confirmed' and r.answer is not null
        and r.hear in ('every', 'first-and-fixed') and r.received_at > :since
        and not exists (select 1 from deliveries d where d.report_id = r.id and d.event = :event)
        and ${ROOM.answer}
      order by r.received_at desc limit :limit`,
    {
      since: new Date(now.getTime() - UNSENT_MS),
      dayAgo: new Date(now.getTime() - DAY_MS),
      event: "report.answer",
      limit,
    },
  );
  return listReportsById(
    db,
    rows.map(({ id }) => id),
  );
}

/** Owes the answer to a report whose address is known by now. */
export async function oweAnswer(
  db: Db,
  reportId: string,
  letter: LetterBody,
  {
    now,
    newId,
    guard,
  }: {
    readonly now: Date;
    readonly newId: () => string;
    readonly guard: (tx: Db) => Promise<void>;
  },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    await guard(tx);
    return oweLetter(tx, reportId, letter, newId(), now);
  });
}
