import { z } from "zod";
import { durationText, milliseconds } from "./duration.js";
import { accessKeys, accessTo, loginKeys } from "./mail/access.js";
import { mailAddress } from "./mail/address.js";
import { AUTH_RESULTS } from "./mail/authentication-results.js";
import type { MailboxAt } from "./mail/mailboxes.js";
import { markOf } from "./mail/trip-mail.js";
import { makeTrip, type TripPlan } from "./mail/trip.js";
import { placeTarget, readPlace } from "./place.js";
import type { Probe } from "./probe.js";
import { readSettings } from "./settings.js";

const target = placeTarget(false);

const READ = "expected { imap or pop3: host[:port], username, password }";
const FOLDER = "expected the name of a folder such as INBOX";
const RESULT = `expected one of ${AUTH_RESULTS.join(", ")}, or a list of them`;
const result = z.enum(AUTH_RESULTS, { error: RESULT });
const results = z.union([result.transform((one) => [one]), z.array(result).min(1)], {
  error: RESULT,
});
const { starttls, implicitTls, tls, family } = accessKeys;

const options = z.strictObject({
  /** How to hand the mail in; STARTTLS by default required, and used where offered on 25. */
  ...accessKeys,
  from: mailAddress,
  to: mailAddress,
  /** The mailbox where it arrives; encrypted from the first byte on 993 and 995, which go without saying. */
  read: z
    .strictObject(
      {
        imap: placeTarget(false).optional(),
        pop3: placeTarget(false).optional(),
        ...loginKeys,
        /** Where it arrives; with POP3 there is one folder only. */
        mailbox: z
          .string({ error: FOLDER })
          .min(1, { error: FOLDER })
          .max(255)
          .regex(/^\P{Cc}*$/u, { error: FOLDER })
          .default("INBOX"),
        starttls,
        implicitTls,
        tls,
        family,
      },
      { error: READ },
    )
    .refine(({ imap, pop3 }) => (imap === undefined) !== (pop3 === undefined), { error: READ }),
  /** A trip that took longer is degraded. */
  slow: durationText().default("1m"),
  /** What the receiver's Authentication-Results should say; otherwise it is degraded. */
  authentication: z
    .strictObject(
      {
        /** The receiver's name in them; default: that of the topmost. */
        receiver: z.string({ error: "expected a host name" }).min(1).max(253).optional(),
        spf: results.optional(),
        dkim: results.optional(),
        dmarc: results.optional(),
      },
      { error: "expected { receiver, spf, dkim, dmarc }" },
    )
    .prefault({}),
});
type Options = z.output<typeof options>;

/**
 * A mail is handed in, found in its mailbox and deleted: then it is up. Degraded: later than `slow`, deferred at
 * first (4xx), verdicts of SPF, DKIM or DMARC other than expected, a mail that could not be deleted. Down: whatever keeps it
 * from being handed in, from arriving before the look's time ends, or from being listed; the fact `stage` says
 * which – `submit`, `queue`, `deliver`, `list`. All trips to one mailbox share one connection to it, and each
 * touches its own mail alone. Timings: `submit`, `queue` (between servers, by their own clocks), `deliver`, `list`,
 * `remove`. Facts: `delaySeconds`, `hops`, `authentication`, `deferrals`, `lateSeconds` (of an earlier trip's mail that
 * came after its time), `accepted` (what the server said of a mail that it took and that was lost), and after a refusal those of smtp, imap or pop3.
 */
export const mailTrip: Probe = {
  kind: "mail-trip",
  target,
  options,
  patient: true,
  prepare(aim, raw, eyes) {
    const settings = readSettings(options, raw, "mail-trip");
    const plan = planOf(readSettings(target, aim, "target"), settings);
    return (signal) => makeTrip(plan, eyes, signal);
  },
};

function planOf(aim: string, settings: Options): TripPlan {
  const { from, to, family, read, slow, authentication } = settings;
  const place = readPlace(aim, 587);
  if (!place) throw new Error("target: expected host[:port]");
  const access = accessTo(place, settings, {
    kind: "mail-trip",
    tlsPort: 465,
    starttls: place.port === 25 ? "offered" : "required",
  });
  const { receiver, ...wanted } = authentication;
  return {
    submission: { place: { ...place, family }, access },
    envelope: { from, to },
    mailbox: mailboxOf(read),
    mark: markOf([
      `${place.host}:${place.port}`,
      from,
      to,
      read.imap ?? read.pop3 ?? "",
      read.username,
      read.mailbox,
    ]),
    slowMs: milliseconds(slow) ?? Infinity,
    receiver,
    wanted,
  };
}

function mailboxOf({ imap, pop3, mailbox, family, ...read }: Options["read"]): MailboxAt {
  const protocol = imap === undefined ? "pop3" : "imap";
  const tlsPort = protocol === "imap" ? 993 : 995;
  const place = readPlace(imap ?? pop3 ?? "", tlsPort);
  if (!place) throw new Error("mail-trip.read: expected host[:port]");
  const { username, password, plaintext } = read;
  const wishes = { ...read, auth: { username, password, plaintext } };
  return {
    protocol,
    place: { ...place, family },
    access: accessTo(place, wishes, { kind: "mail-trip.read", tlsPort, starttls: "required" }),
    folder: mailbox,
  };
}
