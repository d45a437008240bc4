import { z } from "zod";
import "zod-openapi";
import { wholeText } from "../../core/report.js";
import { COMPONENT_STATUSES } from "../../core/status.js";

export const instant = z.iso.datetime().meta({ description: "ISO 8601, UTC" });
export const localized = z
  .record(z.string(), z.string())
  .meta({ description: "Language code → text" });

const result = z
  .object({
    at: instant,
    outcome: z.enum(["up", "degraded", "down", "unknown"]),
    reason: z.string().meta({ description: "A stable code, see docs/reasons.md" }),
    ms: z.number(),
    timings: z.record(z.string(), z.number()).meta({ description: "Phase → milliseconds" }),
    facts: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Result" });

export const monitor = z
  .object({
    id: z.string(),
    probe: z.string(),
    target: z.string(),
    state: z.enum(["up", "degraded", "down", "unknown", "paused", "pending"]),
    since: instant,
    flapping: z.boolean(),
    creep: z
      .object({
        reason: z.enum(["failing-more-than-usual", "slower-than-usual"]),
        since: instant,
        value: z.number(),
        usual: z.number(),
        limit: z.number(),
      })
      .nullable()
      .meta({
        description:
          "Set while it is slower or fails more often than usual at this time of day (docs/judgement.md): the last hour's median in ms or share of bad looks, the usual one, and from where on it is unusual",
      }),
    host: z.string().nullable(),
    component: z.string().nullable(),
    labels: z.record(z.string(), z.string()),
    lastResult: result.nullable(),
    lastBeat: z
      .object({
        at: instant,
        signal: z.enum(["success", "start", "fail", "log"]),
        exitStatus: z.number().nullable(),
        run: z.string().nullable(),
        ms: z.number().nullable(),
        text: z.string().nullable(),
      })
      .nullable()
      .optional()
      .meta({
        description: "Of one heartbeat: what its job said last, with the beginning of its output",
      }),
  })
  .meta({ id: "Monitor" });

const state = z.enum(["investigating", "identified", "monitoring", "resolved", "postmortem"]);

export const incident = z
  .object({
    id: z.string(),
    state,
    public: z.boolean(),
    title: localized,
    cause: z.object({
      kind: z.enum(["host", "monitor", "component", "reports", "blindness"]),
      id: z.string(),
    }),
    severity: z.enum(["none", "minor", "major", "critical"]),
    components: z.array(z.object({ id: z.string(), status: z.enum(COMPONENT_STATUSES) })),
    openedAt: instant,
    resolvedAt: instant.nullable(),
    mergedInto: z.string().nullable(),
    splitFrom: z.string().nullable(),
    evidence: z.array(
      z.object({
        monitor: z.string(),
        location: z.string(),
        since: instant,
        until: instant.nullable(),
        reason: z.string(),
      }),
    ),
    updates: z.array(
      z.object({
        id: z.string(),
        at: instant,
        state,
        public: z.boolean(),
        by: z.string(),
        text: localized,
      }),
    ),
    nextUpdateAt: instant.nullable(),
  })
  .meta({ id: "Incident" });

export const localizedText = z
  .record(z.string().regex(/^[a-z]{2}$/), z.string().overwrite(wholeText).trim().min(1).max(5_000))
  .refine((texts) => Object.keys(texts).length > 0, {
    error: "expected a text in one language at least",
  });

export const statement = z
  .strictObject({
    text: localizedText.meta({
      description: "Language code → what is said; customers read that of their language",
    }),
    state: z.enum(["investigating", "identified", "monitoring", "resolved"]).optional().meta({
      description:
        "Where it stands now; `resolved` only where no monitor of it fails, else it ends by itself",
    }),
    public: z.boolean().default(true).meta({
      description: "Whether customers may read it; the first public one publishes the incident",
    }),
    nextUpdateAt: z.iso.datetime({ offset: true }).optional().meta({
      description: "The promise of the next word; by default policy.next_update from now",
    }),
  })
  .meta({ id: "Statement" });

export const problem = z
  .object({ type: z.string(), title: z.string(), status: z.number(), detail: z.string() })
  .meta({ id: "Problem" });

export const limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(500)
  .default(100)
  .meta({ description: "How many at most, up to 500" });
export const cursor = z
  .string()
  .max(200)
  .optional()
  .meta({ description: "`next` of the page before" });

export const monitorsQuery = z.strictObject({ limit, cursor });
export const incidentsQuery = z.strictObject({
  state: z.enum(["open", "all"]).default("open"),
  limit,
  cursor,
});

export const pageOf = (item: z.ZodType) =>
  z.object({ items: z.array(item), next: z.string().nullable() });
