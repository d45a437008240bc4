import type { Account, Domain, Servers, Use } from "./directory.js";
import type { Inventory, StandingPlace } from "./inventory.js";
import type { Part } from "./merge-inventory.js";

/** What came, went and changed, by the names people know. */
export interface Change {
  readonly count: number;
  /** The first of them. */
  readonly examples: readonly string[];
}

export interface Difference {
  readonly total: number;
  readonly added: Change;
  readonly removed: Change;
  readonly changed: Change;
}

export interface InventoryDifference {
  readonly accounts: Difference;
  readonly domains: Difference;
  readonly places: Difference;
}

/** What came of an import. */
export interface Imported {
  /** `refused`: more than a fifth of the source's domains would go, and nothing was changed. */
  readonly outcome: "applied" | "shown" | "refused";
  readonly source: string;
  readonly difference: InventoryDifference;
  /** How many of the domains that the source named before it names no more. */
  readonly gone: { readonly gone: number; readonly of: number };
  /** Domains that two accounts claim: one of them has it. */
  readonly claimedTwice: readonly string[];
  /** Servers that customers live on and nobody watches. */
  readonly unwatched: readonly string[];
  /** Domains whose mail is delivered elsewhere. */
  readonly mailElsewhere: number;
}

/** The ids that have to be written and those that have to go. */
export interface AccountChanges {
  readonly changed: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
}

const MOST_EXAMPLES = 20;

/** What an import changes, for people to read. */
export function differenceOf(before: Inventory, after: Inventory): InventoryDifference {
  return {
    accounts: compare(accountsOf(before), accountsOf(after)),
    domains: compare(domainsOf(before), domainsOf(after)),
    places: compare(placesOf(before), placesOf(after)),
  };
}

/** Which accounts differ in anything, their domains included. */
export function changedAccounts(before: Inventory, after: Inventory): AccountChanges {
  const old = new Map(before.accounts.map((account) => [account.id, wholeText(account)]));
  const changed = new Set<string>();
  for (const account of after.accounts) {
    if (old.get(account.id) !== wholeText(account)) changed.add(account.id);
    old.delete(account.id);
  }
  return { changed, removed: new Set(old.keys()) };
}

/** How many of the domains that a source named it names no more. */
export function domainsGone(
  before: Pick<Part, "inventory" | "routing">,
  after: Pick<Part, "inventory" | "routing">,
): { readonly gone: number; readonly of: number } {
  const [old, left] = [namesOf(before), namesOf(after)];
  return { gone: [...old].filter((name) => !left.has(name)).length, of: old.size };
}

const namesOf = ({ inventory, routing }: Pick<Part, "inventory" | "routing">): Set<string> =>
  new Set([
    ...inventory.accounts.flatMap(({ domains }) => domains.map(({ ascii }) => ascii)),
    ...(routing?.domains ?? []),
  ]);

/** Name → what it is, written out for comparison. */
type Named = ReadonlyMap<string, string>;

const accountsOf = ({ accounts }: Inventory): Named =>
  new Map(accounts.map((account) => [account.id, accountText(account)]));
const domainsOf = ({ accounts }: Inventory): Named =>
  new Map(
    accounts.flatMap(({ domains }) => domains.map((domain) => [domain.name, domainText(domain)])),
  );
const placesOf = ({ places }: Inventory): Named =>
  new Map(places.map((place) => [place.id, placeText(place)]));

function compare(before: Named, after: Named): Difference {
  const added = [...after.keys()].filter((name) => !before.has(name));
  const removed = [...before.keys()].filter((name) => !after.has(name));
  const changed = [...after].filter(([name, is]) => before.has(name) && before.get(name) !== is);
  return {
    total: after.size,
    added: changeOf(added),
    removed: changeOf(removed),
    changed: changeOf(changed.map(([name]) => name)),
  };
}

const changeOf = (names: readonly string[]): Change => ({
  count: names.length,
  examples: names.slice(0, MOST_EXAMPLES),
});

// ── the same text for the same content ───────────────────────────────────────────────────────

const wholeText = (account: Account): string =>
  [accountText(account), ...account.domains.map(domainText).toSorted()].join("\n");

const USES: readonly Use[] = ["web", "mail", "db", "dns"];
const serversText = (servers: Servers): string => USES.map((use) => servers[use] ?? "").join(" ");

const domainText = ({ accountId, ascii, kind, servers, mail, suspended }: Domain): string =>
  [accountId, ascii, kind, serversText(servers), mail, suspended].join("\n");

const accountText = (account: Account): string =>
  JSON.stringify([
    account.company,
    account.contacts,
    account.language,
    account.timezone,
    account.php,
    account.addresses,
    account.serviceIds,
    serversText(account.servers),
  ]);

const placeText = (place: StandingPlace): string =>
  JSON.stringify([
    place.kind,
    place.hostname,
    place.addresses,
    place.role,
    place.provides,
    place.switch,
    place.rack,
    place.location,
    place.network,
  ]);
