import { constants, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import * as tls from "node:tls";
import { domainToASCII } from "node:url";
import type { Fact, Facts, Outcome, Reason } from "./probe.js";

/** How strictly a meeting over TLS is judged. */
export interface CertificatePolicy {
  /** Days before an expiry from which on it is `degraded`; 0 never warns. */
  readonly warnDays: number;
  /** `false`: neither trust nor name nor strength is judged; dates still are while `warnDays` is above 0. */
  readonly verify: boolean;
  /** Below it is `down`. Left out, TLS 1.0 and 1.1 are `degraded`. */
  readonly minVersion?: TlsVersion;
  readonly now: Date;
}

export const TLS_VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

export interface CertificateJudgement {
  /** `null`: nothing to complain about. */
  readonly verdict: { readonly outcome: Outcome; readonly reason: Reason } | null;
  readonly facts: Facts;
}

const DAY_MS = 86_400_000;
const REMEMBERED_MS = 300_000;
const REMEMBERED = 4_000;
const NAMES_SHOWN = 20;
const MAX_TEXT = 255;
const MAX_CHAIN = 16;

const contexts = new Map<string, tls.SecureContext>();

/**
 * The TLS settings under which probes look: everything a server could still speak, however weak, so
 * that it is seen and judged instead of failing unnamed in the handshake. One a process and set of
 * trusted roots (`ca`: PEM, trusted beside the usual ones), as making one costs as much as a handshake.
 */
export function observingContext(ca = ""): tls.SecureContext {
  let context = contexts.get(ca);
  if (!context) {
    context = tls.createSecureContext({
      ciphers: "DEFAULT@SECLEVEL=0",
      minVersion: "TLSv1",
      secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
      ...(ca === "" ? {} : { ca: [...tls.rootCertificates, ca] }),
    });
    contexts.set(ca, context);
  }
  return context;
}

/** The name as certificates spell it: IDN as punycode, without a trailing dot or IPv6 brackets. */
export function certificateHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  return isIP(bare) ? bare : domainToASCII(bare) || bare;
}

/**
 * Judges what a TLS server showed on a socket that was connected with `rejectUnauthorized: false`.
 * What makes a visitor's client refuse is `down`, what soon will is `degraded`. Chains are remembered for
 * five minutes by fingerprint; dates are always compared with `now`. The facts lie flat: `version`,
 * `cipher`, `subject`, …, `earliestExpiry` and `lastChainExpiry` in unix seconds (the latter only where
 * the chain ends at a trusted root), `daysLeft` of the leaf, and `problems`, all that was found.
 */
export function judgeCertificate(
  socket: tls.TLSSocket,
  host: string,
  policy: CertificatePolicy,
): CertificateJudgement {
  const version = socket.getProtocol() ?? "unknown";
  const session = {
    version: version.replace("TLSv1", "TLS 1").replace(/^TLS 1$/, "TLS 1.0"),
    cipher: socket.getCipher()?.standardName ?? null,
  };
  const leaf = socket.getPeerX509Certificate();
  if (!leaf) {
    return {
      verdict: policy.verify ? { outcome: "down", reason: "certificate-missing" } : null,
      facts: session,
    };
  }
  const chain = readChain(socket, leaf, certificateHost(host), policy.now);
  const { problems, soon } = findProblems(chain, version, policy);
  const [first] = problems;
  return {
    verdict: first
      ? { outcome: "down", reason: first }
      : soon
        ? { outcome: "degraded", reason: soon }
        : null,
    facts: {
      ...session,
      ...chain.facts,
      daysLeft: Math.floor((chain.leaf.to - policy.now.getTime()) / DAY_MS),
      ...(problems.length > 0 ? { problems } : {}),
    },
  };
}

/** Everything that is wrong, the most telling first: what is broken in itself comes before missing trust. */
function findProblems(
  { leaf, issuers, faults, trusted }: Chain,
  version: string,
  { warnDays, verify, minVersion, now }: CertificatePolicy,
): { problems: Reason[]; soon: Reason | null } {
  const at = now.getTime();
  const problems: Reason[] = [];
  const dated = verify || warnDays > 0;
  if (dated && leaf.to < at) problems.push("certificate-expired");
  if (dated && leaf.from > at) problems.push("certificate-not-yet-valid");
  // A server may send an issuer nobody needs; if OpenSSL found its way to a root, that one's dates are idle.
  if (verify && !trusted) {
    if (issuers.some(({ to }) => to < at)) problems.push("intermediate-expired");
    if (issuers.some(({ from }) => from > at)) problems.push("intermediate-not-yet-valid");
  }
  if (verify) problems.push(...faults);
  // Only what nothing above explains: OpenSSL disliked a date that was right a moment ago.
  const old = TLS_VERSIONS.indexOf(version as TlsVersion);
  if (minVersion && old < TLS_VERSIONS.indexOf(minVersion)) problems.push("tls-too-old");

  const limit = at + warnDays * DAY_MS;
  if (warnDays > 0 && leaf.to < limit) return { problems, soon: "certificate-expires-soon" };
  if (warnDays > 0 && verify && issuers.some(({ to }) => to < limit && to >= at))
    return { problems, soon: "intermediate-expires-soon" };
  return { problems, soon: verify && old < 2 ? "tls-outdated" : null };
}

/** What was read from one chain and does not change with time. */
interface Chain {
  readonly readAt: number;
  readonly leaf: Span;
  /** From the leaf's issuer up to, and without, the root. */
  readonly issuers: readonly Span[];
  readonly faults: readonly Reason[];
  /** OpenSSL found a way to a root that we trust, every date on it being right. */
  readonly trusted: boolean;
  readonly facts: Facts;
}

/** Validity in ms since 1970; what cannot be read is over since for ever. */
interface Span {
  readonly from: number;
  readonly to: number;
}

const remembered = new Map<string, Chain>();

function readChain(socket: tls.TLSSocket, leaf: X509Certificate, host: string, now: Date): Chain {
  const code = verificationCode(socket);
  const key = `${leaf.fingerprint256} ${code} ${host}`;
  const known = remembered.get(key);
  const age = now.getTime() - (known?.readAt ?? 0);
  if (known && age >= 0 && age < REMEMBERED_MS) return known;
  const chain = examine(socket, leaf, host, code, now);
  remembered.delete(key);
  remembered.set(key, chain);
  if (remembered.size > REMEMBERED)
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest);
      break;
    }
  return chain;
}

/** OpenSSL's word about the chain, e.g. `CERT_HAS_EXPIRED`; "" where it is content. */
function verificationCode(socket: tls.TLSSocket): string {
  // Typed as an Error, in truth the code as a string.
  const error: unknown = socket.authorizationError;
  if (typeof error === "string") return error === "ERR_TLS_CERT_ALTNAME_INVALID" ? "" : error;
  return error instanceof Error ? error.message : "";
}

function examine(
  socket: tls.TLSSocket,
  leaf: X509Certificate,
  host: string,
  code: string,
  now: Date,
): Chain {
  const presented = socket.getPeerCertificate(true);
  const path = trustedPath(leaf, presented);
  const issuers = path.slice(1).filter((cert) => !isSelfIssued(cert));
  const trusted = code === "";
  const span = spanOf(leaf);
  const expiries = path.map((cert) => spanOf(cert).to);
  const names = readNames(leaf.subjectAltName ?? "");
  return {
    readAt: now.getTime(),
    leaf: span,
    issuers: issuers.map(spanOf),
    trusted,
    faults: [
      ...structuralFaults(leaf, path),
      ...(tls.checkServerIdentity(host, presented) ? (["certificate-wrong-host"] as const) : []),
      ...(leaf.keyUsage && !leaf.keyUsage.some((usage) => SERVER_USAGES.has(usage))
        ? (["certificate-wrong-purpose"] as const)
        : []),
      ...(isWeakKey(leaf) ? (["certificate-weak-key"] as const) : []),
      ...(issuers.some(isWeakKey) ? (["intermediate-weak-key"] as const) : []),
      ...([leaf, ...issuers].some((cert) => !isSelfIssued(cert) && isWeaklySigned(cert))
        ? (["certificate-weak-signature"] as const)
        : []),
      ...trustFault(code, leaf, path),
    ],
    facts: {
      subject: oneLine(leaf.subject),
      issuer: oneLine(leaf.issuer),
      names: names.slice(0, NAMES_SHOWN),
      nameCount: names.length,
      serial: capped(leaf.serialNumber.toLowerCase().replace(/^0+(?=.)/, "")),
      fingerprint: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
      notBefore: instant(span.from),
      notAfter: instant(span.to),
      earliestExpiry: seconds(Math.min(...presentedExpiries(presented))),
      ...(trusted ? { lastChainExpiry: seconds(Math.min(...expiries)) } : {}),
      chainLength: path.length,
      trusted,
      ...keyFacts(leaf, presented),
    },
  };
}

const SERVER_USAGES: ReadonlySet<string> = new Set([
  "1.3.6.1.5.5.7.3.1",
  "2.5.29.37.0", // any
  "1.3.6.1.4.1.311.10.3.3", // server gated cryptography, of old
  "2.16.840.1.113730.4.1",
]);

/** The presented certificates in the order in which each vouches for the one before. */
function presentedPath(presented: tls.DetailedPeerCertificate): Buffer[] {
  const path: Buffer[] = [];
  let cert: tls.DetailedPeerCertificate | undefined = presented;
  while (cert?.raw && path.length < MAX_CHAIN) {
    path.push(cert.raw);
    cert = cert.issuerCertificate === cert ? undefined : cert.issuerCertificate;
  }
  return path;
}

/**
 * Leaf, issuers, and the root where it is known. Where one of our roots has the name and key of an issuer
 * the path ends with that root, as OpenSSL prefers it to a cross-signed copy that may have expired.
 */
function trustedPath(leaf: X509Certificate, presented: tls.DetailedPeerCertificate) {
  const path = [leaf];
  for (const raw of presentedPath(presented).slice(1)) {
    const cert = new X509Certificate(raw);
    const root = rootLike(cert);
    path.push(root ?? cert);
    if (root) break;
  }
  return path;
}

let roots: Map<string, X509Certificate[]> | null = null;

function rootLike(cert: X509Certificate): X509Certificate | undefined {
  if (!roots) {
    roots = new Map();
    for (const pem of tls.rootCertificates) {
      const root = new X509Certificate(pem);
      roots.set(root.subject, [...(roots.get(root.subject) ?? []), root]);
    }
  }
  return roots.get(cert.subject)?.find((root) => root.publicKey.equals(cert.publicKey));
}
