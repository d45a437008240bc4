import type { Dialogue } from "../dialogue.js";
import { down, Failure } from "../failures.js";

/** A part of a response: an atom or a text, NIL, or a list in parentheses. */
export type Part = string | null | readonly Part[];

/** One response of a server (RFC 3501, section 7): `mark` is `*`, `+` or the tag of a command. */
export interface Response {
  readonly mark: string;
  /** `12 FETCH (UID 5)` → `["12", "FETCH", ["UID", "5"]]`; of a status only its word. */
  readonly parts: readonly Part[];
  /** Behind OK, NO, BAD, BYE or PREAUTH: the code in brackets, in capitals, `""` where there is none … */
  readonly code: string;
  /** … and the text for people. */
  readonly text: string;
}

const STATUS = /^(OK|NO|BAD|BYE|PREAUTH)(?: \[([^\]]*)\])?(?: (.*))?$/i;
/** A literal is announced at the end of a line (section 4.3). */
const LITERAL = /\{(\d{1,12})\+?\}$/;
const MAX_DEPTH = 8;
const SHOWN = 200;

/**
 * Reads the next response, literals and all, within the bounds of the dialogue. Fails as `malformed-reply`
 * where it is none.
 */
export async function readResponse(dialogue: Dialogue): Promise<Response> {
  const line = await dialogue.line();
  const [, mark, rest = ""] = /^(\S{1,32})(?: (.*))?$/s.exec(line) ?? [];
  if (mark === undefined) throw malformed(line);
  const [, status, code = "", text = ""] = STATUS.exec(rest) ?? [];
  if (status !== undefined)
    return { mark, parts: [status.toUpperCase()], code: code.toUpperCase(), text };
  if (mark === "+") return { mark, parts: [], code: "", text: rest };
  if (mark !== "*") throw malformed(line);
  const pieces: (string | Buffer)[] = [];
  for (let piece = rest; ;) {
    const [announced, count] = LITERAL.exec(piece) ?? [];
    pieces.push(announced === undefined ? piece : piece.slice(0, -announced.length));
    if (announced === undefined) break;
    pieces.push(await dialogue.bytes(Number(count)));
    piece = await dialogue.line();
  }
  const parts = partsOf(pieces);
  if (!parts) throw malformed(line);
  return { mark, parts, code: "", text: "" };
}

const malformed = (line: string): Failure =>
  new Failure(down("malformed-reply", { received: line.slice(0, SHOWN) }));

/** One token: a bracket, a quoted text, or an atom, in which `[…]` may hold blanks. */
const TOKEN = /[ \t]*(?:([()])|"((?:[^"\\]|\\.)*)"|((?:[^\s()"[]|\[[^\]]*\])+))/y;

/** Text and literals by turns → what they say; `null` where brackets or quotes do not fit. */
function partsOf(pieces: readonly (string | Buffer)[]): readonly Part[] | null {
  const lists: Part[][] = [[]];
  const add = (part: Part): void => void lists.at(-1)?.push(part);
  for (const piece of pieces) {
    if (typeof piece !== "string") {
      add(piece.toString("utf8"));
      continue;
    }
    TOKEN.lastIndex = 0;
    const text = piece.trimEnd();
    while (TOKEN.lastIndex < text.length) {
      const [found, bracket, quoted, atom] = TOKEN.exec(text) ?? [];
      if (found === undefined) return null;
      if (bracket === "(") {
        if (lists.length > MAX_DEPTH) return null;
        lists.push([]);
      } else if (bracket === ")") {
        const done = lists.pop();
        if (!done || lists.length === 0) return null;
        add(done);
      } else if (quoted !== undefined) add(quoted.replaceAll(/\\(.)/g, "$1"));
      else add(atom === undefined || /^nil$/i.test(atom) ? null : atom);
    }
  }
  const [parts] = lists;
  return lists.length === 1 && parts ? parts : null;
}

/** `["UID", "5", "FLAGS", […]]` → the value of each name, in capitals. */
export function pairsOf(list: Part | undefined): ReadonlyMap<string, Part> {
  const pairs = new Map<string, Part>();
  if (!isList(list)) return pairs;
  for (let at = 0; at + 1 < list.length; at += 2) {
    const [name, value] = [list[at], list[at + 1]];
    if (typeof name === "string" && value !== undefined) pairs.set(name.toUpperCase(), value);
  }
  return pairs;
}

export const isList = (part: Part | undefined): part is readonly Part[] => Array.isArray(part);

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const DATE = /^ ?(\d{1,2})-([a-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/i;

/** `"17-Jul-1996 02:44:25 -0700"` (section 9, date-time) → epoch ms; `null` where it is none. */
export function imapDate(text: Part | undefined): number | null {
  if (typeof text !== "string") return null;
  const [, day, month = "", year, hours, minutes, seconds, sign, zoneHours, zoneMinutes] =
    DATE.exec(text) ?? [];
  const inYear = MONTHS.indexOf(month.toLowerCase());
  if (day === undefined || inYear < 0) return null;
  const local = Date.UTC(
    +(year ?? 0),
    inYear,
    +day,
    +(hours ?? 0),
    +(minutes ?? 0),
    +(seconds ?? 0),
  );
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  return sign === "-" ? local + zone : local - zone;
}

/**
 * `text` as an argument of a command: quoted where that can be, else announced as a literal, so that
 * what follows waits for the server's `+`. Names of folders go through `folderName` before.
 */
export const argument = (text: string): readonly string[] =>
  /^[ !#-[\]-~"\\]*$/.test(text)
    ? [`"${text.replaceAll(/["\\]/g, "\\$&")}"`]
    : [`{${Buffer.byteLength(text)}}`, text];

/** A folder's name as IMAP writes it, in modified UTF-7 (section 5.1.3). */
export const folderName = (name: string): string =>
  name.replaceAll(/&|[^ -~]+/gu, (run) => {
    if (run === "&") return "&-";
    const utf16 = Buffer.from(run, "utf16le").swap16();
    return `&${utf16.toString("base64").replaceAll("/", ",").replaceAll("=", "")}-`;
  });
