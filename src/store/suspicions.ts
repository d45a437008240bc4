import type { Baseline } from "../core/correlate/baseline.js";
import type { Standing } from "../core/correlate/suspect.js";
import type { Db } from "./db.js";

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
 * have been quiet for too long and retire. Returns the ids of the new ones.
 */
export async function recordStanding(
  db: Db,
  standing: readonly Standing[],
  now: Date,
  guard: (tx: Db) => Promise<void>,
): Promise<string[]> {
  return db.transaction(async (tx) => {
    await guard(tx);
    const raised: string[] = [];
    for (const { id, suspicion, lastAt } of standing) {
      const { rows } = await tx.raw<{ rows: { fresh: boolean }[] }>(
        `insert into suspicions (id, state, suspicion, raised_at, last_at)
         values (:id, 'open', cast(:suspicion as jsonb), :now, :lastAt)
         on conflict (id) do update
            set suspicion = excluded.suspicion, last_at = excluded.last_at
          where suspicions.state = 'open'
         returning xmax = 0 as fresh`,
        { id, suspicion: JSON.stringify(suspicion), now, lastAt: new Date(lastAt) },
      );
      if (rows[0]?.fresh) raised.push(id);
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

/** What is usual as it was last counted; `null` on a new installation. */
export async function findBaseline(db: Db): Promise<Baseline | null> {
  const row: { baseline: Baseline } | undefined = await db("report_baseline").first();
  return row?.baseline ?? null;
}

export async function saveBaseline(db: Db, baseline: Baseline): Promise<void> {
  await db("report_baseline").insert({ baseline }).onConflict("only").merge();
}
