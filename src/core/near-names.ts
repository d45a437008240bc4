import type { Domain } from "./directory.js";
import { fold } from "./extract/fold.js";

/** In shorter first labels another letter makes another word. */
const SHORTEST = 4;
/** Compared for one question at most: a guess is a courtesy. */
const MOST_COMPARED = 3_000;
/** A place in the list takes this many values in a key. */
const PLACES = 2 ** 21;

/**
 * Finds the domains that `name` may be a slip of: one letter too many, missing, wrong or swapped
 * with its neighbour, or only the marks missing. One slip leaves the other half of a label as it
 * is, so the index has the halves of each label, as hashes in one sorted list: 24 bytes a domain.
 */
export function nearNames(domains: readonly Domain[]): (name: string) => readonly Domain[] {
  const names = domains.map(({ name }) => foldedName(name));
  const keys = new Float64Array(domains.length * 3);
  names.forEach((name, place) => {
    const [label, rest] = cut(name);
    const half = label.length >> 1;
    keys[3 * place] = key("<", label.length, label.slice(0, half), rest) * PLACES + place;
    keys[3 * place + 1] = key(">", label.length, label.slice(half), rest) * PLACES + place;
    keys[3 * place + 2] = key("=", 0, label, "") * PLACES + place;
  });
  keys.sort();

  return (asked) => {
    const name = foldedName(asked);
    const [label, rest] = cut(name);
    if (label.length < SHORTEST || rest === "") return [];
    const places = new Set<number>();
    for (const hash of keysAround(label, rest)) {
      for (let at = firstAtLeast(keys, hash * PLACES); at < keys.length; at++) {
        const found = keys[at] ?? 0;
        if (Math.floor(found / PLACES) !== hash || places.size >= MOST_COMPARED) break;
        places.add(found % PLACES);
      }
    }
    return [...places]
      .flatMap((place) => {
        const [domain, other] = [domains[place], names[place]];
        if (!domain || other === undefined || domain.name === asked || domain.ascii === asked)
          return [];
        return other === name || isOneSlip(other, name) ? [{ domain, same: other === name }] : [];
      })
      .toSorted(
        (a, b) => Number(b.same) - Number(a.same) || (a.domain.name < b.domain.name ? -1 : 1),
      )
      .map(({ domain }) => domain);
  };
}

/** What a name one slip away from this one may be found by. */
function keysAround(label: string, rest: string): ReadonlySet<number> {
  const found = new Set([key("=", 0, label, "")]);
  for (const length of [label.length - 1, label.length, label.length + 1]) {
    const half = length >> 1;
    found.add(key("<", length, label.slice(0, half), rest));
    found.add(key(">", length, label.slice(label.length - (length - half)), rest));
  }
  // Two letters swapped across the middle change both halves: undone, they are the label itself.
  const half = label.length >> 1;
  const swapped =
    label.slice(0, half - 1) + label.charAt(half) + label.charAt(half - 1) + label.slice(half + 1);
  return found.add(key("=", 0, swapped, ""));
}

function cut(name: string): readonly [label: string, rest: string] {
  const dot = name.indexOf(".");
  return dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot + 1)];
}

/** FNV-1a in 32 bits; what collides is compared and dropped. */
function key(side: string, length: number, half: string, rest: string): number {
  const text = `${side}${length} ${half} ${rest}`;
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}

function firstAtLeast(keys: Float64Array, least: number): number {
  let [from, to] = [0, keys.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((keys[middle] ?? 0) < least) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** One letter more, less or other, or two neighbours swapped. */
function isOneSlip(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1])
    [endA, endB] = [endA - 1, endB - 1];
  const [left, right] = [a.slice(start, endA), b.slice(start, endB)];
  if (left.length <= 1 && right.length <= 1) return left !== right;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}

/** Without marks, as people type it. */
export const foldedName = (name: string): string =>
  /^[\x21-\x7e]*$/.test(name) ? name : fold(name).text;
