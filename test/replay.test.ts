import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Problem } from "../src/errors.js";
import { replay } from "../src/replay.js";

const WORLD = join(import.meta.dirname, "fixtures/world");
const FILES = ["inventory.json", "incidents.json", "reports.jsonl"];

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "tudunk-replay-"));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

/** A copy of the world with one file changed. */
async function worldWith(file: string, change: (text: string) => string): Promise<string> {
  const made = await folder();
  for (const name of FILES) await copyFile(join(WORLD, name), join(made, name));
  await writeFile(join(made, file), change(await readFile(join(WORLD, file), "utf8")));
  return made;
}

async function played(world: string) {
  const out = join(await folder(), "out.jsonl");
  const count = await replay(world, out, () => {});
  const lines = (await readFile(out, "utf8")).trimEnd().split("\n");
  expect(lines).toHaveLength(count);
  return lines.map((line) => JSON.parse(line));
}

describe("a world that is played", () => {
  test("gives one prediction a report, in their order and shape", async () => {
    const predictions = await played(WORLD);
    expect(predictions.map(({ id }) => id)).toEqual(["R1", "R2", "R3", "R4", "R5", "R6", "R7"]);
    expect(predictions[1]).toEqual({
      id: "R2",
      lang: "de",
      entities: {
        domains: [],
        mailboxes: [],
        servers: [],
        ips: [],
        account_ids: [],
        error_codes: ["535"],
      },
      symptom: "mail.send",
      since: { from: "2026-05-12T06:00:00.000Z", precision: "hour" },
      decision: "auto",
      candidates: ["INC-1"],
      duplicate_of: null,
      suspected: null,
    });
  });

  test("knows nothing before its time, links the customers of what is hit and no bill", async () => {
    const [first, , bill, again] = await played(WORLD);
    expect(first).toMatchObject({ decision: "none", candidates: [] });
    expect(bill).toMatchObject({ decision: "none", symptom: "billing" });
    expect(again).toMatchObject({ decision: "auto", candidates: ["INC-1"], duplicate_of: "R1" });
  });

  test("raises a suspicion at the third customer of a server whom nothing explains", async () => {
    const suspected = (await played(WORLD)).slice(4).map((one) => one.suspected);
    expect(suspected).toEqual([null, null, "suspicion-R5"]);
  });

  test("is the same without what only its author knows, and never reads it", async () => {
    const world = await worldWith("reports.jsonl", (text) =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.stringify({ ...JSON.parse(line), truth: { incident: "INC-1" } }))
        .join("\n"),
    );
    expect(await played(world)).toEqual(await played(WORLD));
    const early = await worldWith("incidents.json", (text) =>
      text.replace("2026-05-12T08:00:00+02:00", "2026-05-01T00:00:00+02:00"),
    );
    expect(await played(early)).toEqual(await played(WORLD));
  });
});

describe("a world that cannot be played names file, line and what is wrong", () => {
  test.each([
    [
      "reports.jsonl",
      (text: string) => text.replace('"text":"Naša', '"txet":"Naša'),
      /reports\.jsonl:7: text: /,
    ],
    ["reports.jsonl", (text: string) => `${text}{"id":`, /reports\.jsonl:8: expected JSON/],
    [
      "reports.jsonl",
      (text: string) => text.replace('"id":"R2"', '"id":"R1"'),
      /reports\.jsonl:2: id: is there twice/,
    ],
    [
      "incidents.json",
      (text: string) => text.replace('"detected_at": "2026', '"detected_at": "yesterday'),
      /incidents\.json: incidents\.0\.detected_at: /,
    ],
    [
      "incidents.json",
      (text: string) => text.replace('"kind": "mail.auth",', '"kind" "mail.auth",'),
      /incidents\.json:6: expected JSON/,
    ],
    [
      "inventory.json",
      (text: string) => text.replace('"account_id": "K-101"', '"account_id": "K-100"'),
      /inventory\.json: customers\[1\]\.account_id: /,
    ],
  ] as const)("%s", async (file, change, message) => {
    const world = await worldWith(file, change);
    const failed = await replay(world, join(world, "out"), () => {}).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(Problem);
    expect(failed).toHaveProperty("message", expect.stringMatching(message));
  });

  test("a folder that is not there, and a place that cannot be written to", async () => {
    await expect(replay("/nowhere/at/all", "/dev/null", () => {})).rejects.toThrow(
      /inventory\.json: cannot be read \(ENOENT\)/,
    );
    await expect(replay(WORLD, "/nowhere/at/all", () => {})).rejects.toThrow(
      /cannot be written \(ENOENT\)/,
    );
  });
});
