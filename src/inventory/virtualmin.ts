import type { Domain, Use } from "../core/directory.js";
import { canonicalAddress } from "../core/ip-address.js";
import { isBelow, nameOn } from "./cpanel.js";
import { firstLines, linesOf, type Format } from "./format.js";
import { createGathering, createServersOf } from "./gathering.js";
import { isSecretKey, readAddress, readText, readUser } from "./names.js";
import type { Notes } from "./notes.js";

/** The keys that are read; all others are not even looked at. */
const READ = new Set([
  "type",
  "parent domain",
  "description",
  "username",
  "contact email",
  "disabled",
  "ip address",
  "ipv6 address",
  "features",
]);
const FEATURES: readonly (readonly [Use, RegExp])[] = [
  ["web", /\b(web|ssl)\b/],
  ["mail", /\bmail\b/],
  ["db", /\b(mysql|postgres)\b/],
  ["dns", /\bdns\b/],
];

interface Block {
  readonly line: number;
  readonly head: string;
  readonly values: ReadonlyMap<string, string>;
}

/** `virtualmin list-domains --multiline`: the domain, then `Key: value` below it, indented by four. */
export const virtualmin: Format = {
  kind: "virtualmin",
  server: "required",
  looksLike: (text) => {
    const [head = "", first = ""] = firstLines(text, 2);
    return /^[^\s:]+$/.test(head.trimEnd()) && /^ {4}\S[^:]*:/.test(first);
  },
  read(text, server, notes) {
    const gathering = createGathering();
    const place = gathering.server(server ?? "");
    const serversOf = createServersOf();
    for (const { line, head, values } of blocksOf(text, notes)) {
      const user = readUser(values.get("username") ?? "");
      if (user === null) {
        notes.mistake(`line ${line}`, "expected the line `Username: …` below the domain");
        continue;
      }
      const name = nameOn(head, line, notes);
      if (!name) continue;
      const draft = gathering.account(`${user}@${place.id}`);
      draft.serviceIds.add(draft.id);
      const type = (values.get("type") ?? "").toLowerCase();
      const main = type.startsWith("top-level");
      const contact = readAddress(values.get("contact email") ?? "");
      if (contact !== null) draft.contacts.add(contact);
      const description = main ? readText(values.get("description") ?? "", 200) : null;
      if (description !== null) draft.company = description;
      const features = values.get("features")?.toLowerCase();
      const uses = FEATURES.filter(([, word]) => word.test(features ?? "")).map(([use]) => use);
      const kind: Domain["kind"] = type.startsWith("alias")
        ? "alias"
        : main
          ? "main"
          : isBelow(name.ascii, draft)
            ? "sub"
            : "addon";
      const fresh = gathering.domain(draft, {
        ...name,
        kind,
        // An alias shows what its target shows.
        servers: serversOf(place.id, features === undefined ? ["web", "mail", "db"] : uses),
        mail: features === undefined ? "unknown" : uses.includes("mail") ? "local" : "remote",
        suspended: values.has("disabled"),
      });
      if (!fresh) notes.ignore("domains named twice for one account", name.name);
      for (const key of ["ip address", "ipv6 address"]) {
        const [, ip = "", how = ""] = /^(\S+)(?: \((\w+))?/.exec(values.get(key) ?? "") ?? [];
        const address = canonicalAddress(ip);
        if (address !== null)
          (/^private/i.test(how) ? draft.addresses : place.addresses).add(address);
      }
    }
    return { inventory: gathering.inventory(), routing: null };
  },
};

function* blocksOf(text: string, notes: Notes): Generator<Block> {
  let block: { line: number; head: string; values: Map<string, string> } | null = null;
  for (const [line, row] of linesOf(text, notes)) {
    if (!/^\s/.test(row)) {
      if (block) yield block;
      block = { line, head: row.trim(), values: new Map() };
      continue;
    }
    const colon = row.indexOf(":");
    const key = row.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (isSecretKey(key)) notes.ignore("fields with passwords, dropped unread");
    else if (block && READ.has(key)) block.values.set(key, row.slice(colon + 1).trim());
    else if (!block) notes.mistake(`line ${line}`, "expected a domain at the start of the line");
  }
  if (block) yield block;
}
