import { isIPv6 } from "node:net";
import type { Asked } from "./dns-exchange.js";
import { reversed } from "./dns-records.js";

export type Severity = "down" | "degraded";

/** A zone of a blocklist, with what is known of it. */
export interface Zone {
  readonly zone: string;
  readonly severity: Severity;
  /** The answers that mean a listing; `null` for all that the rules below leave. */
  readonly codes: readonly string[] | null;
  /** What subscribers have before the zone's name: a secret. */
  readonly key: string | null;
  /** Whether it has the entries of RFC 5782 by which one tells a living zone from a dead one. */
  readonly test: boolean;
  /** Whether it is known to list IPv6. */
  readonly listsIPv6: boolean;
}

/** Well-kept lists whose answers are known, free for small numbers of questions by a resolver of one's own. */
export const DEFAULT_ZONES = ["zen.spamhaus.org", "bl.spamcop.net", "psbl.surriel.com"];

const isSpamhaus = (zone: string): boolean =>
  /(?:^|\.)(?:spamhaus\.org|dq\.spamhaus\.net)$/.test(zone);

/** Spamhaus keeps mail from half of the world's servers; of others it depends on who asks them. */
export const severityOf = (zone: string): Severity => (isSpamhaus(zone) ? "down" : "degraded");

export const knowsIPv6 = (zone: string): boolean => isSpamhaus(zone);

const SPAMHAUS: Readonly<Record<string, string>> = {
  "127.0.0.2": "SBL: a source of spam",
  "127.0.0.3": "CSS: sends much that nobody asked for",
  "127.0.0.4": "XBL: infected or misused",
  "127.0.0.5": "XBL: infected or misused",
  "127.0.0.6": "XBL: infected or misused",
  "127.0.0.7": "XBL: infected or misused",
  "127.0.0.9": "DROP: a hijacked or criminal network",
  "127.0.0.10": "PBL: must not send mail, says its provider",
  "127.0.0.11": "PBL: must not send mail, says Spamhaus",
};

/** What an answer of this zone means, where that is known. */
export const meaningOf = (zone: string, code: string): string | null =>
  isSpamhaus(zone) ? (SPAMHAUS[code] ?? null) : null;

/** What a zone says of an address. `unsure` is no word on it: the zone's fault, or ours. */
export type Said =
  | { readonly kind: "listed"; readonly codes: readonly string[] }
  | { readonly kind: "clean" }
  | { readonly kind: "unsure"; readonly why: string };

/** The name under which a zone has its entry for an address (RFC 5782, sections 2.1 and 2.4). */
export const entryName = (address: string, { zone, key }: Zone): string =>
  [reversed(address), ...(key === null ? [] : [key]), zone].join(".");

/** RFC 5782, section 5: one address that is always listed, and one that never is. */
export const testAddresses = (address: string): { listed: string; clean: string } =>
  isIPv6(address)
    ? { listed: "::ffff:7f00:2", clean: "::ffff:7f00:1" }
    : { listed: "127.0.0.2", clean: "127.0.0.1" };

/** Reads a zone's answer. Only 127.0.0.0/8 is an answer at all, and not all of it is a listing. */
export function readAnswer(asked: Asked, { codes: wanted }: Zone): Said {
  if (asked.kind === "silent") return unsure("no answer");
  if (asked.kind === "failed") return unsure("our resolver could not be asked");
  const { rcode, records } = asked.reply;
  if (rcode === "NXDOMAIN") return { kind: "clean" };
  if (rcode !== "NOERROR") return unsure(rcode);
  const codes = records.map(({ value }) => value);
  for (const code of codes) {
    const why = noListing(code);
    if (why !== null) return unsure(why);
  }
  const counted = wanted ? codes.filter((code) => wanted.includes(code)) : codes;
  return counted.length > 0 ? { kind: "listed", codes: counted } : { kind: "clean" };
}

export const unsure = (why: string): Said => ({ kind: "unsure", why });

/** Why an answer is no listing; `null` where it is one. */
function noListing(code: string): string | null {
  // A parked domain, or a resolver that invents answers.
  if (!code.startsWith("127.")) return `${code} is no answer of a blocklist`;
  if (code.startsWith("127.255.255.")) return REFUSALS[code] ?? `${code}: refused`;
  // Nobody is listed so; it says "not you", or that the list has been closed.
  return code === "127.0.0.1" ? "127.0.0.1: refused, or closed" : null;
}

/** Spamhaus's, and by now others' (spamhaus.org, DNSBL usage). */
const REFUSALS: Readonly<Record<string, string>> = {
  "127.255.255.252": "127.255.255.252: the zone's name is mistyped",
  "127.255.255.254": "127.255.255.254: refused, as our resolver is public or has no name",
  "127.255.255.255": "127.255.255.255: refused, as we ask too much",
};
