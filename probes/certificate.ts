import { constants, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import * as tls from "node:tls";
import { domainToASCII } from "node:url";
import type { Facts, Outcome, Reason } from "./probe.js";

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
type TlsVersion = (typeof TLS_VERSIONS)[number];

export interface CertificateJudgement {
  /** `null`: nothing to complain about. */
  readonly verdict: { readonly outcome: Outcome; readonly reason: Reason } | null;
  readonly facts: Facts;
}

const DAY_MS = 86_400_000;
const REMEMBERED_MS = 300_000;
const REMEMBERED = 4_000;
/** Characters of all the names shown; the facts of a result are few. */
const NAMES_SHOWN = 400;
const MAX_TEXT = 200;
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
  // getPeerX509Certificate() would take the leaf out of OpenSSL's chain, so that whoever asks next is misled.
  const { fingerprint256 } = socket.getPeerCertificate();
  if (!fingerprint256) {
    return {
      verdict: policy.verify ? { outcome: "down", reason: "certificate-missing" } : null,
      facts: session,
    };
  }
  const chain = readChain(socket, fingerprint256, certificateHost(host), policy.now);
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
  { leaf, issuers, faults, trusted, unexplained }: Chain,
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
    if (issuers.some(({ to }) => to < at)) problems.push("issuer-expired");
    if (issuers.some(({ from }) => from > at)) problems.push("issuer-not-yet-valid");
  }
  if (verify) problems.push(...faults);
  if (verify && unexplained) problems.push("certificate-unverified");
  const old = TLS_VERSIONS.indexOf(version as TlsVersion);
  if (minVersion && old < TLS_VERSIONS.indexOf(minVersion)) problems.push("tls-version-old");

  const limit = at + warnDays * DAY_MS;
  if (warnDays > 0 && leaf.to < limit) return { problems, soon: "certificate-expires-soon" };
  if (warnDays > 0 && verify && issuers.some(({ to }) => to < limit && to >= at))
    return { problems, soon: "issuer-expires-soon" };
  return { problems, soon: verify && old < 2 ? "tls-version-old" : null };
}

/** What was read from one chain and does not change with time. */
interface Chain {
  readonly readAt: number;
  readonly leaf: Span;
  /** All above the leaf, the root included where it is known. */
  readonly issuers: readonly Span[];
  readonly faults: readonly Reason[];
  /** OpenSSL found a way to a root that we trust, every date on it being right. */
  readonly trusted: boolean;
  /** It found none, and neither a date nor one of our faults says why. */
  readonly unexplained: boolean;
  readonly facts: Facts;
}

/** Validity in ms since 1970; what cannot be read is over since for ever. */
interface Span {
  readonly from: number;
  readonly to: number;
}

const remembered = new Map<string, Chain>();

function readChain(socket: tls.TLSSocket, fingerprint: string, host: string, now: Date): Chain {
  const code = verificationCode(socket);
  const key = `${fingerprint} ${code} ${host}`;
  const known = remembered.get(key);
  const age = now.getTime() - (known?.readAt ?? 0);
  if (known && age >= 0 && age < REMEMBERED_MS) return known;
  const chain = examine(socket, host, code, now);
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

function examine(socket: tls.TLSSocket, host: string, code: string, now: Date): Chain {
  const presented = socket.getPeerCertificate(true);
  const leaf = new X509Certificate(presented.raw);
  const sent = presentedPath(leaf, presented);
  const path = trustedPath(sent);
  const faults = faultsOf(leaf, path, code, host, presented);
  const trusted = code === "";
  const span = spanOf(leaf);
  const key = keyOf(leaf);
  const expiries = path.map((cert) => spanOf(cert).to);
  const names = readNames(leaf.subjectAltName ?? "");
  return {
    readAt: now.getTime(),
    leaf: span,
    issuers: path.slice(1).map(spanOf),
    trusted,
    faults,
    unexplained: !trusted && !DATE_CODES.has(code) && faults.length === 0,
    facts: {
      subject: oneLine(leaf.subject),
      issuer: oneLine(leaf.issuer),
      names: firstNames(names),
      nameCount: names.length,
      serial: leaf.serialNumber
        .toLowerCase()
        .replace(/^0+(?=.)/, "")
        .slice(0, MAX_TEXT),
      fingerprint: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
      notBefore: new Date(span.from).toISOString(),
      notAfter: new Date(span.to).toISOString(),
      earliestExpiry: seconds(Math.min(...sent.map((cert) => spanOf(cert).to))),
      ...(trusted ? { lastChainExpiry: seconds(Math.min(...expiries)) } : {}),
      chainLength: path.length,
      trusted,
      keyType: key.type,
      keyBits: key.bits,
    },
  };
}

/** All that does not depend on the hour; what is broken in itself first, missing trust last. */
function faultsOf(
  leaf: X509Certificate,
  path: readonly X509Certificate[],
  code: string,
  host: string,
  presented: tls.PeerCertificate,
): Reason[] {
  const issuers = path.slice(1).filter((cert) => !isSelfIssued(cert));
  const faults = structuralFaults(path);
  // Node 22.23 holds no certificate for IPv6 addresses; OpenSSL's own comparison does.
  const fits = isIP(host) ? leaf.checkIP(host) : !tls.checkServerIdentity(host, presented);
  if (!fits) faults.push("certificate-wrong-host");
  if (leaf.keyUsage && !leaf.keyUsage.some((usage) => SERVER_USAGES.has(usage)))
    faults.push("certificate-not-for-servers");
  if (isWeakKey(leaf)) faults.push("certificate-weak-key");
  if (issuers.some(isWeakKey)) faults.push("issuer-weak-key");
  if ([leaf, ...issuers].some((cert) => !isSelfIssued(cert) && isWeaklySigned(cert)))
    faults.push("certificate-weak-signature");
  const distrust = trustFault(code, path);
  if (distrust) faults.push(distrust);
  return faults;
}

const SERVER_USAGES: ReadonlySet<string> = new Set([
  "1.3.6.1.5.5.7.3.1",
  "2.5.29.37.0", // any
  "1.3.6.1.4.1.311.10.3.3", // server gated cryptography, of old
  "2.16.840.1.113730.4.1",
]);

/** The leaf and what vouches for it, one for the other, from the server or from our store, at most 16. */
function presentedPath(
  leaf: X509Certificate,
  presented: tls.DetailedPeerCertificate,
): X509Certificate[] {
  const path = [leaf];
  let last = presented;
  while (path.length < MAX_CHAIN) {
    const issuer: tls.DetailedPeerCertificate | undefined = last.issuerCertificate;
    if (!issuer?.raw || issuer === last) break;
    path.push(new X509Certificate(issuer.raw));
    last = issuer;
  }
  return path;
}

/**
 * The path up to the first issuer that has the name and key of a root of ours: OpenSSL prefers that root
 * to a cross-signed copy, which may have expired and need nobody's worry.
 */
function trustedPath(sent: readonly X509Certificate[]): X509Certificate[] {
  const path: X509Certificate[] = [];
  for (const [index, cert] of sent.entries()) {
    const root = index === 0 ? undefined : rootLike(cert);
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

const isSelfIssued = (cert: X509Certificate): boolean => cert.subject === cert.issuer;

/** Signatures that do not fit and issuers that must not sign, along the path. */
function structuralFaults(path: readonly X509Certificate[]): Reason[] {
  const faults = new Set<Reason>();
  for (const [index, cert] of path.entries()) {
    const issuer = isSelfIssued(cert) ? cert : path[index + 1];
    if (!issuer) break;
    if (!signedBy(cert, issuer)) faults.add("certificate-bad-signature");
    if (issuer !== cert && !issuer.ca) faults.add("certificate-not-a-ca");
  }
  return [...faults];
}

/** Whether `issuer`'s key made the signature; a key that OpenSSL cannot use made none. */
function signedBy(cert: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return cert.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

const DATE_CODES: ReadonlySet<string> = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);
const TRUST_CODES: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_UNTRUSTED",
]);

/**
 * What nobody vouches for. OpenSSL's code is the last thing it disliked, so that a date may hide distrust
 * of a root. With the leaf alone a missing intermediate is likelier than an unknown root.
 */
function trustFault(code: string, path: readonly X509Certificate[]): Reason | null {
  const top = path.at(-1);
  if (code === "" || !top) return null;
  if (!isSelfIssued(top))
    return path.length === 1 ? "certificate-chain-incomplete" : "certificate-untrusted-root";
  if (!TRUST_CODES.has(code)) return null;
  return path.length === 1 ? "certificate-self-signed" : "certificate-untrusted-root";
}

const WEAK_HASHES: ReadonlySet<string> = new Set([
  "06092a864886f70d010102", // MD2 with RSA
  "06092a864886f70d010103", // MD4 with RSA
  "06092a864886f70d010104", // MD5 with RSA
  "06092a864886f70d010105", // SHA-1 with RSA
  "06072a8648ce380403", // SHA-1 with DSA
  "06072a8648ce3d0401", // SHA-1 with ECDSA
]);

/** Node does not tell the signature's algorithm: it is the first thing after the signed body (RFC 5280, 4.1). */
function isWeaklySigned({ raw }: X509Certificate): boolean {
  const body = derElement(raw, 0);
  const signed = body && derElement(raw, body.start);
  const algorithm = signed && derElement(raw, signed.end);
  const name = algorithm && derElement(raw, algorithm.start);
  return name ? WEAK_HASHES.has(raw.toString("hex", algorithm.start, name.end)) : false;
}

/** Where the content of the DER element at `offset` lies; `null` where there is none. */
function derElement(raw: Buffer, offset: number): { start: number; end: number } | null {
  const short = raw[offset + 1];
  if (short === undefined) return null;
  const bytes = short < 0x80 ? 0 : short & 0x7f;
  const start = offset + 2 + bytes;
  if (bytes > 4 || start > raw.length) return null;
  const length = bytes === 0 ? short : raw.readUIntBE(offset + 2, bytes);
  return start + length > raw.length ? null : { start, end: start + length };
}

const CURVE_BITS: Readonly<Record<string, number>> = {
  prime192v1: 192,
  secp192k1: 192,
  secp224r1: 224,
  secp224k1: 224,
  prime256v1: 256,
  secp256k1: 256,
  brainpoolP256r1: 256,
  secp384r1: 384,
  brainpoolP384r1: 384,
  secp521r1: 521,
  brainpoolP512r1: 512,
};

function keyOf(cert: X509Certificate): { type: string; bits: number | null } {
  try {
    const { asymmetricKeyType: type = "unknown", asymmetricKeyDetails: details } = cert.publicKey;
    const curve = details?.namedCurve;
    if (curve === undefined) return { type, bits: details?.modulusLength ?? null };
    // Names such as sect163r1 and secp160r1 carry their size.
    return { type, bits: CURVE_BITS[curve] ?? (Number(/\d{3}/.exec(curve)?.[0]) || null) };
  } catch {
    return { type: "unreadable", bits: null };
  }
}

/** Below 112 bits of strength (NIST SP 800-57): RSA and DSA under 2048 bits, elliptic curves under 224. */
function isWeakKey(cert: X509Certificate): boolean {
  const { type, bits } = keyOf(cert);
  return bits !== null && bits < (type === "ec" ? 224 : 2_048);
}

function spanOf(cert: X509Certificate): Span {
  const from = Date.parse(cert.validFrom);
  const to = Date.parse(cert.validTo);
  return { from: Number.isNaN(from) ? 0 : from, to: Number.isNaN(to) ? 0 : to };
}

const seconds = (ms: number): number => Math.floor(ms / 1_000);

/** DNS names and addresses of the subject's alternative names as Node writes them, quoted where they are odd. */
function readNames(text: string): string[] {
  return [...text.matchAll(/(?:^|, )(?:DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(
    ([, name = ""]) => name,
  );
}

function firstNames(names: readonly string[]): string[] {
  let left = NAMES_SHOWN;
  return names
    .map((name) => name.slice(0, MAX_TEXT))
    .filter((name) => (left -= name.length + 3) > 0);
}

/** `CN=web3,O=Example`: one line, the most special part first (RFC 2253), as blackbox_exporter has it. */
const oneLine = (name: string): string =>
  name
    .slice(0, 4 * MAX_TEXT)
    .split("\n")
    .reverse()
    .join(",")
    .slice(0, MAX_TEXT);
