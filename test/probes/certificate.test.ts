import { once } from "node:events";
import * as tls from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import {
  certificateHost,
  judgeCertificate,
  observingContext,
  type CertificatePolicy,
} from "../../probes/certificate.js";
import { chainOf, issue, type Issued } from "../support/certificates.js";
import { serve } from "../support/servers.js";

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
  const options = { cert: shown.chain, key: shown.key, ciphers: "DEFAULT@SECLEVEL=0", ...server };
  const socket = await greet(await serve(() => undefined, options), host, trust);
  return judgeCertificate(socket, host, { ...POLICY, now: new Date(), ...policy });
}

async function greet(port: number, servername: string, trust: string): Promise<tls.TLSSocket> {
  const socket = tls.connect({
    host: "127.0.0.1",
    port,
    servername,
    secureContext: observingContext(trust),
    rejectUnauthorized: false,
  });
  await once(socket, "secureConnect");
  onTestFinished(() => void socket.destroy());
  return socket;
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

const DAY_MS = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);

test("a certificate is good until the warning days begin, then expires soon, then has expired", async () => {
  const at = async (days: number, warnDays = 14) =>
    (await meet(healthy.leaf, { policy: { now: inDays(days), warnDays } })).verdict;
  expect(await at(0)).toBeNull();
  expect(await at(75)).toBeNull();
  expect(await at(77)).toEqual({ outcome: "degraded", reason: "certificate-expires-soon" });
  expect(await at(77, 0)).toBeNull();
  expect(await at(91)).toEqual({ outcome: "down", reason: "certificate-expired" });
  expect(await at(91, 0)).toEqual({ outcome: "down", reason: "certificate-expired" });
  expect(await at(-2)).toEqual({ outcome: "down", reason: "certificate-not-yet-valid" });
});

test("an issuer that expires before its leaf is told of in time", async () => {
  const { leaf } = chainOf({ middle: { to: 10 } });
  const { verdict, facts } = await meet(leaf);
  expect(verdict).toEqual({ outcome: "degraded", reason: "issuer-expires-soon" });
  const days = (at: unknown) => Math.round((Number(at) * 1_000 - Date.now()) / DAY_MS);
  expect(facts["daysLeft"]).toBe(89);
  expect([days(facts["earliestExpiry"]), days(facts["lastChainExpiry"])]).toEqual([10, 10]);
});

test.each<[name: string, () => Issued, Partial<CertificatePolicy>, string | null]>([
  [
    "an issuer with RSA-1024",
    () => chainOf({ middle: { key: "rsa-1024" } }).leaf,
    {},
    "issuer-weak-key",
  ],
  [
    "an issuer with EC-192",
    () => chainOf({ middle: { key: "ec-192" } }).leaf,
    {},
    "issuer-weak-key",
  ],
  [
    "a leaf signed with MD5",
    () => chainOf({ middle: { key: "rsa-2048" }, leaf: { hash: "md5" } }).leaf,
    {},
    "certificate-weak-signature",
  ],
  [
    "a leaf signed with SHA-1 and ECDSA",
    () => chainOf({ leaf: { hash: "sha1" } }).leaf,
    {},
    "certificate-weak-signature",
  ],
  [
    "an issuer of tomorrow",
    () => chainOf({ middle: { from: 1 } }).leaf,
    {},
    "issuer-not-yet-valid",
  ],
  ["a root that has expired", () => chainOf({ root: { to: -0.5 } }).leaf, {}, "issuer-expired"],
  [
    "a root signed with SHA-1, as many are",
    () => chainOf({ root: { hash: "sha1" } }).leaf,
    {},
    null,
  ],
  ["a leaf for any purpose", () => chainOf({ leaf: { usage: null } }).leaf, {}, null],
  ["a leaf with EC-384", () => chainOf({ leaf: { key: "ec-384" } }).leaf, {}, null],
  [
    "an expired leaf where nothing is verified",
    () => expired(),
    { verify: false, warnDays: 0 },
    null,
  ],
  [
    "an expired leaf where only dates count",
    () => expired(),
    { verify: false },
    "certificate-expired",
  ],
])(
  "a certificate is judged by its strength and its dates: %s",
  async (_name, given, policy, reason) => {
    const { verdict } = await meet(given(), { policy });
    expect(verdict?.reason ?? null).toBe(reason);
  },
);

const expired = (): Issued =>
  chainOf({ leaf: { from: -90, to: -1, names: ["other.example"] } }).leaf;

test("where much is wrong, all of it is told and what is broken in itself comes first", async () => {
  const { leaf } = chainOf({
    leaf: { from: -90, to: -1, names: ["other.example"], key: "rsa-1024" },
  });
  const { verdict, facts } = await meet({ ...leaf, chain: leaf.cert }, { trust: "" });
  expect(verdict).toEqual({ outcome: "down", reason: "certificate-expired" });
  expect(facts["problems"]).toEqual([
    "certificate-expired",
    "certificate-wrong-host",
    "certificate-weak-key",
    "certificate-chain-incomplete",
  ]);
});

test.each<[host: string, names: string[], fits: boolean]>([
  ["web3.example.hu", ["*.example.hu"], true],
  ["a.web3.example.hu", ["*.example.hu"], false],
  ["example.hu", ["*.example.hu"], false],
  ["WEB3.Example.hu.", ["web3.example.hu"], true],
  ["gyümölcstárhely.hu", ["xn--gymlcstrhely-ibb30a6c.hu"], true],
  ["127.0.0.1", ["127.0.0.1"], true],
  ["127.0.0.1", ["localhost"], false],
  ["127.0.0.1", ["*.0.0.1"], false],
  ["[::1]", ["::1"], true],
  ["good.example", ["good.example\0.evil.example"], false],
  ["good.example", ["x, DNS:good.example"], false],
])("a certificate is held against %s: %j", async (host, names, fits) => {
  const { leaf, root } = chainOf({ leaf: { names } });
  const listening = await serve(() => undefined, { cert: leaf.chain, key: leaf.key });
  const socket = await greet(listening, "", root.cert);
  const { verdict } = judgeCertificate(socket, host, { ...POLICY, now: new Date() });
  expect(verdict?.reason ?? null).toBe(fits ? null : "certificate-wrong-host");
});

test.each(["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const)(
  "a server that speaks %s at best is met and judged for it",
  async (version) => {
    const server = { minVersion: version, maxVersion: version } as const;
    const { verdict, facts } = await meet(healthy.leaf, { server });
    const isOld = version < "TLSv1.2";
    expect(facts["version"]).toBe(version === "TLSv1" ? "TLS 1.0" : version.replace("v", " "));
    expect(verdict).toEqual(isOld ? { outcome: "degraded", reason: "tls-version-old" } : null);
    const strict = await meet(healthy.leaf, { server, policy: { minVersion: "TLSv1.3" } });
    const tooOld = { outcome: "down", reason: "tls-version-old" };
    expect(strict.verdict).toEqual(version === "TLSv1.3" ? null : tooOld);
  },
);

test("a chain that is mended by sending the intermediate is good at once", async () => {
  const { leaf } = chainOf();
  expect((await meet({ ...leaf, chain: leaf.cert })).verdict).toMatchObject({
    reason: "certificate-chain-incomplete",
  });
  expect((await meet(leaf)).verdict).toBeNull();
});

test("names as long as names can be do not swell the facts", async () => {
  const long = "x".repeat(5_000);
  const { leaf } = chainOf({ leaf: { name: long, names: ["localhost", long, `${long}y`] } });
  const { verdict, facts } = await meet(leaf);
  expect(verdict).toBeNull();
  expect(JSON.stringify(facts).length).toBeLessThan(1_500);
});
