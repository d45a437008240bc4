import type { Field } from "./headers.js";

export const METHODS = ["spf", "dkim", "dmarc"] as const;
export type Method = (typeof METHODS)[number];

/** The results a receiver may write (RFC 8601, section 2.7). */
export const AUTH_RESULTS = [
  "pass",
  "fail",
  "softfail",
  "neutral",
  "none",
  "policy",
  "temperror",
  "permerror",
] as const;

/** What the receiver found of who the sender is. */
export interface Authentication {
  /** Who says so: its authserv-id. */
  readonly by: string;
  readonly results: Readonly<Partial<Record<Method, string>>>;
}

const MOST = 20;
const MAX_LENGTH = 4_096;

/**
 * What the receiver's own Authentication-Results say (RFC 8601); `receiver` is its authserv-id, by default
 * that of the topmost one. Its own stand on top, one below the other, since whoever takes a mail writes above what it
 * brought along: the first server's line ends them, and what stands further down anybody may have written, in
 * whatever name (section 5). Of several that speak of a method the topmost counts. `null` where there are none.
 */
export function authenticationOf(
  fields: readonly Field[],
  receiver?: string,
): Authentication | null {
  let by = receiver?.toLowerCase();
  let begun = false;
  const results: Partial<Record<Method, string>> = {};
  for (const { name, value } of fields.filter((field) => WANTED.has(field.name)).slice(0, MOST)) {
    if (name === "received") {
      if (begun) break;
      continue;
    }
    const said = readResults(value);
    if (!said) continue;
    by ??= said.by;
    if (said.by !== by) continue;
    begun = true;
    for (const [method, result] of said.results) results[method] ??= result;
  }
  return begun && by !== undefined ? { by, results } : null;
}

const WANTED: ReadonlySet<string> = new Set(["received", "authentication-results"]);

/** `mx.test 1; spf=pass smtp.mailfrom=a; dkim=fail` → who, and what of each method; `null` where it is none. */
function readResults(value: string): { by: string; results: ReadonlyMap<Method, string> } | null {
  const [head = "", ...said] = withoutComments(value.slice(0, MAX_LENGTH)).split(";");
  const [by = ""] = head.trim().split(/\s+/);
  if (by === "") return null;
  const results = new Map<Method, string>();
  for (const one of said) {
    const [, method = "", result = ""] =
      /^\s*([a-z-]+)\s*(?:\/\s*\d+\s*)?=\s*([a-z]+)/i.exec(one) ?? [];
    const known = METHODS.find((word) => word === method.toLowerCase());
    if (!known) continue;
    const word = result.toLowerCase();
    // A mail may bear several signatures, and one that holds is enough.
    if (!results.has(known) || (known === "dkim" && word === "pass")) results.set(known, word);
  }
  return { by: by.toLowerCase(), results };
}

/** Without comments, which may be nested (RFC 5322, section 3.2.2), and without what stands in quotes. */
function withoutComments(text: string): string {
  let kept = "";
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === "\\") at += 1;
    else if (depth === 0 && letter === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (letter === "(") depth += 1;
    else if (letter === ")") depth = Math.max(0, depth - 1);
    else if (depth === 0) kept += letter;
  }
  return kept;
}
