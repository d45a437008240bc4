import type { Config } from "../config/config.js";
import type { Changes, Difference } from "../config/difference.js";
import { ALERT } from "../core/heard.js";
import { removeComponents, saveComponents, listComponents } from "../store/components.js";
import type { Db } from "../store/db.js";
import { listHosts, removeHosts, saveHosts } from "../store/hosts.js";
import { requireEpoch } from "../store/leadership.js";
import { declareMaintenances, type PlanOptions } from "../store/maintenances.js";
import { saveSite } from "../store/pages.js";
import { listWatched, removeMonitors, saveMonitors, type MonitorRow } from "../store/monitors.js";
import { newPublicId } from "./judge.js";
import type { Roster } from "./roster.js";

export interface Applying {
  readonly epoch: number;
  readonly now: Date;
  /** What planned work says by itself. */
  readonly words: PlanOptions["words"];
}

/** What of a configuration is new to the database, by kind of object. */
interface Steps {
  readonly hosts: { readonly save: Config["hosts"]; readonly remove: readonly string[] };
  readonly components: { readonly save: Config["components"]; readonly remove: readonly string[] };
  readonly monitors: { readonly save: Config["monitors"]; readonly remove: readonly string[] };
}

/**
 * Makes the database and the roster hold what the configuration declares, all or nothing, touching
 * only what differs. Objects that are gone end their watch and keep their history.
 */
export async function applyDifference(
  db: Db,
  config: Config,
  { hosts, components, monitors, order }: Difference,
  roster: Roster,
  { epoch, now, words }: Applying,
): Promise<void> {
  await apply(
    db,
    config,
    {
      hosts: { save: wanted(hosts), remove: idsOf(hosts.removed) },
      // Positions follow from the order of all, so a new one in the middle moves the others.
      components: {
        save: order ? config.components : wanted(components),
        remove: idsOf(components.removed),
      },
      monitors: { save: wanted(monitors), remove: idsOf(monitors.removed) },
    },
    roster,
    { epoch, now, words },
  );
}

/** The same at the beginning of a lead, against whatever the database holds. */
export async function applyWhole(
  db: Db,
  config: Config,
  roster: Roster,
  { epoch, now, words }: Applying,
): Promise<void> {
  const gone = async (
    list: Promise<readonly { readonly id: string }[]>,
    kept: readonly { readonly id: string }[],
  ) => {
    const ids = new Set(idsOf(kept));
    return idsOf(await list).filter((id) => !ids.has(id));
  };
  await apply(
    db,
    config,
    {
      hosts: { save: config.hosts, remove: await gone(listHosts(db), config.hosts) },
      components: {
        save: config.components,
        remove: await gone(listComponents(db), config.components),
      },
      // What stands for alerts is made and ended by those who judge them.
      monitors: {
        save: config.monitors,
        remove: await gone(
          listWatched(db).then((all) => all.filter(({ probe }) => probe !== ALERT)),
          config.monitors,
        ),
      },
    },
    roster,
    { epoch, now, words },
  );
}

async function apply(
  db: Db,
  config: Config,
  { hosts, components, monitors }: Steps,
  roster: Roster,
  { epoch, now, words }: Applying,
): Promise<void> {
  const positions = new Map(config.components.map(({ id }, position) => [id, position]));
  await db.transaction(async (tx) => {
    await requireEpoch(tx, epoch);
    await saveHosts(tx, hosts.save, now);
    await saveComponents(
      tx,
      components.save.map((one) => ({ ...one, position: positions.get(one.id) ?? 0 })),
      now,
      newPublicId,
    );
    await saveMonitors(tx, monitors.save.map(rowOf), now);
    await removeMonitors(tx, monitors.remove, now);
    await removeComponents(tx, components.remove, now);
    await removeHosts(tx, hosts.remove, now);
    await declareMaintenances(tx, config.maintenances, {
      now,
      newId: newPublicId,
      words,
      traceparent: null,
    });
    const { name, timezone, languages, support, accent } = config.site;
    await saveSite(tx, { name, timezone, languages, support, accent });
    await tx.raw(`select pg_notify('tudunk_page', '')`);
  });
  roster.drop(monitors.remove);
  // Where hosts stand otherwise, others are judged together, too.
  if (hosts.save.length + hosts.remove.length > 0) roster.put(await listWatched(db));
  else if (monitors.save.length > 0) roster.put(await listWatched(db, idsOf(monitors.save)));
}

const idsOf = (list: readonly { readonly id: string }[]): string[] => list.map(({ id }) => id);

/** What was added or is otherwise than before, as it is to be. */
const wanted = <T>({ added, changed }: Changes<T>): T[] => [
  ...added,
  ...changed.map(({ after }) => after),
];

const rowOf = (monitor: Config["monitors"][number]): MonitorRow => ({
  id: monitor.id,
  probe: monitor.probe,
  target: monitor.target,
  everyMs: monitor.everyMs,
  timeoutMs: monitor.timeoutMs,
  host: monitor.host,
  component: monitor.component,
  impact: monitor.impact,
  confirm: monitor.confirm,
  labels: monitor.labels,
  paused: monitor.paused,
});
