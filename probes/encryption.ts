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

/** The keys by which every probe that meets a certificate is told how strict to be. */
export const encryptionKeys = {
  /** `false` judges neither trust nor name nor strength. */
  verify: z.boolean().default(true),
  /** Days before an expiry from which on it is degraded; 0 never warns. */
  warnDays: z.int().min(0).max(3_650).default(14),
  /** Below it is down; left out, TLS 1.0 and 1.1 are degraded. */
  minVersion: z.enum(TLS_VERSIONS).optional(),
  /** The name that is asked for and expected in the certificate, if it is not the target's. */
  serverName: z.string().min(1).max(253).optional(),
  /** Certificates in PEM that are trusted beside the usual roots. */
  ca: z
    .string()
    .refine(isCertificates, { error: "expected certificates in PEM (-----BEGIN CERTIFICATE-----)" })
    .optional(),
};

export type Encryption = z.output<z.ZodObject<typeof encryptionKeys>>;

/** How to greet the server at `host`: the name asked for (none for an address, RFC 6066) and whom to trust. */
export function handshakeFor(host: string, { serverName, ca }: Encryption): Handshake {
  const name = certificateHost(serverName ?? host);
  return { servername: isIP(name) ? "" : name, context: observingContext(ca) };
}

/** What the server at `host` showed, judged by the monitor's own strictness. */
export const judgeSecured = (
  socket: TLSSocket,
  host: string,
  { verify, warnDays, minVersion, serverName }: Encryption,
): CertificateJudgement =>
  judgeCertificate(socket, serverName ?? host, {
    verify,
    warnDays,
    ...(minVersion === undefined ? {} : { minVersion }),
    now: new Date(),
  });

function isCertificates(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
