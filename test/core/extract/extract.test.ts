import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extract, type ReadAgainst } from "../../../src/core/extract/extract.js";
import { MOST_TEXT } from "../../../src/core/extract/field.js";
import type { Language } from "../../../src/core/languages.js";
import { accountOf, directory, report } from "./world.js";
import { ownMs } from "../../support/own-time.js";

const against = (id: string | null, language: Language | null = null): ReadAgainst => ({
  directory,
  zone: "Europe/Budapest",
  account: id === null ? null : accountOf(id),
  accountLanguage: language,
});

describe("a whole report", () => {
  test.each<[id: string, language: Language, text: string, symptom: string, value: string]>([
    [
      "KX-10482",
      "hu",
      "Reggel 9 óta nem tudok levelet küldeni az info@koronaszallo.hu címről.",
      "mail.send",
      "info@koronaszallo.hu",
    ],
    [
      "KX-10519",
      "sl",
      "Od 9. ure ne moremo pošiljati pošte z naslova narocila@pekarna-vidic.si.",
      "mail.send",
      "narocila@pekarna-vidic.si",
    ],
    [
      "KX-20077",
      "pl",
      "Od godziny 9 nie możemy wysyłać maili z sklep@rozowa-pracownia.pl.",
      "mail.send",
      "sklep@rozowa-pracownia.pl",
    ],
    [
      "KX-20114",
      "cs",
      "Od 9 hodin nemůžeme odesílat maily z dilna@truhlarnaulipy.cz.",
      "mail.send",
      "dilna@truhlarnaulipy.cz",
    ],
    [
      "KX-30001",
      "sk",
      "Od 9 hodiny nemôžeme odosielať maily z obchod@zahradka.sk.",
      "mail.send",
      "obchod@zahradka.sk",
    ],
    [
      "KX-30455",
      "de",
      "Seit 9 Uhr können wir keine Mails von laden@backhaus-ott.de versenden.",
      "mail.send",
      "laden@backhaus-ott.de",
    ],
    [
      "KX-40210",
      "en",
      "Since 9 am we cannot send mail from orders@northwick.example.",
      "mail.send",
      "orders@northwick.example",
    ],
  ])("of %s in %s is understood", (id, language, text, symptom, value) => {
    const found = extract(report(text), against(id));
    expect(found.language.code).toBe(language);
    expect(found.mentions).toMatchObject([{ kind: "mailbox", value, role: "own", aside: false }]);
    expect(found.symptoms[0]?.symptom).toBe(symptom);
    expect(found.since?.from).toBe(Date.UTC(2026, 4, 12, 7));
  });

  test("keeps uncommon words, without small words and the customer's own names", () => {
    const { words } = extract(
      report("Our gallery on northwick.example shows IPv6 timeouts, Northwick cannot upload."),
      against("KX-40210"),
    );
    expect(words).toEqual(expect.arrayContaining(["gallery", "ipv6", "timeouts"]));
    expect(words).not.toEqual(expect.arrayContaining(["northwick"]));
    expect(words).not.toContain("cannot");
  });

  test.each([
    ["de", "Unsere Webseite geht seit gut einer Dreiviertelstunde leider nicht mehr.", "web.down"],
    ["pl", "Poczty od wczoraj mniej więcej od osiemnastej nie mogę wysłać.", "mail.send"],
    [
      "cs",
      "Nemůžeme ze schránky vyroba zavináč pila-doubrava tečka cz odesílat nabídky.",
      "mail.send",
    ],
  ] as const)("in %s, a time or a name between parts nothing: %s", (language, text, symptom) => {
    expect(extract(report(text), against(null, language)).symptoms[0]?.symptom).toBe(symptom);
  });

  test.each([
    ["cs", "Plánovač: cron se v noci nespustil"],
    ["hu", "Nem futnak az ütemezett feladataink"],
    ["en", "Our scheduled tasks did not run"],
  ] as const)("in %s, an uncommon matter has the same name: %s", (language, text) => {
    expect(extract(report(text), against(null, language)).words).toContain("cron");
  });

  test("is the same each time it is read", () => {
    const once = extract(
      report("A web7 lassú, 503-at ad reggel óta.", "lassú"),
      against(null, "hu"),
    );
    const again = extract(
      report("A web7 lassú, 503-at ad reggel óta.", "lassú"),
      against(null, "hu"),
    );
    expect(again).toEqual(once);
  });

  test("of the longest mails the beginning is read", () => {
    const text = `Nem megy a web7. ${"bla ".repeat(MOST_TEXT)} mail3`;
    const { mentions } = extract(report(text), against(null));
    expect(mentions.map(({ value }) => value)).toEqual(["web7"]);
  });

  test.each(["1", "a", "-", "1.", "a@", "+36 ", "_", "> ", "😀", "1a", ":", "a-b "])(
    "a whole mail of nothing but %j is read in no time",
    (part) => {
      const text = part.repeat(Math.floor(20_000 / part.length));
      const began = ownMs();
      extract(report(text), against(null));
      // Our own time: others may be at work on this machine. What grows with the square takes seconds.
      expect(ownMs() - began).toBeLessThan(1_200);
    },
  );

  test("whatever it says, each passage lies in its field and the likelihoods sum to one", () => {
    const word = fc.constantFrom(
      "Nem megy",
      "od rána",
      "@",
      "> On 12 May 2026, X wrote:",
      "\n",
      "535",
      "web7",
      "😀",
      "\u202E",
      "\u0000",
      "ne dela",
      '"',
      "since 9 am",
      "--",
    );
    const anyText = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.array(word, { maxLength: 40 }).map((words) => words.join(" ")),
    );
    fc.assert(
      fc.property(anyText, fc.option(anyText), (text, subject) => {
        const found = extract(report(text, subject), against(null, "hu"));
        const spans = [
          ...found.mentions.map(({ span }) => span),
          ...found.cues.map(({ span }) => span),
          ...found.asides.map(({ span }) => span),
          ...found.symptoms.flatMap(({ spans }) => spans),
          ...(found.since ? [found.since.span] : []),
        ];
        for (const { field, from, to } of spans) {
          expect(from).toBeGreaterThanOrEqual(0);
          expect(to).toBeGreaterThanOrEqual(from);
          expect(to).toBeLessThanOrEqual((field === "subject" ? subject : text)?.length ?? 0);
        }
        expect(found.symptoms.reduce((sum, { p }) => sum + p, 0)).toBeCloseTo(1);
      }),
      { numRuns: 200 },
    );
  });
});
