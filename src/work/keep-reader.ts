import { Worker } from "node:worker_threads";
import type { Inventory } from "../core/inventory.js";
import type { Log } from "../log.js";
import type { Around, Question, Reply, Unread } from "../reader/messages.js";

/** The reading thread, there while there is something to read. */
export interface Reader {
  /**
   * Reads reports in their order; `null` where the thread ends or takes too long over it, and once it
   * was stopped. Rejects where the inventory cannot be loaded.
   */
  read(reports: readonly Unread[], around: Around): Promise<Omit<Reply, "n"> | null>;
  /** Who lives on what has changed: it is loaded again before the next reading. */
  forget(): void;
  stop(): Promise<void>;
}

interface ReaderSettings {
  readonly load: () => Promise<Inventory>;
  readonly log: Log;
  /** Nothing to read for so long ends the thread, which gives its memory back; default 5 min. */
  readonly idleMs?: number;
  /** A reading that takes longer is given up, and the thread with it; default 30 s. */
  readonly patienceMs?: number;
}

/** The compiled thread, also when we ourselves run from source in a test. */
const FILE = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/src/reader/main.js" : "../reader/main.js",
  import.meta.url,
);

/** A text that makes us use more is not read but left to a human. */
const HEAP_MB = 768;

export function keepReader({
  load,
  log,
  idleMs = 300_000,
  patienceMs = 30_000,
}: ReaderSettings): Reader {
  let thread: Worker | null = null;
  let stale = true;
  let stopped = false;
  let n = 0;
  let idle: NodeJS.Timeout | undefined;
  const waiting = new Map<number, (reply: Reply | null) => void>();

  const end = async (): Promise<void> => {
    clearTimeout(idle);
    const ending = thread;
    thread = null;
    stale = true;
    for (const answer of waiting.values()) answer(null);
    waiting.clear();
    await ending?.terminate();
  };

  const start = (): Worker => {
    const born = new Worker(FILE, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    born.on("message", (reply: Reply) => {
      waiting.get(reply.n)?.(reply);
      waiting.delete(reply.n);
    });
    born.on("error", (error) => log.error({ err: error }, "reader.failed"));
    born.once("exit", () => {
      if (thread === born) void end();
    });
    thread = born;
    log.debug("reader.started");
    return born;
  };

  const ask = (to: Worker, question: Question & { readonly kind: "read" }): Promise<Reply | null> =>
    new Promise((answer) => {
      const late = setTimeout(() => void end(), patienceMs);
      waiting.set(question.n, (reply) => {
        clearTimeout(late);
        answer(reply);
      });
      to.postMessage(question);
    });

  const restLater = (): void => {
    clearTimeout(idle);
    idle = setTimeout(() => void end(), idleMs).unref();
  };

  return {
    async read(reports, around) {
      if (stopped) return null;
      clearTimeout(idle);
      const present = thread ?? start();
      if (stale) {
        stale = false;
        const inventory = await load().catch((error: unknown) => {
          stale = true;
          restLater();
          throw error;
        });
        if (thread !== present) return null;
        present.postMessage({ kind: "inventory", inventory } satisfies Question);
      }
      const reply = await ask(present, { kind: "read", n: ++n, reports, around });
      restLater();
      return reply;
    },
    forget() {
      stale = true;
    },
    stop() {
      stopped = true;
      return end();
    },
  };
}
