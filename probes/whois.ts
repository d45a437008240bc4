import type { Socket } from "node:net";
import { connectTo } from "./connect.js";
import { isPublic } from "./egress.js";
import { judgeEnd } from "./failures.js";
import { createPhases } from "./phases.js";
import type { HostPort } from "./place.js";
import type { Fetching } from "./rdap.js";
import { NOT_REGISTERED, plausible, type Registration, type Told } from "./registration.js";

const MAX_BYTES = 64 * 1024;
const WAIT_MS = 3_600_000;

/** Says one line to a WHOIS server and hears it out (RFC 3912), at most 64 KB; a text, or why not. */
export async function askWhois(
  { host, port }: HostPort,
  line: string,
  { eyes, signal, declared }: Fetching,
): Promise<{ readonly text: string } | { readonly why: string }> {
  const phases = createPhases();
  let socket: Socket | undefined;
  try {
    const permit = declared ? undefined : (eyes.mayReach ?? isPublic);
    const place = { host, port, family: "any", ...(permit && { permit }) } as const;
    ({ socket } = await connectTo(eyes.resolver, place, phases, signal));
    phases.enter("firstByte");
    return { text: await hear(socket, line) };
  } catch (error) {
    return { why: judgeEnd(error, phases.current(), signal).reason };
  } finally {
    socket?.destroy();
  }
}

function hear(socket: Socket, line: string): Promise<string> {
  return new Promise((settle, fail) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    // What was said before it broke off is enough where it holds what we look for.
    const end = (): void => settle(Buffer.concat(chunks).toString("utf8"));
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_BYTES) end();
    });
    socket.on("end", end);
    socket.on("error", fail);
    socket.on("close", () => fail(new Error("aborted")));
    socket.write(`${line}\r\n`);
  });
}

/** Asks a WHOIS server for a domain. Never rejects. */
export async function askWhoisFor(
  server: HostPort,
  domain: string,
  fetching: Fetching,
): Promise<Told> {
  const asked = await askWhois(server, queryFor(server.host, domain), fetching);
  return "why" in asked ? { kind: "failed", why: asked.why } : readWhois(asked.text, domain);
}

/** DENIC takes A-labels only where it is told that they may be some. */
const queryFor = (host: string, domain: string): string =>
  host === "whois.denic.de" ? `-T dn,ace ${domain}` : domain;

/**
 * Reads what a WHOIS server says of a domain. There is no grammar: it is registered where a line names the domain
 * as its own, and not where a sentence says so. What is neither is a failure, never a guess; a date that can be
 * read in two ways is none.
 */
export function readWhois(answer: string, domain: string): Told {
  const lines = answer.split(/\r?\n/).slice(0, 2_000);
  const fields = lines.flatMap((line) => fieldOf(line) ?? []);
  const of = (keys: ReadonlySet<string>): string[] =>
    fields.flatMap(({ key, value }) => (keys.has(key) ? [value] : []));
  const statuses = of(STATUS_KEYS).flatMap((value) => value.split(/\s*,\s*/));
  const isNamed = of(NAME_KEYS).some((value) => bareName(value) === domain);
  const isFree = statuses.some((status) => /^(?:free|available|not registered)$/i.test(status));
  if (isFree) return { kind: "told", registration: NOT_REGISTERED };
  if (!isNamed) {
    if (BUSY.test(answer)) return { kind: "busy", waitMs: WAIT_MS };
    return ABSENT.test(answer)
      ? { kind: "told", registration: NOT_REGISTERED }
      : { kind: "failed", why: answer.trim() === "" ? "no answer" : "not understood" };
  }
  const [written] = of(EXPIRY_KEYS);
  const [registrar = null] = of(REGISTRAR_KEYS);
  const registration: Registration = {
    registered: true,
    expires: written === undefined ? null : dateOf(written),
    statuses: statuses.filter((status) => status !== "").slice(0, 20),
    registrar,
  };
  return { kind: "told", registration };
}

/** `key: value`, `key......: value` and `[key] value`, the key in lower case with single spaces. */
function fieldOf(line: string): { key: string; value: string } | null {
  if (/^\s*[%#]/.test(line)) return null;
  const [, bracketed, dotted, value = ""] =
    /^\s{0,20}(?:\[([^\]]{1,40})\]|([a-z][^:.[\]]{0,40}?)[ .]{0,40}:)[ \t]*(.{0,500})$/i.exec(
      line,
    ) ?? [];
  const key = bracketed ?? dotted;
  return key === undefined || value.trim() === ""
    ? null
    : { key: key.trim().toLowerCase().replaceAll(/\s+/g, " "), value: value.trim() };
}

const bareName = (value: string): string => value.toLowerCase().replace(/\.?(?:\s.*)?$/, "");

const NAME_KEYS: ReadonlySet<string> = new Set(["domain", "domain name", "domain-ace", "ace"]);
const STATUS_KEYS: ReadonlySet<string> = new Set([
  "status",
  "domain status",
  "state",
  "epp status",
]);
const REGISTRAR_KEYS: ReadonlySet<string> = new Set(["registrar", "registrar name"]);
/** Of the registry; what a registrar says of its own contract is another date. */
const EXPIRY_KEYS: ReadonlySet<string> = new Set([
  "expire",
  "expires",
  "expires on",
  "expiry",
  "expiry date",
  "expire date",
  "expiration",
  "expiration date",
  "expiration time",
  "registry expiry date",
  "domain expiration date",
  "paid-till",
  "renewal date",
  "valid until",
  "validity",
]);

const ABSENT =
  /no match|not found|no entries found|nothing found|no data found|no object found|not registered|does not exist|nincs tal[aá]lat|no information available about domain|is available for/i;
const BUSY =
  /limit exceeded|exceeded.{0,40}limit|too many (?:requests|queries|connections)|quota|slow down|try again later|temporarily (?:blocked|denied)|query rate|blacklisted/i;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** The day or moment that a registry writes; without a zone it is UTC. */
export function dateOf(written: string): Date | null {
  const text = written.trim();
  const iso = /^(\d{4})[-./](\d\d?)[-./](\d\d?)(?:[T ]+(\d\d:\d\d:\d\d)(?:\.\d+)?)?\s*(\S*)/.exec(
    text,
  );
  if (iso) {
    const [, year, month, day, time, zone = ""] = iso;
    return momentOf(Number(year), Number(month), Number(day), time, zone);
  }
  const compact = /^(\d{4})(\d\d)(\d\d)(?:\s|$)/.exec(text);
  if (compact) return momentOf(Number(compact[1]), Number(compact[2]), Number(compact[3]));
  // Points are written where the day comes first; slashes mean either.
  const dotted = /^(\d\d?)\.\s?(\d\d?)\.\s?(\d{4})(?:\s+(\d\d:\d\d:\d\d))?/.exec(text);
  if (dotted) return momentOf(Number(dotted[3]), Number(dotted[2]), Number(dotted[1]), dotted[4]);
  const named = /^(\d\d?)[- ]([a-z]{3})[a-z]*[- ](\d{4})/i.exec(text);
  const month = MONTHS.indexOf(named?.[2]?.toLowerCase() ?? "") + 1;
  return named && month > 0 ? momentOf(Number(named[3]), month, Number(named[1])) : null;
}

function momentOf(
  year: number,
  month: number,
  day: number,
  time = "00:00:00",
  zone = "",
): Date | null {
  const two = (number: number): string => String(number).padStart(2, "0");
  const offset = /^[+-]\d\d:?\d\d$/.test(zone) ? zone.replace(/^(...)(\d\d)$/, "$1:$2") : "Z";
  const moment = plausible(Date.parse(`${year}-${two(month)}-${two(day)}T${time}${offset}`));
  // The 31st of February is none.
  const isDay = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
  return isDay && month <= 12 ? moment : null;
}
