import { setTimeout as sleep } from "node:timers/promises";
import type { Verdict } from "../probe.js";
import type { Bounce } from "./bounce.js";
import type { Token } from "./trip-mail.js";

/** A mail of ours, or a report on one, as it was found in a mailbox. */
export interface Found {
  /** What the mailbox calls it as long as it is open. */
  readonly id: string;
  readonly token: Token;
  readonly header: string;
  /** When the server took it in (epoch ms), where it says so. */
  readonly receivedAt: number | null;
  readonly bounce: Bounce | null;
}

/** What somebody who waits for a mail hears. */
export type News =
  | {
      readonly kind: "arrived";
      readonly header: string;
      readonly noticedAt: number;
      readonly listedAt: number;
    }
  /** It will not arrive. */
  | { readonly kind: "bounced"; readonly bounce: Bounce }
  | { readonly kind: "unreadable"; readonly verdict: Verdict };

/** One who waits for the mail with one token. */
export interface Waiting {
  /** The first news of it; never rejects, and may never come. */
  readonly news: Promise<News>;
  /** How late (s) the last mail of an earlier trip of the same monitor came, if one lies there. */
  late(): number | null;
  /** Says that the mail waits in a queue, where a server has reported so. */
  queued(): Bounce | null;
  /** Whether the mailbox was seen open, and the verdict of the last try to read it where that failed. */
  sight(): { readonly opened: boolean; readonly trouble: Verdict | null };
  /** Removes what came with the token; says whether it is gone. */
  remove(): Promise<boolean>;
  /** Nobody waits any longer; what came and is still there is removed all the same. */
  leave(): void;
}

/** What goes on between those who wait and the one connection that reads for all of them. */
export interface Desk {
  /** From now on what comes is seen. */
  opened(): void;
  /** The mailbox says that there is something new. */
  noticed(): void;
  /** Shows that the connection moves on: without it for 30 s it is given up. */
  moving(): void;
  found(mail: Found): void;
  /** Which mails are to go: those found by the ones who waited for them, and own ones long overdue. */
  toRemove(): readonly string[];
  removed(ids: readonly string[], gone: boolean): void;
  /** Resolves when a mail is to go or somebody new waits, at the latest after `ms`. */
  change(ms: number): Promise<void>;
  /** Since when (ms) the one who came last waits; `null` where nobody does. */
  youngestMs(): number | null;
  /** Whether the connection is of no use any longer. */
  over(): boolean;
}

/** Reads a mailbox for the desk until that is over, or, with a protocol that shows it once only, once. */
export type Reader = (desk: Desk, signal: AbortSignal) => Promise<Verdict>;

export interface Mailbox {
  wait(token: Token): Waiting;
}

/** How long (ms) the connection stays open for whoever comes next. */
const LINGER_MS = 10_000;
/** Without a sign of life for so long (ms) a connection is given up. */
const STUCK_MS = 30_000;
/** No trip takes longer (ms): a mail of ours that is older is waited for by nobody, wherever it was sent from. */
const OVERDUE_MS = 15 * 60_000;
const TRIES = 3;
const MOST_KEPT = 5_000;

/** Ends that may be over in a moment: the connection was lost, or the server is busy. */
const PASSING =
  /^(refused|reset|closed-early|timed-out.*|service-closing|greeting-refused|(host|network)-unreachable|auth-unavailable|try-later|resolver-.*)$/;

interface Waiter {
  readonly token: Token;
  readonly since: number;
  readonly ids: string[];
  queued: Bounce | null;
  readonly tell: (news: News) => void;
}

/**
 * One mailbox, read over one connection at a time for all who wait for a mail in it. The connection opens with the
 * first of them and closes a while after the last; `pauseMs` is how long a reader that ended well waits before it
 * reads again. Only mails that bear a token of ours are ever removed.
 */
export function createMailbox(
  read: Reader,
  { pauseMs, now }: { pauseMs: (youngestMs: number) => number; now: () => Date },
): Mailbox {
  const waiters = new Map<string, Waiter>();
  const marks = new Set<string>();
  /** Tokens of those who left without their mail. */
  const missed = new Set<string>();
  /** Mark → how late (s) a mail came that was missed. */
  const late = new Map<string, number>();
  /** Own mails that nobody here waits for: id → when they were sent. */
  const unclaimed = new Map<string, number>();
  const removing = new Map<string, ((gone: boolean) => void)[]>();
  let wake = (): void => undefined;
  let running = false;
  let open = false;
  let openedAt = -Infinity;
  let trouble: Verdict | null = null;
  let noticedAt = 0;
  let movedAt = 0;
  let freeSince = 0;

  const isNeeded = (): boolean => waiters.size > 0 || removing.size > 0;
  const desk: Desk = {
    opened() {
      open = true;
      openedAt = performance.now();
      trouble = null;
    },
    noticed: () => void (noticedAt = performance.now()),
    moving: () => void (movedAt = performance.now()),
    found(mail) {
      const waiter = waiters.get(mail.token.text);
      if (!waiter) return keep(mail);
      const { bounce, header } = mail;
      waiter.ids.push(mail.id);
      if (bounce?.action === "delayed") return void (waiter.queued = bounce);
      waiter.tell(
        bounce
          ? { kind: "bounced", bounce }
          : { kind: "arrived", header, noticedAt, listedAt: performance.now() },
      );
    },
    toRemove() {
      const limit = now().getTime() - OVERDUE_MS;
      for (const [id, sentAt] of unclaimed) if (sentAt < limit) askToRemove(id);
      return [...removing.keys()];
    },
    removed(ids, gone) {
      for (const id of ids) {
        unclaimed.delete(id);
        for (const tell of removing.get(id) ?? []) tell(gone);
        removing.delete(id);
      }
    },
    change(ms) {
      // Of two who wait only the later one does.
      wake();
      if (removing.size > 0) return Promise.resolve();
      return new Promise((done) => {
        const timer = setTimeout(done, ms);
        if (!isNeeded()) timer.unref();
        wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    },
    youngestMs() {
      let latest = -Infinity;
      for (const { since } of waiters.values()) latest = Math.max(latest, since);
      return waiters.size > 0 ? performance.now() - latest : null;
    },
    over: () => !isNeeded() && performance.now() - freeSince >= LINGER_MS,
  };

  function askToRemove(id: string, tell?: (gone: boolean) => void): void {
    const told = removing.get(id) ?? [];
    removing.set(id, tell ? [...told, tell] : told);
  }

  /** What nobody waits for came too late, or is of a trip that begins elsewhere. */
  function keep({ id, token, receivedAt, bounce }: Found): void {
    if (!marks.has(token.mark) || unclaimed.size >= MOST_KEPT) return;
    if (!missed.delete(token.text)) return void unclaimed.set(id, token.sentAt);
    if (!bounce) late.set(token.mark, ((receivedAt ?? now().getTime()) - token.sentAt) / 1_000);
    askToRemove(id);
  }

  async function run(): Promise<void> {
    for (let failures = 0; isNeeded();) {
      const verdict = await readOnce();
      const wasOpen = open;
      open = false;
      if (verdict.outcome === "up" || verdict.outcome === "degraded") {
        failures = 0;
        // Somebody else holds it open: that ends by itself.
        if (!wasOpen) trouble = verdict;
        const youngestMs = desk.youngestMs();
        if (youngestMs !== null) await desk.change(pauseMs(youngestMs));
        continue;
      }
      trouble = verdict;
      failures = wasOpen ? 1 : failures + 1;
      if (!PASSING.test(verdict.reason) || failures >= TRIES) {
        for (const { tell } of waiters.values()) tell({ kind: "unreadable", verdict });
        waiters.clear();
        desk.removed([...removing.keys()], false);
        break;
      }
      // What could not be removed is found again.
      if (waiters.size === 0) desk.removed([...removing.keys()], false);
      await sleep(1_000 * 2 ** (failures - 1));
    }
    running = false;
  }

  async function readOnce(): Promise<Verdict> {
    const stop = new AbortController();
    desk.moving();
    const watch = setInterval(() => {
      if (performance.now() - movedAt > STUCK_MS) stop.abort();
    }, 1_000);
    watch.unref();
    try {
      return await read(desk, stop.signal);
    } finally {
      clearInterval(watch);
    }
  }

  function start(wasNeeded: boolean): void {
    if (!running) {
      running = true;
      void run();
    } else if (!wasNeeded) wake();
  }

  return {
    wait(token) {
      marks.add(token.mark);
      const wasNeeded = isNeeded();
      const { promise, resolve } = withResolvers<News>();
      let arrived = false;
      void promise.then(({ kind }) => (arrived = kind === "arrived"));
      const waiter: Waiter = {
        token,
        since: performance.now(),
        ids: [],
        queued: null,
        tell: resolve,
      };
      waiters.set(token.text, waiter);
      start(wasNeeded);
      return {
        news: promise,
        late() {
          const seconds = late.get(token.mark) ?? null;
          late.delete(token.mark);
          return seconds;
        },
        queued: () => waiter.queued,
        sight: () => ({
          opened: open || openedAt >= waiter.since,
          trouble: open ? null : trouble,
        }),
        async remove() {
          const { promise: gone, resolve: tell } = withResolvers<boolean>();
          if (waiter.ids.length === 0) return true;
          for (const id of waiter.ids.splice(0)) askToRemove(id, tell);
          start(false);
          return gone;
        },
        leave() {
          waiters.delete(token.text);
          for (const id of waiter.ids) askToRemove(id);
          if (!arrived) missed.add(token.text);
          for (const oldest of missed) if (missed.size > MOST_KEPT) missed.delete(oldest);
          freeSince = performance.now();
          if (isNeeded()) start(false);
          else wake();
        },
      };
    },
  };
}

/** As `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve = (_value: T): void => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
