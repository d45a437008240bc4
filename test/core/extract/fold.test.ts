import fc from "fast-check";
import { expect, test } from "vitest";
import { fold, masked, tokens } from "../../../src/core/extract/fold.js";
import { ownMs } from "../../support/own-time.js";

test.each([
  ["Árvíztűrő TÜKÖRFÚRÓGÉP", "arvizturo tukorfurogep"],
  ["Zażółć gęślą jaźń, ŁÓDŹ", "zazolc gesla jazn, lodz"],
  ["Příliš žluťoučký kůň", "prilis zlutoucky kun"],
  ["ľahký vôz, kŕdeľ", "lahky voz, krdel"],
  ["ščuka žře, đak", "scuka zre, dak"],
  ["Straße, Müßiggänger, Größe", "strasse, mussigganger, grosse"],
  ["“quoted” „so“ »oder« ‚so‘ – it’s…", '"quoted" "so" "oder" \'so\' - it\'s...'],
  ["a\u00A0b\u2009c\td", "a b c d"],
  ["one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"],
  ["in\u200Bvis\u00ADible\uFEFF", "invisible"],
  ["\u202Eevil\u202C", "evil"],
  ["nul\u0000byte", "nul byte"],
  ["ｗｅｂ＠ｅｘａｍｐｌｅ", "web@example"],
  ["e\u0301 decomposed", "e decomposed"],
])("folding makes %j into %j", (original, expected) => {
  expect(fold(original).text).toBe(expected);
});

test("a place in the folded text leads back to the original, past emoji and letters that become two", () => {
  const original = "😀 Straße größer";
  const folded = fold(original);
  const from = folded.text.indexOf("grosser");
  const span = folded.span(from, from + "grosser".length);
  expect(original.slice(span.from, span.to)).toBe("größer");
  expect(folded.at(folded.text.length)).toBe(original.length);
});

test("a passage takes its combining marks along and never halves a surrogate pair", () => {
  const original = "cafe\u0301 😀!";
  const folded = fold(original);
  const word = folded.span(0, 4);
  expect(original.slice(word.from, word.to)).toBe("cafe\u0301");
  const half = folded.span(5, 6);
  expect(original.slice(half.from, half.to)).toBe("😀");
});

test("masking keeps length, lines and places", () => {
  const folded = fold("Ez jó\n> régi sor\nvége");
  const hidden = masked(folded, [
    { from: 6, to: 16 },
    { from: 8, to: 12 },
  ]);
  expect(hidden.text).toBe("ez jo\n          \nvege");
  expect(hidden.at(17)).toBe(folded.at(17));
});

test("words carry their places; an apostrophe inside stays, a hyphen parts", () => {
  expect(tokens(fold("Can’t e-mail 535-ös")).map(({ word }) => word)).toEqual([
    "can't",
    "e",
    "mail",
    "535",
    "os",
  ]);
  expect(tokens(fold("Nem megy!"))[1]).toEqual({ word: "megy", from: 4, to: 8 });
});

test("whatever is folded, every word's passage folds to that word again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), (original) => {
      const folded = fold(original);
      for (const { word, from, to } of tokens(folded)) {
        const span = folded.span(from, to);
        expect(span.from).toBeGreaterThanOrEqual(0);
        expect(span.to).toBeLessThanOrEqual(original.length);
        expect(fold(original.slice(span.from, span.to)).text).toContain(word);
      }
    }),
  );
});

test("a hundred thousand marks fold in no time", () => {
  const began = ownMs();
  expect(fold("e" + "\u0301".repeat(100_000)).text).toBe("e");
  expect(ownMs() - began).toBeLessThan(1_000);
});
