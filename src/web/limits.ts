import type { Request } from "express";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Problem } from "../errors.js";

/** Takes one of what is left for whoever asks; throws `too-many` where nothing is. */
export type Limit = (req: Request) => Promise<void>;

/** Who holds a /48 has 65,536 of our smallest places, and is still one. */
const SITE_FACTOR = 8;

/**
 * At most `points` in `seconds` from one address (IPv6: one /64, and eight times that from one /48).
 * Counted in memory: a restart forgives, and a crowd behind one address is told when to come back.
 */
export function limitByAddress(points: number, seconds: number): Limit {
  const limiter = new RateLimiterMemory({ points, duration: seconds });
  const sites = new RateLimiterMemory({ points: points * SITE_FACTOR, duration: seconds });
  return async (req) => {
    const place = placeOf(req.ip ?? "");
    try {
      if (place.includes(":")) await sites.consume(place.split(":").slice(0, 3).join(":"));
      await limiter.consume(place);
    } catch (left) {
      if (!(left instanceof RateLimiterRes)) throw left;
      const minutes = Math.ceil(left.msBeforeNext / 60_000);
      throw new Problem(
        "too-many",
        `That is more than we take from one address; please come back in ${minutes} min.`,
      );
    }
  };
}

/** One household or office: an IPv4 address, or the /64 of an IPv6 one. */
function placeOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!plain.includes(":")) return plain;
  const [head = "", tail = ""] = plain.split("%")[0]?.split("::") ?? [];
  const before = head === "" ? [] : head.split(":");
  const after = tail === "" ? [] : tail.split(":");
  const zeros = plain.includes("::") ? Math.max(0, 8 - before.length - after.length) : 0;
  return [...before, ...Array.from({ length: zeros }, () => "0"), ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, "").toLowerCase())
    .join(":");
}
