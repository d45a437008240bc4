import { createTransport } from "nodemailer";
import { z } from "zod";
import { createTexts } from "../texts.js";
import type { Channel, MailSettings, Message, SendResult } from "./channel.js";
import { oneLine, writeMail } from "./mail-body.js";
import { readSettings } from "./read-settings.js";

/** Read before any library sees it: one plain address, no quotes, no lists, no names. */
const ADDRESS = /^[^\s\p{Cc}"<>(),:;@\\]+@(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/u;

const address = z
  .string()
  .max(254)
  .regex(ADDRESS, { error: "expected one plain address such as ops@example.org" });

const settings = z.strictObject({ to: z.array(address).min(1).max(50) });

const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;
const TOTAL_MS = 60_000;
/** Our own login was refused: somebody has to mend the configuration or the relay first. */
const LOGIN_WAIT_MS = 900_000;
/** The relay asks for patience (421, 450 …): a minute passes most limits and grey lists. */
const PATIENCE_MS = 60_000;
const REMEMBERED_MAX = 500;

/**
 * Mail over SMTP: one mail a message with every recipient in `To`. A recipient that is refused stops
 * nobody else: those put off are tried again alone, and only where all are refused for good has the
 * message failed. Everything but the recipients is said in the section `mail:`.
 */
export const email: Channel = {
  kind: "email",
  settings,
  prepare(given, { mail, texts: theirs, timeoutMs = TOTAL_MS }) {
    const { to } = readSettings(settings, given, "email");
    if (!mail) throw new Error("email needs the section mail: with smtp: and from:");
    const from = senderOf(mail.from);
    const relay = relayOf(mail);
    const texts = theirs ?? createTexts();
    /** Who has a message already, of those that are still to be sent to somebody. */
    const reached = new Map<string, Set<string>>();
    const transport = createTransport({
      ...relay.options,
      connectionTimeout: CONNECT_MS,
      greetingTimeout: CONNECT_MS,
      dnsTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      socketCloseTimeout: 0,
      maxResponseSize: 64 * 1024,
      disableFileAccess: true,
      disableUrlAccess: true,
      logger: false,
    });
    return {
      async send(message, signal) {
        const had = reached.get(message.key) ?? new Set();
        const still = to.filter((one) => !had.has(one));
        const deadline = AbortSignal.timeout(timeoutMs);
        const outcome = await transport
          .sendMail({
            ...compose(message, from, to, texts),
            envelope: { from: from.address, to: still },
            signal: AbortSignal.any([signal, deadline]),
          })
          .then(
            ({ accepted, rejectedErrors, response }) => ({ accepted, rejectedErrors, response }),
            (error: unknown) => failureOf(error),
          );
        if ("reason" in outcome) {
          if (deadline.aborted) return { sent: false, retry: true, reason: "timed-out" };
          if (signal.aborted) return { sent: false, retry: true, reason: "interrupted" };
          // Where some have it already, the refusal of the rest is not the failure of the message.
          if (!outcome.retry && had.size > 0)
            return done(message.key, `not delivered to ${still.length} of ${to.length}`);
          return masked(outcome, relay.secrets);
        }
        const deferred = (outcome.rejectedErrors ?? []).filter((error: unknown) => !isFinal(error));
        for (const one of outcome.accepted) had.add(one);
        if (deferred.length === 0)
          return done(
            message.key,
            had.size < to.length
              ? `not delivered to ${to.length - had.size} of ${to.length}`
              : `smtp-${replyCode(outcome.response) ?? 250}`,
          );
        remember(message.key, had);
        return masked(
          {
            sent: false,
            retry: true,
            afterMs: PATIENCE_MS,
            reason: `${deferred.length} of ${to.length} recipients put off: ${replyOf(deferred[0])}`,
          },
          relay.secrets,
        );
      },
      close() {
        transport.close();
        return Promise.resolve();
      },
    };

    function done(key: string, detail: string): SendResult {
      reached.delete(key);
      return { sent: true, detail };
    }

    function remember(key: string, had: Set<string>): void {
      reached.set(key, had);
      const [oldest] = reached.keys();
      if (reached.size > REMEMBERED_MAX && oldest !== undefined) reached.delete(oldest);
    }
  },
};

interface Sender {
  readonly name: string;
  readonly address: string;
  readonly domain: string;
}

/** Headers of RFC 5322, 3834, 2919 and what old autoresponders heed; all mails of an incident thread. */
function compose(
  message: Message,
  from: Sender,
  to: readonly string[],
  texts: Parameters<typeof writeMail>[1],
) {
  const { subject, text, html } = writeMail(message, texts);
  const thread = `<incident-${message.incident.id}@${from.domain}>`;
  return {
    from: { name: from.name, address: from.address },
    to: [...to],
    subject,
    text,
    html,
    messageId: `<${message.key}@${from.domain}>`,
    // Every mail names the incident as its root, which no mail is: so order and loss do not matter.
    references: [thread],
    ...(message.event === "incident.opened" ? {} : { inReplyTo: thread }),
    headers: {
      "Auto-Submitted": "auto-generated",
      Precedence: "bulk",
      "X-Auto-Response-Suppress": "All",
      "List-Id": `<incidents.${listHost(message.site.url) ?? from.domain}>`,
      "X-Tudunk-Incident": message.incident.id,
      "X-Tudunk-Event": message.event,
    },
  };
}

function listHost(url: string): string | null {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return /^[a-z0-9.-]+$/.test(host) ? host : null;
}

/** `Name <address>` or an address alone. Throws a plain `Error` for anything else. */
function senderOf(written: string): Sender {
  const [, name = "", inner] = /^([^<>]*)<([^<>]+)>\s*$/.exec(written) ?? [];
  const one = (inner ?? written).trim();
  if (!ADDRESS.test(one) || one.length > 254 || /[\r\n\0]/.test(written))
    throw new Error('mail.from: expected "Name <status@example.org>" or an address alone');
  return {
    name: oneLine(name).replaceAll(/^"|"$/g, ""),
    address: one,
    domain: one.slice(one.lastIndexOf("@") + 1).toLowerCase(),
  };
}

/** Where mail is handed in. Throws a plain `Error` that never repeats the address: it may hold a password. */
function relayOf({ smtp, password }: MailSettings) {
  const url = URL.canParse(smtp) ? new URL(smtp) : null;
  if (!url || !/^smtps?:$/.test(url.protocol) || !url.hostname)
    throw new Error("mail.smtp: expected smtp://user@host:587 or smtps://user@host");
  const secure = url.protocol === "smtps:";
  const user = decodeURIComponent(url.username);
  const pass = password ?? decodeURIComponent(url.password);
  // A password goes to nobody who has not proved who they are; on this machine it need not leave it.
  const guarded = user !== "" && !isLoopback(url.hostname);
  return {
    secrets: [pass, Buffer.from(pass).toString("base64")].filter((secret) => secret.length > 0),
    options: {
      host: url.hostname.replaceAll(/^\[|\]$/g, ""),
      port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
      secure,
      requireTLS: guarded && !secure,
      // Without a password encryption is taken as it comes, as between mail servers: to insist on a
      // certificate that nobody checks elsewhere would only keep mail back.
      tls: { rejectUnauthorized: guarded || secure },
      ...(user === "" ? {} : { auth: { user, pass } }),
    },
  };
}

const isLoopback = (host: string): boolean => /^(localhost|127\.|\[::1\]$)/.test(host);

type Failure = SendResult & { readonly sent: false };

/** What a rejection of the library means; anything that may pass by itself is tried again. */
function failureOf(error: unknown): Failure {
  const { code, command = "" } = wordsOf(error);
  const reply = codeOf(error);
  const retry = { sent: false, retry: true } as const;
  if (code === "EAUTH" || code === "ENOAUTH" || reply === 530 || reply === 535)
    return reply !== null && reply < 500
      ? {
          ...retry,
          afterMs: PATIENCE_MS,
          reason: `smtp-${reply}: the relay cannot check our login now`,
        }
      : {
          ...retry,
          afterMs: LOGIN_WAIT_MS,
          reason: `smtp-${reply ?? 535}: the relay refuses our login; check mail.smtp and mail.password`,
        };
  if (reply !== null && reply >= 400 && reply < 500)
    return { ...retry, afterMs: PATIENCE_MS, reason: replyOf(error) };
  const aboutMessage = /^(MAIL FROM|RCPT TO|DATA)/.test(command);
  if (aboutMessage && (reply !== null || code === "EENVELOPE" || code === "EMESSAGE"))
    return { sent: false, retry: false, reason: replyOf(error) };
  if (reply !== null && reply >= 500)
    return { ...retry, afterMs: PATIENCE_MS, reason: replyOf(error) };
  if (code === "EENVELOPE")
    return { sent: false, retry: false, reason: "the relay does not take an address of ours" };
  return { ...retry, reason: WORDS[code] ?? WORDS[systemCode(error)] ?? "smtp-failed" };
}

const WORDS: Readonly<Record<string, string>> = {
  ETIMEDOUT: "timed-out",
  EDNS: "name-not-found",
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-reset",
  EHOSTUNREACH: "host-unreachable",
  ENETUNREACH: "network-unreachable",
  ETLS: "tls-failed: the relay's certificate or encryption is not accepted",
  EPROTOCOL: "reply-malformed",
  ECONNECTION: "connection-closed",
};

/** nodemailer wraps what the socket said; the system's own word is in its message. */
const systemCode = (error: unknown): string =>
  /\bE[A-Z]{4,}\b/.exec(error instanceof Error ? error.message : "")?.[0] ??
  (/certificate|self.signed/i.test(String(error)) ? "ETLS" : "");

function wordsOf(error: unknown): { readonly code: string; readonly command?: string } {
  if (!(error instanceof Error)) return { code: "" };
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return "command" in error && typeof error.command === "string"
    ? { code, command: error.command }
    : { code };
}

const codeOf = (error: unknown): number | null =>
  error instanceof Error && "responseCode" in error && typeof error.responseCode === "number"
    ? error.responseCode
    : null;

const isFinal = (error: unknown): boolean => (codeOf(error) ?? 0) >= 500;

/** `smtp-550: 5.1.1 no such user`: the relay's own words, one line, for the person who mends it. */
function replyOf(error: unknown): string {
  const said =
    error instanceof Error && "response" in error && typeof error.response === "string"
      ? oneLine(error.response.slice(0, 1000)).replace(/^\d{3}[ -]?/, "")
      : "";
  const code = codeOf(error);
  return `smtp-${code ?? "failed"}${said ? `: ${said.slice(0, 200)}` : ""}`;
}

const replyCode = (response: string): string | null => /^\d{3}/.exec(response)?.[0] ?? null;

/** A relay may repeat what we said to it. */
const masked = (failure: Failure, secrets: readonly string[]): Failure => ({
  ...failure,
  reason: secrets.reduce((reason, secret) => reason.replaceAll(secret, "[secret]"), failure.reason),
});
