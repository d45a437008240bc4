import { createHash, randomBytes } from "node:crypto";

/** The header by which a mail of ours is found again. */
export const TRIP_HEADER = "Tudunk-Trip";

/** What tells one trip's mail from all others: nobody can guess it who has not seen the mail. */
export interface Token {
  readonly text: string;
  /** The same for all trips of a monitor. */
  readonly mark: string;
  /** Epoch ms. */
  readonly sentAt: number;
}

const FORM = /\b([0-9a-f]{16})\.([0-9a-z]{6,10})\.([0-9a-f]{32})\b/;

/** The mark of a monitor: the same wherever and whenever it has these settings, none of which may be secret. */
export const markOf = (settings: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);

export function newToken(mark: string, at: Date): Token {
  const sentAt = at.getTime();
  const chance = randomBytes(16).toString("hex");
  return { text: `${mark}.${sentAt.toString(36)}.${chance}`, mark, sentAt };
}

/** The first token in `text`; `null` where there is none. */
export function readToken(text: string): Token | null {
  const [found, mark, sentAt] = FORM.exec(text) ?? [];
  if (found === undefined || mark === undefined || sentAt === undefined) return null;
  return { text: found, mark, sentAt: Number.parseInt(sentAt, 36) };
}

/** The mail of a trip, as it is sent after DATA; asks automatic answerers to stay silent (RFC 3834). */
export function composeMail(from: string, to: string, { text, sentAt }: Token): string {
  const domain = from.slice(from.lastIndexOf("@") + 1);
  const date = new Date(sentAt).toUTCString().replace(/GMT$/, "+0000");
  return [
    `From: <${from}>`,
    `To: <${to}>`,
    `Subject: Round trip ${text}`,
    `Date: ${date}`,
    `Message-ID: <${text}@${domain}>`,
    `${TRIP_HEADER}: ${text}`,
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=us-ascii",
    "",
    "A monitor sent this mail to see how long it is under way. It deletes it by itself;",
    "where it did not, you may.",
  ].join("\r\n");
}
