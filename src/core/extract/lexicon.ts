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
  /** "Forwarded message" between dashes, above a mail that is handed on. */
  readonly forwarded: readonly string[];
  /** "Original message" between dashes, above a mail that is answered. */
  readonly original: readonly string[];
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
  /** "site", "shop": what a site called by its name stands beside; parted by spaces, `*` stands for any ending. */
  readonly site: string;
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
 * - `set_up|add|~` several words, or a denial, as one of the choices
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

/** Words and sayings parted by commas, in the language's own spelling; `*` ends a stem of three letters or more: "hodin*". */
export type Words = string;

export const DAY_PARTS = [
  "dawn",
  "early",
  "morning",
  "forenoon",
  "late-morning",
  "noon",
  "afternoon",
  "late-afternoon",
  "evening",
  "late-evening",
  "night",
  "midnight",
] as const;
export type DayPart = (typeof DAY_PARTS)[number];

/** A word beside a time: before it ("since eight") or after it ("nyolc óta"). */
export interface Beside {
  readonly before: Words;
  readonly after: Words;
}

/** SINCE WHEN. A time is put together from these by one grammar for all languages. */
export interface TimeWords {
  /** Counts, in every form that they take: 2: "két, kettő". They are hours of the clock as well. */
  readonly numbers: Readonly<Record<number, Words>>;
  /** Forms that only an hour of the clock has: 5: "piątej, piąta". */
  readonly hours: Readonly<Record<number, Words>>;
  /** "a few", "several" */
  readonly few: Words;
  /** Counts that are rough by nature: 15: "kilkanaście". */
  readonly rough: Readonly<Record<number, Words>>;
  readonly units: Readonly<
    Record<"second" | "minute" | "hour" | "day" | "week" | "month" | "year", Words>
  >;
  /** Forms of the units that say by themselves that it goes on: "perce", "órája". */
  readonly unitsUntilNow: Words;
  /** Spans said without a count, in minutes: 30: "half an hour", 60: "hour". */
  readonly spans: Readonly<Record<number, Words>>;
  /** Spans that say only roughly how long, in minutes: 180: "for hours". */
  readonly roughSpans: Readonly<Record<number, Words>>;
  /** "for a long time", "lately": no span at all. */
  readonly lately: Words;
  /** How the clock is told: the hour is `{h}`, minutes are `{m}`; what is added to the hour is in minutes. */
  readonly clock: readonly (readonly [saying: string, minutes: number | "+m" | "-m"])[];
  /** Beside the number of an hour: "Uhr", "godz." */
  readonly hourWord: Beside;
  /** "od 14 hodin" is since two o'clock, though "14 hodin" alone is for fourteen hours. */
  readonly hoursAfterSinceAreClock: boolean;
  /** 8:15 is in the morning unless something else is said. */
  readonly clockOf24: boolean;
  readonly am: Words;
  readonly pm: Words;
  /** Endings that do the work of a word beside: "nyolctól", "8-tól". */
  readonly endings: Readonly<Record<"since" | "at" | "until" | "date", Words>>;
  /** Endings of an ordinal written in digits: "23rd", "8-mej". */
  readonly ordinals: Words;
  readonly parts: Readonly<Record<DayPart, Words>>;
  /** Days back: 0 is today. */
  readonly days: Readonly<Record<0 | 1 | 2 | 3, Words>>;
  /** The same as adjectives, a time only after "since" or before a part of the day: "včerejší". */
  readonly adjectiveDays: Readonly<Record<0 | 1, Words>>;
  /** A day and its part in one: "sinoči", "last night". */
  readonly dayParts: readonly (readonly [sayings: Words, back: 0 | 1, part: DayPart])[];
  /** "all day", "the whole day" */
  readonly wholeDay: Words;
  /** Monday first. */
  readonly weekdays: readonly [Words, Words, Words, Words, Words, Words, Words];
  /** "last" as of "last Monday" */
  readonly last: Words;
  /** January first. */
  readonly months: readonly Words[];
  /** How a date in digits is ordered. */
  readonly dateOrder: "day-month" | "month-day";
  readonly anchors: Readonly<Record<"weekend" | "week-start" | "last-week" | "last-month", Words>>;

  /** From a moment on: "since", "from", "óta". */
  readonly since: Beside;
  /** Before or after a span that reaches until now: "for", "for the last", "already"; also "even after" it. */
  readonly lasting: Beside;
  /** "two hours ago" */
  readonly ago: Beside;
  /** "at", "on", "around": with the hour of the clock as well */
  readonly at: Beside;
  /** "in", "during": with a part of the day or a day, never with an hour */
  readonly during: Beside;
  readonly until: Beside;
  readonly before: Beside;
  readonly after: Beside;
  readonly between: Beside;
  /** What joins the two ends of a range: "and", "to". */
  readonly to: Words;
  /** What makes of a time no beginning: "in 5 minutes", "every hour", "tomorrow", "within", "late". */
  readonly void: Beside;
  readonly about: Words;
  /** "the", "a little": said inside a time without a meaning for it. */
  readonly filler: Words;
  /** "the whole (morning)" */
  readonly whole: Words;
  /** Greetings and other sayings with a word of time in them that tell none: "good morning". */
  readonly greetings: Words;

  // Words of a clause that say what the time in it is the time of.

  /** Something is wrong: denial, failure, error. */
  readonly trouble: Words;
  /** Something is in order: "works", "fine". */
  readonly works: Words;
  /** "still", in "it still worked" */
  readonly still: Words;
  /** "again", in "it works again" */
  readonly again: Words;
  /** "it began", "I noticed", "stopped", "for the first time" */
  readonly onset: Words;
  /** "since then", "since I", "ever since": points to a moment said elsewhere. */
  readonly pointer: Words;
  /** What the customer did themselves: "I changed", "installed", "deleted". */
  readonly changed: Words;
  /** Writing and calling about it: "I wrote", "we reported". */
  readonly contact: Words;
  /** Owning, buying, opening hours, deadlines, plans: times of these are no beginnings of faults. */
  readonly other: Words;
  /** Begins another clause without a comma: "but", "and", "while". */
  readonly join: Words;
  /** What is counted: "customers", "computers": a number before it is no hour. */
  readonly things: Words;
}
