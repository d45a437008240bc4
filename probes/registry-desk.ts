import type { Eyes } from "./probe.js";
import { askRdap, type Fetching } from "./rdap.js";
import type { Registries, Source } from "./registries.js";
import { troubleOf, type Registration, type Told } from "./registration.js";
import { createTurns } from "./turns.js";
import { askWhoisFor } from "./whois.js";

/** What is known of a domain, and since when. */
export interface Known {
  readonly registration: Registration;
  /** When the registry said so. */
  readonly at: Date;
  readonly source: "rdap" | "whois";
  readonly server: string;
}

export interface Answered {
  /** `null` before the registry has said anything useful, or when that is too long ago. */
  readonly known: Known | null;
  /** Why the last try was in vain; `null` where it was not, or is under way. */
  readonly failed: string | null;
}

export interface Desk {
  /**
   * What the registry says of a domain: what is remembered while that is fresh, else what it says now. `sources`
   * replaces the registries' own. Never rejects; ends with `signal`, while the asking goes on for who comes next.
   */
  ask(
    domain: string,
    sources: readonly Source[] | null,
    eyes: Eyes,
    signal: AbortSignal,
  ): Promise<Answered>;
}

/** How long an answer is good: one that is well, and one that somebody will mend and look at again. */
const FRESH_MS = 6 * 3_600_000;
const FRESH_BAD_MS = 3_600_000;
/** After a failure; and for how long an old answer is better than none. */
const RETRY_MS = 15 * 60_000;
const STALE_MS = 7 * 86_400_000;
/** One request to one server. */
const PATIENCE_MS = 10_000;
const APART_MS = 2_000;
const SOON_MS = 14 * 86_400_000;

type Found = Omit<Known, "at">;

interface InVain {
  readonly why: string;
  /** For how long at least it would be in vain again. */
  readonly waitMs: number;
}

interface Entry {
  known: (Known & { readonly clockAt: number }) | null;
  failed: string | null;
  nextAt: number;
  pending: Promise<void> | null;
}

/**
 * The one place of the process that asks registries: one domain is asked for once in six hours, every hour while
 * something is wrong with it, a server at most every two seconds and not before it wants to be asked again.
 */
export function createDesk(
  registries: Registries,
  {
    clock = () => performance.now(),
    apartMs = APART_MS,
  }: { readonly clock?: () => number; readonly apartMs?: number } = {},
): Desk {
  const turns = createTurns(apartMs, clock);
  const entries = new Map<string, Entry>();

  const look = async (
    domain: string,
    given: readonly Source[] | null,
    eyes: Eyes,
    entry: Entry,
  ) => {
    const sources =
      given ?? (await within(eyes, (fetching) => registries.sourcesFor(domain, fetching)));
    const now = eyes.now?.() ?? new Date();
    const found = await askSources(domain, sources, eyes);
    if ("why" in found) {
      entry.failed = found.why;
      entry.nextAt = clock() + Math.max(RETRY_MS, found.waitMs);
      return;
    }
    entry.known = { ...found, at: now, clockAt: clock() };
    entry.failed = null;
    entry.nextAt = clock() + (isWell(found.registration, now) ? FRESH_MS : FRESH_BAD_MS);
  };

  /** A domain is not gone by one word: a second server must say so too, or the same one again. */
  const askSources = async (
    domain: string,
    sources: readonly Source[],
    eyes: Eyes,
  ): Promise<Found | InVain> => {
    const useless = new Set<string>();
    let inVain: InVain = { why: "no server is known for this registry", waitMs: 0 };
    let isAbsent = false;
    for (const source of [...sources, ...sources]) {
      const server = serverOf(source);
      if (useless.has(server)) continue;
      const told = await askSource(domain, source, eyes);
      if (told.kind === "told") {
        const { registration } = told;
        if (registration.registered || isAbsent)
          return { registration, source: source.kind, server };
        isAbsent = true;
        inVain = { why: `only ${server} says that it is not registered`, waitMs: 0 };
      } else {
        useless.add(server);
        const isBusy = told.kind === "busy";
        const why = isBusy ? "it wants to be asked later" : told.why;
        inVain = { why: `${server}: ${why}`, waitMs: isBusy ? told.waitMs : 0 };
      }
    }
    return inVain;
  };

  const askSource = async (domain: string, source: Source, eyes: Eyes): Promise<Told> => {
    const server = serverOf(source);
    const paused = await turns.take(server);
    if (paused > 0) return { kind: "busy", waitMs: paused };
    const told = await within(eyes, (fetching) =>
      source.kind === "rdap"
        ? askRdap(source.base, domain, { ...fetching, declared: source.declared })
        : askWhoisFor(source.place, domain, { ...fetching, declared: source.declared }),
    );
    if (told.kind === "busy") turns.pause(server, told.waitMs);
    return told;
  };

  return {
    async ask(domain, sources, eyes, signal) {
      const key = [domain, ...(sources ?? []).map(serverOf)].join(" ");
      const entry = entries.get(key) ?? {
        known: null,
        failed: null,
        nextAt: -Infinity,
        pending: null,
      };
      entries.set(key, entry);
      if (clock() >= entry.nextAt)
        entry.pending ??= look(domain, sources, eyes, entry).finally(() => {
          entry.pending = null;
        });
      const { known } = entry;
      const isUsable = known !== null && clock() - known.clockAt < STALE_MS;
      if (!isUsable && entry.pending) await untilAborted(entry.pending, signal);
      const now = entry.known;
      const isKept = now !== null && clock() - now.clockAt < STALE_MS;
      return { known: isKept ? now : null, failed: entry.failed };
    },
  };
}

const serverOf = (source: Source): string =>
  source.kind === "rdap" ? source.base : `${source.place.host}:${source.place.port}`;

const isWell = ({ registered, expires, statuses }: Registration, now: Date): boolean =>
  registered &&
  troubleOf(statuses) === null &&
  (expires === null || expires.getTime() - now.getTime() > SOON_MS);

/** Runs a request that has a deadline of its own, whatever becomes of the look that began it. */
async function within<T>(
  eyes: Eyes,
  request: (fetching: Omit<Fetching, "declared">) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), PATIENCE_MS);
  try {
    return await request({ eyes, signal: deadline.signal });
  } finally {
    clearTimeout(timer);
  }
}

function untilAborted(pending: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      signal.removeEventListener("abort", end);
      done();
    };
    if (signal.aborted) return end();
    signal.addEventListener("abort", end, { once: true });
    void pending.then(end, end);
  });
}
