import { startApp, type App } from "./app.js";
import { Problem } from "./errors.js";
import { createLog } from "./log.js";
import { readSettings } from "./settings.js";
import { startTracing } from "./tracing.js";

/** Wrong use or settings: whoever started us must not simply try again. */
const WRONG_USE = 2;
const GRACE_MS = 9_000;
const OWNS_MS = 2_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const read = readSettings(process.env);
if (!read.ok) {
  say(["These settings are wrong:", ...read.mistakes.map((line) => `  ${line}`)].join("\n"));
  process.exit(WRONG_USE);
}
const { settings } = read;
const log = createLog(settings.logLevel);
const tracing = await startTracing(process.env);
if (tracing.note) say(tracing.note);

const ending = new AbortController();
let app: App | null = null;
let starting: Promise<App> | null = null;

/** Drains once, however often it is asked; a second clock ends it all where that hangs. */
async function end(code: number): Promise<void> {
  if (ending.signal.aborted) return;
  ending.abort();
  setTimeout(() => giveUp(), GRACE_MS).unref();
  const begun = await starting?.catch(() => null);
  await begun?.stop();
  await tracing.stop();
  process.exit(code);
}

/** Leaves at once, and nothing behind. */
function giveUp(): void {
  for (const pid of app?.pids() ?? []) {
    try {
      process.kill(pid, "SIGQUIT");
    } catch {
      // It has ended by itself.
    }
  }
  process.exit(1);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end(0));
// Whoever started us is gone: nobody would stop us any more.
process.on("disconnect", () => void end(0));
process.on("SIGHUP", () => app?.reload());
// What has to end with us where we do not drain in time, told to whoever started us.
setInterval(
  () => process.connected && process.send?.({ owns: app?.pids() ?? [] }),
  OWNS_MS,
).unref();

try {
  starting = startApp({ settings, env: process.env, log, say, ending: ending.signal });
  app = await starting;
  if (!ending.signal.aborted) process.stdout.write(`Tudunk is ready: ${app.url}\n`);
  await app.failed;
} catch (error) {
  if (!(error instanceof Problem)) log.fatal({ err: error }, "program.failed");
  say(error instanceof Error ? error.message : String(error));
  await end(error instanceof Problem ? WRONG_USE : 1);
}
