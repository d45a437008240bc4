import type { MailRouting } from "../core/merge-inventory.js";
import type { Inventory } from "../core/inventory.js";
import type { Notes } from "./notes.js";

/** A kind of file that says who lives on what. */
export interface Format {
  readonly kind: string;
  /** Whether a text without the name of its format is likely of this one. */
  readonly looksLike: (text: string) => boolean;
  /** Files of one server do not say which: `required`; where it may stand in: `optional`. */
  readonly server: "required" | "optional" | "none";
  /** Notes every mistake; what is returned is used only where there is none. */
  readonly read: (text: string, server: string | null, notes: Notes) => Contribution;
}

/** What one file says, normalised. */
export interface Contribution {
  readonly inventory: Inventory;
  /** Where a file is only about where mail is delivered. */
  readonly routing: MailRouting | null;
}

/** Lines or rows of one file; a hoster of twenty thousand customers has some sixty thousand. */
export const MOST_ROWS = 400_000;

/** The first lines of a text, without empty ones. */
export function firstLines(text: string, count: number): readonly string[] {
  return text
    .slice(0, 20_000)
    .split(/\r?\n/, count * 4)
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .slice(0, count);
}

/** Lines with their numbers, without empty ones and comments; a mistake where there are too many. */
export function* linesOf(text: string, notes: Notes): Generator<readonly [number, string]> {
  let number = 0;
  for (let from = 0; from < text.length;) {
    const end = text.indexOf("\n", from);
    const to = end < 0 ? text.length : end;
    number += 1;
    if (number > MOST_ROWS) {
      notes.mistake(`line ${number}`, `expected at most ${MOST_ROWS} lines`);
      return;
    }
    const line = text.slice(from, text[to - 1] === "\r" ? to - 1 : to);
    if (line.trim() !== "" && !line.startsWith("#")) yield [number, line];
    from = to + 1;
  }
}
