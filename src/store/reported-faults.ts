import type { Db } from "./db.js";
import { openByHand, type Declared } from "./incident-by-hand.js";
import type { OweOptions } from "./incident-messages.js";

/**
 * Opens an incident, for staff alone, that a report led us to and our own look confirmed, or finds the
 * one that is open; links the report's ticket to it. Returns its id and whether it is new.
 */
export async function openReported(
  db: Db,
  reportId: string,
  declared: Omit<Declared, "public" | "components" | "nextUpdateAt" | "by">,
  options: OweOptions & {
    readonly nextUpdateMs: number;
    readonly guard: (tx: Db) => Promise<void>;
  },
): Promise<{ readonly id: string; readonly fresh: boolean }> {
  const { now, guard } = options;
  return db.transaction(async (tx) => {
    await guard(tx);
    const { kind, id: cause } = declared.cause;
    const before = await findOpen(tx, kind, cause);
    const id =
      before ??
      (
        await openByHand(
          tx,
          { ...declared, public: false, components: [], nextUpdateAt: null, by: "engine" },
          options,
        )
      ).id;
    await tx.raw(
      `with linked as (
         insert into links (ticket_id, incident_id, by, p, reasons, linked_at)
         select ticket_id, :id, 'engine', cast(null as real), '[]', :now
           from reports where id = :reportId and ticket_id is not null
             and not exists (select 1 from links l where l.ticket_id = reports.ticket_id)
         on conflict (ticket_id, incident_id) where undone_at is null do nothing
         returning ticket_id)
       update tickets set state = 'known', updated_at = :now
        where id in (select ticket_id from linked) and state = 'looking'`,
      { id, now, reportId },
    );
    return { id, fresh: before === null };
  });
}

async function findOpen(tx: Db, kind: string, cause: string): Promise<string | null> {
  const row: { id: string } | undefined = await tx("incidents")
    .select("id")
    .where({ cause_kind: kind, cause_id: cause })
    .whereNull("resolved_at")
    .first();
  return row?.id ?? null;
}
