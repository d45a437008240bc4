import { z } from "zod";
import { readBody, textOf } from "./body.js";
import { encryptionBlock } from "./encryption.js";
import type { Reply } from "./exchange.js";
import { degraded, down, judgeEnd, judgeTimeout, unknown, up } from "./failures.js";
import { options as httpOptions, target as httpTarget } from "./http-options.js";
import { planOf } from "./http-plan.js";
import { visit, type Plan, type Seen } from "./http-visit.js";
import { phasesOf } from "./phases.js";
import type { Probe, Verdict } from "./probe.js";
import { readQueryReply, type Series } from "./prometheus-reply.js";
import { readSettings } from "./settings.js";
import { readThreshold, thresholdText, type Threshold } from "./thresholds.js";

const QUERY = "expected a PromQL expression of at most 2000 characters";

const target = httpTarget.refine((text) => !/[?#]/.test(text), {
  error: "expected the server's address alone, such as http://prometheus.example.hu:9090",
});

const options = z
  .strictObject({
    query: z.string({ error: QUERY }).min(1, { error: QUERY }).max(2_000, { error: QUERY }),
    down: thresholdText().optional(),
    degraded: thresholdText().optional(),
    empty: z
      .enum(["up", "down", "unknown"], { error: "expected up, down or unknown" })
      .default("unknown"),
    auth: httpOptions.shape.auth,
    headers: httpOptions.shape.headers,
    plaintext: z.boolean({ error: "expected true or false" }).default(false),
    tls: encryptionBlock.prefault({}),
  })
  .refine((given) => given.down !== undefined || given.degraded !== undefined, {
    error: "expected down or degraded: when its value is bad, such as > 0.9",
    path: ["down"],
  });

/** What does not change between looks. */
interface Question {
  readonly plan: Plan;
  readonly down: Threshold | null;
  readonly degraded: Threshold | null;
  readonly empty: "up" | "down" | "unknown";
  /** A login that would go out for everybody to read. */
  readonly exposed: boolean;
}

/**
 * What a query says is as bad as its worst series. Prometheus is what we see by, as a resolver is: where it
 * cannot be asked, or does not understand, nothing is known of what was asked for.
 */
export const prometheus: Probe = {
  kind: "prometheus",
  target,
  options,
  prepare(rawTarget, rawOptions, eyes) {
    const base = new URL(readSettings(target, rawTarget, "prometheus.target"));
    const settings = readSettings(options, rawOptions, "prometheus");
    const { query, auth, headers, tls, empty, plaintext } = settings;
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/+$/, "")}/api/v1/query`;
    url.searchParams.set("query", query);
    const asked = httpOptions.parse({
      headers: { accept: "application/json", "accept-encoding": "gzip", ...headers },
      tls,
      ...(auth && { auth }),
    });
    const question: Question = {
      plan: planOf(url, asked, eyes),
      down: settings.down === undefined ? null : readThreshold(settings.down),
      degraded: settings.degraded === undefined ? null : readThreshold(settings.degraded),
      empty,
      exposed: auth !== undefined && url.protocol === "http:" && !plaintext,
    };
    return (signal) => ask(question, signal);
  },
};

async function ask(question: Question, signal: AbortSignal): Promise<Verdict> {
  if (question.exposed) return unknown("login-withheld");
  const phases = phasesOf(signal);
  // At the deadline at once: a silent Prometheus says nothing of what was asked for.
  const late = new Promise<Verdict>((done) => {
    const stop = (): void => done(unavailable(judgeTimeout(phases.current())));
    signal.addEventListener("abort", stop, { once: true });
  });
  const seen: Seen = { facts: {}, tls: null, warning: null, declared: new Set() };
  const look = { plan: question.plan, family: "any" as const, phases, signal, seen };
  const asking = visit(look, question.plan.first)
    .then(async (reply) => {
      try {
        return await judgeReply(question, reply);
      } finally {
        reply.close();
      }
    })
    .catch((error: unknown) => unavailable(judgeEnd(error, phases.current(), signal)));
  const verdict = await Promise.race([asking, late]);
  phases.end();
  return { ...verdict, facts: { ...seen.facts, ...verdict.facts } };
}

/** Our own failures keep their reason; those of Prometheus are told as its own. */
const unavailable = ({ outcome, reason, facts }: Verdict): Verdict =>
  outcome === "unknown"
    ? unknown(reason, facts)
    : unknown("prometheus-unavailable", { because: reason, ...facts });

async function judgeReply(question: Question, reply: Reply): Promise<Verdict> {
  const { status, headers, stream } = reply;
  const encoding = (headers["content-encoding"] ?? "").trim().toLowerCase().slice(0, 64);
  const body = await readBody(stream, encoding, true, () => reply.isWhole());
  if (body.truncated)
    return unknown("prometheus-unavailable", { status, because: "reply-too-large" });
  const said = readQueryReply(textOf(body.bytes ?? Buffer.alloc(0), headers["content-type"] ?? ""));
  // A refused query comes as 400 or 422, a slow one as 503, each with its reason as JSON.
  if (said.kind === "failed") {
    const { errorType, error } = said;
    return unknown("query-failed", { status, errorType, error });
  }
  if (status !== 200 || said.kind === "malformed")
    return unknown("prometheus-unavailable", {
      status,
      because: status === 200 ? "malformed-reply" : "status-unexpected",
      ...(headers.location !== undefined && { location: headers.location }),
    });
  const { warnings } = said;
  const verdict = judgeSeries(question, said.series);
  const shown = warnings.length > 0 ? { warnings: warnings.slice(0, 3) } : {};
  return { ...verdict, facts: { status, ...verdict.facts, ...shown } };
}

/** Series that are named at most. */
const MOST_NAMED = 5;

type Valued = Series & { readonly value: number };

/** As bad as the worst; NaN is no value (a division by nothing), and a series of it is not there. */
function judgeSeries(question: Question, series: readonly Series[]): Verdict {
  const valued = series.filter((one): one is Valued => one.value !== null);
  const count = { series: series.length };
  if (valued.length === 0) {
    const facts = series.length > 0 ? { ...count, withoutValue: series.length } : count;
    return { outcome: question.empty, reason: "no-series", facts };
  }
  for (const [threshold, verdict] of [
    [question.down, down],
    [question.degraded, degraded],
  ] as const) {
    const bad = threshold ? valued.filter(({ value }) => threshold.isPassed(value)) : [];
    if (!threshold || bad.length === 0) continue;
    const sorted = bad.toSorted((a, b) =>
      order(threshold.badness(b.value), threshold.badness(a.value)),
    );
    const [worst] = sorted;
    if (!worst) continue;
    return verdict("value-beyond", {
      ...count,
      value: shownNumber(worst.value),
      limit: threshold.text,
      beyond: bad.length,
      worst: sorted.slice(0, MOST_NAMED).map(nameOf),
    });
  }
  const [first] = valued;
  return up({ ...count, ...(first && valued.length === 1 && { value: shownNumber(first.value) }) });
}

/** Infinite ones have no difference. */
const order = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

/** Facts have no infinite numbers. */
const shownNumber = (value: number): number | string =>
  Number.isFinite(value) ? value : value > 0 ? "+Inf" : "-Inf";

/** `up{instance="web3",job="node"} 0`, as Prometheus writes it. */
function nameOf({ labels, value }: Valued): string {
  const { __name__: name = "", ...rest } = labels;
  const inside = Object.entries(rest)
    .slice(0, 12)
    .map(([label, text]) => `${label}="${text.slice(0, 60)}"`)
    .join(",");
  return `${name}{${inside}} ${shownNumber(value)}`;
}
