import type { IncomingMessage } from "node:http";
import busboy from "busboy";

/** A file of a form: its bytes, or why we did not keep them. */
export type PostedFile =
  | { readonly name: string; readonly bytes: Buffer }
  | { readonly name: string; readonly refused: "large" | "many" | "later" };

/** What a form brought. `cut` are the fields that were longer than we read. */
export interface Posted {
  readonly fields: ReadonlyMap<string, string>;
  readonly cut: ReadonlySet<string>;
  readonly files: readonly PostedFile[];
  /** Gives back the room that its files take; to be called once they are done with. */
  release(): void;
}

/** `large`: more than we read at all. `malformed`: no form. `gone`: whoever sent it went away. */
export type Reading =
  | { readonly ok: true; readonly posted: Posted }
  | { readonly ok: false; readonly why: "large" | "malformed" | "slow" | "gone" };

export interface Room {
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** Room for so many bytes of files at once, of all who send any. */
export function createRoom(most: number): Room {
  let taken = 0;
  return {
    take(bytes) {
      if (taken + bytes > most) return false;
      taken += bytes;
      return true;
    },
    give(bytes) {
      taken -= bytes;
    },
  };
}

export const FILES_MOST = 4;
export const FILE_MOST = 8 * 1024 * 1024;
const BODY_MOST = 34 * 1024 * 1024;
const FIELD_MOST = 64 * 1024;
const FIELDS_MOST = 40;
/** Files beyond those we keep are still named to whoever sent them; a thousand of them are no form. */
const PARTS_MOST = 64;
const TIME_MS = 120_000;
/** What we no longer read may still come in for so long, so that the answer is read. */
const DISCARD_MS = 5_000;

/**
 * Reads a form, multipart or plain, into memory that is bounded in every direction; nothing touches
 * the disk. Rejects never: what is wrong is in the answer.
 */
export function readForm(
  req: IncomingMessage,
  { room, files: wanted }: { readonly room: Room; readonly files: number },
): Promise<Reading> {
  const parser = parserFor(req);
  if (!parser || Number(req.headers["content-length"] ?? 0) > BODY_MOST) {
    discard(req);
    return Promise.resolve({ ok: false, why: parser ? "large" : "malformed" });
  }
  return new Promise((done) => {
    const fields = new Map<string, string>();
    const cut = new Set<string>();
    const files: PostedFile[] = [];
    let taken = 0;
    let length = 0;
    let over = false;

    const release = (): void => {
      room.give(taken);
      taken = 0;
    };
    const end = (reading: Reading): void => {
      if (over) return;
      over = true;
      clearTimeout(late);
      req.off("data", count);
      if (!reading.ok) {
        files.length = 0;
        release();
        req.unpipe(parser);
        parser.destroy();
        discard(req);
      }
      done(reading);
    };
    const fail = (why: "large" | "malformed" | "slow" | "gone") => (): void =>
      end({ ok: false, why });
    const count = (part: Buffer): void => {
      length += part.length;
      if (length > BODY_MOST) fail("large")();
    };
    const late = setTimeout(fail("slow"), TIME_MS);

    parser.on("field", (name, value, { valueTruncated }) => {
      if (fields.has(name)) return;
      fields.set(name, value);
      if (valueTruncated) cut.add(name);
    });
    parser.on("file", (_field, stream, { filename }) => {
      const name = filename ?? "";
      const place = files.length;
      const parts: Buffer[] = [];
      let own = 0;
      let refused: "large" | "many" | "later" | null =
        countOf(files, "large", "later") >= wanted ? "many" : null;
      const refuse = (why: "large" | "later"): void => {
        refused ??= why;
        parts.length = 0;
        room.give(own);
        taken -= own;
        own = 0;
      };
      // A picture field that was left empty is sent as a file without a name.
      if (name !== "") files.push({ name, refused: "later" });
      stream.on("data", (part: Buffer) => {
        if (refused || over || name === "") return;
        if (!room.take(part.length)) return refuse("later");
        own += part.length;
        taken += part.length;
        parts.push(part);
      });
      stream.on("limit", () => refuse("large"));
      stream.on("error", () => undefined);
      stream.on("end", () => {
        if (name === "" || over) return;
        files[place] = refused ? { name, refused } : { name, bytes: Buffer.concat(parts) };
      });
    });
    for (const limit of ["fieldsLimit", "partsLimit", "filesLimit"] as const)
      parser.once(limit, fail("malformed"));
    // It says so once more when it is destroyed; a word that nobody hears would end the program.
    parser.on("error", fail("malformed"));
    parser.once("close", () => end({ ok: true, posted: { fields, cut, files, release } }));
    req.once("close", () => {
      if (!req.complete) fail("gone")();
    });
    req.once("error", fail("gone"));
    req.on("data", count);
    req.pipe(parser);
  });
}

const countOf = (files: readonly PostedFile[], ...alsoRefused: readonly string[]): number =>
  files.filter((file) => "bytes" in file || alsoRefused.includes(file.refused)).length;

/** `null` for what is no form of ours, a missing boundary among it. */
function parserFor({ headers }: IncomingMessage): busboy.Busboy | null {
  try {
    return busboy({
      headers,
      defParamCharset: "utf8",
      limits: {
        fieldNameSize: 100,
        fieldSize: FIELD_MOST,
        fields: FIELDS_MOST,
        fileSize: FILE_MOST,
        files: PARTS_MOST,
        parts: PARTS_MOST,
        headerPairs: 20,
      },
    });
  } catch {
    return null;
  }
}

/** Lets what still comes run into nothing for a while, then ends the connection. */
function discard(req: IncomingMessage): void {
  if (req.complete || req.destroyed) return;
  req.resume();
  const enough = setTimeout(() => req.destroy(), DISCARD_MS);
  req.once("close", () => clearTimeout(enough));
}
