import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { extract } from "../../../src/core/extract/extract.js";
import { CUES, type Extraction, SYMPTOMS } from "../../../src/core/extract/extraction.js";
import { LANGUAGES } from "../../../src/core/languages.js";
import { directory } from "./world.js";

const FOLDER = new URL("../../fixtures/reports/", import.meta.url);

const Report = z.strictObject({
  subject: z.string().optional(),
  text: z.string(),
  at: z.iso.datetime({ offset: true }),
  expect: z.strictObject({
    language: z.enum(LANGUAGES),
    symptom: z.enum(SYMPTOMS),
    /** Further ones that a careful agent would accept. */
    also: z.array(z.enum(SYMPTOMS)).default([]),
    since: z
      .strictObject({
        from: z.iso.datetime({ offset: true }),
        precision: z.enum(["minute", "hour", "part-of-day", "day", "vague"]),
      })
      .nullable()
      .optional(),
    mentions: z
      .strictObject({
        domains: z.array(z.string()).optional(),
        mailboxes: z.array(z.string()).optional(),
        servers: z.array(z.string()).optional(),
        codes: z.array(z.string()).optional(),
      })
      .optional(),
    cues: z.array(z.enum(CUES)).optional(),
  }),
});
type Report = z.infer<typeof Report>;

interface Case {
  readonly name: string;
  readonly report: Report;
  readonly found: Extraction;
}

const cases: readonly Case[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".yaml"))
  .sort()
  .flatMap((file) => {
    const reports = z.array(Report).parse(parse(readFileSync(new URL(file, FOLDER), "utf8")));
    return reports.map((report, index) => ({
      name: `${file} ${index + 1}: ${(report.subject ?? report.text).slice(0, 40).replaceAll("\n", " ")}`,
      report,
      found: extract(
        {
          subject: report.subject ?? null,
          text: report.text,
          receivedAt: Date.parse(report.at),
          channel: "email",
          from: null,
          fromName: null,
          accountId: null,
          attachments: [],
        },
        {
          directory,
          zone: report.expect.language === "en" ? "Europe/London" : "Europe/Budapest",
          account: null,
          accountLanguage: report.expect.language,
        },
      ),
    }));
  });

/** What a report of this kind says for certain, so that the others' absence can be asked for. */
const OF_THEIR_OWN = new Set([
  "own-change",
  "one-device",
  "own-network",
  "domain-expired",
  "quota-full",
]);
const MINUTE = 60_000;
const PRECISIONS = ["minute", "hour", "part-of-day", "day", "vague"];
const REACH = { minute: 15, hour: 60, "part-of-day": 180, day: 720, vague: 4320 };

describe("reports of our own", () => {
  test.each(LANGUAGES)("there are at least 25 in %s", (language) => {
    const ours = cases.filter(({ report }) => report.expect.language === language);
    expect(ours.length).toBeGreaterThanOrEqual(25);
  });

  // Some, short and without marks, would be read as a neighbour's language by a person, too.
  test.each(LANGUAGES)("the language is told of at least 19 in 20 in %s", (language) => {
    const ours = cases.filter(({ report }) => report.expect.language === language);
    const mistaken = ours.filter(({ found }) => found.language.code !== language);
    expect(mistaken.map(({ name }) => name).length).toBeLessThanOrEqual(ours.length / 20);
  });

  test.each(cases)("the symptom is understood, $name", ({ report, found }) => {
    const [best] = found.symptoms;
    const accepted = [report.expect.symptom, ...report.expect.also];
    expect(accepted).toContain(best?.symptom);
    expect(found.symptoms.map(({ symptom }) => symptom)).toContain(report.expect.symptom);
    expect(found.symptoms.reduce((sum, { p }) => sum + p, 0)).toBeCloseTo(1, 9);
  });

  test.each(cases.filter(({ report }) => report.expect.since === null))(
    "no beginning is read where none is told, $name",
    ({ found }) => {
      expect(found.since).toBeNull();
    },
  );

  test.each(
    cases.flatMap(({ name, report: { expect: expected }, found }) =>
      expected.since ? [{ name, since: expected.since, found }] : [],
    ),
  )("the beginning is read, $name", ({ since, found }) => {
    // "Since noon" is an hour to one and a part of the day to another.
    const steps = PRECISIONS.indexOf(found.since?.precision ?? "vague");
    expect(Math.abs(steps - PRECISIONS.indexOf(since.precision))).toBeLessThanOrEqual(1);
    const off = Math.abs((found.since?.from ?? 0) - Date.parse(since.from)) / MINUTE;
    expect(off).toBeLessThanOrEqual(REACH[since.precision]);
  });

  test.each(cases.filter(({ report }) => report.expect.mentions !== undefined))(
    "what it names is found, $name",
    ({ report, found }) => {
      const named = (kind: string) =>
        found.mentions.filter((mention) => mention.kind === kind).map(({ value }) => value);
      const {
        domains = [],
        mailboxes = [],
        servers = [],
        codes = [],
      } = report.expect.mentions ?? {};
      expect(named("domain")).toEqual(expect.arrayContaining(domains));
      expect(named("mailbox")).toEqual(expect.arrayContaining(mailboxes));
      expect(named("server")).toEqual(expect.arrayContaining(servers));
      expect(named("code")).toEqual(expect.arrayContaining(codes));
    },
  );

  test.each(cases.filter(({ report }) => report.expect.cues !== undefined))(
    "its cues are found, $name",
    ({ report, found }) => {
      const cues = found.cues.map(({ cue }) => cue);
      expect(cues).toEqual(expect.arrayContaining(report.expect.cues ?? []));
    },
  );

  test.each(cases.filter(({ report }) => report.expect.cues?.length === 0))(
    "no cause of the customer's own is read where none is told, $name",
    ({ found }) => {
      expect(found.cues.filter(({ cue }) => OF_THEIR_OWN.has(cue))).toEqual([]);
    },
  );

  test.each(cases)("each passage lies in the report, $name", ({ report, found }) => {
    const spans = [
      ...found.symptoms.flatMap((guess) => guess.spans),
      ...found.cues.map(({ span }) => span),
    ];
    for (const { field, from, to } of spans) {
      const original = field === "subject" ? (report.subject ?? "") : report.text;
      expect(original.slice(from, to).trim()).not.toBe("");
      expect(to).toBeLessThanOrEqual(original.length);
    }
  });
});
