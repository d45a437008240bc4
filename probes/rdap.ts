import { z } from "zod";
import { readBody, textOf } from "./body.js";
import { connectTo, secure } from "./connect.js";
import { isPublic } from "./egress.js";
import { encryptionBlock, handshakeFor, judgeSecured } from "./encryption.js";
import { exchange, type Reply } from "./exchange.js";
import { Failure, judgeEnd } from "./failures.js";
import { hopTo, isRedirect, nextHop, type Hop } from "./http-hop.js";
import { createPhases } from "./phases.js";
import type { Eyes } from "./probe.js";
import { NOT_REGISTERED, plausible, type Registration, type Told } from "./registration.js";

const MAX_REDIRECTS = 3;
const STRICT = encryptionBlock.parse({ warnDays: 0 });
/** A server that wants to be left alone without saying for how long, and one that says too much. */
const WAIT_MS = 3_600_000;
const MAX_WAIT_MS = 86_400_000;

/** A document as it came, or why there is none. */
export type Fetched =
  | { readonly kind: "document"; readonly text: string }
  | { readonly kind: "absent" }
  | Exclude<Told, { kind: "told" }>;

export interface Fetching {
  readonly eyes: Eyes;
  readonly signal: AbortSignal;
  /** Whether the address was declared by whoever runs us, and may be anywhere; others are public. */
  readonly declared: boolean;
}

/**
 * Gets a JSON document, at most 1 MB, over a few redirects. Never rejects. A certificate must hold; an answer
 * 429 or 503 is an order to wait (RFC 7480, section 5.5).
 */
export async function fetchJson(address: string, fetching: Fetching): Promise<Fetched> {
  const headers = {
    accept: "application/rdap+json, application/json;q=0.9",
    "accept-encoding": "gzip, identity",
    "user-agent": "tudunk-probe",
  };
  let hop = hopTo({ url: new URL(address), method: "GET", headers, host: null, body: null }, null);
  const first = hop;
  const phases = createPhases();
  try {
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const reply = await ask(hop, fetching, fetching.declared && hop.host === first.host, phases);
      try {
        if (!isRedirect(reply)) return await read(reply, fetching.eyes.now?.() ?? new Date());
        const next = nextHop(hop, reply, null);
        if (hop.question.scheme === "https" && next.question.scheme === "http")
          return { kind: "failed", why: "it redirects to an open connection" };
        hop = next;
      } finally {
        reply.close();
      }
    }
    return { kind: "failed", why: "too many redirects" };
  } catch (error) {
    return { kind: "failed", why: judgeEnd(error, phases.current(), fetching.signal).reason };
  }
}

async function ask(
  { host, port, question }: Hop,
  { eyes, signal }: Fetching,
  declared: boolean,
  phases: ReturnType<typeof createPhases>,
): Promise<Reply> {
  const permit = declared ? undefined : (eyes.mayReach ?? isPublic);
  const place = { host, port, family: "any", ...(permit && { permit }) } as const;
  const { socket } = await connectTo(eyes.resolver, place, phases, signal);
  try {
    if (question.scheme === "http") return await exchange(socket, question);
    const secured = await secure(socket, handshakeFor(host, STRICT), phases, signal);
    const { verdict } = judgeSecured(secured, host, STRICT, eyes.now?.() ?? new Date());
    if (verdict?.outcome === "down") throw new Failure(verdict);
    phases.enter("firstByte");
    return await exchange(secured, question);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function read(reply: Reply, now: Date): Promise<Fetched> {
  const { status, headers, stream } = reply;
  if (status === 404) return { kind: "absent" };
  if (status === 429 || status === 503)
    return { kind: "busy", waitMs: waitOf(headers["retry-after"], now) };
  if (status !== 200) return { kind: "failed", why: `status ${status}` };
  const encoding = headers["content-encoding"] ?? "";
  const body = await readBody(stream, encoding, true, () => reply.isWhole());
  if (body.truncated || !body.bytes) return { kind: "failed", why: "reply-too-large" };
  return { kind: "document", text: textOf(body.bytes, "") };
}

/** Retry-After in seconds or as a date (RFC 9110, section 10.2.3), within reason. */
function waitOf(retryAfter: string | undefined, now: Date): number {
  const text = retryAfter?.trim() ?? "";
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 1_000), MAX_WAIT_MS) : WAIT_MS;
}

const text = z.string().catch("");
const domainObject = z.object({
  objectClassName: z.literal("domain"),
  ldhName: z.string().optional(),
  status: z.array(text).catch([]),
  events: z.array(z.object({ eventAction: text, eventDate: text })).catch([]),
  entities: z.array(z.object({ roles: z.array(text), vcardArray: z.unknown() })).catch([]),
});

/** Asks an RDAP server for a domain (RFC 9082, section 3.1.3). Never rejects. */
export async function askRdap(base: string, domain: string, fetching: Fetching): Promise<Told> {
  const folder = base.endsWith("/") ? base : `${base}/`;
  const fetched = await fetchJson(`${folder}domain/${domain}`, fetching);
  if (fetched.kind === "absent") return { kind: "told", registration: NOT_REGISTERED };
  return fetched.kind === "document" ? readDomain(fetched.text, domain) : fetched;
}

/** Reads an RDAP domain (RFC 9083, section 5.3), which must be the one that was asked for. */
function readDomain(json: string, domain: string): Told {
  const parsed = domainObject.safeParse(parseJson(json));
  if (!parsed.success) return { kind: "failed", why: "it is no RDAP domain" };
  const { ldhName, status, events, entities } = parsed.data;
  if (ldhName !== undefined && ldhName.toLowerCase().replace(/\.$/, "") !== domain)
    return { kind: "failed", why: "it is another domain" };
  const expiration = events.find(({ eventAction }) => eventAction === "expiration");
  const registrar = entities.find(({ roles }) => roles.includes("registrar"));
  const registration: Registration = {
    registered: true,
    expires: expiration ? momentOf(expiration.eventDate) : null,
    statuses: status.filter((word) => word !== "").slice(0, 20),
    registrar: registrar ? fullName(registrar.vcardArray) : null,
  };
  return { kind: "told", registration };
}

/** RFC 3339, and the same without a zone, which then is UTC. */
function momentOf(written: string): Date | null {
  const [whole, zone] = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(.*)$/.exec(written) ?? [];
  return whole === undefined
    ? /^\d{4}-\d\d-\d\d$/.test(written)
      ? plausible(Date.parse(written))
      : null
    : plausible(Date.parse(zone === "" ? `${whole}Z` : whole));
}

/** The `fn` of a jCard (RFC 7095). */
function fullName(card: unknown): string | null {
  const fields: unknown = Array.isArray(card) ? card[1] : null;
  if (!Array.isArray(fields)) return null;
  const field: unknown = fields.find((one: unknown) => Array.isArray(one) && one[0] === "fn");
  const value: unknown = Array.isArray(field) ? field[3] : null;
  return typeof value === "string" && value !== "" ? value : null;
}

export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
