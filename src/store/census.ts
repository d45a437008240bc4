import type { Db } from "./db.js";

/** Figures for `/metrics`: how many of what there is now. */
export interface Census {
  readonly monitors: readonly { readonly state: string; readonly n: number }[];
  readonly incidents: readonly { readonly severity: string; readonly n: number }[];
  readonly components: readonly { readonly id: string; readonly status: string }[];
  readonly owed: number;
  readonly oldestOwedAt: Date | null;
}

export async function takeCensus(db: Db): Promise<Census> {
  const { rows } = await db.raw<{ rows: [Census] }>(
    `select
       (select coalesce(json_agg(x), '[]') from
         (select case when m.paused then 'paused' else s.state end as state, count(*)::int as n
            from monitors m join monitor_states s on s.monitor = m.num where m.removed_at is null group by 1) x) as monitors,
       (select coalesce(json_agg(x), '[]') from
         (select severity, count(*)::int as n from incidents where resolved_at is null group by 1) x) as incidents,
       (select coalesce(json_agg(x), '[]') from
         (select s.component_id as id, s.status from component_states s
            join components c on c.id = s.component_id where c.removed_at is null) x) as components,
       (select count(*)::int from deliveries where state = 'owed') as owed,
       (select min(at) from deliveries where state = 'owed') as "oldestOwedAt"`,
  );
  return rows[0];
}
