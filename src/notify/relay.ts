import { createTransport } from "nodemailer";
import type { MailSettings, SendResult } from "./channel.js";
import { oneLine } from "./mail-body.js";

/** Read before any library sees it: one plain address, no quotes, no lists, no names. */
export const ADDRESS = /^[^\s\p{Cc}"<>(),:;@\\]+@(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/u;

const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;
/** Our own login was refused: somebody has to mend the configuration or the relay first. */
const LOGIN_WAIT_MS = 900_000;
/** The relay asks for patience (421, 450 …): a minute passes most limits and grey lists. */
export const PATIENCE_MS = 60_000;

/** Who our mails are from. */
export interface Sender {
  readonly name: string;
  readonly address: string;
  readonly domain: string;
}

/** The way our mails leave: one connection at a time to the configured relay. */
export function openRelay(mail: MailSettings) {
  const { secrets, options } = relayOf(mail);
  const transport = createTransport({
    ...options,
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
  return { from: senderOf(mail.from), secrets, transport };
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

export type Failure = SendResult & { readonly sent: false };

/** What a rejection of the library means; anything that may pass by itself is tried again. */
export function failureOf(error: unknown): Failure {
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

export const isFinal = (error: unknown): boolean => (codeOf(error) ?? 0) >= 500;

/** `smtp-550: 5.1.1 no such user`: the relay's own words, one line, for the person who mends it. */
export function replyOf(error: unknown): string {
  const said =
    error instanceof Error && "response" in error && typeof error.response === "string"
      ? oneLine(error.response.slice(0, 1000)).replace(/^\d{3}[ -]?/, "")
      : "";
  const code = codeOf(error);
  return `smtp-${code ?? "failed"}${said ? `: ${said.slice(0, 200)}` : ""}`;
}

export const replyCode = (response: string): string | null => /^\d{3}/.exec(response)?.[0] ?? null;

/** A relay may repeat what we said to it. */
export const masked = (failure: Failure, secrets: readonly string[]): Failure => ({
  ...failure,
  reason: secrets.reduce((reason, secret) => reason.replaceAll(secret, "[secret]"), failure.reason),
});
