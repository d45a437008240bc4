import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bucketOf,
  mergeSketches,
  packSketch,
  quantile,
  unpackSketch,
  type Sketch,
} from "../../src/core/sketch.js";

const sketchOf = (values: readonly number[]): Sketch => {
  const sketch = new Map<number, number>();
  for (const value of values) sketch.set(bucketOf(value), (sketch.get(bucketOf(value)) ?? 0) + 1);
  return sketch;
};
const latencies = fc.array(fc.double({ min: 0.1, max: 60_000, noNaN: true }), {
  minLength: 1,
  maxLength: 200,
});

test("a sketch's quantile is within 5 % of the value at that rank", () => {
  fc.assert(
    fc.property(latencies, fc.constantFrom(0, 0.5, 0.95, 1), (values, q) => {
      const sorted = values.toSorted((a, b) => a - b);
      const truth = sorted[Math.floor(q * (sorted.length - 1))] ?? 0;
      const said = quantile(sketchOf(values), q) ?? 0;
      expect(Math.abs(said - truth) / truth).toBeLessThan(0.051);
    }),
  );
});

test("packing a sketch loses nothing", () => {
  fc.assert(
    fc.property(latencies, (values) => {
      const sketch = sketchOf(values);
      const unpacked = unpackSketch(packSketch(sketch));
      expect(unpacked).toEqual(sketch);
    }),
  );
});

test("two sketches merge into that of all their values", () => {
  fc.assert(
    fc.property(latencies, latencies, (a, b) => {
      const merged = mergeSketches([sketchOf(a), sketchOf(b)]);
      expect(merged).toEqual(sketchOf([...a, ...b]));
    }),
  );
});

test("an hour of looks at one steady target packs into 40 bytes", () => {
  const values = Array.from({ length: 60 }, (_, n) => 20 + 10 * Math.sin(n));
  expect(packSketch(sketchOf(values)).length).toBeLessThanOrEqual(40);
});

test("an empty sketch has no quantile, and torn bytes are refused", () => {
  expect(quantile(new Map(), 0.5)).toBeNull();
  expect(() => unpackSketch(Uint8Array.of(200))).toThrow("ends within a number");
});
