import type { Extraction } from "./extraction.js";
import type { Folded, Range } from "./fold.js";
import { lettersWords } from "./letter-words.js";
import { type Line, linesOf } from "./lines.js";
import { markPasted } from "./pasted.js";

/** A passage that is not the customer's own words of now; places in the folded text. */
export interface Aside extends Range {
  readonly kind: Extraction["asides"][number]["kind"];
}

/**
 * The quotations, signatures, disclaimers, pasted bounces and error pages of a mail, in order, none
 * within another. A pasted or forwarded bounce is never called a quotation: it is evidence. Where a
 * mail has next to no words but those it hands on – `handedOn` where its subject says so – they are the
 * report and no aside. Linear in the text.
 */
export function findAsides(text: Folded, handedOn = false): readonly Aside[] {
  const lines = linesOf(text.text);
  const kinds: (Aside["kind"] | null)[] = lines.map(() => null);
  markPasted(lines, kinds);
  markQuotations(lines, kinds, handedOn);
  markSignature(lines, kinds);
  markDisclaimers(lines, kinds);
  return ranges(lines, kinds);
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

// ── what was said before ───────────────────────────────────────────────────────────────────────

const WROTE = lettersWords(({ wrote }) => wrote);
const WROTE_BEGINS = lettersWords(({ wroteBegins }) => wroteBegins);
const FORWARDED = lettersWords(({ forwarded }) => forwarded);
const ORIGINAL = lettersWords(({ original }) => original);
const HEAD_FROM = lettersWords(({ heads }) => heads.from);
const HEAD_OTHER = lettersWords(({ heads }) => [
  ...heads.sent,
  ...heads.to,
  ...heads.subject,
  "cc",
]);
const SENT_FROM = lettersWords(({ sentFrom }) => sentFrom);
const CLOSINGS = lettersWords(({ closings }) => closings);
const CONFIDENTIAL = lettersWords(({ confidential }) => confidential);

function markQuotations(
  lines: readonly Line[],
  kinds: (Aside["kind"] | null)[],
  handedOn: boolean,
): void {
  const before = [...kinds];
  let forwarded = handedOn;
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
    const handsOn = isRuled(line.text, FORWARDED);
    if (handsOn || isRuled(line.text, ORIGINAL) || isHeadBlock(lines, n)) {
      forwarded ||= handsOn;
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
function isRuled(text: string, words: readonly string[]): boolean {
  if (text.length > 120 || !(/^[-_=* ]{2,}/.test(text) || text.endsWith(":"))) return false;
  return words.some((word) => text.includes(word));
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
