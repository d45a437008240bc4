import type { z } from "zod";
import type { Notes } from "./notes.js";

/** What zod found wrong, by path; its messages name what is expected, and no value. */
export function mistakesOf(error: z.ZodError, before: string, notes: Notes): void {
  for (const { path, message } of error.issues) notes.mistake(`${before}${pathOf(path)}`, message);
}

const pathOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? String(step) : `${text}.${String(step)}`;
  }, "");
