import { describe, expect, test } from "vitest";
import {
  chanceOf,
  usualNumber,
  usualPart,
  learn,
  learnDismissal,
  newBaseline,
} from "../../../src/core/correlate/baseline.js";
import {
  explains,
  notice,
  suspicionsAmong,
  type Standing,
} from "../../../src/core/correlate/suspect.js";
import type { Earlier } from "../../../src/core/correlate/verdict.js";
import { before, DIRECTORY, HOUR, known, MINUTE, NOON, told } from "./hoster.js";

const BASELINE = newBaseline("Europe/Budapest", NOON - 10 * HOUR);
const DOWN = {
  what: [
    ["web.down", 0.9],
    ["web.slow", 0.1],
  ],
} as const;
const down = (id: string, accountId: string, minutesAgo: number, more: Partial<Earlier> = {}) =>
  before(id, {
    accountId,
    receivedAt: NOON - minutesAgo * MINUTE,
    extraction: told(DOWN),
    ...more,
  });
const THREE = [down("a", "K-100", 50), down("b", "K-101", 30), down("c", "K-102", 0)];
const among = (earlier: readonly Earlier[], baseline = BASELINE) =>
  suspicionsAmong(earlier, baseline, DIRECTORY, NOON);

describe("a suspicion", () => {
  test("is raised by three accounts of one server within an hour", () => {
    expect(among(THREE)).toMatchObject([
      { key: { place: "tisza", symptom: "web.down" }, members: ["a", "b", "c"], accounts: 3 },
    ]);
  });

  test.each([
    ["two accounts", THREE.slice(1)],
    ["one account that writes three times", THREE.map((one) => ({ ...one, accountId: "K-100" }))],
    ["reports that are linked", THREE.map((one) => ({ ...one, linkedTo: "inc-1" }))],
    ["questions", THREE.map((one) => ({ ...one, extraction: told({ what: [["howto", 1]] }) }))],
    [
      "causes of the customers' own",
      THREE.map((one) => ({ ...one, extraction: told({ ...DOWN, cues: ["own-change"] }) })),
    ],
    [
      "three accounts of different servers",
      [down("a", "K-100", 50), down("b", "K-200", 30), down("c", "K-201", 0)],
    ],
  ] as const)("is not raised by %s", (_, earlier) => {
    expect(among(earlier)).toEqual([]);
  });

  test("is raised by two that share words which nobody else writes, and they give its title", () => {
    const words = ["mobilneten", "ipv6"];
    const earlier = [
      ...Array.from({ length: 40 }, (_, nth) =>
        before(`x${nth}`, { extraction: told({ words: ["levelek"] }), linkedTo: "x" }),
      ),
      ...THREE.slice(1).map((one) => ({ ...one, extraction: told({ ...DOWN, words }) })),
    ];
    expect(among(earlier)).toMatchObject([{ accounts: 2, words: ["ipv6", "mobilneten"] }]);
  });

  test("of no usual symptom is raised by three that share one word which nobody else writes", () => {
    const others = Array.from({ length: 40 }, (_, nth) =>
      before(`x${nth}`, { extraction: told({ words: ["levelek"] }), linkedTo: "x" }),
    );
    const odd = (words: readonly string[]) =>
      THREE.map((one) => ({ ...one, extraction: told({ what: [["other", 1]], words }) }));
    expect(among([...others, ...odd(["cron"])])).toMatchObject([
      { key: { symptom: "other" }, accounts: 3, words: ["cron"] },
    ]);
    expect(among([...others, ...odd([])])).toEqual([]);
  });

  test("is not raised again so soon where humans said that it was nothing", () => {
    let taught = BASELINE;
    for (let times = 0; times < 40; times++)
      taught = learnDismissal(taught, { place: "tisza", symptom: "web.down" });
    expect(among(THREE, taught).filter(({ key }) => key.place === "tisza")).toEqual([]);
  });

  test("is not made of what a known incident explains", () => {
    const open = known({
      id: "inc-web",
      kind: "web.slow",
      places: ["tisza"],
      services: ["tisza/http"],
    });
    const earlier = THREE.map((one) => ({ ...one, resembles: "inc-web" }));
    expect(suspicionsAmong(earlier, BASELINE, DIRECTORY, NOON, [open])).toEqual([]);
    const elsewhere = { ...open, places: ["drava"], services: ["drava/http"] };
    expect(suspicionsAmong(earlier, BASELINE, DIRECTORY, NOON, [elsewhere])).toHaveLength(1);
  });
});

describe("standing suspicions", () => {
  const play = (reports: readonly Earlier[]) => {
    let standing: readonly Standing[] = [];
    const earlier: Earlier[] = [];
    return reports.map((one) => {
      earlier.push(one);
      const around = {
        earlier,
        baseline: BASELINE,
        directory: DIRECTORY,
        knowns: [],
        now: one.receivedAt,
      };
      const noticed = notice(standing, one, around);
      ({ standing } = noticed);
      return noticed.suspected;
    });
  };

  test("keep their name as reports join them, and take no others", () => {
    const later = [
      down("d", "K-103", -60),
      down("e", "K-200", -70),
      down("f", "K-103", -80, { extraction: told({ what: [["mail.spam", 1]] }) }),
      down("g", "K-101", -90, { duplicateOf: "b" }),
    ];
    expect(play([...THREE, ...later])).toEqual([
      null,
      null,
      "suspicion-a",
      "suspicion-a",
      null,
      null,
      "suspicion-a",
    ]);
  });

  test("end after a quiet day", () => {
    expect(play([...THREE, down("d", "K-103", -25 * 60)]).at(-1)).toBeNull();
  });

  test("are explained by an incident of their place and symptom that is found later", () => {
    const [suspicion] = among(THREE);
    if (!suspicion) throw new Error("no suspicion");
    const web = { kind: "web.down", places: ["tisza"], services: ["tisza/http"] };
    expect(explains(known(web), suspicion, DIRECTORY)).toBe(true);
    expect(
      explains(
        known({ ...web, places: ["drava"], services: ["drava/http"] }),
        suspicion,
        DIRECTORY,
      ),
    ).toBe(false);
    expect(
      explains(
        known({ places: ["tisza"], kind: "ftp", services: ["tisza/ftp"] }),
        suspicion,
        DIRECTORY,
      ),
    ).toBe(false);
  });
});

describe("what is usual", () => {
  const key = { place: null, symptoms: ["web.down"], usualShare: 1 } as const;
  const expected = (baseline: Parameters<typeof usualNumber>[0], from: number, to: number) =>
    usualNumber(baseline, from, to) * usualPart(baseline, key);
  const night = Date.parse("2026-05-12T02:00:00+02:00");

  test("is less by night than by day", () => {
    expect(expected(BASELINE, night, night + HOUR)).toBeLessThan(
      expected(BASELINE, NOON, NOON + HOUR) / 3,
    );
  });

  test("grows with what is counted and shrinks with quiet days", () => {
    const start = NOON - 24 * 28 * HOUR;
    const reports = Array.from({ length: 28 * 20 }, (_, nth) => ({
      at: start + nth * (24 / 20) * HOUR,
      symptom: "web.down" as const,
      places: ["tisza"],
    }));
    const fresh = newBaseline("Europe/Budapest", start);
    const of = (baseline: typeof fresh) => expected(baseline, NOON, NOON + HOUR);
    expect(of(learn(fresh, reports, NOON))).toBeGreaterThan(of(fresh) * 3);
    expect(of(learn(fresh, [], NOON))).toBeLessThan(of(fresh) / 3);
  });

  test("the chance of many falls with the number and rises with the mean", () => {
    expect(chanceOf(0, 0.1)).toBe(1);
    expect(chanceOf(3, 0.05)).toBeLessThan(1e-3);
    expect(chanceOf(3, 0.05)).toBeGreaterThan(chanceOf(4, 0.05));
    expect(chanceOf(3, 0.5)).toBeGreaterThan(chanceOf(3, 0.05));
    expect(chanceOf(12, 0.01)).toBeGreaterThan(0);
  });
});
