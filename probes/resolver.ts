import { readFileSync, statSync } from "node:fs";
import { Resolver as Channel } from "node:dns/promises";
import { isIP } from "node:net";
import { denyTheRoot, nameServers } from "./dns-resolvers.js";
import { codeOf } from "./failures.js";

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Found; said by authority not to be there; or our own resolver had no word (which is our fault). */
export type Resolved =
  | { readonly kind: "found"; readonly addresses: readonly Address[] }
  | { readonly kind: "not-found" }
  | {
      readonly kind: "failed";
      readonly reason: "resolver-timed-out" | "resolver-failed";
      readonly code: string;
    };

export interface Resolver {
  /**
   * The addresses of `host`, IPv6 and IPv4 for `"any"`. Never rejects; ends within the resolver's
   * own deadline and at once when `signal` is aborted.
   */
  resolve(host: string, family: 4 | 6 | "any", signal: AbortSignal): Promise<Resolved>;
}

export interface ResolverSettings {
  /** `192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:53`; default: the system's. */
  readonly servers?: readonly string[];
  /** For one name, over all servers and tries; default 4 s. */
  readonly timeoutMs?: number;
  readonly hostsFile?: string;
}

/** An answer is kept for its TTL but no longer than this, so that a moved name is soon seen. */
const MAX_KEPT_S = 30;
const MAX_CACHED = 20_000;
/** How often the hosts file and resolv.conf are looked at for changes. */
const FILES_EVERY_MS = 2_000;
const HOSTS_FILE =
  process.platform === "win32" ? "C:\\Windows\\System32\\drivers\\etc\\hosts" : "/etc/hosts";

const NOT_FOUND: Resolved = { kind: "not-found" };
const KNOWS_NOTHING: Resolved = { kind: "failed", reason: "resolver-failed", code: "no root" };
const TIMED_OUT: Resolved = { kind: "failed", reason: "resolver-timed-out", code: "ETIMEOUT" };

/**
 * A resolver with deadlines, apart from the thread pool that `dns.lookup` shares with files: a dead
 * one delays nobody else. Literals, `localhost` and names of the hosts file never touch DNS;
 * look-ups of one name at the same time share one query.
 */
export function createResolver(settings: ResolverSettings = {}): Resolver {
  const timeoutMs = settings.timeoutMs ?? 4_000;
  const openChannel = (): Channel => {
    // Two rounds over all servers; a silent first server leaves time for the second.
    const channel = new Channel({ timeout: Math.max(50, Math.floor(timeoutMs / 5)), tries: 2 });
    if (settings.servers && settings.servers.length > 0) channel.setServers(settings.servers);
    return channel;
  };
  let channel = openChannel();
  const hosts = watched(settings.hostsFile ?? HOSTS_FILE, readHosts, new Map<string, Address[]>());
  const system = watched("/etc/resolv.conf", (text) => text, "");
  let seenSystem = system();

  const cache = new Map<string, { readonly until: number; readonly resolved: Resolved }>();
  const asked = new Map<string, Promise<Resolved>>();

  /** One family of one name, from the cache, a query under way, or a new query. */
  function ask(host: string, family: 4 | 6): Resolved | Promise<Resolved> {
    const key = `${family}${host}`;
    const kept = cache.get(key);
    if (kept) {
      if (kept.until > performance.now()) return kept.resolved;
      cache.delete(key);
    }
    const underway = asked.get(key);
    if (underway) return underway;
    if (!settings.servers && system() !== seenSystem) {
      seenSystem = system();
      channel = openChannel();
    }
    const query = within(timeoutMs, lookUp(channel, host, family)).then(({ resolved, ttl }) => {
      asked.delete(key);
      if (resolved.kind === "found" && ttl > 0) {
        const oldest = cache.size >= MAX_CACHED ? cache.keys().next() : null;
        if (oldest && !oldest.done) cache.delete(oldest.value);
        const until = performance.now() + Math.min(ttl, MAX_KEPT_S) * 1_000;
        cache.set(key, { until, resolved });
      }
      return resolved;
    });
    asked.set(key, query);
    return query;
  }

  /** Under way; not kept, as a resolver may break at any moment. */
  let doubting: Promise<boolean> | null = null;
  /** That a name is not there is believed only to a resolver that knows the root. */
  async function believed(asking: Promise<Resolved>): Promise<Resolved> {
    const resolved = await asking;
    if (resolved.kind !== "not-found") return resolved;
    const servers = nameServers(settings.servers ?? systemNameServers());
    doubting ??= denyTheRoot(servers, AbortSignal.timeout(timeoutMs)).finally(
      () => (doubting = null),
    );
    return (await doubting) ? KNOWS_NOTHING : resolved;
  }

  return {
    async resolve(host, family, signal) {
      const literal = isIP(host);
      if (literal === 4 || literal === 6)
        return found([{ address: host, family: literal }], family);
      const name = host.toLowerCase().replace(/\.$/, "");
      const local = localAddresses(name, hosts());
      if (local) return found(local, family);
      const one = family === "any" ? null : ask(name, family);
      if (one) return untilAborted(one instanceof Promise ? believed(one) : one, signal);
      const both = Promise.all([ask(name, 6), ask(name, 4)]).then(([six, four]) =>
        joined(six, four),
      );
      return untilAborted(believed(both), signal);
    },
  };
}

/** The system's name servers of this moment, in the form of `ResolverSettings.servers`. */
export const systemNameServers = (): readonly string[] => new Channel().getServers();

/** One query; never rejects. `ttl` in seconds. */
async function lookUp(channel: Channel, host: string, family: 4 | 6): Promise<Answer> {
  try {
    const records =
      family === 4
        ? await channel.resolve4(host, { ttl: true })
        : await channel.resolve6(host, { ttl: true });
    const ttl = records.reduce((least, record) => Math.min(least, record.ttl), MAX_KEPT_S);
    const addresses = records.map(({ address }) => ({ address, family }));
    return { resolved: found(addresses, family), ttl };
  } catch (error) {
    return { resolved: judgeDns(codeOf(error)), ttl: 0 };
  }
}

interface Answer {
  readonly resolved: Resolved;
  readonly ttl: number;
}

function judgeDns(code: string): Resolved {
  if (code === "ENOTFOUND" || code === "ENODATA" || code === "EBADNAME") return NOT_FOUND;
  if (code === "ETIMEOUT" || code === "ECANCELLED") return TIMED_OUT;
  return { kind: "failed", reason: "resolver-failed", code };
}

/** Ends a query that outlives its time; the query itself ends by its own clock and is ignored. */
function within(timeoutMs: number, query: Promise<Answer>): Promise<Answer> {
  return new Promise((settle) => {
    const timer = setTimeout(settle, timeoutMs, { resolved: TIMED_OUT, ttl: 0 });
    void query.then((answer) => {
      clearTimeout(timer);
      settle(answer);
    });
  });
}

function untilAborted(
  query: Resolved | Promise<Resolved>,
  signal: AbortSignal,
): Resolved | Promise<Resolved> {
  if (!(query instanceof Promise)) return query;
  if (signal.aborted) return TIMED_OUT;
  return new Promise((settle) => {
    const stop = (): void => settle(TIMED_OUT);
    signal.addEventListener("abort", stop, { once: true });
    void query.then((resolved) => {
      signal.removeEventListener("abort", stop);
      settle(resolved);
    });
  });
}

/** Addresses of either family are enough; no word about one family outweighs "none" of the other. */
function joined(six: Resolved, four: Resolved): Resolved {
  if (six.kind === "found" && four.kind === "found")
    return { kind: "found", addresses: [...six.addresses, ...four.addresses] };
  if (six.kind === "found") return six;
  if (four.kind === "found") return four;
  return four.kind === "failed" ? four : six;
}

function found(addresses: readonly Address[], family: 4 | 6 | "any"): Resolved {
  const fitting =
    family === "any" ? addresses : addresses.filter((address) => address.family === family);
  return fitting.length > 0 ? { kind: "found", addresses: fitting } : NOT_FOUND;
}

const LOOPBACK: readonly Address[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/** RFC 6761, section 6.3: `localhost` and what ends in it is this machine, whatever DNS says. */
function localAddresses(
  name: string,
  hosts: ReadonlyMap<string, readonly Address[]>,
): readonly Address[] | undefined {
  if (name === "localhost" || name.endsWith(".localhost")) return LOOPBACK;
  return hosts.get(name);
}

function readHosts(text: string): Map<string, Address[]> {
  const hosts = new Map<string, Address[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const family = isIP(address);
    if (family !== 4 && family !== 6) continue;
    for (const name of names) {
      const key = name.toLowerCase().replace(/\.$/, "");
      hosts.set(key, [...(hosts.get(key) ?? []), { address, family }]);
    }
  }
  return hosts;
}

/** Reads a small file anew when its time stamp changes; `empty` while it cannot be read. */
function watched<T>(path: string, read: (text: string) => T, empty: T): () => T {
  let value = empty;
  let seen = -1;
  let lookedAt = -FILES_EVERY_MS;
  return () => {
    const now = performance.now();
    if (now - lookedAt < FILES_EVERY_MS) return value;
    lookedAt = now;
    try {
      const { mtimeMs } = statSync(path);
      if (mtimeMs === seen) return value;
      value = read(readFileSync(path, "utf8"));
      seen = mtimeMs;
    } catch {
      value = empty;
      seen = -1;
    }
    return value;
  };
}
