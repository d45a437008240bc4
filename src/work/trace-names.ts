import { nameLook, type DeepLook } from "../core/deep-probe.js";
import type { TracedName } from "../core/named-by-dns.js";

/** What the worker answers, as far as names are concerned. */
type LookOnce = (
  looks: readonly DeepLook[],
  allow: readonly string[],
) => Promise<readonly { readonly facts: Readonly<Record<string, unknown>> }[] | null>;

interface Tracing {
  readonly lookOnce: LookOnce;
  readonly now: () => Date;
}

/** A name is asked for again only after this (ms), and so many a minute: strangers choose them. */
const KEPT_MS = 600_000;
const KEPT_MOST = 1_000;
const A_MINUTE = 30;
const AT_ONCE = 2;

/**
 * Asks the DNS where names lead that the inventory does not know: which of the addresses in `ours`
 * their web site, mail and name servers are at. Nothing is connected to.
 */
export function createTracer({ lookOnce, now }: Tracing) {
  const kept = new Map<string, { readonly at: number; readonly traced: TracedName }>();
  const asked: number[] = [];

  const ask = async (name: string, ours: readonly string[]): Promise<TracedName | null> => {
    const at = now().getTime();
    while (asked.length > 0 && at - (asked[0] ?? 0) > 60_000) asked.shift();
    if (asked.length >= A_MINUTE) return null;
    asked.push(at);
    const looks = (["web", "mail", "dns"] as const).map((of) => nameLook(name, of));
    const [web, mail, dns] = (await lookOnce(looks, ours)) ?? [];
    if (!web || !mail || !dns) return null;
    const traced = {
      name,
      web: addressesOf(web.facts, ours),
      mail: addressesOf(mail.facts, ours),
      dns: addressesOf(dns.facts, ours),
    };
    kept.set(name, { at, traced });
    const [oldest] = kept.keys();
    if (kept.size > KEPT_MOST && oldest !== undefined) kept.delete(oldest);
    return traced;
  };

  const isFresh = ({ at }: { readonly at: number }): boolean => now().getTime() - at < KEPT_MS;

  return {
    /** The names that were found to lead to us lately. */
    known: (): readonly TracedName[] =>
      [...kept.values()].flatMap((one) =>
        isFresh(one) && leadsHere(one.traced) ? one.traced : [],
      ),
    async trace(names: readonly string[], ours: readonly string[]): Promise<readonly TracedName[]> {
      const traced: TracedName[] = [];
      for (const name of names.slice(0, AT_ONCE)) {
        const known = kept.get(name);
        const fresh = known && isFresh(known) ? known.traced : null;
        const found = fresh ?? (await ask(name, ours));
        if (found && leadsHere(found)) traced.push(found);
      }
      return traced;
    },
  };
}

const leadsHere = ({ web, mail, dns }: TracedName): boolean =>
  web.length + mail.length + dns.length > 0;

function addressesOf(
  { addresses }: Readonly<Record<string, unknown>>,
  ours: readonly string[],
): string[] {
  const own = new Set(ours.map((one) => one.toLowerCase()));
  return Array.isArray(addresses)
    ? addresses.filter(
        (one): one is string => typeof one === "string" && own.has(one.toLowerCase()),
      )
    : [];
}
