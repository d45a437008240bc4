import { GIVE_UP_MS, nextAttempt } from "../core/backoff.js";
import { CUSTOMERS, SUSPICION_RAISED } from "../core/delivery.js";
import type { Message, Send, SendResult } from "../notify/channel.js";
import type { Letter, SendLetter } from "../notify/letters.js";
import type { Log } from "../log.js";
import { describeDatabaseError, isDatabaseAway, type Db } from "../store/db.js";
import {
  claimDue,
  failUnconfigured,
  recordFailure,
  recordSent,
  type Claim,
} from "../store/deliveries.js";
import { traceIdOf, withSpan } from "../tracing.js";

const POLL_MS = 1_000;
/** Messages that one channel sends at a time; a slow one fills its own places and nobody else's. */
const AT_ONCE = 4;
/** A send is ended well before its lease, so nobody else begins while it is still under way. */
const SEND_MS = 75_000;
const LEASE_MS = 120_000;
const UNCONFIGURED_MS = 60_000;
const DRAIN_MS = 5_000;

export interface SenderOptions {
  readonly db: Db;
  /** The channels of the configuration in force, asked for anew before each look. */
  readonly channels: () => ReadonlyMap<string, { readonly send: Send }>;
  /** The voice that speaks to customers; `null` while there is none. */
  readonly letters?: () => { readonly send: SendLetter } | null;
  /** Puts a letter into words. */
  readonly compose?: (claim: LetterClaim) => Letter;
  /** What every message says about the site, and the language that staff read. */
  readonly about: () => Pick<Message, "site" | "language">;
  readonly now: () => Date;
  readonly log: Log;
  /** Told of each finished attempt, for the metrics. */
  readonly observe?: (attempt: Attempt) => void;
}

/** An owed letter that is ours to send. */
export type LetterClaim = Claim & { readonly to: "customer" };

export interface Attempt {
  readonly channelId: string;
  readonly outcome: "sent" | "retry" | "failed";
  /** How long the attempt took. */
  readonly seconds: number;
  /** From the change to the end of this attempt. */
  readonly sinceChangeSeconds: number;
}

export interface Sender {
  /** Looks at once for what is owed: call it after a commit that may owe something. */
  wake(): void;
  /** Lets sends in progress end for 5 s, interrupts the rest, which stay owed. */
  stop(): Promise<void>;
}

/**
 * Sends what the outbox owes, oldest first an incident and channel, each channel on its own. At least
 * once: what was under way when the program died is sent again with the same key when its lease ends.
 */
export function createSender(options: SenderOptions): Sender {
  const { db, channels, now, log } = options;
  const interrupted = new AbortController();
  const underWay = new Map<string, Set<Promise<void>>>();
  let stopping = false;
  let wakeUp: () => void = () => undefined;
  let woken = false;
  let away = false;
  let unkept = 0;
  const lastThere = new Map<string, number>();
  let checkedUnconfigured = Number.NEGATIVE_INFINITY;

  const wake = (): void => {
    woken = true;
    wakeUp();
  };

  const look = async (): Promise<void> => {
    if (unkept > 0) return;
    const known = channels();
    const letters = options.letters?.() ?? null;
    await giveUpUnconfigured([...known.keys(), ...(letters ? [CUSTOMERS] : [])]);
    const slots = [...known.keys(), ...(letters ? [CUSTOMERS] : [])].map((channelId) => ({
      channelId,
      free: AT_ONCE - (underWay.get(channelId)?.size ?? 0),
    }));
    for (const claim of await claimDue(db, now(), slots, LEASE_MS)) {
      if (claim.to === "customer") {
        const { compose } = options;
        if (letters && compose) begin(claim, (signal) => letters.send(compose(claim), signal));
        continue;
      }
      const channel = known.get(claim.channelId);
      if (channel)
        begin(claim, (signal) => channel.send(messageOf(claim, options.about()), signal));
    }
  };

  /** A channel counts as gone when it was not there for a minute: a reload takes some out and in. */
  const giveUpUnconfigured = async (ids: readonly string[]): Promise<void> => {
    const at = now();
    for (const id of ids) lastThere.set(id, at.getTime());
    if (at.getTime() - checkedUnconfigured < UNCONFIGURED_MS) return;
    const there = [...lastThere].filter(([, seen]) => at.getTime() - seen < UNCONFIGURED_MS);
    // A configuration without any channel may be one that could not be read: then nothing is hurried.
    const owedBefore = there.length > 0 ? at : new Date(at.getTime() - GIVE_UP_MS);
    const count = await failUnconfigured(
      db,
      there.map(([id]) => id),
      owedBefore,
      at,
    );
    checkedUnconfigured = at.getTime();
    if (count > 0) log.warn({ count }, "delivery.gave-up-unconfigured");
  };

  const begin = (claim: Claim, send: Attempting): void => {
    const own = underWay.get(claim.channelId) ?? new Set();
    underWay.set(claim.channelId, own);
    const work = deliver(claim, send).finally(() => {
      own.delete(work);
      wake();
    });
    own.add(work);
  };

  const deliver = async (claim: Claim, send: Attempting): Promise<void> => {
    const started = now();
    const attributes = {
      "tudunk.channel": claim.channelId,
      ...Object.fromEntries(
        Object.entries(aboutOf(claim)).map(([kind, id]) => [`tudunk.${kind}`, id]),
      ),
      "tudunk.delivery": claim.key,
      "tudunk.attempt": claim.attempts,
    };
    await withSpan("delivery.send", attributes, claim.traceparent, async (traceparent) => {
      const result = await attempt(claim, send);
      await record(claim, result, started, traceIdOf(traceparent));
    });
  };

  const attempt = async (claim: Claim, send: Attempting): Promise<SendResult> => {
    const deadline = AbortSignal.timeout(SEND_MS);
    const signal = AbortSignal.any([interrupted.signal, deadline]);
    try {
      return await orAborted(send(signal), signal);
    } catch (error) {
      // A bug of ours, or a send that heeds no signal: it must not take the other messages with it.
      if (signal.aborted)
        return { sent: false, retry: true, reason: deadline.aborted ? "timed-out" : "interrupted" };
      log.error({ channel: claim.channelId, delivery: claim.key, err: error }, "delivery.broke");
      return { sent: false, retry: true, reason: "send-failed" };
    }
  };

  const record = async (
    claim: Claim,
    result: SendResult,
    started: Date,
    traceId: string | null,
  ): Promise<void> => {
    const at = now();
    const next = result.sent ? null : nextFor(claim, result, at);
    const outcome = result.sent ? "sent" : next ? "retry" : "failed";
    const kept = await untilKept(() =>
      result.sent
        ? recordSent(db, claim, at)
        : recordFailure(db, claim, { reason: result.reason, next }, at),
    );
    options.observe?.({
      channelId: claim.channelId,
      outcome,
      seconds: (at.getTime() - started.getTime()) / 1000,
      sinceChangeSeconds: (at.getTime() - claim.at.getTime()) / 1000,
    });
    log[outcome === "sent" ? "info" : outcome === "retry" ? "warn" : "error"](
      {
        channel: claim.channelId,
        ...aboutOf(claim),
        delivery: claim.key,
        attempt: claim.attempts,
        ...(result.sent ? { detail: result.detail } : { reason: result.reason, next }),
        ...(kept ? {} : { kept }),
        traceId,
      },
      `delivery.${outcome === "retry" ? "postponed" : outcome}`,
    );
  };

  const nextFor = (
    claim: Claim,
    result: SendResult & { readonly sent: false },
    at: Date,
  ): Date | null => {
    // Stopping is no fault of the far side: whoever starts next sends it at once.
    if (interrupted.signal.aborted && result.retry) return at;
    if (!result.retry) return null;
    const advisedMs = result.afterMs ?? null;
    return nextAttempt(
      { key: claim.key, attempts: claim.attempts, owedSince: claim.at, advisedMs },
      at,
    );
  };

  /**
   * What was sent is sent: while the database is away its word is kept here, and nothing new is
   * begun, so that the same message is not claimed again before it could be noted as sent.
   */
  const untilKept = async (save: () => Promise<boolean>): Promise<boolean> => {
    unkept += 1;
    try {
      for (;;) {
        try {
          return await save();
        } catch (error) {
          if (stopping || !isDatabaseAway(error)) {
            log.error({ reason: describeDatabaseError(error) }, "delivery.record-failed");
            return false;
          }
          noteAway(error);
          await pause(POLL_MS / 2);
        }
      }
    } finally {
      unkept -= 1;
    }
  };

  const noteAway = (error: unknown): void => {
    if (!away) log.warn({ reason: describeDatabaseError(error) }, "sender.database-away");
    away = true;
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((done) => {
      const end = (): void => {
        clearTimeout(timer);
        interrupted.signal.removeEventListener("abort", end);
        done();
      };
      const timer = setTimeout(end, ms);
      interrupted.signal.addEventListener("abort", end, { once: true });
    });

  const restUntilWoken = async (): Promise<void> => {
    if (woken || stopping) return;
    await new Promise<void>((done) => {
      const timer = setTimeout(done, POLL_MS);
      wakeUp = () => {
        clearTimeout(timer);
        done();
      };
    });
  };

  const loop = async (): Promise<void> => {
    while (!stopping) {
      woken = false;
      try {
        await look();
        if (away && unkept === 0) {
          log.info("sender.database-back");
          away = false;
        }
      } catch (error) {
        if (isDatabaseAway(error)) noteAway(error);
        else log.error({ reason: describeDatabaseError(error) }, "sender.look-failed");
        await pause(POLL_MS);
      }
      await restUntilWoken();
    }
  };

  const running = loop();

  return {
    wake,
    stop: async () => {
      stopping = true;
      wake();
      await Promise.race([running, pause(DRAIN_MS)]);
      const rest = [...underWay.values()].flatMap((own) => [...own]);
      const all = Promise.allSettled(rest);
      await Promise.race([all, pause(DRAIN_MS)]);
      interrupted.abort();
      await Promise.race([all, new Promise((done) => setTimeout(done, 1_000).unref())]);
    },
  };
}

/** The message of a claim, in the site's words of now: its address may have changed since. */
function messageOf(
  claim: Claim & { readonly to: "channel" },
  { site, language }: Pick<Message, "site" | "language">,
): Message {
  const inLanguage = (texts: Readonly<Record<string, string>>): string =>
    texts[language] ?? texts["en"] ?? Object.values(texts)[0] ?? "";
  const head = {
    key: claim.key,
    at: claim.at,
    headline: inLanguage(claim.body.headline),
    text: inLanguage(claim.body.text),
    language,
    site,
  };
  const base = site.url.replace(/\/$/, "");
  if (claim.event === SUSPICION_RAISED) {
    const { suspicion } = claim.body;
    const url = `${base}/api/v1/suspicions/${suspicion.id}`;
    return { ...head, event: claim.event, suspicion, url };
  }
  const { incident, details = {}, names = {} } = claim.body;
  return {
    ...head,
    event: claim.event,
    incident,
    details,
    names: Object.fromEntries(Object.entries(names).map(([id, name]) => [id, inLanguage(name)])),
    url: `${base}/incidents/${incident.id}`,
  };
}

/** What a claim is about, for logs and traces. */
function aboutOf(claim: Claim): Readonly<Record<string, string>> {
  if (claim.to === "customer") return { report: claim.reportId };
  return claim.event === SUSPICION_RAISED
    ? { suspicion: claim.body.suspicion.id }
    : { incident: claim.body.incident.id };
}

/** One attempt at a claim. */
type Attempting = (signal: AbortSignal) => Promise<SendResult>;

/** `work`, or a rejection as soon as `signal` is aborted and a moment was left to end well. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject);
    const end = (): void => void setTimeout(() => reject(new Error("aborted")), 300);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
