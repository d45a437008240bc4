import type { Language } from "../languages.js";
import type { Cue, Symptom } from "./extraction.js";

/** What reading a language needs to know of it; one file a language in `lexicons/`. */
export interface Lexicon {
  readonly language: Language;
  readonly letters: LetterWords;
  readonly what: WhatWords;
  readonly cues: CueWords;
  readonly time: TimeWords;
}

// ── how letters are written: greetings, quotations, signatures, spelled-out addresses ───────────

/** Written as the language is, with its diacritics; texts without them are understood just as well. */
export interface LetterWords {
  /** The commonest small words and those every report has, parted by spaces: what the language is told by. */
  readonly common: string;
  /** Letters that hardly another of our languages has. */
  readonly own: string;
  /** "… wrote:" above a quotation, and how such a line begins: "On …", "Dne …". */
  readonly wrote: readonly string[];
  readonly wroteBegins: readonly string[];
  /** Names of the head lines that Outlook puts above a quoted mail. */
  readonly heads: {
    readonly from: readonly string[];
    readonly sent: readonly string[];
    readonly to: readonly string[];
    readonly subject: readonly string[];
  };
  /** "Forwarded message", "Original message" between dashes. */
  readonly forwarded: readonly string[];
  /** Beginnings of "Sent from my phone". */
  readonly sentFrom: readonly string[];
  /** Beginnings of the line after which name and company follow. */
  readonly closings: readonly string[];
  /** What disclaimers under a mail say. */
  readonly confidential: readonly string[];
  /** An address read aloud: "info kukac bolt pont hu". */
  readonly spelled: {
    readonly at: readonly string[];
    readonly dot: readonly string[];
    readonly hyphen: readonly string[];
    readonly underscore: readonly string[];
  };
  /** A slip put right: "not this but that", "sorry, I meant". `*` stands for any ending. */
  readonly slip: {
    readonly not: readonly string[];
    readonly but: readonly string[];
    readonly meant: readonly string[];
  };
  /** "server", "machine": what a server's name stands beside; parted by spaces, `*` stands for any ending. */
  readonly server: string;
  /** "error", "code", "message": what an error's number stands beside; parted by spaces, `*` stands for any ending. */
  readonly error: string;
  /** What is counted, so that the number before it is no error's: "messages", "pieces", "days"; parted by spaces, `*` stands for any ending. */
  readonly counted: string;
}

// ── WHAT ─────────────────────────────────────────────────────────────────────────────────────

/**
 * Words to look for, written folded: lower case, no diacritics, `ss` for ß, `l` for ł, no
 * apostrophes (`cant`), hyphens as spaces (`wp admin`) except in `email`.
 *
 * - `error`        this word; `mail*` one that begins so, `*versand` ends so, `*versand*` has it inside
 * - `cant|cannot`  either of them; a bar joins words of one place: `web|home page` is "web page" or "home page"
 * - `again?`       may be missing
 * - `..`           up to three other words
 * - `~`            one of the language's `not` words, with up to two other words after it:
 *                  `~ send*` is "cannot send", "not able to send", "nothing can be sent"
 * - `<domain>` `<address>` `<number>`   a host name or URL, an e-mail address, digits
 *
 * Words of six letters and more are also found with one slip of the finger. A pattern stays within a
 * sentence. One that begins with `!` says what is *not* meant: it takes its words away from the
 * other patterns of the same list (`!did not change`).
 */
export type Pattern = string;

/** What a report can be about. */
export const THINGS = [
  /** E-mail in general, neither way said: "mail", "correspondence" */
  "mail",
  /** The box and the programs that open it: "inbox", "IMAP", "Outlook", "mail on my phone" */
  "mailbox",
  /** Mail on its way out: "sending", "outgoing", "SMTP", "outbox", "our newsletter" */
  "outgoing",
  /** Mail on its way in: "receiving", "incoming", "orders by mail" */
  "incoming",
  "webmail",
  /** What a web site mails by itself: "contact form", "order confirmations", "enquiries from the site" */
  "form",
  "attachment",
  /** "web site", "page", "shop", "booking system" */
  "site",
  /** What the site is made with: "WordPress", "plug-in", "theme", "admin of the shop" */
  "cms",
  "database",
  /** The hoster's own: "control panel", "customer area", "your admin" */
  "panel",
  "certificate",
  "ftp",
  /** "name server", "DNS record", "zone" */
  "dns",
  "backup",
  /** The name itself and its registration */
  "domain",
  /** Money: "invoice", "payment", "fee", "subscription" */
  "invoice",
  /** "spam", "junk", "phishing", "filter" */
  "spam",
  /** "blacklist", "reputation of the IP" */
  "blocklist",
  /** Room: "quota", "storage", "disk space" */
  "quota",
  /** "cron", "scheduled task" */
  "cron",
  /** "server", "machine", "hosting": the thing under all others */
  "server",
  /** The customer's own line: "our internet", "wifi", "router" */
  "internet",
] as const;
export type Thing = (typeof THINGS)[number];

/** What can be wrong with it. With most of them the thing decides what it means. */
export const TROUBLES = [
  /** "does not work", "is down", "died", "trouble with", "what is going on with" */
  "down",
  /** "does not open", "does not load", "cannot reach", "times out", "connection refused" */
  "unreachable",
  "slow",
  /** "shows an error", "error message", "white page" */
  "error",
  /** "cannot send", "does not go out", "stuck in the outbox", "others do not get what we send" */
  "unsent",
  /** "does not arrive", "get no", "nothing comes in" */
  "unreceived",
  /** "hours late", "delayed" (of mail) */
  "late",
  /** "came back", "bounced", "was refused" */
  "bounced",
  /** "cannot log in", "access denied", "authentication failed" */
  "login",
  /** "keeps asking for the password", "wrong password" */
  "password",
  /** "disappeared", "empty", "I deleted by mistake" */
  "missing",
  "expired",
  /** "not secure", "warning", "not trusted", "not private" */
  "insecure",
  /** "blocked", "banned", "blacklisted", "locked out" */
  "blocked",
  /** "full", "over quota" */
  "full",
  /** "forbidden", "no permission" */
  "forbidden",
  /** "page not found" */
  "notfound",
  /** "does not resolve", "server address could not be found" */
  "unresolved",
  /** "cannot upload" */
  "unuploaded",
  /** "cannot save", "cannot submit", "is not stored" */
  "unsaved",
  /** "hacked", "virus", "redirects elsewhere", "foreign advertisements" */
  "hacked",
  /** "layout fell apart", "images missing", "wrong content", "update broke it" */
  "broken",
  /** Of spam: "I get lots of", "more and more", "flooded" */
  "flood",
  /** "end up in spam", "wrongly filtered" */
  "misfiled",
  /** "restore", "bring back" */
  "restore",
  /** Of a name: "register", "renew", "transfer", "move to another provider" */
  "renew",
  /** "charged", "refund", "overpaid", "reminder", "cancel the contract" */
  "charged",
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** WHAT. Every list may be empty; names that are the same everywhere are in `international.ts`. */
export interface WhatWords {
  /** Single words of denial, refusal and failing: "not", "cannot", "nothing", "unable", "problem". */
  readonly not: readonly Pattern[];
  /** Words that begin another thought inside a sentence: "but", "while". */
  readonly but: readonly Pattern[];
  readonly things: Readonly<Record<Thing, readonly Pattern[]>>;
  readonly troubles: Readonly<Record<Trouble, readonly Pattern[]>>;
  /**
   * Said of something that is in order *now*: "works", "is fine", "all right". With a thing in the
   * same clause and no `not` word beside, that thing has no trouble: "the site is fine, only the mail…".
   */
  readonly works: readonly Pattern[];
  /** Whole sayings of the same kind, by the thing that is in order: incoming: "we can receive". */
  readonly fine: Readonly<Partial<Record<Thing, readonly Pattern[]>>>;
  /**
   * Sayings that are enough alone, by what they mean: for faults that no thing and trouble make
   * together, and for what is no fault (`howto`, `billing`, `feedback`, `domain`, `other`).
   */
  readonly phrases: Readonly<Partial<Record<Symptom, readonly Pattern[]>>>;
}

/** Sayings for each cue; `!` patterns are what looks like one and is not. `expert` needs few: hosts, ports and tools are known without. */
export type CueWords = Readonly<Record<Cue, readonly Pattern[]>>;

// ── SINCE WHEN ───────────────────────────────────────────────────────────────────────────────

export type TimeWords = Readonly<Record<never, never>>;
