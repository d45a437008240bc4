/**
 * A latency sketch that merges: counts in buckets whose bounds grow by a constant factor, so that
 * any quantile is within 5 % of the truth (DDSketch: Masson, Rim, Lee, VLDB 2019, with relative
 * accuracy α = 0.05 and γ = (1 + α) / (1 − α)). Kept as pairs of varints (bucket delta, count):
 * an hour of one monitor takes some 30 bytes.
 */
export type Sketch = ReadonlyMap<number, number>;

const ACCURACY = 0.05;
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const LN_GAMMA = Math.log(GAMMA);

/** For the same buckets in SQL: `ceil(ln(greatest(ms, MIN_MS)) / LN_GAMMA)`. */
export const SKETCH = { lnGamma: LN_GAMMA, minMs: 0.1 } as const;

/** The bucket of a latency in ms. */
export const bucketOf = (ms: number): number =>
  Math.ceil(Math.log(Math.max(ms, SKETCH.minMs)) / LN_GAMMA);

/** The sum of many sketches. */
export function mergeSketches(sketches: Iterable<Sketch>): Sketch {
  const sum = new Map<number, number>();
  for (const sketch of sketches)
    for (const [bucket, n] of sketch) sum.set(bucket, (sum.get(bucket) ?? 0) + n);
  return sum;
}

/** The latency in ms below which the share `q` (0–1) of the values lies; `null` for an empty sketch. */
export function quantile(sketch: Sketch, q: number): number | null {
  const total = [...sketch.values()].reduce((sum, n) => sum + n, 0);
  if (total === 0) return null;
  const rank = q * (total - 1);
  let seen = 0;
  let value = 0;
  for (const [bucket, n] of [...sketch].sort(([a], [b]) => a - b)) {
    seen += n;
    value = (2 * GAMMA ** bucket) / (GAMMA + 1);
    if (seen > rank) break;
  }
  return value;
}

/** The sketch as bytes: sorted buckets as zigzag deltas, each followed by its count. */
export function packSketch(sketch: Sketch): Uint8Array {
  const bytes: number[] = [];
  let previous = 0;
  for (const [bucket, n] of [...sketch].sort(([a], [b]) => a - b)) {
    const delta = bucket - previous;
    putVarint(bytes, delta < 0 ? -2 * delta - 1 : 2 * delta);
    putVarint(bytes, n);
    previous = bucket;
  }
  return Uint8Array.from(bytes);
}

/** The inverse of `packSketch`. Throws a `RangeError` on bytes that end within a number. */
export function unpackSketch(bytes: Uint8Array): Sketch {
  const sketch = new Map<number, number>();
  let at = 0;
  let bucket = 0;
  const next = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError("the sketch ends within a number");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const zigzag = next();
    bucket += zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2;
    sketch.set(bucket, next());
  }
  return sketch;
}

function putVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
}
