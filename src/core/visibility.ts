/** What is merely `degraded` by these no customer can notice. */
const UNNOTICED: ReadonlySet<string> = new Set([
  "certificate-expires-soon",
  "issuer-expires-soon",
  "tls-version-old",
  "starttls-missing",
  "heartbeat-overlong",
]);

/**
 * Whether customers can notice it. What they cannot is for the sysadmins alone: its incident changes
 * no component and never goes public by itself.
 */
export const isNoticeable = (outcome: "degraded" | "down", reason: string): boolean =>
  outcome === "down" || !UNNOTICED.has(reason);
