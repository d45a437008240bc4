import { firstLines, linesOf, type Format } from "./format.js";
import { createGathering, createServersOf } from "./gathering.js";
import { isBelow, nameOn } from "./cpanel.js";
import { readUser } from "./names.js";

/** `/etc/virtual/domainowners`: `domain: user`, one a line. */
export const directadmin: Format = {
  kind: "directadmin",
  server: "required",
  looksLike: (text) => {
    const lines = firstLines(text, 20);
    return lines.length > 0 && lines.every((line) => /^[^\s:,;"]+:\s*[^\s:,;"={}]+\s*$/.test(line));
  },
  read(text, server, notes) {
    const gathering = createGathering();
    const place = gathering.server(server ?? "");
    const serversOf = createServersOf();
    for (const [line, row] of linesOf(text, notes)) {
      const colon = row.indexOf(":");
      const owner = colon > 0 ? readUser(row.slice(colon + 1).trim()) : null;
      if (owner === null) {
        notes.mistake(`line ${line}`, "expected `domain: user`");
        continue;
      }
      const name = nameOn(row.slice(0, colon), line, notes);
      if (!name) continue;
      const draft = gathering.account(`${owner}@${place.id}`);
      draft.serviceIds.add(draft.id);
      const below = isBelow(name.ascii, draft);
      const fresh = gathering.domain(draft, {
        ...name,
        kind: below ? "sub" : draft.domains.size === 0 ? "main" : "addon",
        servers: serversOf(place.id, ["web", "mail", "db"]),
        mail: "unknown",
        suspended: false,
      });
      if (!fresh) notes.ignore("domains named twice for one account", name.name);
    }
    return { inventory: gathering.inventory(), routing: null };
  },
};
