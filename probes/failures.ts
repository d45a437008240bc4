import type { Facts, Outcome, Verdict } from "./probe.js";
import type { Reason } from "./reasons.js";
import { TIMED_OUT, type Phase } from "./phases.js";

export const up = (facts: Facts = {}): Verdict => ({ outcome: "up", reason: "ok", facts });
export const degraded = (reason: Reason, facts: Facts = {}): Verdict => ({
  outcome: "degraded",
  reason,
  facts,
});
export const down = (reason: Reason, facts: Facts = {}): Verdict => ({
  outcome: "down",
  reason,
  facts,
});
export const unknown = (reason: Reason, facts: Facts = {}): Verdict => ({
  outcome: "unknown",
  reason,
  facts,
});

const ORDER: readonly Outcome[] = ["up", "unknown", "degraded", "down"];

/** The worse of two verdicts, the first when they are equal. */
export const worse = (a: Verdict, b: Verdict): Verdict =>
  ORDER.indexOf(b.outcome) > ORDER.indexOf(a.outcome) ? b : a;

/** Thrown anywhere below a probe's run to end it with this verdict. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(verdict.reason);
    this.verdict = verdict;
  }
}

/** The connection ended where something was still to come: what Node calls "socket hang up". */
export const hungUp = (): Error =>
  Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });

/** What the system's and Node's error codes say about the other side. */
const DOWN: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "reset",
  EPIPE: "reset",
  ECONNABORTED: "reset",
  EHOSTUNREACH: "host-unreachable",
  EHOSTDOWN: "host-unreachable",
  ENETUNREACH: "network-unreachable",
  ENETDOWN: "network-unreachable",
  ERR_STREAM_PREMATURE_CLOSE: "closed-early",
  ERR_HTTP2_STREAM_ERROR: "reset",
  HPE_HEADER_OVERFLOW: "headers-too-large",
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: "http2-not-offered",
  ERR_SSL_WRONG_VERSION_NUMBER: "tls-not-spoken",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "tls-not-spoken",
  ERR_SSL_HTTP_REQUEST: "tls-not-spoken",
  ERR_SSL_UNKNOWN_PROTOCOL: "tls-not-spoken",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "tls-version-old",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "tls-version-old",
  ERR_SSL_VERSION_TOO_LOW: "tls-version-old",
  ERR_SSL_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED: "tls-version-old",
};

/** What they say about this machine: such a look saw nothing. */
const LOCAL: ReadonlySet<string> = new Set([
  "EADDRNOTAVAIL",
  "EADDRINUSE",
  "EAFNOSUPPORT",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EACCES",
  "EPERM",
  "EINVAL",
]);

/** The `code` of an error, or `""`. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/**
 * The verdict for whatever ended a look: the one place where error codes get their meaning.
 * `phase` is where the look stood; an error nobody knows is ours, hence `unknown`.
 */
function judgeError(error: unknown, phase: Phase | null): Verdict {
  if (error instanceof Failure) return error.verdict;
  const code = codeOf(error);
  const facts: Facts = code === "" ? {} : { code };
  if (code === "ETIMEDOUT") return judgeTimeout(phase);
  if (LOCAL.has(code)) return unknown("local-failure", facts);
  // Hanging up in the handshake is how many servers refuse what was offered.
  if (phase === "tls" && (code === "ECONNRESET" || code === "EPIPE"))
    return down("tls-handshake-failed", facts);
  // Node's own "socket hang up" and "aborted" carry the code without a system call: a plain end.
  if (code === "ECONNRESET" && !Object.hasOwn(Object(error), "syscall"))
    return down("closed-early");
  const reason = DOWN[code];
  if (reason) return down(reason, facts);
  if (code === "HPE_INVALID_EOF_STATE" || code === "HPE_CLOSED_CONNECTION")
    return down("closed-early", facts);
  if (code.startsWith("HPE_") || code.startsWith("ERR_HTTP2_"))
    return down("malformed-reply", facts);
  if (code.startsWith("ERR_SSL_") || code === "EPROTO") return down("tls-handshake-failed", facts);
  return unknown("probe-failed", { error: String(error).slice(0, 256) });
}

/** The verdict for whatever ended a look that `signal` was to end at the latest. */
export const judgeEnd = (error: unknown, phase: Phase | null, signal: AbortSignal): Verdict =>
  signal.aborted && !(error instanceof Failure) ? judgeTimeout(phase) : judgeError(error, phase);

/** The verdict for a look whose time ended in `phase`. */
export function judgeTimeout(phase: Phase | null): Verdict {
  if (phase === null) return down("timed-out");
  return phase === "resolve" ? unknown(TIMED_OUT.resolve) : down(TIMED_OUT[phase]);
}
