import { ENCODINGS, type Encoding } from "./copy.js";

/** What people send is hostile: a longer header is not read further. */
const HEADER_MAX = 500;
const REMEMBERED = 500;

/**
 * The language for a reader, of those the site speaks: `asked` (from `?lang=`) before
 * `Accept-Language` (RFC 9110 section 12.5.4, by primary tag); the first where nothing fits.
 */
export function languageFor(
  languages: readonly string[],
  asked: string | null,
  header: string | undefined,
): string {
  const [first = "en"] = languages;
  if (asked !== null) return languages.includes(asked) ? asked : first;
  for (const { value } of readQualities(header ?? "")) {
    const primary = value.split("-")[0] ?? "";
    if (value === "*") return first;
    if (languages.includes(primary)) return primary;
  }
  return first;
}

/** The smallest encoding that the reader takes (RFC 9110 section 12.5.3); identity always goes. */
export const encodingFor = remember((header: string): Encoding => {
  const given = new Map(readQualities(header, 0).map(({ value, q }) => [value, q]));
  const quality = (encoding: Encoding): number =>
    given.get(encoding) ?? (encoding === "identity" ? 0.001 : (given.get("*") ?? 0));
  return ENCODINGS.reduce((best, next) => (quality(next) > quality(best) ? next : best));
});

/** Whether `If-None-Match` names this tag, compared weakly (RFC 9110 section 13.1.2). */
export function matchesTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag || header.trim() === "*") return true;
  const bare = (tag: string): string => tag.trim().replace(/^W\//, "");
  return header
    .slice(0, 4000)
    .split(",")
    .some((tag) => bare(tag) === bare(etag));
}

/** The members of an `Accept-…` header, best first; those with less than `least` left out. */
function readQualities(header: string, least = 0.001): { value: string; q: number }[] {
  return header
    .slice(0, HEADER_MAX)
    .toLowerCase()
    .split(",")
    .flatMap((part) => {
      const [value = "", ...params] = part.split(";").map((piece) => piece.trim());
      const given = params.find((param) => param.startsWith("q="))?.slice(2);
      const q = given === undefined ? 1 : Number(given);
      return value !== "" && q >= least ? [{ value, q }] : [];
    })
    .toSorted((a, b) => b.q - a.q);
}

/** Browsers send few different headers, so each is worked out once. */
function remember<Answer>(find: (header: string) => Answer): (header: string) => Answer {
  const known = new Map<string, Answer>();
  return (header) => {
    const answer = known.get(header);
    if (answer !== undefined) return answer;
    const found = find(header);
    if (known.size >= REMEMBERED) known.clear();
    known.set(header, found);
    return found;
  };
}
