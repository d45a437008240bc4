import { degraded, down, up, worse } from "../failures.js";
import type { Eyes, Facts, Verdict } from "../probe.js";
import { withoutSecrets } from "./access.js";
import {
  authenticationOf,
  METHODS,
  type Authentication,
  type Method,
} from "./authentication-results.js";
import type { Bounce } from "./bounce.js";
import { fieldsOf, hopFacts, hopsOf, queuedMs } from "./headers.js";
import type { News, Waiting } from "./mailbox.js";
import { mailboxAt, type MailboxAt } from "./mailboxes.js";
import { submit, type Envelope, type Submission, type Submitted } from "./submit.js";
import { composeMail, newToken } from "./trip-mail.js";

export interface TripPlan {
  readonly submission: Submission;
  readonly envelope: Envelope;
  readonly mailbox: MailboxAt;
  /** What all mails of this monitor have in common. */
  readonly mark: string;
  readonly slowMs: number;
  readonly receiver: string | undefined;
  readonly wanted: Readonly<Partial<Record<Method, readonly string[] | undefined>>>;
}

/** Where a mail was lost. */
type Stage = "submit" | "queue" | "deliver" | "list";

/** One mail there, found and removed again, until `signal` ends it. Never rejects. */
export async function makeTrip(plan: TripPlan, eyes: Eyes, signal: AbortSignal): Promise<Verdict> {
  const started = performance.now();
  const token = newToken(plan.mark, eyes.now?.() ?? new Date());
  const { from, to } = plan.envelope;
  // Opened meanwhile: what comes at once is seen at once.
  const waiting = mailboxAt(plan.mailbox, eyes).wait(token);
  try {
    const submitted = await submit(
      plan.submission,
      plan.envelope,
      composeMail(from, to, token),
      eyes,
      signal,
    );
    const handedIn = performance.now();
    if (submitted.accepted === null) return lostAtSubmission(submitted, handedIn - started);
    const news = await beforeEnd(waiting.news, signal);
    const verdict =
      news?.kind === "arrived"
        ? await received(plan, waiting, { submitted, news, started, handedIn }, signal)
        : withTimings(whyNotThere(news, waiting), {
            submit: handedIn - started,
            deliver: performance.now() - handedIn,
          });
    const { deferrals } = submitted;
    const lateSeconds = waiting.late();
    const facts = {
      ...verdict.facts,
      ...(news?.kind !== "arrived" && { accepted: submitted.accepted }),
      ...(deferrals > 0 && { deferrals }),
      ...(lateSeconds !== null && { lateSeconds }),
    };
    const { access } = plan.submission;
    const clean = withoutSecrets(facts, access.auth);
    return { ...verdict, facts: withoutSecrets(clean, plan.mailbox.access.auth) };
  } finally {
    waiting.leave();
  }
}

/** What `awaited` comes to; `null` where `signal` ends it before. */
async function beforeEnd<T>(awaited: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null;
  const end = new Promise<null>((done) => {
    signal.addEventListener("abort", () => done(null), { once: true });
  });
  return Promise.race([awaited, end]);
}

const lostAt = (stage: Stage, facts: Facts = {}): Facts => ({ stage, ...facts });

/** A verdict of one of the servers, where its own `stage` is a step of ours. */
function failedAt(stage: Stage, verdict: Verdict): Verdict {
  const { stage: step, ...facts } = verdict.facts ?? {};
  return { ...verdict, facts: lostAt(stage, { ...facts, ...(step !== undefined && { step }) }) };
}

function lostAtSubmission({ verdict, deferrals }: Submitted, submitMs: number): Verdict {
  const failed = failedAt("submit", verdict);
  const facts = { ...failed.facts, ...(deferrals > 0 && { deferrals }) };
  return withTimings({ ...failed, facts }, { submit: submitMs });
}

/** A mail that was taken and is not there: undeliverable, waiting, in a mailbox that nobody can read, or gone. */
function whyNotThere(news: News | null, waiting: Waiting): Verdict {
  if (news?.kind === "bounced") return bounced(news.bounce);
  const { opened, trouble } = waiting.sight();
  if (news?.kind === "unreadable") return failedAt("list", news.verdict);
  if (trouble) return failedAt("list", trouble);
  if (!opened) return down("listing-failed", lostAt("list"));
  const queued = waiting.queued();
  return queued ? bounced(queued) : down("mail-not-arrived", lostAt("deliver"));
}

function bounced({ action, status, diagnostic }: Bounce): Verdict {
  const reason = action === "failed" ? "mail-bounced" : "mail-queued";
  return down(
    reason,
    lostAt("queue", {
      ...(status !== null && { enhanced: status }),
      ...(diagnostic !== null && { reply: diagnostic }),
    }),
  );
}

interface Arrived {
  readonly submitted: Submitted;
  readonly news: News & { readonly kind: "arrived" };
  readonly started: number;
  readonly handedIn: number;
}

/** Judges a mail that is there, and removes it. */
async function received(
  plan: TripPlan,
  waiting: Waiting,
  arrived: Arrived,
  signal: AbortSignal,
): Promise<Verdict> {
  const judged = judgeArrival(plan, arrived);
  const found = performance.now();
  const isGone = (await beforeEnd(waiting.remove(), signal)) ?? false;
  const { outcome, reason } = isGone ? judged : worse(judged, degraded("mail-not-removed"));
  const remove = performance.now() - found;
  return withTimings({ ...judged, outcome, reason }, { ...judged.timings, remove });
}

function judgeArrival(
  { slowMs, receiver, wanted }: TripPlan,
  { submitted: { verdict: submitted, deferrals }, news, started, handedIn }: Arrived,
): Verdict {
  const fields = fieldsOf(news.header);
  const hops = hopsOf(fields);
  const authentication = authenticationOf(fields, receiver);
  const delayMs = news.listedAt - started;
  // A fast mail is there before its server has said that it took it.
  const underWay = Math.max(0, news.noticedAt - handedIn);
  const queue = Math.min(queuedMs(hops), underWay);
  const { outcome, reason } = [
    deferrals > 0 ? degraded("try-later") : up(),
    delayMs > slowMs ? degraded("mail-late") : up(),
    isAsWanted(authentication, wanted) ? up() : degraded("sender-unverified"),
    // A certificate that ends soon is worth a word here as well.
    submitted,
  ].reduce(worse);
  const facts = {
    delaySeconds: Math.round(delayMs) / 1_000,
    hops: hopFacts(hops),
    authentication: authentication && { by: authentication.by, ...authentication.results },
  };
  const timings = {
    submit: handedIn - started,
    queue,
    deliver: underWay - queue,
    list: news.listedAt - Math.max(news.noticedAt, handedIn),
  };
  return { outcome, reason, facts, timings };
}

const isAsWanted = (authentication: Authentication | null, wanted: TripPlan["wanted"]): boolean =>
  METHODS.every(
    (method) => wanted[method]?.includes(authentication?.results[method] ?? "") ?? true,
  );

function withTimings(verdict: Verdict, timings: Readonly<Record<string, number>>): Verdict {
  const rounded = Object.entries(timings).map(([name, ms]): [string, number] => [
    name,
    Math.round(ms * 1_000) / 1_000,
  ]);
  return { ...verdict, timings: Object.fromEntries(rounded) };
}
