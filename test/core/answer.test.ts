import { describe, expect, test } from "vitest";
import {
  answerTo,
  letterOf,
  matterOf,
  type AnswerInput,
  type Matter,
} from "../../src/core/answer.js";
import { DEEP_SERVICES } from "../../src/core/deep-probe.js";
import { CUES, SYMPTOMS, type Cue, type Symptom } from "../../src/core/extract/extraction.js";
import { LANGUAGES } from "../../src/core/languages.js";
import { HEARING } from "../../src/core/report.js";
import type { Phrase } from "../../src/core/wording.js";
import { REASONS } from "../../probes/reasons.js";
import { createTexts, readCatalogues } from "../../src/texts.js";

const texts = createTexts({
  timezone: "Europe/Budapest",
  onMissing: (key, language) => {
    throw new Error(`no text for ${key} in ${language}`);
  },
});

const now = new Date("2026-11-21T10:00:00Z");
const minutes = (n: number): Date => new Date(now.getTime() + n * 60_000);
const title = {
  en: "Sending mail from mail2 fails",
  hu: "Nem sikerül a levélküldés (mail2)",
  sl: "Pošiljanje pošte ne deluje (mail2)",
  pl: "Wysyłanie poczty nie działa (mail2)",
  cs: "Odesílání pošty nefunguje (mail2)",
  sk: "Odosielanie pošty nefunguje (mail2)",
  de: "Der Versand von E-Mails scheitert (mail2)",
};
const frame = {
  site: "Gyümölcstárhely",
  reference: "TR7-K4M",
  page: "https://status.example.hu/report/abc/seal",
};

const incidents = (["investigating", "identified", "monitoring", "resolved", "postmortem"] as const)
  .map((state) => ({
    title,
    state,
    since: minutes(-50),
    until: state === "resolved" || state === "postmortem" ? minutes(-5) : null,
    next: minutes(25),
  }))
  .flatMap((incident) => [
    incident,
    { ...incident, next: null },
    { ...incident, next: minutes(-1) },
  ]);

const MATTERS: readonly Matter[] = [
  "billing",
  "compensation",
  "howto",
  "request",
  "praise",
  "suggestion",
  "recovered",
  "asks",
  "other",
];
const help = { en: "https://help.example.hu/en/mail", hu: "https://help.example.hu/hu/level" };

const individual = (
  part: Partial<Extract<AnswerInput, { answer: "individual" }>> = {},
): AnswerInput => ({
  now,
  answer: "individual",
  name: "korte.hu",
  findings: [],
  cues: [],
  symptom: "other",
  ...part,
});

const everyInput: AnswerInput[] = [
  ...(["sure", "possible"] as const).flatMap((certainty) =>
    [...incidents, null].flatMap((incident) =>
      [...HEARING, null].map(
        (hears) => ({ now, answer: "known", certainty, incident, hears }) as const,
      ),
    ),
  ),
  ...(["sure", "possible"] as const).flatMap((certainty) =>
    [
      { begins: minutes(60), ends: minutes(120), over: false },
      { begins: minutes(-60), ends: minutes(60), over: false },
      { begins: minutes(-60), ends: minutes(-10), over: false },
      { begins: minutes(-60), ends: minutes(-10), over: true },
    ].map(
      (times) =>
        ({ now, answer: "maintenance", certainty, maintenance: { title, ...times } }) as const,
    ),
  ),
  individual(),
  ...SYMPTOMS.map((symptom) => individual({ symptom })),
  ...CUES.map((cue) => individual({ cues: [cue], help })),
  ...DEEP_SERVICES.flatMap((service) =>
    [
      ["up", "ok"] as const,
      ...[...Object.keys(REASONS), "points-elsewhere"].flatMap((reason) => [
        ["degraded", reason] as const,
        ["down", reason] as const,
      ]),
    ].map(([outcome, reason]) => individual({ findings: [{ service, outcome, reason }] })),
  ),
  ...MATTERS.map((matter) => ({ now, answer: "not-a-fault", matter, help }) as const),
  ...[1, 2, 3, 5, 24, undefined].map((hours) =>
    hours === undefined
      ? ({ now, answer: "new" } as const)
      : ({ now, answer: "new", hours } as const),
  ),
];

const said = (language: string, phrases: Phrase | readonly Phrase[]): string[] =>
  (Array.isArray(phrases) ? (phrases as readonly Phrase[]) : [phrases as Phrase]).map((phrase) =>
    texts.say(language, phrase),
  );

/** A greeting, a name under a letter, or a passage that goes on with an address or a list. */
const OPEN_END = /[.!?:]$|https:\/\/\S+$|\n\S+$|,$/;

describe.each(LANGUAGES)("in %s", (language) => {
  test("every answer is whole: no gap, no raw template, each paragraph ended", () => {
    const wrong = new Set<string>();
    for (const input of everyInput) {
      const { subject, paragraphs } = answerTo(input);
      const [line = ""] = said(language, subject);
      if (line.length > 78 || /[.{}]|undefined/.test(line)) wrong.add(line);
      for (const text of said(language, letterOf(paragraphs, frame)))
        if (/\{\{|\}\}|undefined|\[object|answer\.\w|Invalid/.test(text) || !OPEN_END.test(text))
          wrong.add(text);
    }
    expect([...wrong]).toEqual([]);
  });

  test("a letter greets, names the reference and the customer's own page, and closes", () => {
    const letter = said(language, letterOf(answerTo({ now, answer: "new" }).paragraphs, frame));
    expect(letter.join("\n")).toContain(frame.reference);
    expect(letter.filter((text) => text.includes(frame.page))).toHaveLength(1);
    expect(letter.at(-1)).toContain(frame.site);
  });

  test("what a letter says beside an answer is whole, and its subject fits its line", () => {
    const params = {
      title,
      text: title,
      works: `${frame.page}/works`,
      broken: `${frame.page}/broken`,
      link: `${frame.page}/confirm`,
    };
    const keys = Object.keys(readCatalogues()[language] ?? {}).filter((key) =>
      key.startsWith("customer."),
    );
    expect(keys.length).toBeGreaterThan(15);
    const wrong = keys.filter((key) => {
      const text = texts.t(language, key, params);
      if (/\{\{|\}\}|undefined|\[object/.test(text)) return true;
      if (key.endsWith(".subject")) return text.length > 78;
      // A heading or a button needs no end.
      return !/\.(heading|text|yes)$/.test(key) && !OPEN_END.test(text);
    });
    expect(wrong).toEqual([]);
  });

  test("whoever is asked for their address learns nothing of the report", () => {
    for (const key of ["subject", "text", "link", "ignore"])
      expect(readCatalogues()[language]?.[`customer.confirm.${key}`]).not.toMatch(
        /\{\{(?!link\}\})/,
      );
  });
});

test.each<[language: string, one: string, two: string, three: string, five: string]>([
  ["en", "within 1 hour.", "within 2 hours.", "within 3 hours.", "within 5 hours."],
  ["hu", "1 órán belül", "2 órán belül", "3 órán belül", "5 órán belül"],
  ["sl", "v 1 uri.", "v 2 urah.", "v 3 urah.", "v 5 urah."],
  ["pl", "w ciągu 1 godziny.", "w ciągu 2 godzin.", "w ciągu 3 godzin.", "w ciągu 5 godzin."],
  ["cs", "do 1 hodiny.", "do 2 hodin.", "do 3 hodin.", "do 5 hodin."],
  ["sk", "do 1 hodiny.", "do 2 hodín.", "do 3 hodín.", "do 5 hodín."],
  ["de", "von 1 Stunde.", "von 2 Stunden.", "von 3 Stunden.", "von 5 Stunden."],
])("hours are counted as %s counts them", (language, one, two, three, five) => {
  for (const [hours, expected] of [
    [1, one],
    [2, two],
    [3, three],
    [5, five],
  ] as const)
    expect(said(language, answerTo({ now, answer: "new", hours }).paragraphs).at(-1)).toContain(
      expected,
    );
});

test("a person is promised within a day where nobody says otherwise", () => {
  expect(said("en", answerTo({ now, answer: "new" }).paragraphs).at(-1)).toContain("24 hours");
});

const known = (
  part: Partial<Extract<AnswerInput, { answer: "known" }>>,
  language = "en",
): string => {
  const [incident = null] = incidents;
  const input = {
    now,
    answer: "known",
    certainty: "sure",
    incident,
    hears: "first-and-fixed",
  } as const;
  return said(language, answerTo({ ...input, ...part }).paragraphs).join(" ");
};
const inState = (state: string) =>
  incidents.find((incident) => incident.state === state && incident.next !== null) ?? null;

test("a known fault is told with since when, the next word, and that nothing is to be done", () => {
  expect(known({})).toBe(
    "We already know about this: “Sending mail from mail2 fails”. It began at 10:10, and we are looking for the cause. Next word by 11:25. You need do nothing: we shall write when it is fixed.",
  );
});

test("a promise that is past is not given again, and none is made for what is over", () => {
  const [first] = incidents;
  if (!first) throw new Error("no incident");
  expect(known({ incident: { ...first, next: minutes(-1) } })).not.toContain("Next word");
  expect(known({ incident: inState("resolved") })).not.toContain("Next word");
});

test("nobody is promised a letter who gets none", () => {
  for (const hears of ["nothing", null] as const) {
    expect(known({ hears })).not.toContain("write");
    expect(known({ hears })).toContain("Your page tells you");
  }
});

test("of an incident that is not public nothing is said but that we know", () => {
  const text = known({ incident: null });
  expect(text).not.toContain("mail2");
  expect(text).toContain("We already know about a fault that fits");
});

test("what a person has yet to confirm is told as possible", () => {
  const text = known({ certainty: "possible" });
  expect(text).toMatch(/^What you describe may belong to/);
  expect(text).toContain("A person looks at it and answers within 24 hours.");
});

test("what is over asks to be told where it is not", () => {
  expect(known({ incident: inState("resolved") })).toMatch(
    /was over at 10:55\. If it still fails for you, tell us with one click/,
  );
});

test.each([
  ["en", "22:15 on 20 November"],
  ["hu", "november 20. 22:15"],
  ["sl", "od 20. 11. ob 22:15"],
  ["pl", "od 20 listopada godz. 22:15"],
  ["cs", "od 20. listopadu 22:15"],
  ["sk", "od 20. novembra 22:15"],
  ["de", "seit 20. November, 22:15 Uhr"],
])("a fault of another day is told with its day in %s", (language, expected) => {
  const [first] = incidents;
  if (!first) throw new Error("no incident");
  const since = new Date("2026-11-20T21:15:00Z");
  expect(known({ incident: { ...first, since } }, language)).toContain(expected);
});

test.each<[name: string, part: Parameters<typeof individual>[0], expected: readonly RegExp[]]>([
  [
    "says where all of it works, and where the cause may lie then",
    {
      findings: [
        { service: "web", outcome: "up", reason: "ok" },
        { service: "certificate", outcome: "degraded", reason: "certificate-expires-soon" },
      ],
    },
    [/Website korte\.hu: it opens\./, /valid, but expires soon\./, /From here all of this works/],
  ],
  [
    "says that we see the fault too",
    {
      findings: [
        { service: "web", outcome: "down", reason: "status-unexpected" },
        { service: "dns", outcome: "up", reason: "ok" },
      ],
    },
    [/it shows an error message/, /it leads to us/, /So we see the fault too/],
  ],
  [
    "tells a domain that leads elsewhere",
    { findings: [{ service: "dns", outcome: "down", reason: "points-elsewhere" }] },
    [/leads to other servers than ours/],
  ],
  [
    "keeps quiet about looks that told nothing",
    { findings: [{ service: "web", outcome: "unknown", reason: "resolver-timed-out" }] },
    [/^We know of no fault that fits/],
  ],
  [
    "does not call a server slow that only lacks an encryption",
    { findings: [{ service: "mx", outcome: "degraded", reason: "starttls-missing" }] },
    [/our server takes it\./, /From here all of this works/],
  ],
  [
    "advises by the hint before the symptom",
    { cues: ["urgent", "quota-full"], symptom: "mail.receive" },
    [/seems to be full/],
  ],
  [
    "sends nobody to look at their end for what we see too",
    {
      findings: [{ service: "imap", outcome: "down", reason: "refused" }],
      symptom: "mail.login",
    },
    [/So we see the fault too\. A person looks at it/],
  ],
  ["advises by the symptom without a hint", { symptom: "mail.login" }, [/signing in to webmail/]],
])("individual: the answer %s", (_name, part, expected) => {
  const text = said("en", answerTo(individual(part)).paragraphs).join(" ");
  for (const pattern of expected) expect(text).toMatch(pattern);
});

test("whoever reports no fault is thanked and never told that none is seen", () => {
  for (const matter of MATTERS)
    for (const language of LANGUAGES) {
      const text = said(language, answerTo({ now, answer: "not-a-fault", matter }).paragraphs);
      expect(text[0]).toMatch(/^(Thank you|Köszönjük|Hvala|Dziękujemy|Děkujeme|Ďakujeme|Danke)/);
      expect(text.join(" ")).not.toMatch(/no fault|nem látunk hibát/i);
    }
});

test("help is linked in the reader's language, else in another that there is", () => {
  const input = { now, answer: "not-a-fault", matter: "howto", help } as const;
  expect(said("hu", answerTo(input).paragraphs).at(-1)).toContain("/hu/level");
  expect(said("sl", answerTo(input).paragraphs).at(-1)).toContain("/en/mail");
});

test.each<[cues: Cue[], symptom: Symptom, matter: Matter]>([
  [[], "billing", "billing"],
  [["compensation"], "billing", "compensation"],
  [["question"], "howto", "howto"],
  [["request"], "howto", "request"],
  [["thanks"], "feedback", "praise"],
  [[], "feedback", "suggestion"],
  [["works-again", "thanks"], "feedback", "recovered"],
  [["asks-about"], "other", "asks"],
  [[], "other", "other"],
])("matter: %j with %s is %s", (cues, symptom, matter) => {
  const span = { field: "text", from: 0, to: 1 } as const;
  expect(
    matterOf({
      language: { code: "en", certainty: 1 },
      mentions: [],
      symptoms: [{ symptom, p: 1, spans: [] }],
      since: null,
      cues: cues.map((cue) => ({ cue, span })),
      asides: [],
      words: [],
    }),
  ).toBe(matter);
});
