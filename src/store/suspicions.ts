import type { Baseline } from "../core/correlate/baseline.js";
import { SUSPICION_RAISED, type NoticeBody } from "../core/delivery.js";
import type { Standing } from "../core/correlate/suspect.js";
import { learnDismissal } from "../core/correlate/baseline.js";
import type { Suspicion } from "../core/correlate/verdict.js";
import { Problem } from "../errors.js";
import { toJson, type Db } from "./db.js";

/** The suspicions that nobody has decided on, oldest first. */
export async function listStanding(db: Db): Promise<Standing[]> {
  const rows: { id: string; suspicion: Standing["suspicion"]; last_at: Date }[] = await db(
    "suspicions",
  )
    .select("id", "suspicion", "last_at")
    .where({ state: "open" })
    .orderBy("raised_at");
  return rows.map(({ id, suspicion, last_at }) => ({ id, suspicion, lastAt: last_at.getTime() }));
}

/**
 * Stores the suspicions as they are now: new ones are raised, those that are no longer among them
 * have been quiet for too long and retire. Returns the new ones, and whether staff are told of each:
 * anybody can write, and nobody is to be woken without end by it.
 */
export async function recordStanding(
  db: Db,
  standing: readonly Standing[],
  { now, guard, channels, newId, words }: RaiseOptions,
): Promise<{ readonly id: string; readonly told: boolean }[]> {
  return db.transaction(async (tx) => {
    await guard(tx);
    const raised: { readonly id: string; readonly told: boolean }[] = [];
    for (const { id, suspicion, lastAt } of standing) {
      const { rows } = await tx.raw<{ rows: { fresh: boolean }[] }>(
        `insert into suspicions (id, state, suspicion, raised_at, last_at)
         values (:id, 'open', cast(:suspicion as jsonb), :now, :lastAt)
         on conflict (id) do update
            set suspicion = excluded.suspicion, last_at = excluded.last_at
          where suspicions.state = 'open'
         returning xmax = 0 as fresh`,
        { id, suspicion: toJson(suspicion), now, lastAt: new Date(lastAt) },
      );
      const [stored] = rows;
      // Somebody has decided on it meanwhile.
      if (!stored) continue;
      const told =
        stored.fresh && (await countRaised(tx, new Date(now.getTime() - HOUR_MS))) <= TOLD_AN_HOUR;
      if (stored.fresh) raised.push({ id, told });
      if (told && channels.length > 0)
        await tx("deliveries").insert(
          channels.map((channel_id) => ({
            key: `${id}-${newId()}`,
            channel_id,
            suspicion_id: id,
            event: SUSPICION_RAISED,
            at: now,
            body: toJson(noticeOf(id, suspicion, words(suspicion))),
            due_at: now,
          })),
        );
      await tx("reports")
        .whereIn("id", [...suspicion.members])
        .update({ suspicion_id: id });
    }
    await tx("suspicions")
      .where({ state: "open" })
      .whereNotIn(
        "id",
        standing.map(({ id }) => id),
      )
      .update({ state: "retired", decided_at: now, decided_by: "engine" });
    return raised;
  });
}

/** Beyond so many an hour suspicions are only listed. */
const TOLD_AN_HOUR = 6;
const HOUR_MS = 3_600_000;

async function countRaised(tx: Db, since: Date): Promise<number> {
  const { rows } = await tx.raw<{ rows: { count: number }[] }>(
    `select count(*)::int as count from suspicions where raised_at > :since`,
    { since },
  );
  return rows[0]?.count ?? 0;
}

/** Suspicions that turned out to be an incident which was noticed since. */
export async function mergeExplained(
  db: Db,
  explained: readonly { readonly id: string; readonly incident: string }[],
  now: Date,
  guard: (tx: Db) => Promise<void>,
): Promise<void> {
  if (explained.length === 0) return;
  await db.transaction(async (tx) => {
    await guard(tx);
    for (const { id, incident } of explained)
      await tx("suspicions")
        .where({ id, state: "open" })
        .update({ state: "merged", incident_id: incident, decided_at: now, decided_by: "engine" });
  });
}

/** Who is told of a new suspicion, and in what words. */
interface RaiseOptions {
  readonly now: Date;
  readonly guard: (tx: Db) => Promise<void>;
  readonly channels: readonly string[];
  readonly newId: () => string;
  readonly words: (suspicion: Suspicion) => Pick<NoticeBody, "headline" | "text">;
}

function noticeOf(
  id: string,
  { key, members, accounts, expected, words }: Suspicion,
  said: Pick<NoticeBody, "headline" | "text">,
): NoticeBody {
  const { place, symptom } = key;
  return {
    ...said,
    suspicion: { id, place, symptom, reports: members, accounts, expected, words },
  };
}

/** What is usual as it was last counted; `null` on a new installation. */
export async function findBaseline(db: Db): Promise<Baseline | null> {
  const row: { baseline: Baseline } | undefined = await db("report_baseline").first();
  return row?.baseline ?? null;
}

/** What is usual as it was counted anew. */
export async function saveBaseline(
  db: Db,
  baseline: Baseline,
  guard: (tx: Db) => Promise<void>,
): Promise<void> {
  await db.transaction(async (tx) => {
    await guard(tx);
    await storeBaseline(tx, baseline);
  });
}

const storeBaseline = async (tx: Db, baseline: Baseline): Promise<void> => {
  await tx("report_baseline")
    .insert({ baseline: toJson(baseline) })
    .onConflict("only")
    .merge();
};

// ── what people decide ───────────────────────────────────────────────────────────────────────

/** A suspicion as staff see it. */
export interface SuspicionView extends Suspicion {
  readonly id: string;
  readonly state: "open" | "confirmed" | "merged" | "dismissed" | "retired";
  readonly raisedAt: Date;
  readonly lastAt: Date;
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
  readonly incidentId: string | null;
  /** What our own looks at its members' services saw, newest first. */
  readonly looks: readonly {
    readonly report: string;
    readonly service: string;
    readonly target: string;
    readonly outcome: string;
    readonly reason: string;
    readonly at: string;
  }[];
}

interface SuspicionRow {
  readonly id: string;
  readonly state: SuspicionView["state"];
  readonly suspicion: Suspicion;
  readonly raised_at: Date;
  readonly last_at: Date;
  readonly decided_at: Date | null;
  readonly decided_by: string | null;
  readonly incident_id: string | null;
  readonly looks: SuspicionView["looks"];
}

/** Suspicions newest first; `open` ones, or all. */
export async function listSuspicions(
  db: Db,
  { state, limit }: { readonly state: "open" | "all"; readonly limit: number },
): Promise<SuspicionView[]> {
  return select(db, state === "open" ? "where s.state = 'open'" : "", { limit });
}

export async function findSuspicion(db: Db, id: string): Promise<SuspicionView | null> {
  return (await select(db, "where s.id = :id", { id, limit: 1 }))[0] ?? null;
}

async function select(
  db: Db,
  where: string,
  values: Readonly<Record<string, string | number>>,
): Promise<SuspicionView[]> {
  const { rows } = await db.raw<{ rows: SuspicionRow[] }>(
    `select s.*, coalesce((select jsonb_agg(jsonb_build_object(
                    'report', k.report_id, 'service', k.service, 'target', k.target,
                    'outcome', k.outcome, 'reason', k.reason, 'at', k.at) order by k.at desc)
               from report_looks k join reports r on r.id = k.report_id
              where r.suspicion_id = s.id), '[]') as looks
       from suspicions s ${where} order by s.raised_at desc, s.id limit :limit`,
    values,
  );
  return rows.map((row) => ({
    ...row.suspicion,
    id: row.id,
    state: row.state,
    raisedAt: row.raised_at,
    lastAt: row.last_at,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
    incidentId: row.incident_id,
    looks: row.looks,
  }));
}

interface Decision {
  readonly by: string;
  readonly now: Date;
}

/**
 * Says that an incident is what the suspicion is about – one that `open` makes of it, or one that is
 * there – and links its members' tickets to it. Throws `not-found`, or `conflict` where it is decided.
 */
export async function settleSuspicion(
  db: Db,
  id: string,
  open: (
    tx: Db,
    suspicion: Suspicion,
  ) => Promise<{ incident: string; state: "confirmed" | "merged" }>,
  { by, now }: Decision,
): Promise<void> {
  await db.transaction(async (tx) => {
    const suspicion = await lockOpen(tx, id);
    const { incident, state } = await open(tx, suspicion);
    await requireUnmerged(tx, incident);
    await tx("suspicions")
      .where({ id })
      .update({ state, decided_at: now, decided_by: by, incident_id: incident });
    await tx.raw(
      `with linked as (
         insert into links (ticket_id, incident_id, by, p, reasons, linked_at)
         select distinct r.ticket_id, :incident, :by, cast(null as real), cast('[]' as jsonb), cast(:now as timestamptz)
           from reports r where r.suspicion_id = :id and r.ticket_id is not null
         on conflict (ticket_id, incident_id) where undone_at is null do nothing
         returning ticket_id)
       update tickets set updated_at = :now,
              state = (select case when resolved_at is null then 'known' else 'fixed' end from incidents where id = :incident)
        where id in (select ticket_id from linked) and state <> 'closed'`,
      { incident, by, now, id },
    );
    await tx.raw(
      `insert into corrections (at, by, report_id, incident_id, linked, reasons)
       select :now, :by, r.id, :incident, true, '[]' from reports r where r.suspicion_id = :id`,
      { now, by, incident, id },
    );
    await tx.raw("select pg_notify('tudunk_reports', '')");
  });
}

/** Holds until the end: what is merged meanwhile would leave these customers behind. */
async function requireUnmerged(tx: Db, incident: string): Promise<void> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select 1 from incidents where id = :incident and merged_into is null for share`,
    { incident },
  );
  if (rows.length === 0) throw new Problem("conflict", "This incident was merged into another.");
}

/** Says that it was nothing: the like is raised less easily from now on. Throws as `settleSuspicion`. */
export async function dismissSuspicion(db: Db, id: string, { by, now }: Decision): Promise<void> {
  await db.transaction(async (tx) => {
    const { key } = await lockOpen(tx, id);
    await tx("suspicions")
      .where({ id })
      .update({ state: "dismissed", decided_at: now, decided_by: by });
    const baseline = await findBaseline(tx);
    if (baseline) await storeBaseline(tx, learnDismissal(baseline, key));
  });
}

async function lockOpen(tx: Db, id: string): Promise<Suspicion> {
  const row: { state: string; suspicion: Suspicion } | undefined = await tx("suspicions")
    .where({ id })
    .forUpdate()
    .first("state", "suspicion");
  if (!row) throw new Problem("not-found", "There is no such suspicion.");
  if (row.state !== "open")
    throw new Problem("conflict", `This suspicion is ${row.state} already.`);
  return row.suspicion;
}
