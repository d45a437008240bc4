import { mkdir, readFile, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeSynced } from "../synced-file.js";
import type { Batch, Sighting } from "./messages.js";

/**
 * What has been seen and not yet been taken, oldest first. A little is held in memory; whatever
 * nobody takes for a while, and all of it at the end, goes to files that the next worker delivers.
 */
export interface Spool {
  push(sighting: Omit<Sighting, "seq">): void;
  /** The oldest sightings of one stream, those of earlier workers first; `null` when there are none. */
  next(limit: number): Promise<Batch | null>;
  /** Everything of `stream` up to `seq` has been committed and may be forgotten. */
  taken(stream: string, seq: number): Promise<void>;
  /** Writes what has been in memory for `olderThanMs` or longer to disk, synced. */
  settle(olderThanMs: number): Promise<void>;
  /** Finds what a predecessor that was slow to end has left since; it is delivered next. */
  rescan(): Promise<void>;
  readonly size: number;
  /** How long the oldest of them has waited (ms); `Infinity` once any is on disk. */
  readonly waitsMs: number;
}

/** One file: immutable once it has its name, removed when the last of it is taken. */
interface Segment {
  readonly path: string;
  readonly stream: string;
  readonly firstSeq: number;
  readonly bytes: number;
  /** Sightings in it that are not yet taken; unknown (one at least) until it is read. */
  rest: readonly Sighting[] | null;
}

interface SpoolSettings {
  readonly folder: string;
  /** Sorts after every earlier one and is never used again. */
  readonly stream: string;
  readonly clock: () => number;
  readonly log: (event: string, fields: Record<string, unknown>) => void;
  /** More than this on disk (bytes) drops the oldest segment, with a word in the log. */
  readonly maxBytes?: number;
}

const NAME = /^([a-z0-9-]{1,64})\.(\d{12})\.jsonl$/;
/** So many sightings in memory go to disk at once. */
const IN_MEMORY = 4_000;
/** So many are held when the disk takes none; then the oldest are lost, with a word in the log. */
const MOST_IN_MEMORY = 100_000;

const line = z.object({
  seq: z.number(),
  monitor: z.string(),
  lagMs: z.number(),
  traceparent: z.string().optional(),
  result: z.object({
    at: z.string(),
    outcome: z.enum(["up", "degraded", "down", "unknown"]),
    reason: z.string(),
    ms: z.number(),
    timings: z.record(z.string(), z.number()),
    facts: z.record(z.string(), z.unknown()),
  }),
});

/** Opens the folder, with what earlier workers left in it. Rejects when it cannot be written. */
export async function openSpool(settings: SpoolSettings): Promise<Spool> {
  const { folder, stream, clock, log, maxBytes = 1_000_000_000 } = settings;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const segments = await segmentsOf(folder);
  const memory: Sighting[] = [];
  const begun: number[] = [];
  let seq = 0;
  let writing = Promise.resolve();

  const write = async (): Promise<void> => {
    const moved = memory.slice();
    const [first] = moved;
    if (!first) return;
    const path = join(folder, `${stream}.${String(first.seq).padStart(12, "0")}.jsonl`);
    const text = moved.map((sighting) => `${JSON.stringify(sighting)}\n`).join("");
    await writeSynced(path, text);
    // While it was written some may have been taken, from the front.
    const last = moved.at(-1)?.seq ?? 0;
    const kept = memory.filter((sighting) => sighting.seq <= last);
    drop(last);
    if (kept.length === 0) await unlink(path);
    else segments.push({ path, stream, firstSeq: first.seq, bytes: text.length, rest: kept });
    await shed();
  };

  const drop = (upTo: number): void => {
    const n = memory.findIndex((sighting) => sighting.seq > upTo);
    const count = n === -1 ? memory.length : n;
    memory.splice(0, count);
    begun.splice(0, count);
  };

  /** A full spool loses its oldest: what is happening now matters more. */
  const shed = async (): Promise<void> => {
    let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    for (let oldest = segments[0]; bytes > maxBytes && oldest; oldest = segments[0]) {
      segments.shift();
      bytes -= oldest.bytes;
      log("spool.shed", { segment: oldest.path, bytes: oldest.bytes });
      await unlink(oldest.path).catch(() => undefined);
    }
  };

  const settle = (olderThanMs: number): Promise<void> => {
    writing = writing
      .catch(() => undefined)
      .then(async () => {
        const [oldest] = begun;
        if (oldest !== undefined && clock() - oldest >= olderThanMs) await write();
      });
    return writing;
  };

  return {
    push(sighting) {
      memory.push({ seq: ++seq, ...sighting });
      begun.push(clock());
      if (memory.length % IN_MEMORY === 0)
        settle(0).catch((error: unknown) => log("spool.failed", { error: String(error) }));
      if (memory.length > MOST_IN_MEMORY) {
        log("spool.shed", { sightings: IN_MEMORY });
        drop((memory[0]?.seq ?? 0) + IN_MEMORY - 1);
      }
    },
    async next(limit) {
      await writing.catch(() => undefined);
      for (let segment = segments[0]; segment; segment = segments[0]) {
        segment.rest ??= await readSegment(segment, log);
        const [first] = segment.rest;
        if (first) return { stream: segment.stream, sightings: segment.rest.slice(0, limit) };
        segments.splice(segments.indexOf(segment), 1);
        await unlink(segment.path).catch(() => undefined);
      }
      return memory.length > 0 ? { stream, sightings: memory.slice(0, limit) } : null;
    },
    async taken(of, upTo) {
      const segment = segments.find((each) => each.stream === of && each.rest);
      if (segment?.rest) {
        segment.rest = segment.rest.filter((sighting) => sighting.seq > upTo);
        if (segment.rest.length === 0) {
          segments.splice(segments.indexOf(segment), 1);
          await unlink(segment.path).catch(() => undefined);
        }
      }
      if (of === stream) drop(upTo);
    },
    settle,
    async rescan() {
      const found = await segmentsOf(folder);
      const known = new Set(segments.map(({ path }) => path));
      segments.unshift(...found.filter((each) => each.stream < stream && !known.has(each.path)));
    },
    get size() {
      return memory.length + segments.reduce((sum, { rest }) => sum + (rest?.length ?? 1), 0);
    },
    get waitsMs() {
      const [oldest] = begun;
      if (segments.length > 0) return Infinity;
      return oldest === undefined ? 0 : clock() - oldest;
    },
  };
}

async function segmentsOf(folder: string): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const [, stream, first] = NAME.exec(name) ?? [];
    if (!stream || !first) continue;
    const found = await stat(path).catch(() => null);
    if (found)
      segments.push({ path, stream, firstSeq: Number(first), bytes: found.size, rest: null });
  }
  return segments;
}

/** The sightings of a file; a torn or foreign line is left out and named in the log. */
async function readSegment(
  { path }: Segment,
  log: SpoolSettings["log"],
): Promise<readonly Sighting[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const sightings: Sighting[] = [];
  for (const row of text.split("\n")) {
    if (row === "") continue;
    const sighting = readLine(row);
    if (sighting) sightings.push(sighting);
    else log("spool.unreadable", { path });
  }
  return sightings;
}

function readLine(row: string): Sighting | null {
  try {
    const parsed = line.safeParse(JSON.parse(row));
    return parsed.success ? (parsed.data as Sighting) : null;
  } catch {
    return null;
  }
}
