import { describe, expect, test } from "vitest";
import { readFields } from "../../../src/core/extract/field.js";
import { readLanguage } from "../../../src/core/extract/language.js";
import type { Language } from "../../../src/core/languages.js";
import { report } from "./world.js";

const languageOf = (text: string, account: Language | null = null, subject: string | null = null) =>
  readLanguage(readFields(report(text, subject)), { subject: subject ?? "", text }, account);

const SAID: readonly (readonly [Language, string])[] = [
  ["hu", "Nem jönnek be a leveleim."],
  ["hu", "leallt a bolt, mit csinaljunk?"],
  ["hu", "Kb. 20 perce nem erem el a tarhelyet"],
  ["hu", "Szia! Elszállt a honlapunk."],
  ["hu", "a vevok hibat latnak fizeteskor"],
  ["sl", "Že od jutra ne dobivamo pošte."],
  ["sl", "trgovina se ne odpre, kaj je narobe"],
  ["sl", "Prosim preverite streznik, vse stoji"],
  ["sl", "Ali imate danes kakšne težave?"],
  ["sl", "gosti ne vidijo cenika na nasi strani"],
  ["pl", "Sklep się nie otwiera od rana."],
  ["pl", "poczta nie dziala juz druga godzine"],
  ["pl", "Prosze o pilny kontakt, nic nie wychodzi"],
  ["pl", "klienci widza blad przy platnosci"],
  ["cs", "Nejdou nám odesílat maily."],
  ["cs", "web je uz hodinu mrtvy, co se deje"],
  ["cs", "Dobry den, nemuzu se prihlasit do posty"],
  ["cs", "Zákazníci vidí jen bílou stránku."],
  ["sk", "Nedá sa prihlásiť do schránky."],
  ["sk", "stranka nam nejde uz hodinu, co sa deje"],
  ["sk", "Dobry den, nemozem sa prihlasit do posty"],
  ["sk", "Zákazníci vidia len bielu stránku."],
  ["de", "Unsere Seite lädt seit heute früh nicht."],
  ["de", "kann keine mails mehr senden, bitte um rueckruf"],
  ["de", "Der Shop zeigt nur einen Fehler an."],
  ["en", "The shop has been down for an hour."],
  ["en", "cant log in to my mailbox"],
  ["en", "Any news about the outage?"],
];

describe("the language of a report", () => {
  test.each(SAID)("is %s: %j", (language, text) => {
    expect(languageOf(text).code).toBe(language);
  });

  test.each(SAID)("stays %s for a customer of another tongue: %j", (language, text) => {
    expect(languageOf(text, language === "en" ? "hu" : "en").code).toBe(language);
  });

  test("is told by the customer's words, not by what is pasted or quoted", () => {
    const pasted =
      "Ezt kaptuk vissza:\n\nThis is the mail system at host mail3.barnhost.eu.\nYour message could not be delivered to one or more recipients.";
    expect(languageOf(pasted).code).toBe("hu");
    const quoted =
      "Se vedno ne dela.\n\n> Thank you for your report, we are working on it and will tell you.";
    expect(languageOf(quoted).code).toBe("sl");
    const said =
      'Píše mi to "Your connection is not private, attackers might be trying to steal it".';
    expect(languageOf(said).code).toBe("cs");
  });

  test("Croatian is read as Slovenian", () => {
    expect(languageOf("Ne mogu poslati poštu, molim vas provjerite što se događa.").code).toBe(
      "sl",
    );
  });

  test("where there are no words it is the account's, else English, and not certain", () => {
    expect(languageOf("503", "pl").code).toBe("pl");
    expect(languageOf("northwick.example 503")).toMatchObject({ code: "en" });
    expect(languageOf("").certainty).toBeLessThan(0.5);
    expect(languageOf("Ez a mondat biztosan magyarul van, nem máshogy.").certainty).toBeGreaterThan(
      0.9,
    );
  });

  test("of a report with an empty text it is the subject's", () => {
    expect(languageOf("", null, "Nie działa poczta od rana").code).toBe("pl");
  });
});
