import { Agent, request } from "undici";

/** What came back: a status and the wait it asked for, or why nothing came. */
export type Answer =
  { readonly status: number; readonly retryAfterMs: number | null } | { readonly failed: string };

const REPLY_MAX_BYTES = 64 * 1024;
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * The one door for HTTP messages that leave us. No redirect is followed, no cookie kept, no proxy
 * variable read; the reply's body is thrown away unread past 64 kB. Never rejects: a failure has
 * a short stable word without the address, which may hold a secret.
 */
export async function post(letter: {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}): Promise<Answer> {
  const deadline = AbortSignal.timeout(letter.timeoutMs);
  const signal = AbortSignal.any([letter.signal, deadline]);
  // One connection a message: messages are rare, and a kept one that died would cost a retry.
  const agent = new Agent({
    connections: 1,
    pipelining: 0,
    connect: { timeout: Math.min(10_000, letter.timeoutMs) },
    headersTimeout: letter.timeoutMs,
    bodyTimeout: letter.timeoutMs,
    maxHeaderSize: 32 * 1024,
  });
  try {
    const { statusCode, headers, body } = await request(letter.url, {
      method: "POST",
      headers: { ...letter.headers, "user-agent": "Tudunk" },
      body: letter.body,
      dispatcher: agent,
      signal,
    });
    // The status is the answer: trouble while its body is dropped changes nothing.
    await body.dump({ limit: REPLY_MAX_BYTES, signal }).catch(() => undefined);
    return { status: statusCode, retryAfterMs: retryAfter(headers["retry-after"], new Date()) };
  } catch (error) {
    if (deadline.aborted) return { failed: "timed-out" };
    if (letter.signal.aborted) return { failed: "interrupted" };
    return { failed: wordFor(error) };
  } finally {
    await agent.destroy();
  }
}

/** `Retry-After` as milliseconds from `now`, from seconds or a date (RFC 9110), at most an hour. */
export function retryAfter(value: string | string[] | undefined, now: Date): number | null {
  if (typeof value !== "string") return null;
  const text = value.trim();
  const ms = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : /^[A-Z][a-z]{2}, /.test(text)
      ? Date.parse(text) - now.getTime()
      : Number.NaN;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS) : null;
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-reset",
  EPIPE: "connection-reset",
  UND_ERR_SOCKET: "connection-closed",
  UND_ERR_CONNECT_TIMEOUT: "connect-timed-out",
  UND_ERR_HEADERS_TIMEOUT: "timed-out",
  UND_ERR_BODY_TIMEOUT: "timed-out",
  UND_ERR_HEADERS_OVERFLOW: "reply-too-large",
  ETIMEDOUT: "connect-timed-out",
  ENOTFOUND: "name-not-found",
  EAI_AGAIN: "name-lookup-failed",
  EHOSTUNREACH: "host-unreachable",
  ENETUNREACH: "network-unreachable",
};

function wordFor(error: unknown): string {
  const code = codeOf(error) ?? codeOf(error instanceof Error ? error.cause : undefined);
  if (code === null) return "request-failed";
  if (WORDS[code]) return WORDS[code];
  if (/CERT|TLS|SSL|ISSUER|SIGNATURE/.test(code))
    return `certificate-refused (${code.slice(0, 60)})`;
  return code.startsWith("HPE_") ? "reply-malformed" : `request-failed (${code.slice(0, 60)})`;
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : null;
}
