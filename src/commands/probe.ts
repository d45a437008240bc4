import { parseArgs } from "node:util";
import { parse } from "yaml";
import { milliseconds } from "../../probes/duration.js";
import { PROBES } from "../../probes/index.js";
import { readableReport } from "../../probes/report.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { FAILED, Misuse, OK, print, type Command } from "./shell.js";

/** Runs one probe now and prints what it saw. */
export const probe: Command = async (args) => {
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
};

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
