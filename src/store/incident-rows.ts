import type { IncidentState, IncidentView, Localized, Severity } from "../core/incident-view.js";
import type { ComponentStatus } from "../core/status.js";
import type { Db } from "./db.js";

/** An incident as its table has it. */
export interface IncidentRow {
  readonly id: string;
  readonly state: IncidentState;
  readonly public: boolean;
  readonly cause_kind: IncidentView["cause"]["kind"];
  readonly cause_id: string;
  readonly severity: Severity;
  readonly title: Localized;
  readonly opened_at: Date;
  readonly resolved_at: Date | null;
  readonly next_update_at: Date | null;
  readonly merged_into: string | null;
  readonly split_from: string | null;
  readonly doubted_at: Date | null;
  readonly untold: boolean;
}

/** The columns of `IncidentRow`, from `incidents i`. */
export const INCIDENT = `i.id, i.state, i.public, i.cause_kind, i.cause_id, i.severity, i.title, i.opened_at, i.resolved_at,
  i.next_update_at, i.merged_into, i.split_from, i.doubted_at, i.untold`;

export interface EvidenceRow {
  readonly incident_id: string;
  readonly monitor: string;
  readonly probe: string;
  readonly location: string;
  readonly outcome: "degraded" | "down";
  readonly reason: string;
  readonly since: Date;
  readonly until: Date | null;
  /** It ended although nobody saw it well. */
  readonly unrecovered: boolean;
}

/** Present and past evidence by incident, oldest first; every id has a list. */
export async function loadEvidence(
  db: Db,
  ids: readonly string[],
): Promise<Map<string, EvidenceRow[]>> {
  const { rows } = await db.raw<{ rows: EvidenceRow[] }>(
    `select e.incident_id, m.id as monitor, m.probe, e.location, e.outcome, e.reason, e.since, e.until,
            e.ended is not null as unrecovered
       from incident_evidence e join monitors m on m.num = e.monitor
      where e.incident_id = any(:ids) order by e.since, m.id`,
    { ids },
  );
  const byIncident = new Map<string, EvidenceRow[]>(ids.map((id) => [id, []]));
  for (const row of rows) byIncident.get(row.incident_id)?.push(row);
  return byIncident;
}

/** The components of incidents with what each says of them, by incident. */
export async function loadAffected(
  db: Db,
  ids: readonly string[],
): Promise<Map<string, { id: string; status: ComponentStatus }[]>> {
  const rows: { incident_id: string; id: string; status: ComponentStatus }[] = await db(
    "incident_components",
  )
    .select("incident_id", { id: "component_id" }, "status")
    .whereIn("incident_id", ids)
    .orderBy("component_id");
  const byIncident = new Map<string, { id: string; status: ComponentStatus }[]>();
  for (const { incident_id, id, status } of rows)
    byIncident.set(incident_id, [...(byIncident.get(incident_id) ?? []), { id, status }]);
  return byIncident;
}

/** One incident as the outside sees it; `null` where there is none. */
export async function findIncident(db: Db, id: string): Promise<IncidentView | null> {
  const { rows } = await db.raw<{ rows: IncidentRow[] }>(
    `select ${INCIDENT} from incidents i where i.id = :id`,
    { id },
  );
  return (await viewsOf(db, rows))[0] ?? null;
}

export interface IncidentPage {
  readonly open: boolean;
  /** `openedAt` and id of the last one seen; `null` for the first page. */
  readonly after: { readonly openedAt: Date; readonly id: string } | null;
  readonly limit: number;
}

/** Incidents newest first; only open ones where `open`. */
export async function listIncidents(
  db: Db,
  { open, after, limit }: IncidentPage,
): Promise<IncidentView[]> {
  const { rows } = await db.raw<{ rows: IncidentRow[] }>(
    `select ${INCIDENT} from incidents i
      where ${open ? "i.resolved_at is null" : "true"}
        and (i.opened_at, i.id) < (coalesce(cast(:openedAt as timestamptz), 'infinity'), :id)
      order by i.opened_at desc, i.id desc limit :limit`,
    { openedAt: after?.openedAt ?? null, id: after?.id ?? "", limit },
  );
  return viewsOf(db, rows);
}

interface UpdateRow {
  readonly id: string;
  readonly incident_id: string;
  readonly at: Date;
  readonly state: IncidentState;
  readonly public: boolean;
  readonly by: string;
  readonly text: Localized;
}

async function viewsOf(db: Db, rows: readonly IncidentRow[]): Promise<IncidentView[]> {
  const ids = rows.map(({ id }) => id);
  const evidence = await loadEvidence(db, ids);
  const updates: UpdateRow[] = await db("incident_updates")
    .select("id", "incident_id", "at", "state", "public", "by", "text")
    .whereIn("incident_id", ids)
    .orderBy([
      { column: "at", order: "desc" },
      { column: "num", order: "desc" },
    ]);
  const components = await loadAffected(db, ids);
  return rows.map((row) => ({
    id: row.id,
    state: row.state,
    public: row.public,
    title: row.title,
    cause: { kind: row.cause_kind, id: row.cause_id },
    severity: row.severity,
    components: components.get(row.id) ?? [],
    openedAt: row.opened_at.toISOString(),
    resolvedAt: row.resolved_at?.toISOString() ?? null,
    mergedInto: row.merged_into,
    splitFrom: row.split_from,
    evidence: (evidence.get(row.id) ?? []).map(({ monitor, location, since, until, reason }) => ({
      monitor,
      location,
      since: since.toISOString(),
      until: until?.toISOString() ?? null,
      reason,
    })),
    updates: updates
      .filter(({ incident_id }) => incident_id === row.id)
      .map(({ id, at, state, public: shown, by, text }) => ({
        id,
        at: at.toISOString(),
        state,
        public: shown,
        by,
        text,
      })),
    nextUpdateAt: row.next_update_at?.toISOString() ?? null,
  }));
}
