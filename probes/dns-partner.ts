import { askServer, type Asked, type Asking, type NameServer } from "./dns-exchange.js";
import type { DnsQuestion, DnsReply } from "./dns-message.js";
import type { Plan } from "./dns-options.js";
import { askResolvers, canResolve, denyTheRoot, nameServers } from "./dns-resolvers.js";
import { degraded, down, Failure, judgeEnd, unknown } from "./failures.js";
import { phasesOf } from "./phases.js";
import type { Eyes, Fact, Verdict } from "./probe.js";
import { systemNameServers } from "./resolver.js";

/** A datagram may be lost: it is sent again after these, and then waited for until the look ends. */
const WAITS_MS = [1_000, 2_000, 600_000];
/** Where a server has several addresses, the next is asked after the one before was silent so long. */
const WAITS_EACH_MS = [1_000, 1_500];
/** Our resolvers are tested beside a question that they have not answered for so long. */
const DOUBT_MS = 1_500;

/** One look under way; what it notes in `facts` outlives its failure. */
export interface DnsLook {
  readonly plan: Plan;
  readonly eyes: Eyes;
  readonly facts: Record<string, Fact>;
  readonly signal: AbortSignal;
}

/** Whoever is asked: with them go the rules whose fault a failure is. */
export interface Partner {
  ask(question: DnsQuestion): Promise<Asked>;
  judgeSilence(asked: Exclude<Asked, { kind: "answered" }>): Verdict;
  /** The verdict where the code says that nobody could find out; else `null`. */
  judgeCode(reply: DnsReply): Promise<Verdict | null>;
  /** The verdict where an answer without records is worth nothing; else `null`. */
  judgeNothing(): Promise<Verdict | null>;
  /** The verdict for an answer that nobody vouched for. */
  judgeUnchecked(): Promise<Verdict>;
}

/** The server that the monitor names, or else our resolvers. May reject with a `Failure`. */
export const partnerOf = (look: DnsLook): Promise<Partner> | Partner =>
  look.plan.server ? namedServer(look, look.plan.server) : ourResolvers(look);

/** What is wrong with a server that the monitor names is that server's own fault. */
async function namedServer(
  { plan, eyes, facts, signal }: DnsLook,
  { host, port }: NonNullable<Plan["server"]>,
): Promise<Partner> {
  const phases = phasesOf(signal);
  phases.enter("resolve");
  const resolved = await eyes.resolver.resolve(host, plan.family, signal);
  if (resolved.kind === "not-found") throw new Failure(down("name-not-found", { server: host }));
  if (resolved.kind === "failed")
    throw new Failure(unknown(resolved.reason, { code: resolved.code }));
  const servers = resolved.addresses.map(({ address }): NameServer => ({ address, port }));
  const waits = servers.length > 1 ? WAITS_EACH_MS : WAITS_MS;
  facts["server"] = servers[0]?.address ?? host;
  const ask = async (question: DnsQuestion): Promise<Asked> => {
    const asking: Asking = { transport: plan.transport, waits, phases };
    let last: Asked = { kind: "silent", ignored: null };
    for (const server of servers) {
      last = await askServer(server, question, asking, signal);
      if (last.kind === "answered" || signal.aborted) break;
    }
    return last;
  };
  return {
    ask,
    judgeSilence(asked) {
      if (asked.kind === "failed") return judgeEnd(asked.error, phases.current(), signal);
      if (asked.ignored !== null) return down("malformed-reply", { ignored: asked.ignored });
      return plan.transport === "udp" ? down("timed-out") : judgeEnd(null, phases.current(), ENDED);
    },
    judgeCode: () => Promise.resolve(null),
    judgeNothing: () => Promise.resolve(null),
    judgeUnchecked: () => Promise.resolve(degraded("dnssec-missing")),
  };
}

const ENDED = AbortSignal.abort();

/** What our own resolvers cannot do is no news of the name, unless they can do everything else. */
function ourResolvers({ plan, eyes, signal }: DnsLook): Partner {
  const servers = nameServers(eyes.nameServers?.() ?? systemNameServers());
  if (servers.length === 0) throw new Failure(unknown("resolver-failed", { code: "no resolver" }));
  phasesOf(signal).enter("resolve");
  let works: Promise<boolean> | null = null;
  let hasWorked = false;
  const doWork = (): Promise<boolean> => {
    works ??= canResolve(servers, plan.name, signal).then((can) => (hasWorked = can));
    return works;
  };
  return {
    async ask(question) {
      const timer = setTimeout(() => void doWork(), DOUBT_MS);
      try {
        return await askResolvers(servers, question, plan.transport, signal);
      } finally {
        clearTimeout(timer);
      }
    },
    judgeSilence(asked) {
      if (hasWorked) return down("name-unresolvable");
      return asked.kind === "silent"
        ? unknown("resolver-timed-out")
        : unknown("resolver-failed", judgeEnd(asked.error, null, signal).facts);
    },
    async judgeCode({ rcode }) {
      if (["NOERROR", "NXDOMAIN", plan.expect.rcode].includes(rcode)) return null;
      return rcode === "SERVFAIL" && (await doWork())
        ? down("name-unresolvable")
        : unknown("resolver-failed", { code: rcode });
    },
    judgeNothing: async () =>
      (await denyTheRoot(servers, signal)) ? unknown("resolver-failed", { code: "no root" }) : null,
    async judgeUnchecked() {
      const question: DnsQuestion = { name: ".", type: "SOA", recursion: true, dnssec: true };
      const root = await askResolvers(servers, question, plan.transport, signal);
      return root.kind === "answered" && root.reply.authentic
        ? degraded("dnssec-missing")
        : unknown("resolver-not-validating");
    },
  };
}
