import type { Account, Domain, Place, Provider, Servers } from "../core/directory.js";
import { fold } from "../core/extract/fold.js";
import {
  changedAccounts,
  differenceOf,
  domainsGone,
  type Imported,
} from "../core/inventory-difference.js";
import {
  NO_INVENTORY,
  type Dependency,
  type Inventory,
  type ServedComponent,
  type StandingPlace,
} from "../core/inventory.js";
import { canonicalAddress } from "../core/ip-address.js";
import {
  mergeParts,
  unwatchedServers,
  withHosts,
  type DeclaredHost,
  type Part,
} from "../core/merge-inventory.js";
import type { Db } from "./db.js";

export interface ImportOptions {
  readonly now: Date;
  /** Who imports. */
  readonly by: string;
  /** Also where more than a fifth of the source's domains would go. */
  readonly force: boolean;
  /** Only says what would change. */
  readonly dryRun: boolean;
}

/** Heard by `listen` after each import. */
export const INVENTORY_CHANNEL = "tudunk_inventory";

const MOST_GONE = 0.2;
/** Accounts written by one statement. */
const BATCH = 2_000;

/**
 * Puts what one source says in the place of what it said before – `json` in the place of all there
 * is – and brings the inventory in line: all of it or nothing. Imports wait for each other.
 */
export async function importInventory(
  db: Db,
  part: Part,
  { now, by, force, dryRun }: ImportOptions,
): Promise<Imported> {
  return db.transaction(async (tx) => {
    await tx.raw("lock table inventory_sources in share row exclusive mode");
    const parts = await listParts(tx);
    const before = await readTables(tx);
    const kept = part.format === "json" ? [] : parts.filter(({ source }) => source !== part.source);
    const { inventory, claimedTwice } = mergeParts([...kept, part]);
    const gone =
      part.format === "json"
        ? domainsGone({ inventory: before, routing: null }, { inventory, routing: null })
        : domainsGone(parts.find(({ source }) => source === part.source) ?? NOTHING, part);
    const refused = !force && gone.gone > MOST_GONE * gone.of;
    const hosts = await listDeclaredHosts(tx);
    const imported = {
      outcome: refused ? "refused" : dryRun ? "shown" : "applied",
      source: part.source,
      difference: differenceOf(before, inventory),
      gone,
      claimedTwice,
      unwatched: hosts.length === 0 ? [] : unwatchedServers(inventory, hosts),
      mailElsewhere: countElsewhere(inventory),
    } as const;
    if (imported.outcome !== "applied") return imported;
    await tx("inventory_sources")
      .whereNotIn(
        "source",
        kept.map(({ source }) => source),
      )
      .delete();
    await tx("inventory_sources").insert({
      source: part.source,
      format: part.format,
      part: JSON.stringify({ inventory: part.inventory, routing: part.routing }),
      imported_at: now,
      imported_by: by,
    });
    await writeTables(tx, before, inventory, now);
    await tx.raw(`notify ${INVENTORY_CHANNEL}`);
    return imported;
  });
}

/** All there is, joined with the hosts of the configuration; without any import those alone. */
export async function loadInventory(db: Db): Promise<Inventory> {
  return db.transaction(
    async (tx) => {
      const inventory = await readTables(tx);
      const hosts = await listDeclaredHosts(tx);
      const named = inventory.provider.name === "" ? await fromSite(tx, inventory) : inventory;
      return withHosts(named, hosts);
    },
    { isolationLevel: "repeatable read", readOnly: true },
  );
}

/** When the inventory was last brought in line; `null` before the first import. */
export async function importedAt(db: Db): Promise<Date | null> {
  const row: { imported_at: Date } | undefined = await db("inventory_head")
    .select("imported_at")
    .first();
  return row?.imported_at ?? null;
}

/** The inventory without its accounts: places, services and what needs what. */
export async function loadTopology(db: Db): Promise<Inventory> {
  return readTables(db, false);
}

const NOTHING = { inventory: NO_INVENTORY, routing: null };

const countElsewhere = ({ accounts }: Inventory): number =>
  accounts.reduce(
    (n, { domains }) => n + domains.filter(({ mail }) => mail === "remote").length,
    0,
  );

async function listParts(db: Db): Promise<Part[]> {
  const rows: { source: string; format: string; part: Pick<Part, "inventory" | "routing"> }[] =
    await db("inventory_sources").select("source", "format", "part").orderBy("imported_at");
  return rows.map(({ source, format, part }) => ({ source, format, ...part }));
}

async function listDeclaredHosts(db: Db): Promise<DeclaredHost[]> {
  return db("hosts").select("id", "kind", "name", "addresses", "parents").whereNull("removed_at");
}

/** Who we are, where only panels' files were imported: what the page says of us. */
async function fromSite(db: Db, inventory: Inventory): Promise<Inventory> {
  const row:
    | { site: { name?: string; timezone?: string; support?: { email?: string } } | null }
    | undefined = await db("pages").select("site").first();
  const { name = "", timezone, support } = row?.site ?? {};
  return {
    ...inventory,
    timezone: timezone ?? inventory.timezone,
    provider: { ...inventory.provider, name, supportEmail: support?.email ?? null },
  };
}

// ── reading the tables ───────────────────────────────────────────────────────────────────────

interface HeadRow {
  readonly timezone: string;
  readonly provider: Provider;
  readonly components: readonly ServedComponent[];
  readonly dependencies: readonly Dependency[];
}
type PlaceRow = StandingPlace & { readonly services: readonly { id: string; kind: string }[] };
type AccountRow = Omit<Account, "domains">;

const PLACE = `id, kind, hostname, addresses, role, provides, switch, rack, location, network`;
const ACCOUNT = `id, company, contacts, language, timezone, php, addresses, service_ids as "serviceIds", servers`;
const DOMAIN = `account_id as "accountId", name, ascii, kind, servers, mail, suspended`;

async function readTables(db: Db, whole = true): Promise<Inventory> {
  const head: HeadRow | undefined = await db("inventory_head").first();
  const { rows: places } = await db.raw<{ rows: PlaceRow[] }>(
    `select ${PLACE}, services from inventory_places order by id`,
  );
  return {
    timezone: head?.timezone ?? NO_INVENTORY.timezone,
    provider: head?.provider ?? NO_INVENTORY.provider,
    components: head?.components ?? [],
    dependencies: head?.dependencies ?? [],
    places: places.map(placeOf),
    services: places.flatMap(({ id: server, services }) =>
      services.map(({ id, kind }) => ({ id, server, kind })),
    ),
    accounts: whole ? await readAccounts(db) : [],
  };
}

async function readAccounts(db: Db): Promise<readonly Account[]> {
  const { rows: accounts } = await db.raw<{ rows: AccountRow[] }>(
    `select ${ACCOUNT} from inventory_accounts order by id`,
  );
  const { rows: domains } = await db.raw<{ rows: Domain[] }>(
    `select ${DOMAIN} from inventory_domains order by account_id, position`,
  );
  const same = createSharing();
  const byAccount = new Map<string, Domain[]>();
  for (const domain of domains) {
    const shared = { ...domain, servers: same(domain.servers) };
    const before = byAccount.get(domain.accountId);
    if (before) before.push(shared);
    else byAccount.set(domain.accountId, [shared]);
  }
  return accounts.map((account) => ({
    ...account,
    servers: same(account.servers),
    domains: byAccount.get(account.id) ?? [],
  }));
}

const placeOf = (row: PlaceRow): StandingPlace => ({
  id: row.id,
  kind: row.kind,
  hostname: row.hostname,
  addresses: row.addresses,
  role: row.role,
  provides: row.provides,
  switch: row.switch,
  rack: row.rack,
  location: row.location,
  network: row.network,
});

/** One object for all who are on the same servers: there are few, and tens of thousands of domains. */
function createSharing(): (servers: Servers) => Servers {
  const known = new Map<string, Servers>();
  return (servers) => {
    const key = JSON.stringify(servers);
    const before = known.get(key);
    if (before) return before;
    known.set(key, servers);
    return servers;
  };
}

// ── writing them ─────────────────────────────────────────────────────────────────────────────

async function writeTables(tx: Db, before: Inventory, after: Inventory, now: Date): Promise<void> {
  const { timezone, provider, components, dependencies } = after;
  const head = {
    timezone,
    provider: JSON.stringify(provider),
    components: JSON.stringify(components),
    dependencies: JSON.stringify(dependencies),
    imported_at: now,
  };
  await tx("inventory_head")
    .insert({ only: true, ...head })
    .onConflict("only")
    .merge();
  const { changed, removed } = changedAccounts(before, after);
  await tx.raw("delete from inventory_accounts where id = any(:ids)", {
    ids: [...changed, ...removed],
  });
  await writePlaces(tx, after);
  const writing = after.accounts.filter(({ id }) => changed.has(id));
  for (let from = 0; from < writing.length; from += BATCH)
    await writeAccounts(tx, writing.slice(from, from + BATCH));
  if (writing.length > BATCH)
    for (const table of ["inventory_accounts", "inventory_domains"])
      await tx.raw(`analyze ${table}`);
}

async function writePlaces(tx: Db, { places, services, accounts }: Inventory): Promise<void> {
  const living = new Map<string, number>();
  for (const account of accounts)
    for (const place of livesOn(account)) living.set(place, (living.get(place) ?? 0) + 1);
  const running = new Map<string, { id: string; kind: string }[]>();
  for (const { id, server, kind } of services)
    running.set(server, [...(running.get(server) ?? []), { id, kind }]);
  const rows = places.map((place) => ({
    ...place,
    services: running.get(place.id) ?? [],
    accounts: living.get(place.id) ?? 0,
  }));
  await tx("inventory_places").delete();
  await tx.raw(
    `insert into inventory_places (${PLACE}, services, accounts)
     select ${PLACE}, services, accounts
       from jsonb_to_recordset(cast(:rows as jsonb))
            as x (id text, kind text, hostname text, addresses text[], role text, provides text[], switch text,
                  rack text, location text, network text, services jsonb, accounts int)`,
    { rows: JSON.stringify(rows) },
  );
}

async function writeAccounts(tx: Db, accounts: readonly Account[]): Promise<void> {
  const rows = accounts.map((account) => ({
    ...account,
    domains: null,
    company_key: companyKey(account.company),
    lives_on: livesOn(account),
  }));
  await tx.raw(
    `insert into inventory_accounts (id, company, company_key, contacts, language, timezone, php, addresses,
                                     service_ids, servers, lives_on)
     select id, company, company_key, contacts, language, timezone, php, addresses, "serviceIds", servers, lives_on
       from jsonb_to_recordset(cast(:rows as jsonb))
            as x (id text, company text, company_key text, contacts text[], language text, timezone text, php text,
                  addresses text[], "serviceIds" text[], servers jsonb, lives_on text[])`,
    { rows: JSON.stringify(rows) },
  );
  const domains = accounts.flatMap((account) =>
    account.domains.map((domain, position) => ({ ...domain, position })),
  );
  await tx.raw(
    `insert into inventory_domains (ascii, name, account_id, kind, servers, mail, suspended, position)
     select ascii, name, "accountId", kind, servers, mail, suspended, position
       from jsonb_to_recordset(cast(:domains as jsonb))
            as x (ascii text, name text, "accountId" text, kind text, servers jsonb, mail text, suspended boolean,
                  position int)`,
    { domains: JSON.stringify(domains) },
  );
}

const livesOn = ({ servers, domains }: Account): string[] => [
  ...new Set([...Object.values(servers), ...domains.flatMap((one) => Object.values(one.servers))]),
];

const companyKey = (company: string): string => fold(company).text.trim();

// ── looking up ───────────────────────────────────────────────────────────────────────────────

/** What a question led to; accounts with their domains, the best way first. */
export interface LookedUp {
  readonly accounts: readonly {
    readonly account: Account;
    /** By what it was found; the domain's name where it was that. */
    readonly by: "id" | "service" | "domain" | "contact" | "address" | "company";
    readonly domain: string | null;
  }[];
  readonly places: readonly (Place & {
    /** How many accounts live on it, and the first of them. */
    readonly accounts: number;
    readonly first: readonly { readonly id: string; readonly company: string }[];
  })[];
}

const MOST_FOUND = 20;
const SHORTEST_COMPANY = 3;

/**
 * Who or what `asked` is: an account id, a panel login, a domain or anything below it (Unicode or
 * A-labels), a mail address, an IP address, a server, or the beginning of a company's name.
 */
export async function lookUp(
  db: Db,
  asked: { readonly text: string; readonly ascii: string | null },
): Promise<LookedUp> {
  const plain = asked.text.trim().toLowerCase().normalize("NFC").slice(0, 254);
  const host = plain.slice(plain.lastIndexOf("@") + 1).replace(/\.$/, "");
  const names = [...new Set([...parentsOf(host), ...parentsOf(asked.ascii ?? "")])];
  const address = canonicalAddress(plain);
  const key = companyKey(plain);
  const findPlaces = db.raw<{ rows: LookedUp["places"] }>(
    `select id, kind, hostname, addresses, role, provides, accounts,
            (select coalesce(json_agg(json_build_object('id', a.id, 'company', a.company)), '[]')
               from (select id, company from inventory_accounts where lives_on @> array[p.id] limit :most) a) as first
       from inventory_places p
      where id = any(:ids) or hostname = :plain or (cast(:address as text) is not null and addresses @> array[cast(:address as text)])
      order by id limit :most`,
    { ids: [asked.text.trim(), plain, plain.toUpperCase()], plain, address, most: MOST_FOUND },
  );
  const ways = waysTo({ isAddress: address !== null, isMail: plain.includes("@"), names, key });
  const findAccounts = db.raw<{ rows: (AccountRow & Found & { domains: Domain[] })[] }>(
    `with found as (${ways.join(" union all ")}),
     best as (select distinct on (id) id, by, domain, rank from found order by id, rank)
     select ${ACCOUNT.replace("id,", "a.id,")}, best.by, best.domain,
            (select coalesce(json_agg(d order by d.position), '[]')
               from (select ${DOMAIN}, position from inventory_domains where account_id = a.id) d) as domains
       from best join inventory_accounts a on a.id = best.id
      order by best.rank, a.company, a.id limit :most`,
    {
      ids: [asked.text.trim(), plain, plain.toUpperCase()],
      plain,
      names,
      address,
      key,
      after: `${key}\u{10FFFF}`,
      most: MOST_FOUND,
    },
  );
  const [{ rows: places }, { rows }] = await Promise.all([findPlaces, findAccounts]);
  return {
    places,
    accounts: rows.map(({ by, domain, domains, ...account }) => ({
      by,
      domain,
      account: {
        ...account,
        domains: domains.map(({ accountId, name, ascii, kind, servers, mail, suspended }) => ({
          accountId,
          name,
          ascii,
          kind,
          servers,
          mail,
          suspended,
        })),
      },
    })),
  };
}

/** The ways that can lead from such a question to an account, the surest first. */
function waysTo(asked: {
  readonly isAddress: boolean;
  readonly isMail: boolean;
  readonly names: readonly string[];
  readonly key: string;
}): readonly string[] {
  const { isAddress, isMail, names, key } = asked;
  const byCompany = !isAddress && !isMail && key.length >= SHORTEST_COMPANY;
  return [
    `(select id, 'id' as by, null as domain, 0 as rank from inventory_accounts where id = any(:ids))`,
    `(select id, 'service', null, 1 from inventory_accounts where service_ids @> array[:plain] limit :most)`,
    ...(!isAddress && names.length > 0
      ? [
          `(select account_id, 'domain', name, 2 from inventory_domains
             where ascii = any(:names) or (name <> ascii and name = any(:names))
             order by length(name) desc limit 1)`,
        ]
      : []),
    ...(isMail
      ? [
          `(select id, 'contact', null, 3 from inventory_accounts where contacts @> array[:plain] limit :most)`,
        ]
      : []),
    ...(isAddress
      ? [
          `(select id, 'address', null, 4 from inventory_accounts
             where addresses @> array[cast(:address as text)] limit :most)`,
        ]
      : []),
    ...(byCompany
      ? [
          `(select id, 'company', null, 5 from inventory_accounts
             where company_key >= :key and company_key < :after order by company_key limit :most)`,
        ]
      : []),
  ];
}

type Found = Pick<LookedUp["accounts"][number], "by" | "domain">;

/** `a.b.example.org` → itself, `b.example.org`, `example.org`. */
function parentsOf(name: string): string[] {
  const labels = name.split(".");
  if (labels.length > 128) return [];
  return labels.slice(0, -1).map((_, from) => labels.slice(from).join("."));
}
