import { describe, expect, test } from "vitest";
import { consider } from "../../../src/core/correlate/decide.js";
import { SHIPPED } from "../../../src/core/correlate/weights.js";
import type { Earlier } from "../../../src/core/correlate/verdict.js";
import {
  before,
  DIRECTORY,
  HOUR,
  known,
  mention,
  MINUTE,
  NOON,
  report,
  since,
  told,
} from "./hoster.js";

const SLOW = {
  what: [
    ["web.slow", 0.9],
    ["web.down", 0.1],
  ],
} as const;
const first = (more: Partial<Earlier> = {}) =>
  before("first", {
    accountId: "K-100",
    from: "iroda@hajomalom.example",
    extraction: told(SLOW),
    ...more,
  });
const repeats = (
  earlier: readonly Earlier[],
  extraction = told(SLOW),
  from = report({ from: "iroda@hajomalom.example" }),
  knowns: Parameters<typeof consider>[2]["knowns"] = [],
) =>
  consider(from, extraction, { directory: DIRECTORY, knowns, earlier, weights: SHIPPED, now: NOON })
    .duplicateOf;

describe("a report that repeats an earlier one", () => {
  test("is one of the same account about the same trouble", () => {
    expect(repeats([first()])).toBe("first");
  });

  test("is a colleague's, from another address of the account", () => {
    expect(repeats([first()], told(SLOW), report({ from: "kati@hajomalom.example" }))).toBe(
      "first",
    );
  });

  test("leads to the first of its chain", () => {
    expect(repeats([first({ id: "second", duplicateOf: "root" })])).toBe("root");
  });

  test("says little but that they wrote before", () => {
    const again = told({
      what: [
        ["other", 0.6],
        ["web.slow", 0.4],
      ],
      cues: ["wrote-before"],
    });
    expect(repeats([first()], again)).toBe("first");
  });

  test("is linked to the same incident in other words", () => {
    const web = known({
      id: "inc-web",
      kind: "web.slow",
      places: ["tisza"],
      services: ["tisza/http"],
    });
    const down = told({
      what: [
        ["web.down", 0.9],
        ["web.error5xx", 0.1],
      ],
    });
    expect(repeats([first({ linkedTo: "inc-web" })], down, undefined, [web])).toBe("first");
  });

  test.each([
    [
      "another account's",
      [first({ accountId: "K-101", from: "iroda@viragoskert.example" })],
      told(SLOW),
    ],
    ["one about something else", [first()], told({ what: [["mail.receive", 1]] })],
    ["one that is four days old", [first({ receivedAt: NOON - 96 * HOUR })], told(SLOW)],
    [
      "one from before this trouble began",
      [first()],
      told({ ...SLOW, since: since(NOON - 20 * MINUTE, "minute") }),
    ],
    [
      "one that a claim for compensation follows",
      [first()],
      told({ ...SLOW, cues: ["compensation"] }),
    ],
  ] as const)("is not %s", (_, earlier, extraction) => {
    expect(repeats(earlier, extraction)).toBeNull();
  });

  test("is not one about an incident that is over since", () => {
    const over = known({
      id: "inc-web",
      kind: "web.slow",
      places: ["tisza"],
      services: ["tisza/http"],
      knownAt: NOON - 50 * HOUR,
      beganAt: NOON - 50 * HOUR,
      endedAt: NOON - 45 * HOUR,
    });
    const linked = first({ receivedAt: NOON - 47 * HOUR, linkedTo: "inc-web" });
    expect(repeats([linked], told(SLOW), undefined, [over])).toBeNull();
    expect(repeats([linked], told({ ...SLOW, cues: ["wrote-before"] }), undefined, [over])).toBe(
      "first",
    );
  });

  describe("that says of nothing what it is about", () => {
    const wordless: ReturnType<typeof told> = {
      ...told({}),
      symptoms: [{ symptom: "other", p: 1, spans: [] }],
    };
    const still = report({ from: "iroda@hajomalom.example", text: "Még mindig semmi!" });

    test("follows the last fault of the same writer, and is linked as that", () => {
      const open = known({
        id: "inc-web",
        kind: "web.slow",
        places: ["tisza"],
        services: ["tisza/http"],
      });
      const linked = first({ linkedTo: "inc-web" });
      const verdict = consider(still, wordless, {
        directory: DIRECTORY,
        knowns: [open],
        earlier: [linked],
        weights: SHIPPED,
        now: NOON,
      });
      expect(verdict).toMatchObject({ duplicateOf: "first", decision: "auto" });
    });

    test.each([
      ["of somebody else", first({ accountId: "K-101", from: null })],
      ["of two days ago", first({ receivedAt: NOON - 48 * HOUR })],
      ["that was a question", first({ extraction: told({ what: [["howto", 1]] }) })],
    ])("follows none %s", (_, earlier) => {
      expect(repeats([earlier], wordless, still)).toBeNull();
    });

    test("follows none where it is a long letter", () => {
      const letter = { ...still, text: "Tisztelt Cím! ".repeat(20) };
      expect(repeats([first()], wordless, letter)).toBeNull();
    });
  });

  test("is not an agency's about another client", () => {
    const of = (domain: string) =>
      told({ ...SLOW, names: [mention("domain", domain, { role: "other" })] });
    const agency = report({ from: "ugyelet@ugynokseg.example" });
    const about = first({
      accountId: "K-900",
      from: "ugyelet@ugynokseg.example",
      extraction: of("hajomalom.example"),
    });
    expect(repeats([about], of("lampabolt.example"), agency)).toBeNull();
    expect(repeats([about], of("hajomalom.example"), agency)).toBe("first");
  });
});
