import type { Notes } from "./notes.js";

const MOST_DOCUMENTS = 10_000;

/** The JSON documents of a text, one after the other; mistakes are named by line, without what stands there. */
export function documentsOf(text: string, notes: Notes): readonly unknown[] {
  try {
    return [JSON.parse(text)];
  } catch (error) {
    const parts = partsOf(text);
    if (parts.length > MOST_DOCUMENTS) {
      notes.mistake("", `expected at most ${MOST_DOCUMENTS} pages`);
      return [];
    }
    if (parts.length < 2) {
      notes.mistake(lineOf(text, error), "expected JSON");
      return [];
    }
    return parts.flatMap(({ from, to }) => {
      try {
        return [JSON.parse(text.slice(from, to)) as unknown];
      } catch {
        notes.mistake(lineAt(text, from), "expected JSON from here on");
        return [];
      }
    });
  }
}

/** The parser's own words would repeat what stands there; only its position is taken. */
function lineOf(text: string, error: unknown): string {
  const [, position] = /position (\d+)/.exec(error instanceof Error ? error.message : "") ?? [];
  return position === undefined ? "" : lineAt(text, Number(position));
}

const lineAt = (text: string, position: number): string =>
  `line ${text.slice(0, position).split("\n").length}`;

/** Where each top-level object or list begins and ends. */
function partsOf(text: string): { readonly from: number; readonly to: number }[] {
  const parts: { from: number; to: number }[] = [];
  let [depth, from] = [0, 0];
  let quoted = false;
  for (let at = 0; at < text.length && parts.length <= MOST_DOCUMENTS; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter === "\\") at += 1;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === "{" || letter === "[") {
      if (depth === 0) from = at;
      depth += 1;
    } else if (letter === "}" || letter === "]") {
      depth -= 1;
      if (depth === 0) parts.push({ from, to: at + 1 });
    }
  }
  if (depth > 0) parts.push({ from, to: text.length });
  return parts;
}
