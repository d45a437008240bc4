import { setTimeout as sleep } from "node:timers/promises";
import type { Place } from "../connect.js";
import { up } from "../failures.js";
import type { Eyes, Verdict } from "../probe.js";
import { visitPlace } from "../visit.js";
import type { Access } from "./access.js";
import { smtpProtocol, type SmtpConversation } from "./smtp.js";
import { converse } from "./talk.js";

/** Where a mail is handed in. */
export interface Submission {
  readonly place: Place;
  readonly access: Access;
}

export interface Envelope {
  readonly from: string;
  readonly to: string;
}

/** How a submission ended. */
export interface Submitted {
  readonly verdict: Verdict;
  /** What the server said when it took the mail, often with its number in the queue; `null` where it did not. */
  readonly accepted: string | null;
  /** How often the server asked to try again later. */
  readonly deferrals: number;
}

/** When a mail that was deferred is tried again (ms); the last one goes on. Greylisting often ends within the minute. */
const AGAIN_MS = [5_000, 10_000, 20_000, 30_000, 60_000];

/** Hands a mail in; where the server asks to try again later (4xx) it is tried again until `signal` ends that. */
export async function submit(
  { place, access }: Submission,
  envelope: Envelope,
  mail: string,
  eyes: Eyes,
  signal: AbortSignal,
): Promise<Submitted> {
  const protocol = smtpProtocol();
  for (let deferrals = 0; ; deferrals += 1) {
    let accepted: string | null = null;
    const verdict = await visitPlace(eyes, place, signal, (visit) =>
      converse(protocol, access, visit, async (conversation) => {
        accepted = await hand(conversation, envelope, mail);
        return up();
      }),
    );
    if (accepted !== null || verdict.reason !== "try-later" || verdict.outcome !== "degraded")
      return { verdict, accepted, deferrals };
    try {
      await sleep(AGAIN_MS[Math.min(deferrals, AGAIN_MS.length - 1)], undefined, { signal });
    } catch {
      return { verdict, accepted, deferrals: deferrals + 1 };
    }
  }
}

async function hand(
  { say, message }: SmtpConversation,
  { from, to }: Envelope,
  mail: string,
): Promise<string> {
  await say("mail", `MAIL FROM:<${from}>`, [250]);
  await say("rcpt", `RCPT TO:<${to}>`, [250, 251, 252]);
  return message(mail);
}
