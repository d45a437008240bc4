import { SYMPTOMS, type Symptom } from "../extract/extraction.js";

/** How readily a fault shows as each symptom, from 0 (never) to 1 (that is how one notices it). */
export type Fit = Readonly<Partial<Record<Symptom, number>>>;

/**
 * Kinds of fault, by what customers say of them. A kind is open: `fitOfKind` finds the nearest row
 * of an unknown one by its words. Where a fault hits a whole machine or network (`WHOLE`), the row
 * only counts as far as something that carries the symptom is hit.
 */
const KINDS: Readonly<Record<string, Fit>> = {
  "mail.auth": {
    "mail.send": 1,
    "mail.login": 0.9,
    "mail.webmail": 0.4,
    "mail.receive": 0.15,
    "mail.bounce_blocklist": 0.1,
  },
  "mail.login": { "mail.login": 1, "mail.send": 0.6, "mail.webmail": 0.6, "mail.receive": 0.4 },
  "mail.imap": { "mail.login": 1, "mail.receive": 0.65, "mail.webmail": 0.6, "mail.send": 0.15 },
  "mail.send": {
    "mail.send": 1,
    "mail.login": 0.4,
    "mail.bounce_blocklist": 0.4,
    "web.content": 0.05,
  },
  "mail.receive": {
    "mail.receive": 1,
    "mail.spam": 0.2,
    "mail.bounce_blocklist": 0.2,
    "mail.login": 0.15,
    "mail.send": 0.15,
    "mail.webmail": 0.1,
  },
  "mail.delay": { "mail.receive": 1, "mail.send": 0.8, "mail.login": 0.15, "mail.webmail": 0.1 },
  // Who is told of a blocklist tells of mail that came back; a mail that is simply gone is another matter.
  "mail.bounce_blocklist": {
    "mail.bounce_blocklist": 1,
    "mail.send": 0.45,
    "mail.spam": 0.3,
    "mail.receive": 0.05,
  },
  "mail.spam": { "mail.spam": 1, "mail.receive": 0.5, "mail.bounce_blocklist": 0.1 },
  "mail.webmail": {
    "mail.webmail": 1,
    "mail.login": 0.6,
    "web.error5xx": 0.1,
    "mail.receive": 0.1,
  },
  "mail.down": { "mail.login": 1, "mail.send": 0.9, "mail.receive": 0.9, "mail.webmail": 0.6 },
  "mail.slow": { "mail.login": 0.9, "mail.receive": 0.9, "mail.send": 0.8, "mail.webmail": 0.7 },
  "web.down": {
    "web.down": 1,
    "web.slow": 0.45,
    "web.error5xx": 0.5,
    "web.error4xx": 0.1,
    "web.content": 0.1,
    database: 0.15,
    dns: 0.15,
    tls: 0.1,
    ftp: 0.3,
    "mail.send": 0.05,
  },
  "web.slow": {
    "web.slow": 1,
    "web.down": 0.5,
    "web.error5xx": 0.4,
    database: 0.25,
    "web.content": 0.1,
    ftp: 0.1,
    "panel.login": 0.05,
  },
  "web.error5xx": {
    "web.error5xx": 1,
    "web.down": 0.6,
    "web.slow": 0.3,
    database: 0.35,
    "web.content": 0.2,
    "web.error4xx": 0.1,
  },
  "web.php_pool": {
    "web.error5xx": 1,
    "web.down": 0.55,
    "web.slow": 0.3,
    "web.content": 0.25,
    database: 0.15,
    "web.error4xx": 0.1,
  },
  "web.waf_403": {
    "web.error4xx": 1,
    "web.content": 0.25,
    "web.down": 0.2,
    "web.error5xx": 0.1,
    "panel.login": 0.1,
    "mail.send": 0.1,
  },
  "web.error4xx": { "web.error4xx": 1, "web.down": 0.4, "web.content": 0.25 },
  "web.content": { "web.content": 1, "web.down": 0.4, "web.error4xx": 0.3, "web.error5xx": 0.2 },
  database: {
    database: 1,
    "web.error5xx": 0.65,
    "web.down": 0.55,
    "web.slow": 0.4,
    "web.content": 0.25,
    "panel.login": 0.1,
  },
  dns: {
    dns: 1,
    "web.down": 0.55,
    "mail.receive": 0.35,
    domain: 0.3,
    "mail.send": 0.25,
    "mail.login": 0.25,
    "mail.bounce_blocklist": 0.15,
    "mail.webmail": 0.15,
    "web.slow": 0.15,
  },
  tls: { tls: 1, "mail.webmail": 0.3, "web.down": 0.25, "mail.login": 0.3, "mail.send": 0.15 },
  ftp: { ftp: 1, "web.content": 0.05 },
  "panel.login": {
    "panel.login": 1,
    billing: 0.15,
    "mail.webmail": 0.05,
    database: 0.05,
    other: 0.1,
  },
  backup: { backup: 1 },
  domain: { domain: 1, dns: 0.6, "web.down": 0.35, "mail.receive": 0.2 },
  network: {
    "web.down": 1,
    "mail.login": 0.9,
    "web.slow": 0.7,
    "panel.login": 0.8,
    "mail.webmail": 0.7,
    "mail.receive": 0.6,
    "mail.send": 0.6,
    database: 0.6,
    ftp: 0.6,
    dns: 0.4,
    "web.error5xx": 0.4,
    backup: 0.3,
    other: 0.15,
  },
  power: {
    "web.down": 1,
    "mail.login": 0.9,
    "mail.receive": 0.6,
    "mail.send": 0.7,
    "panel.login": 0.8,
    "mail.webmail": 0.7,
    database: 0.6,
    ftp: 0.5,
    dns: 0.4,
    "web.error5xx": 0.4,
    "web.slow": 0.3,
    backup: 0.3,
    other: 0.1,
  },
  host: {
    "web.down": 1,
    "mail.login": 0.9,
    "mail.receive": 0.6,
    "mail.send": 0.7,
    "panel.login": 0.8,
    "mail.webmail": 0.7,
    database: 0.8,
    ftp: 0.5,
    dns: 0.6,
    "web.error5xx": 0.5,
    "web.slow": 0.4,
    backup: 0.5,
    other: 0.15,
  },
  storage: {
    "web.slow": 1,
    "web.down": 0.8,
    "web.error5xx": 0.7,
    "mail.login": 0.8,
    "mail.receive": 0.7,
    "mail.webmail": 0.6,
    "mail.send": 0.4,
    database: 0.7,
    "web.content": 0.4,
    ftp: 0.5,
    backup: 0.6,
  },
  slow: {
    "web.slow": 1,
    "mail.receive": 0.7,
    "mail.login": 0.6,
    "mail.send": 0.6,
    "mail.webmail": 0.6,
    database: 0.5,
    "panel.login": 0.5,
    "web.down": 0.4,
    "web.error5xx": 0.3,
    ftp: 0.3,
    dns: 0.3,
  },
};

/** Rows that say what may happen to anything; what does happen depends on what is hit. */
const WHOLE: ReadonlySet<string> = new Set(["network", "power", "host", "storage", "slow"]);

/** What our own detection and other people's systems call the same. First match wins. */
const ALIASES: readonly (readonly [RegExp, string])[] = [
  [/sight/, ""],
  [/block|black|deny|reputation|bounce|rbl/, "mail.bounce_blocklist"],
  [/name\W?expiring/, "domain"],
  [/certif|\btls\b|\bssl\b|expiring/, "tls"],
  [/web\W?mail|roundcube/, "mail.webmail"],
  [/spam|junk|filter/, "mail.spam"],
  [/imap|pop3?|mailbox|dovecot/, "mail.imap"],
  [/mail\W?(login|password)/, "mail.login"],
  [/(smtp|mail|submission)\W?auth|submission/, "mail.auth"],
  [/delay|queue/, "mail.delay"],
  [/\bmx\b|inbound|incoming|receiv/, "mail.receive"],
  [/send|smtp|outbound|outgoing|relay/, "mail.send"],
  [/mail\W?slow/, "mail.slow"],
  [/mail/, "mail.down"],
  [/php|fpm/, "web.php_pool"],
  [/waf|security|403/, "web.waf_403"],
  [/4xx|\b40\d/, "web.error4xx"],
  [/5xx|\b50\d|web\W?errors?/, "web.error5xx"],
  [/database|mysql|maria|postgres|\bsql\b|\bdb\b/, "database"],
  [/\bdns\b|name\W?missing|name\W?server|resol/, "dns"],
  [/s?ftp/, "ftp"],
  [/panel|cpanel|plesk|billing|invoic/, "panel.login"],
  [/backup|restore|snapshot/, "backup"],
  [/domain|registr|whois/, "domain"],
  [/web\W?slow/, "web.slow"],
  [/web|http|site|apache|nginx|litespeed|\bcdn\b/, "web.down"],
  [/network|switch|router|uplink|routing|\bbgp\b|ddos|packet|transit|fib(er|re)/, "network"],
  [/power|\bups\b|cooling|electric/, "power"],
  [/storage|disk|raid|\bnfs\b|ceph|\bsan\b/, "storage"],
  [/slow|latency|load|performance|degrad|unstable|failing/, "slow"],
  [
    /vps|virtual|hypervisor|host|server|hardware|port|down|outage|maintenance|migration|reboot|upgrade/,
    "host",
  ],
];

/** What fails for customers when a service does, by the words of its kind. */
const SERVICES: readonly (readonly [RegExp, Fit])[] = [
  [/^(web)?mail\W?(ui|web)|webmail|roundcube/, { "mail.webmail": 1, "mail.login": 0.5, tls: 0.2 }],
  [/php|fpm/, { "web.error5xx": 1, "web.down": 0.6, "web.slow": 0.4, "web.content": 0.25 }],
  [/waf|security/, { "web.error4xx": 1, "web.content": 0.2 }],
  [/ftp/, { ftp: 1 }],
  [/imap|pop3?$/, { "mail.login": 1, "mail.receive": 0.6, "mail.webmail": 0.5 }],
  [/submission|smtps/, { "mail.send": 1, "mail.login": 0.7 }],
  [
    /mailbox|mail\W?store|maildir|lda|lmtp/,
    { "mail.login": 1, "mail.receive": 0.8, "mail.spam": 0.2 },
  ],
  [/spam|virus/, { "mail.spam": 1, "mail.receive": 0.7 }],
  [
    /inbound|incoming|(^|\W)mx/,
    { "mail.receive": 1, "mail.spam": 0.2, "mail.bounce_blocklist": 0.2 },
  ],
  [/outbound|outgoing|relay|smtp/, { "mail.send": 1, "mail.bounce_blocklist": 0.7 }],
  [/mysql|maria|postgres|sql|(^|\W)db|database|redis/, DATABASE()],
  [/dns|name/, { dns: 1, "web.down": 0.5, "mail.receive": 0.3, domain: 0.3 }],
  [/billing|invoic/, { billing: 0.3, "panel.login": 0.6 }],
  [/panel|control|customer|cpanel|plesk/, { "panel.login": 1 }],
  [/backup|snapshot|restore/, { backup: 1 }],
  [/cron/, { other: 0.4 }],
  [
    /https|tls|ssl/,
    { "web.down": 1, "web.slow": 0.6, "web.error5xx": 0.7, "web.error4xx": 0.2, tls: 0.3 },
  ],
  [
    /http|web|site|nginx|apache/,
    { "web.down": 1, "web.slow": 0.6, "web.error5xx": 0.7, "web.error4xx": 0.2 },
  ],
  [/storage|disk|nfs/, { "web.slow": 0.8, "web.down": 0.7, "mail.login": 0.6, backup: 0.3 }],
];

function DATABASE(): Fit {
  return { database: 1, "web.error5xx": 0.6, "web.down": 0.5, "web.slow": 0.4 };
}

/** The row of a kind; `whole` where it has to be narrowed to what is hit; `null` where its words say nothing. */
export function fitOfKind(kind: string): { readonly fit: Fit; readonly whole: boolean } | null {
  const word = kind.toLowerCase();
  for (
    let name = word;
    name !== "";
    name = name.includes(".") ? name.replace(/\.[^.]*$/, "") : ""
  ) {
    const row = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
    if (row) return { fit: row, whole: WHOLE.has(name) };
  }
  const spoken = word.replace(/[._-]/g, " ");
  const alias = ALIASES.find(([words]) => words.test(spoken))?.[1];
  const row = alias === undefined ? undefined : KINDS[alias];
  return alias === undefined || !row ? null : { fit: row, whole: WHOLE.has(alias) };
}

/** What customers notice when a service of this kind fails (`imap`, `php81`, `outbound-smtp`, …); empty for one never heard of. */
export function fitOfService(kind: string): Fit {
  const word = kind.toLowerCase();
  return SERVICES.find(([words]) => words.test(word))?.[1] ?? {};
}

/** The higher of each, the second one dampened. */
export function either(one: Fit, other: Fit, share = 1): Fit {
  const sum: Partial<Record<Symptom, number>> = {};
  for (const symptom of SYMPTOMS) {
    const value = Math.max(one[symptom] ?? 0, share * (other[symptom] ?? 0));
    if (value > 0) sum[symptom] = value;
  }
  return sum;
}

/** `fit` as far as `by` carries it. */
export function narrowed(fit: Fit, by: Fit): Fit {
  const least = 0.1;
  const rest: Partial<Record<Symptom, number>> = {};
  for (const symptom of SYMPTOMS) {
    const value = (fit[symptom] ?? 0) * Math.max(least, Math.min(1, 1.5 * (by[symptom] ?? 0)));
    if (value > 0) rest[symptom] = value;
  }
  return rest;
}
