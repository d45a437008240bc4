import { resolve } from "node:path";
import { createLog } from "../log.js";
import { readSettings, type Settings } from "../settings.js";
import { createDb, migrate, type Db } from "../store/db.js";
import { borrowEmbedded } from "../store/embedded.js";

export const OK = 0;
export const FAILED = 1;
export const WRONG_USE = 2;

/** One command: its arguments in, its exit code out. */
export type Command = (args: string[]) => Promise<number>;

/** What the shell wants: text on standard output is for scripts, everything else on standard error. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`);
export const complain = (text: string): void => void process.stderr.write(`${text}\n`);

/** A path as whoever typed it means it: npm starts us in another folder than they are in. */
export const fromHere = (path: string): string => resolve(process.env["INIT_CWD"] ?? ".", path);

export const environment = (): NodeJS.ProcessEnv => process.env;

/** Wrong use: one line that says what to do instead. */
export class Misuse extends Error {}

/** Beside a running program on its database, or without one. */
export async function withDatabase<T>(use: (db: Db) => Promise<T>): Promise<T> {
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

export function settingsOrMisuse(): Settings {
  const read = readSettings(process.env);
  if (!read.ok) throw new Misuse(read.mistakes.join("; "));
  return read.settings;
}
