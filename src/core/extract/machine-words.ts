import type { Cue } from "./extraction.js";
import type { Field } from "./field.js";
import type { Range } from "./fold.js";
import type { Leaning } from "./what-table.js";

/** What a code says, and where it stands; places in the folded field. */
export interface CodeHit extends Range {
  readonly field: Field;
  readonly leaning: Leaning;
  readonly cue: Cue | null;
}

interface Rule {
  readonly sign: RegExp;
  readonly leaning: Leaning;
  readonly cue?: Cue;
  /** Counts only where this stands in the report too. */
  readonly beside?: RegExp;
  /** Does not count where this stands in the report. */
  readonly unless?: RegExp;
}

const MAIL =
  /\b(?:smtps?|esmtp|mail|mails|e-?mail|levele?|post[ae]?|imap|outlook|thunderbird|rcpt|recipient|sender|mta|mailer)/;
const FTP =
  /\b(?:s?ftps?|filezilla|winscp|total commander|cyberduck|coreftp|passive mode|pasv|mlsd|retr|stor)\b/;
const LISTED =
  /\b(?:(?:black|block|deny)[- ]?list(?:ed)?|listed (?:at|in|on|by)|is listed|spamhaus|spamcop|barracuda|sorbs|uceprotect|zen\.|rbl|dnsbl|reputation|blocked using|s3140|s3150|banned sending ip|poor (?:sender )?reputation|unsolicited|suspicious|dnswl|senderscore|invaluement)\b/;
/** A reply with its enhanced code: what it says is said of mail. */
const SMTP_REPLY = /\b[45]\d\d[ -]#?[45]\.\d\.\d/;
const TRIED =
  /\b(?:refused|timed? ?out|timeout|connect\w*|port\w*|telnet|nmap|econn\w*|filtered|closed)\b/;
const DATABASE_SAID = /\b(?:sqlstate|mysql|mariadb|mysqli|pdo|database|innodb|postgres)/;
/**
 * Signs from SMTP (RFC 5321, RFC 3463), HTTP (RFC 9110), FTP (RFC 959), MySQL and the browsers.
 * 5.1.1, 5.2.2 and 5.3.4 tell of one recipient, not of our service.
 */
const RULES: readonly Rule[] = [
  // ── sending: authentication ──
  {
    sign: /\b(?:535|534|538)(?:[ -]5\.7\.\d+)?\b|\b5\.7\.8\b|\b5\.7\.9\b/,
    leaning: { "mail.send": 1.6, "mail.login": 0.7 },
    unless: FTP,
  },
  {
    sign: /\b(?:smtp error: could not authenticate|could not authenticate|authentication unsuccessful|smtp(?: server)? (?:authentication|login|connect\(\)) fail\w*|smtp connect\(\) failed|smtpauth\w*|sasl (?:login|plain)[^\n]{0,30}fail\w*)/,
    leaning: { "mail.send": 1.4, "mail.login": 0.4 },
  },
  {
    sign: /\b530[ -]5\.7\.[01]\b|\bauthentication required\b/,
    leaning: { "mail.send": 1.1 },
    beside: MAIL,
  },
  {
    sign: /\brelay(?:ing)? (?:access )?(?:denied|not permitted|not allowed)\b/,
    leaning: { "mail.send": 1.3 },
  },
  // ── refused because of our sending address ──
  {
    sign: /\b(?:550|554|553|521|571|421)\b[^\n]{0,24}(?:\b5\.7\.(?:1|0|26|25|511|606)\b)?/,
    leaning: { "mail.bounce_blocklist": 1.9, "mail.send": 0.5 },
    beside: LISTED,
  },
  {
    sign: /\b5\.7\.(?:1|0|25|26|511|606)\b/,
    leaning: { "mail.bounce_blocklist": 1.3, "mail.send": 0.55 },
    unless: /\brelay/,
  },
  {
    sign: LISTED,
    leaning: { "mail.bounce_blocklist": 0.9 },
    beside: /\b5\d\d\b|\b5\.7\.\d+\b|bounce|reject|refus|blocked|undeliver/,
  },
  {
    sign: /\b(?:554|571)\b/,
    leaning: { "mail.bounce_blocklist": 0.7, "mail.send": 0.4 },
    beside: MAIL,
  },
  // ── one recipient ──
  {
    sign: /\b5\.1\.[0-3]\b|\b(?:user unknown|unknown user|no such user|recipient (?:address )?rejected|mailbox (?:unavailable|not found|does not exist)|address not found|does not exist here|unknown recipient|invalid recipient|unrouteable address|nosuchuser|adresse unbekannt)\b/,
    leaning: { "mail.send": 1.1, "mail.receive": 0.35, "mail.bounce_blocklist": 0.1 },
    cue: "user-unknown",
  },
  {
    sign: /\b[45]\.2\.2\b|\b552\b|\b(?:mailbox (?:is )?full|over quota|quota exceeded|exceeded (?:the )?(?:storage|quota)|overquota|insufficient storage)\b/,
    leaning: { "mail.receive": 1.3, howto: 0.5 },
    cue: "quota-full",
    beside: MAIL,
  },
  {
    sign: /\b5\.3\.4\b|\bmessage (?:size )?(?:too (?:big|large)|exceeds)\b/,
    leaning: { "mail.send": 0.7, howto: 0.4 },
    cue: "question",
  },
  {
    sign: /\b5\.1\.[48]\b|\b5\.4\.[146]\b|\bhost unknown\b|\bname or service not known\b[^\n]{0,20}mail/,
    leaning: { "mail.send": 0.8 },
  },
  // ── for a while ──
  {
    sign: /\b(?:451|452|450|421)[ -]4\.\d\.\d+\b|\b4\.[3-7]\.\d+\b/,
    leaning: { "mail.receive": 0.75, "mail.send": 0.6 },
  },
  {
    sign: /\b(?:450|451|452|421)\b/,
    leaning: { "mail.receive": 0.6, "mail.send": 0.5 },
    beside: MAIL,
    unless: FTP,
  },
  {
    sign: /\b(?:greylist\w*|graylist\w*|temporarily deferred|try again later|delivery (?:is )?(?:temporarily )?(?:delayed|suspended))\b/,
    leaning: { "mail.receive": 0.5, "mail.send": 0.5 },
    beside: MAIL,
  },
  // ── opening a mailbox ──
  {
    sign: /\b(?:imap|pop3?|dovecot)[^\n]{0,40}\b(?:refused|timed? ?out|timeout|fail\w*|authenticationfailed|disconnected|unavailable)\b|\bconnection to (?:imap|storage) server failed\b|\[authenticationfailed\]|\b0x800ccc(?:0e|0f|19|92|90)\b|\b0x8004010f\b|\b0x80040600\b/,
    leaning: { "mail.login": 1.3 },
  },
  { sign: /\b(?:993|995|143)\b(?![.,:]?\d)/, leaning: { "mail.login": 1 }, beside: TRIED },
  { sign: /\b(?:587|465)\b(?![.,:]?\d)/, leaning: { "mail.send": 0.6 }, beside: TRIED },
  { sign: /\b0x800ccc(?:78|79|80|67|6f|0b|6d|69)\b/, leaning: { "mail.send": 1.3 } },
  // ── database ──
  {
    sign: /\bsqlstate\b|\bestablishing a database connection\b|\btoo many connections\b|\b(?:can'?t|cannot|could not|unable to|failed to|impossible to) connect to (?:the )?(?:local )?(?:mysql|mariadb|database|db)\b|\bmysql server has gone away\b|\bmysqli?(?:_connect|_real_connect|::\w+)?\(\)|\bdatabase error\b|\b(?:errno|error|hy000)[: /()[\]]{1,4}(?:1040|1044|1045|1049|1203|1226|2002|2003|2005|2006|2013)\b|\b(?:max_user_connections|max_connections)\b|\baccess denied for user\b|\bunknown database\b|\b(?:lock wait timeout|deadlock found)\b|\bdatabase connection (?:error|failed)\b|\bdoctrine\\dbal|\bpdoexception\b|\btable '[^'\n]{1,60}' doesn'?t exist\b|\bis marked as crashed\b/,
    leaning: { database: 2.1, "web.error5xx": 0.4 },
  },
  { sign: /\b(?:1040|2002|2006|2013|1045)\b/, leaning: { database: 1.5 }, beside: DATABASE_SAID },
  // ── names ──
  {
    sign: /\bnxdomain\b|\bservfail\b|\berr_name_not_resolved\b|\bdns_probe_\w+|\bdns[- ]probe\b|\bserver (?:ip address|dns address) could not be found\b|\b(?:ip|dns)[- ]address could not be found\b|\bcould not resolve host\b|\bname resolution\b|\bgetaddrinfo\b|\benotfound\b|\bno such host is known\b|\bunknown host\b|\bunknownhostexception\b/,
    leaning: { dns: 1.7, "web.down": 0.3 },
  },
  { sign: /\b(?:dig|nslookup) \S/, leaning: { dns: 0.6 }, cue: "expert" },
  // ── certificates ──
  {
    sign: /\b(?:net::)?err_(?:cert|ssl)_\w+|\bsec_error_\w+|\bssl_error_\w+|\bmozilla_pkix_\w+|\bcert_(?:date|has|common|authority)\w*|\bcertificate (?:has )?expired\b|\bcertificate verify failed\b|\bself[- ]signed\b|\bconnection is not private\b|\b(?:potential )?security risk ahead\b|\bhandshake fail\w*|\bx509\b|\bunable to (?:get local issuer|verify the first)\b/,
    leaning: { tls: 1.8 },
  },
  // ── web ──
  {
    sign: /\b(?:http(?:[ /]?[\d.]+)?|error|status|code|hiba|fehler|napaka|blad|chyba)?[ :#(]{0,3}(?:500|501|502|503|504|508|520|521|522|523|524|525)\b(?![.,:]?\d)/,
    leaning: { "web.error5xx": 1.3 },
    unless: /\b5\.[0-9]\.[0-9]{1,3}\b/,
  },
  {
    sign: /\binternal server error\b|\bservice (?:temporarily )?unavailable\b|\bdienst (?:vorubergehend |voruebergehend )?nicht verf(?:u|ue)gbar\b|\busluga (?:jest )?(?:chwilowo |tymczasowo )?niedostepna\b|\bsluzba (?:je )?(?:docasne )?nedostupna\b|\bszolgaltatas (?:atmenetileg )?nem (?:elerheto|erheto el)\b|\bstoritev (?:zacasno )?ni na voljo\b|\bbad gateway\b|\bgateway time-?out\b|\bcritical error on (?:this|your) (?:web)?site\b|\ballowed memory size\b|\bphp fatal error\b|\bfatal error: |\buncaught (?:error|exception|typeerror)\b|\bmaximum execution time\b|\bbandwidth limit exceeded\b|\bresource limit is reached\b|\bwhite screen of death\b|\bwsod\b|\bparse error: /,
    leaning: { "web.error5xx": 1.5 },
    unless: SMTP_REPLY,
  },
  {
    sign: /(?<![\d.,:@-])(?:403|404|401|405|406|410|413|414|418|422|429)(?![\d.,:]?\d)/,
    leaning: { "web.error4xx": 1.4 },
  },
  {
    sign: /\bforbidden\b|\bmod_?security\b|\bnot acceptable\b|\bpage not found\b|\bnot found on this server\b|\bpermission to access\b|\btoo many requests\b|\bfile not found\b|\brequest entity too large\b/,
    leaning: { "web.error4xx": 1.2 },
  },
  {
    sign: /\berr_(?:connection|timed|address|empty|network|internet|tunnel|quic|http2)\w*|\bconnection (?:timed out|refused|reset)\b|\beconnrefused\b|\betimedout\b|\beconnreset\b|\bsite can'?t be reached\b|\btook too long to respond\b|\bunable to connect\b|\bthe connection has timed out\b|\bno route to host\b|\bhost unreachable\b|\b100 ?% packet loss\b/,
    leaning: { "web.down": 1 },
    unless:
      /\b(?:imap|pop3|smtp|ftp|filezilla|phpmyadmin|mysql)\b|\b(?:993|995|587|465|143|110|2083|2222|8443|21)\b/,
  },
  {
    sign: /\berr_too_many_redirects\b|\bredirected you too many times\b/,
    leaning: { "web.content": 1, "web.down": 0.4 },
  },
  // ── files ──
  { sign: /\b(?:421|425|426|430|530|550|553)\b/, leaning: { ftp: 1.5 }, beside: FTP },
  { sign: /\b(?:filezilla|winscp|cyberduck|total commander|sftp|ftps)\b/, leaning: { ftp: 0.7 } },
  {
    sign: /\bfailed to retrieve directory listing\b|\bpassive mode\b|\bcould not connect to server\b/,
    leaning: { ftp: 1.2 },
    beside: FTP,
  },
  // ── spam ──
  {
    sign: /\bx-spam-(?:score|status|flag|level)\b|\*{2,}spam\*{2,}|\[spam\]|\bspamassassin\b|\brspamd\b/,
    leaning: { "mail.spam": 1.4 },
  },
  // ── those who look themselves ──
  {
    sign: /\btraceroute6?\b|\bmtr\b|\btelnet\b|\bopenssl s_client\b|\bcurl -|\bnmap\b|\btcpdump\b|\bwireshark\b|\bping6\b|\bstarttls\b|\bport \d{2,5}\b|:(?:993|995|587|465|143|110|25|443|3306)\b|\bttfb\b|\bpacket loss\b|\bbgp\b|\brule id\b|\berror_log\b|\bstack trace\b|\bheaders?:\s|\breceived: from\b|\blog (?:line|entry|entries)\b|\bhop\b|\bttl\b/,
    leaning: {},
    cue: "expert",
  },
];
/** Codes in the customer's words and in pasted bounces and error pages; `whole` also reads quotations. */
export function findCodes(
  fields: readonly Field[],
  view: "own" | "evidence" | "whole",
): readonly CodeHit[] {
  const all = fields.map((field) => field[view].text).join("\n");
  const bare = all.replace(/https?:\/\/\S{1,2000}|[\w.+-]{1,64}@[\w.-]{1,255}/g, " ");
  return RULES.flatMap(({ sign, leaning, cue, beside, unless }) => {
    if (beside && !beside.test(bare)) return [];
    if (unless?.test(bare)) return [];
    const hit = firstOf(fields, view, sign);
    return hit ? [{ ...hit, leaning, cue: cue ?? null }] : [];
  });
}
function firstOf(
  fields: readonly Field[],
  view: "own" | "evidence" | "whole",
  sign: RegExp,
): (Range & { readonly field: Field }) | null {
  for (const field of fields) {
    const match = sign.exec(field[view].text);
    if (match) return { field, from: match.index, to: match.index + match[0].length };
  }
  return null;
}
