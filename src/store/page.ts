import type { CauseKind, IncidentState, Localized, Severity } from "../core/incident-view.js";
import type { PageComponent, PageIncident, PageModel } from "../core/page.js";
import { worst, type ComponentStatus } from "../core/status.js";
import { boundsOf, daysOf, spansOf, uptimeOf, type DayBounds, type Spell } from "../core/uptime.js";
import type { Db } from "./db.js";
import { listPublicMaintenances } from "./maintenance-rows.js";

/** Incidents of the last ninety days beyond this many are left to the older pages of the history. */
const INCIDENTS_MAX = 500;
const MAINTENANCES_MAX = 200;
/** Incidents on one older page of the history. */
const HISTORY_PAGE = 50;

/**
 * All that the public page says at `now`, from one consistent look: five queries, however
 * much is watched; none reads results, and internal incidents stay inside.
 */
export async function loadPage(db: Db, site: PageModel["site"], now: Date): Promise<PageModel> {
  const bounds = boundsOf(site.timezone, now);
  const daysFrom = new Date(bounds[0]?.from ?? now.getTime());
  return db.transaction(
    async (tx) => {
      const page = await pageRow(tx, daysFrom);
      const components = await componentRows(tx);
      const spells = await spellRows(tx, daysFrom);
      const rows = await incidentRows(
        tx,
        `merged.public is not false and (i.resolved_at is null or i.resolved_at >= :daysFrom)
         order by i.resolved_at is null desc, i.opened_at desc, i.id desc limit ${INCIDENTS_MAX}`,
        { daysFrom },
      );
      // Every open one is there; where the resolved ones were cut, the history goes on from the last.
      const cutAt = rows.length === INCIDENTS_MAX ? rows.at(-1)?.openedAt : undefined;
      return {
        site,
        pageId: page?.publicId ?? "000000000000",
        createdAt: page?.createdAt ?? now,
        asOf: now,
        workerWordAt: page?.workerWordAt ?? null,
        components: toComponents(components, spells, bounds, now),
        incidents: rows.toSorted((a, b) => b.openedAt.getTime() - a.openedAt.getTime()),
        maintenances: await listPublicMaintenances(tx, daysFrom, MAINTENANCES_MAX),
        olderBefore: cutAt ?? (page?.older ? daysFrom : null),
      };
    },
    { isolationLevel: "repeatable read", readOnly: true },
  );
}

/** A public incident of any age; `null` where there is none, also where it is internal. */
export async function findPublicIncident(db: Db, id: string): Promise<PageIncident | null> {
  const [found] = await incidentRows(db, "merged.public is not false and i.id = :id", { id });
  return found ?? null;
}

/** One page of the history: public incidents opened before `before`, newest first, and where it goes on. */
export async function listPublicIncidents(
  db: Db,
  before: Date,
): Promise<{ readonly incidents: readonly PageIncident[]; readonly older: Date | null }> {
  // With ties, since the next page begins before the last moment of this one.
  const incidents = await incidentRows(
    db,
    `i.merged_into is null and i.opened_at < :before
     order by i.opened_at desc fetch first ${HISTORY_PAGE} rows with ties`,
    { before },
  );
  const last = incidents.at(-1)?.openedAt;
  if (!last) return { incidents, older: null };
  const more: unknown = await db("incidents")
    .where({ public: true, merged_into: null })
    .where("opened_at", "<", last)
    .first("id");
  return { incidents, older: more === undefined ? null : last };
}

interface PageRow {
  readonly publicId: string | null;
  readonly createdAt: Date | null;
  readonly workerWordAt: Date | null;
  readonly older: boolean;
}

async function pageRow(tx: Db, daysFrom: Date): Promise<PageRow | undefined> {
  const { rows } = await tx.raw<{ rows: PageRow[] }>(
    `select (select public_id from pages) as "publicId",
            (select created_at from pages) as "createdAt",
            (select max(word_at) from workers) as "workerWordAt",
            exists (select 1 from incidents where public and merged_into is null
                                              and opened_at < :daysFrom) as older`,
    { daysFrom },
  );
  return rows[0];
}

type ComponentRow = Omit<PageComponent, "days" | "uptime" | "status"> & {
  readonly status: ComponentStatus | null;
};

async function componentRows(tx: Db): Promise<ComponentRow[]> {
  const { rows } = await tx.raw<{ rows: ComponentRow[] }>(
    `select c.id, c.public_id as "publicId", c.group_id as "group", c.is_group as "isGroup",
            c.name, c.description, c.created_at as "createdAt", c.updated_at as "updatedAt",
            s.status, s.unknown_since as "unknownSince",
            exists (select 1 from monitors m
                     where m.component_id = c.id and m.removed_at is null and not m.paused) as watched
       from components c left join component_states s on s.component_id = c.id
      where c.removed_at is null order by c.position, c.id`,
  );
  return rows;
}

type SpellRow = Spell & { readonly component: string };

async function spellRows(tx: Db, daysFrom: Date): Promise<SpellRow[]> {
  const { rows } = await tx.raw<{ rows: SpellRow[] }>(
    `select component_id as component, status, since, until from component_intervals
      where until is null or until > :daysFrom`,
    { daysFrom },
  );
  return rows;
}

function toComponents(
  rows: readonly ComponentRow[],
  spells: readonly SpellRow[],
  bounds: readonly DayBounds[],
  now: Date,
): PageComponent[] {
  const byComponent = groupByComponent(spells);
  return rows.map((row) => {
    const members = row.isGroup ? rows.filter(({ group }) => group === row.id) : [row];
    const own = members.flatMap(({ id }) => byComponent.get(id) ?? []);
    const days = daysOf(spansOf(own, now), bounds);
    return {
      ...row,
      status: worst(members.flatMap(({ status }) => status ?? [])),
      updatedAt: new Date(
        Math.max(row.updatedAt.getTime(), ...members.map((one) => one.updatedAt.getTime())),
      ),
      days,
      uptime: uptimeOf(days),
    };
  });
}

interface IncidentRow {
  readonly id: string;
  readonly title: Localized;
  readonly causeKind: CauseKind;
  readonly state: IncidentState;
  readonly severity: Severity;
  readonly openedAt: Date;
  readonly monitoringAt: Date | null;
  readonly resolvedAt: Date | null;
  readonly nextUpdateAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly mergedInto: string | null;
  readonly components: PageIncident["components"];
  readonly updates: readonly (Omit<PageIncident["updates"][number], "at"> & {
    readonly at: string;
  })[];
}

/** Public incidents with what belongs to each, in one query; `condition` may order and limit. */
async function incidentRows(
  db: Db,
  condition: string,
  bindings: Readonly<Record<string, string | Date>>,
): Promise<PageIncident[]> {
  const { rows } = await db.raw<{ rows: IncidentRow[] }>(
    `select i.id, i.title, i.cause_kind as "causeKind", i.state, i.severity,
            i.opened_at as "openedAt", i.monitoring_at as "monitoringAt",
            i.resolved_at as "resolvedAt", i.next_update_at as "nextUpdateAt",
            i.created_at as "createdAt", i.updated_at as "updatedAt", i.merged_into as "mergedInto",
            coalesce((select jsonb_agg(jsonb_build_object('id', c.component_id, 'status', c.status)
                                       order by c.component_id)
                        from incident_components c where c.incident_id = i.id), '[]') as components,
            (select jsonb_agg(jsonb_build_object('id', u.id, 'at', u.at, 'state', u.state,
                                                 'text', u.text, 'affected', u.affected)
                              order by u.at desc, u.num desc)
               from incident_updates u where u.incident_id = i.id and u.public) as updates
       from incidents i left join incidents merged on merged.id = i.merged_into
      where i.public
        and exists (select 1 from incident_updates u where u.incident_id = i.id and u.public)
        and ${condition}`,
    bindings,
  );
  return rows.map((row) => ({
    ...row,
    updates: row.updates.map((update) => ({ ...update, at: new Date(update.at) })),
  }));
}

function groupByComponent(spells: readonly SpellRow[]): Map<string, SpellRow[]> {
  const groups = new Map<string, SpellRow[]>();
  for (const spell of spells) {
    const group = groups.get(spell.component);
    if (group) group.push(spell);
    else groups.set(spell.component, [spell]);
  }
  return groups;
}
