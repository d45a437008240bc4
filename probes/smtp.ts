import { z } from "zod";
import { up } from "./failures.js";
import { accessKeys, accessTo } from "./mail/access.js";
import { MAIL_ADDRESS, mailAddress } from "./mail/address.js";
import { smtpProtocol, type SmtpConversation } from "./mail/smtp.js";
import { converse } from "./mail/talk.js";
import { placeTarget, readPlace } from "./place.js";
import type { Probe } from "./probe.js";
import { readSettings } from "./settings.js";
import { visitPlace } from "./visit.js";

const target = placeTarget(false);
const NAME = "expected a host name or an address literal such as [192.0.2.1]";

const options = z.strictObject({
  /** How to come in; STARTTLS by default required on 587, else used where offered. */
  ...accessKeys,
  /** How we call ourselves; default: this machine's name, or its address in brackets. */
  ehlo: z
    .string({ error: NAME })
    .regex(/^(?:[A-Za-z0-9.-]{1,253}|\[[A-Za-z0-9.:]{2,60}\])$/, { error: NAME })
    .optional(),
  /** Asks whether this mail would be taken, and sends none; an empty `from` is the null sender. */
  mail: z
    .strictObject(
      { from: z.union([mailAddress, z.literal("")], { error: MAIL_ADDRESS }), to: mailAddress },
      { error: "expected { from, to }" },
    )
    .optional(),
});
type Mail = NonNullable<z.output<typeof options>["mail"]>;

/**
 * A mail server that greets us, accepts EHLO, encrypts, lets us log in and would take the mail – as far as
 * each is asked for – is up. Degraded: STARTTLS not offered or refused where it is merely `offered`, a sender
 * or recipient to be tried later (4xx: greylisting), and there a certificate that cannot be trusted, which
 * sending servers do not mind. Down: 421 anywhere, any other refusal, and a missing or bad encryption where it is
 * required or a login is to follow: a password goes out only over TLS that was found good, unless
 * `auth.plaintext`. Facts: `greeting`, `offers`, `login`, `tls`; after a refusal `stage`, `code`, `enhanced`
 * (RFC 3463) and `reply`, in which the login is masked.
 */
export const smtp: Probe = {
  kind: "smtp",
  target,
  options,
  prepare(aim, raw, eyes) {
    const { ehlo, mail, family, ...wishes } = readSettings(options, raw, "smtp");
    const place = readPlace(readSettings(target, aim, "target"), 25);
    if (!place) throw new Error("target: expected host[:port]");
    const access = accessTo(place, wishes, {
      kind: "smtp",
      tlsPort: 465,
      starttls: place.port === 587 ? "required" : "offered",
    });
    const protocol = smtpProtocol(ehlo);
    return (signal) =>
      visitPlace(eyes, { ...place, family }, signal, (visit) =>
        converse(protocol, access, visit, async (conversation) => {
          if (mail) await offerMail(conversation, mail);
          return up();
        }),
      );
  },
};

/** Names sender and recipient, and takes both back. */
async function offerMail({ say }: SmtpConversation, { from, to }: Mail): Promise<void> {
  await say("mail", `MAIL FROM:<${from}>`, [250]);
  await say("rcpt", `RCPT TO:<${to}>`, [250, 251, 252]);
  await say("rset", "RSET", [250]);
}
