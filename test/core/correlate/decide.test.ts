import { describe, expect, test } from "vitest";
import { consider, type Context } from "../../../src/core/correlate/decide.js";
import { REASON_CODES } from "../../../src/core/correlate/reasons.js";
import { SHIPPED } from "../../../src/core/correlate/weights.js";
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

const context = (more: Partial<Context> = {}): Context => ({
  directory: DIRECTORY,
  knowns: [known()],
  earlier: [],
  weights: SHIPPED,
  now: NOON,
  ...more,
});
const CANNOT_SEND = {
  what: [
    ["mail.send", 0.85],
    ["mail.login", 0.15],
  ],
} as const;
const FROM_K100 = report({ from: "iroda@hajomalom.example" });

describe("linking at once", () => {
  test("a customer of the affected server who tells of that very fault is linked, with the reasons", () => {
    const verdict = consider(
      FROM_K100,
      told({ ...CANNOT_SEND, since: since(NOON - HOUR) }),
      context(),
    );
    expect(verdict).toMatchObject({ decision: "auto", answer: "known", reasons: [] });
    const [best] = verdict.candidates;
    expect(best?.p).toBeGreaterThan(0.9);
    expect(best?.reasons.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["symptom.fits", "scope.own", "since.within"]),
    );
    const weights = best?.reasons.map(({ weight }) => Math.abs(weight)) ?? [];
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
    expect(best?.reasons.find(({ code }) => code === "scope.own")?.params).toMatchObject({
      place: "posta1",
    });
  });

  test.each([
    ["stands on another server", report({ from: "iroda@lampabolt.example" }), told(CANNOT_SEND)],
    ["tells of another trouble", FROM_K100, told({ what: [["web.slow", 1]] })],
    [
      "has changed something of their own",
      FROM_K100,
      told({ ...CANNOT_SEND, cues: ["own-change"] }),
    ],
    [
      "has it on one device only, others can",
      FROM_K100,
      told({ ...CANNOT_SEND, cues: ["one-device", "works-elsewhere"] }),
    ],
    ["claims compensation", FROM_K100, told({ ...CANNOT_SEND, cues: ["compensation"] })],
    ["only asks about the fault", FROM_K100, told({ ...CANNOT_SEND, cues: ["asks-about"] })],
    [
      "asks how something is done",
      FROM_K100,
      told({
        what: [
          ["howto", 0.8],
          ["mail.send", 0.2],
        ],
        cues: ["question"],
      }),
    ],
  ] as const)(
    "a customer who %s is not linked without a human, and it says why",
    (_, from, extraction) => {
      const verdict = consider(from, extraction, context());
      expect(verdict.decision).not.toBe("auto");
      expect(verdict.reasons.length).toBeGreaterThan(0);
      for (const { code } of verdict.reasons) expect(Object.keys(REASON_CODES)).toContain(code);
    },
  );

  test("two that are as likely are both suggested to a human", () => {
    const knowns = [
      known(),
      known({ id: "inc-2", places: ["posta2"], services: ["posta2/submission"] }),
    ];
    const verdict = consider(report(), told(CANNOT_SEND), context({ knowns }));
    expect(verdict.decision).not.toBe("auto");
    expect(verdict.candidates.length).not.toBe(1);
  });

  test("of two faults alike, the one that the customer's server has comes first", () => {
    const knowns = [
      known(),
      known({ id: "inc-2", places: ["posta2"], services: ["posta2/submission"] }),
    ];
    const verdict = consider(
      report({ from: "iroda@meteorit.example" }),
      told(CANNOT_SEND),
      context({ knowns }),
    );
    expect(verdict.candidates[0]?.id).toBe("inc-2");
  });

  test("an agency's report is linked by the client's domain that it names", () => {
    const names = [mention("domain", "hajomalom.example", { role: "other" })];
    const verdict = consider(
      report({ from: "ugyelet@ugynokseg.example" }),
      told({ ...CANNOT_SEND, names }),
      context(),
    );
    expect(verdict.candidates[0]?.id).toBe("inc-1");
    expect(verdict.sender?.accountId).toBe("K-900");
  });
});

describe("a certificate", () => {
  const webmail = known({
    id: "inc-tls",
    kind: "tls",
    places: ["pult"],
    services: ["pult/panel"],
    words: ["Expired certificate of the panel"],
  });
  const expired = (names: Parameters<typeof told>[0]["names"] = []) =>
    consider(
      FROM_K100,
      told({ what: [["tls", 1]], names }),
      context({ knowns: [{ ...webmail, services: ["pult/webmail"] }] }),
    ).candidates[0]?.p ?? 0;

  test("of what all share is not what somebody means who names their own site", () => {
    expect(expired([mention("domain", "hajomalom.example")])).toBeLessThan(expired() / 2);
    expect(expired([mention("mailbox", "iroda@hajomalom.example")])).toBeGreaterThan(expired() / 2);
  });
});

describe("what is known when", () => {
  test("nothing is considered before it is known", () => {
    const verdict = consider(
      FROM_K100,
      told(CANNOT_SEND),
      context({ knowns: [known({ knownAt: NOON + MINUTE })] }),
    );
    expect(verdict).toMatchObject({ decision: "none", candidates: [], answer: "new" });
  });

  test("a report is linked when its incident is found later", () => {
    const late = known({ knownAt: NOON + HOUR, beganAt: NOON + 50 * MINUTE });
    const verdict = consider(
      FROM_K100,
      told(CANNOT_SEND),
      context({ knowns: [late], now: NOON + HOUR }),
    );
    expect(verdict.candidates[0]?.id).toBe("inc-1");
  });

  test("what was over yesterday is likely only for those who mean yesterday", () => {
    const over = known({
      beganAt: NOON - 20 * HOUR,
      knownAt: NOON - 20 * HOUR,
      endedAt: NOON - 17 * HOUR,
    });
    const now = consider(FROM_K100, told(CANNOT_SEND), context({ knowns: [over] }));
    const then = consider(
      FROM_K100,
      told({ ...CANNOT_SEND, since: since(NOON - 19 * HOUR), cues: ["works-again"] }),
      context({ knowns: [over] }),
    );
    expect(now.decision).not.toBe("auto");
    expect(then.candidates[0]?.p).toBeGreaterThan(2 * (now.candidates[0]?.p ?? 0));
  });

  test("a maintenance explains nothing before it begins, and is the answer while it goes on", () => {
    const work = known({
      id: "mnt-1",
      what: "maintenance",
      kind: "maintenance",
      places: ["pult"],
      services: ["pult/panel"],
      knownAt: NOON - 48 * HOUR,
      endedAt: NOON + 3 * HOUR,
    });
    const panel = told({ what: [["panel.login", 1]], since: since(NOON - 30 * MINUTE) });
    expect(
      consider(FROM_K100, panel, context({ knowns: [{ ...work, beganAt: NOON + HOUR }] })).decision,
    ).not.toBe("auto");
    const during = consider(
      FROM_K100,
      panel,
      context({ knowns: [{ ...work, beganAt: NOON - HOUR }] }),
    );
    expect(during.candidates[0]?.id).toBe("mnt-1");
    expect(during.decision === "auto" ? during.answer : "maintenance").toBe("maintenance");
  });

  test("others who were linked in the last hour make it likelier", () => {
    const others = ["K-101", "K-102", "K-103"].map((accountId, nth) =>
      before(`r${nth}`, { accountId, linkedTo: "inc-1", receivedAt: NOON - 20 * MINUTE }),
    );
    const alone = consider(FROM_K100, told(CANNOT_SEND), context());
    const among = consider(FROM_K100, told(CANNOT_SEND), context({ earlier: others }));
    expect(among.candidates[0]?.p).toBeGreaterThan(alone.candidates[0]?.p ?? 1);
  });
});

test("what is rather a question or the customer's own doing is suggested only where it is likely", () => {
  const half = {
    what: [
      ["howto", 0.7],
      ["mail.webmail", 0.3],
    ],
  } as const;
  const decided = (extraction: ReturnType<typeof told>) =>
    consider(FROM_K100, extraction, context()).decision;
  expect(decided(told({ ...half, cues: ["request"] }))).toBe("none");
  expect(decided(told({ ...half, cues: ["request", "wrote-before"] }))).toBe("suggest");
});

test("a page that is not found is not what a filter forbids", () => {
  const filter = known({
    kind: "web.waf_403",
    places: ["tisza"],
    services: ["tisza/http"],
    words: ["tisza: 403"],
  });
  const answered = (code: string) =>
    consider(
      FROM_K100,
      told({ what: [["web.error4xx", 1]], names: [mention("code", code)] }),
      context({ knowns: [filter] }),
    );
  expect(answered("403").decision).toBe("auto");
  expect(answered("404").decision).not.toBe("auto");
  expect(
    answered("404").candidates[0]?.reasons.map(({ code }) => code) ?? ["code.other"],
  ).toContain("code.other");
});

test("what repeats a suspicious report is not linked to something else without a human", () => {
  const first = before("first", { accountId: "K-100", extraction: told(CANNOT_SEND) });
  const repeated = (suspected: string | null) =>
    consider(
      FROM_K100,
      told(CANNOT_SEND),
      context({ earlier: [{ ...first, suspected }], knowns: [known({ kind: "mail.send" })] }),
    );
  expect(repeated(null).duplicateOf).toBe("first");
  expect(repeated("suspicion-first").decision).toBe("suggest");
  expect(repeated("suspicion-first").reasons.map(({ code }) => code)).toContain("others.suspected");
});

describe("what the customer is answered", () => {
  test.each([
    ["a bill", [["billing", 1]], ["billing"], "not-a-fault"],
    ["a full mailbox", [["mail.receive", 1]], ["quota-full"], "individual"],
    ["a trouble that nothing explains", [["web.down", 1]], [], "new"],
  ] as const)("%s", (_, what, cues, answer) => {
    expect(consider(FROM_K100, told({ what, cues }), context({ knowns: [] })).answer).toBe(answer);
  });
});

test("the same report and the same knowledge give the same verdict", () => {
  const extraction = told({
    ...CANNOT_SEND,
    names: [mention("server", "posta1")],
    cues: ["urgent"],
  });
  expect(consider(FROM_K100, extraction, context())).toEqual(
    consider(FROM_K100, extraction, context()),
  );
});
