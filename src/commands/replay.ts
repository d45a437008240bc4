import { parseArgs } from "node:util";
import { complain, fromHere, Misuse, OK, type Command } from "./shell.js";

/** Plays a recorded world through extraction and correlation. */
export const replay: Command = async (args) => {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const [world, out, ...more] = positionals;
  if (world === undefined || out === undefined || more.length > 0)
    throw new Misuse("replay needs a WORLD and an OUT");
  // Languages and lexicons are only worth loading here.
  const { replay: play } = await import("../replay.js");
  const count = await play(fromHere(world), fromHere(out), complain);
  complain(`${out}: what came of ${count} reports`);
  return OK;
};
