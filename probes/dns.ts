import type { DnsQuestion } from "./dns-message.js";
import { factsOf, judgeReply } from "./dns-judge.js";
import { options, planOf, target, type Plan } from "./dns-options.js";
import { partnerOf, type DnsLook } from "./dns-partner.js";
import { judgeZone } from "./dns-zone.js";
import { down, judgeEnd, worse } from "./failures.js";
import { phasesOf } from "./phases.js";
import type { Fact, Probe, Verdict } from "./probe.js";
import { readSettings } from "./settings.js";

/**
 * A name whose records are as expected is up: by the word of our resolvers or of one `server`, over UDP (and
 * TCP, where truncated) or TCP alone. Our resolvers' own failures are `unknown`; where they work and merely
 * this name cannot be resolved, that is `name-unresolvable`. An answer that is there only while nobody checks
 * its signatures is `dnssec-bogus`. With `sameSerial` the zone's name servers are compared instead.
 */
export const dns: Probe = {
  kind: "dns",
  target,
  options,
  prepare(aim, raw, eyes) {
    const plan = planOf(readSettings(target, aim, "target"), readSettings(options, raw, "dns"));
    return async (signal) => {
      const facts: Record<string, Fact> = {};
      const look = { plan, eyes, facts, signal };
      let verdict: Verdict;
      try {
        verdict = await (plan.sameSerial ? judgeZone(look) : judgeName(look));
      } catch (error) {
        verdict = judgeEnd(error, phasesOf(signal).current(), signal);
      }
      // What is wrong comes first: where there is too much to show, it is what stays.
      return { ...verdict, facts: { ...verdict.facts, ...facts } };
    };
  },
};

async function judgeName(look: DnsLook): Promise<Verdict> {
  const { plan, facts } = look;
  const asking = await partnerOf(look);
  const asked = await asking.ask(questionOf(plan));
  if (asked.kind !== "answered") return asking.judgeSilence(asked);
  const { reply, server, transport } = asked;
  Object.assign(facts, factsOf(reply), { server: server.address, transport });
  if (reply.rcode === "SERVFAIL" && plan.expect.rcode !== "SERVFAIL") {
    const bare = await asking.ask({ ...questionOf(plan), unchecked: true });
    if (bare.kind === "answered" && ["NOERROR", "NXDOMAIN"].includes(bare.reply.rcode))
      return down("dnssec-bogus");
  }
  const failed = await asking.judgeCode(reply);
  if (failed) return failed;
  const verdict = judgeReply(reply, plan.expect, plan.type);
  if (verdict.outcome !== "up")
    return (reply.records.length === 0 && (await asking.judgeNothing())) || verdict;
  if (plan.authoritative && !reply.authoritative) return down("nameserver-lame");
  if (!plan.dnssec || reply.authentic) return verdict;
  return worse(await asking.judgeUnchecked(), verdict);
}

const questionOf = ({ name, type, dnssec }: Plan): DnsQuestion => ({
  name,
  type,
  recursion: true,
  dnssec,
});
