import type { Range } from "./fold.js";

/** A line of a folded text. */
export interface Line extends Range {
  /** Its beginning without spaces at either end; patterns see no more, so that no line is long. */
  readonly text: string;
}

const MOST_OF_A_LINE = 500;

/** All lines, empty ones too. */
export function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  for (let from = 0; from <= text.length;) {
    const end = text.indexOf("\n", from);
    const to = end < 0 ? text.length : end;
    lines.push({ from, to, text: text.slice(from, Math.min(to, from + MOST_OF_A_LINE)).trim() });
    from = to + 1;
  }
  return lines;
}
