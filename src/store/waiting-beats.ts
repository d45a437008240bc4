import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Beat } from "../core/heartbeat.js";
import { createTurns } from "../turns.js";

/** Beats that wait on disk while the database is away: a line each, in one file. */
export interface WaitingBeats {
  /** Resolves once the beat would survive a power cut. Rejects where the disk takes nothing more. */
  add(beat: Waiting): Promise<void>;
  /** Hands over all of them, oldest first, and forgets those that `keep` resolved for. */
  handOver(keep: (beats: readonly Waiting[]) => Promise<void>): Promise<number>;
}

interface Waiting extends Beat {
  readonly key: string;
  readonly monitor: string;
  readonly text: string | null;
}

const line = z.object({
  key: z.string().regex(/^[a-z0-9]{12}$/),
  monitor: z.string(),
  at: z.number(),
  signal: z.enum(["success", "start", "fail", "log"]),
  exitStatus: z.number().nullable(),
  run: z.string().nullable(),
  ms: z.number().nullable(),
  text: z.string().nullable(),
});

const PRESENT = "beats.jsonl";
const CLOSED = /^beats\.\d{15}-[0-9a-f]{8}\.jsonl$/;
/** More than this (bytes) is refused: ten thousand jobs that say a lot for an hour, not a flood. */
const MOST_BYTES = 256 * 1_048_576;
const AT_ONCE = 500;

/** Opens `DATA_DIR/beats`; `onUnreadable` is told of a line that holds no beat. */
export function openWaitingBeats(
  folder: string,
  onUnreadable: (path: string) => void,
): WaitingBeats {
  const inTurn = createTurns();
  let lines: string[] = [];
  let writing: Promise<void> | null = null;

  /** All that have come since the last write, in one: a sync costs the same for many. */
  const write = async (): Promise<void> => {
    writing = null;
    const text = lines.join("");
    lines = [];
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(join(folder, PRESENT), "a", 0o600);
    try {
      const { size } = await file.stat();
      if (size + text.length > MOST_BYTES) throw new Error("the spool of beats is full");
      // What an earlier write left unfinished is nobody's: nothing goes on its line.
      await file.appendFile(`\n${text}`);
      await file.sync();
      if (size === 0) await syncFolder(folder);
    } finally {
      await file.close();
    }
  };

  const handOverFile = async (
    path: string,
    keep: (beats: readonly Waiting[]) => Promise<void>,
  ): Promise<number> => {
    const beats = await readBeats(path, onUnreadable);
    for (let from = 0; from < beats.length; from += AT_ONCE)
      await keep(beats.slice(from, from + AT_ONCE));
    await unlink(path);
    return beats.length;
  };

  return {
    add(beat) {
      lines.push(`${JSON.stringify(beat)}\n`);
      return (writing ??= inTurn(write));
    },
    async handOver(keep) {
      // Only this keeps others waiting: the database may take its time.
      await inTurn(() => setAside(folder));
      const names = (await readdir(folder).catch(() => [])).filter((name) => CLOSED.test(name));
      let handed = 0;
      for (const name of names.toSorted()) handed += await handOverFile(join(folder, name), keep);
      return handed;
    },
  };
}

/** Gives the present file a name of its own, so that what comes next begins another. */
async function setAside(folder: string): Promise<void> {
  const at = String(Date.now()).padStart(15, "0");
  const closed = join(folder, `beats.${at}-${randomBytes(4).toString("hex")}.jsonl`);
  await rename(join(folder, PRESENT), closed).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readBeats(path: string, onUnreadable: (path: string) => void): Promise<Waiting[]> {
  const text = await readFile(path, "utf8");
  return text.split("\n").flatMap((row) => {
    if (row === "") return [];
    try {
      return [line.parse(JSON.parse(row))];
    } catch {
      onUnreadable(path);
      return [];
    }
  });
}
