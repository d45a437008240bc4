import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { REASONS } from "../probes/reasons.js";
import { KINDS } from "../src/config/kinds.js";
import { loadConfig } from "../src/config/load.js";
import { entrySchemas, LATER_KEYS, sectionSchemas } from "../src/config/schema.js";
import { CHANNELS } from "../src/notify/index.js";
import { createTexts } from "../src/texts.js";

const ROOT = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** The rows of a document's tables whose first cell is a word in backticks. */
const rowsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(/^\|\s*`([^`]+)`\s*\|(.*)\|\s*$/gm)].map(([, word = "", rest = ""]) => [
      word,
      rest,
    ]),
  );

/** What stands below a heading, up to the next one of its level or above. */
function sectionOf(text: string, heading: string): string {
  const level = heading.split(" ")[0] ?? "#";
  const [, below = ""] = text.split(`\n${heading}\n`);
  return below.split(new RegExp(`\n#{1,${level.length}} `))[0] ?? "";
}

const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp("```" + language + "\n([\\s\\S]*?)\n```", "g"))].map(
    ([, block = ""]) => block,
  );

test("the reasons in the documents are those of the code, in the same words", () => {
  const rows = rowsOf(read("docs/reasons.md"));
  const sentences = [...rows].map(([reason, rest]) => [reason, rest.split("|")[0]?.trim()]);
  expect(Object.fromEntries(sentences)).toEqual(REASONS);
  for (const rest of rows.values())
    expect(rest.split("|").at(-1)).toMatch(/\b(up|degraded|down|unknown|not given yet)\b/);
});

describe("docs/configuration.md", () => {
  const document = read("docs/configuration.md");
  const missingIn = (heading: string, keys: readonly string[]): string[] => {
    const section = sectionOf(document, heading);
    return (section === "" ? ["its section", ...keys] : keys)
      .filter((key) => !section.includes(`\`${key}\``))
      .map((key) => `${heading}: ${key}`);
  };

  test("has a section for every part of the file, and a word on each of its keys", () => {
    const parts = { ...sectionSchemas(["en"]), ...entrySchemas(["en"]) };
    const missing = Object.entries(parts).flatMap(([name, schema]) =>
      missingIn(`## ${name}`, "shape" in schema ? Object.keys(schema.shape) : []),
    );
    expect(missing).toEqual([]);
    for (const key of LATER_KEYS) expect(document).toContain(`\`${key}\``);
  });

  test("has a section for every probe and channel with all of its keys", () => {
    const missing = [
      ...Object.values(KINDS).flatMap(({ kind, options }) =>
        missingIn(`### Probe \`${kind}\``, Object.keys(options.shape)),
      ),
      ...Object.values(CHANNELS).flatMap(({ kind, settings }) =>
        missingIn(`### Channel \`${kind}\``, Object.keys(settings.shape)),
      ),
    ];
    expect(missing).toEqual([]);
  });

  test.each([
    ["tudunk.example.yaml", read("tudunk.example.yaml")] as const,
    ...blocksOf(document, "yaml").map((block, index) => [`example ${index + 1}`, block] as const),
  ])("%s is a configuration without a mistake", async (_name, text) => {
    const loaded = await loadConfig("/tudunk.yaml", {
      env: {
        SMTP_PASSWORD: "one",
        WEB3_PROBE_PASSWORD: "two",
        PROBE_PASSWORD: "three",
        SPAMHAUS_KEY: "four",
        BACKUP_TOKEN: "cdrGFXyJUNK54VYOUnKmtg",
        HOOK_SECRET: "a text of twenty-four characters",
      },
      languages: createTexts().languages,
      read: { text: () => Promise.resolve(text), names: () => Promise.resolve([]) },
    });
    expect(loaded.ok ? [] : loaded.mistakes).toEqual([]);
  });
});

describe("README.md", () => {
  const rows = rowsOf(read("README.md"));

  test("has a row for every probe, and for every channel", () => {
    for (const kind of [...Object.keys(KINDS), ...Object.keys(CHANNELS)])
      expect([...rows.keys()]).toContain(kind);
  });

  test("has a row for every variable of the environment", () => {
    const variables = [...read("src/settings.ts").matchAll(/^ {2}([A-Z_]+): optional\(/gm)];
    expect(variables.length).toBeGreaterThan(5);
    for (const [, variable] of variables) expect([...rows.keys()]).toContain(variable);
  });
});

test("the way to check a webhook's signature is right", async () => {
  const [code = ""] = blocksOf(read("docs/webhooks.md"), "js");
  const { verify }: { verify: (body: Buffer, headers: object, secret: string) => boolean } =
    await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`);
  const secret = "a text of twenty-four characters";
  const now = new Date();
  const signed = (body: string, at: Date, key: Uint8Array = Buffer.from(secret)) => ({
    "webhook-id": "inc-1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(key, { format: "raw" }).sign("inc-1", at, body),
  });
  const body = '{"type":"incident.opened"}';
  expect(verify(Buffer.from(body), signed(body, now), secret)).toBe(true);
  expect(verify(Buffer.from(`${body} `), signed(body, now), secret)).toBe(false);
  expect(verify(Buffer.from(body), signed(body, now, Buffer.alloc(32, 7)), secret)).toBe(false);
  const old = new Date(now.getTime() - 600_000);
  expect(verify(Buffer.from(body), signed(body, old), secret)).toBe(false);
  const written = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  expect(verify(Buffer.from(body), signed(body, now, Buffer.alloc(32, 7)), written)).toBe(true);
});

test("every link in the documents leads somewhere", () => {
  const anchor = (heading: string): string =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
  const broken = DOCUMENTS.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(
      ([link, path = "", part]) => {
        const target = path === "" ? join(ROOT, file) : resolve(ROOT, dirname(file), path);
        if (!existsSync(target)) return [`${file}: ${link}`];
        if (part === undefined) return [];
        const headings = [...readFileSync(target, "utf8").matchAll(/^#+ (.+)$/gm)];
        const found = headings.some(([, heading = ""]) => anchor(heading) === part);
        return found ? [] : [`${file}: ${link}`];
      },
    ),
  );
  expect(broken).toEqual([]);
});

test("the files that the documents name exist", () => {
  const missing = DOCUMENTS.flatMap((file) =>
    [...read(file).matchAll(/`((?:src|probes|views|migrations|test|bench|docs)\/[\w./-]*)`/g)]
      .map(([, path = ""]) => path)
      .filter((path) => !existsSync(join(ROOT, path)))
      .map((path) => `${file}: ${path}`),
  );
  expect(missing).toEqual([]);
});
