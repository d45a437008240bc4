import { spawn, type ChildProcess } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import type { Log } from "../log.js";

/** A picture as we made it: WebP, without anything its sender's device wrote beside it. */
export interface Picture {
  readonly webp: Buffer;
  readonly width: number;
  readonly height: number;
}

/** `unreadable`: no picture we take, or one that costs too much. `later`: too much is waiting, or we end. */
export type Reencoded =
  | { readonly ok: true; readonly picture: Picture }
  | { readonly ok: false; readonly why: "unreadable" | "later" };

export interface Reencoder {
  /** One after the other, each in a process of its own; never rejects. */
  reencode(bytes: Buffer): Promise<Reencoded>;
  stop(): Promise<void>;
}

interface ReencoderSettings {
  readonly log: Log;
  /** A picture that takes longer is given up; default 10 s. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** More than so many waiting are better added later by their sender than waited for. */
const WAITING_MOST = 32;
/** 2000 × 2000 pixels of noise are some 4 MB. */
const RESULT_MAX = 12_000_000;
const HEADER = 8;
const NO_PICTURE: Reencoded = { ok: false, why: "unreadable" };
const LATER: Reencoded = { ok: false, why: "later" };

/** The compiled child, also when we ourselves run from source in a test. */
const FILE = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "../../dist/src/images/main.js" : "./main.js",
    import.meta.url,
  ),
);

export function createReencoder({ log, timeoutMs = TIMEOUT_MS }: ReencoderSettings): Reencoder {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let stopping = false;
  let present: ChildProcess | null = null;

  const rewrite = (bytes: Buffer): Promise<Reencoded> =>
    new Promise((done) => {
      if (stopping) return done(LATER);
      const child = spawn(process.execPath, ["--max-old-space-size=64", FILE], {
        stdio: ["pipe", "pipe", "ignore"],
        env: { MALLOC_ARENA_MAX: "2", VIPS_BLOCK_UNTRUSTED: "1" },
      });
      present = child;
      const late = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
      const parts: Buffer[] = [];
      let size = 0;
      child.stdout.on("data", (part: Buffer) => {
        size += part.length;
        if (size > RESULT_MAX) child.kill("SIGKILL");
        else parts.push(part);
      });
      // It may end before it has read everything.
      child.stdin.on("error", () => undefined);
      child.once("spawn", () => {
        if (child.pid !== undefined) giveWay(child.pid);
        child.stdin.end(bytes);
      });
      child.once("error", (error) => {
        log.error({ err: error }, "picture.no-process");
        clearTimeout(late);
        done(LATER);
      });
      child.once("close", (code, signal) => {
        clearTimeout(late);
        present = null;
        if (stopping) return done(LATER);
        if (code !== 0) log.info({ code, signal, bytes: bytes.length }, "picture.unreadable");
        done(code === 0 ? pictureOf(Buffer.concat(parts)) : NO_PICTURE);
      });
    });

  return {
    async reencode(bytes) {
      if (!isTaken(bytes)) return NO_PICTURE;
      if (waiting >= WAITING_MOST) return LATER;
      waiting += 1;
      const mine = last.then(() => rewrite(bytes));
      last = mine;
      return mine.finally(() => (waiting -= 1));
    },
    async stop() {
      stopping = true;
      present?.kill("SIGKILL");
      await last;
    },
  };
}

/** Whether the first bytes are those of PNG, JPEG or WebP; anything else costs no process. */
function isTaken(bytes: Buffer): boolean {
  const starts = (at: number, signature: string): boolean =>
    bytes.subarray(at, at + signature.length).equals(Buffer.from(signature, "latin1"));
  return (
    starts(0, "\x89PNG\r\n\x1a\n") ||
    starts(0, "\xff\xd8\xff") ||
    (starts(0, "RIFF") && starts(8, "WEBP"))
  );
}

function pictureOf(result: Buffer): Reencoded {
  if (result.length <= HEADER) return NO_PICTURE;
  const picture: Picture = {
    webp: result.subarray(HEADER),
    width: result.readUInt32BE(0),
    height: result.readUInt32BE(4),
  };
  return { ok: true, picture };
}

/** Looking at services comes first, pictures after. */
function giveWay(pid: number): void {
  try {
    setPriority(pid, 10);
  } catch {
    // Already over, or not ours to say.
  }
}
