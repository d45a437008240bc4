import { mkdtemp, readFile, rm, writeFile, mkdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { TooLarge, type Disk } from "../../src/config/disk.js";
import { loadConfig, type Loaded, type LoadOptions } from "../../src/config/load.js";
import { formatMistakes } from "../../src/config/mistakes.js";

const HOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const ENV = { HOOK_SECRET, WEB3_PROBE_PASSWORD: "hunter2-hunter2", SMTP_PASSWORD: "relay-pass" };

/** Files in memory; a name that is not there does not exist. */
function diskOf(files: Readonly<Record<string, string>>): Disk {
  const missing = (): Error => Object.assign(new Error("no such file"), { code: "ENOENT" });
  return {
    text(file, maxBytes) {
      const known = Object.entries(files).find(
        ([name]) => path.resolve(name) === path.resolve(file),
      );
      if (!known) return Promise.reject(missing());
      if (known[1].length > maxBytes) return Promise.reject(new TooLarge());
      return Promise.resolve(known[1]);
    },
    names(folder) {
      const inside = Object.keys(files).filter(
        (name) => path.resolve(path.dirname(name)) === path.resolve(folder),
      );
      if (inside.length === 0) return Promise.reject(missing());
      return Promise.resolve(
        inside.map((name) => ({ name: path.basename(name), isFolder: false })),
      );
    },
  };
}

function loadText(
  text: string,
  others: Readonly<Record<string, string>> = {},
  options: Partial<LoadOptions> = {},
): Promise<Loaded> {
  return loadConfig("tudunk.yaml", {
    env: ENV,
    languages: ["en", "hu"],
    read: diskOf({ "tudunk.yaml": text, ...others }),
    ...options,
  });
}

/** The one line for each mistake; with `text` taking the place of the whole file. */
async function complaintsOf(text: string, others: Readonly<Record<string, string>> = {}) {
  const loaded = await loadText(text, others);
  return loaded.ok ? "(no mistake)" : formatMistakes(loaded.mistakes);
}

async function configOf(text: string, others: Readonly<Record<string, string>> = {}) {
  const loaded = await loadText(text, others);
  if (!loaded.ok) throw new Error(formatMistakes(loaded.mistakes));
  return loaded.config;
}

const FULL = `site:
  name: Gyümölcstárhely
  url: https://status.example.hu/
  timezone: Europe/Budapest
  languages: [hu, en]
  support: { email: help@example.hu, phone: "+36 1 555 0100" }
mail: { smtp: "smtp://user@relay.example.hu:587", password: { env: SMTP_PASSWORD }, from: "Tudunk <status@example.hu>" }
references: [192.0.2.1:53, "[2001:db8::1]:443"]
resolvers: [192.0.2.53]
egress: { allow: [10.0.0.0/8] }
retention: { results: 2d, hours: 90d, days: 5y, reports: 2y, screenshots: 90d }
hosts:
  - { id: rack-a, kind: rack }
  - id: web3
    kind: server
    name: web3.example.hu
    addresses: [192.0.2.13, "2001:db8::13"]
    parents: [rack-a]
components:
  - id: hosting
    name: { en: Web hosting, hu: Webtárhely }
    components:
      - { id: web3, name: web3 }
defaults: { every: 60s, timeout: 10s, confirm: { failures: 3, recheck: 5s, recoveries: 2 }, labels: { team: ops, tier: 1.10 } }
monitors:
  - id: web3-http
    probe: http
    target: https://web3.example.hu/health
    every: 30s
    timeout: 10s
    host: web3
    component: web3
    impact: major_outage
    confirm: { failures: 2, recheck: 5s, recoveries: 2 }
    expect: { status: [200], body: "ok" }
    auth: { username: probe, password: { env: WEB3_PROBE_PASSWORD } }
    labels: { team: web }
  - { id: quick, probe: http, target: "http://web3.example.hu/", every: 2s, paused: true }
channels:
  - { id: ops-mail, kind: email, to: [ops@example.hu] }
  - { id: ops-hook, kind: webhook, url: https://hooks.example.hu/tudunk, secret: { env: HOOK_SECRET } }
policy:
  publish: confirmed
  next_update: 30m
include: [monitors.d/*.yaml]
`;
const MORE = {
  "monitors.d/10-more.yaml":
    "monitors:\n  - { id: more, probe: http, target: 'http://a.example/' }\n",
};

test("a whole configuration is read as it is meant", async () => {
  const config = await configOf(FULL, MORE);
  expect(config).toMatchObject({
    site: {
      name: "Gyümölcstárhely",
      url: "https://status.example.hu",
      timezone: "Europe/Budapest",
      languages: ["hu", "en"],
      support: { email: "help@example.hu", phone: "+36 1 555 0100" },
      accent: null,
    },
    mail: {
      smtp: "smtp://user@relay.example.hu:587",
      password: "relay-pass",
      from: "Tudunk <status@example.hu>",
    },
    references: [
      { host: "192.0.2.1", port: 53 },
      { host: "2001:db8::1", port: 443 },
    ],
    resolvers: ["192.0.2.53"],
    egress: { allow: ["10.0.0.0/8"] },
    retention: {
      resultsMs: 172_800_000,
      hoursMs: 7_776_000_000,
      daysMs: 157_680_000_000,
      reportsMs: 63_072_000_000,
      screenshotsMs: 7_776_000_000,
    },
    hosts: [
      { id: "rack-a", kind: "rack", name: "rack-a", addresses: [], parents: [] },
      { id: "web3", name: "web3.example.hu", addresses: ["192.0.2.13", "2001:db8::13"] },
    ],
    components: [
      { id: "hosting", group: null, isGroup: true, name: { en: "Web hosting", hu: "Webtárhely" } },
      { id: "web3", group: "hosting", isGroup: false, name: { hu: "web3", en: "web3" } },
    ],
    monitors: [
      {
        id: "web3-http",
        everyMs: 30_000,
        timeoutMs: 10_000,
        host: "web3",
        component: "web3",
        impact: "major_outage",
        confirm: { failures: 2, recheckMs: 5_000, recoveries: 2 },
        labels: { team: "web", tier: "1.10" },
        paused: false,
        options: { auth: { username: "probe", password: "hunter2-hunter2" } },
      },
      {
        id: "quick",
        everyMs: 2_000,
        timeoutMs: 2_000,
        confirm: { failures: 3, recheckMs: 5_000, recoveries: 2 },
        labels: { team: "ops", tier: "1.10" },
        paused: true,
      },
      { id: "more" },
    ],
    channels: [
      { id: "ops-mail", kind: "email", settings: { to: ["ops@example.hu"] } },
      { id: "ops-hook", kind: "webhook", settings: { secret: HOOK_SECRET } },
    ],
    policy: { publish: "confirmed", nextUpdateMs: 1_800_000, reopenMs: 1_800_000, creep: "quiet" },
    texts: {},
  });
});

test("the example works as it is, without a mistake or warning", async () => {
  const loaded = await loadConfig("tudunk.example.yaml", { env: {}, languages: ["en", "hu"] });
  expect(loaded.ok ? loaded.warnings : formatMistakes(loaded.mistakes)).toEqual([]);
  const targets = loaded.ok ? loaded.config.monitors.map(({ target }) => target) : [];
  expect(targets).toEqual(["http://localhost:3000/healthz", "http://localhost:3000/readyz"]);
});

test("what the example has switched off works, too", async () => {
  const text = await readFile("tudunk.example.yaml", "utf8");
  const switchedOn = text
    .replace("channels: []", "channels:")
    .replace(/^( *)# ?(?=(?: *- |  [a-z]+:|[a-z]+:(?: |$)))/gm, "$1")
    .replace("hosts:\n", "hosts:\n  - { id: web3 }\n  - { id: mail2 }\n")
    .replace(/^include:.*$/m, "");
  const loaded = await loadText(switchedOn, {}, { env: ENV });
  expect(loaded.ok ? loaded.warnings : formatMistakes(loaded.mistakes)).toEqual([]);
  const ids = loaded.ok
    ? [...loaded.config.monitors, ...loaded.config.channels].map((m) => m.id)
    : [];
  expect(ids).toEqual(expect.arrayContaining(["web3-http", "mail2-smtp", "ops-hook", "ops-mail"]));
});

test("an empty file is an empty configuration with every default", async () => {
  expect(await configOf("# nothing yet\n")).toEqual({
    site: {
      name: "Status",
      url: null,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      languages: ["en"],
      support: { email: null, phone: null },
      accent: null,
    },
    mail: null,
    references: [],
    resolvers: [],
    egress: { allow: [] },
    retention: {
      resultsMs: 172_800_000,
      hoursMs: 7_776_000_000,
      daysMs: 157_680_000_000,
      reportsMs: 63_072_000_000,
      screenshotsMs: 7_776_000_000,
    },
    help: {},
    hosts: [],
    components: [],
    monitors: [],
    channels: [],
    rules: [],
    maintenances: [],
    policy: { publish: "confirmed", nextUpdateMs: 1_800_000, reopenMs: 1_800_000, creep: "quiet" },
    texts: {},
  });
});

const MONITOR = "monitors:\n  - id: a\n    probe: http\n    target: http://a.example/\n";

test.each<[name: string, text: string, lines: string[]]>([
  [
    "a bad duration",
    `${MONITOR}    every: 30 parsecs\n`,
    [
      'tudunk.yaml:5:12 monitors[0].every: expected a duration such as 500ms, 30s, 5m, 1h or 7d, got "30 parsecs"',
    ],
  ],
  [
    "an interval below a second",
    `${MONITOR}    every: 999ms\n`,
    ['tudunk.yaml:5:12 monitors[0].every: expected a duration from 1s to 7d, got "999ms"'],
  ],
  [
    "a timeout longer than the interval",
    `${MONITOR}    every: 5s\n    timeout: 1m\n`,
    ["tudunk.yaml:6:14 monitors[0].timeout: expected at most the interval (every: 5s), got 1m"],
  ],
  [
    "an unknown key at the top",
    "monitor: []\n",
    ['tudunk.yaml:1:1 monitor: unknown key – did you mean "monitors"?'],
  ],
  [
    "a key of a later version",
    "intake: []\noncall: {}\n",
    [
      "tudunk.yaml:1:1 intake: not known in this version",
      "tudunk.yaml:2:1 oncall: not known in this version",
    ],
  ],
  [
    "an unknown key of a monitor",
    `${MONITOR}    evry: 30s\n`,
    ['tudunk.yaml:5:5 monitors[0].evry: unknown key – did you mean "every"?'],
  ],
  [
    "an unknown key of a probe's expectations",
    `${MONITOR}    expect: { statsu: [200] }\n`,
    ['tudunk.yaml:5:15 monitors[0].expect.statsu: unknown key – did you mean "status"?'],
  ],
  [
    "a key given twice",
    `${MONITOR}    every: 30s\n    every: 40s\n`,
    ["tudunk.yaml:6:5 monitors[0].every: is given twice, first in line 5"],
  ],
  [
    "an id given twice",
    "hosts:\n  - { id: web3 }\n  - { id: web3 }\n",
    ['tudunk.yaml:3:11 hosts[1].id: "web3" is already the id of hosts[0] (tudunk.yaml:2:11)'],
  ],
  [
    "a bad id",
    "hosts:\n  - id: Web_3\n",
    [
      'tudunk.yaml:2:9 hosts[0].id: expected an id of a-z, 0-9 and - (at most 63) such as web3-http, got "Web_3"',
    ],
  ],
  ["a missing id", "hosts:\n  - kind: rack\n", ["tudunk.yaml:2:5 hosts[0].id: is missing"]],
  [
    "a number where text is wanted",
    "hosts:\n  - { id: a, name: 12 }\n",
    ["tudunk.yaml:2:20 hosts[0].name: expected text, got the number 12"],
  ],
  [
    "an unknown kind of host",
    "hosts:\n  - { id: a, kind: sever }\n",
    [
      'tudunk.yaml:2:20 hosts[0].kind: expected one of server, rack, switch, router, uplink, hypervisor, site, other, got "sever" – did you mean "server"?',
    ],
  ],
  [
    "an unknown parent",
    "hosts:\n  - { id: rack-a }\n  - { id: b, parents: [rak-a] }\n",
    ['tudunk.yaml:3:24 hosts[1].parents[0]: unknown host "rak-a" – did you mean "rack-a"?'],
  ],
  [
    "parents in a circle",
    "hosts:\n  - { id: a, parents: [b] }\n  - { id: b, parents: [a] }\n  - { id: c, parents: [c] }\n",
    [
      "tudunk.yaml:3:24 hosts[1].parents[0]: parents in a circle: a → b → a",
      "tudunk.yaml:4:24 hosts[2].parents[0]: parents in a circle: c → c",
    ],
  ],
  [
    "an unknown host, component and probe",
    "hosts:\n  - { id: web3 }\nmonitors:\n  - { id: a, probe: htp, target: x, host: web4, component: mail }\n",
    [
      'tudunk.yaml:4:21 monitors[0].probe: unknown probe "htp" – did you mean "http"?',
      'tudunk.yaml:4:43 monitors[0].host: unknown host "web4" – did you mean "web3"?',
      'tudunk.yaml:4:60 monitors[0].component: unknown component "mail"',
    ],
  ],
  [
    "a group used by a monitor",
    `components:\n  - { id: g, components: [] }\n${MONITOR}    component: g\n`,
    [
      'tudunk.yaml:7:16 monitors[0].component: "g" is a group; a monitor belongs to one of its components',
    ],
  ],
  [
    "a group within a group",
    "components:\n  - id: g\n    components:\n      - { id: h, components: [] }\n",
    [
      "tudunk.yaml:4:30 components[0].components[0].components: a group within a group: there is only one level of groups",
    ],
  ],
  [
    "an unknown kind of channel",
    "channels:\n  - { id: a, kind: webhok }\n",
    [
      'tudunk.yaml:2:20 channels[0].kind: unknown kind of channel "webhok" – did you mean "webhook"?',
    ],
  ],
  [
    "a mail channel without a relay",
    "channels:\n  - { id: a, kind: email, to: [ops@example.org] }\n",
    ["tudunk.yaml:2:20 channels[0].kind: needs the section mail: with the relay that sends"],
  ],
  [
    "an unknown time zone",
    "site: { timezone: Europe/Budapset }\n",
    [
      'tudunk.yaml:1:19 site.timezone: expected a time zone such as Europe/Budapest, got "Europe/Budapset" – did you mean "Europe/Budapest"?',
    ],
  ],
  [
    "a language without a catalogue",
    "site: { languages: [en, xx] }\n",
    ['tudunk.yaml:1:25 site.languages[1]: expected one of en, hu, got "xx"'],
  ],
  [
    "a name in a language without a catalogue",
    "components:\n  - { id: a, name: { em: A } }\n",
    ['tudunk.yaml:2:22 components[0].name.em: unknown key – did you mean "en"?'],
  ],
  [
    "a name that is neither text nor texts",
    "components:\n  - { id: a, name: [A] }\n",
    ["tudunk.yaml:2:20 components[0].name: expected text or a map, got a list"],
  ],
  [
    "bad addresses",
    'references: [192.0.2.1, "192.0.2.300:53"]\nresolvers: [dns.example.org]\negress: { allow: [10.0.0.0/33] }\nhosts:\n  - { id: a, addresses: [web3] }\n',
    [
      'tudunk.yaml:1:14 references[0]: expected host:port such as 192.0.2.1:53, got "192.0.2.1"',
      'tudunk.yaml:1:25 references[1]: expected host:port such as 192.0.2.1:53, got "192.0.2.300:53"',
      'tudunk.yaml:2:13 resolvers[0]: expected an IP address such as 192.0.2.53, maybe with a port, got "dns.example.org"',
      'tudunk.yaml:3:19 egress.allow[0]: expected a network such as 10.0.0.0/8, got "10.0.0.0/33"',
      'tudunk.yaml:5:26 hosts[0].addresses[0]: expected an IP address such as 192.0.2.13, got "web3"',
    ],
  ],
  [
    "an environment variable that is not set",
    "channels:\n  - { id: a, kind: webhook, url: https://a.example/, secret: { env: HOOK_SECRT } }\n",
    [
      'tudunk.yaml:2:69 channels[0].secret.env: the environment variable "HOOK_SECRT" is not set – did you mean "HOOK_SECRET"?',
    ],
  ],
  [
    "a secret's file that is not there",
    "channels:\n  - { id: a, kind: webhook, url: https://a.example/, secret: { file: hook.key } }\n",
    ['tudunk.yaml:2:70 channels[0].secret.file: the file "hook.key" does not exist'],
  ],
  [
    "a password given twice",
    "mail: { smtp: 'smtp://u:pw@relay.example', password: pw, from: a@example.org }\n",
    ["tudunk.yaml:1:54 mail.password: is given twice: here and in the address of smtp"],
  ],
  [
    "broken YAML",
    "site:\n  name: [a\nhosts: []\n",
    [
      "tudunk.yaml:2:9 site.name: expected text, got a list",
      "tudunk.yaml:3:1: YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
  ],
  [
    "an alias of nothing",
    `${MONITOR}    labels: *none\n`,
    ["tudunk.yaml:5:13: *none names no anchor"],
  ],
  [
    "a list at the top",
    "- a\n",
    ["tudunk.yaml:1:1: expected a map of sections such as monitors: at the top"],
  ],
  [
    "a map for a list",
    "hosts: { a: 1 }\n",
    ["tudunk.yaml:1:8 hosts: expected a list, each entry after a -"],
  ],
  [
    "text for an entry",
    "hosts: [web3]\n",
    ['tudunk.yaml:1:9 hosts[0]: expected a map, got "web3"'],
  ],
  [
    "an included file that is not there",
    "include: [a.yaml]\n",
    ['tudunk.yaml:1:11 include[0]: "a.yaml" does not exist'],
  ],
  [
    "a file that includes itself",
    'include: ["*.yaml"]\n',
    ['tudunk.yaml:1:11 include[0]: "tudunk.yaml" is included by itself: tudunk.yaml → tudunk.yaml'],
  ],
])("a mistake is named where it is: %s", async (_name, text, lines) => {
  expect((await complaintsOf(text)).split("\n")).toEqual(lines);
});

test("every mistake of every file is named, in their order", async () => {
  const text = `hosts:\n  - { id: a, kind: x1 }\n  - { id: b, nme: c }\ninclude: [more.yaml]\npolicy: { publish: never }\n`;
  const more = "site: { name: B }\nhosts:\n  - { id: a }\n";
  const loaded = await loadText(text, { "more.yaml": more });
  const places = loaded.ok
    ? []
    : loaded.mistakes.map(({ file, line, where }) => [file, line, where]);
  expect(places).toEqual([
    ["tudunk.yaml", 2, "hosts[0].kind"],
    ["tudunk.yaml", 3, "hosts[1].nme"],
    ["tudunk.yaml", 5, "policy.publish"],
    ["more.yaml", 1, "site"],
    ["more.yaml", 3, "hosts[0].id"],
  ]);
  expect(loaded.files).toEqual(["tudunk.yaml", "more.yaml"]);
});

test("a missing or oversized main file is one mistake", async () => {
  const loaded = await loadConfig("none.yaml", { env: {}, languages: ["en"], read: diskOf({}) });
  expect(loaded.ok ? "" : formatMistakes(loaded.mistakes)).toBe(
    "none.yaml:1:1: the file does not exist",
  );
  expect(loaded.files).toEqual(["none.yaml"]);
  expect(await complaintsOf("#".repeat(17 * 1024 * 1024))).toBe(
    "tudunk.yaml:1:1: the file is too large: at most 16 MB, and 64 MB together",
  );
});

test("too many included files are one mistake", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 600 }, (_, i) => [`d/${String(i).padStart(3, "0")}.yaml`, ""]),
  );
  expect(await complaintsOf("include: [d/*.yaml]\n", files)).toBe(
    'tudunk.yaml:1:11 include[0]: "d/499.yaml" is one too many: at most 500 files are read',
  );
});

test("a wildcard that matches nothing is only a warning, and its folder is watched", async () => {
  const loaded = await loadText("include: [monitors.d/*.yaml]\n");
  expect(loaded.ok && formatMistakes(loaded.warnings)).toBe(
    'tudunk.yaml:1:11 include[0]: no file matches "monitors.d/*.yaml"',
  );
  expect(loaded.folders).toEqual(["monitors.d"]);
});

test("files may include files beside them, each is read once", async () => {
  const loaded = await loadText("include: [a/one.yaml, a/two.yaml]\n", {
    "a/one.yaml": "include: [two.yaml]\nhosts: [{ id: one }]\n",
    "a/two.yaml": "hosts: [{ id: two }]\n",
  });
  expect(loaded.ok && loaded.config.hosts.map(({ id }) => id)).toEqual(["one", "two"]);
});

test("secrets may stand in files beside the file that names them", async () => {
  const loaded = await loadText("include: [a/hook.yaml]\n", {
    "a/hook.yaml":
      "channels:\n  - { id: a, kind: webhook, url: https://a.example/, secret: { file: hook.key } }\n",
    "a/hook.key": `${HOOK_SECRET}\n`,
  });
  expect(loaded.ok && loaded.config.channels[0]?.settings["secret"]).toBe(HOOK_SECRET);
  expect(loaded.files).toContain(path.resolve("a/hook.key"));
});

test("labels and header names called env or file are not taken for secrets", async () => {
  const config = await configOf(
    `${MONITOR}    labels: { env: prod }\n    headers: { file: x, X-Key: { env: SMTP_PASSWORD } }\n`,
  );
  expect(config.monitors[0]?.labels).toEqual({ env: "prod" });
  expect(config.monitors[0]?.options["headers"]).toEqual({ file: "x", "X-Key": "relay-pass" });
});

test("anchors and merge keys are followed", async () => {
  const config = await configOf(
    `monitors:
  - &base
    id: a
    probe: http
    target: http://a.example/
    confirm: &slow { failures: 5 }
  - <<: *base
    id: b
    confirm: { <<: *slow, recoveries: 1 }
`,
  );
  expect(
    config.monitors.map(({ id, confirm }) => [id, confirm.failures, confirm.recoveries]),
  ).toEqual([
    ["a", 5, 2],
    ["b", 5, 1],
  ]);
});

test("anchors that repeat each other without end are refused quickly", async () => {
  const levels = Array.from({ length: 12 }, (_, i) =>
    i === 0
      ? "  a0: &a0 [x, x, x, x, x, x, x, x]"
      : `  a${i}: &a${i} [${`*a${i - 1}, `.repeat(8)}]`,
  );
  expect(await complaintsOf(`site:\n${levels.join("\n")}\n`)).toContain("repeats too much");
});

test("a JSON file is as good as a YAML file", async () => {
  const json = JSON.stringify({
    site: { name: "A" },
    hosts: [{ id: "web3" }],
    monitors: [{ id: "a", probe: "http", target: "http://a.example/", host: "web3" }],
  });
  for (const text of [json, JSON.stringify(JSON.parse(json), null, 2)])
    expect((await configOf(text)).monitors).toMatchObject([{ id: "a", host: "web3" }]);
  expect(await complaintsOf(json.replace('"host":"web3"', '"host":"wb3"'))).toContain(
    'monitors[0].host: unknown host "wb3" – did you mean "web3"?',
  );
});

test("no message repeats a secret", async () => {
  const strict = z.strictObject({
    token: z.string().superRefine((given, context) => {
      context.addIssue({ code: "custom", message: `"${given}" is no good token` });
    }),
    url: z.string().refine(() => false, { error: "expected another address" }),
  });
  const loaded = await loadText(
    `channels:
  - { id: a, kind: odd, token: { env: SMTP_PASSWORD }, url: "https://me:s3cr3t-word@a.example/" }
  - { id: b, kind: odd, token: "plain-secret", url: { file: url.key } }
`,
    { "url.key": "https://from.file.example/" },
    { channels: { odd: { settings: strict } } },
  );
  const text = loaded.ok ? "" : JSON.stringify(loaded.mistakes);
  expect(text).toContain('\\"[secret]\\" is no good token');
  for (const secret of ["relay-pass", "s3cr3t-word", "plain-secret", "from.file"])
    expect(text).not.toContain(secret);
});

test("the loader reads real files, links to folders and unreadable text in words", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "tudunk-config-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(path.join(folder, "conf.d", "sub.yaml"), { recursive: true });
  await writeFile(path.join(folder, "conf.d", "a.yaml"), "hosts: [{ id: a }]\n");
  await writeFile(path.join(folder, "conf.d", ".a.yaml.swp"), "junk: [");
  const file = path.join(folder, "tudunk.yaml");
  await writeFile(file, 'include: ["conf.d/*.yaml"]\n');
  const load = () => loadConfig(file, { env: {}, languages: ["en"] });
  expect(await load()).toMatchObject({ ok: true, config: { hosts: [{ id: "a" }] }, warnings: [] });
  await writeFile(file, Buffer.from([0x73, 0xff, 0xfe]));
  expect(await load()).toMatchObject({
    ok: false,
    mistakes: [{ message: "the file is not UTF-8 text" }],
  });
  await writeFile(file, "include: [conf.d]\n");
  expect(await load()).toMatchObject({ ok: false, mistakes: [{ where: "include[0]" }] });
});

test("a mutilated configuration never makes the loader fail or leak", async () => {
  const edits = fc.array(
    fc.record({
      at: fc.nat(FULL.length),
      cut: fc.nat(12),
      add: fc.oneof(
        fc.string({ maxLength: 4, unit: "binary" }),
        fc.constantFrom(
          "- ",
          ": ",
          "{",
          "}",
          "[",
          "]",
          "\n",
          "\n  ",
          "*a",
          "&a ",
          "~",
          "1",
          "env",
          "__proto__: ",
        ),
      ),
    }),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(edits, async (changes) => {
      const text = changes.reduce(
        (before, { at, cut, add }) => before.slice(0, at) + add + before.slice(at + cut),
        FULL,
      );
      const loaded = await loadText(text, MORE);
      if (loaded.ok) return;
      expect(loaded.mistakes.length).toBeGreaterThan(0);
      for (const mistake of loaded.mistakes) {
        expect(mistake.line).toBeGreaterThan(0);
        expect(mistake.column).toBeGreaterThan(0);
        expect(mistake.message).not.toMatch(/[\n\r]|hunter2|relay-pass/);
        expect(mistake.message).not.toContain(HOOK_SECRET);
      }
    }),
    { numRuns: Number(process.env["FUZZ_RUNS"] ?? 300) },
  );
});

test("help is named by symptom and language, and a symptom that is none is named", async () => {
  const help = { "mail.login": { en: "https://help.example/login" } };
  expect((await configOf(JSON.stringify({ texts: { help } }))).help).toEqual(help);
  const loaded = await loadText(JSON.stringify({ texts: { help: { "mail.logn": {} } } }));
  expect(loaded.ok ? "" : formatMistakes(loaded.mistakes)).toMatch(/mail\.logn[^]*mail\.login/);
});

test("planned work stands in the site's zone, and names what it is about", async () => {
  const config = await configOf(`
site: { name: A, timezone: Europe/Budapest, languages: [hu, en] }
hosts: [{ id: web3 }]
components: [{ id: web }, { id: mail }]
maintenances:
  - { id: kernel, title: Kernel, from: 2026-12-01 02:00, to: 2026-12-01T04:30, hosts: [web3] }
  - id: panel
    title: { en: Panel, hu: Vezérlőpult }
    text: { en: Soon. }
    from: "2026-07-01 02:00+00:00"
    to: "2026-07-01T03:00:00Z"
    components: [web]
`);
  expect(config.maintenances).toEqual([
    {
      id: "kernel",
      title: { hu: "Kernel", en: "Kernel" },
      text: null,
      startsAt: new Date("2026-12-01T01:00:00Z"),
      endsAt: new Date("2026-12-01T03:30:00Z"),
      hosts: ["web3"],
      components: [],
    },
    {
      id: "panel",
      title: { en: "Panel", hu: "Vezérlőpult" },
      text: { en: "Soon." },
      startsAt: new Date("2026-07-01T02:00:00Z"),
      endsAt: new Date("2026-07-01T03:00:00Z"),
      hosts: [],
      components: ["web"],
    },
  ]);
});

test("planned work that says nothing sensible is named by line", async () => {
  const complaints = await complaintsOf(`
hosts: [{ id: web3 }]
components: [{ id: g, components: [{ id: web }] }]
maintenances:
  - { id: a, title: A, from: 2026-12-01 02:00, to: 2026-12-01 01:00, hosts: [web3] }
  - { id: b, title: B, from: 2026-13-41 02:00, to: tomorrow, hosts: [web4] }
  - { id: c, title: C, from: 2026-02-31 02:00, to: 2026-12-01 01:00, components: [g, webb] }
  - { id: a, title: D, from: 2026-12-01 02:00, to: 2026-12-01 03:00 }
`);
  expect(complaints).toContain("tudunk.yaml:5:52 maintenances[0].to: expected a moment after from");
  expect(complaints).toContain("maintenances[1].to: expected a moment such as 2026-12-01 02:00");
  expect(complaints).toContain('maintenances[2].from: "2026-02-31 02:00" is no moment');
  expect(complaints).toContain(
    'maintenances[2].components[0]: "g" is a group; name its components',
  );
  expect(complaints).toContain('maintenances[2].components[1]: unknown component "webb"');
  expect(complaints).toContain("maintenances[3]: expected hosts or components that it is about");
  expect(complaints).toMatch(/maintenances\[3\].id: "a" is already the id of maintenances\[0\]/);
});
