import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { judge, type PageModel } from "../../src/core/page.js";
import { createLog } from "../../src/log.js";
import { readLastPage, saveLastPage } from "../../src/work/last-page.js";
import { createPageRenderer } from "../../src/work/render-page.js";
import { aModel, anIncident, minutesAgo, NOW } from "../support/page-model.js";

const log = createLog("silent");

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "tudunk-page-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

interface Shown {
  readonly model: PageModel;
  readonly at: Date;
}

async function rendering(
  load: () => Promise<PageModel>,
  options: { readonly saveTo?: string; readonly now?: () => Date } = {},
) {
  const shown: Shown[] = [];
  const renderer = createPageRenderer({
    load,
    publish: (model, at) => void shown.push({ model, at }),
    now: options.now ?? (() => NOW),
    log,
    saveTo: options.saveTo ?? join(await folder(), "page.json"),
  });
  onTestFinished(() => renderer.stop());
  return { renderer, shown };
}

test("rendering: a change is published within a moment, and a hundred at once cost few readings", async () => {
  let loads = 0;
  let current = aModel();
  const { renderer, shown } = await rendering(async () => {
    loads += 1;
    return current;
  });
  await vi.waitFor(() => expect(shown).toHaveLength(1));
  current = aModel({ incidents: [anIncident("open")] });
  const before = Date.now();
  for (let each = 0; each < 100; each++) renderer.changed();
  await vi.waitFor(() => expect(shown.at(-1)?.model.incidents).toHaveLength(1));
  expect(Date.now() - before).toBeLessThan(1000);
  expect(loads).toBeLessThanOrEqual(4);
});

test("rendering: what changes while the page is read is read again", async () => {
  let current = aModel();
  let hold: Promise<void> | null = null;
  const { renderer, shown } = await rendering(async () => {
    const seen = current;
    await hold;
    return seen;
  });
  await vi.waitFor(() => expect(shown).toHaveLength(1));
  let release = (): void => {};
  hold = new Promise((done) => (release = done));
  renderer.changed();
  await new Promise((then) => setTimeout(then, 150));
  current = aModel({ incidents: [anIncident("open")] });
  renderer.changed();
  hold = null;
  release();
  await vi.waitFor(() => expect(shown.at(-1)?.model.incidents).toHaveLength(1));
});

test("rendering: without the database the page goes on from what is known, and says so when it is old", async () => {
  let at = NOW;
  let away = false;
  const { renderer, shown } = await rendering(
    async () => {
      if (away) throw new Error("connection refused");
      return aModel({ asOf: at, workerWordAt: at });
    },
    { now: () => at },
  );
  await vi.waitFor(() => expect(shown).toHaveLength(1));
  away = true;
  at = new Date(NOW.getTime() + 200_000);
  renderer.changed();
  await vi.waitFor(() => expect(shown.length).toBeGreaterThan(1));
  const last = shown.at(-1);
  expect(last?.model.asOf).toEqual(NOW);
  expect(last && judge(last.model, last.at).overall).toBe("unknown");
  expect(renderer.state()).toMatchObject({ asOf: NOW, away: "connection refused" });
  away = false;
  renderer.changed();
  await vi.waitFor(() => expect(renderer.state()?.away).toBeNull());
  await vi.waitFor(() => expect(shown.at(-1)?.model.asOf).toEqual(at));
});

test("rendering: a database that hangs keeps nobody waiting for the last page", async () => {
  const saveTo = join(await folder(), "page.json");
  await saveLastPage(saveTo, aModel({ asOf: minutesAgo(10) }));
  const { shown } = await rendering(() => new Promise(() => {}), { saveTo });
  await vi.waitFor(() => expect(shown).toHaveLength(1), { timeout: 3000 });
  expect(shown[0]?.model.asOf).toEqual(minutesAgo(10));
});

test("rendering: a page that could not be published is tried again", async () => {
  let tries = 0;
  const renderer = createPageRenderer({
    load: async () => aModel(),
    publish: () => {
      tries += 1;
      if (tries === 1) throw new Error("no room");
    },
    now: () => new Date(),
    log,
    saveTo: join(await folder(), "page.json"),
  });
  onTestFinished(() => renderer.stop());
  await vi.waitFor(() => expect(tries).toBeGreaterThan(1), { timeout: 5000 });
});

test("the last page comes back from its file as it was, and leaves nothing beside it", async () => {
  const path = await folder();
  const model = aModel({ incidents: [anIncident("open")] });
  await saveLastPage(join(path, "page.json"), model);
  await saveLastPage(join(path, "page.json"), model);
  expect(await readLastPage(join(path, "page.json"))).toMatchObject(model);
  expect(await readdir(path)).toEqual(["page.json"]);
});

test.each<[name: string, spoil: (text: string) => string]>([
  ["cut short", (text) => text.slice(0, text.length / 2)],
  ["empty", () => ""],
  ["of another version", (text) => text.replace(`"version":2`, `"version":1`)],
  ["of another shape", (text) => text.replace(`"asOf"`, `"asof"`)],
])("a last page that is %s is not trusted", async (_name, spoil) => {
  const file = join(await folder(), "page.json");
  await saveLastPage(file, aModel());
  await writeFile(file, spoil(await readFile(file, "utf8")));
  expect(await readLastPage(file)).toBeNull();
});
