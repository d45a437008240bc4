import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { DeepLook } from "../core/deep-probe.js";
import type { Log } from "../log.js";
import type { Metrics } from "../metrics.js";
import { describeDatabaseError, isDatabaseAway } from "../store/db.js";
import type {
  Batch,
  Birth,
  LookResult as Result,
  Order,
  Sights,
  Watch,
  Word,
} from "../worker/messages.js";

/** The probe process, kept alive: whatever ends it, it is there again within seconds. */
export interface WorkerKeeper {
  watch(add: readonly Watch[], drop: readonly string[]): void;
  setSights(sights: Sights): void;
  lookNow(monitors: readonly string[]): void;
  /** Looks once, at addresses in `allow` only; `null` where the worker has no answer in time. */
  lookOnce(looks: readonly DeepLook[], allow: readonly string[]): Promise<readonly Result[] | null>;
  /** When it last spoke; `null` before its first word. */
  readonly wordAt: Date | null;
  readonly blind: boolean;
  /** Whether all it saw until a moment ago has been taken: only then is an old result a monitor unseen. */
  readonly current: boolean;
  /** Why what it saw cannot be stored now, in words; `null` while it can. */
  readonly refused: string | null;
  readonly pid: number | null;
  /** Lets it put what nobody took on disk; resolves when it is gone, after 6 s at the latest. */
  stop(): Promise<void>;
}

interface KeeperSettings {
  readonly birth: Birth;
  readonly sights: Sights;
  /** Everything to be watched, for a worker that has just been born. */
  readonly watches: () => readonly Watch[];
  /** Resolves once the batch is committed. */
  readonly take: (batch: Batch) => Promise<void>;
  readonly now: () => Date;
  readonly log: Log;
  /** Says one line in the terminal. */
  readonly say: (line: string) => void;
  readonly metrics: Metrics;
}

const AT_ONCE = 1_000;
const BACKOFF_MS = { first: 200, most: 5_000 };
const LOOK_MS = 5_000;
/** A word older than this says nothing of the present. */
const CURRENT_MS = 3_000;
/** A worker that has said nothing for so long hangs, and is replaced. */
const SILENT_MS = 30_000;
const END_MS = 6_000;
/** Looks asked for once end after 4 s; who has said nothing by then (ms) is gone. */
const ONCE_MS = 6_000;

/** The compiled worker, also when we ourselves run from source in a test. */
const FILE = fileURLToPath(
  import.meta.url.endsWith(".ts")
    ? new URL("../../dist/src/worker/main.js", import.meta.url)
    : new URL("../worker/main.js", import.meta.url),
);

export function keepWorker(settings: KeeperSettings): WorkerKeeper {
  const { birth, watches, take, now, log, say, metrics } = settings;
  let sights = settings.sights;
  let child: ChildProcess | null = null;
  let wordAt: Date | null = null;
  let heardMs = performance.now();
  let blind = false;
  let behind = true;
  let stopping = false;
  let waitMs = BACKOFF_MS.first;
  let refused: string | null = null;
  const asked = new Map<number, (results: readonly Result[]) => void>();
  let questions = 0;

  const tell = (order: Order): void => {
    if (child?.connected) child.send(order, () => undefined);
  };

  const tellWatches = (add: readonly Watch[]): void => {
    for (let from = 0; from < add.length; from += AT_ONCE)
      tell({ kind: "watch", add: add.slice(from, from + AT_ONCE), drop: [] });
  };

  const hear = (word: Word): void => {
    heardMs = performance.now();
    switch (word.kind) {
      case "batch":
        void receive(word.batch);
        break;
      case "looked-once":
        asked.get(word.n)?.(word.results);
        break;
      case "word":
        wordAt = now();
        blind = word.blind;
        behind = word.behind;
        waitMs = BACKOFF_MS.first;
        metrics.workerMissed.set(word.missed);
        metrics.workerSpooled.set(word.spooled);
        metrics.workerWordSeconds.set(wordAt.getTime() / 1_000);
        break;
    }
  };

  const receive = async (batch: Batch): Promise<void> => {
    const from = child;
    const answer = (order: Order): void => {
      if (child === from) tell(order);
    };
    try {
      await take(batch);
      if (refused !== null) say("What the worker saw is stored again.");
      refused = null;
      answer({ kind: "taken", stream: batch.stream, seq: batch.sightings.at(-1)?.seq ?? 0 });
    } catch (error) {
      // Said once for each spell: the worker offers the same batch again every second.
      if (refused === null || !isDatabaseAway(error))
        log.warn({ err: error, results: batch.sightings.length }, "results.not-taken");
      const reason = describeDatabaseError(error);
      if (refused === null) say(`What the worker sees cannot be stored, and waits: ${reason}`);
      refused = reason;
      answer({ kind: "refused", stream: batch.stream });
    }
  };

  const start = (): void => {
    heardMs = performance.now();
    behind = true;
    const born = fork(FILE, [JSON.stringify(birth)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: ["--enable-source-maps", "--max-semi-space-size=4"],
    });
    child = born;
    born.on("message", (word) => hear(word as Word));
    born.on("error", (error) => log.error({ err: error }, "worker.failed"));
    born.once("exit", (code, signal) => {
      if (child === born) child = null;
      if (stopping) return;
      log.error({ pid: born.pid, code, signal, againMs: waitMs }, "worker.died");
      setTimeout(() => !stopping && start(), waitMs).unref();
      waitMs = Math.min(2 * waitMs, BACKOFF_MS.most);
    });
    log.info({ pid: born.pid }, "worker.started");
    tell({ kind: "sights", sights });
    tellWatches(watches());
  };

  let lookedMs = performance.now();
  const looking = setInterval(() => {
    const at = performance.now();
    // Where we ourselves stood still, its words are still waiting to be read.
    const awake = at - lookedMs < 2 * LOOK_MS;
    lookedMs = at;
    if (!awake || at - heardMs < SILENT_MS || !child) return;
    log.error({ pid: child.pid }, "worker.silent");
    child.kill("SIGKILL");
  }, LOOK_MS);

  start();

  return {
    watch(add, drop) {
      if (drop.length > 0) tell({ kind: "watch", add: [], drop });
      tellWatches(add);
    },
    setSights(next) {
      sights = next;
      tell({ kind: "sights", sights });
    },
    lookNow: (monitors) => monitors.length > 0 && tell({ kind: "look-now", monitors }),
    lookOnce(looks, allow) {
      const n = ++questions;
      return new Promise((answer) => {
        const late = setTimeout(() => (asked.delete(n), answer(null)), ONCE_MS);
        asked.set(n, (results) => {
          clearTimeout(late);
          asked.delete(n);
          answer(results.length === looks.length ? results : null);
        });
        tell({ kind: "look-once", n, looks, allow });
      });
    },
    get wordAt() {
      return wordAt;
    },
    get blind() {
      return blind;
    },
    get current() {
      return !behind && performance.now() - heardMs < CURRENT_MS;
    },
    get refused() {
      return refused;
    },
    get pid() {
      return child?.pid ?? null;
    },
    async stop() {
      stopping = true;
      clearInterval(looking);
      const last = child;
      if (!last) return;
      const gone = new Promise<void>((done) => void last.once("exit", () => done()));
      const late = setTimeout(() => last.kill("SIGKILL"), END_MS);
      tell({ kind: "stop" });
      await gone;
      clearTimeout(late);
    },
  };
}
