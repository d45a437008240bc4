import { randomInt } from "node:crypto";
import {
  AUTHENTIC_DATA,
  CHECKING_DISABLED,
  decode,
  DNSSEC_OK,
  encode,
  RECURSION_DESIRED,
  type Answer,
  type DecodedPacket,
} from "dns-packet";
import type { Reason } from "./reasons.js";
import { isRecordType, valueOf, type RecordType } from "./dns-records.js";

/** What is asked of a name server; `name` as A-labels without a final dot, `.` for the root. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: RecordType;
  /** RD: the server may ask others. */
  readonly recursion: boolean;
  /** DO: signatures too, and the word whether they were checked (RFC 4035, section 3.2.1). */
  readonly dnssec?: boolean;
  /** CD: the answer even where its signatures do not hold (RFC 4035, section 3.2.2). */
  readonly unchecked?: boolean;
  /** Without EDNS, for servers that refuse it (RFC 6891, section 7). */
  readonly plain?: boolean;
}

interface DnsRecord {
  /** In lower case, without a final dot. */
  readonly name: string;
  readonly ttl: number;
  readonly value: string;
}

export interface DnsReply {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, … */
  readonly rcode: string;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  /** AD: a validating resolver vouches for it. */
  readonly authentic: boolean;
  /** The records of the type asked for, at the name or at the end of its CNAMEs. */
  readonly records: readonly DnsRecord[];
  /** Where the name leads by CNAMEs, step by step. */
  readonly aliases: readonly string[];
  /** When the first of the signatures expires; `null` where none came. */
  readonly signedUntil: Date | null;
  /** What the server says about a failure (RFC 8914): `6 DNSSEC Bogus: …`. */
  readonly remarks: readonly string[];
}

export interface DnsMessage {
  readonly id: number;
  readonly bytes: Buffer;
  readonly asked: DnsQuestion;
}

/** What arrives in answer to `message`: its reply, somebody else's, or what follows no protocol. */
export type Received =
  | { readonly kind: "reply"; readonly reply: DnsReply }
  | { readonly kind: "foreign"; readonly why: string }
  | { readonly kind: "malformed"; readonly reason: Reason; readonly why: string };

const HEADER = 12;
/** What passes every path unfragmented (DNS flag day 2020). */
const UDP_BYTES = 1_232;
/**
 * No honest answer comes near these. As many records as fit into 64 KB, each with a long name, take half a second to
 * read, and so does one with a list of types that long.
 */
const MAX_RECORDS = 400;
export const MAX_BYTES = 16_384;
/** Steps through CNAMEs; resolvers follow about as many. */
const MAX_ALIASES = 16;

/** The question as bytes, with an id that nobody can foresee (RFC 5452). */
export function questionMessage(asked: DnsQuestion): DnsMessage {
  const id = randomInt(65_536);
  const bytes = encode({
    type: "query",
    id,
    flags:
      (asked.recursion ? RECURSION_DESIRED : 0) |
      (asked.dnssec ? AUTHENTIC_DATA : 0) |
      (asked.unchecked ? CHECKING_DISABLED : 0),
    questions: [{ name: asked.name, type: asked.type, class: "IN" }],
    additionals: asked.plain
      ? []
      : [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize: UDP_BYTES,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: asked.dnssec ? DNSSEC_OK : 0,
            flag_do: asked.dnssec ?? false,
            options: [],
          },
        ],
  });
  return { id, bytes, asked };
}

/** Reads one datagram or one message of a stream, whatever it holds; never throws. */
export function readMessage(bytes: Buffer, message: DnsMessage): Received {
  if (bytes.length < HEADER) return { kind: "foreign", why: "too short" };
  if (bytes.readUInt16BE(0) !== message.id) return { kind: "foreign", why: "another id" };
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0x8000) === 0) return { kind: "foreign", why: "no response" };
  const code = flags & 15;
  const isBare = bytes.readUInt16BE(4) === 0;
  // An error may come without the question: FORMERR by servers that could not read it.
  if (isBare && code === 0) return { kind: "foreign", why: "no question" };
  if (!isBare && !repeatsQuestion(bytes, message))
    return { kind: "foreign", why: "other question" };
  const records = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10);
  if (records > MAX_RECORDS || bytes.length > MAX_BYTES)
    return { kind: "malformed", reason: "reply-too-large", why: `${bytes.length} bytes` };
  try {
    const packet = decode(bytes);
    return { kind: "reply", reply: replyOf(packet, code, message.asked) };
  } catch (error) {
    // A truncated message may end within a record; what counts is that it says so.
    if ((flags & 0x0200) !== 0) return { kind: "reply", reply: truncatedReply(flags) };
    const why = error instanceof Error ? error.message : "unreadable";
    return { kind: "malformed", reason: "malformed-reply", why };
  }
}

/** Byte by byte, but for the case of letters: the name's first mention is never compressed. */
function repeatsQuestion(bytes: Buffer, { bytes: ours, asked }: DnsMessage): boolean {
  const length = nameBytes(asked.name) + 4;
  if (bytes.readUInt16BE(4) !== 1 || bytes.length < HEADER + length) return false;
  const [theirs, own] = [bytes, ours].map((message) =>
    message.toString("latin1", HEADER, HEADER + length).toLowerCase(),
  );
  return theirs === own;
}

const nameBytes = (name: string): number => (name === "." ? 1 : name.length + 2);

function replyOf(packet: DecodedPacket, code: number, asked: DnsQuestion): DnsReply {
  const answers = packet.answers ?? [];
  const { owner, aliases } = followed(asked, answers);
  const records: DnsRecord[] = [];
  const expirations: number[] = [];
  for (const answer of answers) {
    if (answer.type === "OPT" || nameOf(answer) !== owner) continue;
    if (answer.type === "RRSIG" && answer.data.typeCovered === asked.type)
      expirations.push(answer.data.expiration);
    if (answer.type === asked.type && isRecordType(answer.type))
      records.push({ name: owner, ttl: answer.ttl ?? 0, value: valueOf(answer) });
  }
  const extra = edns(packet);
  return {
    rcode: rcodeName((extra.code << 4) | code),
    authoritative: packet.flag_aa,
    truncated: packet.flag_tc,
    authentic: packet.flag_ad,
    records,
    aliases,
    signedUntil: expirations.length > 0 ? new Date(Math.min(...expirations) * 1_000) : null,
    remarks: extra.remarks,
  };
}

const truncatedReply = (flags: number): DnsReply => ({
  rcode: rcodeName(flags & 15),
  authoritative: (flags & 0x0400) !== 0,
  truncated: true,
  authentic: false,
  records: [],
  aliases: [],
  signedUntil: null,
  remarks: [],
});

/** Where the name's CNAMEs lead within this answer; records elsewhere in it prove nothing. */
function followed(
  { name, type }: DnsQuestion,
  answers: readonly Answer[],
): { owner: string; aliases: readonly string[] } {
  const aliases: string[] = [];
  let owner = name.toLowerCase();
  if (type === "CNAME") return { owner, aliases };
  const targets = new Map<string, string>();
  for (const answer of answers)
    if (answer.type === "CNAME") targets.set(nameOf(answer), bareName(answer.data));
  for (
    let next = targets.get(owner);
    next !== undefined && aliases.length < MAX_ALIASES;
    next = targets.get(owner)
  ) {
    aliases.push(next);
    owner = next;
  }
  return { owner, aliases };
}

const nameOf = ({ name }: Answer): string => bareName(name);

const bareName = (name: string): string =>
  name === "." ? name : name.replace(/\.$/, "").toLowerCase();

const EXTENDED_ERROR = 15;
const MAX_REMARKS = 4;

function edns(packet: DecodedPacket): { code: number; remarks: readonly string[] } {
  const opt = packet.additionals?.find((record) => record.type === "OPT");
  if (opt?.type !== "OPT") return { code: 0, remarks: [] };
  const remarks = opt.options.flatMap((option) => {
    const { code, data }: { code: number; data?: Buffer | undefined } = option;
    if (code !== EXTENDED_ERROR || !data || data.length < 2) return [];
    const number = data.readUInt16BE(0);
    const known = EXTENDED_ERRORS[number];
    const text = data.toString("utf8", 2);
    return [`${number}${known ? ` ${known}` : ""}${text === "" ? "" : `: ${text}`}`];
  });
  return { code: opt.extendedRcode, remarks: remarks.slice(0, MAX_REMARKS) };
}

/** The ones that a sysadmin meets, of RFC 8914, section 4. */
const EXTENDED_ERRORS: Readonly<Record<number, string>> = {
  3: "Stale Answer",
  6: "DNSSEC Bogus",
  7: "Signature Expired",
  8: "Signature Not Yet Valid",
  9: "DNSKEY Missing",
  10: "RRSIGs Missing",
  15: "Blocked",
  16: "Censored",
  17: "Filtered",
  18: "Prohibited",
  20: "Not Authoritative",
  22: "No Reachable Authority",
  23: "Network Error",
  24: "Invalid Data",
};

/** RFC 6895, section 2.3; those that a question meets. */
export const RCODES = [
  "NOERROR",
  "FORMERR",
  "SERVFAIL",
  "NXDOMAIN",
  "NOTIMP",
  "REFUSED",
  "YXDOMAIN",
  "YXRRSET",
  "NXRRSET",
  "NOTAUTH",
  "NOTZONE",
] as const;

const rcodeName = (code: number): string =>
  code === 16 ? "BADVERS" : (RCODES[code] ?? `RCODE${code}`);
