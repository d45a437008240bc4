import type { Log } from "./log.js";

/** Steps that undo a start, run last-in-first-out, each at most once. */
export interface Closing {
  add(name: string, step: () => unknown): void;
  /** Runs every step, newest first; one that fails is logged and the rest still run. */
  run(): Promise<void>;
}

export function createClosing(log: Log): Closing {
  const steps: { name: string; step: () => unknown }[] = [];
  let running: Promise<void> | null = null;
  const runAll = async (): Promise<void> => {
    for (let next = steps.pop(); next; next = steps.pop()) {
      try {
        await next.step();
      } catch (error) {
        log.error({ step: next.name, err: error }, "closing.failed");
      }
    }
  };
  return {
    add: (name, step) => void steps.push({ name, step }),
    run: () => (running ??= runAll()),
  };
}
