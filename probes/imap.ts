import { z } from "zod";
import { durationText, milliseconds } from "./duration.js";
import { degraded, down, up, worse } from "./failures.js";
import { accessKeys, accessTo } from "./mail/access.js";
import { imapProtocol, type ImapConversation } from "./mail/imap.js";
import { newestArrival, openFolder, quotaOf } from "./mail/imap-folder.js";
import { converse } from "./mail/talk.js";
import { placeTarget, readPlace } from "./place.js";
import type { Fact, Probe, Verdict } from "./probe.js";
import { readSettings } from "./settings.js";
import { visitPlace } from "./visit.js";

const target = placeTarget(false);

const FOLDER = "expected the name of a folder such as INBOX";
const LIMITS = "expected { newest, quota }";
const limits = z.strictObject(
  {
    /** The newest message is at most this old. */
    newest: durationText().optional(),
    /** The fullest quota is at most this full, in percent. */
    quota: z.number({ error: "expected a percentage" }).min(1).max(100).optional(),
  },
  { error: LIMITS },
);

const options = z.strictObject({
  /** How to come in; STARTTLS by default used where offered. */
  ...accessKeys,
  /** The folder that is opened after the login. */
  mailbox: z
    .string({ error: FOLDER })
    .min(1, { error: FOLDER })
    .max(255)
    .regex(/^\P{Cc}*$/u, { error: FOLDER })
    .default("INBOX"),
  /** Opens it with SELECT, as a mail program does, and wants it writable; otherwise EXAMINE, which changes nothing. */
  write: z.boolean({ error: "expected true or false" }).default(false),
  /** Beyond these it is down … */
  expect: limits.prefault({}),
  /** … and beyond these degraded. */
  warn: limits.prefault({}),
});
type Wishes = Omit<z.output<typeof options>, keyof typeof accessKeys>;

/**
 * A mailbox server that greets us, encrypts, lets us log in and opens the folder – as far as each is asked
 * for – is up; without `auth` it ends with what is offered. Down: any refusal, a bad certificate, encryption that
 * is missing before a login, a newest message or a quota beyond `expect`. Degraded: STARTTLS not offered where
 * it need not be, a folder that should be writable and is not, and what is beyond `warn`. Facts: `greeting`,
 * `capabilities`, `login`, `mailbox` `{ messages, newestAgeSeconds }`, `quota`, `tls`; after a refusal
 * `stage`, `code` (RFC 5530) and `reply`, in which the login is masked.
 */
export const imap: Probe = {
  kind: "imap",
  target,
  options,
  prepare(aim, raw, eyes) {
    const { family, ...settings } = readSettings(options, raw, "imap");
    const place = readPlace(readSettings(target, aim, "target"), 143);
    if (!place) throw new Error("target: expected host[:port]");
    const wanted = { ...settings.expect, ...settings.warn };
    if (!settings.auth && (settings.write || Object.keys(wanted).length > 0))
      throw new Error("imap.auth: without a login no folder is opened");
    const access = accessTo(place, settings, { kind: "imap", tlsPort: 993, starttls: "offered" });
    const protocol = imapProtocol();
    return (signal) =>
      visitPlace(eyes, { ...place, family }, signal, (visit) =>
        converse(protocol, access, visit, async (conversation, { at, facts }) => {
          if (!access.auth) return up();
          at("open");
          return judgeFolder(conversation, settings, { at, facts, now: visit.now });
        }),
      );
  },
};

interface Noting {
  readonly at: (stage: string) => void;
  readonly facts: Record<string, Fact>;
  readonly now: Date;
}

async function judgeFolder(
  conversation: ImapConversation,
  { mailbox, write, expect, warn }: Wishes,
  { at, facts, now }: Noting,
): Promise<Verdict> {
  const { messages, writable } = await openFolder(conversation, mailbox, write);
  facts["mailbox"] = { messages };
  at("list");
  const newest = await newestArrival(conversation, messages);
  const ageMs = newest === null ? null : Math.max(0, now.getTime() - newest);
  facts["mailbox"] = {
    messages,
    newestAgeSeconds: ageMs === null ? null : Math.round(ageMs / 1_000),
  };
  at("quota");
  const quota = await quotaOf(conversation, mailbox);
  if (quota) facts["quota"] = quota.facts;

  const tooOld = (limit: string | undefined): boolean =>
    limit !== undefined && (ageMs ?? Infinity) > (milliseconds(limit) ?? Infinity);
  const tooFull = (limit: number | undefined): boolean =>
    limit !== undefined && quota !== null && quota.percent >= limit;
  const found: readonly (readonly [boolean, Verdict])[] = [
    [tooOld(expect.newest), down("mail-stale")],
    [tooFull(expect.quota), down("quota-full")],
    [write && !writable, degraded("folder-read-only")],
    [tooOld(warn.newest), degraded("mail-stale")],
    [tooFull(warn.quota), degraded("quota-full")],
    [!quota && (expect.quota ?? warn.quota) !== undefined, degraded("quota-unknown")],
  ];
  return found.reduce((verdict, [holds, one]) => (holds ? worse(verdict, one) : verdict), up());
}
