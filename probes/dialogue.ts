import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { secure, type Handshake } from "./connect.js";
import { down, Failure } from "./failures.js";
import type { Phases } from "./phases.js";

/** How much is read: bytes of a line, bytes and lines in all. */
export interface Limits {
  readonly line: number;
  readonly total: number;
  readonly lines: number;
}

const USUAL: Limits = { line: 8 * 1024, total: 64 * 1024, lines: 200 };
/** How much of what was received is shown where it was not what we waited for. */
const SHOWN = 200;
/** A line without an end, e.g. a prompt, is looked at once nothing more has come for so long. */
const QUIET_MS = 25;

/** `250-one`, `250 two` → code 250 and the texts behind it; `text` joins them with spaces. */
export interface Reply {
  readonly code: number;
  readonly lines: readonly string[];
  readonly text: string;
}

/**
 * A conversation in lines over one socket, bounded in bytes, lines and length of a line. Whatever the
 * other side sends, waiting ends by a reply, by a `Failure`, by the socket's error or by the signal.
 */
export interface Dialogue {
  /** The next line without its end (LF, or CRLF). */
  line(): Promise<string>;
  /** The next `count` bytes, whatever they are. */
  bytes(count: number): Promise<Buffer>;
  /** Counts bytes and lines anew: for a conversation that goes on, where the bounds are those of one answer. */
  renew(): void;
  /** The next reply of the SMTP kind: three digits, several lines joined by `-` (RFC 5321, section 4.2). */
  read(): Promise<Reply>;
  /** Sends one line. Throws where `text` holds a line break, which would make it two commands. */
  send(text: string): void;
  /** Sends one line and reads the reply to it. */
  say(text: string): Promise<Reply>;
  /** Sends bytes as they are. */
  write(bytes: Buffer): void;
  /** Skips until right behind `text`; fails as `text-missing` where it has not come by the end. */
  until(text: Buffer): Promise<void>;
  /** Skips until a line fits (a line without an end counts once it is quiet); fails as `text-missing`. */
  untilLine(fits: (line: string) => boolean): Promise<string>;
  /**
   * Turns the connection into TLS. What came in plain text but was not read is dropped, since anybody
   * on the way could have put it there (CVE-2011-0411 and its kin); comes back as `dropped` bytes.
   */
  upgrade(handshake: Handshake): Promise<{ socket: TLSSocket; dropped: number }>;
  /** Says that we are done, with a last line where one is given; destroying the socket is the caller's part. */
  close(lastLine?: string): void;
}

/** Starts listening on a connected socket; enters `firstByte` and, with the first byte, `transfer`. */
export function openDialogue(
  connected: Socket,
  phases: Phases,
  signal: AbortSignal,
  limits: Limits = USUAL,
): Dialogue {
  let socket = connected;
  let unread: Buffer[] = [];
  let unreadBytes = 0;
  let begun = false;
  let total = 0;
  let lines = 0;
  /** Bytes that come one by one are not joined again and again to look for an end that did not come. */
  let mayHaveBreak = false;
  let over: Error | null = null;
  let wake = (): void => undefined;
  /** The beginning of all that came, to be shown where it did not fit. */
  let seen = "";

  const finish = (reason: Error): void => {
    over ??= reason;
    wake();
  };
  const onData = (chunk: Buffer): void => {
    if (!begun) phases.enter("transfer");
    begun = true;
    total += chunk.length;
    if (seen.length < SHOWN) seen += chunk.toString("utf8", 0, SHOWN);
    unread.push(chunk);
    unreadBytes += chunk.length;
    mayHaveBreak ||= chunk.includes(0x0a);
    if (total > limits.total) {
      socket.destroy();
      finish(new Failure(down("reply-too-large", { received: received() })));
    }
    wake();
  };
  const onEnd = (): void => {
    if (signal.aborted) finish(new Error("aborted"));
    else finish(new Failure(down("closed-early", begun ? { received: received() } : {})));
  };
  const listen = (): void => {
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    socket.on("error", finish);
  };
  const unlisten = (): void => {
    socket.off("data", onData);
    socket.off("end", onEnd);
    socket.off("close", onEnd);
    socket.off("error", finish);
  };
  const received = (): string => seen.slice(0, SHOWN);

  /** Waits for more than the `known` bytes; `false` when `quietMs` passed before. */
  const more = async (known: number, quietMs?: number): Promise<boolean> => {
    while (unreadBytes <= known) {
      if (over) throw over;
      let timer: NodeJS.Timeout | undefined;
      const quiet = await new Promise<boolean>((done) => {
        wake = () => done(false);
        if (quietMs !== undefined) timer = setTimeout(done, quietMs, true);
      });
      clearTimeout(timer);
      if (quiet) return false;
    }
    return true;
  };

  const gathered = (): Buffer => {
    const [only] = unread;
    if (unread.length === 1 && only) return only;
    const all = Buffer.concat(unread, unreadBytes);
    unread = [all];
    return all;
  };
  const consume = (bytes: number): void => {
    const rest = gathered().subarray(bytes);
    unread = rest.length > 0 ? [rest] : [];
    unreadBytes = rest.length;
  };
  const tooLong = (): Failure => {
    socket.destroy();
    return new Failure(down("reply-too-long-line", { received: received() }));
  };

  /** A whole line that is there, else `null`. */
  const takeLine = (): string | null => {
    const end = mayHaveBreak ? gathered().indexOf(0x0a) : -1;
    if (end < 0) {
      mayHaveBreak = false;
      if (unreadBytes > limits.line) throw tooLong();
      return null;
    }
    const buffer = gathered();
    if (end > limits.line) throw tooLong();
    const line = buffer.toString("utf8", 0, buffer[end - 1] === 0x0d ? end - 1 : end);
    consume(end + 1);
    lines += 1;
    if (lines > limits.lines) {
      socket.destroy();
      throw new Failure(down("reply-too-large", { received: received() }));
    }
    return line;
  };

  const line = async (): Promise<string> => {
    for (;;) {
      const taken = takeLine();
      if (taken !== null) return taken;
      await more(unreadBytes);
    }
  };

  const bytes = async (count: number): Promise<Buffer> => {
    if (count > limits.total) {
      socket.destroy();
      throw new Failure(down("reply-too-large", { received: received() }));
    }
    while (unreadBytes < count) await more(unreadBytes);
    const taken = Buffer.from(gathered().subarray(0, count));
    consume(count);
    mayHaveBreak = true;
    return taken;
  };

  const read = async (): Promise<Reply> => {
    const texts: string[] = [];
    for (;;) {
      const next = await line();
      const [, code, mark, text] = /^([1-5]\d\d)([ -]?)(.*)$/s.exec(next) ?? [];
      // Inside a reply, some servers leave the code away; at its beginning nobody may.
      if (code === undefined && texts.length === 0)
        throw new Failure(down("malformed-reply", { received: next.slice(0, SHOWN) }));
      texts.push(code === undefined ? next : (text ?? ""));
      if (code !== undefined && mark !== "-")
        return { code: Number(code), lines: texts, text: texts.join(" ") };
    }
  };

  const write = (bytes: Buffer): void => {
    if (!over) socket.write(bytes);
  };
  const send = (text: string): void => {
    if (/[\r\n]/.test(text)) throw new Error("a command must be one line");
    write(Buffer.from(`${text}\r\n`));
  };
  /** What ends a wait for a text: that it is missing, where anything else came at all. */
  const missing = (error: unknown): unknown => {
    const ended = signal.aborted || isEarlyClose(error);
    if (!ended || !begun) return error;
    return new Failure(down("text-missing", { received: received() }));
  };

  const until = async (text: Buffer): Promise<void> => {
    let known = 0;
    for (;;) {
      const buffer = gathered();
      const at = buffer.indexOf(text, Math.max(0, known - text.length + 1));
      if (at >= 0) return consume(at + text.length);
      known = buffer.length;
      try {
        await more(known);
      } catch (error) {
        throw missing(error);
      }
    }
  };
  const untilLine = async (fits: (line: string) => boolean): Promise<string> => {
    for (;;) {
      const whole = takeLine();
      if (whole !== null) {
        if (fits(whole)) return whole;
        continue;
      }
      try {
        if (await more(unreadBytes, QUIET_MS)) continue;
      } catch (error) {
        const rest = gathered().toString("utf8");
        consume(unreadBytes);
        if (rest !== "" && fits(rest)) return rest;
        throw missing(error);
      }
      const prompt = gathered().toString("utf8");
      if (prompt !== "" && fits(prompt)) {
        consume(unreadBytes);
        return prompt;
      }
      try {
        await more(unreadBytes);
      } catch (error) {
        throw missing(error);
      }
    }
  };

  phases.enter("firstByte");
  listen();
  if (socket.destroyed) onEnd();
  return {
    line,
    bytes,
    renew() {
      total = unreadBytes;
      lines = 0;
    },
    read,
    send,
    write,
    until,
    untilLine,
    async say(text) {
      send(text);
      return read();
    },
    async upgrade(handshake) {
      const dropped = unreadBytes;
      unlisten();
      unread = [];
      unreadBytes = 0;
      mayHaveBreak = false;
      const secured = await secure(socket, handshake, phases, signal);
      socket = secured;
      listen();
      phases.enter("transfer");
      return { socket: secured, dropped };
    },
    close(lastLine) {
      unlisten();
      if (!over && socket.writable) socket.end(lastLine === undefined ? "" : `${lastLine}\r\n`);
    },
  };
}

const isEarlyClose = (error: unknown): boolean =>
  error instanceof Failure && error.verdict.reason === "closed-early";
