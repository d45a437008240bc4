import { DateTime } from "luxon";
import type { Config } from "../config/config.js";
import type { Log } from "../log.js";
import { forgetAttachments } from "../store/attachments.js";
import type { Db } from "../store/db.js";
import { forgetDeliveries } from "../store/deliveries.js";
import { forgetTickets } from "../store/tickets.js";
import { dayOf, ensureDays, ensurePartition, forgetStreams } from "../store/results.js";
import {
  dropPartitionsBefore,
  dueHours,
  queueHours,
  rollUpDay,
  rollUpHour,
} from "../store/rollups.js";

const DAY_MS = 86_400_000;
/** A spool older than this is never delivered any more. */
const STREAMS_KEPT_MS = 30 * DAY_MS;
const DELIVERIES_KEPT_MS = 90 * DAY_MS;
const DELIVERIES_AT_ONCE = 5_000;
const PICTURES_AT_ONCE = 1_000;
const TICKETS_AT_ONCE = 2_000;

/** Makes the partitions that the coming days need. Safe to repeat. */
export async function preparePartitions(db: Db, now: Date): Promise<void> {
  const days = [-1, 0, 1, 2].map((n) => new Date(now.getTime() + n * DAY_MS));
  await ensureDays(db, days.map(dayOf));
  const month = DateTime.fromJSDate(now, { zone: "utc" }).startOf("month");
  for (const first of [month.minus({ months: 1 }), month, month.plus({ months: 1 })])
    await ensureMonth(db, first);
  const year = month.startOf("year");
  for (const first of [year.minus({ years: 1 }), year, year.plus({ years: 1 })])
    await ensurePartition(
      db,
      "result_days",
      first.toISODate() ?? "",
      first.plus({ years: 1 }).toISODate() ?? "",
      first.toFormat("yyyy"),
    );
}

const ensureMonth = (db: Db, first: DateTime): Promise<void> =>
  ensurePartition(
    db,
    "result_hours",
    first.toFormat("yyyy-MM-dd 00:00:00+00"),
    first.plus({ months: 1 }).toFormat("yyyy-MM-dd 00:00:00+00"),
    first.toFormat("yyyyMM"),
  );

/**
 * Rolls up the hours that wait and the local days they belong to, as far as those are over. Late
 * results have put their hours back into the queue; all of it is made anew, so nothing counts twice.
 */
export async function rollUp(db: Db, config: Config, now: Date, log: Log): Promise<void> {
  const { retention, site } = config;
  await queueHours(db, now, new Date(now.getTime() - retention.resultsMs));
  const days = new Map<string, DateTime>();
  for (const hour of await dueHours(db, now)) {
    await ensureMonth(db, DateTime.fromJSDate(hour, { zone: "utc" }).startOf("month"));
    await rollUpHour(db, hour);
    const day = DateTime.fromJSDate(hour, { zone: site.timezone }).startOf("day");
    days.set(day.toISODate() ?? "", day);
  }
  for (const [date, day] of days) {
    const until = day.plus({ days: 1 });
    if (until.toMillis() <= now.getTime())
      await rollUpDay(db, { date, from: day.toJSDate(), until: until.toJSDate() });
  }
  if (days.size > 0) log.info({ days: [...days.keys()] }, "results.rolled-up");
}

/** Drops what `retention` no longer keeps, whole partitions at a time. */
export async function dropOld(db: Db, { retention }: Config, now: Date, log: Log): Promise<void> {
  const before = (keptMs: number): Date => new Date(now.getTime() - keptMs);
  const dropped = [
    ...(await dropPartitionsBefore(db, "results", before(retention.resultsMs))),
    ...(await dropPartitionsBefore(db, "result_hours", before(retention.hoursMs))),
    ...(await dropPartitionsBefore(db, "result_days", before(retention.daysMs))),
  ];
  if (dropped.length > 0) log.info({ dropped }, "results.dropped");
  const forgotten = await forgetAttachments(db, before(retention.screenshotsMs), PICTURES_AT_ONCE);
  if (forgotten > 0) log.info({ forgotten }, "pictures.forgotten");
  const tickets = await forgetTickets(db, before(retention.reportsMs), TICKETS_AT_ONCE);
  if (tickets > 0) log.info({ tickets }, "tickets.forgotten");
  await forgetStreams(db, before(STREAMS_KEPT_MS));
  await forgetDeliveries(db, before(DELIVERIES_KEPT_MS), DELIVERIES_AT_ONCE);
}
