import type { Labelled, Refit } from "../core/correlate/recalibrate.js";
import type { Weights } from "../core/correlate/weights.js";
import type { Db } from "./db.js";

/** The weights in force; `null` where those that we ship are. */
export async function findWeights(db: Db): Promise<Weights | null> {
  const row: { weights: Weights } | undefined = await db("correlation_weights")
    .orderBy("id", "desc")
    .first("weights");
  return row?.weights ?? null;
}

/** Puts weights into force; the earlier ones are kept. */
export async function saveWeights(
  db: Db,
  { weights, before, after }: Refit,
  { by, now }: { readonly by: string; readonly now: Date },
): Promise<void> {
  await db("correlation_weights").insert({
    weights,
    figures: { before, after },
    made_at: now,
    made_by: by,
  });
}

/** A link of the engine that nobody has undone for so long counts as right. */
const STANDS_MS = 24 * 3_600_000;

/**
 * What people have decided on reports, beside what the engine saw at the time: reports that somebody
 * linked, unlinked or confirmed, and those whose link has stood for a day.
 */
export async function listLabelled(db: Db, now: Date): Promise<Labelled[]> {
  const { rows } = await db.raw<{ rows: (Labelled & { readonly linked: boolean })[] }>(
    `with decided as (
       select r.id, r.ticket_id, r.weighed from reports r
        where r.weighed is not null and r.duplicate_of is null
          and (exists (select 1 from corrections c where c.report_id = r.id)
               or exists (select 1 from links l where l.ticket_id = r.ticket_id and l.undone_at is null
                             and l.linked_at < :standing)))
     select d.id as report, w ->> 'known' as known, w -> 'vector' as vector,
            (w ->> 'forbidden')::boolean as forbidden,
            exists (select 1 from links l
                     where l.ticket_id = d.ticket_id and l.undone_at is null
                       and (l.maintenance_id = w ->> 'known'
                         or l.incident_id in (select coalesce(i.merged_into, i.id) from incidents i where i.id = w ->> 'known'))) as linked
       from decided d cross join lateral jsonb_array_elements(d.weighed) w
      order by d.id, known`,
    { standing: new Date(now.getTime() - STANDS_MS) },
  );
  return rows;
}
