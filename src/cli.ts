import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { PROBES } from "../probes/index.js";
import { milliseconds } from "../probes/duration.js";
import { readableReport } from "../probes/report.js";
import { createResolver } from "../probes/resolver.js";
import { runProbe } from "../probes/run.js";
import { parse } from "yaml";
import { loadConfig } from "./config/load.js";
import { formatMistakes } from "./config/mistakes.js";
import { Problem } from "./errors.js";
import { FORMATS, LONGEST_FILE, readInventory } from "./inventory/index.js";
import { readName } from "./inventory/names.js";
import { readableImport, reportOf } from "./inventory/report.js";
import { createLog } from "./log.js";
import { readSettings, type Settings } from "./settings.js";
import { createDb, describeDatabaseError, migrate, type Db } from "./store/db.js";
import { borrowEmbedded } from "./store/embedded.js";
import { importInventory, lookUp } from "./store/inventory.js";
import { createToken, listTokens, revokeToken, ROLES } from "./store/tokens.js";
import { createTexts } from "./texts.js";

const OK = 0;
const FAILED = 1;
const WRONG_USE = 2;

const USAGE = `Usage: npm run -s tudunk -- COMMAND

  check-config FILE             reads a configuration and names every mistake in it
  probe KIND TARGET             looks once, now, and prints what it saw
        [--json]                as JSON: { at, outcome, reason, ms, timings, facts }
        [--timeout 10s]
        [--options '{ expect: { status: [200] } }']    the probe's own keys, as in the configuration
        kinds: ${Object.keys(PROBES).join(", ")}
  replay WORLD OUT              plays a folder of inventory, incidents and reports through extraction and
                                correlation and writes what came of each report to OUT; needs no database
  token create --name N --role R
                                makes a token for the API and prints it, once
        roles: ${ROLES.join(", ")}
  token list                    number, role, made, last used and name of each, by tabs
  token revoke ID               withdraws one at once
  inventory import FILE         reads who lives on what, all of it or nothing, and says what changed
        [--format F]            ${Object.keys(FORMATS).join(", ")}
        [--server NAME]         whose file it is, for a panel's file of one server
        [--dry-run] [--force]   only shows it; also where more than a fifth of the domains would go
        [--json]
  inventory lookup WORD         a domain, address, account, server or company: who is that, on what

Exit code 0 on success (up or degraded), 1 on a failed result, 2 on wrong use.
`;

/** What the shell wants: text on standard output is for scripts, everything else on standard error. */
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

/** Wrong use: one line that says what to do instead. */
class Misuse extends Error {}

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  "check-config": checkConfig,
  inventory,
  probe,
  replay,
  token,
};

async function checkConfig(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new Misuse("check-config needs one FILE");
  const loaded = await loadConfig(resolve(process.env["INIT_CWD"] ?? ".", file), {
    env: process.env,
    languages: createTexts().languages,
  });
  if (!loaded.ok) {
    complain(formatMistakes(loaded.mistakes));
    return FAILED;
  }
  if (loaded.warnings.length > 0) complain(formatMistakes(loaded.warnings));
  const { hosts, components, monitors, channels } = loaded.config;
  const counts = Object.entries({ hosts, components, monitors, channels });
  print(
    `${file} is in order: ${counts.map(([kind, list]) => `${list.length} ${kind}`).join(", ")}.`,
  );
  return OK;
}

async function probe(args: string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      timeout: { type: "string", default: "10s" },
      options: { type: "string", default: "{}" },
    },
  });
  const [kind = "", target, ...more] = positionals;
  const module = Object.hasOwn(PROBES, kind) ? PROBES[kind] : undefined;
  if (!module) {
    const kinds = Object.keys(PROBES).join(", ");
    throw new Misuse(
      kind === ""
        ? `KIND is missing, one of ${kinds}`
        : `unknown kind ${kind}, expected one of ${kinds}`,
    );
  }
  if (target === undefined || more.length > 0) throw new Misuse(`probe ${kind} needs one TARGET`);
  const timeoutMs = milliseconds(values.timeout);
  if (timeoutMs === null) throw new Misuse("--timeout: expected a duration like 10s");
  const aim = module.target.safeParse(target);
  if (!aim.success) throw new Misuse(`TARGET: ${aim.error.issues[0]?.message ?? "not usable"}`);
  const options = module.options.safeParse(optionsFrom(values.options));
  if (!options.success)
    throw new Misuse(
      options.error.issues
        .map(
          ({ path, message }) =>
            `--options${path.length > 0 ? ` ${path.join(".")}` : ""}: ${message}`,
        )
        .join("; "),
    );
  const run = prepared(() =>
    module.prepare(aim.data, options.data, { resolver: createResolver() }),
  );
  const result = await runProbe(run, timeoutMs, () => new Date());
  const colour = process.stdout.isTTY;
  print(
    values.json
      ? JSON.stringify(result)
      : readableReport(kind, target, result, { colour }).trimEnd(),
  );
  return result.outcome === "up" || result.outcome === "degraded" ? OK : FAILED;
}

/** JSON is YAML, and in a shell YAML needs fewer quotes. */
function optionsFrom(text: string): unknown {
  try {
    return parse(text);
  } catch {
    throw new Misuse("--options: expected a JSON or YAML map");
  }
}

function prepared<T>(prepare: () => T): T {
  try {
    return prepare();
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error));
  }
}

async function replay(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const [world, out, ...more] = positionals;
  if (world === undefined || out === undefined || more.length > 0)
    throw new Misuse("replay needs a WORLD and an OUT");
  const from = process.env["INIT_CWD"] ?? ".";
  // Languages and lexicons are only worth loading here.
  const { replay: play } = await import("./replay.js");
  const count = await play(resolve(from, world), resolve(from, out), complain);
  complain(`${out}: what came of ${count} reports`);
  return OK;
}

async function token(args: string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { name: { type: "string" }, role: { type: "string" } },
  });
  const [verb = "", id, ...more] = positionals;
  if (verb === "create" && id === undefined) return createNamed(values.name, values.role);
  if (verb === "list" && id === undefined) return list();
  if (verb === "revoke" && id !== undefined && more.length === 0) return revoke(id);
  throw new Misuse("token knows: create --name N --role R, list, revoke ID");
}

async function createNamed(name: string | undefined, wanted: string | undefined): Promise<number> {
  const role = ROLES.find((one) => one === wanted);
  if (!name) throw new Misuse("--name is missing: whose token is it?");
  if (name.length > 100) throw new Misuse("--name: expected up to 100 characters");
  if (!role) throw new Misuse(`--role: expected one of ${ROLES.join(", ")}`);
  print(await withDatabase((db) => createToken(db, { name, role, now: new Date() })));
  return OK;
}

async function list(): Promise<number> {
  for (const { id, name, role, createdAt, lastUsedAt } of await withDatabase(listTokens))
    print(
      [id, role, createdAt.toISOString(), lastUsedAt?.toISOString() ?? "never used", name].join(
        "\t",
      ),
    );
  return OK;
}

async function revoke(text: string): Promise<number> {
  if (!/^\d{1,9}$/.test(text)) throw new Misuse("revoke: expected the number that list prints");
  if (await withDatabase((db) => revokeToken(db, Number(text)))) return OK;
  complain(`there is no token ${text}`);
  return FAILED;
}

async function inventory(args: string[]): Promise<number> {
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
}

async function inventoryText(name: string): Promise<string> {
  const file = resolve(process.env["INIT_CWD"] ?? ".", name);
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

/** Beside a running program on its database, or without one. */
async function withDatabase<T>(use: (db: Db) => Promise<T>): Promise<T> {
  const settings = settingsOrMisuse();
  const log = createLog("silent");
  const borrowed =
    settings.databaseUrl === null ? await borrowEmbedded({ dataDir: settings.dataDir, log }) : null;
  const db = createDb(borrowed?.connection ?? { url: settings.databaseUrl ?? "" }, { poolMax: 1 });
  try {
    await migrate(db);
    return await use(db);
  } finally {
    await db.destroy();
    await borrowed?.done();
  }
}

function settingsOrMisuse(): Settings {
  const read = readSettings(process.env);
  if (!read.ok) throw new Misuse(read.mistakes.join("; "));
  return read.settings;
}

async function main([name = "", ...args]: string[]): Promise<number> {
  if (name === "help" || name === "--help") {
    print(USAGE);
    return OK;
  }
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!command) {
      complain(name === "" ? USAGE : `unknown command ${name}\n\n${USAGE}`);
      return WRONG_USE;
    }
    return await command(args);
  } catch (error) {
    const wrongUse = error instanceof Misuse || (error instanceof TypeError && "code" in error);
    complain(
      `tudunk ${name}: ${wrongUse || error instanceof Problem ? error.message : describeDatabaseError(error)}`,
    );
    return wrongUse ? WRONG_USE : FAILED;
  }
}

process.exitCode = await main(process.argv.slice(2));
