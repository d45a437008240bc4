import { isIP, isIPv6 } from "node:net";
import { z } from "zod";
import {
  DEFAULT_ZONES,
  entryName,
  knowsIPv6,
  meaningOf,
  readAnswer,
  severityOf,
  testAddresses,
  unsure,
  type Said,
  type Severity,
  type Zone,
} from "./blocklist-zones.js";
import { dnsName, serverWord } from "./dns-options.js";
import type { NameServer } from "./dns-exchange.js";
import { canonicalAddress } from "./dns-records.js";
import { askResolvers, nameServers } from "./dns-resolvers.js";
import { degraded, down, Failure, judgeEnd, unknown, up } from "./failures.js";
import { phasesOf } from "./phases.js";
import { readPlace } from "./place.js";
import type { Eyes, Fact, Probe, Verdict } from "./probe.js";
import { systemNameServers } from "./resolver.js";
import { readSettings } from "./settings.js";
import { familyWord } from "./visit.js";

const TARGET = "expected an address or a host name";
const target = z
  .string({ error: TARGET })
  .refine((text) => isIP(text) !== 0 || /^[^./]+\..+[^.]/.test(dnsName(text) ?? ""), {
    error: TARGET,
  });

const ZONE = "expected a zone such as zen.spamhaus.org";
const zoneName = z
  .string({ error: ZONE })
  .max(180, { error: ZONE })
  .regex(/^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]{2,}\.?$/i, { error: ZONE });
const KEY = "expected the key of a subscription";
const CODE = "expected an answer such as 127.0.0.2";
const zoneBlock = z.strictObject({
  zone: zoneName,
  /** What a listing there means; default: down for Spamhaus, degraded for others. */
  severity: z.enum(["down", "degraded"], { error: "expected down or degraded" }).optional(),
  /** The answers that count as listings; default: all. */
  codes: z
    .array(z.string({ error: CODE }).regex(/^127\.\d+\.\d+\.\d+$/, { error: CODE }))
    .min(1)
    .max(50)
    .optional(),
  /** Goes before the zone's name. */
  key: z
    .string({ error: KEY })
    .regex(/^[a-z0-9-]{1,63}$/i, { error: KEY })
    .optional(),
  /** `false` for a zone without the entries 127.0.0.2 and 127.0.0.1 of RFC 5782. */
  test: z.boolean({ error: "expected true or false" }).default(true),
});
const ZONES = "expected a list of zones, by name or as { zone, severity, codes, key, test }";

const options = z.strictObject({
  zones: z
    .array(z.union([zoneName, zoneBlock], { error: ZONES }), { error: ZONES })
    .min(1, { error: ZONES })
    .max(30, { error: ZONES })
    .default(DEFAULT_ZONES),
  /** A resolver of one's own, as lists answer no public ones; default: those of the worker. */
  server: serverWord.optional(),
  family: familyWord,
});

const MAX_ADDRESSES = 8;
/** A list that says nothing to two rounds of questions has nothing to say. */
const ROUNDS_MS = [1_000, 2_000];
const MAX_TEXT = 120;
/** That a zone lives is believed so long; that it lists somebody only after a look at that very moment. */
const ALIVE_MS = 3_600_000;

/**
 * An address, or all addresses of a host, that none of the zones lists is up. A listing is down or degraded
 * by the zone's `severity`. A zone that refuses us, is silent, lists everybody, or does not list its test entry
 * proves nothing: it is named in the facts, and where no zone has a word, so has the look.
 */
export const blocklist: Probe = {
  kind: "blocklist",
  target,
  options,
  prepare(aim, raw, eyes) {
    const { zones: given, server, family } = readSettings(options, raw, "blocklist");
    const zones = given.map(zoneOf);
    const host = readSettings(target, aim, "target");
    return async (signal) => {
      try {
        const servers = await resolversFor(server, eyes, signal);
        const addresses = await addressesOf(host, family, eyes, signal);
        const findings = await Promise.all(
          zones.map((zone) => askZone(zone, addresses, { servers, signal })),
        );
        return judge(addresses, findings.flat());
      } catch (error) {
        return judgeEnd(error, phasesOf(signal).current(), signal);
      }
    };
  },
};

function zoneOf(given: string | z.output<typeof zoneBlock>): Zone {
  const block = typeof given === "string" ? zoneBlock.parse({ zone: given }) : given;
  const zone = block.zone.toLowerCase().replace(/\.$/, "");
  return {
    zone,
    severity: block.severity ?? severityOf(zone),
    codes: block.codes ?? null,
    key: block.key ?? null,
    test: block.test,
    listsIPv6: knowsIPv6(zone),
  };
}

async function resolversFor(
  server: string | undefined,
  { resolver, nameServers: ours }: Eyes,
  signal: AbortSignal,
): Promise<readonly NameServer[]> {
  phasesOf(signal).enter("resolve");
  const place = server === undefined ? null : readPlace(server, 53);
  if (!place) return nameServers(ours?.() ?? systemNameServers());
  const resolved = await resolver.resolve(place.host, "any", signal);
  if (resolved.kind === "found")
    return resolved.addresses.map(({ address }) => ({ address, port: place.port }));
  throw new Failure(
    unknown(resolved.kind === "failed" ? resolved.reason : "resolver-failed", {
      server: place.host,
    }),
  );
}

async function addressesOf(
  host: string,
  family: 4 | 6 | "any",
  { resolver }: Eyes,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [canonicalAddress(host)];
  const resolved = await resolver.resolve(dnsName(host) ?? host, family, signal);
  if (resolved.kind === "not-found") throw new Failure(down("name-not-found"));
  if (resolved.kind === "failed")
    throw new Failure(unknown(resolved.reason, { code: resolved.code }));
  const addresses = resolved.addresses.map(({ address }) => canonicalAddress(address));
  return [...new Set(addresses)];
}

interface Asking {
  readonly servers: readonly NameServer[];
  readonly signal: AbortSignal;
}

interface Finding {
  readonly zone: string;
  readonly severity: Severity;
  readonly address: string;
  readonly said: Said;
  /** Of a listing: what its answers mean, and what the list itself says of it. */
  readonly meanings: readonly string[];
  readonly text: string | null;
}

async function askZone(
  zone: Zone,
  addresses: readonly string[],
  asking: Asking,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const address of addresses.slice(0, MAX_ADDRESSES)) {
    const said = await believed(zone, address, asking);
    const listed = said.kind === "listed";
    findings.push({
      zone: zone.zone,
      severity: zone.severity,
      address,
      said,
      meanings: listed ? said.codes.flatMap((code) => meaningOf(zone.zone, code) ?? []) : [],
      text: listed ? await reasonGiven(zone, address, asking) : null,
    });
  }
  return findings;
}

const lookUp = async (zone: Zone, address: string, { servers, signal }: Asking): Promise<Said> => {
  const question = { name: entryName(address, zone), type: "A", recursion: true } as const;
  return readAnswer(await askResolvers(servers, question, "udp", signal, ROUNDS_MS), zone);
};

/** When a zone was last seen alive, by resolver, name and family. */
const seenAlive = new Map<string, number>();

/** What the zone says, held against its test entries: whoever lists everybody or nobody says nothing. */
async function believed(zone: Zone, address: string, asking: Asking): Promise<Said> {
  const said = await lookUp(zone, address, asking);
  if (said.kind === "unsure" || !zone.test) return said;
  const { listed, clean } = testAddresses(address);
  const uncounted = { ...zone, codes: null };
  if (said.kind === "listed") {
    const nobody = await lookUp(uncounted, clean, asking);
    if (nobody.kind === "clean") return said;
    return unsure(nobody.kind === "listed" ? "it lists everybody" : nobody.why);
  }
  const places = asking.servers.map((server) => `${server.address} ${server.port}`).join();
  const id = `${places} ${entryName(listed, zone)}`;
  const now = performance.now();
  if (now - (seenAlive.get(id) ?? -ALIVE_MS) < ALIVE_MS) return said;
  // A list that is known to have IPv6 need not have the younger test entry.
  const entry = isIPv6(address) && zone.listsIPv6 ? testAddresses("127.0.0.2").listed : listed;
  const somebody = await lookUp(uncounted, entry, asking);
  if (somebody.kind === "unsure") return somebody;
  if (somebody.kind === "clean")
    return unsure(
      isIPv6(address) ? "it seems to list no IPv6" : "it does not list its test entry: closed?",
    );
  seenAlive.set(id, now);
  return said;
}

/** What the list says of its entry, usually an address to read more at. */
async function reasonGiven(
  zone: Zone,
  address: string,
  { servers, signal }: Asking,
): Promise<string | null> {
  const question = { name: entryName(address, zone), type: "TXT", recursion: true } as const;
  const asked = await askResolvers(servers, question, "udp", signal, ROUNDS_MS);
  const text = asked.kind === "answered" ? asked.reply.records[0]?.value : undefined;
  if (text === undefined) return null;
  return (zone.key === null ? text : text.replaceAll(zone.key, "•••")).slice(0, MAX_TEXT);
}

function judge(addresses: readonly string[], findings: readonly Finding[]): Verdict {
  const by = (kind: Said["kind"]): readonly Finding[] =>
    findings.filter(({ said }) => said.kind === kind);
  const listed = by("listed");
  const silent = by("unsure");
  const whys = silent.map(({ zone, said }) =>
    said.kind === "unsure" ? `${zone}: ${said.why}` : zone,
  );
  const facts: Record<string, Fact> = {
    ...(listed.length > 0 && { listed: listed.map(shown) }),
    ...(silent.length > 0 && { unsure: [...new Set(whys)] }),
    addresses: addresses.slice(0, MAX_ADDRESSES),
    ...(addresses.length > MAX_ADDRESSES && { notAsked: addresses.length - MAX_ADDRESSES }),
    clean: [...new Set(by("clean").map(({ zone }) => zone))],
  };
  if (listed.length > 0) {
    const isBad = listed.some(({ severity }) => severity === "down");
    return (isBad ? down : degraded)("blocklisted", facts);
  }
  return silent.length === findings.length ? unknown("blocklists-silent", facts) : up(facts);
}

const shown = ({ zone, address, said, meanings, text }: Finding): Fact => ({
  zone,
  address,
  ...(said.kind === "listed" && { codes: said.codes }),
  ...(meanings.length > 0 && { meanings: [...new Set(meanings)] }),
  ...(text !== null && { text }),
});
