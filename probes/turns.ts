/** Keeps us from asking a server more often than is polite. */
export interface Turns {
  /**
   * Resolves when it is our turn at `server`, in the order in which turns were wanted: with 0, or at once with the
   * milliseconds for which the server wants to be left alone, and then it is nobody's turn.
   */
  take(server: string): Promise<number>;
  /** The server wants to be left alone for so many milliseconds. */
  pause(server: string, ms: number): void;
}

interface Queue {
  last: Promise<number>;
  nextAt: number;
  pausedUntil: number;
}

const sleep = (ms: number): Promise<void> =>
  new Promise((done) => {
    // Who waits for a turn does not hold up the end of the process.
    setTimeout(done, ms).unref();
  });

/** Turns at one server come `apartMs` or more after each other. `clock` gives milliseconds. */
export function createTurns(apartMs: number, clock: () => number): Turns {
  const queues = new Map<string, Queue>();
  const queueOf = (server: string): Queue => {
    const known = queues.get(server);
    if (known) return known;
    const queue = { last: Promise.resolve(0), nextAt: -Infinity, pausedUntil: -Infinity };
    queues.set(server, queue);
    return queue;
  };
  return {
    take(server) {
      const queue = queueOf(server);
      queue.last = queue.last.then(async () => {
        const wait = queue.nextAt - clock();
        if (wait > 0 && queue.pausedUntil <= clock()) await sleep(wait);
        const paused = queue.pausedUntil - clock();
        if (paused > 0) return paused;
        queue.nextAt = clock() + apartMs;
        return 0;
      });
      return queue.last;
    },
    pause(server, ms) {
      const queue = queueOf(server);
      queue.pausedUntil = Math.max(queue.pausedUntil, clock() + ms);
    },
  };
}
