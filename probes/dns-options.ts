import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { z } from "zod";
import { RCODES } from "./dns-message.js";
import { RECORD_TYPES, reverseName, writtenValue, type RecordType } from "./dns-records.js";
import { placeTarget, readPlace } from "./place.js";
import { familyWord } from "./visit.js";

const NAME = "expected a name such as example.hu, or an address to look up its PTR";
/** Underscores as services have them, `*` and all: what DNS allows is more than a host name. */
const NAME_FORM = /^(?=.{1,253}$)(?:[!-~]{1,63}\.)*[!-~]{1,63}$/;

/** A name as A-labels without its final dot, `.` for the root; `null` where it cannot be one. */
export function dnsName(target: string): string | null {
  if (target === ".") return target;
  const name = /^[!-~]+$/.test(target) ? target : domainToASCII(target);
  const bare = name.replace(/\.$/, "").toLowerCase();
  const isName = NAME_FORM.test(bare) && bare.split(".").every((label) => label.length <= 63);
  return isName && !/[\s/:@[\]"\\]/.test(bare) && !bare.includes("..") ? bare : null;
}

export const target = z
  .string({ error: NAME })
  .refine((text) => isIP(text) !== 0 || dnsName(text) !== null, { error: NAME });

const SERVER = "expected a name server such as ns1.example.hu or 192.0.2.53:5353";
export const serverWord = z
  .string({ error: SERVER })
  .refine((text) => placeTarget(false).safeParse(text).success, { error: SERVER });

const VALUE = "expected a value, or a list of up to 50";
const value = z
  .union([z.string(), z.number().transform(String)], { error: VALUE })
  .pipe(z.string().min(1, { error: VALUE }).max(1_000, { error: VALUE }));
const values = z
  .union([value.transform((one) => [one]), z.array(value).min(1).max(50)], { error: VALUE })
  .optional();
const RCODE = `expected one of ${RCODES.join(", ")}`;
const flag = z.boolean({ error: "expected true or false" }).default(false);

export const options = z
  .strictObject({
    /** Who is asked; default: the resolvers of the worker. */
    server: serverWord.optional(),
    transport: z.enum(["udp", "tcp"], { error: "expected udp or tcp" }).default("udp"),
    /** Default: A, or PTR for an address. */
    type: z.enum(RECORD_TYPES, { error: `expected one of ${RECORD_TYPES.join(", ")}` }).optional(),
    expect: z
      .strictObject({
        rcode: z.enum(RCODES, { error: RCODE }).default("NOERROR"),
        /** Each of these must be there. */
        all: values,
        /** One of these must be there. */
        any: values,
        /** Nothing but these may be there. */
        only: values,
        /** None of these may be there. */
        none: values,
      })
      .prefault({}),
    /** The server must answer for the zone itself (AA). */
    authoritative: flag,
    /** The resolver must have checked the signatures (AD). */
    dnssec: flag,
    /** Instead of one question: all name servers of the zone must have the same serial. */
    sameSerial: flag,
    /** Where the zone's name servers listen, with `sameSerial`. */
    port: z.int({ error: "expected a port" }).min(1).max(65_535).default(53),
    family: familyWord,
  })
  .refine((given) => !given.authoritative || given.server !== undefined, {
    error: "only an own server can be authoritative: name it",
    path: ["authoritative"],
  })
  .refine((given) => !given.sameSerial || !(given.authoritative || given.dnssec), {
    error: "goes neither with authoritative nor with dnssec",
    path: ["sameSerial"],
  })
  .refine((given) => !given.sameSerial || (given.type ?? "SOA") === "SOA", {
    error: "asks for the SOA: leave type out",
    path: ["sameSerial"],
  })
  .refine((given) => given.sameSerial || given.port === 53, {
    error: "goes with sameSerial; else write it behind the server",
    path: ["port"],
  })
  .superRefine(({ expect: { rcode, ...lists }, type, sameSerial }, context) => {
    const given = Object.entries(lists).filter(([, list]) => list !== undefined);
    const complain = (path: PropertyKey[], message: string): void =>
      context.addIssue({ code: "custom", path: ["expect", ...path], message });
    if (sameSerial && (given.length > 0 || rcode !== "NOERROR"))
      return complain([], "does not go with sameSerial");
    if (given.length > 0 && rcode !== "NOERROR")
      complain(["rcode"], "expected NOERROR where values are expected");
    if (type === undefined) return;
    for (const [key, list = []] of given)
      if (list.some((text) => writtenValue(type, text) === null))
        complain([key], `expected what a record of type ${type} can hold`);
  });

/** What a monitor asks for, read. */
export interface Plan {
  readonly name: string;
  readonly type: RecordType;
  readonly server: { readonly host: string; readonly port: number } | null;
  readonly transport: "udp" | "tcp";
  readonly family: 4 | 6 | "any";
  readonly authoritative: boolean;
  readonly dnssec: boolean;
  readonly sameSerial: boolean;
  readonly port: number;
  readonly expect: Expected;
}

export interface Expected {
  readonly rcode: string;
  readonly all: readonly string[];
  readonly any: readonly string[];
  readonly only: readonly string[] | null;
  readonly none: readonly string[];
}

/** Reads target and options together; throws a plain `Error` in one line. */
export function planOf(aim: string, given: z.output<typeof options>): Plan {
  const isAddress = isIP(aim) !== 0;
  const name = isAddress ? reverseName(aim) : dnsName(aim);
  if (name === null) throw new Error(`target: ${NAME}`);
  const type = given.sameSerial ? "SOA" : (given.type ?? (isAddress ? "PTR" : "A"));
  // Without a type any value was let through; what cannot be there will be missing.
  const written = (list: readonly string[] = []): string[] =>
    list.map((text) => writtenValue(type, text) ?? text);
  const { rcode, all, any, only, none } = given.expect;
  const server = given.server === undefined ? null : readPlace(given.server, 53);
  const { transport, family, authoritative, dnssec, sameSerial, port } = given;
  return {
    name,
    type,
    server,
    transport,
    family,
    authoritative,
    dnssec,
    sameSerial,
    port,
    expect: {
      rcode,
      all: written(all),
      any: written(any),
      only: only === undefined ? null : written(only),
      none: written(none),
    },
  };
}
