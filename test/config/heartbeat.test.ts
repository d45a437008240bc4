import { expect, test } from "vitest";
import { expectationOf } from "../../src/config/heartbeat.js";
import { loadConfig } from "../../src/config/load.js";
import { formatMistakes } from "../../src/config/mistakes.js";

const TOKEN = "cdrGFXyJUNK54VYOUnKmtg";

const load = (text: string) =>
  loadConfig("/tudunk.yaml", {
    env: { BACKUP_TOKEN: TOKEN, SHORT: "abc" },
    languages: ["en"],
    read: { text: () => Promise.resolve(text), names: () => Promise.resolve([]) },
  });
const beat = (rest: string): string => `monitors:\n  - { id: backup, probe: heartbeat, ${rest} }\n`;
const complaintsOf = async (text: string): Promise<string> => {
  const loaded = await load(text);
  return loaded.ok
    ? "(no mistake)"
    : formatMistakes(loaded.mistakes).replaceAll("/tudunk.yaml:", "");
};

test("a heartbeat needs a token and a rhythm; all else has a default", async () => {
  const loaded = await load(beat("token: { env: BACKUP_TOKEN }, period: 1d"));
  if (!loaded.ok) throw new Error(formatMistakes(loaded.mistakes));
  const [monitor] = loaded.config.monitors;
  expect(monitor).toMatchObject({
    probe: "heartbeat",
    target: "backup",
    everyMs: 60_000,
    confirm: { failures: 1, recoveries: 1 },
    options: { token: TOKEN, period: "1d", grace: "5m" },
  });
  expect(monitor && expectationOf(monitor, "UTC")).toEqual({
    rhythm: { kind: "period", periodMs: 86_400_000 },
    graceMs: 300_000,
    longestMs: null,
  });
});

test.each([
  ["cron: '30 2 * * *'", "Europe/Budapest"],
  ["cron: '30 2 * * *', timezone: America/Lima", "America/Lima"],
])("%s goes by the clocks of %s", async (rest, zone) => {
  const loaded = await load(
    `site: { timezone: Europe/Budapest }\n${beat(`token: ${TOKEN}, ${rest}, grace: 1h, longest: 2h, target: nightly dump`)}`,
  );
  if (!loaded.ok) throw new Error(formatMistakes(loaded.mistakes));
  const [monitor] = loaded.config.monitors;
  expect(monitor?.target).toBe("nightly dump");
  expect(monitor && expectationOf(monitor, loaded.config.site.timezone)).toMatchObject({
    rhythm: { kind: "cron", zone },
    graceMs: 3_600_000,
    longestMs: 7_200_000,
  });
});

test.each<[rest: string, complaint: string]>([
  ["period: 1d", "token: is missing"],
  [`token: ${TOKEN}`, "period: is missing: how often it beats, such as 1d – or cron, when"],
  [
    `token: ${TOKEN}, period: 1d, cron: "@daily"`,
    "cron: either period or cron says when it beats, not both",
  ],
  [`token: ${TOKEN}, period: 1d, timezone: UTC`, "timezone: is for cron"],
  [`token: ${TOKEN}, cron: "61 * * * *"`, "cron: expected five fields of a crontab"],
  [`token: ${TOKEN}, cron: "0 0 30 2 *"`, "cron: expected five fields of a crontab"],
  [`token: ${TOKEN}, cron: "@daily", timezone: Europe/Budapset`, 'did you mean "Europe/Budapest"?'],
  [`token: ${TOKEN}, period: 500ms`, "period: expected a duration from 1s to 400d"],
  [`token: ${TOKEN}, period: 1d, every: 30s`, "every: nobody looks at a heartbeat"],
  [`token: ${TOKEN}, period: 1d, confirm: { failures: 3 }`, "confirm: nobody looks at a heartbeat"],
  [`token: ${TOKEN}, period: 1d, perod: 1d`, 'perod: unknown key – did you mean "period"?'],
  ["token: { env: SHORT }, period: 1d", "token: expected a token of 22 to 100 random letters"],
  ["token: abababababababababababababab, period: 1d", "token: expected a token of 22 to 100"],
  ["token: 00000000-0000-0000-0000-000000000000, period: 1d", "token: expected a token of 22"],
])("%s is a mistake: %s", async (rest, complaint) => {
  expect(await complaintsOf(beat(rest))).toContain(complaint);
});

test("two jobs cannot have one token, and no message shows it", async () => {
  const complaints = await complaintsOf(
    `${beat(`token: ${TOKEN}, period: 1d`)}  - { id: other, probe: heartbeat, token: ${TOKEN}, period: 5x }\n` +
      `  - { id: third, probe: heartbeat, token: ${TOKEN}, period: 1d }\n`,
  );
  expect(complaints).toContain('monitors[2].token: is the token of "backup", too');
  expect(complaints).not.toContain(TOKEN);
});

test("whatever is looked at still needs a target", async () => {
  expect(await complaintsOf("monitors:\n  - { id: a, probe: http }\n")).toBe(
    "2:5 monitors[0].target: is missing",
  );
});
