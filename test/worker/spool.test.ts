import { appendFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openSpool, type Spool } from "../../src/worker/spool.js";
import type { Sighting } from "../../src/worker/messages.js";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "tudunk-spool-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const notes: string[] = [];
let ms = 0;
const open = (path: string, stream: string, maxBytes?: number): Promise<Spool> =>
  openSpool({
    folder: path,
    stream,
    clock: () => ms,
    log: (event) => void notes.push(event),
    ...(maxBytes !== undefined && { maxBytes }),
  });

const sighting = (monitor: string): Omit<Sighting, "seq"> => ({
  monitor,
  lagMs: 0,
  result: {
    at: "2026-11-21T10:00:00.000Z",
    outcome: "up",
    reason: "ok",
    ms: 1,
    timings: {},
    facts: {},
  },
});
const fill = (spool: Spool, ...names: string[]): void =>
  names.forEach((name) => spool.push(sighting(name)));
const monitors = (list: readonly Sighting[] | undefined): string[] =>
  (list ?? []).map(({ monitor }) => monitor);

/** Takes everything, as a main that commits each batch would. */
async function drain(spool: Spool, limit = 2): Promise<string[]> {
  const taken: string[] = [];
  for (let batch = await spool.next(limit); batch; batch = await spool.next(limit)) {
    taken.push(...monitors(batch.sightings));
    await spool.taken(batch.stream, batch.sightings.at(-1)?.seq ?? 0);
  }
  return taken;
}

test("what is pushed comes out in order, and only what was taken is forgotten", async () => {
  const spool = await open(await folder(), "s1");
  fill(spool, "a", "b", "c");
  expect(monitors((await spool.next(2))?.sightings)).toEqual(["a", "b"]);
  expect(monitors((await spool.next(2))?.sightings)).toEqual(["a", "b"]);
  await spool.taken("s1", 2);
  fill(spool, "d");
  expect(await drain(spool)).toEqual(["c", "d"]);
});

test("what nobody took is delivered by the next worker, before its own, under its old numbers", async () => {
  const path = await folder();
  const first = await open(path, "s1");
  fill(first, "a", "b", "c");
  await first.taken("s1", 1);
  await first.settle(0);
  const second = await open(path, "s2");
  fill(second, "d");
  expect(await second.next(10)).toMatchObject({
    stream: "s1",
    sightings: [
      { seq: 2, monitor: "b" },
      { seq: 3, monitor: "c" },
    ],
  });
  expect(await drain(second)).toEqual(["b", "c", "d"]);
  expect(await readdir(path)).toEqual([]);
});

test("only what has waited long enough goes to disk", async () => {
  const path = await folder();
  const spool = await open(path, "s1");
  ms = 0;
  fill(spool, "a");
  ms = 1_999;
  await spool.settle(2_000);
  expect(await readdir(path)).toEqual([]);
  ms = 2_000;
  await spool.settle(2_000);
  expect(await readdir(path)).toHaveLength(1);
  expect(await drain(spool)).toEqual(["a"]);
});

test("a batch that is taken while it is being written is not delivered twice", async () => {
  const spool = await open(await folder(), "s1");
  fill(spool, "a", "b", "c");
  await spool.next(2);
  const settling = spool.settle(0);
  await spool.taken("s1", 2);
  await settling;
  expect(await drain(spool)).toEqual(["c"]);
});

test("a torn line and a foreign file cost nothing but themselves", async () => {
  const path = await folder();
  const first = await open(path, "s1");
  fill(first, "a", "b");
  await first.settle(0);
  const [name = ""] = await readdir(path);
  await appendFile(join(path, name), '{"seq":3,"monitor":"c","resu');
  await appendFile(join(path, "README"), "not ours");
  notes.length = 0;
  expect(await drain(await open(path, "s2"))).toEqual(["a", "b"]);
  expect(notes).toEqual(["spool.unreadable"]);
  expect(await readdir(path)).toEqual(["README"]);
});

test("a full spool loses its oldest and says so", async () => {
  const path = await folder();
  const spool = await open(path, "s1", 400);
  for (const name of ["a", "b", "c"]) {
    fill(spool, name);
    await spool.settle(0);
  }
  notes.length = 0;
  fill(spool, "d");
  await spool.settle(0);
  expect(notes).toContain("spool.shed");
  const left = await drain(spool);
  expect(left.at(-1)).toBe("d");
  expect(left).not.toContain("a");
});

test("what a predecessor writes after its successor has begun is found and delivered once", async () => {
  const path = await folder();
  const former = await open(path, "a");
  fill(former, "late1", "late2");
  const spool = await open(path, "b");
  fill(spool, "own1");
  expect((await spool.next(10))?.stream).toBe("b");
  await former.settle(0);
  await spool.rescan();
  await spool.rescan();
  await spool.taken("b", 1);
  const batch = await spool.next(10);
  expect(batch?.stream).toBe("a");
  expect(monitors(batch?.sightings)).toEqual(["late1", "late2"]);
  await spool.taken("a", 2);
  await spool.rescan();
  expect(await spool.next(10)).toBe(null);
  expect(await readdir(path)).toEqual([]);
});
