import { down } from "../failures.js";
import type { Fact } from "../probe.js";
import { imapDate, folderName, isList, pairsOf } from "./imap-response.js";
import { said, type ImapConversation } from "./imap.js";

/** How many of the last messages are looked at: one that was moved here is last, and may be old. */
const LAST = 20;

export interface OpenFolder {
  readonly messages: number;
  /** What the next message will be called … */
  readonly uidNext: number | null;
  /** … as long as this number is the same. */
  readonly uidValidity: number;
  /** Whether it was opened for writing. */
  readonly writable: boolean;
}

/** Opens a folder, with EXAMINE unless `write`; refused, the look ends as `folder-refused`. */
export async function openFolder(
  imap: ImapConversation,
  name: string,
  write = false,
): Promise<OpenFolder> {
  const answer = await imap.need(
    down("folder-refused"),
    write ? "SELECT" : "EXAMINE",
    folderName(name),
  );
  const numberIn = (word: string): number | null => {
    const form = new RegExp(`^${word} (\\d{1,10})$`);
    const [found] = answer.untagged.flatMap(({ code }) => form.exec(code)?.[1] ?? []);
    return found === undefined ? null : Number(found);
  };
  return {
    messages: said(answer.untagged, "EXISTS").at(-1)?.number ?? 0,
    uidNext: numberIn("UIDNEXT"),
    uidValidity: numberIn("UIDVALIDITY") ?? 0,
    writable: write && answer.code !== "READ-ONLY",
  };
}

/** When the newest of the last messages of the open folder came in (epoch ms); `null` where there is none. */
export async function newestArrival(
  imap: ImapConversation,
  messages: number,
): Promise<number | null> {
  if (messages === 0) return null;
  const range = `${Math.max(1, messages - LAST + 1)}:${messages}`;
  const { untagged } = await imap.need(down("listing-failed"), `FETCH ${range} (INTERNALDATE)`);
  const dates = said(untagged, "FETCH").map(({ rest }) =>
    imapDate(pairsOf(rest[0]).get("INTERNALDATE")),
  );
  return dates.reduce(
    (newest, date) => (date !== null && date > (newest ?? 0) ? date : newest),
    null,
  );
}

/** How full a folder's quota is (RFC 9208): the fullest of its resources in percent, and all of them. */
export interface Quota {
  readonly percent: number;
  readonly facts: Readonly<Record<string, Fact>>;
}

/** `null` where the server has no quotas, or none for this folder. */
export async function quotaOf(imap: ImapConversation, name: string): Promise<Quota | null> {
  if (!imap.can("QUOTA")) return null;
  const { status, untagged } = await imap.command("GETQUOTAROOT", folderName(name));
  if (status !== "OK") return null;
  const facts: Record<string, Fact> = {};
  let percent: number | null = null;
  for (const { rest } of said(untagged, "QUOTA")) {
    const [, resources] = rest;
    if (!isList(resources)) continue;
    for (let at = 0; at + 2 < resources.length; at += 3) {
      const [resource, used, limit] = resources.slice(at, at + 3).map(String);
      const share = (Number(used) / Number(limit)) * 100;
      if (resource === undefined || !Number.isFinite(share)) continue;
      percent = Math.max(percent ?? 0, share);
      // Storage is counted in units of 1024 bytes (section 5.1).
      const unit = /^storage$/i.test(resource) ? "Kb" : "";
      const word = resource.toLowerCase().slice(0, 40);
      facts[`${word}${unit}`] = { used: Number(used), limit: Number(limit) };
    }
  }
  if (percent === null) return null;
  const rounded = Math.round(percent * 10) / 10;
  return { percent: rounded, facts: { percent: rounded, ...facts } };
}
