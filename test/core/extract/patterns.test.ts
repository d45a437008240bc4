import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFields } from "../../../src/core/extract/field.js";
import { passageOf } from "../../../src/core/extract/passage.js";
import { compile, findHits, isSlipOf } from "../../../src/core/extract/patterns.js";
import { report } from "./world.js";

const NOT = ["not|cannot|nothing"];

function met(pattern: string, text: string): string | null {
  const passage = passageOf(readFields(report(text)), "own");
  const [hit] = findHits(passage, compile({ list: pattern.split(" + ") }, NOT));
  if (!hit) return null;
  return passage.words
    .slice(hit.from, hit.to)
    .map(({ word }) => word)
    .join(" ");
}

describe("a pattern", () => {
  test.each([
    ["mail", "the mail is late", "mail"],
    ["mail", "the mails are late", null],
    ["mail*", "the mailing is late", "mailing"],
    ["*versand", "der Mailversand geht", "mailversand"],
    ["*send*", "rausgesendet", "rausgesendet"],
    ["slow|lame page", "a lame page", "lame page"],
    ["set_up|add box", "please set up box one", "set up box"],
    ["set_up|add box", "please add box one", "add box"],
    ["very? slow", "it is slow", "slow"],
    ["page .. slow", "the page has become very slow", "page has become very slow"],
    ["page .. slow", "the page has now again become very slow", null],
    ["~ send", "we cannot even now send", "cannot even now send"],
    ["~ send", "we cannot even now at all send", null],
    ["~ send", "nothing changed, send fails", null],
    ["box full|~", "the box cannot", "box cannot"],
    ["page slow", "that is the page. Slow it is", null],
    ["page slow", "that is the page, slow it is", "page slow"],
    ["open <domain>", "cannot open www.shop.example/x?y=1 at all", "open <domain>"],
    ["to <address>", "mail to Info@Shop.example fails", "to <address>"],
    ["<number> seconds", "it takes 12.5 seconds", "<number> seconds"],
    ["email*", "our e-mails are late", "emails"],
    ["cant", "we can't", "cant"],
    ["nearby 2", "no", null],
  ])("%j in %j meets %j", (pattern, text, found) => {
    expect(met(pattern, text)).toBe(found);
  });

  test("that begins with ! takes its words away", () => {
    expect(met("changed + !not .. changed", "I have changed it")).toBe("changed");
    expect(met("changed + !not .. changed", "I have not ever changed it")).toBeNull();
  });

  test("without words is refused", () => {
    expect(() => compile({ list: ["*"] }, NOT)).toThrow("no letters");
  });

  test.each([
    ["certifcate", "certificate", false],
    ["certificaet", "certificate", false],
    ["certtificate", "certificate", false],
    ["certiphicate", "certificate", false],
    ["invioces", "invoice", true],
    ["certivicates", "certificate", true],
    ["wartung", "warnung", true],
    ["mailed", "mail", true],
  ])("%j may be a slip of %j", (word, stem, open) => {
    const slips = ["certifcate", "certificaet", "certtificate", "invioces", "certivicates"];
    expect(isSlipOf(word, stem, open)).toBe(slips.includes(word));
  });

  test("is looked for in any text without failing", () => {
    const matcher = compile({ list: ["~ a* .. b|c_d", "*x*", "e? f"] }, NOT);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const passage = passageOf(readFields(report(text, text)), "whole");
        for (const { from, to } of findHits(passage, matcher)) {
          expect(from).toBeLessThan(to);
          expect(to).toBeLessThanOrEqual(passage.words.length);
        }
      }),
    );
  });
});
