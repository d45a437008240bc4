import { Resolver as Channel } from "node:dns/promises";
import { codeOf } from "./failures.js";

/** The hosts that take mail for a name, preferred first (RFC 5321, section 5). */
export type Exchanged =
  | { readonly kind: "found"; readonly hosts: readonly string[] }
  | { readonly kind: "not-found" }
  | { readonly kind: "failed"; readonly reason: "resolver-timed-out" | "resolver-failed" };

/** Asks who takes mail for `name`; never rejects, and ends within its deadline. */
export type Exchanges = (name: string) => Promise<Exchanged>;

const MOST = 10;

/** Asks `servers` (default: the system's) for MX records, each question within `timeoutMs` (default 3 s). */
export function createExchanges({
  servers = [],
  timeoutMs = 3_000,
}: {
  readonly servers?: readonly string[];
  readonly timeoutMs?: number;
}): Exchanges {
  return async (name) => {
    const channel = new Channel({ timeout: Math.max(50, Math.floor(timeoutMs / 3)), tries: 2 });
    if (servers.length > 0) channel.setServers(servers);
    const late = setTimeout(() => channel.cancel(), timeoutMs);
    try {
      const records = await channel.resolveMx(name);
      const hosts = records
        .toSorted((a, b) => a.priority - b.priority)
        .map(({ exchange }) => exchange.toLowerCase())
        // A null MX says that no mail is taken (RFC 7505).
        .filter((host) => host !== "" && host !== ".");
      return hosts.length > 0
        ? { kind: "found", hosts: hosts.slice(0, MOST) }
        : { kind: "not-found" };
    } catch (error) {
      const code = codeOf(error);
      if (code === "ENOTFOUND" || code === "ENODATA" || code === "EBADNAME")
        return { kind: "not-found" };
      const timedOut = code === "ETIMEOUT" || code === "ECANCELLED";
      return { kind: "failed", reason: timedOut ? "resolver-timed-out" : "resolver-failed" };
    } finally {
      clearTimeout(late);
    }
  };
}
