import { z } from "zod";
import "zod-openapi";
import { MAINTENANCE_STATES } from "../../core/maintenance.js";
import { cursor, instant, limit, localized, localizedText } from "./schemas.js";

const given = z.iso.datetime({ offset: true });
const ids = (max: number) => z.array(z.string().min(1).max(63)).max(max).default([]);

export const newMaintenance = z
  .strictObject({
    title: localizedText.meta({ description: "Language code → what is done" }),
    text: localizedText.optional().meta({
      description: "Language code → what it means for customers; by default when it is planned",
    }),
    startsAt: given,
    endsAt: given,
    hosts: ids(1_000).meta({
      description: "What is worked on, with all that stands on it: faults there open no incident",
    }),
    components: ids(200).meta({
      description: "What customers see affected; by default what is watched on the hosts",
    }),
  })
  .refine(({ hosts, components }) => hosts.length + components.length > 0, {
    error: "expected hosts or components that it is about",
  })
  .meta({ id: "NewMaintenance" });

export const workStatement = z
  .strictObject({
    text: localizedText.meta({ description: "Language code → what is said" }),
    state: z.enum(MAINTENANCE_STATES).optional().meta({
      description:
        "Where it stands now; it never goes back, and is called off only before it begins",
    }),
    startsAt: given.optional().meta({ description: "Before it has begun" }),
    endsAt: given.optional(),
  })
  .meta({ id: "WorkStatement" });

export const maintenancesQuery = z.strictObject({
  state: z.enum(["open", "all"]).default("open"),
  limit,
  cursor,
});

const state = z.enum(MAINTENANCE_STATES);

export const maintenance = z
  .object({
    id: z.string(),
    state,
    title: localized,
    startsAt: instant,
    endsAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant.nullable().meta({ description: "When it was over, or called off" }),
    hosts: z.array(z.string()),
    components: z.array(z.string()),
    declared: z.string().nullable().meta({ description: "Its id in the configuration" }),
    updates: z.array(
      z.object({ id: z.string(), at: instant, state, by: z.string(), text: localized }),
    ),
  })
  .meta({ id: "Maintenance" });
