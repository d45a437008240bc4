import { z } from "zod";

const FORM = /^(>=|<=|==|!=|>|<)\s*([+-]?(?:\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?|Inf))$/;
const EXPECTED = "expected a comparison such as > 0.9, <= 5 or != 1";

/** A comparison with a number, as text: it is checked here and read by `readThreshold`. */
export const thresholdText = () =>
  z.string({ error: EXPECTED }).refine((text) => FORM.test(text.trim()), { error: EXPECTED });

/** When a value is bad, and which of two is worse. */
export interface Threshold {
  readonly text: string;
  isPassed(value: number): boolean;
  /** How far a value is on the bad side; larger is worse. */
  badness(value: number): number;
}

/** `> 0.9`, `<= 5`, `!= 1`; throws for what `thresholdText` refuses. NaN passes none. */
export function readThreshold(text: string): Threshold {
  const [, sign, written = ""] = FORM.exec(text.trim()) ?? [];
  const limit = Number(written.replace("Inf", "Infinity"));
  const threshold = (isPassed: (value: number) => boolean, direction: 1 | -1 | 0): Threshold => ({
    text: text.trim(),
    isPassed,
    badness: (value) => (direction === 0 ? Math.abs(value - limit) : direction * value),
  });
  switch (sign) {
    case ">":
      return threshold((value) => value > limit, 1);
    case ">=":
      return threshold((value) => value >= limit, 1);
    case "<":
      return threshold((value) => value < limit, -1);
    case "<=":
      return threshold((value) => value <= limit, -1);
    case "==":
      return threshold((value) => value === limit, 0);
    case "!=":
      return threshold((value) => value !== limit && !Number.isNaN(value), 0);
    case undefined:
    default:
      throw new Error(EXPECTED);
  }
}
