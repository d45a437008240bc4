/** What a YAML or JSON text says, with the offset of every key and value: both readers make the same. */
export type YamlNode = YamlScalar | YamlMap | YamlList;

export interface YamlScalar {
  readonly kind: "scalar";
  readonly at: number;
  readonly value: string | number | boolean | null;
  /** As it was written, without quotes: `1.10` stays `1.10` where text is wanted. */
  readonly source: string;
}

export interface YamlMap {
  readonly kind: "map";
  readonly at: number;
  readonly entries: readonly YamlEntry[];
}

export interface YamlEntry {
  readonly key: string;
  readonly keyAt: number;
  readonly value: YamlNode;
}

interface YamlList {
  readonly kind: "list";
  readonly at: number;
  readonly items: readonly YamlNode[];
}

/** Something wrong with the text itself, at an offset; `alsoAt` is the other place it is about. */
export interface YamlFault {
  readonly at: number;
  readonly message: string;
  readonly alsoAt?: number;
}

export const nothing = (at: number): YamlScalar => ({
  kind: "scalar",
  at,
  value: null,
  source: "",
});

/** Only a map this large is searched by a set instead of by looking back. */
const MANY_ENTRIES = 16;

/**
 * A map of `entries` in their order. A key given twice is a fault, the first one stands. `<<` takes over the
 * entries of the map (or maps) it names, below the map's own.
 */
export function makeMap(at: number, entries: readonly YamlEntry[], faults: YamlFault[]): YamlMap {
  const single = hasTwins(entries) ? withoutTwins(entries, faults) : entries;
  if (!single.some((entry) => entry.key === "<<")) return { kind: "map", at, entries: single };
  const own = single.filter((entry) => entry.key !== "<<");
  const known = new Set(own.map((entry) => entry.key));
  const taken: YamlEntry[] = [];
  for (const merge of single.filter((entry) => entry.key === "<<")) {
    for (const from of merge.value.kind === "list" ? merge.value.items : [merge.value]) {
      if (from.kind !== "map") {
        faults.push({ at: merge.keyAt, message: "expected a map (or a list of maps) after <<" });
        continue;
      }
      for (const entry of from.entries) {
        if (known.has(entry.key)) continue;
        known.add(entry.key);
        taken.push(entry);
      }
    }
  }
  return { kind: "map", at, entries: [...own, ...taken] };
}

function hasTwins(entries: readonly YamlEntry[]): boolean {
  if (entries.length > MANY_ENTRIES)
    return new Set(entries.map((entry) => entry.key)).size < entries.length;
  for (let i = 1; i < entries.length; i++)
    for (let j = 0; j < i; j++) if (entries[i]?.key === entries[j]?.key) return true;
  return false;
}

function withoutTwins(entries: readonly YamlEntry[], faults: YamlFault[]): YamlEntry[] {
  const seen = new Map<string, YamlEntry>();
  for (const entry of entries) {
    const first = seen.get(entry.key);
    if (first) faults.push({ at: entry.keyAt, message: "is given twice", alsoAt: first.keyAt });
    else seen.set(entry.key, entry);
  }
  return [...seen.values()];
}

/** The path (`monitors[3].every`) of the last key or item that starts at or before `offset`. */
export function pathAt(root: YamlNode, offset: number): string {
  let path = "";
  for (let node: YamlNode | undefined = root; node;) {
    let next: YamlNode | undefined;
    if (node.kind === "map") {
      let found: YamlEntry | undefined;
      for (const entry of node.entries)
        if (entry.keyAt <= offset && entry.keyAt >= (found?.keyAt ?? -1)) found = entry;
      if (found) path += path ? `.${found.key}` : found.key;
      next = found?.value;
    } else if (node.kind === "list") {
      const after = node.items.findIndex((item) => item.at > offset);
      const index: number = (after < 0 ? node.items.length : after) - 1;
      if (index >= 0) path += `[${index}]`;
      next = node.items[index];
    }
    node = next;
  }
  return path;
}

/** The node at a path of keys and indexes; the deepest one there is, with how much of the path it took. */
export function nodeAt(
  root: YamlNode,
  path: readonly PropertyKey[],
): { readonly node: YamlNode; readonly keyAt: number; readonly taken: number } {
  let node = root;
  let keyAt = root.at;
  let taken = 0;
  for (const step of path) {
    if (node.kind === "map") {
      const entry = node.entries.find(({ key }) => key === step);
      if (!entry) break;
      node = entry.value;
      keyAt = entry.keyAt;
    } else if (node.kind === "list" && typeof step === "number") {
      const item = node.items[step];
      if (!item) break;
      node = item;
      keyAt = item.at;
    } else break;
    taken++;
  }
  return { node, keyAt, taken };
}

/** The value of a key in a map; `undefined` where there is none or it has no value. */
export function entryOf(node: YamlNode | undefined, key: string): YamlNode | undefined {
  if (node?.kind !== "map") return undefined;
  const value = node.entries.find((entry) => entry.key === key)?.value;
  return value?.kind === "scalar" && value.value === null ? undefined : value;
}
