import { perform } from "../bench.js";
import { enterNetwork, layNetwork } from "./network.js";
import { OURS, runOurs } from "./run-ours.js";
import { runTheirs, THEIRS } from "./run-theirs.js";
import { closing, lineOf, type Judged } from "./table.js";

/** Faults on our side and faults of customers' services, on the real program: who is told what. */
async function main(): Promise<number> {
  const inside = await enterNetwork();
  if (inside !== null) return inside;
  const words = process.argv.slice(2);
  const names = [...OURS, ...THEIRS].map(({ name }) => name);
  const wrong = words.filter((word) => !names.some((name) => name.includes(word)));
  if (wrong.length > 0) {
    console.error(`There is no case ${wrong.join(", ")}; there are:\n${names.join("\n")}`);
    return 2;
  }
  const wanted = (name: string): boolean =>
    words.length === 0 || words.some((word) => name.includes(word));
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.abort());
  const judged: Judged[] = [];
  const note = (one: Judged): void => {
    judged.push(one);
    console.log(lineOf(one));
  };
  const network = layNetwork();
  for (const run of [runOurs, runTheirs])
    await perform(
      (stage) => run(stage, network, wanted, note),
      () => undefined,
      stopping.signal,
    );
  const { text, ok } = closing(judged);
  console.log(text);
  return ok ? 0 : 1;
}

process.exitCode = await main();
