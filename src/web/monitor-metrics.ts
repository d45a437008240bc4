import { isIP } from "node:net";
import { setImmediate as others } from "node:timers/promises";
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

/** So many monitors are written before others get their turn: pages wait no longer than some ms. */
const AT_ONCE = 200;

/**
 * The last result of every monitor under the names that blackbox_exporter uses (0.28,
 * prober/*.go), so that its boards and rules work; `instance` is the target, `module` the probe,
 * and the monitor's own labels come along. What was not seen is absent, never zero. `pages` are read
 * one by one, as ten thousand monitors make 200,000 samples.
 */
export async function monitorMetrics(
  pages: AsyncIterable<readonly MonitorView[]>,
): Promise<string> {
  const gauges = createGauges();
  let written = 0;
  for await (const monitors of pages)
    for (const monitor of monitors) {
      const read = lastResult.safeParse(monitor.lastResult);
      const unseen = monitor.state === "paused" || monitor.state === "unknown";
      if (unseen || !read.success || read.data.outcome === "unknown") continue;
      fill(gauges, monitor, read.data);
      written += 1;
      if (written % AT_ONCE === 0) await others();
    }
  return Object.values(gauges)
    .map((gauge) => gauge.text())
    .join("");
}

type Gauges = ReturnType<typeof createGauges>;

function fill(
  gauges: Gauges,
  monitor: MonitorView,
  { outcome, reason, ms, timings, facts }: LastResult,
): void {
  const own = writeLabels({
    ...Object.fromEntries(
      Object.entries(monitor.labels).map(([name, value]) => [labelName(name), value]),
    ),
    instance: monitor.target,
    module: monitor.probe,
    monitor: monitor.id,
  });
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
      gauges.httpDuration.set(own, seconds(ours), { phase });
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

function fillTls(gauges: Gauges, own: string, seen: NonNullable<LastResult["facts"]["tls"]>): void {
  const { version, cipher, earliestExpiry, lastChainExpiry, fingerprint } = seen;
  if (earliestExpiry !== undefined) gauges.earliestExpiry.set(own, earliestExpiry);
  if (lastChainExpiry !== undefined) gauges.lastChainExpiry.set(own, lastChainExpiry);
  if (version !== undefined) gauges.tlsVersion.set(own, 1, { version });
  if (cipher !== undefined) gauges.tlsCipher.set(own, 1, { cipher });
  if (fingerprint === undefined) return;
  gauges.chainInfo.set(own, 1, {
    fingerprint_sha256: fingerprint,
    subject: seen.subject ?? "",
    issuer: seen.issuer ?? "",
    subjectalternative: [seen.names ?? []].flat().join(","),
    serialnumber: seen.serial ?? "",
  });
}

type Labels = Readonly<Record<string, string>>;

/** `a="x",b="y"`, escaped as the text format asks for. */
const writeLabels = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replaceAll(/[\\\n"]/g, escaped)}"`)
    .join(",");

const escaped = (character: string): string => (character === "\n" ? "\\n" : `\\${character}`);

/** One metric in Prometheus' text format (0.0.4), without a line where nothing was set. */
function gauge(name: string, help: string) {
  const lines: string[] = [];
  return {
    /** `own` are labels already written. */
    set(own: string, value: number, more: Labels | null = null): void {
      lines.push(`${name}{${own}${more ? `,${writeLabels(more)}` : ""}} ${value}\n`);
    },
    text: (): string =>
      lines.length === 0 ? "" : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join("")}`,
  };
}

/** Written here, as a registry of prom-client keeps everybody waiting for seconds over so many samples. */
function createGauges() {
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
    chainInfo: gauge("probe_ssl_last_chain_info", "Contains SSL leaf certificate information"),
    tlsVersion: gauge("probe_tls_version_info", "Returns the TLS version used or NaN when unknown"),
    tlsCipher: gauge("probe_tls_cipher_info", "Returns the TLS cipher negotiated during handshake"),
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
