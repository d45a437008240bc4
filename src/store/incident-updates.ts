import { Problem } from "../errors.js";
import type { IncidentState, IncidentView, Localized } from "../core/incident-view.js";
import { componentsOf, refreshComponents } from "./component-status.js";
import type { Db } from "./db.js";
import { oweCustomers } from "./incident-customers.js";
import { oweMessages, type OweOptions } from "./incident-messages.js";
import { findIncident } from "./incident-rows.js";

/** What somebody on duty says of an incident. */
export interface Statement {
  readonly text: Localized;
  /** `null`: as it is. */
  readonly state: Exclude<IncidentState, "postmortem"> | null;
  /** Whether customers may read it; the first public one publishes the incident. */
  readonly public: boolean;
  /** `null`: the usual promise. */
  readonly nextUpdateAt: Date | null;
  readonly by: string;
}

/**
 * Adds a statement by hand: it moves the state, renews the promise and is owed to every channel.
 * Throws `not-found`, or `conflict` where the incident is over, or is to be over while monitors still
 * fail: such a one ends by itself.
 */
export async function postUpdate(
  db: Db,
  id: string,
  statement: Statement,
  options: OweOptions & { readonly nextUpdateMs: number },
): Promise<IncidentView> {
  const { now, newId, nextUpdateMs } = options;
  return db.transaction(async (tx) => {
    const row: { state: IncidentState; public: boolean; merged_into: string | null } | undefined =
      await tx("incidents").where({ id }).forUpdate().first("state", "public", "merged_into");
    if (!row) throw new Problem("not-found", "There is no such incident.");
    if (row.merged_into !== null)
      throw new Problem("conflict", `This incident was merged into ${row.merged_into}.`);
    if (row.state === "resolved" || row.state === "postmortem")
      throw new Problem("conflict", "This incident is over.");
    const state = statement.state ?? row.state;
    const over = state === "resolved";
    if (over) await requireNothingFails(tx, id);
    const shown = row.public || statement.public;
    const promise = statement.nextUpdateAt ?? new Date(now.getTime() + nextUpdateMs);
    await tx("incidents")
      .where({ id })
      .update({
        state,
        public: shown,
        updated_at: now,
        ...(state === "identified" && {
          identified_at: tx.raw("coalesce(identified_at, ?)", [now]),
        }),
        ...(state === "monitoring" && { monitoring_at: now }),
        // Only what customers can read keeps a promise to them.
        ...(statement.public && { next_update_at: promise }),
        ...(over && { resolved_at: now, next_update_at: null, doubted_at: null }),
      });
    if (over)
      await tx("incident_components").where({ incident_id: id }).update({ status: "operational" });
    const components = [...((await componentsOf(tx, [id])).get(id) ?? [])];
    const affected = await refreshComponents(tx, components, [], [], now);
    await tx("incident_updates").insert({
      id: newId(),
      incident_id: id,
      at: now,
      state,
      public: statement.public,
      by: statement.by,
      text: statement.text,
      affected: JSON.stringify(affected),
    });
    await tx.raw(`select pg_notify('tudunk_page', '')`);
    const view = await findIncident(tx, id);
    if (!view) throw new Error(`incident ${id} vanished within its own transaction`);
    const event = over ? "incident.resolved" : "incident.updated";
    await oweMessages(tx, id, event, { view, text: statement.text }, options);
    await oweCustomers(tx, event, { view, text: statement.text, told: statement.public }, options);
    return view;
  });
}

async function requireNothingFails(tx: Db, id: string): Promise<void> {
  const { rows } = await tx.raw<{ rows: { monitor: string }[] }>(
    `select m.id as monitor from incident_evidence e join monitors m on m.num = e.monitor
      where e.incident_id = :id and e.until is null order by m.id limit 5`,
    { id },
  );
  if (rows.length > 0)
    throw new Problem(
      "conflict",
      `${rows.map(({ monitor }) => monitor).join(", ")} still fails; the incident ends by itself once nothing does.`,
    );
}
