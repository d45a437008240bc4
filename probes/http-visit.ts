import { isIP, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { judgeCertificate, observingContext } from "./certificate.js";
import { connectTo, secure, type Family } from "./connect.js";
import { isPublic } from "./egress.js";
import { exchange, exchange2, tunnel, type Reply } from "./exchange.js";
import type { Expecting } from "./expectations.js";
import { degraded, down, Failure, judgeEnd, unknown } from "./failures.js";
import type { Hop, Proxy } from "./http-hop.js";
import type { Options } from "./http-options.js";
import type { Phases } from "./phases.js";
import type { Eyes, Fact, Verdict } from "./probe.js";

/** What does not change between looks. */
export interface Plan {
  readonly eyes: Eyes;
  readonly first: Hop;
  readonly settings: Options;
  readonly expecting: Expecting;
  readonly slow: readonly (readonly [phase: string, limitMs: number])[];
  readonly proxy: Proxy | null;
  readonly version: "1.1" | "2" | "auto";
  readonly alpn: string[] | null;
}

/** What a look has met so far. */
export interface Seen {
  facts: Record<string, Fact>;
  tls: Readonly<Record<string, Fact>> | null;
  warning: Verdict | null;
  /** Addresses of the target itself, which its redirects may lead back to. */
  readonly declared: Set<string>;
}

/** The one look that is under way. */
export interface Look {
  readonly plan: Plan;
  readonly family: Family;
  readonly phases: Phases;
  readonly signal: AbortSignal;
  readonly seen: Seen;
}

/**
 * One hop: connects, judges the certificate, asks, and returns the beginning of the reply, in the
 * phase `transfer`. Rejects with what `judgeEnd` understands.
 */
export async function visit(look: Look, hop: Hop): Promise<Reply> {
  const { plan, phases } = look;
  const isDeclared = hop.host === plan.first.host;
  let socket = await reach(look, hop, isDeclared);
  try {
    let isHttp2 = plan.version === "2";
    if (hop.question.scheme === "https") {
      const name = (isDeclared ? plan.settings.tls.serverName : undefined) ?? hop.host;
      const secured = await handshake(look, socket, name);
      socket = secured;
      judgeTls(look, secured, name);
      if (isHttp2 && secured.alpnProtocol !== "h2") throw new Failure(down("http2-not-offered"));
      isHttp2 = secured.alpnProtocol === "h2";
    }
    phases.enter("firstByte");
    const reply = await (isHttp2 ? exchange2 : exchange)(socket, hop.question);
    phases.enter("transfer");
    return reply;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A socket to the hop's host or the proxy. Where a redirect leads, only `mayReach` is entered. */
async function reach(look: Look, hop: Hop, isDeclared: boolean): Promise<Socket> {
  const { plan, family, phases, signal, seen } = look;
  const mayReach = plan.eyes.mayReach ?? isPublic;
  const permit = (address: string): boolean => seen.declared.has(address) || mayReach(address);
  if (plan.proxy) {
    // Names are the proxy's to resolve and to guard; literals are seen here.
    const isLocal =
      isIP(hop.host) !== 0 ? !permit(hop.host) : /(?:^|\.)localhost\.?$/.test(hop.host);
    if (!isDeclared && isLocal) throw new Failure(down("redirect-refused"));
    return throughProxy(look, plan.proxy, hop);
  }
  const place = { host: hop.host, port: hop.port, family, ...(!isDeclared && { permit }) };
  const { socket, address } = await connectTo(plan.eyes.resolver, place, phases, signal);
  if (isDeclared) seen.declared.add(address.address);
  seen.facts["address"] = address.address;
  seen.facts["family"] = address.family;
  return socket;
}

function handshake(
  { plan: { settings, alpn }, phases, signal }: Look,
  socket: Socket,
  name: string,
): Promise<TLSSocket> {
  const servername = isIP(name) === 0 ? name : "";
  const context = observingContext(settings.tls.ca);
  return secure(socket, { servername, context, ...(alpn && { alpn }) }, phases, signal);
}

/** Keeps the certificate's facts; a bad one ends the look before a word, or a password, is sent. */
function judgeTls({ plan, seen }: Look, socket: TLSSocket, name: string): void {
  const { verify, warnDays, minVersion } = plan.settings.tls;
  const now = plan.eyes.now?.() ?? new Date();
  const judged = judgeCertificate(socket, name, {
    verify,
    warnDays,
    now,
    ...(minVersion !== undefined && { minVersion }),
  });
  seen.tls = judged.facts;
  if (judged.verdict === null) return;
  const { outcome, reason } = judged.verdict;
  if (outcome !== "degraded") throw new Failure({ outcome, reason });
  seen.warning ??= degraded(reason);
}

/** A socket that ends at the target, or at the proxy for plain http. All that fails here is ours. */
async function throughProxy(
  { plan, phases, signal }: Look,
  { host, port, auth }: Proxy,
  hop: Hop,
): Promise<Socket> {
  const { resolver } = plan.eyes;
  try {
    const { socket } = await connectTo(resolver, { host, port, family: "any" }, phases, signal);
    if (hop.question.scheme === "http") return socket;
    phases.enter("connect");
    const authority = `${hop.url.hostname}:${hop.port}`;
    const tunneled = await tunnel(socket, authority, auth);
    phases.end();
    if (tunneled instanceof Socket) return tunneled;
    throw new Failure(unknown("proxy-failed"));
  } catch (error) {
    if (error instanceof Failure && error.verdict.facts?.["proxyStatus"] !== undefined) throw error;
    const { reason } = judgeEnd(error, phases.current(), signal);
    throw new Failure(unknown("proxy-failed", { proxy: reason }));
  }
}
