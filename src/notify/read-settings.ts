import type { z } from "zod";

/** The settings as `schema` reads them. Throws one line that names every mistake and repeats no value. */
export function readSettings<T extends z.ZodObject>(
  schema: T,
  given: unknown,
  kind: string,
): z.infer<T> {
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  const mistakes = read.error.issues.map(
    ({ path, message }) => `${[kind, ...path].join(".")}: ${message}`,
  );
  throw new Error(mistakes.join("; "));
}
