import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { loadConfig } from "../../src/config/load.js";
import { watchConfig, type ConfigWatch } from "../../src/config/watch.js";
import { createLog } from "../../src/log.js";

interface Watched {
  readonly folder: string;
  readonly file: string;
  /** Site names taken and messages of what was refused, in order. */
  readonly told: string[];
  readonly watching: ConfigWatch;
}

async function watched(
  text: string | null,
  inside = "tudunk.yaml",
  pollMs = 60_000,
): Promise<Watched> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "tudunk-watch-"));
  const file = path.join(folder, inside);
  if (text !== null) await writeFile(file, text);
  const told: string[] = [];
  const watching = watchConfig({
    path: file,
    load: () => loadConfig(file, { env: {}, languages: ["en"] }),
    onLoaded: (config) => void told.push(config.site.name),
    onRejected: (mistakes) => void told.push(`no: ${mistakes[0]?.message}`),
    log: createLog("silent"),
    pollMs,
  });
  onTestFinished(async () => {
    await watching.stop();
    await rm(folder, { recursive: true });
  });
  await watching.reload();
  return { folder, file, told, watching };
}

const site = (name: string): string => `site: { name: ${name} }\n`;
const MISSING = 'no: the file "ip.txt" does not exist';
/** What was told once `count` words have been, but at most after the second that a change may take. */
async function soon(told: readonly string[], count: number): Promise<readonly string[]> {
  const until = performance.now() + 1_000;
  while (told.length < count && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 10));
  return [...told];
}
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 450));

test("a change is taken within a second, and several at once only as the last one", async () => {
  const { file, told } = await watched(site("a"));
  expect(told).toEqual(["a"]);
  for (const name of ["b", "c", "d"]) await writeFile(file, site(name));
  expect(await soon(told, 2)).toEqual(["a", "d"]);
  await quiet();
  expect(told).toEqual(["a", "d"]);
});

test("a file that an editor writes beside and renames is noticed each time", async () => {
  const { file, told } = await watched(site("a"));
  for (const name of ["b", "c"]) {
    await writeFile(`${file}.new`, site(name));
    await rename(`${file}.new`, file);
    const expected = name === "b" ? ["a", "b"] : ["a", "b", "c"];
    expect(await soon(told, expected.length)).toEqual(expected);
  }
});

test("a broken and then a vanished file are refused, and what is right again is taken", async () => {
  const { file, told } = await watched(site("a"));
  await writeFile(file, "sit: {}\n");
  expect(await soon(told, 2)).toEqual(["a", "no: unknown key"]);
  await rm(file);
  expect(await soon(told, 3)).toEqual(["a", "no: unknown key", "no: the file does not exist"]);
  await writeFile(file, site("b"));
  expect(await soon(told, 4)).toEqual(["a", "no: unknown key", "no: the file does not exist", "b"]);
});

test("a file that appears later is taken, in a folder that appears later by the slow look", async () => {
  const { folder, told, file } = await watched(null, "later/tudunk.yaml", 100);
  expect(told).toEqual(["no: the file does not exist"]);
  await mkdir(path.join(folder, "later"));
  await writeFile(file, site("a"));
  expect(await soon(told, 2)).toEqual(["no: the file does not exist", "a"]);
});

test("links swapped as Kubernetes does are followed", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "tudunk-swap-"));
  for (const name of ["one", "two"]) {
    await mkdir(path.join(folder, `..${name}`));
    await writeFile(path.join(folder, `..${name}`, "tudunk.yaml"), site(name));
  }
  await symlink("..one", path.join(folder, "..data"));
  await symlink("..data/tudunk.yaml", path.join(folder, "tudunk.yaml"));
  const file = path.join(folder, "tudunk.yaml");
  const told: string[] = [];
  const watching = watchConfig({
    path: file,
    load: () => loadConfig(file, { env: {}, languages: ["en"] }),
    onLoaded: (config) => void told.push(config.site.name),
    onRejected: () => void told.push("no"),
    log: createLog("silent"),
  });
  onTestFinished(async () => {
    await watching.stop();
    await rm(folder, { recursive: true });
  });
  await watching.reload();
  await symlink("..two", path.join(folder, "..tmp"));
  await rename(path.join(folder, "..tmp"), path.join(folder, "..data"));
  expect(await soon(told, 2)).toEqual(["one", "two"]);
});

test("included files, new ones among them, and secrets' files are watched, too", async () => {
  const { folder, told, file } = await watched(`${site("a")}`);
  await mkdir(path.join(folder, "d"));
  await writeFile(file, `${site("b")}include: ["d/*.yaml"]\n`);
  expect(await soon(told, 2)).toEqual(["a", "b"]);
  await writeFile(path.join(folder, "d", "x.yaml"), "hosts: [{ id: X }]\n");
  await vi.waitFor(() => expect(told[2]).toMatch(/^no: expected an id/), { timeout: 1_000 });
  await writeFile(
    path.join(folder, "d", "x.yaml"),
    "hosts: [{ id: x, addresses: [{ file: ip.txt }] }]\n",
  );
  await vi.waitFor(() => expect(told).toHaveLength(4), { timeout: 1_000 });
  await writeFile(path.join(folder, "d", "ip.txt"), "192.0.2.1\n");
  await vi.waitFor(() => expect(told.slice(3)).toEqual([MISSING, "b"]), { timeout: 1_000 });
});

test("other files in the folder and an unchanged file lead to no load", async () => {
  const { folder, told } = await watched(site("a"));
  await writeFile(path.join(folder, "other.log"), "x");
  await quiet();
  expect(told).toEqual(["a"]);
});

test("loads never overlap, and what changed during one is loaded after it", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "tudunk-slow-"));
  const file = path.join(folder, "tudunk.yaml");
  await writeFile(file, site("a"));
  const told: string[] = [];
  let running = 0;
  let most = 0;
  const watching = watchConfig({
    path: file,
    async load() {
      most = Math.max(most, ++running);
      const loaded = await loadConfig(file, { env: {}, languages: ["en"] });
      await new Promise((resolve) => setTimeout(resolve, 60));
      running--;
      return loaded;
    },
    onLoaded: (config) => void told.push(config.site.name),
    onRejected: () => void told.push("no"),
    log: createLog("silent"),
  });
  onTestFinished(async () => {
    await watching.stop();
    await rm(folder, { recursive: true });
  });
  const first = watching.reload();
  await new Promise((resolve) => setTimeout(resolve, 40));
  await writeFile(file, site("b"));
  await Promise.all([first, watching.reload()]);
  expect(told.at(-1)).toBe("b");
  expect(most).toBe(1);
});

test("a configuration that could not be applied is offered again", async () => {
  const { file } = await watched(site("a"));
  let times = 0;
  const watching = watchConfig({
    path: file,
    load: () => loadConfig(file, { env: {}, languages: ["en"] }),
    onLoaded() {
      if (++times === 1) throw new Error("the database is away");
    },
    onRejected: () => undefined,
    log: createLog("silent"),
    pollMs: 50,
  });
  onTestFinished(() => watching.stop());
  await watching.reload();
  await vi.waitFor(() => expect(times).toBe(2), { timeout: 1_000 });
});

test("after stopping nothing is told any more", async () => {
  const { file, told, watching } = await watched(site("a"));
  await watching.stop();
  await writeFile(file, site("b"));
  await quiet();
  expect(told).toEqual(["a"]);
});
