import type { Anchors } from "./anchors.js";
import {
  makeMap,
  nothing,
  type YamlEntry,
  type YamlFault,
  type YamlNode,
  type YamlScalar,
} from "./yaml-node.js";

/** Thrown where a text is more than the plain YAML read here; the full reader takes that piece. */
export class NotPlain extends Error {
  override readonly name = "NotPlain";
}

/** How the plain reader asks for help with a piece, and when it lets others have a turn. */
export interface PlainHelp {
  /** Reads `text.slice(from, to)` with the full reader: one top-level entry or one item of a list. */
  readonly piece: (from: number, to: number) => YamlNode;
  readonly breathe: () => Promise<void> | undefined;
  readonly anchors: Anchors;
}

const KEY = /(<<|[A-Za-z0-9_][\w./-]{0,200}):(?=[ \r\n]|$)/y;
const ANCHOR = /&([\w-]+)(?=[ \r\n]|$)/y;
const ALIAS = /\*([\w-]+)/y;
const QUOTED = /"((?:[^"\\\r\n]|\\(?:["\\/nt]|u[0-9a-fA-F]{4}))*)"/y;
const SINGLE_QUOTED = /'((?:[^'\r\n]|'')*)'/y;
const PLAIN_START = /[A-Za-z0-9_/.+(<=^$~;\\\u00a1-\ufffd]|-[\w./]/y;
const FLOW_PLAIN =
  /(?:[A-Za-z0-9_/.+(<=^$~;\\\u00a1-\ufffd]|-[\w./])(?:[^\s,[\]{}:#]|[:#](?=[^\s,[\]{}])| (?=[^\s,[\]{}:#]))*/y;
const SIMPLE_NUMBER = /^[-+]?(?:\d+|\.\d+|\d+\.\d*)$/;
const OTHER_NUMBER =
  /^(?:0o[0-7]+|0x[\da-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|[-+]?(?:\.\d+|\d+(?:\.\d*)?)[eE][-+]?\d+)$/;
/** Anything but printable text and line ends: a tab, a control character, a byte order mark. */
const ODD = /[^\r\n -~\u00a0-\u2027\u202a-\ufefe\uff00-\ufffd]/;
const MAX_DEPTH = 64;
const [SPACE, HASH, DASH, TAB] = [0x20, 0x23, 0x2d, 0x09];

/**
 * Reads the YAML that configurations are made of – block maps and lists, one-line scalars and flow collections,
 * and JSON – about forty times as fast as the full reader, and with the very same result. What it does not know
 * for certain it hands over: an item of a top-level list, a top-level entry, or (by rejecting with `NotPlain`)
 * the whole text.
 */
export async function readPlainYaml(
  text: string,
  starts: readonly number[],
  faults: YamlFault[],
  help: PlainHelp,
): Promise<YamlNode> {
  if (/\r(?!\n)/.test(text) || text.startsWith("\ufeff") || text.startsWith("%"))
    throw new NotPlain();
  const odd = ODD.test(text);
  const count = starts.length;
  let line = 0;
  let indent = -1;
  let first = 0;
  let end = 0;
  let depth = 0;

  const lineEnd = (index: number): number => {
    const next = starts[index + 1];
    if (next === undefined) return text.length;
    return text.charCodeAt(next - 2) === 0x0d ? next - 2 : next - 1;
  };
  const startOf = (index: number): number => starts[index] ?? text.length;
  const firstOf = (index: number): number => {
    let at = startOf(index);
    while (text.charCodeAt(at) === SPACE) at++;
    return at;
  };

  /** Goes to the first line from `from` that says something; `indent` is -1 after the last. */
  const seek = (from: number): void => {
    for (line = from; line < count; line++) {
      end = lineEnd(line);
      first = firstOf(line);
      if (first >= end || text.charCodeAt(first) === HASH) continue;
      if (odd && ODD.test(text.slice(first, end))) throw new NotPlain();
      indent = first - startOf(line);
      return;
    }
    indent = -1;
  };
  /** The first line after `from` that cannot belong to something opened at `column`. */
  const lineAfter = (from: number, column: number): number => {
    for (let index = from + 1; index < count; index++) {
      const at = firstOf(index);
      if (at >= lineEnd(index) || text.charCodeAt(at) === HASH) continue;
      if (at - startOf(index) > column) continue;
      if (text.charCodeAt(at) === TAB) throw new NotPlain();
      return index;
    }
    return count;
  };
  const isDash = (at: number): boolean =>
    text.charCodeAt(at) === DASH && (at + 1 >= end || text.charCodeAt(at + 1) === SPACE);
  const afterSpaces = (at: number): number => {
    while (text.charCodeAt(at) === SPACE) at++;
    return at;
  };
  const matchAt = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };

  const scalar = (at: number, source: string): YamlNode => {
    let value: string | number | boolean | null = source;
    switch (source) {
      case "~":
      case "null":
      case "Null":
      case "NULL":
        value = null;
        break;
      case "true":
      case "True":
      case "TRUE":
        value = true;
        break;
      case "false":
      case "False":
      case "FALSE":
        value = false;
        break;
      default:
        if (SIMPLE_NUMBER.test(source)) value = Number(source);
        else if (OTHER_NUMBER.test(source)) throw new NotPlain();
    }
    return { kind: "scalar", at, value, source };
  };
  const quoted = (at: number): { node: YamlScalar; to: number } => {
    const double = text[at] === '"';
    const found = matchAt(double ? QUOTED : SINGLE_QUOTED, at);
    const inner = found?.[1];
    if (inner === undefined) throw new NotPlain();
    let value = inner;
    if (!double) value = inner.replaceAll("''", "'");
    else if (inner.includes("\\")) value = String(JSON.parse(`"${inner}"`));
    return {
      node: { kind: "scalar", at, value, source: value },
      to: at + (found?.[0].length ?? 0),
    };
  };

  const alias = (at: number): { node: YamlNode; to: number } => {
    const found = matchAt(ALIAS, at);
    const node = found?.[1] === undefined ? undefined : help.anchors.get(found[1]);
    if (!node || node === "open" || !found) throw new NotPlain();
    return { node, to: at + found[0].length };
  };

  const skipLines = (from: number): number => {
    let to = from;
    for (;;) {
      const code = text.charCodeAt(to);
      if (code === SPACE || code === 0x0a || code === 0x0d) to++;
      else return to;
    }
  };
  /** Reads the outer `levels` of a JSON text with pauses. */
  const longFlow = async (at: number, levels: number): Promise<{ node: YamlNode; to: number }> => {
    const char = text[at];
    if (levels === 0 || (char !== "[" && char !== "{")) return flow(at, true);
    const close = char === "[" ? "]" : "}";
    const items: YamlNode[] = [];
    const entries: YamlEntry[] = [];
    let next = skipLines(at + 1);
    while (text[next] !== close) {
      const pause = help.breathe();
      if (pause) await pause;
      let value: { node: YamlNode; to: number };
      if (char === "[") {
        value = await longFlow(next, levels - 1);
        items.push(value.node);
      } else {
        const key = quoted(next);
        if (text[key.to] !== ":" || key.node.source === "" || key.to - next > 500)
          throw new NotPlain();
        value = await longFlow(skipLines(key.to + 1), levels - 1);
        entries.push({ key: key.node.source, keyAt: next, value: value.node });
      }
      next = skipLines(value.to);
      if (text[next] === ",") next = skipLines(next + 1);
      else if (text[next] !== close) throw new NotPlain();
    }
    const node: YamlNode =
      char === "[" ? { kind: "list", at, items } : makeMap(at, entries, faults);
    return { node, to: next + 1 };
  };

  /** Reads a flow collection or scalar at `at`; line ends count as space only in a JSON text. */
  const flow = (at: number, lines: boolean): { node: YamlNode; to: number } => {
    const char = text[at];
    if (char === '"' || char === "'") return quoted(at);
    if (char === "*") return alias(at);
    if (char !== "[" && char !== "{") {
      const found = matchAt(FLOW_PLAIN, at)?.[0];
      if (found === undefined) throw new NotPlain();
      return { node: scalar(at, found), to: at + found.length };
    }
    if (++depth > MAX_DEPTH) throw new NotPlain();
    const skip = lines ? skipLines : afterSpaces;
    const close = char === "[" ? "]" : "}";
    const items: YamlNode[] = [];
    const entries: YamlEntry[] = [];
    let next = skip(at + 1);
    while (text[next] !== close) {
      if (char === "[") {
        const item = flow(next, lines);
        items.push(item.node);
        next = skip(item.to);
      } else {
        const key = flow(next, lines);
        if (key.node.kind !== "scalar") throw new NotPlain();
        const colon = key.to;
        if (text[colon] !== ":" || colon - next > 500 || key.node.source === "")
          throw new NotPlain();
        const wasQuoted = text[next] === '"' || text[next] === "'";
        const from = skip(colon + 1);
        if (from === colon + 1 && !wasQuoted) throw new NotPlain();
        const value = flow(from, lines);
        entries.push({ key: key.node.source, keyAt: next, value: value.node });
        next = skip(value.to);
      }
      if (text[next] === ",") next = skip(next + 1);
      else if (text[next] !== close) throw new NotPlain();
    }
    depth--;
    return {
      node: char === "[" ? { kind: "list", at, items } : makeMap(at, entries, faults),
      to: next + 1,
    };
  };

  /** Reads the value that starts at `at` and ends with its line. */
  const inline = (at: number): YamlNode => {
    const char = text[at];
    if (char === '"' || char === "'" || char === "[" || char === "{" || char === "*") {
      const { node, to } = flow(at, false);
      const rest = afterSpaces(to);
      if (rest < end && (text.charCodeAt(rest) !== HASH || rest === to)) throw new NotPlain();
      return node;
    }
    if (!matchAt(PLAIN_START, at)) throw new NotPlain();
    let source = text.slice(at, end);
    const comment = source.indexOf(" #");
    if (comment >= 0) source = source.slice(0, comment);
    source = source.replace(/ +$/, "");
    if (source.includes(": ") || source.endsWith(":")) throw new NotPlain();
    return scalar(at, source);
  };

  const block = (): YamlNode => (isDash(first) ? list(indent) : map(indent, first));

  const valueAfter = (at: number, keyAt: number, column: number, dashes = true): YamlNode => {
    const from = afterSpaces(at);
    if (text[from] === "&") return anchored(from, keyAt, column, dashes);
    if (from < end && text.charCodeAt(from) !== HASH) {
      const value = inline(from);
      seek(line + 1);
      return value;
    }
    seek(line + 1);
    if (indent > column) return block();
    if (dashes && indent === column && isDash(first)) return list(column);
    return nothing(keyAt);
  };
  /** Reads the value after an anchor; one without a value, or within one, is left to the full reader. */
  const anchored = (at: number, keyAt: number, column: number, dashes: boolean): YamlNode => {
    const found = matchAt(ANCHOR, at);
    const from = afterSpaces(at + (found?.[0].length ?? 0));
    if (found?.[1] === undefined || text[from] === "&" || text[from] === "*") throw new NotPlain();
    help.anchors.set(found[1], "open");
    const value = valueAfter(from, keyAt, column, dashes);
    if (value.kind === "scalar" && value.source === "") throw new NotPlain();
    help.anchors.set(found[1], value);
    return value;
  };
  const entryAt = (at: number, column: number): YamlEntry => {
    const found = matchAt(KEY, at);
    if (found?.[1] === undefined) throw new NotPlain();
    return { key: found[1], keyAt: at, value: valueAfter(KEY.lastIndex, at, column) };
  };

  function map(column: number, at: number): YamlNode {
    if (++depth > MAX_DEPTH) throw new NotPlain();
    const entries: YamlEntry[] = [];
    for (let next = at; ; next = first) {
      entries.push(entryAt(next, column));
      if (indent < column) break;
      if (indent > column || isDash(first)) throw new NotPlain();
    }
    depth--;
    return makeMap(at, entries, faults);
  }

  const itemAt = (column: number): YamlNode => {
    const at = afterSpaces(first + 1);
    let item: YamlNode;
    if (text[at] === "&") {
      if (matchAt(KEY, afterSpaces(at + (matchAt(ANCHOR, at)?.[0].length ?? 0))))
        throw new NotPlain();
      const dash = first;
      item = anchored(at, dash, column, false);
    } else if (at >= end || text.charCodeAt(at) === HASH) {
      const dash = first;
      seek(line + 1);
      item = indent > column ? block() : nothing(dash);
    } else if (isDash(at)) throw new NotPlain();
    else if (matchAt(KEY, at)) item = map(at - startOf(line), at);
    else {
      item = inline(at);
      seek(line + 1);
    }
    if (indent > column) throw new NotPlain();
    return item;
  };

  function list(column: number): YamlNode {
    if (++depth > MAX_DEPTH) throw new NotPlain();
    const at = first;
    const items: YamlNode[] = [];
    do items.push(itemAt(column));
    while (indent === column && isDash(first));
    depth--;
    return { kind: "list", at, items };
  }

  /** Runs `read`; what is not plain is taken from `from` up to what no longer belongs to `column`. */
  const orPiece = (
    from: number,
    column: number,
    dashes: boolean,
    read: () => YamlNode,
  ): YamlNode => {
    const known = faults.length;
    const deep = depth;
    const mark = help.anchors.mark();
    try {
      return read();
    } catch (error) {
      if (!(error instanceof NotPlain)) throw error;
      faults.length = known;
      depth = deep;
      help.anchors.rollback(mark);
      let to = lineAfter(from, column);
      while (dashes && to < count && text.charCodeAt(startOf(to)) === DASH)
        to = lineAfter(to, column);
      const node = help.piece(startOf(from), startOf(to));
      seek(to);
      return node;
    }
  };

  /** A list right under a top-level key: the long ones, read with pauses. */
  const longList = async (column: number): Promise<YamlNode> => {
    const at = first;
    const items: YamlNode[] = [];
    do {
      const whole = orPiece(line, column, false, () => ({
        kind: "list",
        at: first,
        items: [itemAt(column)],
      }));
      if (whole.kind !== "list" || whole.items.length !== 1) throw new NotPlain();
      items.push(...whole.items);
      const pause = help.breathe();
      if (pause) await pause;
    } while (indent === column && isDash(first));
    return { kind: "list", at, items };
  };
  const topEntry = async (): Promise<readonly YamlEntry[]> => {
    const [from, keyAt] = [line, first];
    // A tag, an anchor or a bracket here would speak for more than this entry.
    if (!/[A-Za-z0-9_"']/.test(text[keyAt] ?? "")) throw new NotPlain();
    const known = faults.length;
    const mark = help.anchors.mark();
    const found = matchAt(KEY, keyAt);
    const rest = found ? afterSpaces(KEY.lastIndex) : 0;
    if (found?.[1] !== undefined && (rest >= end || text.charCodeAt(rest) === HASH)) {
      try {
        seek(from + 1);
        if (indent >= 0 && isDash(first)) {
          const value = await longList(indent);
          if (indent > 0) throw new NotPlain();
          return [{ key: found[1], keyAt, value }];
        }
      } catch (error) {
        if (!(error instanceof NotPlain)) throw error;
        faults.length = known;
        depth = 0;
        help.anchors.rollback(mark);
      }
    }
    line = from;
    first = keyAt;
    end = lineEnd(from);
    const whole = orPiece(from, 0, true, () => {
      const entry = entryAt(keyAt, 0);
      if (indent > 0) throw new NotPlain();
      return { kind: "map", at: keyAt, entries: [entry] };
    });
    if (whole.kind !== "map") throw new NotPlain();
    return whole.entries;
  };

  seek(0);
  if (indent === 0 && text.slice(first, end).trimEnd() === "---") seek(line + 1);
  if (indent < 0) return nothing(0);
  if (/^(?:---|\.\.\.)(?:\s|$)/m.test(text.slice(first))) throw new NotPlain();
  const start = first;
  if (text[start] === "{" || text[start] === "[") {
    if (odd) throw new NotPlain();
    const { node, to } = await longFlow(start, 2);
    if (/[^ \r\n]/.test(text.slice(to))) throw new NotPlain();
    return node;
  }
  const entries: YamlEntry[] = [];
  while (indent === 0) {
    if (isDash(first)) throw new NotPlain();
    entries.push(...(await topEntry()));
    const pause = help.breathe();
    if (pause) await pause;
  }
  if (indent > 0) throw new NotPlain();
  return makeMap(start, entries, faults);
}
