import type { Verdict } from "../../core/correlate/verdict.js";
import type { Read } from "../../reader/messages.js";
import type { StoredReport } from "../../store/reports.js";

/** An address that the account gave us, or one in a domain of its own. */
export function isTheirs(
  contact: string | null,
  account: (Read & { readonly ok: true })["account"],
): boolean {
  if (contact === null || account === null) return false;
  const plain = contact.toLowerCase();
  const domain = plain.slice(plain.lastIndexOf("@") + 1);
  return (
    account.contacts.some((one) => one.toLowerCase() === plain) || account.domains.includes(domain)
  );
}

/** Found by what the channel or the sender's address says, and not by a name that anybody may give. */
export const isCertain = ({ sender }: Verdict): boolean =>
  sender !== null && ["proven", "contact", "own-domain"].includes(sender.how);

/** Typed by our own staff, who read the answer themselves. */
const BY_STAFF: ReadonlySet<string> = new Set(["phone"]);

/**
 * Whether whoever reads the answer is the customer, or one of us: the channel proves it; a system of
 * ours answers to the address that it names; staff ask. What comes from the web may be anybody's.
 */
export const isTrusted = ({ source, channel }: StoredReport, verdict: Verdict): boolean =>
  verdict.sender?.how === "proven" ||
  (source !== "web" &&
    source !== "anonymous" &&
    (source === "shell" || BY_STAFF.has(channel) || isCertain(verdict)));
