import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.js";
import { formatMistakes } from "../../src/config/mistakes.js";

const load = (text: string) =>
  loadConfig("/tudunk.yaml", {
    env: { NOPE: "secret" },
    languages: ["en"],
    read: { text: () => Promise.resolve(text), names: () => Promise.resolve([]) },
  });
const WORLD =
  "hosts: [{ id: web3 }]\ncomponents: [{ id: mail }, { id: all, components: [{ id: web }] }]\n";
const rule = (rest: string): string => `${WORLD}rules:\n  - { id: disk, ${rest} }\n`;

test("a rule needs what it matches; all else has a default", async () => {
  const loaded = await load(rule('match: { alertname: "Disk*", severity: [critical, page] }'));
  if (!loaded.ok) throw new Error(formatMistakes(loaded.mistakes));
  expect(loaded.config.rules).toEqual([
    {
      id: "disk",
      match: { alertname: ["Disk*"], severity: ["critical", "page"] },
      host: null,
      component: null,
      impact: "major_outage",
      outcome: "down",
      ignore: false,
      expiresMs: 18_000_000,
    },
  ]);
});

test("a label called env is no secret", async () => {
  const loaded = await load(rule("match: { env: production }"));
  if (!loaded.ok) throw new Error(formatMistakes(loaded.mistakes));
  expect(loaded.config.rules[0]?.match).toEqual({ env: ["production"] });
});

test.each<[rest: string, complaint: string]>([
  ["host: web3", "match: is missing"],
  ["match: {}, host: web4", 'host: unknown host "web4" – did you mean "web3"?'],
  ["match: {}, component: mial", 'component: unknown component "mial" – did you mean "mail"?'],
  ["match: {}, component: all", 'component: "all" is a group'],
  ["match: {}, host: '{{ instance }}'", "host: expected a text such as {{ labels.instance }}"],
  ["match: {}, host: '{{ labels.a-b }}'", "host: expected a text such as"],
  ["match: { severity: [] }", "match.severity: expected"],
  ["match: {}, outcome: unknown", "outcome: expected one of down, degraded"],
  ["match: {}, ignore: true, host: web3", "host: has no effect"],
  ["match: {}, hosts: web3", 'hosts: unknown key – did you mean "host"?'],
  ["match: {}, expires: 1s", "expires: expected a duration from 1m to 7d"],
])("a rule with %s is a mistake: %s", async (rest, complaint) => {
  const loaded = await load(rule(rest));
  expect(loaded.ok ? "(no mistake)" : formatMistakes(loaded.mistakes)).toContain(complaint);
});

test("ids are given once, and those that alerts will have to nobody else", async () => {
  const loaded = await load(
    `rules: [{ id: a, match: {} }, { id: a, match: {} }, { id: a--b, match: {} }]\n` +
      `monitors: [{ id: alert-x, probe: http, target: "http://a.example/" }]\n`,
  );
  const complaints = loaded.ok ? "(no mistake)" : formatMistakes(loaded.mistakes);
  expect(complaints).toContain('rules[1].id: "a" is already the id of rules[0]');
  expect(complaints).toContain("rules[2].id: expected an id of a-z, 0-9 and single -");
  expect(complaints).toContain("monitors[0].id: alert-… are the ids of what rules: make");
});
