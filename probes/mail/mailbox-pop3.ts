import { setImmediate as turn } from "node:timers/promises";
import { down, Failure, up } from "../failures.js";
import type { Verdict } from "../probe.js";
import { isReport, readBounce } from "./bounce.js";
import { fieldOf, fieldsOf, hopsOf } from "./headers.js";
import type { Desk } from "./mailbox.js";
import type { Pop3Conversation } from "./pop3.js";
import { readToken, TRIP_HEADER } from "./trip-mail.js";

/** Of a mailbox met for the first time only the last messages are looked at. */
const LAST = 200;
/** So much of a report holds what it reports on. */
const REPORT_LINES = 300;
const TOO_LARGE = /^reply-too-/;
const READING = down("listing-failed");

/** The names of the messages that were looked at before. */
export type Known = Set<string>;

/**
 * One session: looks at the messages that are not `known`, and removes those that are to go. POP3 shows a mailbox
 * as it was at the login and to one at a time, so a session is as short as can be.
 */
export async function readMaildrop(
  { tell, list }: Pop3Conversation,
  known: Known,
  desk: Desk,
): Promise<Verdict> {
  desk.noticed();
  const names = new Map<string, number>();
  for (const line of await list(READING, "UIDL")) {
    const [, number, name] = /^(\d{1,9}) ([\x21-\x7e]{1,70})$/.exec(line.trim()) ?? [];
    if (number !== undefined && name !== undefined) names.set(name, Number(number));
  }
  desk.opened();
  for (const name of known) if (!names.has(name)) known.delete(name);
  for (const [name, number] of [...names].slice(-LAST)) {
    if (known.has(name)) continue;
    desk.moving();
    try {
      await showOne(name, number);
      known.add(name);
    } catch (error) {
      // One that is too large to be read is so the next time as well, and none of ours.
      if (error instanceof Failure && TOO_LARGE.test(error.verdict.reason)) known.add(name);
      throw error;
    }
  }
  // Whoever waited for one of these says now that it is to go.
  await turn();
  const going = new Map<string, boolean>();
  for (const id of desk.toRemove()) {
    const number = names.get(id);
    going.set(id, number === undefined || (await tell(`DELE ${number}`)));
  }
  // Only the goodbye makes it so (RFC 1939, section 6).
  const isDone = await tell("QUIT");
  for (const [id, isGone] of going) desk.removed([id], isDone && isGone);
  return up();

  async function showOne(id: string, number: number): Promise<void> {
    const header = (await list(READING, `TOP ${number} 0`)).join("\n");
    const fields = fieldsOf(header);
    const isBounce = isReport(fieldOf(fields, "content-type"));
    const text = isBounce
      ? (await list(READING, `TOP ${number} ${REPORT_LINES}`)).join("\n")
      : (fieldOf(fields, TRIP_HEADER.toLowerCase()) ?? "");
    const token = readToken(text);
    const bounce = isBounce ? readBounce(text) : null;
    if (!token || (isBounce && !bounce)) return;
    const receivedAt = hopsOf(fields).at(-1)?.at ?? null;
    desk.found({ id, token, header, receivedAt, bounce });
  }
}
