import { isIP } from "node:net";
import { z } from "zod";
import { SYMPTOMS } from "../core/extract/extraction.js";
import { duration, milliseconds } from "../../probes/duration.js";
import { IMPACTS } from "../core/status.js";
import { nearest } from "./mistakes.js";
import { checkRule, isTemplate } from "./rules.js";

/** Keys that other versions know; saying so is kinder than "unknown". */
export const LATER_KEYS: ReadonlySet<string> = new Set([
  "oncall",
  "intake",
  "desks",
  "firewall",
  "auth",
]);

const HOST_KINDS = [
  "server",
  "rack",
  "switch",
  "router",
  "uplink",
  "hypervisor",
  "site",
  "other",
] as const;

const ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
const LABEL = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
const MAIL = /^[^\s"<>(),:;@\\]+@(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/;
const SENDER = /^(?:[^<>\r\n]*<([^<>\s]+)>|([^<>\s]+))$/;
const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})*\.?$/;
const DAY_MS = 86_400_000;

const text = (max: number) =>
  z
    .string()
    .min(1, { error: "expected some text" })
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, {
      error: "expected text on one line",
    });
const paragraphs = (max: number) => z.string().min(1, { error: "expected some text" }).max(max);
const id = z
  .string()
  .regex(ID, { error: "expected an id of a-z, 0-9 and - (at most 63) such as web3-http" });
const webAddress = z
  .string()
  .max(2000)
  .refine((given) => /^https?:$/.test(schemeOf(given)), {
    error: "expected an address such as https://status.example.org",
  })
  .transform((given) => given.replace(/\/+$/, ""));
const schemeOf = (given: string): string => (URL.canParse(given) ? new URL(given).protocol : "");
const mailAddress = z
  .string()
  .max(254)
  .regex(MAIL, { error: "expected one mail address such as ops@example.org" });
const between = (lowest: string, highest: string) =>
  duration().refine(
    (ms) => ms >= (milliseconds(lowest) ?? 0) && ms <= (milliseconds(highest) ?? Infinity),
    { error: `expected a duration from ${lowest} to ${highest}` },
  );
/** Retention may also be said in years. */
const keeping = (lowest: string, standard: string) =>
  z
    .string()
    .transform((given, context) => {
      const years = /^(\d{1,2})y$/.exec(given)?.[1];
      const ms = years ? Number(years) * 365 * DAY_MS : milliseconds(given);
      if (ms !== null && ms >= (milliseconds(lowest) ?? 0) && ms <= 100 * 365 * DAY_MS) return ms;
      const error = `expected a time of at least ${lowest} such as ${standard}`;
      context.addIssue({ code: "custom", message: error });
      return z.NEVER;
    })
    .prefault(standard);

/** `host:port`, also `[2001:db8::1]:443`. */
const hostAndPort = z.string().transform((given, context) => {
  const [, six, name, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(given) ?? [];
  const host = six !== undefined && isIP(six) === 6 ? six : name;
  const number = Number(port);
  if (host !== undefined && (isIP(host) || isHostName(host)) && number >= 1 && number <= 65_535)
    return { host, port: number };
  context.addIssue({ code: "custom", message: "expected host:port such as 192.0.2.1:53" });
  return z.NEVER;
});
/** All digits and dots is meant as an IP address, so it has to be one. */
const isHostName = (given: string): boolean => HOST_NAME.test(given) && !/^[\d.]+$/.test(given);

const resolver = z.string().refine(
  (given) => {
    const [, six, four, port = "53"] =
      /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(given) ?? [];
    const known = isIP(given) > 0 || isIP(six ?? "") === 6 || isIP(four ?? "") === 4;
    return known && Number(port) >= 1 && Number(port) <= 65_535;
  },
  { error: "expected an IP address such as 192.0.2.53, maybe with a port" },
);
const network = z.string().refine(
  (given) => {
    const [, address = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(given) ?? [];
    const family = isIP(address);
    return family > 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128));
  },
  { error: "expected a network such as 10.0.0.0/8" },
);

/** `name: web3` for every language, or `{ en: …, hu: … }`. */
const localized = (languages: readonly string[], max: number) =>
  z.union([paragraphs(max), z.partialRecord(language(languages), paragraphs(max))]);

const language = (known: readonly string[]) =>
  z.enum(known.length > 0 ? (known as [string, ...string[]]) : ["en"]);

const confirm = z.strictObject({
  failures: z.int().min(1).max(100).optional(),
  recheck: between("100ms", "1d").optional(),
  recoveries: z.int().min(1).max(100).optional(),
});
const labels = z.record(
  z.string().regex(LABEL, { error: "expected a label name of letters, digits and _" }),
  z.string().max(200),
);
const every = between("1s", "7d");
const timeout = between("50ms", "10m");
const impact = z.enum(IMPACTS);

const template = z
  .string()
  .min(1, { error: "expected some text" })
  .max(300)
  .refine(isTemplate, { error: "expected a text such as {{ labels.instance }}" });

/** `2026-12-01 02:00` in the site's zone, or with an offset; read once the zone is known. */
const momentText = z
  .string()
  .max(40)
  .regex(/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?$/, {
    error: "expected a moment such as 2026-12-01 02:00",
  });

/** The sections of the main file, each strict; `languages` are those there is a catalogue for. */
export function sectionSchemas(languages: readonly string[]) {
  return {
    site: z.strictObject({
      name: text(200).default("Status"),
      url: webAddress.optional(),
      timezone: z.string().superRefine(checkZone).optional(),
      languages: z.array(language(languages)).min(1).max(20).optional(),
      support: z
        .strictObject({ email: mailAddress.optional(), phone: text(60).optional() })
        .prefault({}),
      accent: z
        .string()
        .regex(/^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/, {
          error: "expected a colour such as #0a5fb4 (in quotes, or it is a comment)",
        })
        .optional(),
    }),
    mail: z.strictObject({
      smtp: z.string().refine((given) => /^smtps?:$/.test(schemeOf(given)) && hasHost(given), {
        error: "expected an address such as smtp://user@relay.example.org:587",
      }),
      password: z.string().min(1).optional(),
      from: z
        .string()
        .max(320)
        .refine(
          (given) => {
            const [, inside, bare] = SENDER.exec(given) ?? [];
            return MAIL.test(inside ?? bare ?? "");
          },
          { error: "expected a sender such as Tudunk <status@example.org>" },
        ),
    }),
    references: z.array(hostAndPort).max(50).default([]),
    resolvers: z.array(resolver).max(20).default([]),
    egress: z.strictObject({ allow: z.array(network).max(1000).default([]) }),
    retention: z.strictObject({
      results: keeping("1h", "2d"),
      hours: keeping("1d", "90d"),
      days: keeping("1d", "5y"),
      reports: keeping("1d", "2y"),
      screenshots: keeping("1d", "90d"),
    }),
    defaults: z.strictObject({
      every: every.optional(),
      timeout: timeout.optional(),
      confirm: confirm.optional(),
      impact: impact.optional(),
      labels: labels.optional(),
    }),
    policy: z.strictObject({
      publish: z.enum(["confirmed", "manual"]).default("confirmed"),
      next_update: between("1m", "7d").prefault("30m"),
      reopen: between("0s", "7d").prefault("30m"),
      creep: z.enum(["off", "quiet", "tell"]).default("quiet"),
    }),
    include: z.array(paragraphs(1000)).max(200).default([]),
    texts: z.strictObject({
      ...Object.fromEntries(
        languages.map((one) => [
          one,
          z.record(z.string().max(200), z.string().max(5000)).optional(),
        ]),
      ),
      /** What is reported → language → where it is explained. */
      help: z
        .partialRecord(
          z.enum(SYMPTOMS),
          z.partialRecord(
            language(languages),
            z.url({ protocol: /^https?$/, error: "expected an https:// address" }).max(2000),
          ),
        )
        .optional(),
    }),
  };
}
export type Sections = {
  [Name in keyof ReturnType<typeof sectionSchemas>]: z.output<
    ReturnType<typeof sectionSchemas>[Name]
  >;
};

/** The entries of the lists, without what belongs to a probe, a channel or a group's members. */
export function entrySchemas(languages: readonly string[]) {
  return {
    hosts: z.strictObject({
      id,
      kind: z.enum(HOST_KINDS).default("server"),
      name: text(200).optional(),
      addresses: z
        .array(
          z.string().refine((given) => isIP(given) > 0, {
            error: "expected an IP address such as 192.0.2.13",
          }),
        )
        .max(1000)
        .default([]),
      parents: z.array(id).max(50).default([]),
      dependsOn: z.array(id).max(50).default([]),
    }),
    components: z.strictObject({
      id,
      name: localized(languages, 200).optional(),
      description: localized(languages, 1000).optional(),
    }),
    monitors: z.strictObject({
      id,
      probe: z.string(),
      /** A monitor that tells of itself may do without. */
      target: z.string().optional(),
      every: every.optional(),
      timeout: timeout.optional(),
      host: id.optional(),
      component: id.optional(),
      impact: impact.optional(),
      confirm: confirm.optional(),
      labels: labels.optional(),
      paused: z.boolean().default(false),
    }),
    channels: z.strictObject({ id, kind: z.string() }),
    rules: z
      .strictObject({
        id: z.string().regex(/^[a-z0-9](?:-?[a-z0-9]){0,39}$/, {
          error: "expected an id of a-z, 0-9 and single - (at most 40) such as disk-full",
        }),
        match: z.record(
          z.string().regex(LABEL, { error: "expected a label name of letters, digits and _" }),
          z.union([z.string().max(1000), z.array(z.string().max(1000)).min(1).max(100)]),
        ),
        host: template.optional(),
        component: template.optional(),
        impact: impact.optional(),
        outcome: z.enum(["down", "degraded"]).optional(),
        expires: between("1m", "7d").optional(),
        ignore: z.boolean().default(false),
      })
      .superRefine(checkRule),
    maintenances: z.strictObject({
      id,
      title: localized(languages, 200),
      text: localized(languages, 5_000).optional(),
      from: momentText,
      to: momentText,
      hosts: z.array(id).max(1_000).default([]),
      components: z.array(id).max(200).default([]),
    }),
  };
}
export type Entries = {
  [Name in keyof ReturnType<typeof entrySchemas>]: z.output<ReturnType<typeof entrySchemas>[Name]>;
};

const hasHost = (given: string): boolean => URL.canParse(given) && new URL(given).hostname !== "";

/** Notes it where `given` is no time zone (IANA) of this machine. */
export function checkZone(given: string, context: z.RefinementCtx): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: given });
  } catch {
    const near = nearest(given, Intl.supportedValuesOf("timeZone"));
    context.addIssue({
      code: "custom",
      message: "expected a time zone such as Europe/Budapest",
      params: near === undefined ? {} : { didYouMean: near },
    });
  }
}
