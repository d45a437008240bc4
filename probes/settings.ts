import { z } from "zod";

/**
 * What `schema` makes of `raw`; throws a plain `Error` that names every mistake in one line, with
 * its path, and never a value (it may be a secret).
 */
export function readSettings<T extends z.ZodType>(
  schema: T,
  raw: unknown,
  name: string,
): z.output<T> {
  const read = schema.safeParse(raw);
  if (read.success) return read.data;
  throw new Error(
    read.error.issues
      .map(({ path, message }) => `${[name, ...path.map(String)].join(".")}: ${message}`)
      .join("; "),
  );
}
