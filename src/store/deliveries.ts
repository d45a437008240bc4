import {
  SUSPICION_RAISED,
  type DeliveryBody,
  type EventName,
  type NoticeBody,
} from "../core/delivery.js";
import type { LetterBody } from "../core/letter.js";
import type { Db } from "./db.js";

/** An owed message that is ours to send until the lease ends: to staff of an incident, or to a customer. */
export type Claim = Claimed &
  (
    | { readonly to: "channel"; readonly event: EventName; readonly body: DeliveryBody }
    | {
        readonly to: "channel";
        readonly event: typeof SUSPICION_RAISED;
        readonly body: NoticeBody;
      }
    | {
        readonly to: "customer";
        readonly reportId: string;
        readonly recipient: string;
        readonly body: LetterBody;
      }
  );

interface Claimed {
  readonly id: number;
  /** The same for every attempt: what a receiver may drop a second copy by. */
  readonly key: string;
  readonly channelId: string;
  readonly at: Date;
  readonly traceparent: string | null;
  /** This attempt included; also what tells our claim from any later one. */
  readonly attempts: number;
}

/** What the console and `/metrics` say of a channel. */
export interface DeliveryCount {
  readonly channelId: string;
  readonly owed: number;
  /** When the oldest owed message came to be owed; `null` where none is. */
  readonly oldestOwedAt: Date | null;
  readonly sentLastDay: number;
  readonly failedLastDay: number;
}

/** How many more messages a channel takes at the moment. */
export interface Slots {
  readonly channelId: string;
  readonly free: number;
}

/**
 * Claims what is due, at most `free` a channel, for `leaseMs`. Of one incident (or report) and channel only the
 * oldest that is still owed is ever claimed, so order is kept. No two callers get the same one.
 */
export async function claimDue(
  db: Db,
  now: Date,
  slots: readonly Slots[],
  leaseMs: number,
): Promise<Claim[]> {
  if (slots.every(({ free }) => free < 1)) return [];
  const { rows } = await db.raw<{ rows: ClaimRow[] }>(
    // Materialized: the limit and the locks must be taken once, not once a row of the update.
    `with due as materialized (
       select owed.id
         from jsonb_to_recordset(cast(:slots as jsonb)) as slot ("channelId" text, free int)
        cross join lateral (
          select id
            from deliveries d
           where state = 'owed'
             and channel_id = slot."channelId"
             and due_at <= cast(:now as timestamptz)
             and (leased_until is null or leased_until <= cast(:now as timestamptz))
             and not exists (select 1
                               from deliveries earlier
                              where earlier.state = 'owed'
                                and earlier.channel_id = d.channel_id
                                and earlier.thread = d.thread
                                and earlier.id < d.id)
           order by due_at, id
           limit greatest(slot.free, 0)
             for update skip locked) owed
     )
     update deliveries
        set attempts = attempts + 1, leased_until = cast(:until as timestamptz)
       from due
      where deliveries.id = due.id
  returning deliveries.id, key, channel_id, report_id, recipient, event, at, body, traceparent, attempts`,
    { slots: JSON.stringify(slots), now, until: new Date(now.getTime() + leaseMs) },
  );
  return rows.map(toClaim).toSorted((a, b) => a.id - b.id);
}

/**
 * Frees what a predecessor had claimed when it died; for a new leader before its first claim, as only
 * the leader sends.
 */
export async function releaseClaims(db: Db): Promise<void> {
  await db("deliveries")
    .where({ state: "owed" })
    .whereNotNull("leased_until")
    .update({ leased_until: null });
}

/** Notes that a claim was sent. False where the claim had been lost to somebody else meanwhile. */
export async function recordSent(db: Db, claim: Claim, now: Date): Promise<boolean> {
  const changed = await held(db, claim).update({
    state: "sent",
    sent_at: now,
    leased_until: null,
    last_error: null,
  });
  return changed === 1;
}

/**
 * Notes why a claim was not sent: tried again at `next`, or given up where that is `null`. False where
 * the claim had been lost to somebody else meanwhile.
 */
export async function recordFailure(
  db: Db,
  claim: Claim,
  failure: { readonly reason: string; readonly next: Date | null },
  now: Date,
): Promise<boolean> {
  const { reason, next } = failure;
  const changed = await held(db, claim).update({
    ...(next ? { due_at: next } : { state: "failed", failed_at: now }),
    leased_until: null,
    last_error: reason.slice(0, 500),
  });
  return changed === 1;
}

/**
 * Gives up what is owed to channels that exist no more, where it came to be owed before `owedBefore`.
 * Returns how many messages that were.
 */
export async function failUnconfigured(
  db: Db,
  channelIds: readonly string[],
  owedBefore: Date,
  now: Date,
): Promise<number> {
  const { rowCount } = await db.raw<{ rowCount: number }>(
    `update deliveries
        set state = 'failed', failed_at = cast(:now as timestamptz), leased_until = null,
            last_error = 'channel is no longer configured'
      where state = 'owed'
        and at < cast(:owedBefore as timestamptz)
        and not channel_id = any(cast(:channelIds as text[]))
        and (leased_until is null or leased_until <= cast(:now as timestamptz))`,
    { channelIds: [...channelIds], owedBefore, now },
  );
  return rowCount;
}

/** One line a channel that owes something or said something in the last 24 hours. */
export async function countDeliveries(db: Db, now: Date): Promise<DeliveryCount[]> {
  const dayAgo = new Date(now.getTime() - 86_400_000);
  const { rows } = await db.raw<{ rows: DeliveryCount[] }>(
    `select channel_id as "channelId",
            count(*) filter (where state = 'owed') as owed,
            min(at) filter (where state = 'owed') as "oldestOwedAt",
            count(*) filter (where state = 'sent') as "sentLastDay",
            count(*) filter (where state = 'failed') as "failedLastDay"
       from deliveries
      where state = 'owed'
         or (state = 'sent' and sent_at > cast(:dayAgo as timestamptz))
         or (state = 'failed' and failed_at > cast(:dayAgo as timestamptz))
      group by channel_id
      order by channel_id`,
    { dayAgo },
  );
  return rows;
}

/** Deletes what was sent or given up before `before`, at most `limit` at a time; returns how many. */
export async function forgetDeliveries(db: Db, before: Date, limit: number): Promise<number> {
  const { rowCount } = await db.raw<{ rowCount: number }>(
    `delete from deliveries
      where id in (select id from deliveries
                    where state <> 'owed' and coalesce(sent_at, failed_at) < cast(:before as timestamptz)
                    limit :limit)`,
    { before, limit },
  );
  return rowCount;
}

/** The row of a claim as long as nobody else has claimed, sent or given it up since. */
const held = (db: Db, { id, attempts }: Claim) =>
  db("deliveries").where({ id, attempts, state: "owed" }).whereNotNull("leased_until");

interface ClaimRow {
  readonly id: number;
  readonly key: string;
  readonly channel_id: string;
  readonly report_id: string | null;
  readonly recipient: string | null;
  readonly event: EventName | typeof SUSPICION_RAISED;
  readonly at: Date;
  readonly body: DeliveryBody | NoticeBody | LetterBody;
  readonly traceparent: string | null;
  readonly attempts: number;
}

function toClaim(row: ClaimRow): Claim {
  const { id, key, at, traceparent, attempts, event } = row;
  const claimed = { id, key, channelId: row.channel_id, at, traceparent, attempts };
  if (row.report_id !== null)
    return {
      ...claimed,
      to: "customer",
      reportId: row.report_id,
      recipient: row.recipient ?? "",
      body: row.body as LetterBody,
    };
  return event === SUSPICION_RAISED
    ? { ...claimed, to: "channel", event, body: row.body as NoticeBody }
    : { ...claimed, to: "channel", event, body: row.body as DeliveryBody };
}
