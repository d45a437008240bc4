import { describe, expect, test } from "vitest";
import { readFields } from "../../../src/core/extract/field.js";
import { report } from "./world.js";
import { ownMs } from "../../support/own-time.js";

function asidesOf(text: string): [kind: string, passage: string][] {
  return readFields(report(text)).flatMap(({ asides, whole }) =>
    asides.map(({ kind, from, to }): [string, string] => {
      const span = whole.span(from, to);
      return [kind, text.slice(span.from, span.to)];
    }),
  );
}

const ownOf = (text: string): string =>
  readFields(report(text))
    .map(({ own }) => own.text.replace(/\s+/g, " ").trim())
    .join("");

describe("quotations", () => {
  test.each([
    ["en", "On Tue, 12 May 2026 at 10:04, Barnhost Support <help@barnhost.eu> wrote:"],
    [
      "en, of two lines",
      "On Tue, 12 May 2026 at 10:04, Barnhost Support\n<help@barnhost.eu> wrote:",
    ],
    ["hu", "Barnhost <help@barnhost.eu> ezt írta (időpont: 2026. máj. 12., K, 10:04):"],
    ["hu, the short way", "2026.05.12. 10:04 keltezéssel, Barnhost írta:"],
    ["cs", "Dne 12. 5. 2026 v 10:04 Barnhost napsal(a):"],
    ["sk", "Dňa 12. 5. 2026 o 10:04 Barnhost napísal(a):"],
    ["pl", "W dniu 12.05.2026 o 10:04 Barnhost pisze:"],
    ["pl, of Gmail", "wt., 12 maj 2026 o 10:04 Barnhost <help@barnhost.eu> napisał(a):"],
    ["sl", "Barnhost je dne 12. 5. 2026 ob 10:04 napisal/a:"],
    ["de", "Am 12.05.2026 um 10:04 schrieb Barnhost:"],
  ])("a line that leads a quotation goes with it: %s", (_language, lead) => {
    const text = `Még mindig nem jó.\n\n${lead}\n> Javítottuk.\n> A mail3 újraindult.`;
    expect(ownOf(text)).toBe("meg mindig nem jo.");
    expect(asidesOf(text).every(([kind]) => kind === "quotation")).toBe(true);
  });

  test("a phone quotes without marks: all below the leading line is the quotation", () => {
    const text =
      "Zase to nejde.\n\n12. 5. 2026 v 10:04, Barnhost <help@barnhost.eu> napsal(a):\n\nOpraveno.\n\nChyba 535 byla naše.";
    expect(ownOf(text)).toBe("zase to nejde.");
  });

  test.each([
    ["en", "From: Barnhost\nSent: Tuesday, 12 May 2026 10:04\nTo: Ann\nSubject: Re: mail"],
    ["hu", "Feladó: Barnhost\nElküldve: 2026. május 12. 10:04\nCímzett: Anna\nTárgy: Re: levelek"],
    ["cs", "Od: Barnhost\nOdesláno: 12. května 2026 10:04\nKomu: Jan\nPředmět: Re: pošta"],
    ["sk", "Od: Barnhost\nOdoslané: 12. mája 2026 10:04\nKomu: Jana\nPredmet: Re: pošta"],
    ["pl", "Od: Barnhost\nWysłano: 12 maja 2026 10:04\nDo: Ewa\nTemat: Re: poczta"],
    ["sl", "Od: Barnhost\nPoslano: 12. maj 2026 10:04\nZa: Ana\nZadeva: Re: pošta"],
    ["de", "Von: Barnhost\nGesendet: 12. Mai 2026 10:04\nAn: Jan\nBetreff: Re: Post"],
  ])("what stands below a mail's head lines is a quotation: %s", (_language, heads) => {
    const text = `Nothing has changed since.\n\n${heads}\n\nWe restarted mail3.\nRegards`;
    expect(ownOf(text)).toBe("nothing has changed since.");
  });

  test("a forwarded mail without own words is the report itself", () => {
    const text =
      "Fyi\n\n---------- Forwarded message ---------\nFrom: Ann\nDate: Tue, 12 May 2026\nSubject: shop\nTo: me\n\nThe shop shows an error.";
    expect(ownOf(text)).toContain("the shop shows an error.");
  });

  test("somebody's words reported in own words are no quotation", () => {
    const text = "A kolléga azt írta:\nnem megy a levelezés, és a honlap sem.";
    expect(asidesOf(text)).toEqual([]);
  });
});

describe("signatures", () => {
  test.each([
    ["Nem megy.\n-- \nKis Anna\nKorona Kft.", "-- \nKis Anna\nKorona Kft."],
    [
      "Nem megy.\n\nÜdvözlettel:\nKis Anna\n+36 1 555 0100",
      "Üdvözlettel:\nKis Anna\n+36 1 555 0100",
    ],
    ["Ne dela.\n\nLep pozdrav,\nAna Vidic", "Lep pozdrav,\nAna Vidic"],
    ["Ne dela.\nLp, Ana", "Lp, Ana"],
    [
      "Nie działa.\n\nZ poważaniem\nEwa Maj\nRóżowa Pracownia",
      "Z poważaniem\nEwa Maj\nRóżowa Pracownia",
    ],
    ["Nejde to.\n\nS pozdravem\nJan Lípa", "S pozdravem\nJan Lípa"],
    ["Nejde to.\n\nS pozdravom\nJana", "S pozdravom\nJana"],
    ["Geht nicht.\n\nMit freundlichen Grüßen\nJ. Ott", "Mit freundlichen Grüßen\nJ. Ott"],
    ["It is down.\n\nBest regards,\nAnn", "Best regards,\nAnn"],
    ["It is down.\n____\nAnn", "____\nAnn"],
    ["It is down.\n\nSent from my iPhone", "Sent from my iPhone"],
    ["Nie działa.\n\nWysłano z iPhone'a", "Wysłano z iPhone'a"],
    ["Geht nicht.\n\nVon meinem iPhone gesendet", "Von meinem iPhone gesendet"],
    ["Nejde.\n\nOdesláno z iPhonu", "Odesláno z iPhonu"],
  ])("%j ends in a signature", (text, signature) => {
    expect(asidesOf(text)).toEqual([["signature", signature]]);
  });

  test.each([
    "Üdv!\nNem megy a levelezés, kérem nézzék meg.",
    "Lp\nStran ne dela, javlja napako 503 že od jutra. Kaj je narobe?",
    "Köszönöm, hogy tegnap segítettek. Ma sajnos megint rossz.",
    "--",
    "- a posta nem megy\n- a honlap lassú",
  ])("%j has no signature", (text) => {
    expect(asidesOf(text)).toEqual([]);
  });
});

test("a disclaimer is an aside", () => {
  const text =
    "Nem megy a levelezés.\n\nEz az üzenet bizalmas. Ha nem Ön a címzett, kérjük, törölje a levelet.";
  expect(asidesOf(text)[0]?.[0]).toBe("disclaimer");
});

describe("what machines wrote", () => {
  test.each([
    "<jane@paperworld.com>: host mx.paperworld.com said: 550 5.1.1 no such user",
    "Final-Recipient: rfc822; jane@paperworld.com\nAction: failed\nStatus: 5.1.1",
    "This is the mail system at host mail3.barnhost.eu.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.",
    "Undelivered Mail Returned to Sender",
    "----- The following addresses had permanent fatal errors -----\n<jane@paperworld.com>",
  ])("%j is a bounce, and evidence", (bounce) => {
    const text = `Ezt kaptam vissza, mi ez?\n\n${bounce}\n\nKérem, nézzék meg!`;
    expect(asidesOf(text)).toEqual([["bounce", bounce]]);
    expect(ownOf(text)).toBe("ezt kaptam vissza, mi ez? kerem, nezzek meg!");
    const [field] = readFields(report(text));
    expect(field?.evidence.text).toBe(field?.whole.text);
  });

  test.each([
    "Fatal error: Uncaught PDOException: could not find driver in /home/x/db.php:12\nStack trace:\n#0 {main}",
    "SQLSTATE[HY000] [2002] No such file or directory",
    "<html><head><title>503 Service Unavailable</title></head>",
    "This site can't be reached\nnorthwick.example took too long to respond.",
  ])("%j is an error page", (page) => {
    expect(asidesOf(`Tole piše na strani:\n\n${page}`)).toEqual([["error-page", page]]);
  });

  test("a bounce that is forwarded with quotation marks is a bounce", () => {
    const text =
      "Co to je?\n\n> Remote-MTA: dns; mx.paperworld.com\n> Diagnostic-Code: smtp; 554 5.7.1 blocked";
    expect(asidesOf(text).map(([kind]) => kind)).toEqual(["bounce"]);
  });

  test("a customer's sentence with a code in it stays theirs", () => {
    expect(asidesOf("A szerver azt írja, hogy 550 5.1.1 user unknown, pedig létezik.")).toEqual([]);
  });

  test("what an English customer reads out stays within their own sentence", () => {
    expect(
      asidesOf('Our page is gone since noon, Chrome shows "This site can\'t be reached".'),
    ).toEqual([]);
  });
});

test.each([
  ["a hundred thousand marks of quotation", ">".repeat(100_000)],
  ["lines of them", "> \n".repeat(30_000)],
  ["head lines", "From: a\n".repeat(3_000)],
  ["leading lines", "On 12 May 2026 somebody\n".repeat(900)],
  ["sign-offs", "Üdv\n".repeat(5_000)],
  ["dashes", "--\n".repeat(7_000)],
  ["bounces", "host said: 550 x\n".repeat(1_200)],
  ["brackets", "(".repeat(5_000) + ")".repeat(5_000)],
  ["what turns the writing round", "\u202E\u200B\u0000".repeat(30_000)],
])("asides in %s are found in no time", (_name, text) => {
  const began = ownMs();
  for (const [, passage] of asidesOf(text)) expect(text).toContain(passage);
  expect(ownMs() - began).toBeLessThan(1_000);
});
