/**
 * Every reason code a probe may give, each with the sentence a sysadmin reads. Codes are stable:
 * they are stored, shown in the API and mapped to public wording; add, never rename.
 */
export const REASONS = {
  // Fine, or nearly.
  ok: "Everything that was asked for was seen.",
  slow: "It answers, but slower than the threshold that was set.",

  // Our own side; such results are `unknown`.
  "resolver-timed-out": "Our resolver did not answer in time.",
  "resolver-failed":
    "Our resolver answered with an error (SERVFAIL, REFUSED or the like), or knows no name at all.",
  "resolver-not-validating": "Our resolver does not check signatures.",
  "blocklists-silent": "None of the blocklists answers us usefully.",
  "registry-failed": "The registry's servers did not say anything useful of the domain.",
  "registry-waiting": "The registry has not been asked yet: one domain comes after the other.",
  "not-permitted": "Our own rules do not let us go where it leads (egress.allow).",
  "proxy-failed": "The configured proxy could not be used.",
  "local-failure": "This machine could not open a connection (ports, files or permission).",
  "ping-missing": "The program ping is not there: install it (iputils-ping).",
  "ping-not-permitted":
    "The program ping may not send: give it cap_net_raw, or widen net.ipv4.ping_group_range.",
  "probe-failed": "The probe itself failed in an unexpected way.",
  "worker-stalled": "Our own process stood still while it looked, so its deadline proves nothing.",
  blind: "None of the references answers either: we cannot see.",

  // Reaching it.
  "name-not-found": "The name does not exist, or has no address of the wanted family.",
  "points-elsewhere": "The name leads to addresses that are not ours, in part or all of them.",
  refused: "The connection was refused: nothing listens on that port.",
  reset: "The connection was reset by the other side.",
  "host-unreachable": "No route to the host.",
  "network-unreachable": "No route to the network.",
  "timed-out": "There was no answer in time.",
  "timed-out-connect": "The connection was not accepted in time.",
  "timed-out-tls": "The TLS handshake did not finish in time.",
  "timed-out-first-byte": "It accepted the connection but did not begin to answer in time.",
  "timed-out-transfer": "The answer began but did not end in time.",

  "no-reply": "No echo came back.",
  "packets-lost": "Too many echoes did not come back.",

  // What it says.
  "closed-early": "The connection was closed before the answer was complete.",
  "reply-too-large": "The answer is larger than a check reads.",
  "reply-too-long-line": "A line of the answer is longer than a check reads.",
  "headers-too-large": "The headers are larger than a check reads (16 KB).",
  "malformed-reply": "The answer does not follow the protocol.",
  "decode-failed": "The answer's content encoding could not be decoded.",
  "redirect-loop": "The redirects lead back to where they began.",
  "too-many-redirects": "There are more redirects than a check follows.",
  "redirect-refused": "It redirects to an address that a check does not follow.",
  "status-unexpected": "The status is not one of those expected.",
  "text-missing": "The expected text or pattern is missing.",
  "text-forbidden": "A text or pattern that must not appear is there.",
  "json-invalid": "The answer is not valid JSON.",
  "json-mismatch": "A value in the JSON answer is not as expected.",
  "http2-not-offered": "The server does not speak HTTP/2.",

  // Names.
  "rcode-unexpected": "The name server answers with another code than expected.",
  "records-missing": "Records that must be there are missing.",
  "records-unexpected": "There are records that must not be there.",
  "name-unresolvable":
    "Our resolvers work but cannot resolve this name: its name servers are silent or answer wrongly.",
  "dnssec-bogus": "The signatures do not hold: whoever checks them gets no answer.",
  "dnssec-missing": "The answer is not validated: it is not signed, or not from the root on.",
  "nameserver-silent": "A name server of the zone does not answer.",
  "nameserver-lame": "A name server does not answer for the zone.",
  "serial-differs": "A name server of the zone is behind the others.",
  "domain-expired": "The domain has expired.",
  "domain-expires-soon": "The domain expires soon.",
  "domain-not-registered": "The domain is not registered.",
  "domain-on-hold": "The domain is on hold: it is registered but not in DNS.",
  "domain-pending-delete": "The domain has run out and will be deleted unless it is bought back.",
  blocklisted: "The address is on a blocklist: others refuse mail from it.",

  // TLS and certificates.
  "tls-handshake-failed": "The TLS handshake failed.",
  "tls-not-spoken": "The port does not speak TLS.",
  "tls-version-old": "Only an outdated TLS version is offered.",
  "certificate-expired": "The certificate has expired.",
  "certificate-expires-soon": "The certificate expires soon.",
  "certificate-not-yet-valid": "The certificate is not valid yet.",
  "certificate-self-signed": "The certificate is signed by itself.",
  "certificate-untrusted-root": "The certificate leads to a root that is not trusted.",
  "certificate-chain-incomplete": "The server does not send the intermediate certificates.",
  "certificate-wrong-host": "The certificate is for other names.",
  "certificate-weak-signature": "The certificate is signed with a broken hash.",
  "certificate-weak-key": "The certificate's key is too weak.",
  "certificate-bad-signature": "The certificate's signature does not fit its issuer.",
  "certificate-not-for-servers": "The certificate is not meant for servers.",
  "certificate-missing": "The server shows no certificate.",
  "certificate-unverified": "The certificate's chain could not be verified.",
  "issuer-expired": "A certificate above the server's own has expired.",
  "issuer-not-yet-valid": "A certificate above the server's own is not valid yet.",
  "issuer-expires-soon": "A certificate above the server's own expires soon.",
  "issuer-weak-key": "The key of a certificate above the server's own is too weak.",
  "certificate-not-a-ca": "A certificate in the chain must not sign others.",
  "tls-missing": "The server does not offer TLS.",
  "tls-refused": "The server offers TLS but refuses it.",

  // Mail.
  "greeting-refused": "The server refuses to talk to us.",
  "ehlo-refused": "The server refuses EHLO.",
  "starttls-missing": "The server does not offer STARTTLS.",
  "starttls-refused": "The server offers STARTTLS but refuses it.",
  "auth-missing": "The server does not offer the login that was asked for.",
  "auth-refused": "The login was refused.",
  "auth-unavailable": "The server cannot check logins just now.",
  "policy-refused": "The server refuses us by its policy (550).",
  "sender-refused": "The sender was refused.",
  "recipient-refused": "The recipient was refused.",
  "mailbox-refused": "The mailbox is refused or does not exist (550).",
  "service-closing": "The service is not available and closes the connection (421, BYE).",
  "try-later": "The server asks to try again later (450, 451, 452, IN-USE).",
  "transaction-failed": "The transaction failed (554).",

  // Files and shells.
  "data-connection-failed":
    "The data connection failed: often a firewall before the passive ports.",
  "path-refused": "The folder does not exist, or may not be seen.",
  "list-failed": "The folder could not be listed.",
  "host-key-changed": "The server shows another host key than the expected one.",
  "key-exchange-failed": "The key exchange failed: nothing in common, or a wrong signature.",
  "sftp-missing": "The server offers no SFTP.",

  // Databases.
  "too-many-connections": "The server takes no more connections.",
  "starting-up": "The server is starting up, recovering or not ready yet.",
  "host-refused": "The server refuses connections from our address.",
  "database-missing": "The database does not exist, or is not for this login.",
  "read-only": "The server takes no writes: a replica, or put to read-only.",
  "query-failed": "The query was refused or failed.",
  "query-timed-out": "The query took longer than it may.",
  "value-unexpected": "The query's answer is not as expected.",
  "folder-refused": "The folder is not there or cannot be opened.",
  "folder-read-only": "The folder can be read but not changed.",
  "listing-failed": "The messages cannot be listed.",
  "mail-stale": "The newest message is older than it should be.",
  "quota-full": "The mailbox is fuller than it should be.",
  "quota-unknown": "The server does not say how full the mailbox is.",
  "mail-not-arrived": "A mail that was taken did not arrive in time.",
  "mail-bounced": "A mail that was taken came back as undeliverable.",
  "mail-queued": "A mail that was taken waits in a queue of the mail server.",
  "mail-late": "A mail arrived, but later than the threshold that was set.",
  "mail-not-removed": "A mail arrived, but could not be deleted.",
  "sender-unverified": "The receiver's verdict of SPF, DKIM or DMARC is not the expected one.",
  // What Prometheus knows.
  "value-beyond": "A value is beyond its threshold.",
  "no-series": "The query found nothing, or nothing with a value.",
  "prometheus-unavailable": "Prometheus could not be asked, or did not answer as one.",
  "login-withheld": "The login was not sent, as the connection is not encrypted.",

  // What is concluded from many looks; no probe gives it.
  unstable: "It works and fails by turns.",
  "slower-than-usual": "It is slower than it usually is at this time of day.",
  "failing-more-than-usual": "More looks fail than usual at this time of day, though not in a row.",

  // What tells of itself; no probe gives these.
  "heartbeat-late": "The beat is overdue, and still within its grace.",
  "heartbeat-missing": "No beat came in time.",
  "heartbeat-failed": "The job says that it failed.",
  "heartbeat-overlong": "The job began, and has not ended within the time it may take.",
  "heartbeat-unheard": "We were not listening when the beat was due.",
  "alert-firing": "Another monitoring system raises an alert.",
  "alert-expired": "The alert was not told again, while others were: it is taken to be over.",
  "alert-source-silent": "Whoever raised the alert has fallen silent.",
} as const;

export type Reason = keyof typeof REASONS;

/**
 * Reasons that could be blindness of ours: silence and "unreachable" alone, met by ourselves or by our
 * resolver. Everything else – a refusal, a reset, an accepted connection, a banner, a status – proves the path.
 */
export const SILENT: ReadonlySet<Reason> = new Set<Reason>([
  "timed-out",
  "timed-out-connect",
  "host-unreachable",
  "network-unreachable",
  "name-unresolvable",
  "nameserver-silent",
  "no-reply",
]);

/** Whether `word` is one of the documented reason codes. */
export const isReason = (word: string): word is Reason => Object.hasOwn(REASONS, word);
