import type { Place } from "../connect.js";
import type { Eyes } from "../probe.js";
import { visitPlace } from "../visit.js";
import type { Access } from "./access.js";
import { createMailbox, type Mailbox, type Reader } from "./mailbox.js";
import { mailboxProtocol, readFolder } from "./mailbox-imap.js";
import { readMaildrop, type Known } from "./mailbox-pop3.js";
import { pop3Protocol } from "./pop3.js";
import { converse } from "./talk.js";

/** Where a mailbox is and how to come in; two with the same words are one. */
export interface MailboxAt {
  readonly protocol: "imap" | "pop3";
  readonly place: Place;
  readonly access: Access;
  /** With POP3 there is one folder only. */
  readonly folder: string;
}

const opened = new WeakMap<Eyes, Map<string, Mailbox>>();

/** The mailbox there, shared by all who look with the same eyes: one connection serves them all. */
export function mailboxAt(at: MailboxAt, eyes: Eyes): Mailbox {
  const known = opened.get(eyes) ?? new Map<string, Mailbox>();
  opened.set(eyes, known);
  const key = JSON.stringify(at);
  const mailbox =
    known.get(key) ??
    createMailbox(readerOf(at, eyes), {
      pauseMs: PAUSE[at.protocol],
      now: () => eyes.now?.() ?? new Date(),
    });
  known.set(key, mailbox);
  return mailbox;
}

/** An IMAP connection goes on by itself; a POP3 one is made anew, ever more seldom while nobody new waits (ms). */
const PAUSE: Readonly<Record<MailboxAt["protocol"], (youngestMs: number) => number>> = {
  imap: () => 1_000,
  pop3: (youngestMs) => Math.min(20_000, Math.max(2_000, youngestMs / 3)),
};

function readerOf({ protocol, place, access, folder }: MailboxAt, eyes: Eyes): Reader {
  if (protocol === "imap")
    return (desk, signal) =>
      visitPlace(eyes, place, signal, (visit) =>
        converse(mailboxProtocol, access, visit, (imap, { at }) => {
          at("list");
          return readFolder(imap, folder, desk, visit.socket);
        }),
      );
  const known: Known = new Set();
  return (desk, signal) =>
    visitPlace(eyes, place, signal, (visit) =>
      converse(pop3Protocol, access, visit, (pop3, { at }) => {
        at("list");
        return readMaildrop(pop3, known, desk);
      }),
    );
}
