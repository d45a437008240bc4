import { RE2JS } from "re2js";
import { z } from "zod";
import type { Fact } from "./probe.js";
import type { Reason } from "./reasons.js";

const MAX_PATTERN = 500;
/** With re2js a megabyte takes at most a quarter of a second within these bounds. */
const MAX_PROGRAM = 2_000;

const STATUS = "expected a status such as 200, 2xx or 200-299";
const statusWord = z.union(
  [
    z.int({ error: STATUS }).min(100, { error: STATUS }).max(999, { error: STATUS }),
    z.string().regex(/^(?:[1-9]xx|[1-9]\d\d|[1-9]\d\d-[1-9]\d\d)$/, { error: STATUS }),
  ],
  { error: STATUS },
);

const TEXT = "expected a text of 1 to 1000 characters";
const textWord = z.string({ error: TEXT }).min(1, { error: TEXT }).max(1_000, { error: TEXT });
const PATTERN = `expected a pattern in RE2 syntax of at most ${MAX_PATTERN} characters`;
const patternWord = z.string({ error: PATTERN }).refine(isPattern, { error: PATTERN });

const oneOrMore = <T extends z.ZodType>(word: T, error: string) =>
  z.union([word, z.array(word).min(1).max(20)], { error });

const PATH = "expected a path such as $.checks[0].status";
const PATH_FORM = /^\$(?:\.[A-Za-z_][\w-]*|\["[^"]*"\]|\[\d{1,6}\]){0,32}$/;
const scalar = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()], {
  error: "expected a text, a number, true, false or null",
});
const NUMBER = "expected a number";
const jsonRule = z
  .strictObject({
    path: z.string({ error: PATH }).max(200, { error: PATH }).regex(PATH_FORM, { error: PATH }),
    equals: scalar.optional(),
    not: scalar.optional(),
    above: z.number({ error: NUMBER }).optional(),
    below: z.number({ error: NUMBER }).optional(),
    contains: scalar.optional(),
    exists: z.boolean({ error: "expected true or false" }).optional(),
  })
  .refine((rule) => Object.keys(rule).length > 1, {
    error: "expected one of equals, not, above, below, contains, exists beside the path",
  });

/** What a reply must be; every part that is named must hold. */
export const expectations = z.strictObject({
  status: oneOrMore(statusWord, STATUS).optional(),
  body: oneOrMore(textWord, TEXT).optional(),
  notBody: oneOrMore(textWord, TEXT).optional(),
  regex: oneOrMore(patternWord, PATTERN).optional(),
  notRegex: oneOrMore(patternWord, PATTERN).optional(),
  json: z
    .union([jsonRule, z.array(jsonRule).min(1).max(20)], {
      error: "expected { path: $.a.b, equals: … } or a list of these",
    })
    .optional(),
});
export type Expectations = z.infer<typeof expectations>;
type JsonRule = z.infer<typeof jsonRule>;

interface Fault {
  readonly reason: Reason;
  readonly facts: Readonly<Record<string, Fact>>;
}

export interface Expecting {
  status(status: number): boolean;
  readonly readsBody: boolean;
  /** The first part of the text that is not as expected. `isWhole`: the text was not cut off. */
  text(text: string, isWhole: boolean): Fault | null;
}

/** Reads the expectations once; the result judges replies in time linear to their size. */
export function prepareExpectations(expect: Expectations): Expecting {
  const statuses = listOf(expect.status ?? "2xx").map((word) => statusRange(word));
  const present = [
    ...listOf(expect.body).map((text) => containing(text)),
    ...listOf(expect.regex).map((pattern) => matching(pattern)),
  ];
  const absent = [
    ...listOf(expect.notBody).map((text) => containing(text)),
    ...listOf(expect.notRegex).map((pattern) => matching(pattern)),
  ];
  const rules = listOf(expect.json).map(prepareRule);
  return {
    status: (status) => statuses.some(([first, last]) => status >= first && status <= last),
    readsBody: present.length + absent.length + rules.length > 0,
    text(text, isWhole) {
      for (const sought of absent)
        if (sought.isIn(text)) return { reason: "text-forbidden", facts: { found: sought.word } };
      for (const sought of present)
        if (!sought.isIn(text)) {
          const reason = isWhole ? "text-missing" : "reply-too-large";
          return { reason, facts: { missing: sought.word } };
        }
      if (!isWhole && absent.length + rules.length > 0)
        return { reason: "reply-too-large", facts: {} };
      return rules.length > 0 ? judgeJson(text, rules) : null;
    },
  };
}

interface Sought {
  readonly word: string;
  isIn(text: string): boolean;
}

const containing = (word: string): Sought => ({ word, isIn: (text) => text.includes(word) });

function matching(word: string): Sought {
  const pattern = RE2JS.compile(word);
  return { word, isIn: (text) => pattern.test(text) };
}

function isPattern(text: string): boolean {
  if (text.length === 0 || text.length > MAX_PATTERN) return false;
  try {
    return RE2JS.compile(text).programSize() <= MAX_PROGRAM;
  } catch {
    return false;
  }
}

/** `200`, `"2xx"` or `"200-299"` → the first and last status; small, as ten thousand monitors keep one. */
function statusRange(word: string | number): readonly [first: number, last: number] {
  const text = String(word);
  if (text.endsWith("xx")) return [Number(text[0]) * 100, Number(text[0]) * 100 + 99];
  const [first = 0, last = first] = text.split("-").map(Number);
  return [first, last];
}

interface PreparedRule {
  readonly path: string;
  readonly steps: readonly (string | number)[];
  readonly rule: JsonRule;
}

const STEP = /\.([A-Za-z_][\w-]*)|\["([^"]*)"\]|\[(\d+)\]/g;

const prepareRule = (rule: JsonRule): PreparedRule => ({
  path: rule.path,
  rule,
  steps: [...rule.path.matchAll(STEP)].map(([, name, quoted, index]) =>
    index === undefined ? (name ?? quoted ?? "") : Number(index),
  ),
});

function judgeJson(text: string, rules: readonly PreparedRule[]): Fault | null {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return { reason: "json-invalid", facts: {} };
  }
  for (const { path, steps, rule } of rules) {
    const value = walk(root, steps);
    if (!fits(value, rule))
      return { reason: "json-mismatch", facts: { path, value: shown(value) } };
  }
  return null;
}

/** `undefined` where the path leads nowhere. */
function walk(root: unknown, steps: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of steps) {
    if (typeof value !== "object" || value === null) return undefined;
    if (typeof step === "number" ? !Array.isArray(value) : Array.isArray(value)) return undefined;
    if (!Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

/** Comparisons are exact in type: `"1"` is not `1`. What is absent fits `exists: false` and `not` alone. */
function fits(value: unknown, rule: JsonRule): boolean {
  if (rule.exists !== undefined && rule.exists !== (value !== undefined)) return false;
  if (rule.equals !== undefined && value !== rule.equals) return false;
  if (rule.not !== undefined && value === rule.not) return false;
  if (rule.above !== undefined && !(typeof value === "number" && value > rule.above)) return false;
  if (rule.below !== undefined && !(typeof value === "number" && value < rule.below)) return false;
  if (rule.contains === undefined) return true;
  if (typeof value === "string")
    return typeof rule.contains === "string" && value.includes(rule.contains);
  return Array.isArray(value) && value.includes(rule.contains);
}

function shown(value: unknown): Fact {
  if (value === undefined) return "(absent)";
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? `(a list of ${value.length})` : "(an object)";
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? value
    : null;
}

function listOf<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
