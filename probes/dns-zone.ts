import { askServer, type Asked } from "./dns-exchange.js";
import { partnerOf, type DnsLook } from "./dns-partner.js";
import { isPublic } from "./egress.js";
import { degraded, down, judgeEnd, unknown, up } from "./failures.js";
import { phasesOf } from "./phases.js";
import type { Fact, Verdict } from "./probe.js";
import type { Reason } from "./reasons.js";
import type { Resolved } from "./resolver.js";

/** A name server that says nothing to three questions within these is silent. */
const WAITS_MS = [1_000, 1_500, 1_500];
/** The root has 13; who has more does not need them. */
const MAX_SERVERS = 20;
const MAX_ADDRESSES = 32;

/** One address of one name server, and what it said. */
interface Seen {
  readonly host: string;
  readonly address: string | null;
  readonly serial: number | null;
  /** What is wrong with it; `null` where nothing is. */
  readonly fault: Reason | null;
  /** Whether that is for us to mend, and says nothing of the server. */
  readonly ours: boolean;
}

/**
 * Asks every name server of the zone, at each of its addresses, for the zone's serial. All the same is up. Down
 * where none answers for the zone. Degraded where one is silent, does not answer for the zone (lame), or
 * has an older serial than another (RFC 1982). Addresses that others chose are entered as redirects are.
 */
export async function judgeZone(look: DnsLook): Promise<Verdict> {
  const { plan, facts } = look;
  const listed = await listServers(look);
  if ("outcome" in listed) return listed;
  const hosts = listed.slice(0, MAX_SERVERS);
  phasesOf(look.signal).enter("firstByte");
  const seen = (await Promise.all(hosts.map((host) => askHost(look, host)))).flat();
  const known = seen.slice(0, MAX_ADDRESSES);
  const newest = known.reduce<number | null>(
    (most, { serial }) =>
      serial !== null && (most === null || isNewer(serial, most)) ? serial : most,
    null,
  );
  facts["serial"] = newest;
  facts["nameServers"] = known.map((one) => shown(one, newest));
  if (listed.length > hosts.length) facts["notAsked"] = listed.length - hosts.length;
  return judgeServers(known, newest, plan.name);
}

function judgeServers(seen: readonly Seen[], newest: number | null, zone: string): Verdict {
  const theirs = seen.filter(({ ours }) => !ours);
  if (theirs.length === 0) {
    const [first] = seen;
    return unknown(first?.fault ?? "local-failure");
  }
  const faulty = theirs.filter(({ fault }) => fault !== null);
  const named = (those: readonly Seen[]): { servers: string[] } => ({
    servers: [
      ...new Set(those.map(({ host, address }) => `${host}${address ? ` ${address}` : ""}`)),
    ],
  });
  if (newest === null)
    return down(faulty[0]?.fault ?? "nameserver-lame", { zone, ...named(faulty) });
  for (const reason of ["nameserver-silent", "nameserver-lame"] as const) {
    const those = faulty.filter(({ fault }) => fault === reason);
    if (those.length > 0) return degraded(reason, named(those));
  }
  const [other] = faulty;
  if (other) return degraded(other.fault ?? "nameserver-lame", named(faulty));
  const behind = theirs.filter(({ serial }) => serial !== newest);
  return behind.length > 0 ? degraded("serial-differs", named(behind)) : up();
}

const shown = ({ host, address, serial, fault }: Seen, newest: number | null): Fact => ({
  host,
  ...(address !== null && { address }),
  ...(serial !== null && { serial }),
  ...(fault !== null && { fault }),
  ...(serial !== null && serial !== newest && { behind: true }),
});

/** Serial arithmetic (RFC 1982): whether `a` comes after `b` on the circle of 2³² numbers. */
const isNewer = (a: number, b: number): boolean => a !== b && (a - b) >>> 0 < 0x8000_0000;

/** The names of the zone's servers, by the word of the given server or of our resolvers. */
async function listServers(look: DnsLook): Promise<readonly string[] | Verdict> {
  const partner = await partnerOf(look);
  const asked = await partner.ask({ name: look.plan.name, type: "NS", recursion: true });
  if (asked.kind !== "answered") return partner.judgeSilence(asked);
  const failed = await partner.judgeCode(asked.reply);
  if (failed) return failed;
  const { rcode, records } = asked.reply;
  if (rcode === "NXDOMAIN") return down("name-not-found");
  if (rcode !== "NOERROR") return down("rcode-unexpected", { rcode });
  return records.length > 0
    ? records.map(({ value }) => value)
    : down("records-missing", { type: "NS" });
}

async function askHost(look: DnsLook, host: string): Promise<readonly Seen[]> {
  const { plan, eyes, signal } = look;
  const resolved = await eyes.resolver.resolve(host, plan.family, signal);
  if (resolved.kind !== "found") return [unresolved(host, resolved)];
  const mayReach = eyes.mayReach ?? isPublic;
  return Promise.all(
    resolved.addresses.map(async ({ address }): Promise<Seen> => {
      const seen = { host, address, serial: null };
      if (!mayReach(address)) return { ...seen, fault: "not-permitted", ours: true };
      const asked = await askServer(
        { address, port: plan.port },
        { name: plan.name, type: "SOA", recursion: false },
        { transport: plan.transport, waits: WAITS_MS },
        signal,
      );
      return { ...seen, ...serialOf(asked, signal) };
    }),
  );
}

const unresolved = (host: string, resolved: Exclude<Resolved, { kind: "found" }>): Seen =>
  resolved.kind === "not-found"
    ? { host, address: null, serial: null, fault: "name-not-found", ours: false }
    : { host, address: null, serial: null, fault: resolved.reason, ours: true };

function serialOf(asked: Asked, signal: AbortSignal): Pick<Seen, "serial" | "fault" | "ours"> {
  if (asked.kind === "silent") return { serial: null, fault: "nameserver-silent", ours: false };
  if (asked.kind === "failed") {
    const { outcome, reason } = judgeEnd(asked.error, "firstByte", signal);
    const isUnreachable = reason === "network-unreachable";
    // Without a route of our own – IPv6 where there is none – nothing was seen.
    if (outcome === "unknown" || isUnreachable) return { serial: null, fault: reason, ours: true };
    const isSilent = reason === "refused" || reason.startsWith("timed-out");
    return { serial: null, fault: isSilent ? "nameserver-silent" : reason, ours: false };
  }
  const { rcode, authoritative, records } = asked.reply;
  const serial = Number(records[0]?.value.split(" ")[2]);
  return rcode === "NOERROR" && authoritative && Number.isInteger(serial)
    ? { serial, fault: null, ours: false }
    : { serial: null, fault: "nameserver-lame", ours: false };
}
