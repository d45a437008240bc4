import { z } from "zod";

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const FORM = /^(\d{1,9})(ms|s|m|h|d)$/;
const EXPECTED = "expected a duration such as 500ms, 30s, 5m, 1h or 7d";

/** `"500ms" | "30s" | "5m" | "1h" | "7d"` → milliseconds; `null` when `text` is none of these. */
export function milliseconds(text: string): number | null {
  const [, count, unit] = FORM.exec(text) ?? [];
  if (count === undefined || unit === undefined) return null;
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}

/** A duration that is read to milliseconds. */
export const duration = () =>
  z.string({ error: EXPECTED }).transform((text, context) => {
    const ms = milliseconds(text);
    if (ms !== null) return ms;
    context.addIssue({ code: "custom", message: EXPECTED });
    return z.NEVER;
  });

/**
 * A duration that is checked but stays text, for probe options: they are read twice (once with the
 * configuration, once by `prepare`) and must come out the same.
 */
export const durationText = () =>
  z.string({ error: EXPECTED }).refine((text) => milliseconds(text) !== null, { error: EXPECTED });
