import type { Db } from "./db.js";

/** Figures for `/metrics`: open incidents by severity, and what each component is said to be. */
export interface Census {
  readonly incidents: readonly { readonly severity: string; readonly n: number }[];
  readonly components: readonly { readonly id: string; readonly status: string }[];
}

export async function takeCensus(db: Db): Promise<Census> {
  const { rows } = await db.raw<{ rows: [Census] }>(
    `select
       (select coalesce(json_agg(x), '[]') from
         (select severity, count(*)::int as n from incidents where resolved_at is null group by 1) x) as incidents,
       (select coalesce(json_agg(x), '[]') from
         (select s.component_id as id, s.status from component_states s
            join components c on c.id = s.component_id where c.removed_at is null) x) as components`,
  );
  return rows[0];
}
