import type { z } from "zod";
import { Problem } from "../../errors.js";

/** The query or body as its schema reads it; throws `bad-input` naming everything that is wrong. */
export function read<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const { success, data, error } = schema.safeParse(given);
  if (success) return data;
  const wrong = error.issues.map(({ path, message }) => `${path.join(".") || "query"}: ${message}`);
  throw new Problem("bad-input", wrong.join("; "));
}

/** Cursors are opaque to whoever uses them. */
export const closed = (position: string): string => Buffer.from(position).toString("base64url");
export const opened = (cursor: string): string => Buffer.from(cursor, "base64url").toString();

/** Ids of ours have no other letters; anything else is found nowhere. */
export function idOf(text: string): string {
  if (/^[a-z0-9-]{1,63}$/.test(text)) return text;
  throw new Problem("not-found", "There is nothing with such an id.");
}

/** Where a list newest first goes on: after an instant and an id. */
export function positionOf(text: string): { readonly openedAt: Date; readonly id: string } {
  const [, at = "", id = ""] = /^([12]\d{3}-\S{2,30}Z) ([a-z0-9]{12})$/.exec(text) ?? [];
  if (Number.isNaN(Date.parse(at))) throw new Problem("bad-input", "cursor: not one of ours");
  return { openedAt: new Date(at), id };
}
