import { askServer, type Asked, type NameServer, type Transport } from "./dns-exchange.js";
import type { DnsQuestion } from "./dns-message.js";
import { readPlace } from "./place.js";

/** How long one of several resolvers is waited for before the next is asked, round by round. */
const ROUNDS_MS = [1_000, 2_000, 4_000, 8_000];

/** The places of name servers such as `192.0.2.53` or `[2001:db8::53]:5353`; what is none is left out. */
export const nameServers = (servers: readonly string[]): NameServer[] =>
  servers.flatMap((server) => {
    const place = readPlace(server, 53);
    return place ? [{ address: place.host, port: place.port }] : [];
  });

const isAnswer = (asked: Asked): boolean =>
  asked.kind === "answered" &&
  (asked.reply.rcode === "NOERROR" || asked.reply.rcode === "NXDOMAIN");

/**
 * Asks resolvers one after the other until one has an answer (NOERROR or NXDOMAIN), in rounds of growing
 * patience. Otherwise comes back what says most: an error code before a failed connection before silence.
 */
export async function askResolvers(
  servers: readonly NameServer[],
  question: DnsQuestion,
  transport: Transport,
  signal: AbortSignal,
  roundsMs: readonly number[] = ROUNDS_MS,
): Promise<Asked> {
  let best: Asked = { kind: "silent", ignored: null };
  for (const wait of roundsMs) {
    let isQuiet = false;
    for (const server of servers) {
      const asked = await askServer(server, question, { transport, waits: [wait] }, signal);
      if (isAnswer(asked)) return asked;
      isQuiet ||= asked.kind === "silent";
      if (TELLING.indexOf(asked.kind) > TELLING.indexOf(best.kind)) best = asked;
      if (signal.aborted) return best;
    }
    // Whoever has spoken would say the same again.
    if (!isQuiet) return best;
  }
  return best;
}

const TELLING: readonly Asked["kind"][] = ["silent", "failed", "answered"];

/**
 * Whether one of the resolvers resolves at all: they are asked for the top of `name`, else for the root, which they
 * can find without the servers that `name` itself depends on.
 */
export async function canResolve(
  servers: readonly NameServer[],
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  const top = name.split(".").at(-1) ?? "";
  for (const place of top === name || top === "" ? ["."] : [top, "."]) {
    const question: DnsQuestion = { name: place, type: "NS", recursion: true };
    if (isAnswer(await askResolvers(servers, question, "udp", signal))) return true;
  }
  return false;
}

/** A resolver that knows nothing is found out in this time (ms), or not at all. */
const ROOT_MS = [1_000];

/**
 * Whether our resolvers say that there is no root. It is always there, so they know nothing, and what they
 * say of any other name is worth nothing either: a broken forwarder, a captive portal, an emptied zone.
 */
export async function denyTheRoot(
  servers: readonly NameServer[],
  signal: AbortSignal,
): Promise<boolean> {
  const question: DnsQuestion = { name: ".", type: "NS", recursion: true };
  const asked = await askResolvers(servers, question, "udp", signal, ROOT_MS);
  return isAnswer(asked) && asked.kind === "answered" && asked.reply.records.length === 0;
}
