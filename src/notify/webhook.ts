import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { SUSPICION_RAISED } from "../core/delivery.js";
import type { Channel, Message, SendResult } from "./channel.js";
import { post } from "./outgoing.js";
import { readSettings } from "./read-settings.js";

/** Standard Webhooks asks receivers to expect at most this much. */
const BODY_MAX_BYTES = 20_000;
const TIMEOUT_MS = 20_000;

const settings = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "expected an http:// or https:// address" }).max(2000),
  secret: z.string().superRefine((secret, context) => {
    const problem = problemOf(secret);
    if (problem) context.addIssue({ code: "custom", message: problem });
  }),
});

/**
 * Signed HTTP POSTs (Standard Webhooks 1.0). The body is
 * `{ type, timestamp, data: { headline, text, language, url, site, incident } }` (`suspicion` instead of
 * `incident` where that is what it is about), at most 20 kB: what is
 * too long loses its oldest updates and evidence and says `data.truncated: true`.
 */
export const webhook: Channel = {
  kind: "webhook",
  settings,
  prepare(given, { timeoutMs = TIMEOUT_MS }) {
    const { url, secret } = readSettings(settings, given, "webhook");
    const signer = signerOf(secret);
    return {
      async send(message, signal) {
        const body = bodyOf(message);
        const now = new Date();
        const answer = await post({
          url,
          body,
          headers: {
            "content-type": "application/json",
            "webhook-id": message.key,
            "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
            "webhook-signature": signer.sign(message.key, now, body),
          },
          timeoutMs,
          signal,
        });
        return judge(answer);
      },
      close: () => Promise.resolve(),
    };
  },
};

type Answer = Awaited<ReturnType<typeof post>>;

/** What an HTTP answer means for the message: only what may pass by itself is tried again. */
function judge(answer: Answer): SendResult {
  if ("failed" in answer) return { sent: false, retry: true, reason: answer.failed };
  const { status, retryAfterMs } = answer;
  if (status >= 200 && status < 300) return { sent: true, detail: `http-${status}` };
  const reason = REASONS[status] ?? `http-${status}`;
  if (status >= 300 && status < 400)
    return { sent: false, retry: false, reason: `${reason}: redirects are not followed` };
  const retry = status === 408 || status === 425 || status === 429 || status >= 500;
  return retry && retryAfterMs !== null
    ? { sent: false, retry, afterMs: retryAfterMs, reason }
    : { sent: false, retry, reason };
}

const REASONS: Readonly<Record<number, string>> = {
  401: "http-401: the receiver does not accept our signature",
  403: "http-403: the receiver refuses us",
  404: "http-404: there is no receiver at this address",
  410: "http-410: the receiver wants no more messages",
};

/** The signed bytes; the same message always gives the same ones. */
function bodyOf(message: Message): string {
  const whole = written(message, false);
  if (fits(whole)) return whole;
  // What cannot be read here can be read at `url`: evidence goes first, the newest words stay.
  for (const keep of [32, 16, 8, 4, 2, 1, 0]) {
    const short = written(shortened(message, keep, keep === 0 ? 300 : 2_000), true);
    if (fits(short) || keep === 0) return short;
  }
  return whole;
}

const fits = (body: string): boolean => Buffer.byteLength(body) <= BODY_MAX_BYTES;

const written = (message: Message, truncated: boolean): string =>
  JSON.stringify({
    type: message.event,
    timestamp: message.at.toISOString(),
    data: {
      ...(message.event === SUSPICION_RAISED
        ? { suspicion: message.suspicion }
        : { incident: message.incident }),
      site: message.site,
      url: message.url,
      headline: message.headline,
      text: message.text,
      language: message.language,
      ...(truncated ? { truncated } : {}),
    },
  });

function shortened(message: Message, keep: number, letters: number): Message {
  if (message.event === SUSPICION_RAISED) {
    const { suspicion } = message;
    return { ...message, suspicion: { ...suspicion, reports: suspicion.reports.slice(0, keep) } };
  }
  const { incident } = message;
  const cut = (text: string): string =>
    text.length > letters ? `${text.slice(0, letters)}…` : text;
  const cutAll = (texts: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(texts).map(([language, text]) => [language, cut(text)]));
  const newest = new Set(
    incident.updates
      .toSorted((a, b) => b.at.localeCompare(a.at))
      .slice(0, keep)
      .map(({ id }) => id),
  );
  return {
    ...message,
    headline: cut(message.headline),
    text: cut(message.text),
    incident: {
      ...incident,
      title: cutAll(incident.title),
      components: incident.components.slice(0, 2 * keep + 10),
      evidence: incident.evidence.slice(0, keep),
      updates: incident.updates
        .filter(({ id }) => newest.has(id))
        .map((update) => ({ ...update, text: cutAll(update.text) })),
    },
  };
}

function problemOf(secret: string): string | null {
  try {
    signerOf(secret);
    return null;
  } catch {
    return "expected whsec_ and 24 to 64 bytes in base64, or a text of 24 characters or more";
  }
}

/** `whsec_…` is base64 of the key; any other text is the key itself, byte for byte (UTF-8). */
function signerOf(secret: string): Webhook {
  const key = secret.startsWith("whsec_")
    ? decodeBase64(secret.slice("whsec_".length))
    : Buffer.from(secret, "utf8");
  if (key === null || key.length < 24 || key.length > 512) throw new Error("unfit secret");
  return new Webhook(new Uint8Array(key), { format: "raw" });
}

function decodeBase64(text: string): Buffer | null {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0
    ? Buffer.from(text, "base64")
    : null;
}
