import cron from "node-cron";
import type { Log } from "../log.js";
import { isDatabaseAway } from "../store/db.js";

cron.setLogger?.({ info() {}, warn() {}, error() {}, debug() {} });

/**
 * Runs `job` by a cron pattern, one at a time; a failure is logged, quietly where the database is
 * away, and the next time comes all the same. The returned function stops it and waits for its end.
 */
export function every(pattern: string, name: string, log: Log, job: () => Promise<void>) {
  let running = Promise.resolve();
  const run = (): Promise<void> => {
    running = job().catch((error: unknown) => {
      if (isDatabaseAway(error)) log.debug({ job: name }, "job.database-away");
      else log.error({ job: name, err: error }, "job.failed");
    });
    return running;
  };
  const task = cron.schedule(pattern, run, { name, noOverlap: true });
  return async (): Promise<void> => {
    await task.destroy();
    await running;
  };
}
