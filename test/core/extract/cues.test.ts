import { describe, expect, test } from "vitest";
import { readCues } from "../../../src/core/extract/cues.js";
import type { Cue } from "../../../src/core/extract/extraction.js";
import { readFields } from "../../../src/core/extract/field.js";
import { LEXICONS } from "../../../src/core/extract/lexicons/index.js";
import { readSymptoms } from "../../../src/core/extract/what.js";
import type { Language } from "../../../src/core/languages.js";
import { report } from "./world.js";

function cuesOf(language: Language, text: string) {
  const fields = readFields(report(text));
  const lexicon = LEXICONS[language];
  return readCues(fields, lexicon, readSymptoms(fields, lexicon));
}

const named = (language: Language, text: string) => cuesOf(language, text).map(({ cue }) => cue);

describe("cues of an own cause, or of no fault", () => {
  test.each<[Language, string, Cue]>([
    ["en", "Mail stopped after I changed the password", "own-change"],
    ["hu", "átírtam a jelszót, azóta nem megy", "own-change"],
    ["de", "Seit dem Update vom Plugin ist die Seite weiß", "own-change"],
    ["en", "only on my phone the inbox stays empty", "one-device"],
    ["hu", "csak az egyik kolléga gépén nem jönnek a levelek", "one-device"],
    ["de", "nur auf einem Rechner geht Outlook nicht", "one-device"],
    ["en", "our site won't open, from home it works", "works-elsewhere"],
    ["hu", "nálunk nem jön be, mobilnetről jó", "works-elsewhere"],
    ["en", "maybe it's our wifi, everything is slow", "own-network"],
    ["de", "kein Internet im Büro, Mails gehen nicht", "own-network"],
    ["hu", "lejárt a domainünk", "domain-expired"],
    ["en", "sender got 552 5.2.2 mailbox full", "quota-full"],
    ["de", "zurück kam: 550 5.1.1 user unknown", "user-unknown"],
    ["en", "our supplier's website refuses the upload", "third-party"],
    ["de", "Wie kann ich eine Weiterleitung einrichten?", "question"],
    ["hu", "Kérném, hogy hozzanak létre egy új postafiókot", "request"],
    ["en", "Thank you so much for the quick help!", "thanks"],
    ["de", "Bitte um eine Kopie der Rechnung", "billing"],
    ["en", "We want a refund for the outage", "compensation"],
    ["hu", "az oldal ismét működik", "works-again"],
    ["de", "unsere Seite ist wieder erreichbar", "works-again"],
    ["en", "I read about the outage on your status page, ours works", "asks-about"],
    ["hu", "tegnap már írtam erről, azóta sem jó", "wrote-before"],
    ["de", "meine Kollegin hat das bereits gemeldet", "wrote-before"],
    ["en", "traceroute dies at your edge, port 993 times out", "expert"],
    ["hu", "sürgős lenne, nem megy a bolt", "urgent"],
  ])("%s: %j tells %s", (language, text, cue) => {
    expect(named(language, text)).toContain(cue);
  });

  test.each<[Language, string, Cue]>([
    ["en", "I did not change anything and mail is down", "own-change"],
    ["en", "nothing was updated on our side, the site is slow", "own-change"],
    ["hu", "nem változtattunk semmit, mégsem megy", "own-change"],
    ["de", "es wurde nichts geändert, die Seite ist weg", "own-change"],
    ["de", "auch am Handy kommen keine Mails an", "one-device"],
    ["en", "the same on all phones and every computer", "one-device"],
    ["hu", "telefonon sem, gépen sem jön be", "one-device"],
    ["en", "our internet is fine, the site is down", "own-network"],
    ["de", "das Internet läuft, die Homepage nicht", "own-network"],
    ["en", "mail is down, thanks in advance for your help", "thanks"],
    ["de", "Seite down, vielen Dank im Voraus", "thanks"],
    ["hu", "nem megy a honlap, köszönöm előre is", "thanks"],
    ["en", "Can you check why our site is down?", "question"],
    ["hu", "mikor lesz jó az oldal? nem tölt be", "works-again"],
    ["en", "when will it be back? the site is down", "works-again"],
    ["hu", "még nem jó, most sem megy az oldal", "works-again"],
    ["en", "we cannot send invoices to customers", "billing"],
  ])("%s: %j does not tell %s", (language, text, cue) => {
    expect(named(language, text)).not.toContain(cue);
  });

  test("each cue is told once, with its passage", () => {
    const text = "Urgent! Only on my phone. Urgent!";
    const cues = cuesOf("en", text);
    expect(cues.filter(({ cue }) => cue === "urgent")).toHaveLength(1);
    const device = cues.find(({ cue }) => cue === "one-device");
    expect(text.slice(device?.span.from, device?.span.to)).toBe("Only on my phone");
  });
});
