import type { z } from "zod";
import { PLACEHOLDER, type AlertRule } from "../core/alert-rule.js";
import type { Entries } from "./schema.js";

/** A rule as the core takes it. */
export function ruleOf(read: Entries["rules"]): AlertRule {
  const { id, match, host, component, impact, outcome, ignore, expires } = read;
  return {
    id,
    match: Object.fromEntries(
      Object.entries(match).map(([label, words]) => [
        label,
        typeof words === "string" ? [words] : words,
      ]),
    ),
    host: host ?? null,
    component: component ?? null,
    impact: impact ?? "major_outage",
    outcome: outcome ?? "down",
    ignore,
    expiresMs: expires ?? EXPIRES_MS,
  };
}

/** Alertmanager repeats what fires after four hours unless it is told otherwise. */
const EXPIRES_MS = 5 * 3_600_000;

/** Whether a text of a rule is filled in from an alert. */
export const hasPlaceholder = (text: string): boolean => text.includes("{{");

/** A text in which every `{{…}}` is a placeholder we know. */
export const isTemplate = (text: string): boolean =>
  !/\{\{|\}\}/.test(text.replaceAll(PLACEHOLDER, ""));

/** A rule that ignores says nothing else. */
export function checkRule(
  rule: { readonly ignore: boolean } & Readonly<Record<string, unknown>>,
  context: z.RefinementCtx,
): void {
  if (!rule.ignore) return;
  for (const key of ["host", "component", "impact", "outcome", "expires"])
    if (rule[key] !== undefined)
      context.addIssue({
        code: "custom",
        path: [key],
        message: "has no effect, as nothing follows from what is ignored",
      });
}
