import { z } from "zod";
import type { HostPort } from "./place.js";
import { fetchJson, parseJson, type Fetching } from "./rdap.js";
import { askWhois } from "./whois.js";

/** Where a registry can be asked. */
export type Source =
  | { readonly kind: "rdap"; readonly base: string; readonly declared: boolean }
  | { readonly kind: "whois"; readonly place: HostPort; readonly declared: boolean };

export interface Registries {
  /** The servers to ask about a domain, best first; empty where none is known. Never rejects. */
  sourcesFor(domain: string, fetching: Omit<Fetching, "declared">): Promise<readonly Source[]>;
}

export interface RegistrySettings {
  /** The list of RDAP servers (RFC 9224); `null` asks nobody for it. */
  readonly bootstrap?: string | null;
  /** The WHOIS server that knows the others; `null` asks nobody. */
  readonly root?: HostPort | null;
  /** Milliseconds, from anywhere. */
  readonly clock?: () => number;
  /** Whether the two above were declared by whoever runs us. */
  readonly declared?: boolean;
}

const IANA_LIST = "https://data.iana.org/rdap/dns.json";
const IANA_WHOIS = { host: "whois.iana.org", port: 43 };
const KEPT_MS = 86_400_000;
const RETRY_MS = 3_600_000;

/**
 * Of IANA's list (publication of 2025-11-06), for when it cannot be had: the ends of names that hosters meet. The
 * list itself, once fetched, outranks it.
 */
const PINNED: Readonly<Record<string, string>> = {
  blog: "https://rdap.blog.fury.ca/rdap/",
  cc: "https://tld-rdap.verisign.com/cc/v1/",
  cloud: "https://rdap.registry.cloud/rdap/",
  com: "https://rdap.verisign.com/com/v1/",
  cz: "https://rdap.nic.cz/",
  fi: "https://rdap.fi/rdap/rdap/",
  fr: "https://rdap.nic.fr/",
  name: "https://tld-rdap.verisign.com/name/v1/",
  net: "https://rdap.verisign.com/net/v1/",
  nl: "https://rdap.sidn.nl/",
  no: "https://rdap.norid.no/",
  online: "https://rdap.centralnic.com/online/",
  org: "https://rdap.publicinterestregistry.org/rdap/",
  pl: "https://rdap.dns.pl/",
  shop: "https://rdap.gmoregistry.net/rdap/",
  si: "https://rdap.register.si/",
  site: "https://rdap.centralnic.com/site/",
  store: "https://rdap.centralnic.com/store/",
  tech: "https://rdap.centralnic.com/tech/",
  top: "https://rdap.zdnsgtld.com/top/",
  tv: "https://rdap.nic.tv/",
  ua: "https://rdap.hostmaster.ua/",
  uk: "https://rdap.nominet.uk/uk/",
  xyz: "https://rdap.centralnic.com/xyz/",
};

/** Servers that IANA's list does not have: DENIC runs its own as a pilot. */
const UNLISTED: Readonly<Record<string, string>> = { de: "https://rdap.denic.de/" };

/** For others IANA's own WHOIS is asked. */
const WHOIS: Readonly<Record<string, string>> = {
  at: "whois.nic.at",
  cz: "whois.nic.cz",
  de: "whois.denic.de",
  eu: "whois.eu",
  hr: "whois.dns.hr",
  hu: "whois.nic.hu",
  it: "whois.nic.it",
  pl: "whois.dns.pl",
  ro: "whois.rotld.ro",
  rs: "whois.rnids.rs",
  si: "whois.register.si",
  sk: "whois.sk-nic.sk",
};

/** Registries that tell nobody in public until when a domain is paid for, by WHOIS or RDAP. */
const DISCREET: ReadonlySet<string> = new Set(["at", "be", "ch", "de", "eu", "hu", "li", "nl"]);

const endOf = (domain: string): string => domain.split(".").at(-1) ?? "";

export const tellsExpiry = (domain: string): boolean => !DISCREET.has(endOf(domain));

const list = z.object({
  services: z.array(z.tuple([z.array(z.string()), z.array(z.string())])).min(1),
});

/** Knows which registry to ask, by IANA's lists, kept for a day, and by what is pinned here. */
export function createRegistries({
  bootstrap = IANA_LIST,
  root = IANA_WHOIS,
  clock = () => performance.now(),
  declared = false,
}: RegistrySettings = {}): Registries {
  let known: ReadonlyMap<string, string> = new Map();
  let nextAt = -Infinity;
  let fetching: Promise<void> | null = null;
  const whoisKnown = new Map<string, { readonly host: string | null; readonly until: number }>();

  const refresh = async (with_: Omit<Fetching, "declared">): Promise<void> => {
    if (bootstrap === null) return;
    const fetched = await fetchJson(bootstrap, { ...with_, declared });
    const services = fetched.kind === "document" ? readList(fetched.text) : null;
    if (services) known = services;
    nextAt = clock() + (services ? KEPT_MS : RETRY_MS);
  };
  const bases = async (with_: Omit<Fetching, "declared">): Promise<ReadonlyMap<string, string>> => {
    if (clock() >= nextAt)
      fetching ??= refresh(with_).finally(() => {
        fetching = null;
      });
    // What is known is good enough while it is looked at anew.
    if (known.size === 0) await fetching;
    return known;
  };
  const whoisFor = async (
    end: string,
    with_: Omit<Fetching, "declared">,
  ): Promise<string | null> => {
    const pinned = WHOIS[end];
    if (pinned !== undefined || root === null) return pinned ?? null;
    const kept = whoisKnown.get(end);
    if (kept && clock() < kept.until) return kept.host;
    const asked = await askWhois(root, end, { ...with_, declared });
    const host = "text" in asked ? hostIn(asked.text) : null;
    whoisKnown.set(end, { host, until: clock() + ("text" in asked ? KEPT_MS : RETRY_MS) });
    return host;
  };

  return {
    async sourcesFor(domain, with_) {
      const end = endOf(domain);
      const base = (await bases(with_)).get(end) ?? PINNED[end] ?? UNLISTED[end];
      const host = await whoisFor(end, with_);
      return [
        ...(base === undefined ? [] : [{ kind: "rdap" as const, base, declared }]),
        ...(host === null ? [] : [{ kind: "whois" as const, place: { host, port: 43 }, declared }]),
      ];
    },
  };
}

/** The first encrypted server of each end of names; `null` where it is no such list. */
function readList(json: string): ReadonlyMap<string, string> | null {
  const parsed = list.safeParse(parseJson(json));
  if (!parsed.success) return null;
  return new Map(
    parsed.data.services.flatMap(([ends, urls]) => {
      const base = urls.find((url) => url.startsWith("https://") && URL.canParse(url));
      return base === undefined ? [] : ends.map((end) => [end.toLowerCase(), base] as const);
    }),
  );
}

/** `whois: whois.nic.example` of IANA's answer. */
const hostIn = (answer: string): string | null =>
  /^whois:[ \t]+([a-z0-9.-]{1,253})\s*$/im.exec(answer)?.[1]?.toLowerCase() ?? null;
