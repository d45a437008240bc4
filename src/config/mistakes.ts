/** One thing wrong (or, as a warning, doubtful) in the configuration. Never holds a secret. */
export interface Mistake {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** `monitors[3].every`; empty where it is about the file. */
  readonly where: string;
  /** One line, complete but for the suggestion. */
  readonly message: string;
  /** What would have been right, where that can be said shortly. */
  readonly expected?: string;
  readonly didYouMean?: string;
}

/** One clear line for each, in the order of files and lines. */
export function formatMistakes(mistakes: readonly Mistake[]): string {
  return mistakes.map(formatMistake).join("\n");
}

function formatMistake({ file, line, column, where, message, didYouMean }: Mistake): string {
  const place = `${file}:${line}:${column}${where ? ` ${where}` : ""}`;
  return `${place}: ${message}${didYouMean === undefined ? "" : ` – did you mean "${didYouMean}"?`}`;
}

/** The word of `words` that was probably meant; `undefined` where none is near. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  if (word.length > 80) return undefined;
  const given = word.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const candidate of words) {
    if (Math.abs(candidate.length - given.length) >= least) continue;
    const distance = editDistance(given, candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** How many letters to insert, drop, change or swap with their neighbour to get from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      next.push(cost);
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
