import type { Symptom } from "./extraction.js";
import type { Pattern, Thing, Trouble } from "./lexicon.js";

/** Names and machines' words that mean the same in every language; looked for with each lexicon. */
export const INTERNATIONAL: {
  readonly things: Readonly<Partial<Record<Thing, readonly Pattern[]>>>;
  readonly troubles: Readonly<Partial<Record<Trouble, readonly Pattern[]>>>;
  readonly phrases: Readonly<Partial<Record<Symptom, readonly Pattern[]>>>;
} = {
  things: {
    mail: ["email*", "mail", "mails"],
    mailbox: [
      "imap*|pop3|outlook*|thunderbird*|iphone*|mailbox*|inbox|exchange|spark|k9|bluemail",
      "apple|windows|mac mail",
      "em client",
      "<address>",
    ],
    outgoing: ["smtp*|newsletter*|outbox|phpmailer"],
    webmail: ["webmail*|roundcube*|rainloop*|horde|snappymail|squirrelmail|sogo"],
    site: [
      "web|website*|webshop*|webwinkel|eshop*|homepage|woocommerce|prestashop|magento|opencart|shoprenter|unas|shopware|blog*|landing",
      "<domain>",
    ],
    cms: ["wordpress*|joomla*|drupal*|typo3|elementor*|divi|plugin*|wix", "wp admin|login"],
    database: ["database|mysql*|mariadb*|phpmyadmin*|sql|postgres*|innodb|db"],
    panel: [
      "cpanel*|plesk*|directadmin*|ispconfig*|virtualmin|webmin|whm|ispmanager|froxlor|controlpanel",
    ],
    certificate: ["ssl*|tls|https", "lets encrypt", "letsencrypt"],
    ftp: ["ftp*|sftp|ftps|filezilla|winscp|cyberduck", "total commander"],
    dns: ["dns*|nameserver*|cname|dkim|spf|dmarc|ns|mx|ttl|nslookup|whois"],
    backup: ["backup*|snapshot*"],
    domain: ["domain*|domen*"],
    spam: ["spam*|phishing*|scam|junk"],
    blocklist: ["blacklist*|blocklist*|rbl|dnsbl|spamhaus|spamcop|barracuda|uceprotect|sorbs"],
    quota: ["quota|kvota*|kvot"],
    cron: ["cron*"],
    internet: ["wifi|wlan|router*|vpn", "wi fi"],
  },
  troubles: {
    down: ["offline|down"],
    unreachable: [
      "timeout*",
      "time out",
      "timed out",
      "connection refused|reset|timeout|failed",
      "refused to connect",
    ],
    error: ["error*"],
    forbidden: ["forbidden"],
    notfound: ["page|url not found"],
    bounced: ["mailer daemon", "undelivered|undeliverable", "bounce*"],
    unresolved: ["nxdomain|servfail"],
    hacked: ["malware|trojan"],
  },
  phrases: {
    "mail.spam": ["phishing mail*"],
    other: ["gdpr|rgpd"],
  },
};
