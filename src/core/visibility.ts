/**
 * Faults that no customer can notice: their incidents are for the sysadmins alone, change no
 * component and never go public by themselves.
 */
const UNNOTICED: ReadonlySet<string> = new Set([
  "certificate-expires-soon",
  "issuer-expires-soon",
  "tls-version-old",
  "starttls-missing",
]);

export const isNoticeable = (reason: string): boolean => !UNNOTICED.has(reason);
