import { DateTime } from "luxon";
import { readFields } from "../../../src/core/extract/field.js";
import { LEXICONS } from "../../../src/core/extract/lexicons/index.js";
import { readSince } from "../../../src/core/extract/since.js";
import type { Since } from "../../../src/core/extract/extraction.js";
import type { Language } from "../../../src/core/languages.js";

/** A Wednesday afternoon. */
const RECEIVED = "2026-05-20T14:40:00";
const BUDAPEST = "Europe/Budapest";

/** Reads one text as it came in at a local time. */
export function readAt(
  language: Language,
  text: string,
  received: string = RECEIVED,
  zone: string = BUDAPEST,
): Since | null {
  const [field] = readFields({
    subject: null,
    text,
    receivedAt: 0,
    channel: "email",
    from: null,
    fromName: null,
    accountId: null,
    attachments: [],
  });
  if (field === undefined) return null;
  const receivedAt = DateTime.fromISO(received, { zone }).toMillis();
  return readSince(field, { lexicon: LEXICONS[language], receivedAt, zone });
}

/** `05-20 11:00 hour`, `? vague` where no beginning is said, `none`; with `after …` where it still worked. */
export function told(since: Since | null, zone: string = BUDAPEST): string {
  if (since === null) return "none";
  const local = (at: number): string => DateTime.fromMillis(at, { zone }).toFormat("MM-dd HH:mm");
  const from = since.from === null ? "?" : local(since.from);
  const worked = since.workedAt === null ? "" : ` after ${local(since.workedAt)}`;
  return `${from} ${since.precision}${worked}`;
}

/** The same text as somebody types it who has no such letters. */
function withoutMarks(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/ł/g, "l")
    .replace(/Ł/g, "L")
    .replace(/ß/g, "ss");
}

/** Every row with and without marks; what is read differently, as `text → read, not expected`. */
export function differing(
  language: Language,
  rows: readonly (readonly [text: string, expected: string])[],
): readonly string[] {
  return rows.flatMap(([text, expected]) =>
    [...new Set([text, withoutMarks(text)])].flatMap((one) => {
      const read = told(readAt(language, one));
      return read === expected ? [] : [`${one} → ${read}, not ${expected}`];
    }),
  );
}
