import { z } from "zod";
import { NO_INVENTORY } from "../core/inventory.js";
import { canonicalAddress } from "../core/ip-address.js";
import { MOST_ROWS, type Format } from "./format.js";
import { createGathering, createServersOf } from "./gathering.js";
import { documentsOf } from "./json-text.js";
import { isWildcard, readName, readServer, readUser } from "./names.js";
import { mistakesOf } from "./zod-mistakes.js";

const word = z
  .union([z.string().max(5_000), z.number()])
  .transform(String)
  .nullish();

/** Only what is read: passwords and prices do not get past this. */
const product = z.object({
  id: z.union([z.string().min(1).max(32), z.number()]).transform(String),
  clientid: z.union([z.string().min(1).max(64), z.number()]).transform(String),
  domain: word,
  username: word,
  servername: word,
  serverhostname: word,
  serverip: word,
  dedicatedip: word,
  assignedips: word,
  status: word,
});
/** An empty page has no object here, but nothing or an empty list. */
const isEmpty = (products: unknown): boolean =>
  products === "" || (Array.isArray(products) && products.length === 0);
const answer = z.object({
  products: z.preprocess(
    (products) => (isEmpty(products) ? { product: [] } : products),
    z.object({ product: z.array(product) }),
  ),
});

/** Products in these states are nobody's service. */
const GONE = /^(terminated|cancelled|canceled|fraud|pending|completed)$/i;

/** The answers of `GetClientsProducts` in JSON: one page, a list of pages, or pages one after the other. */
export const whmcs: Format = {
  kind: "whmcs",
  server: "none",
  looksLike: (text) =>
    /^[\s[]*\{/.test(text) && /"products"\s*:\s*(\{|""|\[\])/.test(text.slice(0, 4_000)),
  read(text, _server, notes) {
    const gathering = createGathering();
    const serversOf = createServersOf();
    const pages = documentsOf(text, notes).flatMap((page: unknown) =>
      Array.isArray(page) ? page : [page],
    );
    if (pages.reduce<number>((count, page) => count + countOf(page), 0) > MOST_ROWS) {
      notes.mistake("", `expected at most ${MOST_ROWS} products`);
      return { inventory: NO_INVENTORY, routing: null };
    }
    pages.forEach((page, number) => {
      const where = pages.length > 1 ? `page ${number + 1}: ` : "";
      const read = answer.safeParse(page);
      if (!read.success) return mistakesOf(read.error, where, notes);
      read.data.products.product.forEach((each, place) => {
        const at = `${where}products.product[${place}]`;
        if (GONE.test(each.status ?? ""))
          return notes.ignore("products that are no longer, or not yet, there");
        const text = each.domain?.trim() ?? "";
        if (isWildcard(text)) return notes.ignore("wildcards: their domain answers for them", text);
        const name = text === "" ? null : readName(text);
        if (text !== "" && !name) notes.ignore("names that no domain can have", at);
        const server = serverOf(each.serverhostname, each.servername, each.serverip);
        const draft = gathering.account(each.clientid);
        draft.serviceIds.add(each.id);
        const user = readUser(each.username?.trim() ?? "");
        if (user !== null && server !== null) draft.serviceIds.add(`${user}@${server}`);
        for (const ip of `${each.dedicatedip ?? ""} ${each.assignedips ?? ""}`.split(/[\s,;]+/)) {
          const address = canonicalAddress(ip);
          if (address !== null) draft.addresses.add(address);
        }
        if (server !== null) {
          const address = canonicalAddress(each.serverip ?? "");
          const place = gathering.server(server);
          if (address !== null) place.addresses.add(address);
        }
        if (!name) return;
        const fresh = gathering.domain(draft, {
          ...name,
          kind: "main",
          servers: server === null ? {} : serversOf(server, ["web", "mail", "db"]),
          mail: "unknown",
          suspended: /^suspended$/i.test(each.status ?? ""),
        });
        if (!fresh) notes.ignore("domains named twice for one account", name.name);
      });
    });
    return { inventory: gathering.inventory(), routing: null };
  },
};

/** The products of a page, before any of them is looked at; a page counts as one. */
function countOf(page: unknown): number {
  const pageOf = z.object({ products: z.object({ product: z.array(z.unknown()) }) });
  const read = pageOf.safeParse(page);
  return read.success ? read.data.products.product.length : 1;
}

/** The first that can be a server's name. */
function serverOf(...names: readonly (string | null | undefined)[]): string | null {
  for (const name of names) {
    const server = readServer(name ?? "");
    if (server !== null) return server;
  }
  return null;
}
