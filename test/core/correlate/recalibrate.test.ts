import { describe, expect, test } from "vitest";
import { recalibrate, type Labelled } from "../../../src/core/correlate/recalibrate.js";
import { vectorOf } from "../../../src/core/correlate/score.js";
import { FEATURES, SHIPPED, type Feature } from "../../../src/core/correlate/weights.js";

const vector = (values: Partial<Record<Feature, number>>) => ({ ...vectorOf([]), ...values });

/** Every third report belongs nowhere; a shared service's incident is the cause more often than the weights say. */
const labelled = Array.from({ length: 90 }, (_, nth): Labelled[] => {
  const belongs = nth % 3 !== 0;
  return [
    {
      report: `r${nth}`,
      known: "one",
      vector: vector({
        symptom: belongs ? 1.7 : -1,
        shared: belongs ? 1 : 0,
        elsewhere: belongs ? 0 : 1,
      }),
      linked: belongs,
      forbidden: !belongs,
    },
    {
      report: `r${nth}`,
      known: "other",
      vector: vector({ symptom: -2, beside: 1 }),
      linked: false,
      forbidden: false,
    },
  ];
}).flat();

/** As of a hoster with far fewer reports about incidents. */
const CAUTIOUS = { ...SHIPPED, prior: -4 };

describe("weights fitted anew", () => {
  const refit = recalibrate(labelled, CAUTIOUS);

  test("link more of what agents have linked, and say how well before and after", () => {
    expect(refit?.after.autoRecall).toBeGreaterThan(refit?.before.autoRecall ?? 1);
    expect(refit?.after.calibrationError).toBeLessThan(refit?.before.calibrationError ?? 0);
    expect(refit?.after).toMatchObject({ reports: 90, autoPrecision: 1, top1: 1 });
  });

  test("stay near what they were where nothing is told, and keep their signs", () => {
    const of = refit?.weights.of;
    expect(of?.burst).toBe(SHIPPED.of.burst);
    for (const feature of FEATURES)
      expect((of?.[feature] ?? 0) * SHIPPED.of[feature]).toBeGreaterThanOrEqual(0);
    expect(refit?.weights).toMatchObject({
      version: SHIPPED.version + 1,
      auto: SHIPPED.auto,
      suggest: SHIPPED.suggest,
    });
  });

  test("are the same whenever they are fitted to the same", () => {
    expect(recalibrate(labelled, CAUTIOUS)).toEqual(refit);
  });

  test("are not fitted to a handful", () => {
    expect(recalibrate(labelled.slice(0, 40), CAUTIOUS)).toBeNull();
  });
});
