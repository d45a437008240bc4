import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

export const ENCODINGS = ["br", "gzip", "identity"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** One answer in one encoding, ready to send. */
interface Variant {
  readonly body: Buffer;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string | number>>;
  /** For 304: the same without what describes a body. */
  readonly bare: Readonly<Record<string, string | number>>;
}
export type Copy = Readonly<Record<Encoding, Variant>>;

/** The one policy of every page: our own style and symbols, no script, nobody's frame. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** What every answer of the page carries, whoever makes it. */
export const PAGE_HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  // Looked at again with each view: almost always a 304, and never a stale green.
  "Cache-Control": "public, max-age=0, must-revalidate",
  Vary: "Accept-Encoding, Accept-Language",
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "strict-origin-when-cross-origin",
} as const;

const toBrotli = promisify(brotliCompress);
const toGzip = promisify(gzip);

/**
 * Packs a text in every encoding. `tag` says whether equal tags promise equal bytes; `effort` is
 * brotli's, 5 for what changes each minute and 11 for what stays.
 */
export async function pack(
  text: string,
  headers: Readonly<Record<string, string>>,
  {
    tag = "strong",
    effort = 5,
  }: { readonly tag?: "strong" | "weak"; readonly effort?: number } = {},
): Promise<Copy> {
  const body = Buffer.from(text);
  const hash = createHash("sha256").update(body).digest("base64url").slice(0, 16);
  const [br, gz] = await Promise.all([
    toBrotli(body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: effort,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
      },
    }),
    toGzip(body, { level: 6 }),
  ]);
  const variant = (bytes: Buffer, encoding: Encoding): Variant => {
    const etag = tag === "weak" ? `W/"${hash}"` : `"${hash}-${encoding}"`;
    const { "Content-Type": type, ...lasting } = headers;
    const bare = { ...lasting, ETag: etag };
    const coded = encoding === "identity" ? {} : { "Content-Encoding": encoding };
    return {
      body: bytes,
      etag,
      bare,
      headers: { "Content-Type": type ?? "", ...bare, ...coded, "Content-Length": bytes.length },
    };
  };
  return { br: variant(br, "br"), gzip: variant(gz, "gzip"), identity: variant(body, "identity") };
}
