import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../src/log.js";
import { createDb, migrate, type Db } from "../src/store/db.js";
import { startEmbedded } from "../src/store/embedded.js";
import type { Stage } from "./bench.js";

const STATEMENT_MS = 120_000;

/** An embedded database of its own, as durable as the product's, gone with the measurement. */
export async function openDatabase({ later }: Stage): Promise<Db> {
  const dataDir = mkdtempSync(join(tmpdir(), "tudunk-bench-"));
  chmodSync(dataDir, 0o755);
  later(() => rmSync(dataDir, { recursive: true, force: true }));
  const server = await startEmbedded({ dataDir, log: createLog("silent") });
  later(() => server.stop());
  const db = createDb(server.connection, { statementTimeoutMs: STATEMENT_MS });
  later(() => db.destroy());
  await migrate(db);
  return db;
}

/** How long a step takes (ms). */
export async function timed(step: () => PromiseLike<unknown>): Promise<number> {
  const from = performance.now();
  await step();
  return performance.now() - from;
}
