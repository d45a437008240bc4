import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type ParsedNode,
} from "yaml";
import { createAnchors } from "./anchors.js";
import { NotPlain, readPlainYaml } from "./plain-yaml.js";
import { makeMap, nothing, type YamlFault, type YamlNode } from "./yaml-node.js";

export interface YamlText {
  readonly root: YamlNode;
  readonly faults: readonly YamlFault[];
  /** Where each line starts. */
  readonly starts: readonly number[];
}

/**
 * Reads YAML 1.2 (so also JSON) into nodes with offsets, in slices that call `breathe` in between. Whatever is
 * wrong with the text is in `faults`; the rest of it is still there.
 */
export async function readYaml(
  text: string,
  breathe: () => Promise<void> | undefined = () => undefined,
): Promise<YamlText> {
  const starts = lineStarts(text);
  const faults: YamlFault[] = [];
  try {
    const anchors = createAnchors();
    const piece = (from: number, to: number): YamlNode => {
      const read = readFully(text.slice(from, to), from, anchors);
      faults.push(...read.faults);
      return read.root;
    };
    const root = await readPlainYaml(text, starts, faults, { piece, breathe, anchors });
    return { root, faults, starts };
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    const read = readFully(text, 0);
    return { root: read.root, faults: read.faults, starts };
  }
}

interface FullText {
  readonly root: YamlNode;
  readonly faults: readonly YamlFault[];
}

/** The full reader: all of YAML 1.2, with the offsets moved by `shift` and the anchors met before. */
export function readFully(text: string, shift: number, anchors = createAnchors()): FullText {
  const faults: YamlFault[] = [];
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      prettyErrors: false,
      uniqueKeys: false,
      keepSourceTokens: false,
      logLevel: "silent",
    });
  } catch (error) {
    // A recursion too deep for the stack; nothing sensible is nested like that.
    const message = error instanceof RangeError ? "is nested too deeply" : "cannot be read as YAML";
    return { root: nothing(shift), faults: [{ at: shift, message }] };
  }
  for (const error of [...document.errors, ...document.warnings]) {
    faults.push({ at: error.pos[0] + shift, message: `YAML: ${said(error.message)}` });
  }
  const convert = (node: ParsedNode | null, at: number, depth: number): YamlNode => {
    if (!node) return nothing(at);
    const from = node.range[0] + shift;
    if (depth > 200) {
      faults.push({ at: from, message: "is nested too deeply" });
      return nothing(from);
    }
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target && target !== "open") return target;
      const message = target ? `*${node.source} names itself` : `*${node.source} names no anchor`;
      faults.push({ at: from, message });
      return nothing(from);
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, "open");
    const result = collect(node, from, at, depth);
    if (node.anchor !== undefined) anchors.set(node.anchor, result);
    return result;
  };
  const collect = (
    node: Exclude<ParsedNode, { type: "ALIAS" }>,
    from: number,
    at: number,
    depth: number,
  ): YamlNode => {
    if (isMap(node)) {
      const entries = node.items.map((pair) => {
        const keyAt = pair.key.range[0] + shift;
        if (!isScalar(pair.key)) faults.push({ at: keyAt, message: "a key must be plain text" });
        const key = isScalar(pair.key) ? (pair.key.source ?? "") : "";
        if (isScalar(pair.key) && key === "")
          faults.push({ at: keyAt, message: "expected a key before the colon" });
        return { key, keyAt, value: convert(pair.value, keyAt, depth + 1) };
      });
      return makeMap(from, entries, faults);
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => convert(item as ParsedNode, from, depth + 1));
      return { kind: "list", at: from, items };
    }
    const value: unknown = isScalar(node) ? node.value : undefined;
    const source = isScalar(node) ? (node.source ?? "") : "";
    if (value === null)
      return source === "" ? nothing(at) : { kind: "scalar", at: from, value, source };
    if (typeof value === "string") return { kind: "scalar", at: from, value, source: value };
    if (typeof value === "number" || typeof value === "boolean")
      return { kind: "scalar", at: from, value, source };
    faults.push({ at: from, message: "a value of this type is not known here" });
    return nothing(from);
  };
  return { root: convert(document.contents, shift, 0), faults };
}

/** The library's words, on one line and without its advice to programmers. */
const said = (message: string): string =>
  message.startsWith("Source contains multiple documents")
    ? "expected one document, found another after ---"
    : message.replace(/\s+/g, " ").slice(0, 200);

/** Where each line of `text` starts. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Line and column (from 1) of an offset. */
export function placeOf(
  starts: readonly number[],
  offset: number,
): { readonly line: number; readonly column: number } {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}
