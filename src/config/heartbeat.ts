import { z } from "zod";
import { durationText, milliseconds } from "../../probes/duration.js";
import { readCron } from "../core/cron.js";
import type { Expectation } from "../core/heartbeat.js";
import type { Monitor } from "./config.js";
import type { MonitorKind } from "./kinds.js";
import { checkZone } from "./schema.js";

const TOKEN =
  "expected a token of 22 to 100 random letters, digits, - and _, or a UUID (try: openssl rand -hex 16)";
/** Written twice it would not be random; 22 letters of base64 are 128 bits. */
const LEAST_LETTERS = 8;

const between = (lowest: string, highest: string) =>
  durationText().refine((text) => isBetween(text, lowest, highest), {
    error: `expected a duration from ${lowest} to ${highest}`,
  });

const isBetween = (text: string, lowest: string, highest: string): boolean => {
  const [ms, least, most] = [text, lowest, highest].map(milliseconds);
  return ms == null || (ms >= (least ?? 0) && ms <= (most ?? Infinity));
};

const options = z
  .strictObject({
    token: z
      .string()
      .refine((text) => /^[\w-]{22,100}$/.test(text) && new Set(text).size >= LEAST_LETTERS, {
        error: TOKEN,
      }),
    period: between("1s", "400d").optional(),
    cron: z
      .string()
      .max(200)
      .refine((text) => readCron(text) !== null, {
        error: "expected five fields of a crontab such as 30 2 * * *, or a name such as @daily",
      })
      .optional(),
    timezone: z.string().superRefine(checkZone).optional(),
    grace: between("1s", "30d").default("5m"),
    longest: between("1s", "30d").optional(),
  })
  .superRefine(({ period, cron, timezone }, context) => {
    const add = (key: string, message: string): void =>
      context.addIssue({ code: "custom", path: [key], message });
    if (period === undefined && cron === undefined)
      add("period", "is missing: how often it beats, such as 1d – or cron, when");
    if (period !== undefined && cron !== undefined)
      add("cron", "either period or cron says when it beats, not both");
    if (timezone !== undefined && cron === undefined)
      add("timezone", "is for cron: a period has no zone");
  });

/** A job that tells of itself: how often it has to, and the secret by which it is known. */
export const heartbeat: MonitorKind = {
  kind: "heartbeat",
  target: z.string().min(1, { error: "expected some text" }).max(200),
  options,
};

/** When a heartbeat monitor is expected to beat, by the clocks of its own zone or `zone`. */
export function expectationOf(monitor: Monitor, zone: string): Expectation {
  const { period, cron, timezone, grace, longest } = options.parse(monitor.options);
  const read = cron === undefined ? null : readCron(cron);
  return {
    rhythm: read
      ? { kind: "cron", cron: read, zone: timezone ?? zone }
      : { kind: "period", periodMs: milliseconds(period ?? "") ?? Infinity },
    graceMs: milliseconds(grace) ?? 0,
    longestMs: longest === undefined ? null : milliseconds(longest),
  };
}

/** The secret by which a heartbeat monitor is known; `null` for other monitors. */
export function tokenOf({
  probe,
  options: own,
}: Pick<Monitor, "probe" | "options">): string | null {
  const token = own["token"];
  return probe === heartbeat.kind && typeof token === "string" ? token : null;
}
