import { canonicalAddress } from "../core/ip-address.js";
import type { Domain } from "../core/directory.js";
import { NO_INVENTORY } from "../core/inventory.js";
import { firstLines, linesOf, type Contribution, type Format } from "./format.js";
import { createGathering, createServersOf, type Draft } from "./gathering.js";
import { isWildcard, readName, readUser } from "./names.js";
import type { Notes } from "./notes.js";

const KINDS: readonly Domain["kind"][] = ["main", "addon", "parked", "sub"];

/**
 * `/etc/userdatadomains`: `domain: user==owner==type==maindomain==docroot==ip:port==…`, fields by
 * place, later ones left alone. `/etc/userdomains` (`domain: user`) is read too, without the types.
 */
export const cpanel: Format = {
  kind: "cpanel",
  server: "required",
  looksLike: (text) => {
    const lines = firstLines(text, 20);
    return lines.length > 0 && lines.every((line) => /^\S+: \S+==/.test(line) || isNobody(line));
  },
  read(text, server, notes): Contribution {
    const gathering = createGathering();
    const place = gathering.server(server ?? "");
    const serversOf = createServersOf();
    const byAddress = new Map<string, Set<Draft>>();
    for (const [line, row] of linesOf(text, notes)) {
      if (isNobody(row)) {
        notes.ignore("lines of nobody");
        continue;
      }
      const colon = row.indexOf(":");
      const [user = "", , type = "", , , ip = "", , ipv6 = ""] = row
        .slice(colon + 1)
        .trim()
        .split("==");
      const owner = colon > 0 ? readUser(user) : null;
      if (owner === null) {
        notes.mistake(`line ${line}`, "expected `domain: user==owner==type==…`");
        continue;
      }
      const kind = type === "" ? "main" : KINDS.find((one) => one === type);
      if (!kind) {
        notes.mistake(`line ${line}`, `expected a type of ${KINDS.join(", ")} in the third field`);
        continue;
      }
      const name = nameOn(row.slice(0, colon), line, notes);
      if (!name) continue;
      const draft = gathering.account(`${owner}@${place.id}`);
      draft.serviceIds.add(draft.id);
      const fresh = gathering.domain(draft, {
        ...name,
        kind: type === "" && isBelow(name.ascii, draft) ? "sub" : kind,
        servers: serversOf(place.id, ["web", "mail", "db"]),
        mail: "unknown",
        suspended: false,
      });
      if (!fresh) notes.ignore("domains named twice for one account", name.name);
      for (const field of [ip, ipv6]) {
        const address = canonicalAddress(field) ?? canonicalAddress(field.replace(/:\d+$/, ""));
        if (address !== null)
          byAddress.set(address, (byAddress.get(address) ?? new Set()).add(draft));
      }
    }
    // An address that many live on is the server's, one for a single account is theirs.
    for (const [address, drafts] of byAddress) {
      const [alone] = drafts;
      if (drafts.size === 1 && byAddress.size > 1) alone?.addresses.add(address);
      else place.addresses.add(address);
    }
    return { inventory: gathering.inventory(), routing: null };
  },
};

const routing = (kind: string, mail: "local" | "remote"): Format => ({
  kind,
  server: "required",
  looksLike: () => false,
  read(text, server, notes) {
    const domains = new Set<string>();
    for (const [line, row] of linesOf(text, notes)) {
      const name = nameOn(row, line, notes);
      if (name) domains.add(name.ascii);
    }
    return {
      inventory: NO_INVENTORY,
      routing: { server: server ?? "", mail, domains: [...domains] },
    };
  },
});

/** `/etc/localdomains` and `/etc/remotedomains`: one a line, where its mail is delivered. */
export const cpanelLocalDomains = routing("cpanel-localdomains", "local");
export const cpanelRemoteDomains = routing("cpanel-remotedomains", "remote");

const isNobody = (line: string): boolean => /^\*\s*:/.test(line);

/** A panel's file is not written by hand: what is no name in it is left out, and counted. */
export function nameOn(text: string, line: number, notes: Notes) {
  if (isWildcard(text)) {
    notes.ignore("wildcards: their domain answers for them", text.trim());
    return null;
  }
  const name = readName(text);
  if (!name) notes.ignore("names that no domain can have", `line ${line}`);
  return name;
}

/** Whether the account has a domain that this one is below. */
export const isBelow = (ascii: string, { domains }: Draft): boolean => {
  for (let dot = ascii.indexOf("."); dot > 0; dot = ascii.indexOf(".", dot + 1))
    if (domains.has(ascii.slice(dot + 1))) return true;
  return false;
};
