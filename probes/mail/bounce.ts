/** A mail that says what became of another (RFC 3464). */
export interface Bounce {
  /** `failed`: it will not arrive; `delayed`: it waits in a queue. */
  readonly action: "failed" | "delayed";
  /** e.g. `5.1.1`. */
  readonly status: string | null;
  readonly diagnostic: string | null;
}

/** Whether a Content-Type is that of such a mail. */
export const isReport = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^multipart\/report\b/i.test(contentType);

/** Reads the delivery status in the text of a mail; `null` where it reports neither failure nor delay. */
export function readBounce(text: string): Bounce | null {
  const [, action] = /^action:\s*(failed|delayed)\b/im.exec(text) ?? [];
  if (action === undefined) return null;
  const [, status = null] = /^status:\s*([245]\.\d{1,3}\.\d{1,3})/im.exec(text) ?? [];
  const [, diagnostic = null] = /^diagnostic-code:[ \t]*([^\r\n]{1,250})/im.exec(text) ?? [];
  return { action: action.toLowerCase() === "failed" ? "failed" : "delayed", status, diagnostic };
}
