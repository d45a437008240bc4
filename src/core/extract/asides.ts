import type { Extraction } from "./extraction.js";
import { type Folded, fold, type Range } from "./fold.js";
import type { LetterWords } from "./lexicon.js";
import { LEXICONS } from "./lexicons/index.js";

/** A passage that is not the customer's own words of now; places in the folded text. */
export interface Aside extends Range {
  readonly kind: Extraction["asides"][number]["kind"];
}

interface Line extends Range {
  /** Its beginning without spaces at either end; patterns see no more, so that no line is long. */
  readonly text: string;
}

const MOST_OF_A_LINE = 500;

/**
 * The quotations, signatures, disclaimers, pasted bounces and error pages of a mail, in order, none
 * within another. A pasted or forwarded bounce is never called a quotation: it is evidence. Where a
 * mail has no words but forwarded ones, those are the report and no aside. Linear in the text.
 */
export function findAsides(text: Folded): readonly Aside[] {
  const lines = linesOf(text.text);
  const kinds: (Aside["kind"] | null)[] = lines.map(() => null);
  markPasted(lines, kinds);
  markQuotations(lines, kinds);
  markSignature(lines, kinds);
  markDisclaimers(lines, kinds);
  return ranges(lines, kinds);
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  for (let from = 0; from <= text.length;) {
    const end = text.indexOf("\n", from);
    const to = end < 0 ? text.length : end;
    lines.push({ from, to, text: text.slice(from, Math.min(to, from + MOST_OF_A_LINE)).trim() });
    from = to + 1;
  }
  return lines;
}

function ranges(lines: readonly Line[], kinds: readonly (Aside["kind"] | null)[]): Aside[] {
  const asides: Aside[] = [];
  for (const [n, { from, to, text }] of lines.entries()) {
    // An empty line between two of a kind is of that kind.
    const kind = kinds[n] ?? (text === "" && kinds[n - 1] === kinds[n + 1] ? kinds[n - 1] : null);
    if (!kind) continue;
    const last = asides.at(-1);
    if (last?.kind === kind && last.to === from - 1) asides[asides.length - 1] = { ...last, to };
    else asides.push({ kind, from, to });
  }
  return asides.filter(({ from, to }) => to > from);
}

// ── pasted by machines ─────────────────────────────────────────────────────────────────────────

/** What mail servers say when they return a message (RFC 3464, Postfix, Exim, Exchange, Gmail). */
const BOUNCE = [
  "this is the mail system at host",
  "could not be delivered to one or more",
  "undelivered mail returned",
  "mail delivery failed",
  "mail delivery system",
  "mail delivery subsystem",
  "mailer-daemon",
  "delivery status notification",
  "delivery has failed to these recipients",
  "the following address failed",
  "the following addresses failed",
  "the following addresses had permanent fatal errors",
  "the following address(es) failed",
  "a message that you sent could not be delivered",
  "message you sent could not be delivered",
  "permanent fatal errors",
  "transcript of session follows",
  "this is a permanent error",
  "in reply to rcpt to",
  "in reply to end of data",
  "in reply to mail from",
  "in reply to data command",
  "smtp error from remote",
  "remote server returned",
  "remote server responded",
  "remote host said",
  "diagnostic information for administrators",
  "generating server:",
  "the response from the remote server was",
  "address not found",
  "was undeliverable",
  "wasn't delivered to",
];
const BOUNCE_HEAD =
  /^(?:final-recipient|original-recipient|reporting-mta|remote-mta|diagnostic-code|x-postfix-|arrival-date|last-attempt-date|action: (?:failed|delayed|relayed)|status: [245]\.\d)/;
const BOUNCE_SAYS =
  /(?:said|responded|response|reason|returned): ?"?[245]\d\d[ -]|^(?:>>> |<<< |\.\.\. )|\bstatus=(?:deferred|bounced)\b|\bdsn=[245]\.\d/;

const PAGE = [
  "<html",
  "<head",
  "<body",
  "<title>",
  "<!doctype",
  "</h1>",
  "stack trace:",
  "fatal error:",
  "parse error:",
  "uncaught exception",
  "uncaught error",
  "uncaught pdoexception",
  "uncaught mysqli",
  "traceback (most recent call last)",
  "this site can't be reached",
  "this page isn't working",
  "your connection is not private",
  "checking the proxy and the firewall",
  "checking the connection",
  "the requested url was not found on this server",
  "the server encountered an internal error",
  "the server is temporarily unable to service your request",
  "additionally, a",
  "you don't have permission to access",
  "took too long to respond",
  "refused to connect",
  "apache server at",
  "warning: potential security risk ahead",
  "there has been a critical error on",
];
const PAGE_SAYS =
  /^(?:warning|notice|deprecated): .{0,300} on line \d|^#\d+ .{0,200}\(\d+\): |^at .{1,200}\(.{1,200}:\d+(?::\d+)?\)$|\.php(?::|\()\d+\)?|\.php on line \d|^sqlstate\[|^php (?:warning|fatal)/;

function markPasted(lines: readonly Line[], kinds: (Aside["kind"] | null)[]): void {
  for (const [n, line] of lines.entries()) {
    const text = line.text.replace(/^(?:> ?)+/, "");
    if (text === "" || wordy(line)) continue;
    if (
      BOUNCE_HEAD.test(text) ||
      BOUNCE_SAYS.test(text) ||
      BOUNCE.some((say) => text.includes(say))
    )
      kinds[n] = "bounce";
    else if (PAGE_SAYS.test(text) || PAGE.some((say) => text.includes(say)))
      kinds[n] = "error-page";
  }
  // A machine's paragraph is the machine's as a whole, and so are paragraphs between two of them.
  for (let n = 0; n < lines.length;) {
    const kind = kinds[n];
    if (!kind) {
      n++;
      continue;
    }
    let last = n;
    for (let next = n + 1; next < lines.length && next - last <= 3; next++)
      if (kinds[next] === kind) last = next;
    for (let at = n; at <= last; at++) kinds[at] = kind;
    for (let at = n - 1; at >= 0 && belongs(lines[at]) && kinds[at] === null; at--)
      kinds[at] = kind;
    let after = last + 1;
    for (; after < lines.length && belongs(lines[after]) && kinds[after] === null; after++)
      kinds[after] = kind;
    n = after;
  }
}

/** Whether a line beside a machine's own may be one of it: not empty, not a sentence that leads to it, not somebody's words. */
function belongs(line: Line | undefined): boolean {
  if (line === undefined || line.text === "" || line.text.startsWith(">")) return false;
  return !line.text.endsWith(":") && !wordy(line);
}

/** Whether somebody speaks one of our languages but English in this line: two of its small words, or four of them in English beside none of a machine's. */
function wordy(line: Line): boolean {
  let spoken = 0;
  for (const word of line.text.split(/[\s("',!?:;)]+/))
    if (SPOKEN.has(word.endsWith(".") ? word.slice(0, -1) : word)) spoken++;
  return spoken >= 2;
}

// ── what was said before ───────────────────────────────────────────────────────────────────────

const WROTE = words(({ wrote }) => wrote);
const WROTE_BEGINS = words(({ wroteBegins }) => wroteBegins);
const FORWARDED = words(({ forwarded }) => forwarded);
const HEAD_FROM = words(({ heads }) => heads.from);
const HEAD_OTHER = words(({ heads }) => [...heads.sent, ...heads.to, ...heads.subject, "cc"]);
const SENT_FROM = words(({ sentFrom }) => sentFrom);
const CLOSINGS = words(({ closings }) => closings);
const CONFIDENTIAL = words(({ confidential }) => confidential);
/** What a machine may say too. */
const MACHINES_WORDS = new Set([
  "host",
  "server",
  "mail",
  "web",
  "domain",
  "in",
  "to",
  "do",
  "so",
  "on",
  "me",
  "status",
  "code",
]);
/** Small words that are no English ones: a line that has two of them was written by somebody. */
const SPOKEN = spokenWords();

/** The words of all languages, folded: letters are quoted in other languages than they are written in. */
function words(of: (letters: LetterWords) => readonly string[]): readonly string[] {
  return [
    ...new Set(
      Object.values(LEXICONS).flatMap(({ letters }) => of(letters).map((word) => fold(word).text)),
    ),
  ];
}

function spokenWords(): ReadonlySet<string> {
  const english = new Set(LEXICONS.en.letters.common.split(/\s+/));
  return new Set(
    Object.values(LEXICONS)
      .filter(({ language }) => language !== "en")
      .flatMap(({ letters }) => fold(letters.common).text.split(/\s+/))
      .filter((word) => word.length > 1 && !english.has(word) && !MACHINES_WORDS.has(word)),
  );
}

function markQuotations(lines: readonly Line[], kinds: (Aside["kind"] | null)[]): void {
  const before = [...kinds];
  let forwarded = false;
  for (let n = 0; n < lines.length; n++) {
    const line = lines[n];
    if (!line || line.text === "") continue;
    if (line.text.startsWith(">")) {
      quote(kinds, n, n);
      continue;
    }
    const lead = leadOf(lines, n);
    if (lead) {
      quote(kinds, n, lead.last);
      const next = nextFilled(lines, lead.last + 1);
      // A marked quotation follows: only its lines. Else all that follows, where the line is surely a program's.
      if (!lines[next]?.text.startsWith(">"))
        quote(kinds, n, lead.sure ? lines.length - 1 : paragraphEnd(lines, next));
      n = lead.sure && !lines[next]?.text.startsWith(">") ? lines.length : lead.last;
      continue;
    }
    if (isForwardLine(line.text) || isHeadBlock(lines, n)) {
      forwarded = true;
      quote(kinds, n, lines.length - 1);
      break;
    }
  }
  // Nothing but what is forwarded: then that is the report.
  const own = lines
    .filter((_, n) => kinds[n] === null)
    .reduce((sum, { text }) => sum + letters(text), 0);
  if (own < (forwarded ? 30 : 10))
    for (const n of kinds.keys()) if (kinds[n] === "quotation") kinds[n] = before[n] ?? null;
}

function quote(kinds: (Aside["kind"] | null)[], from: number, to: number): void {
  for (let n = from; n <= to; n++) kinds[n] ??= "quotation";
}

/** "On Mon, 2 Mar 2026 at 15:12, Somebody wrote:", on up to three lines. `sure` where it has a date or an address and begins as programs let it begin. */
function leadOf(
  lines: readonly Line[],
  n: number,
): { readonly last: number; readonly sure: boolean } | null {
  let text = "";
  for (let last = n; last < Math.min(n + 3, lines.length); last++) {
    const line = lines[last]?.text ?? "";
    if (line === "" || line.startsWith(">")) return null;
    text = text === "" ? line : `${text} ${line}`;
    if (text.length > 300) return null;
    if (!text.endsWith(":")) continue;
    const says = WROTE.some((word) => hasWord(text, word));
    if (!says) return null;
    const dated = /\d{4}|\d{1,2}[:.]\d{2}/.test(text);
    const addressed = text.includes("@");
    if (!dated && !addressed) return null;
    const begun =
      /^\d/.test(text) ||
      addressed ||
      WROTE_BEGINS.some(
        (word) =>
          text.startsWith(`${word} `) || text.startsWith(`${word},`) || text.startsWith(`${word}.`),
      );
    return { last, sure: begun && /\d{4}/.test(text) };
  }
  return null;
}

/** `---------- Forwarded message ---------`, `-----Original Message-----`, "Begin forwarded message:". */
function isForwardLine(text: string): boolean {
  const dashed = /^[-_=* ]{2,}/.test(text);
  return (
    text.length < 120 &&
    (dashed || text.endsWith(":")) &&
    FORWARDED.some((word) => text.includes(word))
  );
}

/** "From: … / Sent: … / To: … / Subject: …" in any language, at least three of four such lines together, the first being who it is from. */
function isHeadBlock(lines: readonly Line[], n: number): boolean {
  if (!headOf(lines[n]?.text ?? "", HEAD_FROM)) return false;
  let heads = 1;
  for (let at = n + 1; at < Math.min(n + 7, lines.length); at++)
    if (headOf(lines[at]?.text ?? "", HEAD_OTHER)) heads++;
  return heads >= 3;
}

function headOf(text: string, names: readonly string[]): boolean {
  const colon = text.indexOf(":");
  if (colon < 1 || colon > 24) return false;
  const name = text.slice(0, colon).replace(/[* ]+/g, " ").trim();
  return names.includes(name);
}

function nextFilled(lines: readonly Line[], from: number): number {
  let n = from;
  while (n < lines.length && lines[n]?.text === "") n++;
  return n;
}

function paragraphEnd(lines: readonly Line[], from: number): number {
  let n = from;
  while (n + 1 < lines.length && lines[n + 1]?.text !== "") n++;
  return Math.min(n, lines.length - 1);
}

// ── signatures and disclaimers ─────────────────────────────────────────────────────────────────

const MOST_SIGNATURE_LINES = 15;

function markSignature(lines: readonly Line[], kinds: (Aside["kind"] | null)[]): void {
  const own = [...lines.keys()].filter((n) => kinds[n] === null && lines[n]?.text !== "");
  for (const [nth, n] of own.entries()) {
    const text = lines[n]?.text ?? "";
    if (text.length < 200 && SENT_FROM.some((word) => text.startsWith(word)))
      kinds[n] = "signature";
    const rest = own.length - nth - 1;
    if (nth === 0 || rest > MOST_SIGNATURE_LINES) continue;
    const dashes = /^(?:--|—|-{3,}|_{3,}|={3,}|\*{3,})$/.test(text);
    const closing =
      isClosing(text) && own.slice(nth + 1).every((at) => isShort(lines[at]?.text ?? ""));
    if (!dashes && !closing) continue;
    for (const at of own.slice(nth)) if (at < until(kinds, n)) kinds[at] = "signature";
    return;
  }
}

/** The first line after `from` that is an aside already: a signature ends there. */
function until(kinds: readonly (Aside["kind"] | null)[], from: number): number {
  const at = kinds.findIndex((kind, n) => n > from && kind !== null && kind !== "signature");
  return at < 0 ? kinds.length : at;
}

/** A sign-off that stands alone or with a name: "Best regards," "Lp, Ana". */
function isClosing(text: string): boolean {
  return CLOSINGS.some((word) => {
    if (!text.startsWith(word)) return false;
    const rest = text.slice(word.length);
    return /^[\s,.!:;-]/.test(`${rest} `) && rest.length < 40 && !/[?]|\. \p{L}/u.test(rest);
  });
}

/** A line as they stand under a sign-off: a name, a company, a telephone number; not a sentence. */
function isShort(text: string): boolean {
  return text.length <= 110 && !/[?!]$/.test(text) && !/^p\.? ?s\b|^ui\.|^u\.i\./.test(text);
}

/** A paragraph that says it is confidential, near the end and after own words. */
function markDisclaimers(lines: readonly Line[], kinds: (Aside["kind"] | null)[]): void {
  for (let n = 1; n < lines.length; n++) {
    const text = lines[n]?.text ?? "";
    if (kinds[n] !== null || text.length < 40) continue;
    const said = CONFIDENTIAL.filter((word) => text.includes(word)).length;
    if (said === 0 || (said === 1 && text.length < 60 && !text.startsWith('"'))) continue;
    const last = paragraphEnd(lines, n);
    for (let at = n; at <= last; at++) kinds[at] ??= "disclaimer";
    n = last;
  }
}

// ── small things ───────────────────────────────────────────────────────────────────────────────

function letters(text: string): number {
  return text.replace(/[^\p{L}]/gu, "").length;
}

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    if (!/\p{L}/u.test(text[at - 1] ?? " ") && !/\p{L}/u.test(text[at + word.length] ?? " "))
      return true;
  return false;
}
