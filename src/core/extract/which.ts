import type { Account } from "../directory.js";
import { findErrorCodes } from "./error-codes.js";
import type { Mention } from "./extraction.js";
import { type Field, spanOf } from "./field.js";
import { fold, type Range, tokens, type Word } from "./fold.js";
import { lettersWords, SMALL_WORDS, wordTest } from "./letter-words.js";
import { findNames, overlaps } from "./names.js";
import { type Around, type Found, ofDomain, roleOf } from "./whose.js";
import { findIps, findPlaces } from "./places.js";

/** More mentions of a report say nothing new. */
const MOST_MENTIONS = 100;
const MOST_WORDS = 600;
/** A label that is one plain word has to be so long to be no word of everyday. */
const LONG_LABEL = 9;
const SHORT_LABEL = 5;
const COMPANY_SHARE = 0.6;
const COMPANY_LEAD = 0.15;
/** Words that a slip and what was meant may be apart. */
const SLIP_REACH = 8;

/**
 * WHICH: all that a report names itself, each once, in the order of the text; what stands in
 * quotations and signatures or was put right is an aside. Account numbers in a signature are not:
 * they say who writes.
 */
export function readMentions(
  fields: readonly Field[],
  originals: Readonly<Record<Field["field"], string>>,
  around: Around,
): readonly Mention[] {
  const all: Mention[] = [];
  for (const field of fields) {
    const original = originals[field.field];
    const names = findNames(field, original, around);
    const found = [...names, ...findIps(field, around), ...findErrorCodes(field)];
    found.push(...findAccounts(field, around, names));
    found.push(...findPlaces(field, around, found));
    found.push(...findLabels(field, original, around, found));
    found.push(...findCompany(field, original, around, found));
    found.sort((a, b) => a.from - b.from);
    const slips = slipsAmong(found, field);
    for (const { kind, value, written, role, meant, from, to } of found) {
      const aside = slips.has(value) || isAside({ kind, from, to }, field);
      all.push({ kind, value, written, role, meant, aside, span: spanOf(field, { from, to }) });
    }
  }
  return once(all);
}

function isAside(
  { kind, from, to }: Pick<Found, "kind" | "from" | "to">,
  { asides }: Field,
): boolean {
  const aside = asides.find((one) => one.from < to && one.to > from);
  if (!aside || aside.kind === "bounce" || aside.kind === "error-page") return false;
  return !(kind === "account" && aside.kind === "signature");
}

/** Each thing once: where it is no aside before where it is one. What was put right is an aside everywhere. */
function once(all: readonly Mention[]): readonly Mention[] {
  const corrected = new Set(
    all.flatMap(({ meant, value }) =>
      meant !== null && all.some((other) => other.value === meant) ? [value] : [],
    ),
  );
  const kept = new Map<string, Mention>();
  for (const mention of all) {
    const key = `${mention.kind} ${mention.value}`;
    const aside = mention.aside || corrected.has(mention.value);
    const before = kept.get(key);
    if (!before) kept.set(key, { ...mention, aside });
    else if (before.aside && !aside) {
      kept.delete(key);
      kept.set(key, mention);
    }
  }
  return [...kept.values()].slice(0, MOST_MENTIONS);
}

// ── accounts and services by number ──────────────────────────────────────────────────────────

/** Numbers of accounts and services, however they are parted: `AB-1234`, `ab 1234`, `AB1234`. */
function findAccounts(field: Field, around: Around, taken: readonly Range[]): readonly Found[] {
  const { directory } = around;
  const { text } = field.whole;
  const found: Found[] = [];
  const shape = around.account && shapeOf(around.account.id);
  for (const match of text.matchAll(
    /(?<![\p{L}\p{N}])(\p{L}{1,8})?([ ._#/-]{0,2})(\d{3,12})(?:-(\d{1,8}))?(?![\p{L}\p{N}])/gu,
  )) {
    const [whole, letters = "", , digits = "", more] = match;
    const from =
      match.index + (letters === "" ? whole.length - whole.replace(/^[ ._#/-]+/, "").length : 0);
    const range = { from, to: match.index + whole.length };
    if (overlaps(taken, range) || overlaps(found, range)) continue;
    const tail = more === undefined ? "" : `-${more}`;
    const spellings =
      letters === "" || digits.length > 9
        ? [digits + tail]
        : ["-", "", "_", " ", "/"].map((sign) => letters + sign + digits + tail);
    const written = text.slice(range.from, range.to);
    for (const spelling of [written, ...spellings]) {
      // A bare short number is nobody's name.
      if (!/\p{L}/u.test(spelling) && digits.length < 5) continue;
      const account = directory.account(spelling);
      if (!account) continue;
      found.push({
        kind: "account",
        value: account.id.toLowerCase(),
        written,
        role: roleOf(account, around),
        meant: null,
        ...range,
      });
      break;
    }
    const plain = `${letters}-${digits}${tail}`;
    if (
      shape !== null &&
      letters !== "" &&
      !overlaps(found, range) &&
      shapeOf(plain) === shape &&
      around.account?.id.toLowerCase().startsWith(letters)
    )
      found.push({
        kind: "account",
        value: plain,
        written,
        role: "unknown",
        meant: null,
        ...range,
      });
  }
  return found;
}

/** `AB-12345` and `cd67890` are of one shape: letters, then as many digits. */
function shapeOf(id: string): string {
  return fold(id)
    .text.replace(/[^\p{L}\p{N}]/gu, "")
    .replace(/\p{L}/gu, "a")
    .replace(/\d/g, "9");
}

// ── a domain by its first label, a company by its name ──────────────────────────────────────────

/** Customers' domains called by their first label alone, where it is no everyday word. */
function findLabels(
  field: Field,
  original: string,
  around: Around,
  taken: readonly Range[],
): readonly Found[] {
  const found: Found[] = [];
  for (const match of field.whole.text.matchAll(LABELS)) {
    const range = { from: match.index, to: match.index + match[0].length };
    const label = match[0].replace(/-+$/, "");
    if (label.length < SHORT_LABEL || SMALL_WORDS.has(label) || overlaps(taken, range)) continue;
    const besideSite = isBesideSite(field.whole.text, range);
    const labelled = labelledBy(label, besideSite && label.length > SHORT_LABEL, around.directory);
    if (!labelled) continue;
    const { account } = labelled;
    const own = account.id === around.account?.id;
    const told =
      /[-\d]/.test(label) ||
      besideSite ||
      // A word of the company's name means the company: that is found as such.
      (!isNameOf(label, account) &&
        (own || label.length >= LONG_LABEL || isNameLike(field, original, range)));
    if (told)
      found.push({ ...ofDomain(labelled, around), ...range, to: range.from + label.length });
  }
  return found;
}

const LABELS = /(?<![\p{L}\p{N}@._/-])\p{L}[\p{L}\p{N}-]{3,62}(?![\p{L}\p{N}@_]|\.\p{L})/gu;
const isSite = wordTest(({ site }) => site);

/** "the Crown's site", "strona korony": a site called by name. */
function isBesideSite(text: string, { from, to }: Range): boolean {
  const before = /([\p{L}-]{2,20}) $/u.exec(text.slice(Math.max(0, from - 24), from))?.[1];
  const after = /^(?:'s)? ([\p{L}-]{2,20})/u.exec(text.slice(to, to + 24))?.[1];
  return [before, after].some((word) => word !== undefined && isSite(word));
}

/** The customer's domain with this first label; `inflected` also where an ending stands for the name's last letter. */
function labelledBy(label: string, inflected: boolean, directory: Around["directory"]) {
  const forms = inflected
    ? [
        label,
        ...[1, 2].flatMap((cut) => ["", "a", "o", "e"].map((end) => label.slice(0, -cut) + end)),
      ]
    : [label];
  for (const form of forms) {
    const domain = form.length < SHORT_LABEL ? null : directory.domainLabelled(form);
    const account = domain && directory.account(domain.accountId);
    if (domain && account) return { domain, account };
  }
  return null;
}

function isNameOf(label: string, { company }: Account): boolean {
  return tokens(fold(company)).some(({ word }) => word === label);
}

/** Written as a name within a sentence: with a capital though it does not begin one, in a text that has small letters. */
function isNameLike(field: Field, original: string, { from, to }: Range): boolean {
  const span = field.whole.span(from, to);
  const written = original.slice(span.from, span.to);
  const before = field.whole.text.slice(Math.max(0, from - 3), from);
  return /^\p{Lu}\p{Ll}/u.test(written) && /[\p{L}\p{N},"'(:] ?["'(]?$/u.test(before);
}

/** The one customer whose company is called by name; of several that may be meant none. */
function findCompany(
  field: Field,
  original: string,
  around: Around,
  taken: readonly Range[],
): readonly Found[] {
  const words = tokens(field.whole)
    .filter(({ from, to }) => to - from > 1 && !overlaps(taken, { from, to }))
    .filter(
      ({ from, to }) =>
        !field.asides.some(
          (aside) => aside.kind === "quotation" && aside.from < to && aside.to > from,
        ),
    )
    .slice(0, MOST_WORDS);
  const [best, next] = around.directory.companiesNamed(words.map(({ word }) => word));
  if (!best || best.share < COMPANY_SHARE) return [];
  if (next && best.share - next.share < COMPANY_LEAD) return [];
  const range = companyRange(words, field.whole.text, best.account);
  if (!range) return [];
  if (!isCalled(field, original, range, best.account)) return [];
  const written = field.whole.text.slice(range.from, range.to);
  return [
    {
      kind: "company",
      value: best.account.id.toLowerCase(),
      written,
      role: roleOf(best.account, around),
      meant: null,
      ...range,
    },
  ];
}

/** Whether words of a company's name are meant as a name: with a capital, or several of them, or in a text without capitals the very word. */
function isCalled(field: Field, original: string, range: Range, account: Account): boolean {
  const said = field.whole.text.slice(range.from, range.to);
  const span = field.whole.span(range.from, range.to);
  const capital = /\p{Lu}/u.test(original.slice(span.from, span.to));
  const noCapitals = !/\p{Lu}\p{Ll}/u.test(original);
  if (/[\s-]/.test(said)) return capital || noCapitals || said.length >= 2 * LONG_LABEL;
  if (SMALL_WORDS.has(said)) return false;
  return isNameOf(said, account) ? capital || noCapitals : isNameLike(field, original, range);
}

/** Where most of the name's words stand together in a line. */
function companyRange(words: readonly Word[], text: string, { company }: Account): Range | null {
  const telling = tokens(fold(company))
    .map(({ word }) => word)
    .filter((word) => word.length > 2);
  const isOfName = ({ word }: Word) =>
    telling.some(
      (name) =>
        word === name ||
        (name.length >= 4 && word.startsWith(name.slice(0, Math.max(4, name.length - 2)))),
    );
  let best: { readonly from: number; readonly to: number; readonly count: number } | null = null;
  for (let n = 0; n < words.length; n++) {
    const first = words[n];
    if (!first || !isOfName(first)) continue;
    let [count, to] = [1, first.to];
    for (const word of words.slice(n + 1, n + 6)) {
      if (text.slice(to, word.from).includes("\n")) break;
      if (isOfName(word)) [count, to] = [count + 1, word.to];
    }
    if (!best || count > best.count) best = { from: first.from, to, count };
  }
  return best && { from: best.from, to: best.to };
}

// ── slips put right ────────────────────────────────────────────────────────────────────────────

const NOT = lettersWords(({ slip }) => slip.not);
const BUT = lettersWords(({ slip }) => slip.but);
const MEANT = lettersWords(({ slip }) => slip.meant);

/** The values that are taken back: "not this but that", "this – sorry, I meant that". */
function slipsAmong(found: readonly Found[], field: Field): ReadonlySet<string> {
  const slips = new Set<string>();
  for (const kind of ["domain", "mailbox", "server", "account"] as const) {
    const same = found.filter((one) => one.kind === kind);
    for (const [n, wrong] of same.entries()) {
      const right = same[n + 1];
      if (!right || right.value === wrong.value) continue;
      const between = wordsIn(field, wrong.to, right.from);
      if (between.length > SLIP_REACH) continue;
      const before = wordsIn(field, Math.max(0, wrong.from - 40), wrong.from).slice(-2);
      const contrast =
        BUT.some((word) => between.slice(0, 2).includes(word)) &&
        NOT.some((word) => before.includes(word));
      const text = ` ${between.join(" ")} `;
      if (contrast || MEANT.some((said) => text.includes(` ${said} `))) slips.add(wrong.value);
    }
  }
  return slips;
}

function wordsIn(field: Field, from: number, to: number): readonly string[] {
  return field.whole.text.slice(from, Math.min(to, from + 200)).match(/[\p{L}\p{N}']+/gu) ?? [];
}
