import { isIP } from "node:net";
import { Gauge, Registry } from "prom-client";
import { z } from "zod";
import type { MonitorView } from "../store/monitors.js";

/** What is read of a stored result; anything else in it is passed over. */
const number = z.number().optional().catch(undefined);
const text = z.string().optional().catch(undefined);
const lastResult = z.object({
  outcome: z.enum(["up", "degraded", "down", "unknown"]),
  reason: z.string(),
  ms: z.number(),
  timings: z.record(z.string(), z.number()).catch({}),
  facts: z
    .object({
      address: text,
      status: number,
      http: text,
      contentLength: number,
      length: number,
      lastModified: number,
      redirects: number,
      tls: z
        .object({
          version: text,
          cipher: text,
          subject: text,
          issuer: text,
          names: z
            .union([z.string(), z.array(z.string())])
            .optional()
            .catch(undefined),
          serial: text,
          fingerprint: text,
          earliestExpiry: number,
          lastChainExpiry: number,
        })
        .optional()
        .catch(undefined),
    })
    .catch({}),
});
type LastResult = z.infer<typeof lastResult>;

/** The phases of `probe_http_duration_seconds`, all of them always there, and ours of the same. */
const HTTP_PHASES = {
  resolve: "resolve",
  connect: "connect",
  tls: "tls",
  processing: "firstByte",
  transfer: "transfer",
} as const;

const OWN = ["instance", "module", "monitor"] as const;

/** Labels that the metrics have themselves: an operator's own of that name gets a prefix. */
const TAKEN = new Set([
  "instance",
  "module",
  "monitor",
  "job",
  "phase",
  "version",
  "cipher",
  "subject",
  "issuer",
]);

/** An operator's label as Prometheus spells names. */
const labelName = (name: string): string => {
  const spelt = name.replaceAll(/[^a-zA-Z0-9_]/g, "_");
  return TAKEN.has(spelt) || /^(\d|__)/.test(spelt) ? `label_${spelt}` : spelt;
};

/**
 * The last result of every monitor under the names that blackbox_exporter uses (0.28,
 * prober/*.go), so that its boards and rules work; `instance` is the target, `module` the probe,
 * and the monitor's own labels come along. What was not seen is absent, never zero.
 */
export function monitorMetrics(monitors: readonly MonitorView[]): Promise<string> {
  const registry = new Registry();
  const labels = new Set(monitors.flatMap((monitor) => Object.keys(monitor.labels).map(labelName)));
  const gauges = gaugesIn(registry, [...labels]);
  for (const monitor of monitors) {
    const read = lastResult.safeParse(monitor.lastResult);
    if (!read.success || read.data.outcome === "unknown" || monitor.state === "paused") continue;
    fill(gauges, monitor, read.data);
  }
  return registry.metrics();
}

type Gauges = ReturnType<typeof gaugesIn>;

function fill(
  gauges: Gauges,
  monitor: MonitorView,
  { outcome, reason, ms, timings, facts }: LastResult,
): void {
  const own: Own = {
    ...Object.fromEntries(
      Object.entries(monitor.labels).map(([name, value]) => [labelName(name), value]),
    ),
    instance: monitor.target,
    module: monitor.probe,
    monitor: monitor.id,
  };
  const seconds = (phase: string): number => (timings[phase] ?? 0) / 1_000;
  gauges.success.set(own, outcome === "down" ? 0 : 1);
  gauges.duration.set(own, ms / 1_000);
  gauges.timeout.set(own, monitor.timeoutMs / 1_000);
  gauges.dnsLookup.set(own, seconds("resolve"));
  const family = isIP(facts.address ?? "");
  if (facts.address !== undefined && family !== 0) {
    gauges.ipProtocol.set(own, family);
    gauges.ipHash.set(own, hashOf(facts.address));
  }
  if (monitor.probe === "http") {
    for (const [phase, ours] of Object.entries(HTTP_PHASES))
      gauges.httpDuration.set({ ...own, phase }, seconds(ours));
    gauges.httpStatus.set(own, facts.status ?? 0);
    gauges.httpLength.set(own, facts.contentLength ?? 0);
    gauges.httpUncompressed.set(own, facts.length ?? 0);
    gauges.httpRedirects.set(own, facts.redirects ?? 0);
    gauges.httpSsl.set(own, facts.tls ? 1 : 0);
    gauges.httpVersion.set(own, Number(facts.http ?? 0));
    if (facts.lastModified !== undefined) gauges.httpLastModified.set(own, facts.lastModified);
  }
  if (monitor.probe === "http" || monitor.probe === "tcp")
    gauges.failedRegex.set(own, reason === "text-missing" || reason === "text-forbidden" ? 1 : 0);
  if (facts.tls) fillTls(gauges, own, facts.tls);
}

type Own = Readonly<Record<string, string>>;

function fillTls(gauges: Gauges, own: Own, seen: NonNullable<LastResult["facts"]["tls"]>): void {
  const { version, cipher, earliestExpiry, lastChainExpiry, fingerprint } = seen;
  if (earliestExpiry !== undefined) gauges.earliestExpiry.set(own, earliestExpiry);
  if (lastChainExpiry !== undefined) gauges.lastChainExpiry.set(own, lastChainExpiry);
  if (version !== undefined) gauges.tlsVersion.set({ ...own, version }, 1);
  if (cipher !== undefined) gauges.tlsCipher.set({ ...own, cipher }, 1);
  if (fingerprint === undefined) return;
  gauges.chainInfo.set(
    {
      ...own,
      fingerprint_sha256: fingerprint,
      subject: seen.subject ?? "",
      issuer: seen.issuer ?? "",
      subjectalternative: [seen.names ?? []].flat().join(","),
      serialnumber: seen.serial ?? "",
    },
    1,
  );
}

function gaugesIn(registry: Registry, own: readonly string[]) {
  const gauge = (name: string, help: string, ...labels: string[]) =>
    new Gauge({ name, help, labelNames: [...OWN, ...own, ...labels], registers: [registry] });
  return {
    success: gauge("probe_success", "Displays whether or not the probe was a success"),
    duration: gauge(
      "probe_duration_seconds",
      "Returns how long the probe took to complete in seconds",
    ),
    timeout: gauge("probe_timeout_seconds", "Returns the timeout of the probe in seconds"),
    dnsLookup: gauge(
      "probe_dns_lookup_time_seconds",
      "Returns the time taken for probe dns lookup in seconds",
    ),
    ipProtocol: gauge("probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6"),
    ipHash: gauge(
      "probe_ip_addr_hash",
      "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
    ),
    httpDuration: gauge(
      "probe_http_duration_seconds",
      "Duration of http request by phase, summed over all redirects",
      "phase",
    ),
    httpStatus: gauge("probe_http_status_code", "Response HTTP status code"),
    httpLength: gauge("probe_http_content_length", "Length of http content response"),
    httpUncompressed: gauge(
      "probe_http_uncompressed_body_length",
      "Length of uncompressed response body",
    ),
    httpRedirects: gauge("probe_http_redirects", "The number of redirects"),
    httpSsl: gauge("probe_http_ssl", "Indicates if SSL was used for the final redirect"),
    httpVersion: gauge("probe_http_version", "Returns the version of HTTP of the probe response"),
    httpLastModified: gauge(
      "probe_http_last_modified_timestamp_seconds",
      "Returns the Last-Modified HTTP response header in unixtime",
    ),
    failedRegex: gauge("probe_failed_due_to_regex", "Indicates if probe failed due to regex"),
    earliestExpiry: gauge(
      "probe_ssl_earliest_cert_expiry",
      "Returns last SSL chain expiry in unixtime",
    ),
    lastChainExpiry: gauge(
      "probe_ssl_last_chain_expiry_timestamp_seconds",
      "Returns last SSL chain expiry in timestamp",
    ),
    chainInfo: gauge(
      "probe_ssl_last_chain_info",
      "Contains SSL leaf certificate information",
      "fingerprint_sha256",
      "subject",
      "issuer",
      "subjectalternative",
      "serialnumber",
    ),
    tlsVersion: gauge(
      "probe_tls_version_info",
      "Returns the TLS version used or NaN when unknown",
      "version",
    ),
    tlsCipher: gauge(
      "probe_tls_cipher_info",
      "Returns the TLS cipher negotiated during handshake",
      "cipher",
    ),
  };
}

/** FNV-1a, 32 bits, over the bytes of an address. */
function hashOf(address: string): number {
  let hash = 0x811c9dc5;
  for (const byte of bytesOf(address)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function bytesOf(address: string): number[] {
  if (isIP(address) === 4) return address.split(".").map(Number);
  // The URL parser writes every spelling of an IPv6 address the same way, without dots.
  const plain = new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const groups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const front = groups(head);
  const back = groups(tail ?? "");
  const gap = Array.from({ length: 8 - front.length - back.length }, () => 0);
  return [...front, ...(tail === undefined ? [] : gap), ...back].flatMap((group) => [
    group >> 8,
    group & 255,
  ]);
}
