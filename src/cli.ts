import { PROBES } from "../probes/index.js";
import { checkConfig } from "./commands/check-config.js";
import { inventory } from "./commands/inventory.js";
import { probe } from "./commands/probe.js";
import { recalibrate } from "./commands/recalibrate.js";
import { replay } from "./commands/replay.js";
import { report } from "./commands/report.js";
import { complain, FAILED, Misuse, OK, print, WRONG_USE, type Command } from "./commands/shell.js";
import { token } from "./commands/token.js";
import { Problem } from "./errors.js";
import { FORMATS } from "./inventory/index.js";
import { describeDatabaseError } from "./store/db.js";
import { ROLES } from "./store/tokens.js";

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
  report add [TEXT]             takes a note of what a customer says, from standard input without TEXT
        [--channel phone]       phone, email, chat, facebook or api
        [--account ID] [--from NAME] [--contact ADDRESS] [--language hu]
  recalibrate [--apply]         fits the weights of linking anew to what agents decided, shows figures of
                                before and after, and applies them once you agree
  inventory import FILE         reads who lives on what, all of it or nothing, and says what changed
        [--format F]            ${Object.keys(FORMATS).join(", ")}
        [--server NAME]         whose file it is, for a panel's file of one server
        [--dry-run] [--force]   only shows it; also where more than a fifth of the domains would go
        [--json]
  inventory lookup WORD         a domain, address, account, server or company: who is that, on what

Exit code 0 on success (up or degraded), 1 on a failed result, 2 on wrong use.
`;

/** Every command, by the word it is called with. */
const COMMANDS: Readonly<Record<string, Command>> = {
  "check-config": checkConfig,
  inventory,
  probe,
  recalibrate,
  replay,
  report,
  token,
};

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
