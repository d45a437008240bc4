import { readFileSync, readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const LEAVES = [
  "src/errors.ts",
  "src/log.ts",
  "src/metrics.ts",
  "src/tracing.ts",
  "src/closing.ts",
  "src/texts.ts",
  "src/secret-links.ts",
  "src/synced-file.ts",
  "src/turns.ts",
];

/** Who may know whom. A file takes the rule of the first place it lies under; `!` takes away again. */
const MAY_IMPORT: readonly [place: string, known: readonly string[]][] = [
  ["src/core/", ["src/core/"]],
  ["probes/", ["probes/"]],
  ["src/reader/", ["src/reader/", "src/core/"]],
  ["src/images/", ["src/images/", ...LEAVES]],
  ["src/worker/", ["src/worker/", "probes/", "src/core/", ...LEAVES]],
  ["src/notify/", ["src/notify/", "src/core/", ...LEAVES]],
  [
    "src/config/",
    [
      "src/config/",
      "src/core/",
      "probes/index.ts",
      "probes/probe.ts",
      "probes/duration.ts",
      "probes/place.ts",
      "src/notify/index.ts",
      "src/notify/channel.ts",
      ...LEAVES,
    ],
  ],
  ["src/inventory/", ["src/inventory/", "src/core/", ...LEAVES]],
  ["src/store/", ["src/core/", ...LEAVES]],
  [
    "src/work/",
    [
      "src/work/",
      "src/store/",
      "src/core/",
      "src/config/",
      "src/notify/",
      "src/worker/messages.ts",
      "src/reader/messages.ts",
      ...LEAVES,
    ],
  ],
  [
    "src/web/",
    [
      "src/web/",
      "src/store/",
      "src/core/",
      "src/config/",
      "src/images/reencode.ts",
      "src/inventory/",
      "src/notify/index.ts",
      "probes/index.ts",
      ...LEAVES,
    ],
  ],
  ["src/main.ts", ["src/app.ts", "src/settings.ts", ...LEAVES]],
  ["src/cli.ts", ["src/", "probes/"]],
  ["src/commands/", ["src/", "probes/"]],
  ["src/app.ts", ["src/"]],
  ["src/replay.ts", ["src/core/", "src/inventory/", ...LEAVES]],
  ["src/database.ts", ["src/store/", ...LEAVES]],
  ["src/settings.ts", LEAVES],
  ["src/", LEAVES],
];

/** One file an aggregate: what its files share with each other, and what all of them may use. */
const STORE_SHARED = ["src/store/db.ts", "src/store/session.ts"];
const STORE_FAMILIES: readonly (readonly string[])[] = [
  ["src/store/embedded.ts", "src/store/account.ts"],
  ["src/store/components.ts", "src/store/component-status.ts"],
  ["src/store/page.ts", "src/store/maintenance-rows.ts"],
  [
    "src/store/incidents.ts",
    "src/store/incident-rows.ts",
    "src/store/incident-scope.ts",
    "src/store/incident-messages.ts",
    "src/store/incident-updates.ts",
    "src/store/incident-customers.ts",
    "src/store/incident-by-hand.ts",
    "src/store/blindness.ts",
    "src/store/maintenances.ts",
    "src/store/maintenance-rows.ts",
    "src/store/still-broken.ts",
    "src/store/reported-faults.ts",
    "src/store/component-status.ts",
  ],
  [
    "src/store/reports.ts",
    "src/store/report-looks.ts",
    "src/store/tickets.ts",
    "src/store/ticket-reading.ts",
    "src/store/ticket-links.ts",
    "src/store/ticket-adoption.ts",
    "src/store/ticket-correction.ts",
    "src/store/customer-letters.ts",
    "src/store/customer-page.ts",
  ],
];

/** Packages with one home; the core has only the pure ones. */
const HOME: Readonly<Record<string, string>> = {
  knex: "src/store/db.ts",
  pg: "src/store/",
  express: "src/web/",
  busboy: "src/web/report/",
  sharp: "src/images/",
  ejs: "src/",
  helmet: "src/web/",
  "node-cron": "src/work/recurring.ts",
  tinyqueue: "src/worker/schedule.ts",
  ssh2: "probes/",
  nodemailer: "src/notify/",
  standardwebhooks: "src/notify/",
  i18next: "src/texts.ts",
  "csv-parse": "src/inventory/csv.ts",
  pino: "src/log.ts",
};
const PURE = new Set(["luxon", "eld", "tldts"]);

const sources = ["src", "probes"]
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) =>
      join(folder, name),
    ),
  )
  .filter((file) => file.endsWith(".ts"));

/** What a file imports: repository paths, or the names of packages and `node:` modules. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const named = [
    ...text.matchAll(
      /(?:^|\n)(?:import|export)[^"';]*?from\s+"([^"]+)"|import\("([^"]+)"\)|\nimport "([^"]+)"/g,
    ),
  ];
  return named.map(([, from, dynamic, bare]) => {
    const target = from ?? dynamic ?? bare ?? "";
    if (!target.startsWith(".")) return target;
    return relative(ROOT, join(ROOT, dirname(file), target)).replace(/\.js$/, ".ts");
  });
}

const packageOf = (name: string): string =>
  name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
const isOurs = (name: string): boolean => /^(src|probes)\//.test(name);
const isNode = (name: string): boolean => name.startsWith("node:") || builtinModules.includes(name);

test("every import looks downwards", () => {
  const wrong = sources.flatMap((file) => {
    const [, known] = MAY_IMPORT.find(([place]) => file.startsWith(place)) ?? ["", []];
    return importsOf(file)
      .filter(isOurs)
      .filter((target) => {
        if (file.startsWith("src/store/") && target.startsWith("src/store/"))
          return !isShared(file, target);
        return !known.some((place) => target.startsWith(place));
      })
      .map((target) => `${file} -> ${target}`);
  });
  expect(wrong).toEqual([]);
});

const isShared = (file: string, target: string): boolean =>
  STORE_SHARED.includes(target) ||
  STORE_FAMILIES.some((family) => family.includes(file) && family.includes(target));

test("every package has its home", () => {
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .filter((name) => !isOurs(name) && !isNode(name))
      .filter((name) => !file.startsWith(HOME[packageOf(name)] ?? ""))
      .map((name) => `${file} -> ${name}`),
  );
  expect(wrong).toEqual([]);
});

test("the core is pure: no packages but the pure ones, no clock, no chance, no waiting", () => {
  const wrong = sources
    .filter((file) => file.startsWith("src/core/"))
    .flatMap((file) => [
      ...importsOf(file)
        .filter((name) => !isOurs(name) && !PURE.has(packageOf(name)))
        .map((name) => `${file} -> ${name}`),
      ...[
        ...readFileSync(join(ROOT, file), "utf8").matchAll(
          /Date\.now|new Date\(\)|Math\.random|\basync\b|\bawait\b|performance\.now|process\./g,
        ),
      ].map(([found]) => `${file}: ${found}`),
    ]);
  expect(wrong).toEqual([]);
});

test("only settings and the entry files read the environment", () => {
  const allowed = new Set([
    "src/main.ts",
    "src/commands/shell.ts",
    "src/worker/main.ts",
    // Hands it on, whole, to the server it starts.
    "src/store/embedded.ts",
  ]);
  const wrong = sources.filter(
    (file) => !allowed.has(file) && /process\.env\b/.test(readFileSync(join(ROOT, file), "utf8")),
  );
  expect(wrong).toEqual([]);
});

test("no two tests have the same name", () => {
  const names = new Map<string, string>();
  const twice: string[] = [];
  for (const name of readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".test.ts")) continue;
    const text = readFileSync(join(ROOT, "test", name), "utf8");
    for (const [, title = ""] of text.matchAll(
      /^\s*test(?:\.[\w.]+(?:\([^)]*\))?)*\(\s*"([^"]+)"/gm,
    )) {
      if (names.has(title)) twice.push(`${name} and ${names.get(title)}: ${title}`);
      names.set(title, name);
    }
  }
  expect(twice).toEqual([]);
});

test("the README's paths exist", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const paths = [
    ...readme.matchAll(/`((?:src|probes|views|migrations|test|bench|docs)\/[\w./-]*)`/g),
  ].map(([, path = ""]) => path);
  const known = new Set([
    ...sources,
    ...["views", "migrations", "test", "bench", "docs", "src", "probes"].flatMap((folder) =>
      listed(folder),
    ),
  ]);
  expect(paths.length).toBeGreaterThan(0);
  expect(paths.filter((path) => !known.has(path.replace(/\/$/, "")))).toEqual([]);
});

function listed(folder: string): string[] {
  try {
    return [
      folder,
      ...readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) =>
        join(folder, name),
      ),
    ];
  } catch {
    return [];
  }
}
