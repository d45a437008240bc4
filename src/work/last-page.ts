import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { PageModel } from "../core/page.js";
import { MAINTENANCE_STATES } from "../core/maintenance.js";
import { COMPONENT_STATUSES } from "../core/status.js";
import { DAY_STATES } from "../core/uptime.js";
import { writeSynced } from "../synced-file.js";

/** The file's form; a page written by another version is not read. */
const VERSION = 2;

/**
 * Puts the model where a start without the database finds it: whoever reads sees a whole page or the one
 * before. Rejects where the disk does.
 */
export async function saveLastPage(path: string, model: PageModel): Promise<void> {
  const components = model.components.map(({ days, ...component }) => ({
    ...component,
    days: days.map(({ date, seconds }) => [date, ...DAY_STATES.map((state) => seconds[state])]),
  }));
  await writeSynced(path, JSON.stringify({ version: VERSION, ...model, components }));
}

/** The model kept last; `null` where there is none, or none that can be trusted. */
export async function readLastPage(path: string): Promise<PageModel | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return keptPage.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

const moment = z.iso.datetime().transform((text) => new Date(text));
const localized = z.record(z.string(), z.string());
const status = z.enum(COMPONENT_STATUSES);
const incidentState = z.enum([
  "investigating",
  "identified",
  "monitoring",
  "resolved",
  "postmortem",
]);

const day = z
  .tuple([z.iso.date()], z.number().nonnegative())
  .refine((parts) => parts.length === DAY_STATES.length + 1)
  .transform(([date, ...seconds]) => {
    const of = (state: (typeof DAY_STATES)[number]) => seconds[DAY_STATES.indexOf(state)] ?? 0;
    return {
      date,
      seconds: {
        operational: of("operational"),
        under_maintenance: of("under_maintenance"),
        degraded_performance: of("degraded_performance"),
        partial_outage: of("partial_outage"),
        major_outage: of("major_outage"),
        unknown: of("unknown"),
        noData: of("noData"),
      },
    };
  });

const component = z.object({
  id: z.string(),
  publicId: z.string(),
  group: z.string().nullable(),
  isGroup: z.boolean(),
  name: localized,
  description: localized.nullable(),
  createdAt: moment,
  updatedAt: moment,
  status,
  unknownSince: moment.nullable(),
  watched: z.boolean(),
  days: z.array(day),
  uptime: z.number().nullable(),
});

const incident = z.object({
  id: z.string(),
  title: localized,
  causeKind: z.enum(["host", "monitor", "component", "reports", "blindness"]),
  state: incidentState,
  severity: z.enum(["none", "minor", "major", "critical"]),
  openedAt: moment,
  monitoringAt: moment.nullable(),
  resolvedAt: moment.nullable(),
  nextUpdateAt: moment.nullable(),
  createdAt: moment,
  updatedAt: moment,
  mergedInto: z.string().nullable(),
  components: z.array(z.object({ id: z.string(), status })),
  updates: z
    .array(
      z.object({
        id: z.string(),
        at: moment,
        state: incidentState,
        text: localized,
        affected: z.array(z.object({ id: z.string(), from: status, to: status })),
      }),
    )
    .min(1),
});

const maintenanceState = z.enum(MAINTENANCE_STATES);

const maintenance = z.object({
  id: z.string(),
  title: localized,
  state: maintenanceState,
  startsAt: moment,
  endsAt: moment,
  startedAt: moment.nullable(),
  endedAt: moment.nullable(),
  createdAt: moment,
  updatedAt: moment,
  components: z.array(z.string()),
  updates: z
    .array(z.object({ id: z.string(), at: moment, state: maintenanceState, text: localized }))
    .min(1),
});

const keptPage = z.object({
  version: z.literal(VERSION),
  site: z.object({
    name: z.string(),
    url: z.string(),
    timezone: z.string(),
    languages: z.array(z.string()).min(1),
    support: z.object({ email: z.string().nullable(), phone: z.string().nullable() }),
    accent: z.string().nullable(),
  }),
  pageId: z.string(),
  createdAt: moment,
  asOf: moment,
  workerWordAt: moment.nullable(),
  components: z.array(component),
  incidents: z.array(incident),
  maintenances: z.array(maintenance),
  olderBefore: moment.nullable(),
});
