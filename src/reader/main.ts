import { parentPort } from "node:worker_threads";
import { learn, type Baseline } from "../core/correlate/baseline.js";
import { consider, weighed } from "../core/correlate/decide.js";
import { countedAs, explains, notice, type Standing } from "../core/correlate/suspect.js";
import type { Earlier, Known, Verdict } from "../core/correlate/verdict.js";
import { deepPlanFor, openLooksFor, type DeepPlan } from "../core/deep-probe.js";
import { createDirectory } from "../core/directory-of.js";
import type { Account, Directory } from "../core/directory.js";
import { putRight } from "../core/extract/put-right.js";
import { understand } from "../core/extract/understand.js";
import type { Extraction } from "../core/extract/extraction.js";
import { NO_INVENTORY } from "../core/inventory.js";
import { withTraced } from "../core/named-by-dns.js";
import { knownOf } from "../core/known-incident.js";
import type { Around, Open, Question, Read, Reply, Unread, Weighed } from "./messages.js";

/**
 * The reading thread: knows languages and who lives on what, which takes memory and time that the
 * site must not miss; so it is a thread of its own, there while there is something to read.
 */
let inhabited: Directory = createDirectory(NO_INVENTORY);
/** Our places, and nobody who lives on them. */
let uninhabited: Directory = inhabited;

parentPort?.on("message", (question: Question) => {
  switch (question.kind) {
    case "inventory":
      inhabited = createDirectory(question.inventory);
      uninhabited = createDirectory({ ...question.inventory, accounts: [] });
      break;
    case "read": {
      const { n, reports, around } = question;
      parentPort?.postMessage(readAll(n, reports, around));
      break;
    }
  }
});

/** One that cannot be read is said to be so, and stops no other. */
function readAll(n: number, reports: readonly Unread[], around: Around): Reply {
  const directory = withTraced(inhabited, around.traced);
  const knowns = around.knowns.map((known) => knownOf(known, directory));
  const earlier = [...around.earlier];
  const explained = explainedAmong(around.standing, knowns, directory, around.now);
  let standing: readonly Standing[] = around.standing.filter(
    ({ id }) => !explained.some((one) => one.id === id),
  );
  const reads = reports.map((unread): Read => {
    try {
      const read = readOne(unread, { directory, knowns, earlier }, around);
      const one = earlierOf(unread, read);
      earlier.push(one);
      const noticed = notice(standing, one, { ...around, earlier, directory, knowns });
      ({ standing } = noticed);
      return {
        ok: true,
        id: unread.id,
        ...read,
        account: read.account && {
          language: read.account.language,
          timezone: read.account.timezone,
          contacts: read.account.contacts,
          domains: read.account.domains.flatMap(({ name, ascii }) => [name, ascii]),
        },
        suspected: noticed.suspected,
      };
    } catch (error) {
      const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { ok: false, id: unread.id, error: said };
    }
  });
  const ours = directory.places.flatMap(({ addresses }) => addresses);
  const baseline = counted(earlier, directory, around);
  return { n, reads, standing, explained, baseline, ours: [...new Set(ours)] };
}

/** A fault that was noticed after the first of these reports may be what they are about. */
const EXPLAINS_MS = 24 * 3_600_000;

function explainedAmong(
  standing: readonly Standing[],
  knowns: readonly Known[],
  directory: Directory,
  now: number,
): Reply["explained"] {
  const fresh = knowns.filter(
    ({ what, knownAt, endedAt }) =>
      what === "incident" && endedAt === null && now - knownAt < EXPLAINS_MS,
  );
  return standing.flatMap(({ id, suspicion }) => {
    const by = fresh.find((known) => explains(known, suspicion, directory));
    return by ? [{ id, incident: by.id }] : [];
  });
}

/** An incident may still be found that explains a report, so it counts as usual only a while later. */
const COUNT_AFTER_MS = 3 * 3_600_000;

function counted(
  earlier: readonly Earlier[],
  directory: Directory,
  { baseline, now }: Around,
): Baseline {
  const until = now - COUNT_AFTER_MS;
  if (until <= baseline.until) return baseline;
  const due = earlier.filter(
    ({ receivedAt }) => receivedAt >= baseline.until && receivedAt < until,
  );
  return learn(
    baseline,
    due.flatMap((one) => countedAs(one, directory) ?? []),
    until,
  );
}

/** What is far down the list teaches nothing. */
const MOST_WEIGHED = 12;

interface ReadOne {
  readonly extraction: Extraction;
  readonly verdict: Verdict;
  readonly open: Open;
  readonly weighed: readonly Weighed[];
  readonly account: Account | null;
  readonly strangers: readonly string[];
  readonly plan: DeepPlan | null;
}

interface Surroundings {
  readonly directory: Directory;
  readonly knowns: readonly Known[];
  readonly earlier: readonly Earlier[];
}

function readOne(
  { id, report, extraction: before, corrected, look = false }: Unread,
  { directory, knowns, earlier }: Surroundings,
  { weights, now }: Around,
): ReadOne {
  const understood = (text: Unread["report"], by: Directory): Extraction => {
    const read = understand(text, by);
    return corrected ? putRight(read, text, corrected, by) : read;
  };
  const extraction = before ?? understood(report, directory);
  const others = earlier.filter((one) => one.id !== id);
  const verdict = consider(report, extraction, {
    directory,
    knowns,
    earlier: others,
    weights,
    now,
  });
  const own = verdict.sender ? directory.account(verdict.sender.accountId) : null;
  const unexplained = verdict.answer === "new" || verdict.answer === "individual";
  const plan = own && (unexplained || look) ? deepPlanFor(own, extraction, directory) : null;
  const open = readOpen(report, understood, knowns, { weights, now });
  const all = weighed(report, extraction, { directory, knowns, earlier: others, weights, now });
  const strangers = verdict.sender ? [] : strangersIn(extraction, directory);
  return {
    extraction,
    verdict,
    open,
    weighed: all.slice(0, MOST_WEIGHED),
    account: own,
    strangers,
    plan,
  };
}

/** Domains that the customer names as what it is about, and that nobody is known to have. */
function strangersIn({ mentions }: Extraction, directory: Directory): readonly string[] {
  const named = mentions.flatMap(({ kind, value, aside }) =>
    (kind === "domain" || kind === "mailbox") && !aside
      ? [value.slice(value.lastIndexOf("@") + 1)]
      : [],
  );
  return [...new Set(named)].filter((name) => directory.ownerOf(name) === null);
}

/** As if nobody were our customer: so nothing of who is shows in it, not even in how long it takes. */
function readOpen(
  report: Unread["report"],
  understood: (text: Unread["report"], by: Directory) => Extraction,
  knowns: readonly Known[],
  { weights, now }: Pick<Around, "weights" | "now">,
): Open {
  const stranger = { ...report, accountId: null, from: null, fromName: null };
  const extraction = understood(stranger, uninhabited);
  const context = { directory: uninhabited, knowns, earlier: [], weights, now };
  const verdict = consider(stranger, extraction, context);
  const unexplained = verdict.answer === "new" || verdict.answer === "individual";
  const looks = unexplained ? openLooksFor(extraction, uninhabited) : null;
  return { extraction, verdict, looks };
}

/** As those after it are to see it. */
function earlierOf({ id, report }: Unread, { extraction, verdict }: ReadOne): Earlier {
  const [best] = verdict.candidates;
  return {
    id,
    receivedAt: report.receivedAt,
    accountId: verdict.sender?.accountId ?? null,
    from: report.from,
    extraction,
    linkedTo: verdict.decision === "auto" ? (best?.id ?? null) : null,
    resembles: best?.id ?? null,
    duplicateOf: verdict.duplicateOf,
    suspected: null,
  };
}
