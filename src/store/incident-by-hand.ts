import type { IncidentView, Localized, Severity } from "../core/incident-view.js";
import { worst, type ComponentStatus } from "../core/status.js";
import { Problem } from "../errors.js";
import { refreshComponents } from "./component-status.js";
import type { Db } from "./db.js";
import { oweMessages, type OweOptions } from "./incident-messages.js";
import { findIncident } from "./incident-rows.js";

/** What no probe sees: somebody on duty knows it, reports say it, or it is that probes see nothing. */
export interface Declared {
  readonly cause: { readonly kind: "component" | "reports" | "blindness"; readonly id: string };
  readonly title: Localized;
  readonly text: Localized;
  readonly components: readonly {
    readonly id: string;
    readonly status: Exclude<ComponentStatus, "operational">;
  }[];
  /** Whether customers read it from the first moment. */
  readonly public: boolean;
  readonly openedAt: Date;
  readonly nextUpdateAt: Date | null;
  readonly by: string;
}

const SEVERITY: Readonly<Record<Declared["components"][number]["status"], Severity>> = {
  degraded_performance: "minor",
  under_maintenance: "minor",
  partial_outage: "major",
  major_outage: "critical",
};

/**
 * Opens an incident by hand, tells every channel, and returns it; runs in the caller's transaction.
 * Throws `bad-input` for a component that is not there, `conflict` where one of this cause is open.
 */
export async function openByHand(
  tx: Db,
  declared: Declared,
  options: OweOptions & { readonly nextUpdateMs: number },
): Promise<IncidentView> {
  const { now, newId, nextUpdateMs } = options;
  const ids = declared.components.map(({ id }) => id);
  const known: string[] = await tx("components")
    .whereIn("id", ids)
    .where({ is_group: false })
    .whereNull("removed_at")
    .pluck("id");
  const missing = ids.filter((id) => !known.includes(id));
  if (missing.length > 0)
    throw new Problem("bad-input", `components: there is no ${missing.join(", ")}`);
  const id = newId();
  const severities = declared.components.map(({ status }) => status);
  const worstStatus = worst(severities);
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `insert into incidents (id, state, public, cause_kind, cause_id, severity, title, opened_at, next_update_at, created_at, updated_at)
     values (:id, 'investigating', :public, :kind, :cause, :severity, cast(:title as jsonb), :openedAt,
             cast(:next as timestamptz), :now, :now)
     on conflict (cause_kind, cause_id) where resolved_at is null do nothing`,
    {
      id,
      public: declared.public,
      kind: declared.cause.kind,
      cause: declared.cause.id,
      severity: worstStatus === "operational" ? "none" : SEVERITY[worstStatus],
      title: JSON.stringify(declared.title),
      openedAt: declared.openedAt,
      next: declared.public
        ? (declared.nextUpdateAt ?? new Date(now.getTime() + nextUpdateMs))
        : null,
      now,
    },
  );
  if (rowCount === 0)
    throw new Problem("conflict", `An incident of the cause ${declared.cause.id} is open already.`);
  for (const { id: component_id, status } of declared.components)
    await tx("incident_components").insert({ incident_id: id, component_id, status });
  const affected = await refreshComponents(tx, ids, [], [], now);
  await tx("incident_updates").insert({
    id: newId(),
    incident_id: id,
    at: now,
    state: "investigating",
    public: declared.public,
    by: declared.by,
    text: declared.text,
    affected: JSON.stringify(affected),
  });
  await tx.raw("select pg_notify('tudunk_page', '')");
  const view = await findIncident(tx, id);
  if (!view) throw new Error(`incident ${id} vanished within its own transaction`);
  await oweMessages(tx, id, "incident.opened", { view, text: declared.text }, options);
  return view;
}
