import { Resolver as Channel } from "node:dns/promises";
import { codeOf } from "./failures.js";

/** The hosts that a name's records name. */
export type Named =
  | { readonly kind: "found"; readonly hosts: readonly string[] }
  | { readonly kind: "not-found" }
  | { readonly kind: "failed"; readonly reason: "resolver-timed-out" | "resolver-failed" };

/**
 * Asks who takes mail for `name` (MX, preferred first: RFC 5321, section 5) or who answers for it (NS);
 * never rejects, and ends within its deadline.
 */
export type NamedHosts = (name: string, record: "MX" | "NS") => Promise<Named>;

const MOST = 10;

/** Asks `servers` (default: the system's), each question within `timeoutMs` (default 3 s). */
export function createNamedHosts({
  servers = [],
  timeoutMs = 3_000,
}: {
  readonly servers?: readonly string[];
  readonly timeoutMs?: number;
}): NamedHosts {
  return async (name, record) => {
    const channel = new Channel({ timeout: Math.max(50, Math.floor(timeoutMs / 3)), tries: 2 });
    if (servers.length > 0) channel.setServers(servers);
    const late = setTimeout(() => channel.cancel(), timeoutMs);
    try {
      const named =
        record === "MX" ? await exchanges(channel, name) : await channel.resolveNs(name);
      const hosts = named
        .map((host) => host.toLowerCase())
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

async function exchanges(channel: Channel, name: string): Promise<readonly string[]> {
  const records = await channel.resolveMx(name);
  return records.toSorted((a, b) => a.priority - b.priority).map(({ exchange }) => exchange);
}
