import type { Reply } from "../dialogue.js";
import { degraded, down } from "../failures.js";
import type { Facts, Reason, Verdict } from "../probe.js";

/** Where a conversation stands: what the reply that is awaited answers. */
export type Stage =
  "greeting" | "ehlo" | "starttls" | "auth" | "mail" | "rcpt" | "data" | "message" | "rset";

/** What a server says to EHLO: its keywords, and what of them matters here. */
export interface Offer {
  readonly words: readonly string[];
  readonly starttls: boolean;
  readonly mechanisms: ReadonlySet<string>;
}

/** Reads the reply to EHLO. `AUTH=PLAIN`, as some servers of old wrote it, is an offer as well. */
export function offerOf({ lines }: Reply): Offer {
  const words = lines.slice(1).map((line) => line.trim());
  const mechanisms = words
    .filter((word) => /^AUTH[ =]/i.test(word))
    .flatMap((word) =>
      word
        .slice(5)
        .toUpperCase()
        .split(/[\s=]+/),
    );
  return {
    words: words.slice(0, 20).map((word) => word.slice(0, 60)),
    starttls: words.some((word) => /^STARTTLS$/i.test(word)),
    mechanisms: new Set(mechanisms),
  };
}

/** A refusal and what is to be shown of it; `null` where the code is one of those expected. */
export function judgeSmtpReply(
  stage: Stage,
  { code, text }: Reply,
  expected: readonly number[],
): { verdict: Verdict; facts: Facts } | null {
  if (expected.includes(code)) return null;
  const [enhanced] = /^[245]\.\d{1,3}\.\d{1,3}(?!\S)/.exec(text) ?? [];
  return {
    verdict: judgeCode(stage, code),
    facts: { code, ...(enhanced !== undefined && { enhanced }) },
  };
}

/** RFC 5321, sections 4.2.3 and 4.3.2; RFC 4954, section 6. */
function judgeCode(stage: Stage, code: number): Verdict {
  if (code === 421) return down("service-closing");
  // A positive code that nobody asked for, e.g. 354 to RCPT.
  if (code < 400) return down("malformed-reply");
  if (stage === "auth") return down(code < 500 ? "auth-unavailable" : "auth-refused");
  // Greylisting and full queues: senders try again, and so do we. A server that greets so takes nobody's mail.
  if (code < 500) return LATER.has(stage) ? degraded("try-later") : down("try-later");
  if (code === 535) return down("auth-refused");
  if (code === 550) return down(stage === "rcpt" ? "mailbox-refused" : "policy-refused");
  if (code === 554 && stage !== "greeting") return down("transaction-failed");
  return down(REFUSED[stage]);
}

const LATER: ReadonlySet<Stage> = new Set(["mail", "rcpt", "data", "message"]);

const REFUSED: Readonly<Record<Stage, Reason>> = {
  greeting: "greeting-refused",
  ehlo: "ehlo-refused",
  starttls: "starttls-refused",
  auth: "auth-refused",
  mail: "sender-refused",
  rcpt: "recipient-refused",
  data: "transaction-failed",
  message: "transaction-failed",
  rset: "transaction-failed",
};
