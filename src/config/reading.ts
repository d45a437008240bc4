import path from "node:path";
import type { z } from "zod";
import { whyUnreadable, type Disk } from "./disk.js";
import { nearest, type Mistake } from "./mistakes.js";
import { placeOf } from "./read-yaml.js";
import { LATER_KEYS } from "./schema.js";
import { entryOf, nodeAt, pathAt, type YamlFault, type YamlNode } from "./yaml-node.js";

/** One file of the configuration after the YAML reader. */
export interface Source {
  readonly file: string;
  readonly root: YamlNode;
  readonly starts: readonly number[];
}

/** A part of a file: the node and the way to it. */
export interface Part {
  readonly source: Source;
  readonly path: readonly PropertyKey[];
  readonly node: YamlNode;
}

interface Words {
  readonly message: string;
  readonly expected?: string | undefined;
  readonly didYouMean?: string | undefined;
}

/** Turns parts of files into checked values and collects every mistake on the way. */
export interface Reading {
  readonly mistakes: Mistake[];
  readonly warnings: Mistake[];
  /** Files that secrets came from, also those that are missing. */
  secretFiles(): readonly string[];
  /** What `schema` makes of a part; `null` after a mistake. `known` are more keys to suggest. */
  read<S extends z.ZodType>(
    schema: S,
    part: Part,
    known?: readonly string[],
  ): Promise<z.output<S> | null>;
  /** Notes a mistake at the value of `path` below a part, or at its key. */
  mistake(part: Part, path: readonly PropertyKey[], words: Words): void;
  warning(part: Part, path: readonly PropertyKey[], words: Words): void;
  fault(source: Source, fault: YamlFault): void;
  /** The word that was probably meant; gives up guessing once thousands of mistakes have been made. */
  near(word: string, words: Iterable<string>): string | undefined;
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly [more: string]: unknown;
}

/** Under these keys `env` and `file` are names like any other: the map itself, or all below it. */
const NO_SECRET = new Set(["headers", "labels", "match", "name", "description", "texts"]);
const NO_SECRET_BELOW = new Set(["labels", "texts"]);
/** The value under such a key is never repeated in a message. */
const SECRET_KEY = /pass|secret|token|auth|credential|private|cookie|header|api.?key|smtp/i;
const PLAIN_SECRET_KEY = /password|passphrase|secret|token|credential|api.?key/i;
/** Words compared in one load at most: a guess is a courtesy. */
const MAX_COMPARED = 200_000;
const MAX_SECRET_BYTES = 65_536;
const MAX_VALUES = 5_000_000;
const MAX_DEPTH = 200;

export function createReading(
  env: Readonly<Record<string, string | undefined>>,
  disk: Disk,
): Reading {
  const mistakes: Mistake[] = [];
  const warnings: Mistake[] = [];
  const files = new Map<string, { readonly text: string } | { readonly why: string }>();
  const wanted = new Set<string>();
  const secrets = new Set<string>();
  /** The `{ env: … }` and `{ file: … }` that were taken for the text they stand for. */
  const stoodFor = new Set<YamlNode>();
  let values = 0;
  let compared = 0;
  const near = (word: string, words: Iterable<string>): string | undefined => {
    if (compared > MAX_COMPARED) return undefined;
    const all = [...words];
    compared += all.length;
    return nearest(word, all);
  };

  /** No secret, and no password inside an address, is ever part of a message. */
  const scrub = (message: string): string => {
    let clean = message.replace(/(\/\/[^/@\s:]*):[^/@\s]*@/g, "$1:[secret]@");
    for (const secret of secrets)
      if (secret.length > 2) clean = clean.replaceAll(secret, "[secret]");
    return clean;
  };
  const note = (
    list: Mistake[],
    part: Part,
    below: readonly PropertyKey[],
    { message, expected, didYouMean }: Words,
    atKey = false,
  ): void => {
    const { node, keyAt, taken } = nodeAt(part.node, below);
    const isNull = node.kind === "scalar" && node.value === null;
    const offset = atKey && taken > 0 ? keyAt : taken < below.length || isNull ? keyAt : node.at;
    list.push({
      file: part.source.file,
      ...placeOf(part.source.starts, offset),
      where: pathText([...part.path, ...below]),
      message: scrub(message),
      ...(expected === undefined ? {} : { expected }),
      ...(didYouMean === undefined ? {} : { didYouMean }),
    });
  };

  /** A secret written down plainly is kept out of messages, too. */
  const keepSecret = (part: Part, below: readonly PropertyKey[], value: string): void => {
    const key = below.at(-1) ?? part.path.at(-1);
    if (value.length > 3 && typeof key === "string" && PLAIN_SECRET_KEY.test(key))
      secrets.add(value);
  };

  /** The plain value of a node: secrets read, keys without a value left out. */
  const valueOf = (part: Part, broken: Set<YamlNode>): unknown => {
    const below: PropertyKey[] = [];
    const walk = (
      node: YamlNode,
      secretHere: boolean,
      secretBelow: boolean,
      labels: boolean,
    ): unknown => {
      if (++values > MAX_VALUES || below.length > MAX_DEPTH) {
        if (values > MAX_VALUES && values < Infinity) {
          values = Infinity;
          note(mistakes, part, below, { message: "repeats too much by way of anchors" });
        }
        broken.add(node);
        return undefined;
      }
      if (node.kind === "scalar" && typeof node.value === "string")
        keepSecret(part, below, node.value);
      if (node.kind === "scalar") return labels && node.value !== null ? node.source : node.value;
      if (node.kind === "list")
        return node.items.map((item, index) => {
          below.push(index);
          const value = walk(item, secretBelow, secretBelow, labels);
          below.pop();
          return value;
        });
      if (secretHere) {
        const secret = secretOf(part, below, node, broken);
        if (secret !== undefined) return secret;
      }
      const map: Record<string, unknown> = {};
      for (const { key, value } of node.entries) {
        if (value.kind === "scalar" && value.value === null) continue;
        const deep = secretBelow && !NO_SECRET_BELOW.has(key);
        below.push(key);
        const plain = walk(value, deep && !NO_SECRET.has(key), deep, labels || key === "labels");
        if (key === "__proto__")
          Object.defineProperty(map, key, { value: plain, enumerable: true });
        else map[key] = plain;
        below.pop();
      }
      return map;
    };
    const own = String(part.path.at(-1) ?? "");
    return walk(part.node, false, !NO_SECRET_BELOW.has(own), false);
  };

  /** The text that `{ env: NAME }` or `{ file: path }` stands for; `undefined` where it is neither. */
  const secretOf = (
    part: Part,
    below: readonly PropertyKey[],
    node: YamlNode,
    broken: Set<YamlNode>,
  ): string | undefined => {
    if (node.kind !== "map" || node.entries.length !== 1) return undefined;
    const [entry] = node.entries;
    if (entry?.value.kind !== "scalar" || typeof entry.value.value !== "string") return undefined;
    const named = entry.value.value;
    let found: string | undefined;
    if (entry.key === "env") {
      found = Object.hasOwn(env, named) ? env[named] : undefined;
      if (found === undefined) {
        const message = `the environment variable ${shown(named)} is not set`;
        const didYouMean = near(named, Object.keys(env));
        note(mistakes, part, [...below, "env"], { message, didYouMean });
      }
    } else if (entry.key === "file") {
      const full = path.resolve(path.dirname(part.source.file), named);
      const file = files.get(full);
      if (!file) wanted.add(full);
      else if ("why" in file)
        note(mistakes, part, [...below, "file"], {
          message: `the file ${shown(named)} ${file.why}`,
        });
      else found = file.text;
    } else return undefined;
    if (found === undefined) broken.add(node);
    else {
      secrets.add(found);
      stoodFor.add(node);
    }
    return found ?? "";
  };
  const readWanted = async (): Promise<void> => {
    for (const full of wanted) {
      try {
        const text = await disk.text(full, MAX_SECRET_BYTES);
        files.set(full, { text: text.replace(/\r?\n$/, "") });
      } catch (error) {
        files.set(full, { why: whyUnreadable(error) });
      }
    }
    wanted.clear();
  };

  const complain = (
    schema: z.ZodType,
    part: Part,
    issue: Issue,
    known: readonly string[],
    broken: ReadonlySet<YamlNode>,
  ): void => {
    if (issue.code === "unrecognized_keys") {
      const allowed = [...keysAt(schema, issue.path), ...(issue.path.length === 0 ? known : [])];
      for (const key of issue["keys"] as string[]) {
        const later = part.path.length === 0 && issue.path.length === 0 && LATER_KEYS.has(key);
        const words = later
          ? { message: "not known in this version" }
          : { message: "unknown key", didYouMean: near(key, allowed) };
        note(mistakes, part, [...issue.path, key], words, true);
      }
      return;
    }
    const { node, taken } = nodeAt(part.node, issue.path);
    if (broken.has(node)) return;
    if (issue.code === "invalid_union") {
      const branches = (issue["errors"] as Issue[][]).filter((branch) => branch.length > 0);
      const fitting = branches.find((branch) => branch.every((inner) => inner.path.length > 0));
      const chosen =
        fitting ?? branches.find((branch) => branch.some((i) => i.code !== "invalid_type"));
      if (chosen) {
        for (const inner of chosen)
          complain(schema, part, { ...inner, path: [...issue.path, ...inner.path] }, known, broken);
        return;
      }
      const kinds = branches.flatMap((branch) => branch.map((i) => nounOf(String(i["expected"]))));
      const expected = [...new Set(kinds)].join(" or ");
      note(
        mistakes,
        part,
        issue.path,
        withGiven(part, issue.path, expected, stoodFor.has(node) ? "another text" : given(node)),
      );
      return;
    }
    if (issue.code === "invalid_key") {
      const [inner] = issue["issues"] as Issue[];
      const key = String(issue.path.at(-1));
      const words = Array.isArray(inner?.["values"])
        ? {
            message: `expected one of ${inner["values"].join(", ")}`,
            didYouMean: near(key, inner["values"] as string[]),
          }
        : { message: inner ? inner.message : "not a good key" };
      note(mistakes, part, issue.path, words, true);
      return;
    }
    const missing =
      taken < issue.path.length || (node.kind === "scalar" && node.value === null && taken > 0);
    if (missing && issue.code !== "custom") {
      note(mistakes, part, issue.path, { message: "is missing", expected: expectedBy(issue) });
      return;
    }
    const expected = expectedBy(issue);
    const params = issue["params"] as { didYouMean?: string } | undefined;
    const didYouMean =
      params?.didYouMean ??
      (Array.isArray(issue["values"]) && node.kind === "scalar"
        ? near(node.source, issue["values"].map(String))
        : undefined);
    const words =
      expected === undefined
        ? { message: oneLine(issue.message) }
        : withGiven(part, issue.path, expected, stoodFor.has(node) ? "another text" : given(node));
    note(mistakes, part, issue.path, { ...words, didYouMean });
  };

  return {
    mistakes,
    warnings,
    near,
    secretFiles: () => [...files.keys()],
    async read(schema, part, known = []) {
      const before = mistakes.length;
      for (;;) {
        const broken = new Set<YamlNode>();
        const value = valueOf(part, broken);
        if (wanted.size > 0) {
          mistakes.length = before;
          await readWanted();
          continue;
        }
        const result = schema.safeParse(value);
        if (result.success) return mistakes.length === before ? result.data : null;
        for (const issue of result.error.issues)
          complain(schema, part, issue as unknown as Issue, known, broken);
        return null;
      }
    },
    mistake: (part, below, words) => note(mistakes, part, below, words),
    warning: (part, below, words) => note(warnings, part, below, words),
    fault(source, { at, message, alsoAt }) {
      const place = placeOf(source.starts, at);
      const also = alsoAt === undefined ? null : placeOf(source.starts, alsoAt);
      mistakes.push({
        file: source.file,
        ...place,
        where: also ? pathAt(source.root, alsoAt ?? at) : "",
        message: scrub(also ? `${message}, first in line ${also.line}` : message),
      });
    },
  };
}

/** The part under a key or index of another; `null` where there is nothing. */
export function partOf(part: Part, step: string): Part | null {
  const node = entryOf(part.node, step);
  return node ? { source: part.source, path: [...part.path, step], node } : null;
}

/** `monitors[3].every`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text ? `${text}.${String(step)}` : String(step);
  }, "");
}

/** A value from the file as a message may show it. */
export const shown = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);

function withGiven(
  part: Part,
  below: readonly PropertyKey[],
  expected: string,
  got: string,
): Words {
  const isSecret = [...part.path, ...below].some((step) => SECRET_KEY.test(String(step)));
  return {
    message: isSecret ? `expected ${expected}` : `expected ${expected}, got ${got}`,
    expected,
  };
}

function given(node: YamlNode): string {
  if (node.kind === "list") return node.items.length === 0 ? "an empty list" : "a list";
  if (node.kind === "map") return "a map";
  if (typeof node.value === "string") return shown(node.value);
  if (node.value === null) return "nothing";
  return typeof node.value === "number"
    ? `the number ${node.source.slice(0, 60)}`
    : `${node.value ? "true" : "false"} (yes or no)`;
}

/** What an issue of zod asks for, in our words; `undefined` where its own message says it all. */
function expectedBy(issue: Issue): string | undefined {
  const own = /^expected (.+)$/s.exec(issue.message)?.[1];
  if (own !== undefined) return oneLine(own);
  const [least, most] = [issue["minimum"], issue["maximum"]];
  switch (String(issue.code)) {
    case "invalid_type":
      return issue.message.startsWith("Invalid input")
        ? nounOf(String(issue["expected"]))
        : undefined;
    case "invalid_value": {
      const options = (issue["values"] as unknown[]).map(String);
      return options.length === 1 ? options[0] : `one of ${options.join(", ")}`;
    }
    case "too_small":
    case "too_big": {
      if (!/^Too (?:small|big)/.test(issue.message)) return undefined;
      const bound =
        issue.code === "too_small" ? `at least ${String(least)}` : `at most ${String(most)}`;
      if (issue["origin"] === "string") return `${bound} letters`;
      if (issue["origin"] === "array" || issue["origin"] === "set") return `${bound} entries`;
      return bound;
    }
    case "invalid_format":
      return issue.message.startsWith("Invalid ") ? `a good ${String(issue["format"])}` : undefined;
    default:
      return undefined;
  }
}

function nounOf(type: string): string {
  switch (type) {
    case "string":
      return "text";
    case "number":
      return "a number";
    case "int":
      return "a whole number";
    case "boolean":
      return "true or false";
    case "array":
      return "a list";
    case "object":
    case "record":
      return "a map";
    default:
      return type;
  }
}

const oneLine = (message: string): string => message.replace(/\s+/g, " ").slice(0, 300);

/** The keys that a strict object somewhere in a schema knows. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const definition = schema._zod.def as unknown as Readonly<Record<string, unknown>>;
  const into = (next: unknown, rest: readonly PropertyKey[]): readonly string[] =>
    next === undefined ? [] : keysAt(next as z.ZodType, rest);
  switch (definition["type"]) {
    case "object": {
      const shape = definition["shape"] as Readonly<Record<string, unknown>>;
      const [step, ...rest] = path;
      return step === undefined ? Object.keys(shape) : into(shape[String(step)], rest);
    }
    case "array":
      return into(definition["element"], path.slice(1));
    case "record":
      return path.length > 0
        ? into(definition["valueType"], path.slice(1))
        : into(definition["keyType"], []);
    case "enum":
      return Object.values(definition["entries"] as Readonly<Record<string, string>>);
    case "union":
      return (definition["options"] as unknown[]).flatMap((option) => into(option, path));
    case "pipe":
      return into(definition["in"], path);
    default:
      return into(definition["innerType"], path);
  }
}
