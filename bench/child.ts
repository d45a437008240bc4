import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Stage } from "./bench.js";

/** A helper of ours in a process of its own, asked and answering one thing at a time. */
export interface Child {
  readonly pid: number;
  ask<T>(question: unknown): Promise<T>;
}

/** Forks `bench/FILE.js`; ends with the measurement. */
export function forkChild(
  { later }: Stage,
  file: string,
  { core = null }: { readonly core?: number | null } = {},
): Child {
  const path = fileURLToPath(new URL(`./${file}.js`, import.meta.url));
  const pinned =
    core === null ? {} : { execPath: "taskset", execArgv: ["-c", String(core), process.execPath] };
  const child = fork(path, [], {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    ...pinned,
  });
  later(() => end(child));
  const waiting: { done: (said: unknown) => void; failed: (error: Error) => void }[] = [];
  child.on("message", (said) => waiting.shift()?.done(said));
  child.on("exit", () => {
    for (const one of waiting.splice(0)) one.failed(new Error(`${file} has ended`));
  });
  return {
    pid: child.pid ?? 0,
    // Answers come in the order of the questions.
    ask: <T>(question: unknown) =>
      new Promise<T>((done, failed) => {
        waiting.push({ done: (said) => done(said as T), failed });
        child.send(question as object);
      }),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** In the child: answers every question, in order; ends with its parent. */
export function answering<Question>(answer: (question: Question) => unknown): void {
  let turn: Promise<unknown> = Promise.resolve();
  process.on("message", (question: Question) => {
    turn = turn.then(async () => process.send?.((await answer(question)) ?? null));
  });
  process.on("disconnect", () => process.exit(0));
}
