import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import { z } from "zod";
import {
  certificateHost,
  judgeCertificate,
  observingContext,
  TLS_VERSIONS,
  type CertificateJudgement,
} from "./certificate.js";
import type { Handshake } from "./connect.js";

/** The keys by which a probe that meets a certificate is told how strict to be. */
export const encryptionKeys = {
  /** `false` judges neither trust nor name nor strength. */
  verify: z.boolean({ error: "expected true or false" }).default(true),
  /** Days before an expiry from which on it is degraded; 0 never warns. */
  warnDays: z.int({ error: "expected a number of days" }).min(0).max(365).default(14),
  /** Below it is down; left out, TLS 1.0 and 1.1 are degraded. */
  minVersion: z
    .enum(TLS_VERSIONS, { error: `expected one of ${TLS_VERSIONS.join(", ")}` })
    .optional(),
  /** The name to ask for and to expect in the certificate; default: the target's. */
  serverName: z.string({ error: "expected a host name" }).min(1).max(253).optional(),
  /** Trusted beside the usual roots, as PEM. */
  ca: z
    .string({ error: "expected certificates as PEM" })
    .refine(isCertificates, { error: "expected certificates as PEM" })
    .optional(),
};

/** The same keys in a block of their own, for probes that have others beside them. */
export const encryptionBlock = z.strictObject(encryptionKeys);
export type Encryption = z.output<typeof encryptionBlock>;

/** How to greet the server at `host`: the name asked for (none for an address, RFC 6066) and whom to trust. */
export function handshakeFor(host: string, { serverName, ca }: Encryption): Handshake {
  const name = certificateHost(serverName ?? host);
  return { servername: isIP(name) === 0 ? name : "", context: observingContext(ca) };
}

/** What the server at `host` showed, judged by the monitor's own strictness. */
export const judgeSecured = (
  socket: TLSSocket,
  host: string,
  { verify, warnDays, minVersion, serverName }: Encryption,
  now: Date,
): CertificateJudgement =>
  judgeCertificate(socket, serverName ?? host, {
    verify,
    warnDays,
    ...(minVersion !== undefined && { minVersion }),
    now,
  });

function isCertificates(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
