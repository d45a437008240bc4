import type { IncidentView, Localized } from "../core/incident-view.js";
import { refreshComponents } from "./component-status.js";
import type { Db } from "./db.js";
import { oweCustomers } from "./incident-customers.js";
import { oweMessages, type OweOptions } from "./incident-messages.js";
import { findIncident } from "./incident-rows.js";

/** So many customers who agree outweigh our probes; anybody could be three who are not known. */
const AGREEING = 3;

/**
 * Resolved incidents whose customers say "still broken" since: three different ones at least, and
 * more than say that it works. Only what was public is asked about, so nothing becomes public by it.
 */
export async function listDoubted(db: Db, resolvedAfter: Date): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `with said as (
       select distinct on (i.id, whose) i.id, m.kind,
              -- One account speaks once, whoever of it writes and however often.
              coalesce(t.account_id, r.verdict #>> '{sender,accountId}', t.id) as whose
         from incidents i
         join links l on l.incident_id = i.id and l.undone_at is null
         join tickets t on t.id = l.ticket_id
         join ticket_messages m on m.ticket_id = t.id and m.kind in ('works', 'broken') and m.undone_at is null
                               and m.trusted and m.at >= i.resolved_at
         join reports r on r.id = m.report_id
        where i.public and i.merged_into is null and i.state = 'resolved' and i.resolved_at > :resolvedAfter
        order by i.id, whose, m.at desc, m.num desc)
     select id from said group by id
     having count(*) filter (where kind = 'broken') >= :agreeing
        and count(*) filter (where kind = 'broken') > count(*) filter (where kind = 'works')`,
    { resolvedAfter, agreeing: AGREEING },
  );
  return rows.map(({ id }) => id);
}

/**
 * Opens an incident again because customers say that it goes on; it stays open until somebody says
 * that it is over. `null` where it is open, or where another of its cause is.
 */
export async function reopenDoubted(
  db: Db,
  id: string,
  options: OweOptions & {
    readonly nextUpdateMs: number;
    readonly text: (incident: IncidentView) => Localized;
    readonly guard: (tx: Db) => Promise<void>;
  },
): Promise<IncidentView | null> {
  const { now, newId, nextUpdateMs } = options;
  return db.transaction(async (tx) => {
    await options.guard(tx);
    const { rowCount } = await tx.raw<{ rowCount: number }>(
      `update incidents i
          set state = 'investigating', resolved_at = null, identified_at = null, monitoring_at = null,
              doubted_at = :now, next_update_at = :next, updated_at = :now
        where id = :id and state = 'resolved' and merged_into is null
          and not exists (select 1 from incidents o
                           where o.cause_kind = i.cause_kind and o.cause_id = i.cause_id and o.resolved_at is null)`,
      { id, now, next: new Date(now.getTime() + nextUpdateMs) },
    );
    if (rowCount === 0) return null;
    // How bad it is now nobody has measured; that some feel it is certain.
    await tx("incident_components").where({ incident_id: id }).update({ status: "partial_outage" });
    const ids: string[] = await tx("incident_components")
      .where({ incident_id: id })
      .pluck("component_id");
    const affected = await refreshComponents(tx, ids, [], [], now);
    const before = await findIncident(tx, id);
    if (!before) throw new Error(`incident ${id} vanished within its own transaction`);
    const text = options.text(before);
    await tx("incident_updates").insert({
      id: newId(),
      incident_id: id,
      at: now,
      state: "investigating",
      public: true,
      by: "engine",
      text,
      affected: JSON.stringify(affected),
    });
    await tx.raw("select pg_notify('tudunk_page', '')");
    const view = (await findIncident(tx, id)) ?? before;
    await oweMessages(tx, id, "incident.updated", { view, text }, options);
    await oweCustomers(tx, "incident.updated", { view, text, told: true, again: true }, options);
    return view;
  });
}
