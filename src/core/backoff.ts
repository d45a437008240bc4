/**
 * Waits after the first, second, … failed attempt: quick while a restart or a blip may explain it,
 * then hourly. The same for every channel.
 */
const WAITS_MS = [5_000, 15_000, 60_000, 300_000, 900_000, 1_800_000, 3_600_000] as const;
const HOURLY_MS = 3_600_000;

/** How long a message is tried before it counts as failed, and how often at least. */
export const GIVE_UP_MS = 24 * 3_600_000;
const LEAST_ATTEMPTS = 5;

/** Waits are stretched or shortened by up to this share, so that many do not come at once. */
const JITTER = 0.2;

export interface Attempted {
  /** The message's key: the same key always waits the same. */
  readonly key: string;
  /** Attempts made so far, at least 1. */
  readonly attempts: number;
  /** When the message came to be owed. */
  readonly owedSince: Date;
  /** The wait that the far side asked for; never undercut. */
  readonly advisedMs: number | null;
}

/** When to try again, or `null` where it is time to give up. */
export function nextAttempt(attempted: Attempted, now: Date): Date | null {
  const { key, attempts, owedSince, advisedMs } = attempted;
  const end = owedSince.getTime() + GIVE_UP_MS;
  if (attempts >= LEAST_ATTEMPTS && now.getTime() >= end) return null;
  const share = shareOf(`${key}:${attempts}`);
  const usual = (WAITS_MS[attempts - 1] ?? HOURLY_MS) * (1 + JITTER * (2 * share - 1));
  const advised = advisedMs === null ? 0 : advisedMs * (1 + (JITTER / 2) * share);
  return new Date(now.getTime() + Math.round(Math.max(usual, advised)));
}

/** A number in [0, 1) that only depends on `text`. */
function shareOf(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++)
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  // One more stir: the last character alone must change the whole.
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 0;
  return ((value ^ (value >>> 13)) >>> 0) / 2 ** 32;
}
