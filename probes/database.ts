import { RE2JS } from "re2js";
import { z } from "zod";
import { durationText } from "./duration.js";
import { encryptionBlock } from "./encryption.js";
import { degraded, down, up } from "./failures.js";
import { placeTarget, readPlace } from "./place.js";
import type { Fact, Verdict } from "./probe.js";
import { readSettings } from "./settings.js";
import { familyWord } from "./visit.js";

const ENCRYPT = ["required", "offered", "never"] as const;
const LOGIN = "expected { username, password }";
const CONDITION = "expected at least one of equals, matches, above, below";
const READING =
  "expected one statement that reads (SELECT, SHOW, WITH, …) of at most 8192 characters";
const PATTERN = "expected a pattern in RE2 syntax of at most 500 characters";

/** NULs end texts in both protocols. */
const text = (most: number, error: string) =>
  z
    .string({ error })
    .min(1, { error })
    .max(most, { error })
    .regex(/^[^\0]*$/, { error });

const condition = z
  .strictObject({
    equals: z.union([z.string(), z.number()], { error: "expected a text or a number" }).optional(),
    matches: text(500, PATTERN).refine(isPattern, { error: PATTERN }).optional(),
    above: z.number({ error: "expected a number" }).optional(),
    below: z.number({ error: "expected a number" }).optional(),
  })
  .refine((wanted) => Object.values(wanted).some((one) => one !== undefined), { error: CONDITION });
type Condition = z.output<typeof condition>;

/** What both databases are told. */
export const databaseOptions = z.strictObject({
  /** TLS: needed, used where offered, or left. Default: `required` before a login that is not `plaintext`. */
  encrypt: z.enum(ENCRYPT, { error: `expected one of ${ENCRYPT.join(", ")}` }).optional(),
  tls: encryptionBlock.prefault({}),
  auth: z
    .strictObject(
      {
        username: text(255, LOGIN),
        password: text(1_024, LOGIN),
        /** Lets the login go over a connection without TLS. */
        plaintext: z.boolean({ error: "expected true or false" }).default(false),
      },
      { error: LOGIN },
    )
    .optional(),
  /** The database to be used. */
  database: text(255, "expected the name of a database").optional(),
  /** One statement that reads, run in a read-only transaction; the first column of its first row is looked at. */
  query: text(8_192, READING).refine(reads, { error: READING }).optional(),
  /** What the value must be, else down. */
  expect: condition.optional(),
  /** What it must be, else degraded. */
  warn: condition.optional(),
  /** How long the server may work at the query. */
  queryTimeout: durationText().default("5s"),
  /** Expects a server that takes writes: a replica is down. */
  writable: z.boolean({ error: "expected true or false" }).default(false),
  family: familyWord,
});
type Options = z.output<typeof databaseOptions>;

/** What a monitor asks for, with its defaults. */
export interface DatabasePlan extends Options {
  readonly host: string;
  readonly port: number;
  readonly encrypt: (typeof ENCRYPT)[number];
}

export const databaseTarget = placeTarget(false);

/** Reads target and options of the probe `kind`; throws on what does not fit together. */
export function readDatabasePlan(
  kind: string,
  aim: string,
  raw: unknown,
  defaultPort: number,
): DatabasePlan {
  const settings = readSettings(databaseOptions, raw, kind);
  const place = readPlace(readSettings(databaseTarget, aim, "target"), defaultPort);
  if (!place) throw new Error("target: expected host[:port]");
  const { auth, query, expect, warn, writable } = settings;
  const isGuarded = auth !== undefined && !auth.plaintext;
  const encrypt = settings.encrypt ?? (isGuarded ? "required" : "offered");
  if (isGuarded && encrypt !== "required")
    throw new Error(`${kind}.auth: a login without TLS needs plaintext: true`);
  if (!auth && (query !== undefined || writable))
    throw new Error(`${kind}.${writable ? "writable" : "query"}: needs a login: auth`);
  if (query === undefined && (expect ?? warn))
    throw new Error(`${kind}.${expect ? "expect" : "warn"}: needs a query`);
  return { ...settings, ...place, encrypt };
}

/** What a query brought: the first column of the first row, `null` where it is NULL or there is no row. */
export interface Answer {
  readonly value: string | null;
  readonly hasRow: boolean;
}

/** Notes the value and says whether it is as expected. */
export function judgeAnswer(
  { value, hasRow }: Answer,
  { expect, warn }: Pick<Options, "expect" | "warn">,
  facts: Record<string, Fact>,
): Verdict {
  facts["value"] = value;
  if (!hasRow) facts["rows"] = 0;
  if (expect && !fits(value, expect)) return down("value-unexpected");
  return warn && !fits(value, warn) ? degraded("value-unexpected") : up();
}

/** All that is named must hold; a number is compared as a number, and what is none is not. */
function fits(value: string | null, { equals, matches, above, below }: Condition): boolean {
  if (value === null) return false;
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (typeof equals === "string" && value !== equals) return false;
  if (typeof equals === "number" && number !== equals) return false;
  if (matches !== undefined && !RE2JS.compile(matches).matcher(value).find()) return false;
  if (above !== undefined && !(number > above)) return false;
  return below === undefined || number < below;
}

/** Spares whoever takes the probe for a client. What is sure to hold is the transaction, which is read-only. */
function reads(query: string): boolean {
  const begins = /^\s*\(*\s*(?:select|show|with|values|table|explain|describe|desc)\b/i.test(query);
  return begins && !/\binto\s+(?:outfile|dumpfile)\b/i.test(query);
}

function isPattern(words: string): boolean {
  try {
    return RE2JS.compile(words).programSize() <= 2_000;
  } catch {
    return false;
  }
}
