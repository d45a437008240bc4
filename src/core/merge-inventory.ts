import type { Account, Domain, Servers } from "./directory.js";
import { NO_INVENTORY, type Dependency, type Inventory, type StandingPlace } from "./inventory.js";

/** Where the mail of some of a server's domains is delivered: here, or elsewhere. */
export interface MailRouting {
  readonly server: string;
  readonly mail: "local" | "remote";
  /** A-labels. */
  readonly domains: readonly string[];
}

/** What one source says; together the parts are the inventory. */
export interface Part {
  readonly format: string;
  /** `json`, `cpanel web3`: what comes from it again replaces this. */
  readonly source: string;
  readonly inventory: Inventory;
  readonly routing: MailRouting | null;
}

export interface Merged {
  readonly inventory: Inventory;
  /** Domains that two accounts claim: one of them has it. */
  readonly claimedTwice: readonly string[];
}

/** Who knows customers comes first, who knows machines last. */
const RANK = ["json", "csv", "whmcs", "virtualmin", "directadmin", "cpanel"];

/**
 * One inventory of all parts. An account that several name – by its id, by a panel login
 * `user@server`, or, where one of them knows no more than the login, by a domain – becomes one. Of
 * what they say differently, names and contacts are the first's, machines the last's; of two panels
 * that have one domain it has moved to the later one. Oldest first.
 */
export function mergeParts(parts: readonly Part[]): Merged {
  const ordered = parts.toSorted((a, b) => rankOf(a) - rankOf(b));
  const [only] = ordered;
  const standing = ordered.find(({ inventory }) => inventory.provider.name !== "") ?? only;
  const places = mergePlaces(ordered.flatMap(({ inventory }) => inventory.places));
  const merging = createMerging(places.idOf);
  for (const { inventory } of ordered)
    for (const account of inventory.accounts) merging.take(account);
  for (const { routing } of ordered) if (routing) merging.route(routing);
  const all = <T>(pick: (inventory: Inventory) => readonly T[]): T[] =>
    ordered.flatMap(({ inventory }) => [...pick(inventory)]);
  return {
    inventory: {
      timezone: standing?.inventory.timezone ?? NO_INVENTORY.timezone,
      provider: standing?.inventory.provider ?? NO_INVENTORY.provider,
      places: places.all(merging.servers()),
      services: all(({ services }) => services),
      components: all(({ components }) => components),
      dependencies: all(({ dependencies }) => dependencies),
      accounts: merging.accounts(),
    },
    claimedTwice: merging.claimedTwice,
  };
}

const rankOf = ({ format }: Part): number => {
  const rank = RANK.indexOf(format);
  return rank < 0 ? RANK.length : rank;
};

// ── places ───────────────────────────────────────────────────────────────────────────────────

/** Finds a place by its id, host name, a host name's first label or an address. */
function createFinder() {
  const byName = new Map<string, string>();
  const byLabel = new Map<string, string | null>();
  const byAddress = new Map<string, string>();
  return {
    add({ id, hostname, addresses }: Pick<StandingPlace, "id" | "hostname" | "addresses">): void {
      byName.set(id.toLowerCase(), id);
      const host = hostname?.toLowerCase();
      if (host !== undefined) {
        if (!byName.has(host)) byName.set(host, id);
        const label = host.split(".")[0] ?? host;
        const before = byLabel.get(label);
        byLabel.set(label, before === undefined || before === id ? id : null);
      }
      for (const address of addresses) if (!byAddress.has(address)) byAddress.set(address, id);
    },
    find(name: string, hostname: string | null = null, addresses: readonly string[] = []) {
      const names = [name.toLowerCase(), ...(hostname === null ? [] : [hostname.toLowerCase()])];
      for (const one of names) {
        const known = byName.get(one) ?? byAddress.get(one);
        if (known !== undefined) return known;
      }
      for (const address of addresses) {
        const known = byAddress.get(address);
        if (known !== undefined) return known;
      }
      // `web3` is `web3.example.org`, whichever of the two was known first.
      for (const one of names.filter((each) => !each.includes("."))) {
        const known = byLabel.get(one);
        if (known != null) return known;
      }
      return null;
    },
    /** The place whose id is the first label of this host name. */
    findShort: (hostname: string | null): string | null =>
      hostname === null ? null : (byName.get(hostname.split(".")[0]?.toLowerCase() ?? "") ?? null),
  };
}

function mergePlaces(parts: readonly StandingPlace[]) {
  const places = new Map<string, StandingPlace>();
  const finder = createFinder();
  const aliases = new Map<string, string>();
  for (const place of parts) {
    const { kind, id, hostname, addresses } = place;
    const near = kind === "server" ? finder.find(id, hostname, addresses) : finder.find(id);
    const short = kind === "server" && near === null ? finder.findShort(hostname) : null;
    const known = places.get(near ?? "") ?? shortOf(places.get(short ?? ""));
    const merged = known ? bothOf(known, place) : place;
    aliases.set(id.toLowerCase(), merged.id);
    places.set(merged.id, merged);
    finder.add(merged);
  }
  const idOf = (name: string): string =>
    aliases.get(name.toLowerCase()) ?? finder.find(name) ?? finder.findShort(name) ?? name;
  return {
    idOf,
    /** Also the servers that accounts name and nobody describes. */
    all: (named: Iterable<string>): StandingPlace[] => {
      for (const id of named)
        if (!places.has(id))
          places.set(id, { ...UNKNOWN, id, hostname: id.includes(".") ? id : null });
      return [...places.values()];
    },
  };
}

/** A place that is known by a short name alone. */
const shortOf = (place: StandingPlace | undefined): StandingPlace | undefined =>
  place?.hostname === null ? place : undefined;

const UNKNOWN = {
  kind: "server",
  addresses: [],
  role: null,
  provides: [],
  switch: null,
  rack: null,
  location: null,
  network: null,
} as const;

const bothOf = (a: StandingPlace, b: StandingPlace): StandingPlace => ({
  ...a,
  hostname: a.hostname ?? b.hostname,
  addresses: [...new Set([...a.addresses, ...b.addresses])],
  role: a.role ?? b.role,
  provides: [...new Set([...a.provides, ...b.provides])],
  switch: a.switch ?? b.switch,
  rack: a.rack ?? b.rack,
  location: a.location ?? b.location,
  network: a.network ?? b.network,
});

// ── accounts ─────────────────────────────────────────────────────────────────────────────────

interface Merging {
  readonly claimedTwice: string[];
  readonly take: (account: Account) => void;
  readonly route: (routing: MailRouting) => void;
  readonly servers: () => ReadonlySet<string>;
  readonly accounts: () => readonly Account[];
}

type Draft = Omit<Account, "domains"> & { readonly domains: Map<string, Domain> };

function createMerging(idOf: (name: string) => string): Merging {
  const drafts = new Map<symbol, Draft>();
  const byId = new Map<string, symbol>();
  const byLogin = new Map<string, symbol>();
  const byDomain = new Map<string, symbol>();
  const claimedTwice: string[] = [];
  const serversOf = createRenaming(idOf);
  const servers = new Set<string>();
  const named = (said: Servers): Servers => {
    const renamed = serversOf(said);
    for (const server of Object.values(renamed)) servers.add(server);
    return renamed;
  };

  /** Whose domains these are, where they are one account's alone. */
  const ownerOf = (domains: readonly Domain[]): symbol | undefined => {
    const owners = new Set(domains.flatMap(({ ascii }) => byDomain.get(ascii) ?? []));
    return owners.size === 1 ? [...owners][0] : undefined;
  };
  const find = (account: Account, logins: readonly string[]): symbol | undefined => {
    const known = byId.get(account.id) ?? logins.map((one) => byLogin.get(one)).find(Boolean);
    if (known) return known;
    const owner = ownerOf(account.domains);
    const draft = owner && drafts.get(owner);
    // Two logins, or two customers, may well have had the same domain: only a login joins a customer.
    return draft && isLogin(draft.id) !== isLogin(account.id) ? owner : undefined;
  };

  return {
    claimedTwice,
    take(given) {
      const login = (text: string): string => loginOn(text, idOf);
      const serviceIds = given.serviceIds.map(login);
      const account = { ...given, id: isLogin(given.id) ? login(given.id) : given.id, serviceIds };
      const key = find(account, serviceIds.filter(isLogin)) ?? Symbol();
      const before = drafts.get(key);
      const draft = before
        ? joined(before, account, named)
        : { ...account, servers: named(account.servers), domains: new Map<string, Domain>() };
      drafts.set(key, draft);
      byId.set(account.id, key);
      for (const one of serviceIds) if (isLogin(one) && !byLogin.has(one)) byLogin.set(one, key);
      for (const domain of account.domains) {
        const owner = byDomain.get(domain.ascii);
        if (owner !== undefined && owner !== key) {
          claimedTwice.push(domain.name);
          const holder = drafts.get(owner);
          if (!holder || !isLogin(holder.id) || !isLogin(draft.id)) continue;
          holder.domains.delete(domain.ascii);
        }
        byDomain.set(domain.ascii, key);
        const known = draft.domains.get(domain.ascii);
        const said = named(domain.servers);
        draft.domains.set(
          domain.ascii,
          known ? bothDomains(known, domain, said) : { ...domain, servers: said },
        );
      }
    },
    route({ server, mail, domains }) {
      const on = idOf(server);
      for (const ascii of domains) {
        const draft = drafts.get(byDomain.get(ascii) ?? Symbol());
        const domain = draft?.domains.get(ascii);
        if (!draft || !domain) continue;
        const here =
          domain.servers.mail ?? domain.servers.web ?? draft.servers.mail ?? draft.servers.web;
        if (here === on) draft.domains.set(ascii, { ...domain, mail });
      }
    },
    servers: () => servers,
    accounts: () =>
      [...drafts.values()].map((draft) => ({
        ...draft,
        domains: [...draft.domains.values()].map((domain) =>
          domain.accountId === draft.id ? domain : { ...domain, accountId: draft.id },
        ),
      })),
  };
}

/** An account that only a panel knows: `user@server`. */
const isLogin = (id: string): boolean => id.includes("@");

const loginOn = (text: string, idOf: (name: string) => string): string => {
  const at = text.lastIndexOf("@");
  return at < 0 ? text : `${text.slice(0, at)}@${idOf(text.slice(at + 1))}`;
};

/** The same few objects for all who are on the same servers. */
function createRenaming(idOf: (name: string) => string): (servers: Servers) => Servers {
  const made = new Map<string, Servers>();
  return (servers) => {
    const entries = Object.entries(servers).map(([use, server]) => [use, idOf(server)] as const);
    const key = entries.flat().join(" ");
    const known = made.get(key);
    if (known) return known;
    const renamed: Servers = Object.fromEntries(entries);
    made.set(key, renamed);
    return renamed;
  };
}

function joined(a: Draft, b: Account, named: (servers: Servers) => Servers): Draft {
  const union = (x: readonly string[], y: readonly string[]): string[] => [
    ...new Set([...x, ...y]),
  ];
  return {
    id: isLogin(a.id) && !isLogin(b.id) ? b.id : a.id,
    company: a.company === "" ? b.company : a.company,
    contacts: union(a.contacts, b.contacts),
    language: a.language ?? b.language,
    timezone: a.timezone ?? b.timezone,
    php: b.php ?? a.php,
    addresses: union(a.addresses, b.addresses),
    serviceIds: union(a.serviceIds, b.serviceIds),
    servers: { ...a.servers, ...named(b.servers) },
    domains: a.domains,
  };
}

const bothDomains = (a: Domain, b: Domain, servers: Servers): Domain => ({
  ...a,
  kind: b.kind,
  servers: { ...a.servers, ...servers },
  mail: b.mail === "unknown" ? a.mail : b.mail,
  suspended: a.suspended || b.suspended,
});

// ── the hosts of the configuration ───────────────────────────────────────────────────────────

/** A host as the configuration declares it. */
export interface DeclaredHost {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly parents: readonly string[];
}

const PLACE_KINDS: Readonly<Record<string, StandingPlace["kind"]>> = {
  rack: "rack",
  switch: "switch",
  router: "switch",
  uplink: "switch",
  site: "location",
};

/**
 * The inventory and what the configuration knows besides: hosts that no place is, and what they hang
 * on. A host that is a place under another id is joined with it, so that what holds for one holds
 * for the other.
 */
export function withHosts(inventory: Inventory, hosts: readonly DeclaredHost[]): Inventory {
  const finder = createFinder();
  for (const place of inventory.places) finder.add(place);
  const places = [...inventory.places];
  const dependencies: Dependency[] = [...inventory.dependencies];
  const join = (from: string, to: string, kind: string): void =>
    void dependencies.push({ from, to, kind, note: null });
  for (const { id, kind, name, addresses, parents } of hosts) {
    const known = finder.find(id, name, addresses);
    if (known === null)
      places.push({
        ...UNKNOWN,
        id,
        kind: (Object.hasOwn(PLACE_KINDS, kind) ? PLACE_KINDS[kind] : undefined) ?? "server",
        hostname: name.includes(".") ? name.toLowerCase() : null,
        addresses,
      });
    else if (known !== id) {
      join(id, known, "same");
      join(known, id, "same");
    }
    for (const parent of parents) join(parent, id, "network");
  }
  return { ...inventory, places, dependencies };
}

/** Servers that customers live on and that are no host of the configuration: nobody watches them. */
export function unwatchedServers(
  inventory: Inventory,
  hosts: readonly DeclaredHost[],
): readonly string[] {
  const finder = createFinder();
  for (const { id, name, addresses } of hosts) finder.add({ id, hostname: name, addresses });
  const used = new Set(
    inventory.accounts.flatMap(({ servers, domains }) => [
      ...Object.values(servers),
      ...domains.flatMap((domain) => Object.values(domain.servers)),
    ]),
  );
  return inventory.places
    .filter(
      ({ id, hostname, addresses }) =>
        used.has(id) && finder.find(id, hostname, addresses) === null,
    )
    .map(({ id }) => id);
}
