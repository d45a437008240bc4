import { z } from "zod";
import { SUSPICION_RAISED } from "../core/delivery.js";
import { createTexts } from "../texts.js";
import type { Channel, Message, SendResult } from "./channel.js";
import { writeMail } from "./mail-body.js";
import { readSettings } from "./read-settings.js";
import {
  ADDRESS,
  failureOf,
  isFinal,
  masked,
  openRelay,
  PATIENCE_MS,
  replyCode,
  replyOf,
  type Sender,
} from "./relay.js";

const address = z
  .string()
  .max(254)
  .regex(ADDRESS, { error: "expected one plain address such as ops@example.org" });

const settings = z.strictObject({ to: z.array(address).min(1).max(50) });

const TOTAL_MS = 60_000;
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
    const { from, secrets, transport } = openRelay(mail);
    const texts = theirs ?? createTexts();
    /** Who has a message already, of those that are still to be sent to somebody. */
    const reached = new Map<string, Set<string>>();
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
          return masked(outcome, secrets);
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
          secrets,
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

/** Headers of RFC 5322, 3834, 2919 and what old autoresponders heed; all mails of an incident thread. */
function compose(
  message: Message,
  from: Sender,
  to: readonly string[],
  texts: Parameters<typeof writeMail>[1],
) {
  const { subject, text, html } = writeMail(message, texts);
  const about =
    message.event === SUSPICION_RAISED
      ? { kind: "suspicion", id: message.suspicion.id }
      : { kind: "incident", id: message.incident.id };
  const isFirst = message.event === "incident.opened" || message.event === SUSPICION_RAISED;
  const thread = `<${about.kind}-${about.id}@${from.domain}>`;
  return {
    from: { name: from.name, address: from.address },
    to: [...to],
    subject,
    text,
    html,
    messageId: `<${message.key}@${from.domain}>`,
    // Every mail names the incident as its root, which no mail is: so order and loss do not matter.
    references: [thread],
    ...(isFirst ? {} : { inReplyTo: thread }),
    headers: {
      "Auto-Submitted": "auto-generated",
      Precedence: "bulk",
      "X-Auto-Response-Suppress": "All",
      "List-Id": `<incidents.${listHost(message.site.url) ?? from.domain}>`,
      [about.kind === "incident" ? "X-Tudunk-Incident" : "X-Tudunk-Suspicion"]: about.id,
      "X-Tudunk-Event": message.event,
    },
  };
}

function listHost(url: string): string | null {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return /^[a-z0-9.-]+$/.test(host) ? host : null;
}
