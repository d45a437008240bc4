import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import { down, Failure, hungUp } from "./failures.js";

/** What a check reads of one reply, on the wire and decoded. */
const MAX_BODY = 1_048_576;

export interface Body {
  /** The decoded bytes, at most `MAX_BODY`; `null` unless they were to be kept. */
  readonly bytes: Buffer | null;
  /** Decoded length as far as it was read. */
  readonly length: number;
  /** Reading stopped at the cap: there is more. */
  readonly truncated: boolean;
}

type Decoder = ReturnType<typeof createGunzip | typeof createBrotliDecompress>;

/**
 * Reads a reply's body, decoding one layer of gzip, deflate or br while it streams, and stops at
 * 1 MB. Memory stays bounded whatever a few bytes expand to. Rejects with what broke the stream,
 * `closed-early` or `decode-failed`. A reader that stops early leaves closing the connection to
 * the caller.
 */
export function readBody(
  stream: Readable,
  encoding: string,
  keep: boolean,
  isWhole: () => boolean,
): Promise<Body> {
  return new Promise((settle, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let wire = 0;
    let decoder: Decoder | null = null;
    let settled = false;
    let ended = false;

    const finish = (truncated: boolean): void => {
      if (settled) return;
      settled = true;
      decoder?.destroy();
      settle({ bytes: keep ? joined(chunks) : null, length, truncated });
    };
    const fail = (error: unknown): void => {
      settled = true;
      decoder?.destroy();
      reject(error);
    };
    const take = (chunk: Buffer): void => {
      if (settled) return;
      const room = MAX_BODY - length;
      if (keep) chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      length += Math.min(chunk.length, room);
      if (chunk.length > room) finish(true);
    };
    const decode = (chunk: Buffer): void => {
      if (!decoder) {
        decoder = decoderFor(encoding, chunk);
        decoder.on("data", take);
        decoder.on("end", () => finish(false));
        decoder.on("error", () => {
          if (!settled) fail(new Failure(down("decode-failed", { encoding })));
        });
        decoder.on("drain", () => stream.resume());
      }
      if (!decoder.write(chunk)) stream.pause();
    };
    const isEncoded = encoding !== "" && encoding !== "identity";
    const consume = isEncoded && DECODABLE.has(encoding) ? decode : take;
    if (isEncoded && consume === take && keep)
      return fail(new Failure(down("decode-failed", { encoding })));

    // It may have broken, or ended short, in the packet that brought the head.
    if (stream.errored) return fail(stream.errored);
    if (stream.destroyed && !stream.readableEnded) return fail(hungUp());

    stream.on("data", (chunk: Buffer) => {
      if (settled) return;
      wire += chunk.length;
      consume(chunk);
      if (wire > MAX_BODY) finish(true);
    });
    stream.on("error", fail);
    stream.on("end", () => {
      ended = true;
      if (!isWhole()) fail(hungUp());
      else if (decoder) decoder.end();
      else finish(false);
    });
    stream.on("close", () => {
      if (!ended && !settled) fail(hungUp());
    });
  });
}

const DECODABLE: ReadonlySet<string> = new Set(["gzip", "x-gzip", "deflate", "br"]);

/** `deflate` is zlib (RFC 9110, section 8.4.1.2), but many send it raw: the first byte tells. */
function decoderFor(encoding: string, first: Buffer): Decoder {
  if (encoding === "br") return createBrotliDecompress();
  if (encoding === "deflate")
    return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
  return createGunzip();
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [only, second] = chunks;
  return only && !second ? only : Buffer.concat(chunks);
}

/** The body as text: by the declared charset where that is known, else as UTF-8. */
export function textOf(bytes: Buffer, contentType: string): string {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType)?.[1] ?? "utf-8";
  if (/^utf-?8$/i.test(charset)) return bytes.toString("utf8");
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString("utf8");
  }
}
