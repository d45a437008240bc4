import type { Account, Directory, Domain, Place, Servers } from "./directory.js";

/** A name that the inventory does not know, and where the DNS says that it leads. */
export interface TracedName {
  /** A-labels, lower case. */
  readonly name: string;
  /** Addresses of ours that its web site, its mail and its name servers lead to. */
  readonly web: readonly string[];
  readonly mail: readonly string[];
  readonly dns: readonly string[];
}

const PREFIX = "dns:";

/** `directory` with names that lead to places of ours, as accounts of which nothing else is known. */
export function withTraced(directory: Directory, traced: readonly TracedName[]): Directory {
  const found = new Map<string, Account>();
  for (const one of traced) {
    const account = accountOf(one, directory);
    if (account) found.set(one.name, account);
  }
  if (found.size === 0) return directory;
  const traceOf = (name: string): Account | null => {
    const plain = name.trim().toLowerCase().replace(/\.$/, "");
    for (const [known, account] of found)
      if (plain === known || plain.endsWith(`.${known}`)) return account;
    return null;
  };
  return {
    ...directory,
    account: (id) =>
      id.startsWith(PREFIX) ? (found.get(id.slice(PREFIX.length)) ?? null) : directory.account(id),
    ownerOf(name) {
      const known = directory.ownerOf(name);
      if (known) return known;
      const account = traceOf(name);
      const [domain] = account?.domains ?? [];
      return account && domain ? { account, domain } : null;
    },
  };
}

function accountOf({ name, web, mail, dns }: TracedName, directory: Directory): Account | null {
  const at = (addresses: readonly string[]): Place | null => {
    for (const address of addresses) {
      const place = directory.placeAt(address);
      if (place) return place;
    }
    return null;
  };
  const [site, box, zone] = [at(web), at(mail), at(dns)];
  if (!site && !box && !zone) return null;
  const servers: Servers = {
    ...(site && { web: site.id }),
    ...(box && { mail: box.id }),
    ...(zone && { dns: zone.id }),
  };
  const id = `${PREFIX}${name}`;
  const domain: Domain = {
    accountId: id,
    name,
    ascii: name,
    kind: "main",
    servers,
    mail: box ? "local" : "remote",
    suspended: false,
  };
  return {
    id,
    company: "",
    contacts: [],
    language: null,
    timezone: null,
    php: null,
    domains: [domain],
    addresses: [],
    serviceIds: [],
    servers,
  };
}
