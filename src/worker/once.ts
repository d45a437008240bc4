import type { DeepLook } from "../core/deep-probe.js";
import type { Eyes, Result, Verdict } from "../../probes/probe.js";
import { PROBES } from "../../probes/index.js";
import type { NamedHosts } from "../../probes/named-hosts.js";
import { degraded, down, unknown, up } from "../../probes/failures.js";
import { runProbe } from "../../probes/run.js";
import type { Resolver } from "../../probes/resolver.js";

/** A look that was asked for once; longer than this (ms) nobody waits for it. */
const TIMEOUT_MS = 4_000;

/** Who is asked where names lead. */
export interface Names {
  readonly resolver: Resolver;
  readonly namedHosts: NamedHosts;
}

/**
 * Looks once at what a customer complains of. Only addresses in `allow` are ever connected to: a name
 * that leads elsewhere is as good as not found, and that is what the look `where` says of it.
 */
export async function lookOnce(
  looks: readonly DeepLook[],
  allow: readonly string[],
  { resolver, namedHosts }: Names,
  now: () => Date,
): Promise<readonly Result[]> {
  const ours = new Set(allow.map((address) => address.toLowerCase()));
  const eyes: Eyes = {
    resolver: onlyTo(ours, resolver),
    mayReach: (address) => ours.has(address.toLowerCase()),
  };
  return Promise.all(
    looks.map(({ probe, target, options }) => {
      const module = PROBES[probe];
      const run = module
        ? module.prepare(target, options, eyes)
        : (signal: AbortSignal) =>
            whereTo(
              target,
              RECORDS[String(options["of"])] ?? null,
              ours,
              { resolver, namedHosts },
              signal,
            );
      return runProbe(run, TIMEOUT_MS, now);
    }),
  );
}

/** Names only lead to addresses of ours; literals of others lead nowhere. */
const onlyTo = (ours: ReadonlySet<string>, resolver: Resolver): Resolver => ({
  async resolve(host, family, signal) {
    const resolved = await resolver.resolve(host, family, signal);
    if (resolved.kind !== "found") return resolved;
    const addresses = resolved.addresses.filter(({ address }) => ours.has(address.toLowerCase()));
    return addresses.length > 0 ? { kind: "found", addresses } : { kind: "not-found" };
  },
});

/** By which records the mail of a name, and who answers for it, are found. */
const RECORDS: Readonly<Record<string, "MX" | "NS">> = { mail: "MX", dns: "NS" };

/**
 * Whether the name, the mail for it, or who answers for it (`record`) leads to us. Whether it should is
 * for the inventory to say.
 */
async function whereTo(
  name: string,
  record: "MX" | "NS" | null,
  ours: ReadonlySet<string>,
  { resolver, namedHosts }: Names,
  signal: AbortSignal,
): Promise<Verdict> {
  const named = record === null ? null : await namedHosts(name, record);
  if (named?.kind === "failed") return unknown(named.reason);
  if (record === "NS" && named?.kind !== "found") return down("name-not-found");
  // Without an exchange mail goes to the name itself (RFC 5321, section 5.1).
  const hosts = named?.kind === "found" ? named.hosts : [name];
  const resolved = await Promise.all(hosts.map((host) => resolver.resolve(host, "any", signal)));
  const addresses = resolved.flatMap((one) =>
    one.kind === "found" ? one.addresses.map(({ address }) => address) : [],
  );
  const failed = resolved.find(({ kind }) => kind === "failed");
  if (addresses.length === 0)
    return failed?.kind === "failed" ? unknown(failed.reason) : down("name-not-found");
  const here = addresses.filter((address) => ours.has(address.toLowerCase()));
  const facts = {
    addresses: addresses.slice(0, 10),
    ...(record === "MX" && { exchanges: hosts }),
    ...(record === "NS" && { nameServers: hosts }),
  };
  if (here.length === addresses.length) return up(facts);
  // One of several exchanges, or name servers, is enough to be ours.
  return here.length > 0 && record === null
    ? degraded("points-elsewhere", facts)
    : here.length > 0
      ? up(facts)
      : down("points-elsewhere", facts);
}
