import { getDomain } from "tldts";
import { companyNames } from "./company-names.js";
import type { Account, Directory, Domain, Footing, Place, Use } from "./directory.js";
import type { Inventory, Service } from "./inventory.js";
import { canonicalAddress } from "./ip-address.js";
import { foldedName, nearNames } from "./near-names.js";
import { dependencyGraph } from "./dependency-graph.js";

/** A name longer than this is nobody's (RFC 1035 has 253). */
const MAX_NAME = 253;
/** Domains one letter away that are worth showing. */
const MOST_NEAR = 3;
const USES: readonly Use[] = ["web", "mail", "db", "dns"];

/**
 * Answers who is who from `inventory`, all from memory. Names may come as Unicode or as A-labels;
 * neither is turned into the other here (that takes the edge's `domainToASCII`), both are known.
 */
export function createDirectory(inventory: Inventory): Directory {
  const { timezone, provider, places, accounts } = inventory;
  const graph = dependencyGraph(inventory);
  const byId = new Map<string, Account>();
  const byServiceId = new Map<string, Account | null>();
  const byContact = new Map<string, Account | Account[]>();
  const byName = new Map<string, Domain>();
  const byLabel = new Map<string, Domain | null>();
  for (const account of accounts) {
    byId.set(account.id.toLowerCase(), account);
    for (const id of account.serviceIds) addOnce(byServiceId, id.toLowerCase(), account);
    for (const contact of [...account.contacts, ...account.addresses])
      addTo(byContact, contact.toLowerCase(), account);
    for (const domain of account.domains) {
      if (!byName.has(domain.name)) byName.set(domain.name, domain);
      if (domain.ascii !== domain.name && !byName.has(domain.ascii))
        byName.set(domain.ascii, domain);
      if (domain.kind !== "sub") addLabel(byLabel, domain);
    }
  }
  const near = nearNames(
    accounts.flatMap(({ domains }) => domains.filter(({ kind }) => kind !== "sub")),
  );
  const companies = companyNames(accounts);
  const placeByName = namesOfPlaces(places);
  const placeByAddress = new Map<string, Place>();
  for (const place of places)
    for (const address of place.addresses)
      if (!placeByAddress.has(address)) placeByAddress.set(address, place);
  const services = servicesByServer(inventory.services);
  const shared = inventory.services.filter(({ kind }) => SHARED.has(kind));

  const account = (id: string): Account | null => {
    const key = id.trim().toLowerCase();
    return byId.get(key) ?? byServiceId.get(key) ?? null;
  };
  const ownerOf: Directory["ownerOf"] = (name) => {
    if (name.length > MAX_NAME + 1) return null;
    let rest = plainName(name);
    while (rest.includes(".")) {
      const domain = byName.get(rest);
      const owner = domain && byId.get(domain.accountId.toLowerCase());
      if (owner) return { account: owner, domain };
      rest = rest.slice(rest.indexOf(".") + 1);
    }
    return null;
  };

  return {
    timezone,
    provider,
    places,
    account,
    ownerOf,
    accountsOf(address) {
      const plain = address.trim().toLowerCase();
      const found = new Set(listOf(byContact.get(canonicalAddress(plain) ?? plain)));
      const at = plain.lastIndexOf("@");
      const owner = at < 0 ? null : ownerOf(plain.slice(at + 1));
      if (owner) found.add(owner.account);
      return [...found];
    },
    domainsNear(name) {
      const plain = plainName(name);
      if (plain.length > MAX_NAME) return [];
      const registrable = plain.split(".").length > 2 ? (getDomain(plain) ?? plain) : plain;
      return near(registrable).slice(0, MOST_NEAR);
    },
    domainLabelled: (label) => byLabel.get(foldedName(plainName(label))) ?? null,
    companiesNamed: companies,
    place: (name) => placeByName.get(plainName(name)) ?? null,
    placeAt: (address) => placeByAddress.get(canonicalAddress(address) ?? "") ?? null,
    livesOn: (whose, domain) => footings(whose, domain ?? null, { services, shared, graph }),
    downstream: graph.downstream,
    upstream: graph.upstream,
  };
}

/** Lower case, composed, without a dot at the end. */
const plainName = (name: string): string =>
  name.trim().toLowerCase().normalize("NFC").replace(/\.$/, "");

const listOf = (found: Account | Account[] | undefined): readonly Account[] =>
  found === undefined ? [] : Array.isArray(found) ? found : [found];

function addTo(map: Map<string, Account | Account[]>, key: string, account: Account): void {
  const before = listOf(map.get(key));
  if (before.length === 0) map.set(key, account);
  else if (!before.includes(account)) map.set(key, [...before, account]);
}

/** What two have says nothing: `null`. */
function addOnce(map: Map<string, Account | null>, key: string, account: Account): void {
  const before = map.get(key);
  map.set(key, before === undefined || before === account ? account : null);
}

/** Two domains of one customer with one label are still theirs: the first stands for them. */
function addLabel(map: Map<string, Domain | null>, domain: Domain): void {
  const label = foldedName(domain.name.slice(0, domain.name.indexOf(".")));
  const before = map.get(label);
  if (before === undefined) map.set(label, domain);
  else if (before?.accountId !== domain.accountId) map.set(label, null);
}

/** By id, by host name, and by a host name's first label where it is one place's alone. */
function namesOfPlaces(places: readonly Place[]): ReadonlyMap<string, Place> {
  const names = new Map<string, Place>();
  const labels = new Map<string, Place | null>();
  for (const place of places) {
    names.set(plainName(place.id), place);
    const host = place.hostname && plainName(place.hostname);
    if (!host) continue;
    const label = host.split(".")[0] ?? host;
    labels.set(label, labels.has(label) ? null : place);
  }
  for (const place of places) {
    const host = place.hostname && plainName(place.hostname);
    if (host && !names.has(host)) names.set(host, place);
  }
  for (const [label, place] of labels) if (place && !names.has(label)) names.set(label, place);
  return names;
}

function servicesByServer(services: readonly Service[]): ReadonlyMap<string, readonly Service[]> {
  const found = new Map<string, Service[]>();
  for (const service of services) {
    const before = found.get(service.server);
    if (before) before.push(service);
    else found.set(service.server, [service]);
  }
  return found;
}

// ── what an account stands on ────────────────────────────────────────────────────────────────

const MAIL =
  /^(imap|pop3?|smtp|submission|mailbox|mail|mx|inbound|outbound|antispam|antivirus|sieve|lmtp|webmail)/;
const DATABASE = /^(mysql|mariadb|postgres|pgsql|mongo|redis|mssql|db|database)/;
/** Nobody's own server has these for itself: whoever needs them needs the one there is. */
const SHARED = new Set([
  "dns",
  "panel",
  "billing",
  "backup",
  "webmail",
  "inbound-mx",
  "mx",
  "outbound-smtp",
  "relay",
  "antispam",
  "antivirus",
]);
/** Of the shared ones, those that serve whose own services they are joined with. */
const MAIL_SHARED = new Set([
  "webmail",
  "inbound-mx",
  "mx",
  "outbound-smtp",
  "relay",
  "antispam",
  "antivirus",
]);

const useOf = (kind: string): Use | null => {
  if (kind === "dns" || kind === "named") return "dns";
  if (MAIL.test(kind)) return "mail";
  if (DATABASE.test(kind)) return "db";
  return /^(http|https|php|ftp|sftp|ssh|cron|waf|web|node|ruby|python)/.test(kind) ? "web" : null;
};

interface Ground {
  readonly services: ReadonlyMap<string, readonly Service[]>;
  readonly shared: readonly Service[];
  readonly graph: ReturnType<typeof dependencyGraph>;
}

/** Own servers and the services on them by use, then what is shared with others. */
function footings(account: Account, domain: Domain | null, ground: Ground): readonly Footing[] {
  const found = new Map<string, Footing>();
  const add = (use: Footing["use"], id: string): void => {
    const key = `${use} ${id}`;
    if (!found.has(key)) found.set(key, { use, id });
  };
  const own = new Set<string>();
  for (const [use, server] of serversOf(account, domain)) {
    add(use, server);
    own.add(server);
    for (const { id, kind } of ground.services.get(server) ?? []) {
      if ((useOf(kind) ?? use) !== use || isOtherPhp(kind, account.php)) continue;
      add(use, id);
      own.add(id);
    }
  }
  const hasMail = [...found.values()].some(({ use }) => use === "mail");
  for (const { id, kind, server } of ground.shared) {
    if (own.has(id)) continue;
    if (MAIL_SHARED.has(kind) && !(hasMail && isJoined(id, server, own, ground))) continue;
    if (kind === "dns" && [...found.values()].some(({ use }) => use === "dns")) continue;
    add("shared", id);
    add("shared", server);
  }
  return [...found.values()];
}

/** Web server, mail server, …: the domain's where it says so, else the account's; remote mail is on none. */
function serversOf(account: Account, domain: Domain | null): readonly (readonly [Use, string])[] {
  const domains = domain ? [domain] : account.domains;
  const hasMail = domains.length === 0 || domains.some(({ mail }) => mail !== "remote");
  const said: (readonly [Use, string])[] = [];
  for (const use of USES) {
    for (const { servers, mail } of domains) {
      const server = use === "mail" && mail === "remote" ? undefined : servers[use];
      if (server !== undefined) said.push([use, server]);
    }
    const server = account.servers[use];
    if (server === undefined || (use === "mail" && !hasMail)) continue;
    if (domain?.servers[use] === undefined) said.push([use, server]);
  }
  return said;
}

/** Of the PHP versions on a server an account uses its own alone. */
const isOtherPhp = (kind: string, php: string | null): boolean =>
  php !== null && /^php\d/.test(kind) && kind.slice(3) !== php.replaceAll(".", "");

/** Joined by a dependency with what is ours – or with nobody's at all, and then with everybody's. */
function isJoined(
  id: string,
  server: string,
  own: ReadonlySet<string>,
  { services, graph }: Ground,
): boolean {
  const near = (services.get(server) ?? []).map((service) => service.id);
  const around = [id, ...near].flatMap((each) => [
    ...graph.downstream(each),
    ...[...graph.upstream(each)].filter((one) => one.includes("/")),
  ]);
  const others = around.filter((each) => each.includes("/") && !each.startsWith(`${server}/`));
  return others.length === 0 || others.some((each) => own.has(each));
}
