import { execFileSync } from "node:child_process";
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi, type TestContext } from "vitest";
import { clock, compare, measured, startSink, startTarget, watching } from "../support/ledger.js";
import { canPause, embeddedDb, programFolder, startProgram } from "../support/program.js";
import { storedResults, type Program } from "../support/program.js";

/** Enough to fill the pages that the database has room for in seconds. */
const IDS = Array.from({ length: 24 }, (_, n) => `web${n}`);
const DISK_MB = 320;
/** A segment and more of write-ahead log, and nothing else. */
const WRITE_AHEAD = `select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))
  from generate_series(1, 40)`;

test.skipIf(!canPause)(
  "a disk that fills up is named, loses and opens nothing, and all goes on once there is room",
  { timeout: 180_000 },
  async (context) => {
    const disk = smallDisk(context);
    const target = await startTarget();
    const sink = await startSink();
    const program = await startProgram({
      config: watching(target, IDS, { channels: [sink.channel] }),
      dataDir: programFolder(disk),
    });
    await vi.waitFor(() => expect(target.arrivals("web23").length).toBeGreaterThan(3), 10_000);
    const db = embeddedDb(program.dataDir);
    const from = clock();
    const free = fill(disk);

    // The server still runs, and cannot make a table longer.
    await vi.waitFor(
      async () => {
        expect(await readiness(program)).toMatch(/disk of (the database|.*) is full/);
      },
      { timeout: 60_000, interval: 500 },
    );
    const namedMs = clock() - from;
    expect(program.said()).toMatch(/cannot be stored, and waits: The disk of/);
    for (const until = clock() + 8_000; clock() < until; await sleep(1_000))
      expect((await fetch(program.url)).status).toBe(200);

    // Nor its write-ahead log: now it ends, and cannot start.
    await vi.waitFor(
      async () => {
        await db.raw(WRITE_AHEAD).catch(() => undefined);
        expect(program.said()).toMatch(/is full: the embedded PostgreSQL cannot start/);
      },
      { timeout: 30_000, interval: 500 },
    );
    for (const until = clock() + 8_000; clock() < until; await sleep(1_000))
      expect((await fetch(program.url)).status).toBe(200);
    expect(program.said().match(/^The disk of .* cannot start/gm)).toHaveLength(1);

    free();
    const freed = clock();
    await vi.waitFor(async () => expect(await readiness(program)).toContain('"degraded":[]'), {
      timeout: 60_000,
      interval: 200,
    });
    const recoveredMs = clock() - freed;
    await sleep(3_000);
    const until = clock() - 1_500;
    const stored = await storedResults(db);
    for (const id of IDS) {
      const own = stored.filter(({ monitor }) => monitor === id);
      expect({ id, ...compare(target.arrivals(id), own, until) }).toMatchObject({
        id,
        lost: [],
        invented: [],
        doubled: 0,
      });
    }
    expect(stored.filter(({ outcome }) => outcome !== "up")).toEqual([]);
    expect(await db("incidents").select("id")).toEqual([]);
    expect(sink.received).toEqual([]);
    expect(program.logged("worker.died")).toEqual([]);
    measured({ fault: "disk full", namedMs, fullMs: freed - from, recoveredMs });
    expect((await program.stop()).code).toBe(0);
  },
);

/** A file system of its own, unmounted when all that ran on it is gone. */
function smallDisk(context: TestContext): string {
  if (process.getuid?.() !== 0) context.skip("needs root");
  const folder = mkdtempSync(join(tmpdir(), "tudunk-disk-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const options = `size=${DISK_MB}m,mode=0755`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    context.skip("may not mount here");
  }
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  chmodSync(folder, 0o755);
  return folder;
}

/** Takes all the room there is; the returned function gives it back. */
function fill(disk: string): () => void {
  const file = join(disk, "filler");
  const descriptor = openSync(file, "w");
  for (let bytes = Buffer.alloc(1 << 20); bytes.length >= 512;) {
    try {
      writeSync(descriptor, bytes);
    } catch {
      bytes = bytes.subarray(0, bytes.length / 2);
    }
  }
  closeSync(descriptor);
  return () => rmSync(file);
}

const readiness = async (program: Program): Promise<string> =>
  (await fetch(`${program.url}/readyz`)).text();
