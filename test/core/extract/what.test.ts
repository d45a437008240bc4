import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SYMPTOMS, type Symptom } from "../../../src/core/extract/extraction.js";
import { readFields } from "../../../src/core/extract/field.js";
import { LEXICONS } from "../../../src/core/extract/lexicons/index.js";
import { readSymptoms } from "../../../src/core/extract/what.js";
import { type Language, LANGUAGES } from "../../../src/core/languages.js";
import { report } from "./world.js";
import { ownMs } from "../../support/own-time.js";

function guesses(language: Language, text: string, subject: string | null = null) {
  return readSymptoms(readFields(report(text, subject)), LEXICONS[language], [LEXICONS.en]);
}

const best = (language: Language, text: string, subject: string | null = null) =>
  guesses(language, text, subject)[0]?.symptom;

const share = (language: Language, text: string, symptom: Symptom) =>
  guesses(language, text).find((guess) => guess.symptom === symptom)?.p ?? 0;

describe("what is wrong", () => {
  test.each<[Language, string, Symptom]>([
    // A thing and its trouble, in either order and with words between.
    ["hu", "nem tudok küldeni", "mail.send"],
    ["hu", "ki sem mennek a levelek", "mail.send"],
    ["hu", "nem jön be a levél", "mail.receive"],
    ["hu", "nem jön be az oldal", "web.down"],
    ["hu", "be se enged a vezérlőpultba", "panel.login"],
    ["hu", "a tanusitvany megint lejart", "tls"],
    ["de", "es kommen seit heute keine Mails mehr an", "mail.receive"],
    ["de", "Mailversand klappt nicht", "mail.send"],
    ["de", "Die Seite lädt ewig", "web.slow"],
    ["de", "komme nicht ins Kundencenter", "panel.login"],
    ["en", "the shop won't load", "web.down"],
    ["en", "nothing arrives in our inbox", "mail.receive"],
    ["en", "can't log in to my email", "mail.login"],
    ["en", "the pages take ages to come up", "web.slow"],
    // Slips of the finger.
    ["en", "our websiet is unreachabel", "web.down"],
    ["de", "Zertifkat abgelaufen", "tls"],
    ["hu", "webaruhzaunk nem elerhteo", "web.down"],
    // The special before the general.
    ["en", "control panel gives 503", "panel.login"],
    ["en", "error 500 on the page, it says cannot connect to the database", "database"],
    ["en", "sending fails with 535", "mail.send"],
    ["de", "über das Kontaktformular der Seite kommt nichts mehr an", "mail.send"],
    ["hu", "webmailbe nem lehet belépni", "mail.webmail"],
    // No faults.
    ["en", "How do I create another mailbox?", "howto"],
    ["de", "Vielen Dank für die rasche Hilfe!", "feedback"],
    ["hu", "Kérném a márciusi számla másolatát", "billing"],
    ["en", "please renew our domain for two years", "domain"],
    // A question or a courtesy with a fault inside is a fault.
    ["en", "Could you please check why our website is down? Thanks in advance", "web.down"],
    ["hu", "Mikor lesz jó a levélküldés? Nem tudunk küldeni. Köszönöm előre is", "mail.send"],
    [
      "de",
      "Können Sie bitte nachsehen, warum die Homepage nicht erreichbar ist? Danke!",
      "web.down",
    ],
  ])("%s: %j is %s", (language, text, symptom) => {
    expect(best(language, text)).toBe(symptom);
  });

  test.each<[string, Symptom]>([
    ["smtp: 535 5.7.8 authentication failed", "mail.send"],
    ["550 5.7.1 sender IP listed at zen.blocking.example", "mail.bounce_blocklist"],
    ["554 mail refused, poor reputation", "mail.bounce_blocklist"],
    ["SQLSTATE[HY000] [2002] Connection refused", "database"],
    ["mysql error 1040", "database"],
    ["NXDOMAIN", "dns"],
    ["SEC_ERROR_EXPIRED_CERTIFICATE", "tls"],
    ["FTP: 530 Login incorrect", "ftp"],
    ["HTTP 403", "web.error4xx"],
    ["504 Gateway Time-out", "web.error5xx"],
    ["ERR_CONNECTION_TIMED_OUT", "web.down"],
    ["552 5.2.2 mailbox full", "mail.receive"],
    ["x-spam-score: 9.1", "mail.spam"],
  ])("the machine's %j is understood in every language as %s", (code, symptom) => {
    for (const language of LANGUAGES) expect(best(language, code)).toBe(symptom);
  });

  test("general words share what they may mean", () => {
    const text = "nem megy a levelezés";
    for (const symptom of ["mail.login", "mail.receive", "mail.send"] as const)
      expect(share("hu", text, symptom)).toBeGreaterThan(0.15);
    expect(share("hu", "nem tudok levelet küldeni", "mail.send")).toBeGreaterThan(0.8);
  });

  test.each<[Language, string, Symptom]>([
    ["hu", "A levelezés nem jó: fogadni tudok, de a küldés hibás", "mail.receive"],
    ["en", "Trouble with mail, receiving works though", "mail.receive"],
    ["de", "Probleme mit Mails, Empfang funktioniert aber", "mail.receive"],
    ["hu", "az oldal jó, csak a levél nem megy", "web.down"],
    ["en", "the site is fine but mail is dead", "web.down"],
  ])("%s: what works in %j is not the trouble", (language, text, symptom) => {
    expect(share(language, text, symptom)).toBeLessThan(0.12);
  });

  test("a denied trouble is none", () => {
    expect(
      share("en", "Guests get no confirmation. No bounce, nothing in spam.", "mail.spam"),
    ).toBe(0);
  });

  test("pasted evidence counts for codes, quotations only where nothing else is said", () => {
    const quoted = "> 535 authentication failed on sending";
    expect(best("en", `The website is down.\n\n${quoted}`)).toBe("web.down");
    expect(best("en", `See below please.\n\n${quoted}`)).toBe("mail.send");
  });

  test("a foreign error page in a text of few words is read in its language", () => {
    expect(best("hu", "Ezt írja: this site can't be reached")).toBe("web.down");
  });

  test("each guess shows the passages that say it", () => {
    const [first] = guesses("en", "Hello, since nine we cannot send any mail.");
    const text = "Hello, since nine we cannot send any mail.";
    expect(first?.spans.map(({ from, to }) => text.slice(from, to))).toContain("cannot send");
  });

  test("of any text there is a guess, and all sum to 1", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 400 }),
        fc.constantFrom(...LANGUAGES),
        (text, language) => {
          const found = guesses(language, text, text.slice(0, 40));
          expect(found.length).toBeGreaterThan(0);
          expect(found.reduce((sum, { p }) => sum + p, 0)).toBeCloseTo(1, 9);
          for (const { symptom } of found) expect(SYMPTOMS).toContain(symptom);
        },
      ),
    );
  });

  test.each(["imap ", "nem megy ", "a", "a?", "a.a-", "a@", "error 500, ", "> ", "\n", "?!"])(
    "a text of nothing but %j is read in no time",
    (piece) => {
      const text = piece.repeat(20_000 / piece.length);
      guesses("hu", text);
      const began = ownMs();
      guesses("hu", text);
      expect(ownMs() - began).toBeLessThan(1000);
    },
  );
});
