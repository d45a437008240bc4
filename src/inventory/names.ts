import { domainToASCII, domainToUnicode } from "node:url";
import type { Domain } from "../core/directory.js";

/** Under such a key nothing is read: it never gets past the reader of its format. */
export const isSecretKey = (key: string): boolean => /pass|secret|token|hash/i.test(key);

const MAX_NAME = 253;
/** Letters of the host part of an A-label name; `_` is in many subdomains' names. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A domain's name in lower case, as Unicode and as A-labels (IDNA); `null` for what cannot be one. */
export function readName(text: string): Pick<Domain, "name" | "ascii"> | null {
  if (text.length > MAX_NAME + 1) return null;
  const plain = text.trim().toLowerCase().replace(/\.$/, "");
  // What is not ASCII or claims to be an A-label takes the long way.
  const isPlain = /^[a-z0-9_.-]+$/.test(plain) && !plain.includes("xn--");
  if (!isPlain && /[\s/\\:@?#%*[\]<>^|]|\p{C}/u.test(plain)) return null;
  const ascii = isPlain ? plain : domainToASCII(plain);
  const labels = ascii.split(".");
  if (labels.length < 2 || ascii.length > MAX_NAME || !labels.every((label) => LABEL.test(label)))
    return null;
  if (/^\d+$/.test(labels.at(-1) ?? "")) return null;
  return { name: isPlain ? ascii : domainToUnicode(ascii).normalize("NFC"), ascii };
}

/** `*.example.org`, also as panels write it in names of files. */
export const isWildcard = (text: string): boolean => /^(\*|_wildcard_)\./.test(text.trim());

/** A server as a file names it; `null` for what cannot be one. */
export const readServer = (text: string): string | null => {
  const plain = text.trim().toLowerCase().replace(/\.$/, "");
  return /^[a-z0-9][a-z0-9._:-]{0,252}$/.test(plain) ? plain : null;
};

/** A panel's user: one word. */
export const readUser = (text: string): string | null =>
  /^[^\s@/:\p{C}]{1,64}$/u.test(text) ? text.toLowerCase() : null;

/** One line of text of at most `longest` letters; `null` for anything else, and for nothing. */
export function readText(text: string, longest: number): string | null {
  const plain = text.trim().normalize("NFC");
  return plain === "" || plain.length > longest || /\p{Cc}/u.test(plain) ? null : plain;
}

/** A mail address in lower case. */
export const readAddress = (text: string): string | null => {
  const plain = text.trim().toLowerCase().normalize("NFC");
  return /^[^\s@\p{C}]{1,64}@[^\s@\p{C}]{1,253}$/u.test(plain) ? plain : null;
};
