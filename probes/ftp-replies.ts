import type { Dialogue } from "./dialogue.js";
import { down, Failure } from "./failures.js";
import type { Reason, Verdict } from "./probe.js";

/** Where a conversation stands: what the reply that is awaited answers. */
export type FtpStage =
  "greeting" | "feat" | "auth-tls" | "pbsz" | "prot" | "login" | "cwd" | "passive" | "list";

export interface FtpReply {
  readonly code: number;
  readonly lines: readonly string[];
  readonly text: string;
}

/**
 * The next reply. `220-` opens one that ends with the line beginning with the same code and a space; the
 * lines between may begin with anything, other codes too (RFC 959, section 4.2).
 */
export async function readFtpReply(dialogue: Dialogue): Promise<FtpReply> {
  const first = await dialogue.line();
  const [, code, mark, text = ""] = /^([1-6]\d\d)([ -]|$)(.*)$/s.exec(first) ?? [];
  if (code === undefined)
    throw new Failure(down("malformed-reply", { received: first.slice(0, 200) }));
  const lines = [text];
  let isLast = mark !== "-";
  while (!isLast) {
    const line = await dialogue.line();
    isLast = line === code || line.startsWith(`${code} `);
    lines.push(isLast ? line.slice(4) : line);
  }
  return { code: Number(code), lines, text: lines.join(" ") };
}

/** A refusal; `null` where the reply is what the stage needs (RFC 959, section 5.4; RFC 4217). */
export function judgeFtpReply(
  stage: FtpStage,
  { code }: FtpReply,
  expected: readonly number[],
): Verdict | null {
  if (expected.includes(code)) return null;
  if (code === 421) return down("service-closing");
  // A positive code that nobody asked for.
  if (code < 400 && stage !== "greeting" && stage !== "login") return down("malformed-reply");
  if (stage === "login" && code >= 400 && code < 500) return down("auth-unavailable");
  if (stage === "list" && code === 425) return down("data-connection-failed");
  return down(REFUSED[stage]);
}

const REFUSED: Readonly<Record<FtpStage, Reason>> = {
  greeting: "greeting-refused",
  feat: "malformed-reply",
  "auth-tls": "tls-refused",
  pbsz: "tls-refused",
  prot: "tls-refused",
  login: "auth-refused",
  cwd: "path-refused",
  passive: "data-connection-failed",
  list: "list-failed",
};

/** The port of `229 … (|||6446|)` (RFC 2428); `null` where there is none. */
export function readEpsv(text: string): number | null {
  const [, , port] = /\((.)\1\1(\d{1,5})\1\)/.exec(text) ?? [];
  return toPort(Number(port ?? 0));
}

/**
 * The port of `227 … (h1,h2,h3,h4,p1,p2)`. The address beside it is not read: it is often wrong behind
 * NAT, and believing it would let a server send us wherever it likes.
 */
export function readPasv(text: string): number | null {
  const numbers = /(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})/.exec(text);
  const [high = 256, low = 256] = (numbers ?? []).slice(5).map(Number);
  return high > 255 || low > 255 ? null : toPort(high * 256 + low);
}

const toPort = (port: number): number | null => (port > 0 && port < 65_536 ? port : null);
