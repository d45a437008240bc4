import { isIP } from "node:net";
import { readBody, textOf } from "./body.js";
import type { Family } from "./connect.js";
import type { Reply } from "./exchange.js";
import { degraded, down, judgeEnd, unknown, up, worse } from "./failures.js";
import { hostOf, isRedirect, nextHop } from "./http-hop.js";
import { options, target } from "./http-options.js";
import { planOf } from "./http-plan.js";
import { visit, type Look, type Plan, type Seen } from "./http-visit.js";
import { createPhases, phasesOf, type Phases } from "./phases.js";
import type { Fact, Probe, Verdict } from "./probe.js";
import { readSettings } from "./settings.js";

const MAX_REDIRECTS = 5;

/**
 * A web server that answers a request with an expected status, in time and with the expected
 * content is up. A certificate that browsers refuse is `down` before anything is sent.
 */
export const http: Probe = {
  kind: "http",
  target,
  options,
  prepare(rawTarget, rawOptions, eyes) {
    const first = new URL(readSettings(target, rawTarget, "http.target"));
    const settings = readSettings(options, rawOptions, "http");
    const literal = isIP(hostOf(first));
    if (literal !== 0 && settings.family !== "any" && settings.family !== literal)
      throw new Error(`http.family: the address is IPv${literal} and has no other`);
    const { family } = settings;
    const plan = planOf(first, settings, eyes);
    return family === "both"
      ? (signal) => lookBoth(plan, signal)
      : (signal) => look(plan, family, phasesOf(signal), signal);
  },
};

/** Both families must work: as bad as the worse, each with its own word in `families`. */
async function lookBoth(plan: Plan, signal: AbortSignal): Promise<Verdict> {
  const [four, six] = await Promise.all(
    ([4, 6] as const).map(async (family) => {
      const phases = createPhases();
      const verdict = await look(plan, family, phases, signal);
      return { ...verdict, timings: phases.timings() };
    }),
  );
  if (!four || !six) return unknown("probe-failed");
  const families = { 4: wordOf(four), 6: wordOf(six) };
  const worst = worse(four, six);
  return { ...worst, facts: { ...worst.facts, families } };
}

const wordOf = ({ outcome, reason }: Verdict): Fact => ({ outcome, reason });

/** One look over one family. Never rejects, so that what was seen before a failure is kept. */
async function look(
  plan: Plan,
  family: Family,
  phases: Phases,
  signal: AbortSignal,
): Promise<Verdict> {
  const started = performance.now();
  const seen: Seen = { facts: {}, tls: null, warning: null, declared: new Set() };
  let verdict: Verdict;
  try {
    verdict = await follow({ plan, family, phases, signal, seen });
    phases.end();
    if (verdict.outcome === "up")
      verdict = seen.warning ?? slowness(plan, phases, performance.now() - started) ?? verdict;
  } catch (error) {
    verdict = judgeEnd(error, phases.current(), signal);
  }
  const facts = { ...seen.facts, ...verdict.facts, ...(seen.tls && { tls: seen.tls }) };
  return { outcome: verdict.outcome, reason: verdict.reason, facts };
}

/** From hop to hop until a reply that is not followed. */
async function follow(look: Look): Promise<Verdict> {
  const { plan, seen } = look;
  const visited = new Set<string>();
  let hop = plan.first;
  for (let redirects = 0; ; redirects += 1) {
    seen.facts["redirects"] = redirects;
    const reply = await visit(look, hop);
    try {
      noteHead(seen.facts, reply);
      if (!plan.settings.redirects || !isRedirect(reply))
        return await judgeReply(look, reply, hop.question.scheme);
      visited.add(`${hop.question.method} ${hop.url.href}`);
      hop = nextHop(hop, reply, plan.proxy);
    } finally {
      reply.close();
    }
    seen.facts["url"] = `${hop.url.origin}${hop.url.pathname}`;
    if (visited.has(`${hop.question.method} ${hop.url.href}`)) return down("redirect-loop");
    if (redirects === MAX_REDIRECTS) return down("too-many-redirects");
  }
}

function noteHead(facts: Record<string, Fact>, { status, version, headers }: Reply): void {
  facts["status"] = status;
  facts["http"] = version;
  const length = headers["content-length"];
  facts["contentLength"] = length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : -1;
  const modified = Date.parse(headers["last-modified"] ?? "");
  if (Number.isFinite(modified)) facts["lastModified"] = modified / 1_000;
}

/** Status first, then the content as far as it matters. */
async function judgeReply(look: Look, reply: Reply, scheme: "http" | "https"): Promise<Verdict> {
  const { expecting, proxy } = look.plan;
  const { facts } = look.seen;
  const { status, headers } = reply;
  if (proxy && scheme === "http" && status === 407)
    return unknown("proxy-failed", { proxyStatus: status });
  if (!expecting.status(status))
    return down("status-unexpected", headers.location ? { location: headers.location } : {});

  const encoding = (headers["content-encoding"] ?? "").trim().toLowerCase().slice(0, 64);
  const body = await readBody(reply.stream, encoding, expecting.readsBody, () => reply.isWhole());
  look.phases.end();
  facts["length"] = body.length;
  if (body.truncated) facts["truncated"] = true;
  if (!body.bytes) return up();
  const text = textOf(body.bytes, headers["content-type"] ?? "");
  const fault = expecting.text(text, !body.truncated);
  return fault ? down(fault.reason, fault.facts) : up();
}

function slowness({ slow }: Plan, phases: Phases, totalMs: number): Verdict | null {
  if (slow.length === 0) return null;
  const timings = phases.timings();
  for (const [phase, limitMs] of slow) {
    const ms = phase === "total" ? totalMs : (timings[phase] ?? 0);
    if (ms > limitMs) return degraded("slow", { slow: phase, ms: Math.round(ms), limitMs });
  }
  return null;
}
