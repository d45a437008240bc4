import { expect, onTestFinished, test } from "vitest";
import { NO_CONFIG } from "../../src/config/config.js";
import { createTexts } from "../../src/texts.js";
import { beginLead } from "../../src/work/lead.js";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listWatched } from "../../src/store/monitors.js";
import { judgeScope } from "../../src/store/incidents.js";
import { freshDb } from "../support/postgres.js";
import { after, metrics, monitorRow, newId, silent, watching } from "../support/watched.js";

test("a lead that begins without a readable configuration leaves everything as it is", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "tudunk-lead-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const { db } = await freshDb();
  const world = await watching(db, [monitorRow("a")]);
  await world.see(0, { a: "up" });
  await world.see(60, { a: "down" });
  await world.see(65, { a: "down" });
  await judgeScope(
    db,
    { kind: "host", id: "web3" },
    {
      now: after(66),
      publish: "confirmed",
      nextUpdateMs: 1_800_000,
      reopenMs: 1_800_000,
      channels: [],
      location: "local",
      newId,
      speaker: {
        words: () => ({ title: { en: "x" }, text: { en: "x" } }),
        headline: () => ({ en: "x" }),
      },
      traceparent: null,
    },
  );
  const lead = await beginLead({
    db,
    config: NO_CONFIG,
    birth: { dataDir, logLevel: "silent" },
    texts: () => createTexts(),
    now: () => after(70),
    log: silent,
    say: () => undefined,
    metrics,
    onOwed: () => undefined,
  });
  await lead.stop();
  expect((await listWatched(db)).map(({ id }) => id)).toEqual(["a"]);
  expect(await db("incidents").pluck("state")).toEqual(["investigating"]);
  expect(await db("component_states").pluck("unknown_since")).toEqual([after(65)]);
});
