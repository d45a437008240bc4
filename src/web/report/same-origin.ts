import type { Request } from "express";
import { Problem } from "../../errors.js";

/**
 * Refuses a form that another site sends: by `Sec-Fetch-Site` where the browser says it, else by
 * `Origin`. Who says neither is no browser of today, and there is no cookie that could be abused.
 * Throws `forbidden`.
 */
export function requireSameOrigin(
  req: Request,
  {
    publicUrl,
    opaque = false,
  }: {
    readonly publicUrl: string;
    /** A page that sends no referrer makes browsers say `Origin: null`; its secret address vouches for it. */
    readonly opaque?: boolean;
  },
): void {
  const site = req.get("sec-fetch-site");
  if (site !== undefined) {
    if (site === "same-origin" || site === "none") return;
    throw new Problem("forbidden", "This form was sent by another site.");
  }
  const origin = req.get("origin");
  if (origin === undefined || (opaque && origin === "null")) return;
  if (hostOf(origin) !== null && [req.host, hostOf(publicUrl)].includes(hostOf(origin) ?? ""))
    return;
  throw new Problem("forbidden", "This form was sent by another site.");
}

function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).host : null;
}
