import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { keepBeats, listBeats, type KeptBeat } from "../../src/store/beats.js";
import { createDb } from "../../src/store/db.js";
import { openWaitingBeats } from "../../src/store/waiting-beats.js";
import { handOverWaiting } from "../../src/work/hand-over-beats.js";
import { freshDb } from "../support/postgres.js";
import { newId, silent, START } from "../support/watched.js";

const aBeat = (more: Partial<KeptBeat> = {}): KeptBeat => ({
  key: newId(),
  monitor: "backup",
  at: START.getTime(),
  signal: "success",
  exitStatus: null,
  run: null,
  ms: null,
  text: null,
  ...more,
});

function spool() {
  const folder = mkdtempSync(join(tmpdir(), "tudunk-beats-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const unreadable: string[] = [];
  return { folder, unreadable, waiting: openWaitingBeats(folder, (path) => unreadable.push(path)) };
}

test("a beat is kept once, whoever brings it how often", async () => {
  const { db } = await freshDb();
  const [one, two] = [aBeat({ text: "fine" }), aBeat({ at: START.getTime() - 5 })];
  await keepBeats(db, [one]);
  await Promise.all(Array.from({ length: 10 }, () => keepBeats(db, [one, two])));
  const listed = await listBeats(db, ["backup"], 10);
  expect(listed.map(({ num: _num, ...beat }) => beat)).toEqual([two, one]);
  expect(await listBeats(db, ["other"], 10)).toEqual([]);
});

test("what waited on disk comes into the database whole, oldest file first, and leaves nothing", async () => {
  const { db } = await freshDb();
  const { folder, waiting } = spool();
  const beats = Array.from({ length: 1_203 }, (_, n) => aBeat({ at: START.getTime() + n }));
  await Promise.all(beats.map((beat) => waiting.add(beat)));
  await handOverWaiting({ db, waiting, log: silent });
  const listed = await listBeats(db, ["backup"], 2_000);
  expect(listed.map(({ key }) => key)).toEqual(beats.map(({ key }) => key));
  expect(readdirSync(folder)).toEqual([]);
  await handOverWaiting({ db, waiting, log: silent });
  expect(await db("beats").count()).toEqual([{ count: 1_203 }]);
});

test("a line that was cut off by a crash costs no other", async () => {
  const { db } = await freshDb();
  const { folder, waiting, unreadable } = spool();
  await waiting.add(aBeat({ run: "first" }));
  appendFileSync(join(folder, "beats.jsonl"), '{"key":"abcdefgh');
  await openWaitingBeats(folder, () => undefined).add(aBeat({ run: "second" }));
  await handOverWaiting({ db, waiting, log: silent });
  expect((await listBeats(db, ["backup"], 9)).map(({ run }) => run)).toEqual(["first", "second"]);
  expect(unreadable).toHaveLength(1);
});

test("while the database is away all of it waits on, and what comes meanwhile goes behind it", async () => {
  const { db } = await freshDb();
  const { folder, waiting } = spool();
  const away = createDb({ url: "postgres://nobody@127.0.0.1:1/none" });
  onTestFinished(() => away.destroy());
  await waiting.add(aBeat({ run: "first" }));
  await expect(handOverWaiting({ db: away, waiting, log: silent })).rejects.toThrow(/ECONNREFUSED/);
  await waiting.add(aBeat({ run: "second" }));
  expect(readdirSync(folder)).toHaveLength(2);
  await handOverWaiting({ db, waiting, log: silent });
  expect((await listBeats(db, ["backup"], 9)).map(({ run }) => run)).toEqual(["first", "second"]);
});

test("one that the database will never take keeps no other", async () => {
  const { db } = await freshDb();
  await db.raw("alter table beats add check (monitor <> 'never')");
  const { folder, waiting } = spool();
  for (const monitor of ["never", "backup"]) await waiting.add(aBeat({ monitor }));
  await handOverWaiting({ db, waiting, log: silent });
  expect(await db("beats").pluck("monitor")).toEqual(["backup"]);
  expect(readdirSync(folder)).toEqual([]);
});

test("a disk that takes nothing is said, and the next beat may go through", async () => {
  const { folder } = spool();
  const blocked = join(folder, "file");
  writeFileSync(blocked, "");
  const broken = openWaitingBeats(join(blocked, "beats"), () => undefined);
  await expect(broken.add(aBeat())).rejects.toThrow(/ENOTDIR|EEXIST/);
  rmSync(blocked);
  await broken.add(aBeat({ run: "kept" }));
  expect(readFileSync(join(blocked, "beats/beats.jsonl"), "utf8")).toContain('"run":"kept"');
});
