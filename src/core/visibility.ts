/** What is merely `degraded` by these no customer can notice. */
const UNNOTICED: ReadonlySet<string> = new Set([
  "certificate-expires-soon",
  "issuer-expires-soon",
  "tls-version-old",
  "starttls-missing",
  "dnssec-missing",
  "nameserver-lame",
  "nameserver-silent",
  "serial-differs",
  "tls-missing",
  "mail-not-removed",
  "quota-unknown",
  "heartbeat-overlong",
  "slower-than-usual",
  "failing-more-than-usual",
]);

/** What no customer can notice, however bad it is called. */
const EARLY: ReadonlySet<string> = new Set(["domain-expires-soon"]);

/**
 * Whether customers can notice it. What they cannot is for the sysadmins alone: its incident changes
 * no component and never goes public by itself.
 */
export const isNoticeable = (outcome: "degraded" | "down", reason: string): boolean =>
  !EARLY.has(reason) && (outcome === "down" || !UNNOTICED.has(reason));
