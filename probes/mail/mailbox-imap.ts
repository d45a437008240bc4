import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { down, up } from "../failures.js";
import type { Verdict } from "../probe.js";
import { isReport, readBounce } from "./bounce.js";
import { fieldOf, fieldsOf } from "./headers.js";
import { openFolder } from "./imap-folder.js";
import { imapDate, pairsOf, type Part } from "./imap-response.js";
import { imapProtocol, said, type Answer, type ImapConversation } from "./imap.js";
import type { Desk } from "./mailbox.js";
import { readToken, TRIP_HEADER } from "./trip-mail.js";

/** Headers of fifty mails at once have room in an answer. */
const AT_ONCE = 50;
const HEADER_BYTES = 16 * 1024;
const REPORT_BYTES = 64 * 1024;
export const mailboxProtocol = imapProtocol({
  line: 256 * 1024,
  total: 2 * 1024 * 1024,
  lines: 20_000,
});

/** How many mails are removed by one command. */
const GONE_AT_ONCE = 400;
/** Listening to a server that says nothing is interrupted so often (ms), to ask whether there is something. */
const ASK_MS = 15_000;
const SHORTEST_PAUSE_MS = 1_000;
/** Mails that come together are read together (ms); this is also how fast a server may drive us round at most. */
const GATHERING_MS = 20;
const READING = down("listing-failed");

/**
 * Reads a folder for the desk as long as it is needed: once what lies there of ours, then what comes. Where
 * the server offers IDLE it is listened to, else it is asked, the more seldom the longer nobody new waits. What
 * is removed is named by its UID (UIDPLUS, RFC 4315); without that it is only marked as deleted, as an EXPUNGE
 * would take with it what others have marked.
 */
export async function readFolder(
  imap: ImapConversation,
  folder: string,
  desk: Desk,
  socket: Socket,
): Promise<Verdict> {
  const { uidNext, uidValidity } = await openFolder(imap, folder, true);
  let next = uidNext ?? (await lastUid(imap)) + 1;
  desk.opened();
  let changed = false;
  let listens = imap.can("IDLE");

  /** Notes whether an answer to anything says that more has come. */
  const noting = (answer: Answer): Answer => {
    if (!changed && said(answer.untagged, "EXISTS").length > 0) {
      changed = true;
      desk.noticed();
    }
    return answer;
  };
  const ask = async (command: string, ...args: readonly string[]): Promise<Answer> => {
    desk.moving();
    return noting(await imap.need(READING, command, ...args));
  };
  const uidsOf = ({ untagged }: Answer): number[] =>
    said(untagged, "SEARCH")
      .flatMap(({ rest }) => rest.map(Number))
      .filter((uid) => Number.isSafeInteger(uid) && uid > 0)
      .toSorted((a, b) => a - b);

  const show = async (uids: readonly number[]): Promise<void> => {
    for (let at = 0; at < uids.length; at += AT_ONCE) {
      const some = uids.slice(at, at + AT_ONCE).join(",");
      const items = `(UID INTERNALDATE BODY.PEEK[HEADER]<0.${HEADER_BYTES}>)`;
      const { untagged } = await ask(`UID FETCH ${some} ${items}`);
      for (const { rest } of said(untagged, "FETCH")) await showOne(pairsOf(rest[0]));
    }
  };
  const showOne = async (mail: ReadonlyMap<string, Part>): Promise<void> => {
    const uid = Number(mail.get("UID"));
    const header = textOf(mail, "BODY[HEADER]");
    if (!Number.isSafeInteger(uid) || header === null) return;
    const fields = fieldsOf(header);
    const isBounce = isReport(fieldOf(fields, "content-type"));
    const text = isBounce ? await bodyOf(uid) : (fieldOf(fields, TRIP_HEADER.toLowerCase()) ?? "");
    const token = readToken(text);
    const bounce = isBounce ? readBounce(text) : null;
    if (!token || (isBounce && !bounce)) return;
    const receivedAt = imapDate(mail.get("INTERNALDATE"));
    desk.found({ id: `${uidValidity}:${uid}`, token, header, receivedAt, bounce });
  };
  const bodyOf = async (uid: number): Promise<string> => {
    const { untagged } = await ask(`UID FETCH ${uid} (UID BODY.PEEK[]<0.${REPORT_BYTES}>)`);
    const [mail] = said(untagged, "FETCH");
    return textOf(pairsOf(mail?.rest[0]), "BODY[]") ?? "";
  };

  const remove = async (ids: readonly string[]): Promise<void> => {
    const prefix = `${uidValidity}:`;
    // The folder was made anew meanwhile: its numbers mean other mails.
    const foreign = ids.filter((id) => !id.startsWith(prefix));
    desk.removed(foreign, false);
    const uids = ids.filter((id) => id.startsWith(prefix));
    for (let at = 0; at < uids.length; at += GONE_AT_ONCE) {
      const some = uids.slice(at, at + GONE_AT_ONCE);
      const set = some.map((id) => id.slice(prefix.length)).join(",");
      desk.moving();
      const marked = noting(await imap.command(`UID STORE ${set} +FLAGS.SILENT (\\Deleted)`));
      const canExpunge = imap.can("UIDPLUS") || imap.can("IMAP4REV2");
      const gone = canExpunge ? noting(await imap.command(`UID EXPUNGE ${set}`)) : marked;
      desk.removed(some, marked.status === "OK" && gone.status === "OK");
    }
  };

  // Not every server searches headers; what lies there then stays.
  const mine = noting(await imap.command(`UID SEARCH UNDELETED HEADER ${TRIP_HEADER} ""`));
  const before = next;
  await show(uidsOf(mine).filter((uid) => uid < before));
  for (changed = true; ;) {
    const going = desk.toRemove();
    if (going.length > 0) await remove(going);
    if (changed) {
      changed = false;
      // `*` is the last one even where that is older.
      const uids = uidsOf(await ask(`UID SEARCH UID ${next}:*`)).filter((uid) => uid >= next);
      next = (uids.at(-1) ?? next - 1) + 1;
      await show(uids);
      continue;
    }
    if (desk.over()) return up();
    const youngestMs = desk.youngestMs();
    // A process that has nothing else to do need not stay for this.
    if (youngestMs === null) socket.unref();
    else socket.ref();
    desk.moving();
    if (listens) {
      const answer = noting(await imap.idle(desk.change(ASK_MS)));
      // What it offers it may yet refuse.
      listens = answer.status === "OK";
      await sleep(GATHERING_MS);
    } else
      await desk.change(Math.min(ASK_MS, Math.max(SHORTEST_PAUSE_MS, (youngestMs ?? ASK_MS) / 4)));
    if (!changed && desk.toRemove().length === 0) await ask("NOOP");
  }
}

/** The highest UID of a folder whose server does not say which comes next; 0 where it is empty. */
async function lastUid(imap: ImapConversation): Promise<number> {
  const { untagged } = await imap.command("FETCH * (UID)");
  const [last] = said(untagged, "FETCH");
  return Number(pairsOf(last?.rest[0]).get("UID") ?? 0);
}

/** The value of an item whose name may bear where it begins: `BODY[HEADER]<0>`. */
function textOf(mail: ReadonlyMap<string, Part>, name: string): string | null {
  for (const [key, value] of mail)
    if (key === name || key === `${name}<0>`) return typeof value === "string" ? value : null;
  return null;
}
