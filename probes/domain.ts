import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { getDomain } from "tldts";
import { z } from "zod";
import { durationText, milliseconds } from "./duration.js";
import { degraded, down, unknown, up } from "./failures.js";
import { phasesOf } from "./phases.js";
import { placeTarget, readPlace } from "./place.js";
import type { Fact, Probe, Verdict } from "./probe.js";
import { createRegistries, tellsExpiry, type Source } from "./registries.js";
import { createDesk, type Answered, type Desk, type Known } from "./registry-desk.js";
import { plausible, troubleOf } from "./registration.js";
import { readSettings } from "./settings.js";

const TARGET = "expected a domain such as example.hu";

/** The domain that is registered, as A-labels: `example.co.uk` of `www.example.co.uk`; `null` where none is. */
export function registeredDomain(name: string): string | null {
  if (name.length > 253 || isIP(name) !== 0 || /[\s/:@]/.test(name)) return null;
  const ascii = domainToASCII(name.replace(/\.$/, ""));
  return ascii === "" ? null : getDomain(ascii, { allowPrivateDomains: false });
}

const target = z
  .string({ error: TARGET })
  .refine((text) => registeredDomain(text) !== null, { error: TARGET });

const DAY = "expected a day such as 2027-05-31";
const WEB = "expected an address such as https://rdap.example/";
const PLACE = "expected a server such as whois.example or 192.0.2.43:4343";
const options = z.strictObject({
  /** From so long before the expiry on. */
  expiresWithin: z
    .strictObject({ degraded: durationText().default("30d"), down: durationText().default("0d") })
    .refine((within) => (milliseconds(within.degraded) ?? 0) >= (milliseconds(within.down) ?? 0), {
      error: "expected degraded to come before down",
    })
    .prefault({}),
  /** Until when it is paid for, for registries that do not say. */
  expires: z
    .string({ error: DAY })
    .refine((day) => dayOf(day) !== null, { error: DAY })
    .optional(),
  /** The registry's servers, where they are not to be looked up. */
  rdap: z
    .string({ error: WEB })
    .refine((url) => /^https?:\/\//.test(url) && URL.canParse(url), { error: WEB })
    .optional(),
  whois: z
    .string({ error: PLACE })
    .refine((place) => placeTarget(false).safeParse(place).success, { error: PLACE })
    .optional(),
});

const DAY_MS = 86_400_000;

function dayOf(day: string): Date | null {
  const date = /^\d{4}-\d\d-\d\d$/.test(day) ? plausible(Date.parse(day)) : null;
  return date && date.toISOString().startsWith(day) ? date : null;
}

/**
 * A domain that is registered, in use and paid for is up. Down: expired, not registered, on its way out
 * (redemption, pending delete), or on hold, which takes it out of DNS. Degraded – or down, as is set – within
 * some time before its expiry. A registry that says nothing of the expiry leaves that open, in the fact
 * `expiry`, unless the monitor knows the day; one that says nothing at all is `unknown`. What it said is remembered
 * for hours and judged anew by the clock of each look.
 */
export const domainBy = (desk: Desk): Probe => ({
  kind: "domain",
  target,
  options,
  prepare(aim, raw, eyes) {
    const settings = readSettings(options, raw, "domain");
    const domain = registeredDomain(readSettings(target, aim, "target"));
    if (domain === null) throw new Error(`target: ${TARGET}`);
    const own = dayOf(settings.expires ?? "");
    const within = {
      degraded: milliseconds(settings.expiresWithin.degraded) ?? 0,
      down: milliseconds(settings.expiresWithin.down) ?? 0,
    };
    const sources = sourcesOf(settings);
    return async (signal) => {
      phasesOf(signal).enter("resolve");
      const answered = await desk.ask(domain, sources, eyes, signal);
      phasesOf(signal).end();
      return judge({ domain, own, within }, answered, eyes.now?.() ?? new Date());
    };
  },
});

/** Whether a domain is ours for longer, by its registry: RDAP, and WHOIS where there is none. */
export const domain: Probe = domainBy(createDesk(createRegistries()));

/** Who alone is asked where the monitor says so; else `null`. */
function sourcesOf({ rdap, whois }: z.output<typeof options>): readonly Source[] | null {
  const place = whois === undefined ? null : readPlace(whois, 43);
  const sources: Source[] = [
    ...(rdap === undefined ? [] : [{ kind: "rdap" as const, base: rdap, declared: true }]),
    ...(place === null ? [] : [{ kind: "whois" as const, place, declared: true }]),
  ];
  return sources.length > 0 ? sources : null;
}

interface Wanted {
  readonly domain: string;
  readonly own: Date | null;
  readonly within: { readonly degraded: number; readonly down: number };
}

function judge(wanted: Wanted, { known, failed }: Answered, now: Date): Verdict {
  const { domain: name, within } = wanted;
  if (!known)
    return failed === null
      ? unknown("registry-waiting", { domain: name })
      : unknown("registry-failed", { domain: name, why: failed });
  const { registered, statuses } = known.registration;
  const expires = known.registration.expires ?? wanted.own;
  const facts = factsOf(wanted, known, failed, expires, now);
  if (!registered) return down("domain-not-registered", facts);
  const trouble = troubleOf(statuses);
  if (trouble !== null) return down(trouble, facts);
  if (expires === null) return up(facts);
  const left = expires.getTime() - now.getTime();
  if (left <= 0) return down("domain-expired", facts);
  if (left < within.down) return down("domain-expires-soon", facts);
  return left < within.degraded ? degraded("domain-expires-soon", facts) : up(facts);
}

function factsOf(
  { domain: name, own }: Wanted,
  { registration, at, source, server }: Known,
  failed: string | null,
  expires: Date | null,
  now: Date,
): Record<string, Fact> {
  const { registered, statuses, registrar } = registration;
  const byRegistry = registration.expires !== null;
  return {
    domain: name,
    registered,
    ...(registered && {
      expires: expires?.toISOString() ?? null,
      ...(expires && { daysLeft: Math.floor((expires.getTime() - now.getTime()) / DAY_MS) }),
      expiry: byRegistry ? "by the registry" : own ? "by the monitor" : openExpiry(name),
      statuses,
      ...(registrar !== null && { registrar }),
    }),
    source,
    server,
    asOf: at.toISOString(),
    ...(failed !== null && { lastTry: failed }),
  };
}

const openExpiry = (name: string): string =>
  tellsExpiry(name) ? "the registry did not say" : "the registry tells nobody";
