/**
 * The latest results of a monitor: bit n is set where the one n before the last was bad. What we could
 * not see is no result.
 */
export interface History {
  readonly bits: number;
  /** How many results it holds, `KEPT` at most. */
  readonly n: number;
}

export const NO_HISTORY: History = { bits: 0, n: 0 };

/** So many results are looked back on. */
const KEPT = 21;
const MASK = 2 ** KEPT - 1;
/** Unstable from this share of changes (%) on, until it is under that one: in between it is as it was. */
const BEGINS = 30;
const ENDS = 15;

/** `history` with one more result. */
export const remember = ({ bits, n }: History, bad: boolean): History => ({
  bits: ((bits << 1) | (bad ? 1 : 0)) & MASK,
  n: Math.min(KEPT, n + 1),
});

/**
 * How much of the last 21 results changed from good to bad or back, in per cent, later changes counting
 * up to half more than early ones: the weights of Nagios Core, "Detection and Handling of State
 * Flapping" (0.8 for the oldest change to 1.2 for the newest). Three outages within 21 looks are 30 %,
 * the threshold at which Icinga 2 calls a service flapping.
 */
export function changeIn({ bits, n }: History): number {
  let changed = bits ^ (bits >> 1);
  // The oldest has nothing before it to differ from.
  changed &= 2 ** Math.max(0, n - 1) - 1;
  if (changed === 0) return 0;
  let sum = 0;
  for (let age = 0; changed !== 0; age++, changed >>= 1)
    if (changed & 1) sum += 1.2 - (0.4 * age) / (KEPT - 2);
  return (sum / (KEPT - 1)) * 100;
}

/** Whether a monitor is unstable after this history, having been so or not before. */
export function isUnstable(history: History, before: boolean): boolean {
  const change = changeIn(history);
  return change >= BEGINS || (before && change >= ENDS);
}
