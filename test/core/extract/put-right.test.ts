import { expect, test } from "vitest";
import { createDirectory } from "../../../src/core/directory-of.js";
import type { ReportText } from "../../../src/core/extract/extraction.js";
import { putRight } from "../../../src/core/extract/put-right.js";
import { understand } from "../../../src/core/extract/understand.js";
import { NO_INVENTORY } from "../../../src/core/inventory.js";
import { correctedBy, type Correction } from "../../../src/core/report.js";

const directory = createDirectory({ ...NO_INVENTORY, timezone: "Europe/Budapest" });
const report: ReportText = {
  subject: null,
  text: "Reggel óta nem nyílik meg a honlapunk, a kert.example.",
  receivedAt: Date.parse("2026-11-22T10:00:00Z"),
  channel: "web",
  from: null,
  fromName: null,
  accountId: null,
  attachments: [],
};
const left: Correction = { which: null, choice: null, since: null };
const AT = "2026-11-22T11:00:00.000Z";

const rightly = (said: Partial<Correction>) =>
  putRight(understand(report, directory), report, { ...left, ...said, at: AT }, directory);

test("what they left stays as it was read", () => {
  expect(rightly({})).toEqual(understand(report, directory));
});

test("another name takes the place of what was read, which is still named", () => {
  const { mentions, symptoms } = rightly({ which: "webshop.example" });
  expect(mentions.map(({ value, aside }) => [value, aside])).toEqual([
    ["webshop.example", false],
    ["kert.example", true],
  ]);
  expect(mentions[0]?.span).toEqual({ field: "said", from: 0, to: 15 });
  expect(symptoms[0]?.symptom).toBe("web.down");
});

test("a name that is taken back leaves none that it is about", () => {
  expect(rightly({ which: "" }).mentions.filter(({ aside }) => !aside)).toEqual([]);
});

test("what they choose is believed, and all guesses sum to one", () => {
  const { symptoms } = rightly({ choice: "mail.login" });
  expect(symptoms[0]).toMatchObject({ symptom: "mail.login", p: 0.95 });
  expect(symptoms.reduce((sum, { p }) => sum + p, 0)).toBeCloseTo(1, 9);
});

test("since when counts from the moment they said it, in the language of the report", () => {
  const { since } = rightly({ since: "fél órája" });
  expect(since?.from).toBe(Date.parse("2026-11-22T10:30:00Z"));
  expect(rightly({ since: "nem tudom" }).since).toBeNull();
});

test("of several corrections the last word on each counts", () => {
  const said = [
    { at: new Date(1_000), correction: { ...left, which: "a.example", since: "tegnap" } },
    { at: new Date(2_000), correction: { ...left, which: "b.example" } },
  ];
  expect(correctedBy(said)).toEqual({
    which: "b.example",
    choice: null,
    since: "tegnap",
    at: new Date(2_000).toISOString(),
  });
  expect(correctedBy([])).toBeNull();
});
