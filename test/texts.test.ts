import { expect, test } from "vitest";
import { REASON_CODES } from "../src/core/correlate/reasons.js";
import { SYMPTOMS } from "../src/core/extract/extraction.js";
import { LANGUAGES } from "../src/core/languages.js";
import { article, createTexts, readCatalogues, unknownTexts } from "../src/texts.js";

const PLURAL = /_(zero|one|two|few|many|other)$/;
const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{\{\s*([a-zA-Z]+)/g)].map(([, name]) => name ?? "").toSorted();

test("each language that reports are read in has its texts, and English is the default", () => {
  expect(createTexts().languages.toSorted()).toEqual([...LANGUAGES].toSorted());
  expect(createTexts().languages[0]).toBe("en");
});

test("every language has the same texts", () => {
  const base = (keys: string[]) =>
    [...new Set(keys.map((key) => key.replace(PLURAL, "")))].toSorted();
  const { en = {}, ...others } = readCatalogues();
  for (const [language, texts] of Object.entries(others)) {
    // A second form of a title exists only where a language needs it; what only agents read waits for its turn.
    const optional = (key: string): boolean =>
      key.endsWith(".titleOf") || key.startsWith("reason.");
    const wanted = base(Object.keys(en)).filter((key) => !optional(key));
    const there = base(Object.keys(texts)).filter((key) => !optional(key));
    expect([language, ...there]).toEqual([language, ...wanted]);
  }
});

test("agents read every reason in English and in Hungarian, with all that it names", () => {
  const catalogues = readCatalogues();
  for (const [code, sentence] of Object.entries(REASON_CODES))
    for (const language of ["en", "hu"])
      expect([code, ...placeholders(catalogues[language]?.[`reason.${code}`] ?? "?")]).toEqual([
        code,
        ...[...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").toSorted(),
      ]);
});

test("every symptom has a name for customers in each language", () => {
  for (const [language, texts] of Object.entries(readCatalogues()))
    for (const symptom of SYMPTOMS)
      expect([language, symptom, texts[`report.symptom.${symptom}`]]).toEqual([
        language,
        symptom,
        expect.stringMatching(/^[^{.]+$/),
      ]);
});

test("a text with plural forms has all those of its language", () => {
  for (const [language, texts] of Object.entries(readCatalogues())) {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    const counted = new Set(
      Object.keys(texts)
        .filter((key) => PLURAL.test(key))
        .map((key) => key.replace(PLURAL, "")),
    );
    for (const key of counted) {
      const there = Object.keys(texts)
        .filter((one) => one.replace(PLURAL, "") === key && one !== key)
        .map((one) => PLURAL.exec(one)?.[1] ?? "");
      expect([key, ...there.toSorted()]).toEqual([key, ...forms]);
      expect(Object.keys(texts)).not.toContain(key);
    }
  }
});

test("no text names a value that its English sister does not have", () => {
  const { en = {}, ...others } = readCatalogues();
  const known = (key: string): string[] =>
    Object.entries(en)
      .filter(([one]) => one.replace(PLURAL, "") === key.replace(PLURAL, ""))
      .flatMap(([, text]) => placeholders(text));
  for (const [language, texts] of Object.entries(others))
    for (const [key, text] of Object.entries(texts))
      for (const name of placeholders(text))
        expect({ language, key, names: known(key) }).toHaveProperty(
          "names",
          expect.arrayContaining([name]),
        );
});

test("no text leaves out a value that its English sister names", () => {
  const valuesOf = (texts: Readonly<Record<string, string>>): Map<string, Set<string>> => {
    const values = new Map<string, Set<string>>();
    for (const [key, text] of Object.entries(texts)) {
      const base = key.replace(PLURAL, "");
      values.set(base, new Set([...(values.get(base) ?? []), ...placeholders(text)]));
    }
    return values;
  };
  const { en = {}, ...others } = readCatalogues();
  for (const [language, texts] of Object.entries(others)) {
    const there = valuesOf(texts);
    const left = [...valuesOf(en)].flatMap(([key, names]) =>
      [...names].filter((name) => there.get(key)?.has(name) === false).map((name) => [key, name]),
    );
    expect([language, ...left]).toEqual([language]);
  }
});

test("texts are written with the marks of print, without stray spaces", () => {
  const odd = Object.entries(readCatalogues()).flatMap(([language, texts]) =>
    Object.entries(texts)
      .filter(([, text]) =>
        /^\s|\s$|[^\S\n]{2}|\.\.\.|\s[,.;:?!](\s|$)| - |\{\{\{|\}\}\}/.test(text),
      )
      .map(([key]) => `${language}.${key}`),
  );
  expect(odd).toEqual([]);
});

test("an operator's wording replaces ours in every form, for one language", () => {
  const texts = createTexts({
    overrides: { en: { "incident.web.slow.title": "{{place}}: patience" } },
  });
  for (const count of [1, 2])
    expect(texts.t("en", "incident.web.slow.title", { place: "web3", count })).toBe(
      "web3: patience",
    );
  expect(texts.t("hu", "incident.web.slow.title", { place: "web3", count: 1 })).toBe("web3 lassú");
});

test("a wording may be given for a phase that ours tells in general words", () => {
  const overrides = { hu: { "incident.web.down.identified": "Megvan: {{place}}." } };
  expect(unknownTexts(overrides)).toEqual([]);
  const texts = createTexts({ overrides });
  const keys = ["incident.web.down.identified", "incident.any.identified"];
  expect(texts.t("hu", keys, { place: "web3" })).toBe("Megvan: web3.");
  expect(texts.t("en", keys, { place: "web3" })).toBe(texts.t("en", "incident.any.identified"));
});

test("texts that nobody knows are named and change nothing", () => {
  const overrides = {
    en: {
      "incident.web.dwn.title": "x",
      "__proto__.polluted": "x",
      "incident.web.down.dance": "x",
    },
    tlh: { "incident.next": "x" },
  };
  expect(unknownTexts(overrides)).toEqual([
    "en.incident.web.dwn.title",
    "en.__proto__.polluted",
    "en.incident.web.down.dance",
    "tlh.incident.next",
  ]);
  expect(createTexts({ overrides }).languages).toEqual(createTexts().languages);
});

test.each(["{{now}}", "$t(incident.next)", "{{place, article}}", "<b>&amp;</b>", "a\\{{b}}"])(
  "a name is never read as a template: %s",
  (name) => {
    expect(createTexts().t("en", "incident.affected", { place: name })).toBe(`Affected: ${name}.`);
    expect(createTexts().t("en", "incident.affected", { place: [{ en: name }] })).toBe(
      `Affected: ${name}.`,
    );
  },
);

test("a language without a file gets English", () => {
  expect(createTexts().t("tlh", "incident.affected", { place: "x" })).toBe("Affected: x.");
});

test("a missing text is told and shown as its key", () => {
  const missing: string[] = [];
  const texts = createTexts({ onMissing: (key, language) => missing.push(`${language}:${key}`) });
  expect(texts.t("hu", ["incident.no", "incident.nope"])).toBe("incident.nope");
  expect(missing).toEqual(["hu:incident.nope"]);
});

test("a moment of another day is told with its day, of another year with its year", () => {
  const texts = createTexts({ timezone: "Europe/Budapest" });
  const at = new Date("2026-12-31T22:30:00Z");
  expect(texts.moment("en", at, new Date("2026-12-31T23:10:00Z"))).toBe(
    "23:30 on 31 December 2026",
  );
  expect(texts.moment("en", at, new Date("2026-12-31T22:50:00Z"))).toBe("23:30");
  expect(texts.moment("hu", at, new Date("2026-12-30T12:00:00Z"))).toBe("december 31. 23:30");
  expect(texts.moment("en", at, null, "UTC")).toBe("22:30 on 31 December 2026");
});

test("many names are shortened to two and a number", () => {
  const place = ["a", "b", "c", "d", "e"].map((en) => ({ en }));
  expect(createTexts().t("en", "incident.affected", { place })).toBe("Affected: a, b and 3 more.");
  expect(createTexts().t("hu", "incident.affected", { place })).toBe(
    "Érintett: a, b és további 3.",
  );
});

test.each([
  ["web3", "a"],
  ["mail2", "a"],
  ["admin", "az"],
  ["E-mail-küldés", "az"],
  ["Ügyfélkapu", "az"],
  ["smtp1", "az"],
  ["mx2", "az"],
  ["ns1", "az"],
  ["FTP", "az"],
  ["DNS", "a"],
  ["db1", "a"],
  ["Webtárhely", "a"],
  ["1. szerver", "az"],
  ["12. szerver", "a"],
  ["100. szerver", "a"],
  ["1000. szerver", "az"],
  ["5. szerver", "az"],
  ["3. szerver", "a"],
  ["„archívum”", "az"],
])("the Hungarian article before %s is %s", (name, expected) => {
  expect(article(name)).toBe(expected);
});
