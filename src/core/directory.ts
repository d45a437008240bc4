/**
 * Who lives on what: the inventory as the rest of the program asks it. Ids are those of the
 * inventory; a service is `server/kind` (`mail2/submission`).
 */
export interface Directory {
  /** The hoster's zone, e.g. `Europe/Budapest`. */
  readonly timezone: string;
  readonly provider: Provider;
  /** By account id, or by a service id that is one account's alone; any case. */
  account(id: string): Account | null;
  /** Whose `name` is (A-labels or Unicode, any case, also a subdomain of a customer's domain). */
  ownerOf(name: string): { readonly account: Account; readonly domain: Domain } | null;
  /** Accounts that gave this mail address as a contact, or whose domain it is in; those that an IP address is for. */
  accountsOf(address: string): readonly Account[];
  /**
   * Customers' domains at edit distance 1 of `name` (transpositions count as 1), or the same but for
   * marks; at most three, none for first labels of less than four letters.
   */
  domainsNear(name: string): readonly Domain[];
  /** The one customer's domain whose first label is `label`; `null` where none or several customers have it. */
  domainLabelled(label: string): Domain | null;
  /** Accounts whose company name shares its telling words with these (folded, as `fold()` makes them), best first. */
  companiesNamed(
    words: readonly string[],
  ): readonly { readonly account: Account; readonly share: number }[];
  /** A server, switch, rack or location by id, host name or a host name's first label; any case. */
  place(name: string): Place | null;
  placeAt(address: string): Place | null;
  readonly places: readonly Place[];
  /** The servers and services that carry an account (or one domain of it), with what they do for it. */
  livesOn(account: Account, domain?: Domain): readonly Footing[];
  /** All that fails when `id` (place or service) fails, itself included: places and services. */
  downstream(id: string): ReadonlySet<string>;
  /** All that must work for `id` to work, itself included. */
  upstream(id: string): ReadonlySet<string>;
}

export interface Provider {
  readonly name: string;
  readonly domain: string | null;
  readonly supportEmail: string | null;
  /** `webmail`, `panel`, `incoming_mx`, … → host name */
  readonly publicHosts: Readonly<Record<string, string>>;
}

export interface Place {
  readonly id: string;
  readonly kind: "server" | "switch" | "rack" | "location";
  readonly hostname: string | null;
  readonly addresses: readonly string[];
  /** `web`, `mail`, `db`, `dns`, `panel`, `storage`, … as the inventory says it. */
  readonly role: string | null;
  /** Kinds of service: `http`, `php81`, `imap`, `submission`, `mysql`, … */
  readonly provides: readonly string[];
}

export interface Account {
  readonly id: string;
  readonly company: string;
  readonly contacts: readonly string[];
  readonly language: string | null;
  readonly timezone: string | null;
  /** `8.1`, where the account has one. */
  readonly php: string | null;
  readonly domains: readonly Domain[];
  readonly addresses: readonly string[];
  readonly serviceIds: readonly string[];
  /** What the account's domains run on where they say nothing themselves: use → server id. */
  readonly servers: Servers;
}

export interface Domain {
  readonly accountId: string;
  /** Unicode, lower case. */
  readonly name: string;
  readonly ascii: string;
  readonly kind: "main" | "addon" | "parked" | "alias" | "sub" | "mail-only";
  readonly servers: Servers;
  /** Whether its mail is delivered here. */
  readonly mail: "local" | "remote" | "unknown";
  readonly suspended: boolean;
}

export type Servers = Readonly<Partial<Record<Use, string>>>;
export type Use = "web" | "mail" | "db" | "dns";

export interface Footing {
  readonly use: Use | "shared";
  /** A place or a service. */
  readonly id: string;
}
