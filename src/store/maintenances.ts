import type { Localized } from "../core/incident-view.js";
import {
  isOver,
  isUnderWay,
  mayBecome,
  stepsDue,
  type MaintenanceState,
} from "../core/maintenance.js";
import { Problem } from "../errors.js";
import { refreshComponents } from "./component-status.js";
import type { Db } from "./db.js";
import { oweCustomersOfWork } from "./incident-customers.js";

/** What is planned: of hosts with all that stands on them, of components, or of both. */
export interface Planned {
  readonly title: Localized;
  /** The first statement; `null`: the usual words. */
  readonly text: Localized | null;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly hosts: readonly string[];
  /** Empty: those that are watched on the hosts. */
  readonly components: readonly string[];
}

export type PlannedMoment = "scheduled" | "moved" | "in_progress" | "completed" | "cancelled";

export interface PlanOptions {
  readonly now: Date;
  readonly newId: () => string;
  /** What is said where nobody says anything else. */
  readonly words: (
    moment: PlannedMoment,
    window: { readonly startsAt: Date; readonly endsAt: Date; readonly now: Date },
  ) => Localized;
  readonly traceparent: string | null;
}

/**
 * Plans work by hand, and returns its id; runs in the caller's transaction. Throws `bad-input` for a
 * host or component that is not there, and where nothing is named.
 */
export async function planMaintenance(
  tx: Db,
  planned: Planned,
  by: string,
  options: PlanOptions,
): Promise<string> {
  await requireThere(tx, "hosts", planned.hosts);
  await requireThere(tx, "components", planned.components);
  return insert(tx, planned, { by, declared: null }, options);
}

/** Makes what is planned what the configuration declares; what it no longer declares is called off, or over. */
export async function declareMaintenances(
  tx: Db,
  declared: readonly (Planned & { readonly id: string })[],
  options: PlanOptions,
): Promise<void> {
  const { now } = options;
  const rows: Row[] = await tx("maintenances").whereNotNull("declared_id").forUpdate();
  for (const row of rows) {
    const wanted = declared.find(({ id }) => id === row.declared_id);
    const sameWindow =
      wanted && isSame(wanted.startsAt, row.starts_at) && isSame(wanted.endsAt, row.ends_at);
    // Another window of what is over is another maintenance.
    if (wanted && (sameWindow || !isOver(row.state))) await change(tx, row, wanted, options);
    else await letGo(tx, row, options);
  }
  const known: string[] = await tx("maintenances").whereNotNull("declared_id").pluck("declared_id");
  for (const one of declared)
    if (!known.includes(one.id) && one.endsAt > now)
      await insert(tx, one, { by: "configuration", declared: one.id }, options);
}

/** What somebody on duty says of planned work. */
export interface WorkStatement {
  readonly text: Localized;
  /** `null`: as it is. */
  readonly state: MaintenanceState | null;
  /** `null`: as planned. */
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
  readonly by: string;
}

/**
 * Adds a statement by hand; it may move the state and the times. Throws `not-found`, `bad-input` for a
 * window that ends before it begins, and `conflict` where it is over, would go back, or where the
 * configuration says when it is.
 */
export async function sayOfMaintenance(
  db: Db,
  id: string,
  { text, state, startsAt, endsAt, by }: WorkStatement,
  options: PlanOptions,
): Promise<void> {
  const { now } = options;
  await db.transaction(async (tx) => {
    const row: Row | undefined = await tx("maintenances").where({ id }).forUpdate().first();
    if (!row) throw new Problem("not-found", "There is no such maintenance.");
    const to = state ?? row.state;
    if (isOver(row.state)) throw new Problem("conflict", "This maintenance is over.");
    if (!mayBecome(row.state, to))
      throw new Problem("conflict", `What is ${row.state} cannot become ${to}.`);
    const window = { starts_at: startsAt ?? row.starts_at, ends_at: endsAt ?? row.ends_at };
    const moves = !isSame(window.starts_at, row.starts_at) || !isSame(window.ends_at, row.ends_at);
    if (moves && row.declared_id !== null)
      throw new Problem(
        "conflict",
        `The configuration says when this is: change it there, under maintenances, id ${row.declared_id}.`,
      );
    if (startsAt && row.state !== "scheduled")
      throw new Problem("conflict", "This maintenance has begun; only its end can still be moved.");
    // Work that is begun early begins now.
    if (to === "in_progress" && row.state === "scheduled" && window.starts_at > now)
      window.starts_at = now;
    if (window.ends_at <= window.starts_at || (!isOver(to) && window.ends_at <= now))
      throw new Problem("bad-input", "endsAt: expected a moment to come, after the begin");
    if (moves || window.starts_at !== row.starts_at)
      await tx("maintenances").where({ id }).update(window);
    await move(tx, { ...row, ...window }, to, { text, by }, options);
  });
}

/** Brings each maintenance to where its plan says that it is by now; returns what became of which. */
export async function stepMaintenances(
  db: Db,
  options: PlanOptions & { readonly guard: (tx: Db) => Promise<void> },
): Promise<readonly { readonly id: string; readonly state: MaintenanceState }[]> {
  const { now } = options;
  const due: string[] = await db("maintenances")
    .whereNull("ended_at")
    .where((query) => void query.where("starts_at", "<=", now).orWhere("ends_at", "<=", now))
    .pluck("id");
  const stepped: { id: string; state: MaintenanceState }[] = [];
  for (const id of due)
    await db.transaction(async (tx) => {
      await options.guard(tx);
      const row: Row | undefined = await tx("maintenances").where({ id }).forUpdate().first();
      if (!row) return;
      let { state } = row;
      const window = { state, startsAt: row.starts_at, endsAt: row.ends_at };
      for (const next of stepsDue(window, now)) {
        const text = options.words(next, { ...window, now });
        await move(tx, { ...row, state }, next, { text, by: "engine" }, options);
        state = next;
        stepped.push({ id, state });
      }
    });
  return stepped;
}

/** When planned work was over last: what still fails there is a fault from then on. */
export async function lastEndOfWork(db: Db): Promise<Date | null> {
  const { rows } = await db.raw<{ rows: { at: Date | null }[] }>(
    "select max(ended_at) as at from maintenances",
  );
  return rows[0]?.at ?? null;
}

interface Row {
  readonly id: string;
  readonly declared_id: string | null;
  readonly state: MaintenanceState;
  readonly title: Localized;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly hosts: readonly string[];
}

const isSame = (a: Date, b: Date): boolean => a.getTime() === b.getTime();

async function insert(
  tx: Db,
  planned: Planned,
  { by, declared }: { readonly by: string; readonly declared: string | null },
  options: PlanOptions,
): Promise<string> {
  const { now, newId, words } = options;
  const { title, startsAt, endsAt, hosts } = planned;
  const id = newId();
  await tx("maintenances").insert({
    id,
    declared_id: declared,
    state: "scheduled",
    title,
    starts_at: startsAt,
    ends_at: endsAt,
    hosts,
    created_at: now,
    updated_at: now,
  });
  await saveComponents(tx, id, planned);
  const text = planned.text ?? words("scheduled", { startsAt, endsAt, now });
  await note(tx, id, "scheduled", { text, by }, options);
  return id;
}

/** What the file says otherwise than before is said, where it is about when. */
async function change(
  tx: Db,
  row: Row,
  { title, startsAt, endsAt, hosts, components }: Planned,
  options: PlanOptions,
): Promise<void> {
  const { id } = row;
  await tx("maintenances").where({ id }).update({ title, hosts });
  const changed = await saveComponents(tx, id, { hosts, components });
  if (isUnderWay(row.state)) await refreshComponents(tx, changed, [], [], options.now);
  if (isSame(startsAt, row.starts_at) && isSame(endsAt, row.ends_at)) return;
  // What has begun is not planned any more; it may last longer.
  const window = {
    starts_at: row.state === "scheduled" ? startsAt : row.starts_at,
    ends_at: endsAt,
  };
  await tx("maintenances").where({ id }).update(window);
  const text = options.words("moved", {
    startsAt: window.starts_at,
    endsAt: window.ends_at,
    now: options.now,
  });
  await move(tx, { ...row, ...window }, row.state, { text, by: "configuration" }, options);
}

async function letGo(tx: Db, row: Row, options: PlanOptions): Promise<void> {
  const { now, words } = options;
  if (!isOver(row.state)) {
    const to = row.state === "scheduled" ? "cancelled" : "completed";
    const text = words(to, { startsAt: row.starts_at, endsAt: row.ends_at, now });
    await move(tx, row, to, { text, by: "configuration" }, options);
  }
  await tx("maintenances").where({ id: row.id }).update({ declared_id: null });
}

interface Words {
  readonly text: Localized;
  readonly by: string;
}

/** The one way in which a maintenance gets on: state, components, statement and letters together. */
async function move(
  tx: Db,
  row: Row,
  to: MaintenanceState,
  said: Words,
  options: PlanOptions,
): Promise<void> {
  const { now } = options;
  const { id } = row;
  await tx("maintenances")
    .where({ id })
    .update({
      state: to,
      updated_at: now,
      ...(isUnderWay(to) && { started_at: tx.raw("coalesce(started_at, ?)", [now]) }),
      ...(isOver(to) && { ended_at: now }),
    });
  const components: string[] = await tx("maintenance_components")
    .where({ maintenance_id: id })
    .pluck("component_id");
  await refreshComponents(tx, components, [], [], now);
  await note(tx, id, to, said, options);
  const about = { id, title: row.title, over: isOver(to) };
  await oweCustomersOfWork(tx, about, said.text, options);
}

async function note(
  tx: Db,
  id: string,
  state: MaintenanceState,
  { text, by }: Words,
  { now, newId }: PlanOptions,
): Promise<void> {
  await tx("maintenance_updates").insert({
    id: newId(),
    maintenance_id: id,
    at: now,
    state,
    by,
    text,
  });
  await tx.raw("select pg_notify('tudunk_page', ''), pg_notify('tudunk_reports', '')");
}

/** Keeps which components it is about; returns those that are so now or were before. */
async function saveComponents(
  tx: Db,
  id: string,
  { hosts, components }: Pick<Planned, "hosts" | "components">,
): Promise<string[]> {
  const wanted = components.length > 0 ? components : await componentsOn(tx, hosts);
  const before: string[] = await tx("maintenance_components")
    .where({ maintenance_id: id })
    .delete()
    .returning("component_id")
    .then((rows: { component_id: string }[]) => rows.map(({ component_id }) => component_id));
  for (const component_id of wanted)
    await tx("maintenance_components").insert({ maintenance_id: id, component_id });
  return [...new Set([...before, ...wanted])];
}

/** Components of which something is watched on these hosts, or on what stands on them. */
async function componentsOn(tx: Db, hosts: readonly string[]): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: { id: string }[] }>(
    `with recursive worked_on as (
       select unnest(cast(:hosts as text[])) as id
       union
       select h.id from hosts h join worked_on w on w.id = any(h.parents) where h.removed_at is null)
     select distinct m.component_id as id from monitors m join components c on c.id = m.component_id
      where m.host_id in (select id from worked_on) and m.removed_at is null and c.removed_at is null`,
    { hosts: [...hosts] },
  );
  return rows.map(({ id }) => id);
}

async function requireThere(
  tx: Db,
  table: "hosts" | "components",
  ids: readonly string[],
): Promise<void> {
  const known: string[] = await tx(table)
    .whereIn("id", ids)
    .whereNull("removed_at")
    .modify((query) => void (table === "components" && query.where({ is_group: false })))
    .pluck("id");
  const missing = ids.filter((id) => !known.includes(id));
  if (missing.length > 0)
    throw new Problem("bad-input", `${table}: there is no ${missing.join(", ")}`);
}
