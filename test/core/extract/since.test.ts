import fc from "fast-check";
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { readFields } from "../../../src/core/extract/field.js";
import { LEXICONS } from "../../../src/core/extract/lexicons/index.js";
import { readSince } from "../../../src/core/extract/since.js";
import { LANGUAGES, type Language } from "../../../src/core/languages.js";
import { readAt, told } from "./since-reading.js";
import { ownMs } from "../../support/own-time.js";

const LONDON = "Europe/London";
const NEW_YORK = "America/New_York";

/** Pieces that times are made of, good and bad, in any order. */
const SCRAPS = [
  ..."od seit since óta ab from tól now azóta do until ig včeraj yesterday gestern tegnap reggel morning".split(
    " ",
  ),
  ..."8 11 23 8:15 23.3. 2026-03-29 12.5 24:00 2:30 99 0 1/2 3/4 50% 3. 4, - . ! ? ( ) half fél půl wpół halb".split(
    " ",
  ),
  ..."perce minut Stunden hour hodin dni weeks órája nem ne nie nicht not error down works még još noch ago temu".split(
    " ",
  ),
  ..."Monday pondělí środa szerda maja March 31 30 february noc éjjel night midnight polnoči and és in a und".split(
    " ",
  ),
];
const anyText = fc
  .array(fc.oneof(fc.constantFrom(...SCRAPS), fc.string({ maxLength: 6 })), { maxLength: 30 })
  .map((words) => words.join(" "));
const anyInstant = fc.integer({
  min: Date.parse("2024-01-01T00:00:00Z"),
  max: Date.parse("2028-12-31T00:00:00Z"),
});

function fieldOf(text: string) {
  const [field] = readFields({
    subject: null,
    text,
    receivedAt: 0,
    channel: "chat",
    from: null,
    fromName: null,
    accountId: null,
    attachments: [],
  });
  if (field === undefined) throw new Error("a report has a text");
  return field;
}

describe("whatever is written", () => {
  test("no beginning is in the future, and every span lies in the text", () => {
    fc.assert(
      fc.property(
        anyText,
        fc.constantFrom(...LANGUAGES),
        anyInstant,
        fc.constantFrom("Europe/Budapest", LONDON, NEW_YORK, "Not/AZone"),
        (text, language, receivedAt, zone) => {
          const since = readSince(fieldOf(text), { lexicon: LEXICONS[language], receivedAt, zone });
          if (since === null) return;
          expect(since.to).toBeLessThanOrEqual(receivedAt);
          const end = since.to ?? receivedAt;
          expect(since.from ?? end).toBeLessThanOrEqual(end);
          expect(since.workedAt ?? receivedAt).toBeLessThanOrEqual(receivedAt);
          expect(since.span.from).toBeGreaterThanOrEqual(0);
          expect(since.span.to).toBeGreaterThan(since.span.from);
          expect(since.span.to).toBeLessThanOrEqual(text.length);
        },
      ),
      { numRuns: 400 },
    );
  });

  test("an impossible receipt gives no beginning", () => {
    expect(
      readSince(fieldOf("down since 8:15"), {
        lexicon: LEXICONS.en,
        receivedAt: Number.NaN,
        zone: LONDON,
      }),
    ).toBeNull();
  });

  test.each([
    ["numbers", "8 "],
    ["clocks", "8:15 "],
    ["words for since", "od "],
    ["since and numbers", "since 8 "],
    ["days", "ma tegnap "],
    ["dots", "1.2.3."],
    ["brackets", "((("],
    ["almost half an hour", "half an "],
    ["slips", "yesterdya mornign "],
    ["one long word", "a"],
  ])("twenty thousand characters of %s are read at once", (_, scrap) => {
    const text = scrap.repeat(Math.ceil(20_000 / scrap.length));
    for (const language of LANGUAGES) {
      const begun = ownMs();
      readAt(language, text);
      expect(ownMs() - begun).toBeLessThan(1_500);
    }
  });

  test("the passage shown is the customer's own words", () => {
    const text = "Jó napot! Tegnap dél­után óta nem megy a levelezés.";
    const since = readAt("hu", text);
    expect(text.slice(since?.span.from, since?.span.to)).toBe("Tegnap dél­után óta");
  });

  test("what others wrote in a quotation says nothing", () => {
    expect(readAt("en", "Still broken!\n\n> down since 8:15\n> Jo")).toBeNull();
  });

  test("a pasted log tells the time where the customer does not", () => {
    const text = "Ezt kaptuk:\nMay 20 13:07:44 mx1 smtpd: status=deferred";
    expect(told(readAt("hu", text))).toBe("05-20 13:07 minute");
  });
});

interface Row {
  readonly why: string;
  readonly language: Language;
  readonly text: string;
  readonly received: string;
  readonly zone?: string;
  /** The instant with its offset. */
  readonly from: string | null;
}

describe("the nearest time behind", () => {
  const rows: readonly Row[] = [
    {
      why: "an hour that is still to come today was yesterday's",
      language: "en",
      text: "down since 10 pm",
      received: "2026-05-20T08:00",
      from: "2026-05-19T22:00+02:00",
    },
    {
      why: "of two hours a day the nearer is meant",
      language: "de",
      text: "seit acht geht nichts",
      received: "2026-05-20T21:00",
      from: "2026-05-20T20:00+02:00",
    },
    {
      why: "the part of the day decides",
      language: "de",
      text: "seit heute Morgen um acht geht nichts",
      received: "2026-05-20T21:00",
      from: "2026-05-20T08:00+02:00",
    },
    {
      why: "a clock of 24 hours is taken by its word",
      language: "sl",
      text: "od 8:15 ne dela",
      received: "2026-05-20T21:00",
      from: "2026-05-20T08:15+02:00",
    },
    {
      why: "an hour rounded up a little is now",
      language: "cs",
      text: "asi od jedenácti nejde web",
      received: "2026-05-20T10:55",
      from: "2026-05-20T10:55+02:00",
    },
    {
      why: "morning is now while it is morning",
      language: "pl",
      text: "od rana nie działa poczta",
      received: "2026-05-20T06:30",
      from: "2026-05-20T04:00+02:00",
    },
    {
      why: "this evening, said at noon, was yesterday's",
      language: "hu",
      text: "este óta nem megy",
      received: "2026-05-20T12:00",
      from: "2026-05-19T18:00+02:00",
    },
    {
      why: "the night of today began yesterday",
      language: "hu",
      text: "ma éjjel leállt a szerver",
      received: "2026-05-20T08:00",
      from: "2026-05-19T22:00+02:00",
    },
    {
      why: "two o'clock of yesterday's night is today's",
      language: "en",
      text: "it crashed last night at 2",
      received: "2026-05-20T09:00",
      from: "2026-05-20T02:00+02:00",
    },
    {
      why: "eleven of last night is yesterday's",
      language: "en",
      text: "it crashed last night at 11",
      received: "2026-05-20T09:00",
      from: "2026-05-19T23:00+02:00",
    },
    {
      why: "a weekday is the last one",
      language: "sk",
      text: "od štvrtka nejde pošta",
      received: "2026-05-20T12:00",
      from: "2026-05-14T00:00+02:00",
    },
    {
      why: "today's weekday with an hour is today",
      language: "en",
      text: "since Wednesday 9 am it fails",
      received: "2026-05-20T12:00",
      from: "2026-05-20T09:00+02:00",
    },
    {
      why: "a date of later in the year was last year's",
      language: "de",
      text: "seit dem 28. Dezember Fehler",
      received: "2026-01-05T12:00",
      from: "2025-12-28T00:00+01:00",
    },
    {
      why: "noon of yesterday",
      language: "cs",
      text: "od včerejšího poledne nic nechodí",
      received: "2026-05-20T12:30",
      from: "2026-05-19T12:00+02:00",
    },
    {
      why: "an afternoon hour of yesterday",
      language: "sl",
      text: "včeraj ob štirih je stran padla",
      received: "2026-05-20T12:30",
      from: "2026-05-19T16:00+02:00",
    },
    {
      why: "what is at a later hour today is a plan",
      language: "en",
      text: "at 17:00 the error must be gone",
      received: "2026-05-20T12:30",
      from: null,
    },
  ];

  test.each(rows)("$why", ({ language, text, received, from }) => {
    const since = readAt(language, text, received);
    expect(since?.from ?? null).toBe(from === null ? null : Date.parse(from));
  });
});

describe("the nights on which clocks are changed", () => {
  const rows: readonly Row[] = [
    {
      why: "hours that passed are counted over the missing one",
      language: "hu",
      text: "három órája nem megy",
      received: "2026-03-29T05:00",
      from: "2026-03-29T01:00+01:00",
    },
    {
      why: "hours that passed are counted over the doubled one",
      language: "hu",
      text: "három órája nem megy",
      received: "2026-10-25T04:00",
      from: "2026-10-25T02:00+02:00",
    },
    {
      why: "the missing half past two is an hour later by the new clock",
      language: "de",
      text: "seit halb drei geht nichts",
      received: "2026-03-29T06:00",
      from: "2026-03-29T03:30+02:00",
    },
    {
      why: "before the change the old offset holds",
      language: "cs",
      text: "od půlnoci nejde web",
      received: "2026-03-29T09:00",
      from: "2026-03-29T00:00+01:00",
    },
    {
      why: "of the doubled half past two the later is nearer",
      language: "de",
      text: "seit halb drei geht nichts",
      received: "2026-10-25T06:00",
      from: "2026-10-25T02:30+01:00",
    },
    {
      why: "a day is from midnight to midnight on a day of 23 hours",
      language: "sl",
      text: "od včeraj ne dela",
      received: "2026-03-30T08:00",
      from: "2026-03-29T00:00+01:00",
    },
    {
      why: "a day is from midnight to midnight on a day of 25 hours",
      language: "sl",
      text: "od včeraj ne dela",
      received: "2026-10-26T08:00",
      from: "2026-10-25T00:00+02:00",
    },
    {
      why: "the evening before has the offset of that evening",
      language: "pl",
      text: "wczoraj wieczorem padła strona",
      received: "2026-03-29T09:00",
      from: "2026-03-28T18:00+01:00",
    },
    {
      why: "London changes at another hour",
      language: "en",
      text: "down since half past one",
      received: "2026-03-29T08:00",
      zone: LONDON,
      from: "2026-03-29T02:30+01:00",
    },
    {
      why: "London's doubled half past one",
      language: "en",
      text: "down since half past one am",
      received: "2026-10-25T08:00",
      zone: LONDON,
      from: "2026-10-25T01:30+00:00",
    },
    {
      why: "New York changes on another day",
      language: "en",
      text: "down since 2:30 am",
      received: "2026-03-08T08:00",
      zone: NEW_YORK,
      from: "2026-03-08T03:30-04:00",
    },
    {
      why: "New York's doubled half past one",
      language: "en",
      text: "down since 1:30 am",
      received: "2026-11-01T08:00",
      zone: NEW_YORK,
      from: "2026-11-01T01:30-05:00",
    },
    {
      why: "Budapest's time means nothing in New York",
      language: "en",
      text: "down since 9 am",
      received: "2026-03-20T12:00",
      zone: NEW_YORK,
      from: "2026-03-20T09:00-04:00",
    },
  ];

  test.each(rows)(
    "on the night of the change $why",
    ({ language, text, received, zone = "Europe/Budapest", from }) => {
      const since = readAt(language, text, received, zone);
      expect(told(since, zone)).not.toBe("none");
      expect(since?.from ?? null).toBe(from === null ? null : DateTime.fromISO(from).toMillis());
    },
  );

  test("within the doubled hour the later is not taken before it has come", () => {
    const receivedAt = Date.parse("2026-10-25T02:40:00+02:00");
    const since = readSince(fieldOf("seit 2:30 Uhr geht nichts"), {
      lexicon: LEXICONS.de,
      receivedAt,
      zone: "Europe/Budapest",
    });
    expect(since?.from).toBe(Date.parse("2026-10-25T02:30:00+02:00"));
  });
});
