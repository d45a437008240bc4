import type { Earlier } from "./verdict.js";

const MOST_WORDS = 6;

/** In how many reports a word is. */
export function wordCounts(earlier: readonly Earlier[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { extraction } of earlier)
    for (const word of new Set(extraction.words)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Words of two members at least that hardly any other report has. */
export function commonWords(
  members: readonly Earlier[],
  all: ReadonlyMap<string, number>,
): readonly string[] {
  const accounts = new Map<string, Set<string>>();
  const here = new Map<string, number>();
  for (const { extraction, accountId, from, id } of members)
    for (const word of new Set(extraction.words)) {
      here.set(word, (here.get(word) ?? 0) + 1);
      const who = accounts.get(word) ?? new Set();
      accounts.set(word, who.add(accountId ?? from ?? id));
    }
  return [...here]
    .filter(
      ([word, n]) =>
        (accounts.get(word)?.size ?? 0) >= Math.max(2, members.length / 2) &&
        (all.get(word) ?? 0) <= n + 1,
    )
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, MOST_WORDS)
    .map(([word]) => word);
}
