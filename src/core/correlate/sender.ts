import type { Account, Directory, Domain } from "../directory.js";
import type { Extraction, Mention, ReportText } from "../extract/extraction.js";
import { fold, tokens } from "../extract/fold.js";
import type { Sender } from "./verdict.js";

/** Somebody whose services a report is about: the sender, or the owner of what it names. */
export interface Subject {
  readonly account: Account;
  /** The domain it names; `null` where the account as a whole is meant. */
  readonly domain: Domain | null;
  /** A site is named, rather than an address for mail. */
  readonly site: boolean;
  /** How sure it is that the account is meant, 0–1. */
  readonly certainty: number;
}

const CERTAIN: Readonly<Record<Sender["how"], number>> = {
  proven: 1,
  contact: 0.97,
  "own-domain": 0.92,
  "named-account": 0.95,
  "named-domain": 0.85,
  company: 0.75,
};

/** A name in a signature or quotation is somebody's, though not always the writer's. */
const ASIDE = 0.75;
/** What is a letter away from a customer's domain. */
const MEANT = 0.6;
/** Of a company's telling words, the least share that names it. */
const COMPANY_SHARE = 0.6;
/** Of a name that the channel gives, the least share that may name a company. */
const PART_OF_NAME = 0.45;
const LONGEST_NAME = 200;
/** How much further the best company has to be than the next. */
const COMPANY_LEAD = 0.15;

/**
 * Whose report it is: by what the channel proves, else by the address it came from, else by what it
 * names itself; `null` where nothing tells. A sender found by a name is not proven to be theirs.
 */
export function identify(
  report: ReportText,
  extraction: Extraction,
  directory: Directory,
): Sender | null {
  const proven = report.accountId === null ? null : accountCalled(report.accountId, directory);
  if (proven) return sender(proven, "proven");
  return (
    byAddress(report.from, extraction, directory) ??
    byNumber(extraction, directory) ??
    byDomain(extraction, directory) ??
    byCompany(report, extraction, directory)
  );
}

/**
 * Whose services the report is about, surest first: owners of the domains it names, wherever they
 * are customers, and the sender. An agency that writes for a client means the client's.
 */
export function subjectsOf(
  extraction: Extraction,
  sender: Sender | null,
  directory: Directory,
): readonly Subject[] {
  const subjects = new Map<string, Subject>();
  const add = (subject: Subject) => {
    const key = `${subject.account.id} ${subject.domain?.ascii ?? ""}`;
    const before = subjects.get(key);
    if ((before?.certainty ?? 0) <= subject.certainty)
      subjects.set(key, { ...subject, site: subject.site || before?.site === true });
  };
  for (const { owner, certainty, mention } of namedOwners(extraction, directory)) {
    if (mention.role === "remote" || mention.aside) continue;
    const isOwn = owner.account.id === sender?.accountId;
    const sure = isOwn ? Math.max(certainty, sender.certainty) : certainty;
    const site = mention.kind === "domain";
    add({ account: owner.account, domain: owner.domain, site, certainty: sure });
  }
  for (const mention of extraction.mentions) {
    const account =
      mention.kind === "account" && !mention.aside ? accountCalled(mention.value, directory) : null;
    if (account) add({ account, domain: null, site: false, certainty: CERTAIN["named-account"] });
  }
  const own = sender && directory.account(sender.accountId);
  if (own && ![...subjects.values()].some(({ account }) => account.id === own.id)) {
    const meansOthers = subjects.size > 0;
    add({
      account: own,
      domain: null,
      site: false,
      certainty: meansOthers ? sender.certainty / 2 : sender.certainty,
    });
  }
  return [...subjects.values()].sort((a, b) => b.certainty - a.certainty);
}

const sender = (account: Account, how: Sender["how"], share = 1): Sender => ({
  accountId: account.id,
  how,
  certainty: CERTAIN[how] * share,
});

function accountCalled(id: string, directory: Directory): Account | null {
  return (
    directory.account(id) ??
    directory.account(id.toUpperCase()) ??
    directory.account(id.toLowerCase())
  );
}

/** An address that several accounts share (an agency's) means the one whose domain is named. */
function byAddress(
  from: string | null,
  extraction: Extraction,
  directory: Directory,
): Sender | null {
  if (from === null || from === "") return null;
  const address = from.trim().toLowerCase();
  const all = directory.accountsOf(address);
  const contacts = all.filter(({ contacts }) =>
    contacts.some((contact) => contact.toLowerCase() === address),
  );
  const [how, accounts]: [Sender["how"], readonly Account[]] =
    contacts.length > 0 ? ["contact", contacts] : ["own-domain", all];
  const [first] = accounts;
  if (!first) return null;
  if (accounts.length === 1) return sender(first, how);
  const named = new Set(namedOwners(extraction, directory).map(({ owner }) => owner.account.id));
  const meant = accounts.filter(({ id }) => named.has(id));
  const [only] = meant;
  return only && meant.length === 1
    ? sender(only, how)
    : sender(only ?? first, how, 1 / (meant.length || accounts.length));
}

function byNumber(extraction: Extraction, directory: Directory): Sender | null {
  for (const { kind, value, aside } of extraction.mentions) {
    const account = kind === "account" ? accountCalled(value, directory) : null;
    if (account) return sender(account, "named-account", aside ? ASIDE : 1);
  }
  return null;
}

function byDomain(extraction: Extraction, directory: Directory): Sender | null {
  const named = namedOwners(extraction, directory).filter(
    ({ mention }) => mention.role !== "remote",
  );
  const [best] = [...named].sort((a, b) => b.certainty - a.certainty);
  if (!best) return null;
  const rivals = new Set(
    named
      .filter(({ certainty }) => certainty === best.certainty)
      .map(({ owner }) => owner.account.id),
  );
  return {
    accountId: best.owner.account.id,
    how: "named-domain",
    certainty: best.certainty / rivals.size,
  };
}

function namedOwners(extraction: Extraction, directory: Directory) {
  return extraction.mentions.flatMap((mention) => {
    if (mention.kind !== "domain" && mention.kind !== "mailbox") return [];
    const exact = directory.ownerOf(hostOf(mention)) ?? directory.ownerOf(hostPart(mention.value));
    const owner = exact ?? (mention.meant === null ? null : directory.ownerOf(mention.meant));
    if (!owner) return [];
    const certainty = CERTAIN["named-domain"] * (exact ? 1 : MEANT) * (mention.aside ? ASIDE : 1);
    return [{ owner, certainty, mention }];
  });
}

const hostPart = (name: string): string => name.slice(name.lastIndexOf("@") + 1);
const hostOf = ({ written }: Mention): string => hostPart(written.toLowerCase());

/** By a name in the text as it was read there, else by the name that the channel gives. */
function byCompany(
  { fromName }: ReportText,
  extraction: Extraction,
  directory: Directory,
): Sender | null {
  for (const { kind, value } of extraction.mentions) {
    const account = kind === "company" ? accountCalled(value, directory) : null;
    if (account) return sender(account, "company");
  }
  if (fromName === null) return null;
  const name = tokens(fold(fromName.slice(0, LONGEST_NAME))).map(({ word }) => word);
  // A name alone may be short of the company's: what the text says of it may make it whole.
  const found =
    companyCalled(name, directory, COMPANY_SHARE) ??
    companyCalled([...name, ...extraction.words], directory, COMPANY_SHARE) ??
    companyCalled(name, directory, PART_OF_NAME);
  return found && sender(found.account, "company", found.share);
}

function companyCalled(words: readonly string[], directory: Directory, least: number) {
  const [best, next] = directory.companiesNamed(words);
  if (!best || best.share < least) return null;
  return next && best.share - next.share < COMPANY_LEAD ? null : best;
}
