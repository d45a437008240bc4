import type { YamlNode } from "./yaml-node.js";

/** The anchors of a text in the order they are met; a later one of the same name takes over. */
export interface Anchors {
  /** `"open"` while the node is still being read: an alias inside it would be endless. */
  set(name: string, node: YamlNode | "open"): void;
  get(name: string): YamlNode | "open" | undefined;
  /** A point to which `rollback` undoes everything set since. */
  mark(): number;
  rollback(mark: number): void;
}

export function createAnchors(): Anchors {
  const nodes = new Map<string, YamlNode | "open">();
  const log: { readonly name: string; readonly before: YamlNode | "open" | undefined }[] = [];
  return {
    set(name, node) {
      log.push({ name, before: nodes.get(name) });
      nodes.set(name, node);
    },
    get: (name) => nodes.get(name),
    mark: () => log.length,
    rollback(mark) {
      while (log.length > mark) {
        const last = log.pop();
        if (last?.before === undefined) nodes.delete(last?.name ?? "");
        else nodes.set(last.name, last.before);
      }
    },
  };
}
