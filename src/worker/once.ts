import type { DeepLook } from "../core/deep-probe.js";
import type { Eyes, Result, Verdict } from "../../probes/probe.js";
import { PROBES } from "../../probes/index.js";
import { degraded, down, up } from "../../probes/failures.js";
import { runProbe } from "../../probes/run.js";
import type { Resolver } from "../../probes/resolver.js";

/** A look that was asked for once; longer than this (ms) nobody waits for it. */
const TIMEOUT_MS = 4_000;

/**
 * Looks once at what a customer complains of. Only addresses in `allow` are ever connected to: a name
 * that leads elsewhere is as good as not found, and that is what the look `where` says of it.
 */
export async function lookOnce(
  looks: readonly DeepLook[],
  allow: readonly string[],
  resolver: Resolver,
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
        : (signal: AbortSignal) => whereTo(target, ours, resolver, signal);
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

/** Whether the name leads to us. Whether it should is for the inventory to say. */
async function whereTo(
  name: string,
  ours: ReadonlySet<string>,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<Verdict> {
  const resolved = await resolver.resolve(name, "any", signal);
  if (resolved.kind === "failed") return { outcome: "unknown", reason: resolved.reason };
  if (resolved.kind === "not-found") return down("name-not-found");
  const addresses = resolved.addresses.map(({ address }) => address);
  const here = addresses.filter((address) => ours.has(address.toLowerCase()));
  const facts = { addresses: addresses.slice(0, 10) };
  if (here.length === addresses.length) return up(facts);
  return here.length > 0 ? degraded("points-elsewhere", facts) : down("points-elsewhere", facts);
}
