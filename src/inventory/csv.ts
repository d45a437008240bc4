import { parse } from "csv-parse/sync";
import type { Domain, Use } from "../core/directory.js";
import { canonicalAddress } from "../core/ip-address.js";
import { firstLines, MOST_ROWS, type Format } from "./format.js";
import { createGathering, createServersOf } from "./gathering.js";
import {
  isSecretKey,
  isWildcard,
  readAddress,
  readName,
  readServer,
  readText,
  readUser,
} from "./names.js";
import type { Notes } from "./notes.js";

/** What a column may be called. */
const COLUMNS = {
  domain: ["domain", "fqdn", "hostname"],
  server: ["server", "node", "host"],
  user: ["user", "account", "username"],
  client: ["client", "client_id", "customer", "customer_id"],
  company: ["company", "company_name", "name"],
  email: ["email", "contact"],
  language: ["language", "lang"],
  ip: ["ip", "ipv4"],
  ipv6: ["ipv6"],
  type: ["type"],
  mail: ["mail", "mail_routing"],
  services: ["services"],
  status: ["status"],
  php: ["php", "php_version"],
  mail_server: ["mail_server"],
  db_server: ["db_server"],
} as const;
type Column = keyof typeof COLUMNS;
type Row = Partial<Record<Column, string>>;

const MOST_COLUMNS = 200;
const LONGEST_ROW = 20_000;
const KINDS: readonly Domain["kind"][] = ["main", "addon", "parked", "alias", "sub", "mail-only"];
const ROUTINGS: readonly Domain["mail"][] = ["local", "remote", "unknown"];
const GONE = /^(terminated|cancelled|canceled|fraud|pending|deleted)$/i;
const SUSPENDED = /^(suspended|disabled|inactive|blocked|locked)$/i;
const USES: Readonly<Record<string, Use>> = {
  web: "web",
  www: "web",
  http: "web",
  mail: "mail",
  email: "mail",
  dns: "dns",
  db: "db",
  mysql: "db",
};

/** A header and a row a domain; comma, semicolon or tab; quotes as RFC 4180 has them. */
export const csv: Format = {
  kind: "csv",
  server: "optional",
  looksLike: (text) => {
    const [header = ""] = firstLines(text, 1);
    return cellsOf(header).some((cell) => columnOf(cell) === "domain");
  },
  read(text, server, notes) {
    const gathering = createGathering();
    const serversOf = createServersOf();
    const server_ = (given: string | undefined, at: string, what: Column): string | null => {
      if (given === undefined || given === "") return null;
      const name = readServer(given);
      if (name === null) notes.mistake(at, `expected a server's name in the column ${what}`);
      else gathering.server(name);
      return name;
    };
    for (const [line, row] of rowsOf(text, notes)) {
      const at = `line ${line}`;
      const given = (row.domain ?? "").trim();
      if (isWildcard(given)) {
        notes.ignore("wildcards: their domain answers for them", given);
        continue;
      }
      if (GONE.test(row.status ?? "")) {
        notes.ignore("rows of what is no longer, or not yet, there");
        continue;
      }
      const name = readName(given);
      if (!name) {
        notes.mistake(at, "expected a domain name in the column domain");
        continue;
      }
      const web = server_(row.server, at, "server") ?? server_(server ?? undefined, at, "server");
      const mailOn = server_(row.mail_server, at, "mail_server") ?? web;
      const dbOn = server_(row.db_server, at, "db_server") ?? web;
      const kind = oneOf(row.type, KINDS, at, "type", notes) ?? "main";
      const routing = row.mail?.toLowerCase() === "auto" ? "unknown" : row.mail;
      const mail = oneOf(routing, ROUTINGS, at, "mail", notes) ?? "unknown";
      const uses = usesOf(row.services, kind, at, notes);
      const user = row.user ? readUser(row.user) : null;
      if (row.user && user === null) notes.mistake(at, "expected one word in the column user");
      const client = row.client ? readText(row.client, 64) : null;
      if (row.client && client === null)
        notes.mistake(at, "expected at most 64 letters in the column client");
      const login = user === null ? null : web === null ? user : `${user}@${web}`;
      const draft = gathering.account(client ?? login ?? name.ascii);
      if (login !== null) draft.serviceIds.add(login);
      draft.company ||= cell(row.company, 200, at, "company", notes) ?? "";
      draft.language ??= cell(row.language, 35, at, "language", notes)?.toLowerCase() ?? null;
      draft.php ??= cell(row.php, 16, at, "php", notes);
      for (const contact of (row.email ?? "").split(/[\s,;|]+/).filter(Boolean)) {
        const address = readAddress(contact);
        if (address === null) notes.mistake(at, "expected mail addresses in the column email");
        else draft.contacts.add(address);
      }
      for (const column of ["ip", "ipv6"] as const)
        for (const each of (row[column] ?? "").split(/[\s,;|]+/).filter(Boolean)) {
          const address = canonicalAddress(each);
          if (address === null) notes.mistake(at, `expected addresses in the column ${column}`);
          else draft.addresses.add(address);
        }
      const on = (use: Use): string | null => (use === "mail" ? mailOn : use === "db" ? dbOn : web);
      const servers = Object.assign(
        {},
        ...uses.map((use) => (on(use) === null ? {} : serversOf(on(use) ?? "", [use]))),
      ) as Domain["servers"];
      const suspended = SUSPENDED.test(row.status ?? "");
      if (!gathering.domain(draft, { ...name, kind, servers, mail, suspended }))
        notes.ignore("domains named twice for one account", name.name);
    }
    return { inventory: sharedAddresses(gathering.inventory()), routing: null };
  },
};

/** An address that several accounts have is their server's. */
function sharedAddresses<
  T extends { readonly accounts: readonly { readonly addresses: readonly string[] }[] },
>(inventory: T): T {
  const count = new Map<string, number>();
  for (const { addresses } of inventory.accounts)
    for (const address of addresses) count.set(address, (count.get(address) ?? 0) + 1);
  return {
    ...inventory,
    accounts: inventory.accounts.map((account) => ({
      ...account,
      addresses: account.addresses.filter((address) => count.get(address) === 1),
    })),
  };
}

function* rowsOf(text: string, notes: Notes): Generator<readonly [number, Row]> {
  const header = /^(?:[ \t]*\r?\n)*([^\r\n]*)/.exec(text)?.[1] ?? "";
  if (header.length > LONGEST_ROW || cellsOf(header).length > MOST_COLUMNS) {
    notes.mistake("line 1", `expected a header of at most ${MOST_COLUMNS} columns`);
    return;
  }
  const titles = titlesOf(header);
  const columns = titles.map(columnOf);
  if (!columns.includes("domain")) {
    notes.mistake("line 1", `expected a header with a column ${COLUMNS.domain.join(" or ")}`);
    return;
  }
  for (const [at, column] of columns.entries()) {
    if (column !== null && columns.indexOf(column) !== at)
      notes.mistake("line 1", `expected one column for ${column}`);
    const title = titles[at] ?? "";
    if (column !== null || title === "") continue;
    if (isSecretKey(title)) notes.ignore("fields with passwords, dropped unread");
    else notes.ignore("columns that are not known", title);
  }
  if (newlines(text) > MOST_ROWS) {
    notes.mistake("", `expected at most ${MOST_ROWS} rows`);
    return;
  }
  let read: { record: Row; info: { lines: number } }[];
  try {
    read = parse(text, {
      bom: true,
      delimiter: delimiterOf(header),
      // What is not known is not even kept by the parser.
      columns: () => columns.map((column) => column ?? false),
      info: true,
      trim: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      max_record_size: LONGEST_ROW,
    }) as unknown as typeof read;
  } catch (error) {
    // The parser's message may repeat what stands in the row.
    const line =
      typeof error === "object" && error !== null && "lines" in error ? error.lines : "?";
    const code =
      typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
    notes.mistake(`line ${String(line)}`, expectedBy(code));
    return;
  }
  for (const { record, info } of read) yield [info.lines, record];
}

/** The titles as the parser reads them; none where it cannot. */
function titlesOf(header: string): readonly string[] {
  try {
    return parse(header, { bom: true, delimiter: delimiterOf(header), trim: true })[0] ?? [];
  } catch {
    return [];
  }
}

const expectedBy = (code: string): string => {
  if (code.includes("QUOTE")) return "expected quotes to be closed, and doubled inside quotes";
  if (code.includes("MAX_RECORD_SIZE")) return `expected at most ${LONGEST_ROW} letters in a row`;
  return "expected as many cells as the header has";
};

const delimiterOf = (header: string): string => {
  const bare = header.replace(/"[^"]*"/g, "");
  const counts = [";", ",", "\t"].map((one) => ({ one, n: bare.split(one).length }));
  return counts.reduce((best, each) => (each.n > best.n ? each : best)).one;
};

/** The titles at a glance: enough to count them and to tell the format. */
const cellsOf = (header: string): readonly string[] =>
  header
    .replace(/^\uFEFF/, "")
    .slice(0, LONGEST_ROW)
    .split(delimiterOf(header.slice(0, LONGEST_ROW)), MOST_COLUMNS + 1)
    .map((title) =>
      title
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .trim(),
    );

function columnOf(title: string): Column | null {
  const plain = title.toLowerCase().replace(/[\s-]+/g, "_");
  for (const [column, names] of Object.entries(COLUMNS) as [Column, readonly string[]][])
    if (names.includes(plain)) return column;
  return null;
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

function oneOf<T extends string>(
  given: string | undefined,
  known: readonly T[],
  at: string,
  column: Column,
  notes: Notes,
): T | null {
  const plain = given?.trim().toLowerCase() ?? "";
  if (plain === "") return null;
  const found = known.find((one) => one === plain);
  if (!found) notes.mistake(at, `expected one of ${known.join(", ")} in the column ${column}`);
  return found ?? null;
}

function usesOf(given: string | undefined, kind: Domain["kind"], at: string, notes: Notes): Use[] {
  const words = (given ?? "")
    .toLowerCase()
    .split(/[\s|,;]+/)
    .filter(Boolean);
  if (words.length === 0) return kind === "mail-only" ? ["mail"] : ["web", "mail", "db"];
  const uses = words.map((word) => (Object.hasOwn(USES, word) ? USES[word] : undefined));
  if (uses.includes(undefined))
    notes.mistake(at, "expected web, mail, db or dns in the column services");
  return [...new Set(uses.filter((use) => use !== undefined))];
}

function cell(
  given: string | undefined,
  longest: number,
  at: string,
  column: Column,
  notes: Notes,
): string | null {
  if (given === undefined || given.trim() === "") return null;
  const text = readText(given, longest);
  if (text === null)
    notes.mistake(at, `expected one line of at most ${longest} letters in the column ${column}`);
  return text;
}
