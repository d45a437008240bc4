import { isIP, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import type { Answer, StringAnswer, TxtData } from "dns-packet";

/** The types that may be asked for. */
export const RECORD_TYPES = [
  "A",
  "AAAA",
  "CAA",
  "CNAME",
  "DNSKEY",
  "DS",
  "MX",
  "NS",
  "PTR",
  "SOA",
  "SRV",
  "SSHFP",
  "TLSA",
  "TXT",
] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

export const isRecordType = (word: string): word is RecordType =>
  RECORD_TYPES.some((type) => type === word);

/**
 * A record's value as one text, as zone files have it, but names in lower case without their final dot, the
 * pieces of a TXT joined (RFC 7208, section 3.3) and a CAA's value without quotes.
 */
export function valueOf(answer: Extract<Answer, { type: RecordType }> | StringAnswer): string {
  switch (answer.type) {
    case "A":
    case "AAAA":
      return canonicalAddress(answer.data);
    case "CNAME":
    case "DNAME":
    case "NS":
    case "PTR":
      return nameValue(answer.data);
    case "MX":
      return `${answer.data.preference ?? 0} ${nameValue(answer.data.exchange)}`;
    case "SRV": {
      const { priority = 0, weight = 0, port, target } = answer.data;
      return `${priority} ${weight} ${port} ${nameValue(target)}`;
    }
    case "SOA": {
      const { mname, rname, serial, refresh, retry, expire, minimum } = answer.data;
      const numbers = [serial, refresh, retry, expire, minimum].map((number) => number ?? 0);
      return [nameValue(mname), nameValue(rname), ...numbers].join(" ");
    }
    case "TXT":
      return textValue(answer.data);
    case "CAA":
      return `${answer.data.flags ?? 0} ${answer.data.tag.toLowerCase()} ${answer.data.value}`;
    case "DS": {
      const { keyTag, algorithm, digestType, digest } = answer.data;
      return `${keyTag} ${algorithm} ${digestType} ${hex(digest)}`;
    }
    case "DNSKEY":
      return `${answer.data.flags} 3 ${answer.data.algorithm} ${answer.data.key.toString("base64")}`;
    case "SSHFP":
      return `${answer.data.algorithm} ${answer.data.hash} ${answer.data.fingerprint.toUpperCase()}`;
    case "TLSA": {
      const { usage, selector, matchingType, certificate } = answer.data;
      return `${usage} ${selector} ${matchingType} ${hex(certificate)}`;
    }
  }
}

/**
 * What somebody wrote in a configuration, in the form of `valueOf`; `null` where it cannot be one. Of an MX or
 * SRV the host alone will do.
 */
export function writtenValue(type: RecordType, text: string): string | null {
  const words = text.trim().split(/\s+/);
  const [first = "", second = "", third = ""] = words;
  switch (type) {
    case "A":
    case "AAAA":
      return isIP(text) === (type === "A" ? 4 : 6) ? canonicalAddress(text) : null;
    case "CNAME":
    case "NS":
    case "PTR":
      return words.length === 1 ? nameValue(ascii(first)) : null;
    case "MX":
    case "SRV": {
      const numbers = type === "MX" ? 1 : 3;
      if (words.length !== 1 && words.length !== numbers + 1) return null;
      const host = nameValue(ascii(words.at(-1) ?? ""));
      return [...words.slice(0, -1).map((word) => String(Number(word))), host].join(" ");
    }
    case "SOA": {
      if (words.length !== 7) return null;
      return [nameValue(ascii(first)), nameValue(second), ...words.slice(2)].join(" ");
    }
    case "TXT":
      return text;
    case "CAA":
      return words.length < 3
        ? null
        : `${first} ${second.toLowerCase()} ${words
            .slice(2)
            .join(" ")
            .replace(/^"(.*)"$/, "$1")}`;
    case "SSHFP":
      return words.length < 3
        ? null
        : `${first} ${second} ${words.slice(2).join("").toUpperCase()}`;
    case "DS":
    case "TLSA":
    case "DNSKEY": {
      if (words.length < 4) return null;
      const bytes = words.slice(3).join("");
      return `${first} ${second} ${third} ${type === "DNSKEY" ? bytes : bytes.toUpperCase()}`;
    }
  }
}

/** Whether a record's value is the one that was written, whole or, of an MX or SRV, by its host. */
export const isWritten = (type: RecordType, value: string, written: string): boolean =>
  value === written ||
  ((type === "MX" || type === "SRV") && !written.includes(" ") && value.endsWith(` ${written}`));

/** The name under which an address has its PTR: `in-addr.arpa`, `ip6.arpa` (RFC 3596, section 2.5). */
export const reverseName = (address: string): string =>
  `${reversed(address)}.${isIPv6(address) ? "ip6" : "in-addr"}.arpa`;

/** An address's octets, or the nibbles of IPv6, backwards and with dots between. */
export function reversed(address: string): string {
  if (!isIPv6(address)) return address.split(".").reverse().join(".");
  const groups = canonicalAddress(address).split("::");
  const [head = [], tail = []] = groups.map((half) => half.split(":").filter(Boolean));
  const zeros = Array<string>(groups.length === 2 ? 8 - head.length - tail.length : 0).fill("0");
  const nibbles = [...head, ...zeros, ...tail].map((group) => group.padStart(4, "0")).join("");
  return nibbles.split("").reverse().join(".");
}

/** One spelling of an address (RFC 5952). Takes what `isIP` accepts, without a zone. */
export function canonicalAddress(address: string): string {
  if (!isIPv6(address)) return address;
  return new URL(`http://[${address.replace(/%.*/, "")}]`).hostname.slice(1, -1);
}

const nameValue = (name: string): string =>
  name === "." ? name : name.replace(/\.$/, "").toLowerCase();

/** Names in DNS are A-labels; an underscore, as services have it, stays. */
const ascii = (name: string): string => (/^[\x21-\x7e]+$/.test(name) ? name : domainToASCII(name));

const hex = (bytes: Buffer): string => bytes.toString("hex").toUpperCase();

function textValue(data: TxtData): string {
  const pieces = Array.isArray(data) ? data : [data];
  return Buffer.concat(
    pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece)),
  ).toString("utf8");
}
