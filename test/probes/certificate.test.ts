import { once } from "node:events";
import * as tls from "node:tls";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import {
  certificateHost,
  judgeCertificate,
  observingContext,
  type CertificatePolicy,
} from "../../probes/certificate.js";
import { chainOf, issue, type Issued } from "../support/certificates.js";

const POLICY = { warnDays: 14, verify: true };

/** Meets a TLS server that shows `shown`, trusting `root` too, and judges what it showed. */
async function meet(
  shown: Pick<Issued, "chain" | "key" | "root">,
  {
    host = "localhost",
    trust = shown.root,
    server = {},
    policy = {},
  }: {
    host?: string;
    trust?: string;
    server?: tls.TlsOptions;
    policy?: Partial<CertificatePolicy>;
  } = {},
) {
  const listening = tls.createServer({
    cert: shown.chain,
    key: shown.key,
    ciphers: "DEFAULT@SECLEVEL=0",
    ...server,
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  onTestFinished(() => void listening.close());
  const { port } = listening.address() as AddressInfo;
  const socket = tls.connect({
    host: "127.0.0.1",
    port,
    servername: host,
    secureContext: observingContext(trust),
    rejectUnauthorized: false,
  });
  await once(socket, "secureConnect");
  onTestFinished(() => void socket.destroy());
  return judgeCertificate(socket, host, { ...POLICY, now: new Date(), ...policy });
}

const healthy = chainOf();

const BROKEN: readonly [name: string, reason: string, () => Parameters<typeof meet>][] = [
  ["expired leaf", "certificate-expired", () => [chainOf({ leaf: { from: -90, to: -1 } }).leaf]],
  ["leaf of tomorrow", "certificate-not-yet-valid", () => [chainOf({ leaf: { from: 1 } }).leaf]],
  ["self-signed leaf", "certificate-self-signed", () => [issue(), { trust: "" }]],
  ["unknown root", "certificate-untrusted-root", () => [healthy.leaf, { trust: "" }]],
  [
    "missing intermediate",
    "certificate-chain-incomplete",
    () => [{ ...healthy.leaf, chain: healthy.leaf.cert }],
  ],
  [
    "other name",
    "certificate-wrong-host",
    () => [chainOf({ leaf: { names: ["other.example", "*.localhost"] } }).leaf],
  ],
  ["RSA-1024 leaf", "certificate-weak-key", () => [chainOf({ leaf: { key: "rsa-1024" } }).leaf]],
  [
    "SHA-1 signature",
    "certificate-weak-signature",
    () => [chainOf({ middle: { key: "rsa-2048" }, leaf: { hash: "sha1" } }).leaf],
  ],
  ["expired intermediate", "issuer-expired", () => [chainOf({ middle: { to: -0.5 } }).leaf]],
  [
    "tampered leaf",
    "certificate-bad-signature",
    () => [chainOf({ leaf: { key: "rsa-2048", tampered: true } }).leaf],
  ],
  [
    "client's certificate",
    "certificate-not-for-servers",
    () => [chainOf({ leaf: { usage: "client" } }).leaf],
  ],
  [
    "intermediate that is no CA",
    "certificate-not-a-ca",
    () => [chainOf({ middle: { ca: false } }).leaf],
  ],
];

test.each(BROKEN)("a chain with a broken part is down for it: %s", async (_name, reason, given) => {
  const { verdict, facts } = await meet(...given());
  expect(facts["problems"]).toEqual([reason]);
  expect(verdict).toEqual({ outcome: "down", reason });
});

test.each([
  ["web3.example.hu.", "web3.example.hu"],
  ["gyümölcstárhely.hu", "xn--gymlcstrhely-ibb30a6c.hu"],
  ["[2001:db8::1]", "2001:db8::1"],
  ["192.0.2.1", "192.0.2.1"],
  ["MX.Example.HU", "mx.example.hu"],
])("a certificate is looked for under the name as certificates spell it: %s", (host, expected) => {
  expect(certificateHost(host)).toBe(expected);
});
