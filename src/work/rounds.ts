import type { Log } from "../log.js";
import { isDatabaseAway } from "../store/db.js";

/** Work that goes round once a second, and at once when it is woken. */
export interface Rounds {
  wake(): void;
  /** Resolves once the round under way has ended. */
  stop(): Promise<void>;
}

const TICK_MS = 1_000;

/**
 * Goes round until it is stopped, one round at a time. A round is told whether it was woken; one that
 * fails is logged, once for each spell where the database is away, and the next comes all the same.
 */
export function goRound(name: string, log: Log, round: (woken: boolean) => Promise<void>): Rounds {
  let woken = true;
  let stopped = false;
  let failing = false;
  let wakeUp = (): void => undefined;

  const rest = async (): Promise<void> => {
    if (woken || stopped) return;
    await new Promise<void>((done) => {
      const timer = setTimeout(done, TICK_MS);
      wakeUp = () => {
        clearTimeout(timer);
        done();
      };
    });
  };

  const loop = async (): Promise<void> => {
    while (!stopped) {
      const was = woken;
      woken = false;
      try {
        await round(was);
        failing = false;
      } catch (error) {
        if (!failing || !isDatabaseAway(error))
          log.warn({ round: name, err: error }, "round.failed");
        failing = true;
        woken = false;
      }
      await rest();
    }
  };
  const running = loop();

  const wake = (): void => {
    woken = true;
    wakeUp();
  };
  return {
    wake,
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}
