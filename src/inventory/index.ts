import { cpanel, cpanelLocalDomains, cpanelRemoteDomains } from "./cpanel.js";
import { csv } from "./csv.js";
import { directadmin } from "./directadmin.js";
import type { Contribution, Format } from "./format.js";
import { json } from "./json.js";
import { readServer } from "./names.js";
import { createNotes, type Mistake, type Seen } from "./notes.js";
import { virtualmin } from "./virtualmin.js";
import { whmcs } from "./whmcs.js";

/** Every format that can be read; looked at in this order where a file does not say its own. */
export const FORMATS: Readonly<Record<string, Format>> = {
  whmcs,
  json,
  cpanel,
  virtualmin,
  csv,
  directadmin,
  "cpanel-localdomains": cpanelLocalDomains,
  "cpanel-remotedomains": cpanelRemoteDomains,
};

/** A file longer than this is none (characters). */
export const LONGEST_FILE = 50_000_000;

export type ReadInventory =
  | {
      readonly ok: true;
      readonly format: string;
      /** Whose word it is: `json`, `cpanel web3`. A later import replaces what the same source said. */
      readonly source: string;
      readonly contribution: Contribution;
      readonly odd: readonly Seen[];
      readonly ignored: readonly Seen[];
    }
  | {
      readonly ok: false;
      /** The first hundred. */
      readonly mistakes: readonly Mistake[];
      readonly count: number;
    };

/**
 * Reads a file that says who lives on what: all of it, or every mistake in it. Passwords are left
 * behind by each format's reader; no message repeats what stands in the file.
 */
export function readInventory(
  text: string,
  asked: { readonly format?: string | undefined; readonly server?: string | undefined } = {},
): ReadInventory {
  const wrong = (message: string): ReadInventory => ({
    ok: false,
    mistakes: [{ where: "", message }],
    count: 1,
  });
  if (text.length > LONGEST_FILE)
    return wrong(`expected a file of at most ${LONGEST_FILE / 1_000_000} million letters`);
  const plain = text.replace(/^\uFEFF/, "");
  const format = asked.format === undefined ? formatOf(plain) : named(asked.format);
  if (!format)
    return wrong(
      asked.format === undefined
        ? `expected a file in a known format; say which: ${Object.keys(FORMATS).join(", ")}`
        : `expected a format of ${Object.keys(FORMATS).join(", ")}`,
    );
  const server = asked.server === undefined ? null : readServer(asked.server);
  if (asked.server !== undefined && server === null) return wrong("expected a server's name");
  if (format.server === "required" && server === null)
    return wrong(`a file of ${format.kind} does not say which server it is of: name the server`);
  const notes = createNotes();
  const contribution = format.read(plain, format.server === "none" ? null : server, notes);
  const isEmpty =
    contribution.inventory.accounts.length === 0 &&
    contribution.routing === null &&
    format !== json;
  if (isEmpty && notes.mistakeCount() === 0) notes.mistake("", "expected at least one customer");
  if (notes.mistakeCount() > 0)
    return { ok: false, mistakes: notes.mistakes, count: notes.mistakeCount() };
  return {
    ok: true,
    format: format.kind,
    source: server === null || format.server === "none" ? format.kind : `${format.kind} ${server}`,
    contribution,
    odd: notes.odd(),
    ignored: notes.ignored(),
  };
}

const named = (kind: string): Format | undefined =>
  Object.hasOwn(FORMATS, kind) ? FORMATS[kind] : undefined;

const formatOf = (text: string): Format | undefined =>
  Object.values(FORMATS).find((format) => format.looksLike(text));
