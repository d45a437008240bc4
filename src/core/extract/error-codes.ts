import type { Field } from "./field.js";
import { type Range, tokens, type Word } from "./fold.js";
import type { Found } from "./whose.js";
import { wordTest } from "./letter-words.js";

/** Replies of SMTP, FTP and HTTP that mean nothing else when they stand in a sentence. */
const PLAIN_CODES = codes(
  "401 403 404 421 429 451 452 502 503 504 508 530 534 535 550 551 552 553 554",
);
/** Replies that are round numbers or prices as well: they need a word beside them that says so. */
const OTHER_CODES = codes(
  "220 221 226 250 331 332 334 354 400 402 405 406 408 409 410 413 414 415 422 423 425 426 430 431 432 434 441 442 444 446 447 449 450 454 455 471 495 496 497 499 500 501 505 506 507 509 510 511 512 513 520 521 522 523 524 525 526 527 529 532 533 536 538 541 555 556 557 571 598 599",
);
/** Of MySQL and MariaDB; some look like years. */
const DATABASE_CODES = codes(
  "1005 1016 1030 1032 1034 1040 1044 1045 1046 1048 1049 1050 1052 1053 1054 1062 1064 1071 1093 1109 1114 1129 1130 1136 1142 1146 1153 1159 1161 1194 1195 1203 1205 1213 1226 1227 1251 1267 1292 1364 1366 1406 1451 1452 1698 1927 2002 2003 2005 2006 2013 2014 2026 2054",
);

/** What such a code is followed by where programs print it. */
const PHRASE =
  /^[\s:;"'()[\]-]{0,4}(?:internal server|bad gateway|(?:http )?service|gateway|forbidden|not found|unauthorized|bad request|method not|request (?:entity|time|header)|too (?:many|busy)|payload|login|authenticat|auth |permission|user |mailbox|no such|unknown|message|relay|rejected|blocked|access denied|temporar|requested|transaction|insufficient|ip address|client|recipient|sender|error|resource limit|web server|connection|origin|ssl handshake|5\.\d|4\.\d)/;
const AFTER_A_NAME =
  /(?:\bphp|\bv|\bver|verzi\w*|version\w*|wersj\w*|razlicic\w*|wordpress|\bwp|joomla|drupal|mysql|mariadb|nginx|apache|node|magento|prestashop|woocommerce|laravel|symfony|python|ios|android|windows|thunderbird|outlook|chrome|firefox|plugin\w*|typo3|openssl|tls)[ /]?(?:v\.?)? ?$/;
const NO_CODE_BEFORE =
  /(?:\bport\w*|\btel\w*|\bfax|\bgsm|\bmobil\w*|\bphone|\bnr|\bno|\bnum\w*|\bc\.|\bst\.|\bul\w*|\bulica|\bcislo|\bszam\w*|\btiszt|\bticket|\bcsomag|\bpsc|\bplz)[.:#]? {0,2}$/;
const STREET =
  /\b(?:ul|u|str|al|nam|ulica|ulice|ulici|utca|ut|ter|strasse|street|cesta|cesti|trg|namesti|aleja|plac)\.? (?:\p{L}+ )?$/u;

const isError = wordTest(({ error }) => error);
const isCounted = wordTest(({ counted }) => counted);

const NAMED =
  /(?<![a-z0-9_])(?:(?:net::)?err_[a-z0-9_]{2,60}|(?:sec_error|ssl_error|mozilla_pkix_error|dns_probe|dns_error|ns_error|inet_e|x509_v_err|cert|http_error|error|sqlite)_[a-z0-9_]{2,60}|pr_[a-z_]{2,40}_error|econn(?:refused|reset|aborted)|etimedout|enotfound|eai_again|e(?:host|net)unreach|nxdomain|servfail|0x[0-9a-f]{8})(?![a-z0-9_])/g;
/** Response codes of IMAP (RFC 5530) and POP3 (RFC 2449, 3206). */
const BRACKETED =
  /\[(?:inuse|in-use|unavailable|authenticationfailed|authorizationfailed|expired|privacyrequired|contactadmin|noperm|expungeissued|corruption|serverbug|clientbug|cannot|limit|overquota|alreadyexists|nonexistent|alert|auth|sys\/temp|sys\/perm|login-delay|closed|throttled)\]/g;
const STATE = /sqlstate ?[[(]?([0-9a-z]{5})(?![0-9a-z])[\])]?/g;
const ENHANCED =
  /(?<![\p{L}\p{N}.,:/-])(?:[245]\d\d-)?#?([245]\.[0-7]\.\d{1,3})(?![\p{L}\p{N}]|[.,-]\d)/gu;
const ERRNO = /\((\d{1,3})\)/g;
const RULE =
  /(?:\bid|\brule|modsec\w*|mod_security|\bcrs|szabaly\w*|pravil\w*|regul\w*|regel\w*)\b[^\d\n]{0,14}(9\d{5})(?!\d)/g;

/** Error codes of mail, web, DNS, databases and browsers. Prices, years, telephone numbers, versions and ports are none. */
export function findErrorCodes(field: Field): readonly Found[] {
  const { text } = field.whole;
  const found: Found[] = [];
  const add = (value: string, from: number, to: number): void => {
    found.push({
      kind: "code",
      value,
      written: text.slice(from, to),
      role: "unknown",
      meant: null,
      from,
      to,
    });
  };
  const addAll = (pattern: RegExp, value: (match: RegExpExecArray) => string): void => {
    for (const match of text.matchAll(pattern))
      add(value(match), match.index, match.index + match[0].length);
  };
  addAll(NAMED, ([code]) => code.replace(/^net::/, ""));
  addAll(BRACKETED, ([code]) => code);
  addAll(STATE, ([, state]) => `sqlstate[${state}]`);
  for (const match of text.matchAll(RULE)) {
    const to = match.index + match[0].length;
    add(match[1] ?? "", to - 6, to);
  }
  for (const match of text.matchAll(ENHANCED)) {
    const code = match[1] ?? "";
    const to = match.index + match[0].length;
    if (isEnhanced(code, text, { from: to - code.length, to })) add(code, to - code.length, to);
  }
  for (const match of text.matchAll(ERRNO))
    if (
      /(?:connect|socket|errno|server on|mysql|fsockopen|stream_)/.test(
        text.slice(Math.max(0, match.index - 90), match.index),
      )
    )
      add(match[1] ?? "", match.index + 1, match.index + match[0].length - 1);
  const words = tokens(field.whole);
  for (const n of words.keys()) {
    const code = numberAt(words, n, field);
    if (code && !found.some(({ from, to }) => from < code.to && to > code.from))
      add(code.value, code.from, code.to);
  }
  return found.sort((a, b) => a.from - b.from);
}

function codes(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}

/** An enhanced status code (RFC 3463), no date and no version. */
function isEnhanced(code: string, text: string, { from, to }: Range): boolean {
  if (AFTER_A_NAME.test(text.slice(Math.max(0, from - 24), from))) return false;
  const beside =
    /[245]\d\d[ -]#?$/.test(text.slice(Math.max(0, from - 6), from)) ||
    /^ ?[(<-]? ?[245]\d\d(?!\d)/.test(text.slice(to, to + 6));
  if (beside) return true;
  const [kind = "", subject = "", detail = ""] = code.split(".");
  if (kind === "2") return false;
  return detail.length !== 2 || subject === "7" || Number(detail) <= 10;
}

/** The reply code or the database's error number that the word `n` is, if it is one. */
function numberAt(
  words: readonly Word[],
  n: number,
  field: Field,
): (Range & { readonly value: string }) | null {
  const word = words[n];
  const shape = word && /^(\d{3,5})(\p{L}{0,4})$/u.exec(word.word);
  const value = shape?.[1];
  if (!word || value === undefined) return null;
  const { text } = field.whole;
  const { from } = word;
  const to = from + value.length;
  const before = text.slice(Math.max(0, from - 24), from);
  const after = text.slice(to, to + 32);
  const range = { from, to, value };
  if (value.length > 3)
    return isLongCode(value, before, after, text.slice(Math.max(0, from - 120), from))
      ? range
      : null;
  if (!PLAIN_CODES.has(value) && !OTHER_CODES.has(value)) return null;
  if (shape?.[2] && !/^(?:as|os|es|at|ot|et|ast|ost|ka|tka|ku|ky|er)$/.test(shape[2])) return null;
  if (isPartOfNumber(before, after) || isTelephone(before, value, after)) return null;
  const enhanced =
    /^[ -]{1,2}#?\(?[245]\.\d\.\d/.test(after) || /[245]\.\d\.\d{1,3} [(<]?$/.test(before);
  if (enhanced || PHRASE.test(after)) return range;
  if (NO_CODE_BEFORE.test(before) || STREET.test(before) || AFTER_A_NAME.test(before)) return null;
  if (/^ ?(?:[%$€£]|eur\b|kc\b|zl\b|ft\b)/.test(after) || /[$€£] ?$/.test(before)) return null;
  const machine = field.asides.some(
    ({ kind, from: a, to: b }) =>
      (kind === "bounce" || kind === "error-page") && a <= from && to <= b,
  );
  const next = words[n + 1];
  const beside = next && next.from - word.to <= 2 ? next.word : "";
  const mails = beside === "e" && /^ e-?mail/.test(after);
  if (!machine && (mails || (beside !== "" && isCounted(beside)))) return null;
  const quoted = /["'([<]$/.test(before) && /^["')\]>]/.test(after);
  const suffixed = /^-\p{L}{1,5}(?!\p{L})/u.test(after) || Boolean(shape?.[2]);
  const alone = text.trim() === value;
  const spoken = [-2, -1, 1, 2].some((step) => {
    const other = words[n + step];
    return (
      other !== undefined && isError(other.word) && !/[.!?\n]/.test(between(text, word, other))
    );
  });
  if (quoted || alone || spoken || machine) return range;
  return PLAIN_CODES.has(value) || (suffixed && OTHER_CODES.has(value)) ? range : null;
}

function between(text: string, a: Range, b: Range): string {
  return text.slice(Math.min(a.to, b.to), Math.max(a.from, b.from));
}

/** In a price, a time, a version, a telephone number, a path. */
function isPartOfNumber(before: string, after: string): boolean {
  if (
    /\d[.,:]$|\d[ /]{0,1}\d?$/.test(before) &&
    !/(?:^|[^\d.])[1-5]\d\d[/ ]$|[245]\.\d\.\d{1,3} $/.test(before)
  )
    return true;
  if (/[+@_~]$|\+\d{1,3}[ /-]?$|[\p{L}]\/$/u.test(before) && !/(?:http|smtp|ftp)\/$/.test(before))
    return true;
  if (/\d-$|\p{L}-$/u.test(before) && !/(?:http|smtp|ftp|error|chyba|hiba|kod|code)-$/.test(before))
    return true;
  if (/^[.:]\d|^,\d(?!\.\d\.)|^-\d(?!\.\d\.)|^\/\d{1,2}(?!\d)|^\/\d{4}|^[@_]/.test(after))
    return true;
  return /^ \d{3}(?: \d|$|[^\d.])/.test(after) && !/^ [1-5]\d\d(?: [a-z]|[.,;)]|$)/.test(after);
}

/** Groups of digits parted by spaces: three of them, or two where the first has a plus or a zero. */
function isTelephone(before: string, value: string, after: string): boolean {
  const run = `${/\+?\d[\d ()-]*$/.exec(before)?.[0] ?? ""}${value}${/^[\d ()-]*/.exec(after)?.[0] ?? ""}`;
  const groups = run.match(/\d+/g)?.length ?? 0;
  return groups > 2 || (groups > 1 && /^[+0]/.test(run));
}

/** A four- or five-digit number: of a database where it says so, else only right beside a word for errors; no year. */
function isLongCode(value: string, before: string, after: string, far: string): boolean {
  if (/^[.,:]\d/.test(after)) return false;
  if (DATABASE_CODES.has(value) && value.length === 4) {
    if (
      /[[(#/] ?$/.test(before) &&
      /(?:sqlstate|mysql|mariadb|sql|database|db|hy000|error|pdo)/.test(far)
    )
      return true;
    if (/(?:error|errno|code|hiba|chyba|fehler|blad|napaka)[ :#-]{1,3}$/.test(before)) return true;
  }
  return (
    /(?:error|errno|hibakod|error code|fehlercode|kod bledu|kod napake|kod chyby)[ :#-]{1,3}$/.test(
      before,
    ) && !/^(?:19|20)\d\d$/.test(value)
  );
}
