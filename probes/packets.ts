import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { secure, type Handshake } from "./connect.js";
import { down, Failure } from "./failures.js";
import type { Phases } from "./phases.js";

const MAX_PIECE = 64 * 1024;
const MAX_TOTAL = 256 * 1024;

/**
 * A conversation in counted bytes over one socket, bounded in each piece and in all. Whatever the other
 * side sends, waiting ends by a piece, by a `Failure`, by the socket's error or by the signal.
 */
export interface Packets {
  /** The next `count` bytes; more than 64 KB at once fail as `reply-too-large`. */
  take(count: number): Promise<Buffer>;
  write(bytes: Buffer): void;
  /** Turns the connection into TLS; what came before but was not read is dropped, `dropped` bytes of it. */
  upgrade(handshake: Handshake): Promise<{ socket: TLSSocket; dropped: number }>;
  /** Says that we are done, with last bytes where they are given; destroying the socket is the caller's part. */
  close(lastBytes?: Buffer): void;
}

/** Starts listening on a connected socket; enters `firstByte` and, with the first byte, `transfer`. */
export function openPackets(connected: Socket, phases: Phases, signal: AbortSignal): Packets {
  let socket = connected;
  let unread: Buffer[] = [];
  let unreadBytes = 0;
  let total = 0;
  let over: Error | null = null;
  let wake = (): void => undefined;

  const finish = (reason: Error): void => {
    over ??= reason;
    wake();
  };
  const onData = (chunk: Buffer): void => {
    if (total === 0) phases.enter("transfer");
    total += chunk.length;
    unread.push(chunk);
    unreadBytes += chunk.length;
    if (total > MAX_TOTAL) {
      socket.destroy();
      finish(new Failure(down("reply-too-large")));
    }
    wake();
  };
  const onEnd = (): void =>
    finish(signal.aborted ? new Error("aborted") : new Failure(down("closed-early")));
  const listen = (): void => {
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", finish);
  };
  const unlisten = (): void => {
    socket.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", finish);
  };

  phases.enter("firstByte");
  listen();
  if (socket.destroyed) onEnd();
  return {
    async take(count) {
      if (count > MAX_PIECE) throw new Failure(down("reply-too-large"));
      while (unreadBytes < count) {
        if (over) throw over;
        await new Promise<void>((done) => {
          wake = done;
        });
      }
      // Many small pieces of one large chunk must not copy it again and again.
      const [only] = unread;
      const all = unread.length === 1 && only ? only : Buffer.concat(unread, unreadBytes);
      unread = [all.subarray(count)];
      unreadBytes -= count;
      return all.subarray(0, count);
    },
    write(bytes) {
      if (!over) socket.write(bytes);
    },
    async upgrade(handshake) {
      const dropped = unreadBytes;
      unlisten();
      unread = [];
      unreadBytes = 0;
      const secured = await secure(socket, handshake, phases, signal);
      socket = secured;
      listen();
      phases.enter("transfer");
      return { socket: secured, dropped };
    },
    close(lastBytes = Buffer.alloc(0)) {
      unlisten();
      if (!over && socket.writable) socket.end(lastBytes);
    },
  };
}
