import { z } from "zod";
import type { Account, Domain, Servers } from "../core/directory.js";
import {
  NO_INVENTORY,
  type Dependency,
  type Inventory,
  type Service,
  type StandingPlace,
} from "../core/inventory.js";
import { canonicalAddress } from "../core/ip-address.js";
import { MOST_ROWS, type Format } from "./format.js";
import { documentsOf } from "./json-text.js";
import { isSecretKey, isWildcard, readName } from "./names.js";
import type { Notes } from "./notes.js";
import { mistakesOf } from "./zod-mistakes.js";

// ── the shape, in the words of the file ──────────────────────────────────────────────────────

const line = (longest: number) =>
  z
    .string("expected a text")
    .normalize("NFC")
    .trim()
    .max(longest, `expected at most ${longest} letters`)
    .regex(/^\P{Cc}*$/u, "expected no control characters");
const filled = (longest: number) => line(longest).min(1, "expected a text");
const id = z
  .union([z.string(), z.number().transform(String)], "expected an id: letters and digits")
  .pipe(filled(64));
const placeId = filled(63).regex(/^[^\s/]*$/, "expected an id without spaces and slashes");
const serviceId = filled(128).regex(/^\S*$/, "expected `server/kind`");
const hostname = line(253);
const addresses = z
  .array(line(64))
  .nullish()
  .transform((all) => all ?? []);
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item, "expected a list")
    .max(MOST_ROWS, `expected at most ${MOST_ROWS} entries`)
    .nullish()
    .transform((all) => all ?? []);

const domain = z.object({
  name: filled(254),
  ascii: line(254).nullish(),
  kind: z.enum(["main", "addon", "parked", "alias", "sub", "mail-only"]).nullish(),
  web_server: line(253).nullish(),
  mail_server: line(253).nullish(),
  db_server: line(253).nullish(),
  dns_server: line(253).nullish(),
  mail: z.enum(["local", "remote", "unknown", "auto"]).nullish(),
  suspended: z.boolean().nullish(),
});

const customer = z.object({
  account_id: id,
  company: line(200).nullish(),
  contact_email: line(254).nullish(),
  extra_contacts: list(line(254)),
  language: line(35).nullish(),
  timezone: line(64).nullish(),
  domains: list(
    z.union([
      z
        .string()
        .transform((name) => ({ name }))
        .pipe(domain),
      domain,
    ]),
  ),
  addresses,
  service_ids: list(id),
  web_server: line(253).nullish(),
  mail_server: line(253).nullish(),
  db_server: line(253).nullish(),
  dns_server: line(253).nullish(),
  php: z
    .union([z.string(), z.number().transform(String)])
    .pipe(line(16))
    .nullish(),
});

const server = z.object({
  id: placeId,
  hostname: hostname.nullish(),
  role: line(32).nullish(),
  ipv4: addresses,
  ipv6: addresses,
  location: placeId.nullish(),
  rack: placeId.nullish(),
  switch: placeId.nullish(),
  network: line(64).nullish(),
  provides: list(filled(32)),
});

const contract = z.object({
  provider: z
    .object({
      name: line(200).nullish(),
      domain: line(253).nullish(),
      support_email: line(254).nullish(),
      public_hosts: z.record(z.string(), hostname.nullish()).nullish(),
    })
    .nullish(),
  timezone: line(64).nullish(),
  locations: list(z.object({ id: placeId, city: line(100).nullish(), racks: list(placeId) })),
  switches: list(z.object({ id: placeId, rack: placeId.nullish(), location: placeId.nullish() })),
  servers: list(server),
  services: list(z.object({ id: serviceId, server: placeId, kind: filled(32) })),
  components: list(
    z.object({ id: filled(63), name: line(200).nullish(), services: list(serviceId) }),
  ),
  dependencies: list(
    z.object({
      from: filled(128),
      to: filled(128),
      kind: line(32).nullish(),
      note: line(500).nullish(),
    }),
  ),
  customers: list(customer),
});

type Contract = z.output<typeof contract>;
type Customer = Contract["customers"][number];

/** The keys that are read, by where they stand. */
const KNOWN: readonly (readonly [name: string, keys: ReadonlySet<string>])[] = [
  ["customers", new Set(Object.keys(customer.shape))],
  ["servers", new Set(Object.keys(server.shape))],
  ["locations", new Set(["id", "city", "racks"])],
  ["switches", new Set(["id", "rack", "location"])],
  ["services", new Set(["id", "server", "kind"])],
  ["components", new Set(["id", "name", "services"])],
  ["dependencies", new Set(["from", "to", "kind", "note"])],
];
const KNOWN_DOMAIN = new Set(Object.keys(domain.shape));
const KNOWN_TOP = new Set(Object.keys(contract.shape));

/** The exchange format: everything there is, to which the others are converted. */
export const json: Format = {
  kind: "json",
  server: "none",
  looksLike: (text) => /^\s*\{/.test(text),
  read(text, _server, notes) {
    const [document, ...more] = documentsOf(text, notes);
    if (document === undefined) return { inventory: NO_INVENTORY, routing: null };
    if (more.length > 0) notes.mistake("", "expected one JSON document");
    if (countOf(document) > MOST_ROWS) {
      notes.mistake("customers", `expected at most ${MOST_ROWS} customers and domains`);
      return { inventory: NO_INVENTORY, routing: null };
    }
    const read = contract.safeParse(document);
    if (!read.success) mistakesOf(read.error, "", notes);
    else if (!isMap(document) || !Object.keys(document).some((key) => KNOWN_TOP.has(key)))
      notes.mistake("", `expected an object with some of ${[...KNOWN_TOP].join(", ")}`);
    noteUnknown(document, notes);
    const inventory = inventoryOf(read.success ? read.data : contract.parse({}), notes);
    return { inventory, routing: null };
  },
};

function inventoryOf(read: Contract, notes: Notes): Inventory {
  const places = placesOf(read, notes);
  const known = new Set<string>();
  read.customers.forEach(({ account_id }, place) => {
    if (known.has(account_id))
      notes.mistake(`customers[${place}].account_id`, "expected an id that no other customer has");
    known.add(account_id);
  });
  const timezone = read.timezone?.trim() ?? "";
  if (timezone !== "" && !isZone(timezone))
    notes.mistake("timezone", "expected a zone like Europe/Budapest");
  return {
    timezone: timezone === "" ? "UTC" : timezone,
    provider: {
      name: read.provider?.name ?? "",
      domain: read.provider?.domain?.toLowerCase() ?? null,
      supportEmail: read.provider?.support_email?.toLowerCase() ?? null,
      publicHosts: Object.fromEntries(
        Object.entries(read.provider?.public_hosts ?? {}).flatMap(([key, host]) =>
          /^[a-z][a-z0-9_-]{0,31}$/.test(key) && host ? [[key, host.toLowerCase()]] : [],
        ),
      ),
    },
    places,
    services: servicesOf(read, places, notes),
    components: read.components.map(({ id: one, name, services }) => ({
      id: one,
      name: name ?? "",
      services,
    })),
    dependencies: read.dependencies.map(({ from, to, kind, note }): Dependency => ({
      from,
      to,
      kind: kind ?? "",
      note: note ?? null,
    })),
    accounts: read.customers.map((each, place) => accountOf(each, `customers[${place}]`, notes)),
  };
}

/** Locations, racks, switches, servers. Two locations may each have a rack of one name. */
function placesOf(read: Contract, notes: Notes): readonly StandingPlace[] {
  const nowhere = {
    hostname: null,
    addresses: [],
    role: null,
    provides: [],
    switch: null,
    rack: null,
    location: null,
    network: null,
  };
  const racks = read.locations.flatMap(({ id: location, racks: names }) =>
    names.map((name) => ({ location, name })),
  );
  const count = new Map<string, number>();
  for (const { name } of racks) count.set(name, (count.get(name) ?? 0) + 1);
  const rackId = (name: string, location: string | null): string =>
    (count.get(name) ?? 0) > 1 && location !== null ? `${location}-${name}` : name;
  const places: StandingPlace[] = [
    ...read.locations.map((each) => ({ ...nowhere, id: each.id, kind: "location" as const })),
    ...racks.map(({ location, name }) => ({
      ...nowhere,
      id: rackId(name, location),
      kind: "rack" as const,
      location,
    })),
    ...read.switches.map(({ id: one, rack, location }) => ({
      ...nowhere,
      id: one,
      kind: "switch" as const,
      rack: rack == null ? null : rackId(rack, location ?? null),
      location: location ?? null,
    })),
    ...read.servers.map((each, place) => ({
      ...nowhere,
      id: each.id,
      kind: "server" as const,
      hostname: each.hostname?.toLowerCase() ?? null,
      addresses: addressesOf([...each.ipv4, ...each.ipv6], `servers[${place}]`, notes),
      role: each.role ?? null,
      provides: each.provides,
      switch: each.switch ?? null,
      rack: each.rack == null ? null : rackId(each.rack, each.location ?? null),
      location: each.location ?? null,
      network: each.network ?? null,
    })),
  ];
  const known = new Set<string>();
  for (const { id: one } of places) {
    if (known.has(one))
      notes.mistake("", "expected an id of its own for every location, rack, switch and server");
    known.add(one);
  }
  return places;
}

/** What is listed, and what the servers say they provide. */
function servicesOf(
  read: Contract,
  places: readonly StandingPlace[],
  notes: Notes,
): readonly Service[] {
  const known = new Set(places.map((place) => place.id));
  const services = new Map<string, Service>();
  read.services.forEach((service, place) => {
    if (!known.has(service.server))
      notes.mistake(`services[${place}].server`, "expected the id of a server");
    services.set(service.id, service);
  });
  for (const { id: one, provides } of read.servers)
    for (const kind of provides) {
      const key = `${one}/${kind}`;
      if (!services.has(key)) services.set(key, { id: key, server: one, kind });
    }
  for (const { from, to } of read.dependencies)
    for (const end of [from, to])
      if (!known.has(end) && !services.has(end))
        notes.note("ends of dependencies that are no place and no service", end);
  return [...services.values()];
}

function accountOf(each: Customer, where: string, notes: Notes): Account {
  const contacts = [each.contact_email ?? "", ...each.extra_contacts]
    .map((contact) => contact.toLowerCase())
    .filter((contact) => contact !== "");
  const timezone = each.timezone ?? "";
  if (timezone !== "" && !isZone(timezone))
    notes.mistake(`${where}.timezone`, "expected a zone like Europe/Budapest");
  const domains = new Map<string, Domain>();
  each.domains.forEach((one, place) => {
    const at = `${where}.domains[${place}].name`;
    if (isWildcard(one.name))
      return notes.ignore("wildcards: their domain answers for them", one.name);
    const name = readName(one.name) ?? readName(one.ascii ?? "");
    if (!name) return notes.mistake(at, "expected a domain name");
    if (one.ascii != null && one.ascii.toLowerCase() !== name.ascii)
      notes.note("A-labels that are not those of the name; the name's are taken", name.name);
    if (domains.has(name.ascii))
      return notes.ignore("domains named twice for one account", name.name);
    domains.set(name.ascii, {
      accountId: each.account_id,
      ...name,
      kind: one.kind ?? (domains.size === 0 ? "main" : "addon"),
      servers: serversOf(one),
      mail: one.mail == null || one.mail === "auto" ? "unknown" : one.mail,
      suspended: one.suspended ?? false,
    });
  });
  return {
    id: each.account_id,
    company: each.company ?? "",
    contacts: [...new Set(contacts)],
    language: each.language?.toLowerCase() ?? null,
    timezone: timezone === "" ? null : timezone,
    php: each.php ?? null,
    domains: [...domains.values()],
    addresses: addressesOf(each.addresses, where, notes),
    serviceIds: [...new Set(each.service_ids.map((one) => one.toLowerCase()))],
    servers: serversOf(each),
  };
}

const serversOf = (given: {
  readonly web_server?: string | null | undefined;
  readonly mail_server?: string | null | undefined;
  readonly db_server?: string | null | undefined;
  readonly dns_server?: string | null | undefined;
}): Servers => ({
  ...(given.web_server && { web: given.web_server }),
  ...(given.mail_server && { mail: given.mail_server }),
  ...(given.db_server && { db: given.db_server }),
  ...(given.dns_server && { dns: given.dns_server }),
});

function addressesOf(texts: readonly string[], where: string, notes: Notes): readonly string[] {
  const found = new Set<string>();
  for (const text of texts) {
    const address = canonicalAddress(text);
    if (address === null) notes.mistake(where, "expected IPv4 and IPv6 addresses without a mask");
    else found.add(address);
  }
  return [...found];
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Customers and their domains, before any of them is looked at. */
function countOf(document: unknown): number {
  const customers = isMap(document) ? document["customers"] : null;
  if (!Array.isArray(customers)) return 0;
  return (customers as unknown[]).reduce<number>((count, each) => {
    const domains = isMap(each) ? each["domains"] : null;
    return count + 1 + (Array.isArray(domains) ? domains.length : 0);
  }, 0);
}

/** Names keys that nothing reads, and counts those that look like secrets without naming them. */
function noteUnknown(document: unknown, notes: Notes): void {
  const look = (value: unknown, known: ReadonlySet<string>, where: string): void => {
    if (!isMap(value)) return;
    for (const key of Object.keys(value))
      if (known.has(key)) continue;
      else if (isSecretKey(key)) notes.ignore("fields with passwords, dropped unread");
      else notes.ignore("fields that are not known", `${where}${key}`);
  };
  look(document, KNOWN_TOP, "");
  if (!isMap(document)) return;
  for (const [name, known] of KNOWN) {
    const all = document[name];
    if (!Array.isArray(all)) continue;
    for (const each of all as unknown[]) {
      look(each, known, `${name}[].`);
      if (name !== "customers" || !isMap(each) || !Array.isArray(each["domains"])) continue;
      for (const one of each["domains"] as unknown[])
        look(one, KNOWN_DOMAIN, "customers[].domains[].");
    }
  }
}
