import { parseArgs } from "node:util";
import { loadConfig } from "../config/load.js";
import { formatMistakes } from "../config/mistakes.js";
import { createTexts } from "../texts.js";
import {
  complain,
  environment,
  FAILED,
  fromHere,
  Misuse,
  OK,
  print,
  type Command,
} from "./shell.js";

/** Reads a configuration and names every mistake in it. */
export const checkConfig: Command = async (args) => {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new Misuse("check-config needs one FILE");
  const loaded = await loadConfig(fromHere(file), {
    env: environment(),
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
};
