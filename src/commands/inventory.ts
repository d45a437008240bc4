import { readFile, stat } from "node:fs/promises";
import { parseArgs } from "node:util";
import { Problem } from "../errors.js";
import { FORMATS, LONGEST_FILE, readInventory } from "../inventory/index.js";
import { readName } from "../inventory/names.js";
import { readableImport, reportOf } from "../inventory/report.js";
import { importInventory, lookUp } from "../store/inventory.js";
import {
  complain,
  FAILED,
  fromHere,
  Misuse,
  OK,
  print,
  withDatabase,
  type Command,
} from "./shell.js";

/** Reads who lives on what into the database, and looks things up in it. */
export const inventory: Command = async (args) => {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      format: { type: "string" },
      server: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      force: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const [verb = "", what, ...more] = positionals;
  if (what === undefined || more.length > 0 || !["import", "lookup"].includes(verb))
    throw new Misuse("inventory knows: import FILE, lookup WORD");
  if (verb === "lookup") return lookup(what);
  if (values.format !== undefined && !Object.hasOwn(FORMATS, values.format))
    throw new Misuse(`--format: expected one of ${Object.keys(FORMATS).join(", ")}`);
  const read = readInventory(await inventoryText(what), values);
  if (!read.ok) {
    for (const { where, message } of read.mistakes)
      complain([what, where, message].filter(Boolean).join(": "));
    complain(`${read.count} ${read.count === 1 ? "mistake" : "mistakes"}; nothing was changed.`);
    return FAILED;
  }
  const { format, source, contribution } = read;
  complain(`${what} is read as ${source}; comparing with what is stored …`);
  const imported = await withDatabase((db) =>
    importInventory(
      db,
      { format, source, ...contribution },
      { now: new Date(), by: "cli", force: values.force, dryRun: values["dry-run"] },
    ),
  );
  const report = reportOf(read, imported);
  print(values.json ? JSON.stringify(report) : readableImport(report));
  return report.outcome === "refused" ? FAILED : OK;
};

async function inventoryText(name: string): Promise<string> {
  const file = fromHere(name);
  try {
    const { size } = await stat(file);
    if (size > 2 * LONGEST_FILE) throw new Problem("bad-input", `${name} is too long`);
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Misuse(`${name} cannot be read`);
  }
}

async function lookup(text: string): Promise<number> {
  const ascii = readName(text.slice(text.lastIndexOf("@") + 1))?.ascii ?? null;
  const found = await withDatabase((db) => lookUp(db, { text, ascii }));
  for (const { id, kind, hostname, addresses, accounts } of found.places)
    print([kind, id, hostname ?? "", addresses.join(" "), `${accounts} accounts`].join("\t"));
  for (const { account, by } of found.accounts) {
    print(["account", account.id, account.company, account.contacts.join(" "), by].join("\t"));
    for (const { name, kind, servers, mail } of account.domains) {
      const on = Object.entries({ ...account.servers, ...servers }).filter(
        ([use]) => use !== "mail" || mail !== "remote",
      );
      print([kind, name, on.map(([use, server]) => `${use} ${server}`).join(", ")].join("\t"));
    }
  }
  if (found.places.length + found.accounts.length > 0) return OK;
  complain(`${text} is not in the inventory`);
  return FAILED;
}
