import { readFileSync } from "node:fs";
import ejs from "ejs";
import type { LetterBody } from "../core/letter.js";
import { VIEWS } from "../texts.js";
import type { MailSettings, Message, SendResult } from "./channel.js";
import { clean, oneLine } from "./mail-body.js";
import { ADDRESS, failureOf, masked, openRelay, replyCode } from "./relay.js";

/** A letter to one customer, in their language. */
export interface Letter {
  readonly kind: LetterBody["kind"];
  readonly language: string;
  readonly subject: string;
  /** Paragraphs, separated by an empty line. */
  readonly text: string;
  /** The customer's own page, named in the text. */
  readonly page: string;
  readonly reference: string;
  /** Stable across retries. */
  readonly key: string;
  /** One address, from outside. */
  readonly to: string;
  readonly reportId: string;
  readonly site: Message["site"];
}

/** Sends one letter; never rejects for a failure of the far side. */
export type SendLetter = (letter: Letter, signal: AbortSignal) => Promise<SendResult>;

const TOTAL_MS = 60_000;
const SUBJECT_MAX = 160;

/**
 * The voice that speaks to customers: mail over the configured relay, one recipient a mail, all
 * letters of a report in one thread. Throws a plain `Error` where `mail` is not usable.
 */
export function prepareLetters(mail: MailSettings): {
  readonly send: SendLetter;
  close(): Promise<void>;
} {
  const { from, secrets, transport } = openRelay(mail);
  return {
    async send(letter, signal) {
      if (!ADDRESS.test(letter.to) || letter.to.length > 254)
        return { sent: false, retry: false, reason: "address-unusable" };
      const deadline = AbortSignal.timeout(TOTAL_MS);
      const thread = `<report-${letter.reportId}@${from.domain}>`;
      return transport
        .sendMail({
          from: { name: from.name, address: from.address },
          to: [letter.to],
          ...written(letter),
          messageId: `<${letter.key}@${from.domain}>`,
          references: [thread],
          ...(letter.kind === "answer" ? {} : { inReplyTo: thread }),
          headers: {
            "Auto-Submitted": letter.kind === "answer" ? "auto-replied" : "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "X-Tudunk-Report": letter.reference,
          },
          envelope: { from: from.address, to: [letter.to] },
          signal: AbortSignal.any([signal, deadline]),
        })
        .then(
          ({ response }): SendResult => ({
            sent: true,
            detail: `smtp-${replyCode(response) ?? 250}`,
          }),
          (error: unknown): SendResult => {
            if (deadline.aborted) return { sent: false, retry: true, reason: "timed-out" };
            if (signal.aborted) return { sent: false, retry: true, reason: "interrupted" };
            return masked(failureOf(error), secrets);
          },
        );
    },
    close() {
      transport.close();
      return Promise.resolve();
    },
  };
}

function written({ subject, text, page, reference, language, site }: Letter) {
  const line = oneLine(`[${site.name}] ${subject} (${reference})`);
  const paragraphs = text
    .split(/\n{2,}/)
    .map(clean)
    .filter(Boolean);
  return {
    subject: line.length > SUBJECT_MAX ? `${line.slice(0, SUBJECT_MAX - 1)}…` : line,
    text: `${paragraphs.join("\n\n")}\n`,
    html: renderLetter({ language, subject: oneLine(subject), paragraphs, page }),
  };
}

interface LetterPage {
  readonly language: string;
  readonly subject: string;
  readonly paragraphs: readonly string[];
  /** Becomes a link wherever the paragraphs name it. */
  readonly page: string;
}

let renderLetter = (letter: LetterPage): string => {
  renderLetter = ejs.compile(readFileSync(new URL("mail/letter.ejs", VIEWS), "utf8"));
  return renderLetter(letter);
};
