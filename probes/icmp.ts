import { z } from "zod";
import { duration, durationText, milliseconds } from "./duration.js";
import { degraded, down, Failure, judgeEnd, unknown, up } from "./failures.js";
import { phasesOf } from "./phases.js";
import { pingOnce, systemPing, type Echoes, type PingTool } from "./ping.js";
import { readPlace } from "./place.js";
import type { Eyes, Fact, Probe, Verdict } from "./probe.js";
import { readSettings } from "./settings.js";
import { familyWord } from "./visit.js";

const HOST = "expected a host name or an address, e.g. web3.example.hu";
const target = z
  .string()
  .refine((text) => readPlace(text, 0)?.port === 0 && !text.startsWith("-"), {
    error: HOST,
  });

const PERCENT = "expected a percentage above 0, at most 100";
const percent = z.number({ error: PERCENT }).gt(0, { error: PERCENT }).max(100, { error: PERCENT });
const SPACING = "expected a duration from 200ms to 10s";

const options = z.strictObject({
  /** Echo requests a look. */
  count: z.int({ error: "expected a number from 1 to 20" }).min(1).max(20).default(5),
  /** From request to request; below 200 ms ping is for root alone. */
  spacing: durationText()
    .refine((text) => within(milliseconds(text), 200, 10_000), { error: SPACING })
    .default("200ms"),
  /** How long after the last request an answer still counts. */
  wait: durationText()
    .refine((text) => within(milliseconds(text), 50, 10_000), {
      error: "expected a duration from 50ms to 10s",
    })
    .default("1s"),
  /** Lost requests in percent from which on it is degraded, or down. */
  loss: z.strictObject({ degraded: percent.default(40), down: percent.default(100) }).prefault({}),
  /** The average way there and back from which on it is degraded, or down. */
  rtt: z
    .strictObject({ degraded: durationText().optional(), down: durationText().optional() })
    .prefault({}),
  family: familyWord,
});
type Options = z.output<typeof options>;

const within = (ms: number | null, least: number, most: number): boolean =>
  ms !== null && ms >= least && ms <= most;

/**
 * A host that answers echo requests, most of them and fast enough, is up. Asked by the system's own `ping`,
 * since raw sockets are not for ordinary users; where it is missing or may not send, that is `unknown`.
 * Facts: `sent`, `received`, `lossPercent`, and `rttMs` with `min`, `avg` and `max`.
 */
export const icmp: Probe = icmpWith(systemPing);

/** The probe by another `ping` than the system's. */
export function icmpWith(tool: PingTool): Probe {
  return {
    kind: "icmp",
    target,
    options,
    prepare(aim, raw, eyes) {
      const settings = readSettings(options, raw, "icmp");
      const place = readPlace(readSettings(target, aim, "target"), 0);
      if (!place) throw new Error(`target: ${HOST}`);
      return (signal) => look(tool, place.host, settings, eyes, signal);
    },
  };
}

async function look(
  tool: PingTool,
  host: string,
  settings: Options,
  eyes: Eyes,
  signal: AbortSignal,
): Promise<Verdict> {
  const phases = phasesOf(signal);
  const facts: Record<string, Fact> = {};
  try {
    phases.enter("resolve");
    const resolved = await eyes.resolver.resolve(host, settings.family, signal);
    if (resolved.kind === "not-found") throw new Failure(down("name-not-found"));
    if (resolved.kind === "failed")
      throw new Failure(unknown(resolved.reason, { code: resolved.code }));
    const { addresses } = resolved;
    // Of a name with both, IPv4 is asked: a machine without IPv6 could say nothing about the other.
    const address = addresses.find(({ family }) => family === 4) ?? addresses[0];
    if (!address) throw new Failure(down("name-not-found"));
    Object.assign(facts, address);
    phases.enter("transfer");
    const echoes = await pingOnce(
      tool,
      address,
      { count: settings.count, spacingMs: ms(settings.spacing), waitMs: ms(settings.wait) },
      signal,
    );
    phases.end();
    return { ...judge(echoes, settings, facts), facts };
  } catch (error) {
    const verdict = judgeEnd(error, phases.current(), signal);
    return { ...verdict, facts: { ...facts, ...verdict.facts } };
  }
}

/** Notes in `facts` what came back and says what it means. */
function judge(
  { sent, rttsMs, complaint }: Echoes,
  { loss, rtt }: Options,
  facts: Record<string, Fact>,
): Verdict {
  const received = rttsMs.length;
  const lossPercent = sent === 0 ? 100 : round((100 * (sent - received)) / sent);
  Object.assign(facts, { sent, received, lossPercent });
  if (received === 0) return down(complaint ?? "no-reply");
  const avg = round(rttsMs.reduce((sum, one) => sum + one, 0) / received);
  facts["rttMs"] = { min: Math.min(...rttsMs), avg, max: Math.max(...rttsMs) };
  if (lossPercent >= loss.down) return down("packets-lost");
  if (rtt.down !== undefined && avg >= ms(rtt.down)) return down("slow");
  if (lossPercent >= loss.degraded) return degraded("packets-lost");
  if (rtt.degraded !== undefined && avg >= ms(rtt.degraded)) return degraded("slow");
  return up();
}

const ms = (text: string): number => duration().parse(text);
const round = (value: number): number => Math.round(value * 1_000) / 1_000;
