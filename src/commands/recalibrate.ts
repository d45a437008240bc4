import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import {
  LEAST_REPORTS,
  recalibrate as refit,
  type Figures,
} from "../core/correlate/recalibrate.js";
import { SHIPPED } from "../core/correlate/weights.js";
import { findWeights, listLabelled, saveWeights } from "../store/weights.js";
import { complain, FAILED, Misuse, OK, print, withDatabase, type Command } from "./shell.js";

/** Fits the weights of correlation anew to what agents decided, and applies them once somebody agrees. */
export const recalibrate: Command = async (args) => {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { apply: { type: "boolean", default: false } },
  });
  if (positionals.length > 0) throw new Misuse("recalibrate needs no words, only --apply perhaps");
  return withDatabase(async (db) => {
    const now = new Date();
    const from = (await findWeights(db)) ?? SHIPPED;
    const labelled = await listLabelled(db, now);
    const reports = new Set(labelled.map(({ report }) => report)).size;
    complain(`${reports} reports that people have decided on …`);
    const fitted = refit(labelled, from);
    if (!fitted) {
      complain(`At least ${LEAST_REPORTS} are needed; nothing was changed.`);
      return FAILED;
    }
    print(tableOf(fitted.before, fitted.after));
    if (!values.apply && !(await agrees())) {
      complain("Nothing was changed. With --apply the new weights come into force.");
      return OK;
    }
    await saveWeights(db, fitted, { by: "cli", now });
    complain(`Version ${fitted.weights.version} is in force from the next report on.`);
    return OK;
  });
};

const ROWS: readonly (readonly [keyof Figures, string])[] = [
  ["autoPrecision", "linked at once: rightly"],
  ["autoRecall", "linked at once: of all that belong"],
  ["top1", "the right one first"],
  ["calibrationError", "calibration error"],
];

function tableOf(before: Figures, after: Figures): string {
  const shown = (value: number | null): string => (value === null ? "–" : value.toFixed(3));
  return [
    ["", "now", "anew"],
    ...ROWS.map(([key, name]) => [name, shown(before[key]), shown(after[key])]),
  ]
    .map(([name = "", ...cells]) => name.padEnd(36) + cells.map((one) => one.padStart(8)).join(""))
    .join("\n");
}

/** Asks whoever sits at the terminal; a script has to say so. */
async function agrees(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asking.question("Put the new weights into force? [y/N] ");
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}
