import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";

const WORKER = join(import.meta.dirname, "../../dist/src/worker/main.js");

test.each([0, 30, 120, 400, 1_500])(
  "a worker whose parent is gone %i ms after its birth ends by itself",
  { timeout: 20_000 },
  async (afterMs) => {
    const dataDir = mkdtempSync(join(tmpdir(), "tudunk-orphan-"));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    const worker = fork(WORKER, [JSON.stringify({ dataDir, logLevel: "silent" })], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    onTestFinished(() => void worker.kill("SIGKILL"));
    const ended = once(worker, "exit");
    await sleep(afterMs);
    worker.disconnect();
    const [code] = await Promise.race([ended, sleep(8_000, ["still there"])]);
    expect(code).toBe(0);
  },
);
