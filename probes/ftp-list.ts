import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { connectTo, secure, type Handshake } from "./connect.js";
import { codeOf, down, Failure } from "./failures.js";
import type { Eyes } from "./probe.js";
import type { Visit } from "./visit.js";

const MAX_BYTES = 256 * 1024;

/** What came of a listing: how much, and whether more was left unread. */
export interface Listing {
  readonly entries: number;
  readonly bytes: number;
  readonly cut: boolean;
}

/** The data connection of a listing: opened before LIST is said, read after it was granted. */
export interface DataConnection {
  /** Encrypts it; `reused` says whether the server took up the session of the control connection. */
  encrypt(handshake: Handshake): Promise<{ reused: boolean }>;
  /** Reads to the end, at most 256 KB. */
  read(): Promise<Listing>;
  close(): void;
}

/** Connects to `port` of the address that the control connection leads to, and to no other. */
export async function openData(
  eyes: Eyes,
  control: Socket,
  port: number,
  { phases, signal }: Visit,
): Promise<DataConnection> {
  const host = control.remoteAddress ?? "";
  let socket: Socket;
  try {
    ({ socket } = await connectTo(eyes.resolver, { host, port, family: "any" }, phases, signal));
  } catch (error) {
    throw lost(error, port);
  }
  let stream: Socket | TLSSocket = socket;
  return {
    async encrypt(handshake) {
      try {
        const secured = await secure(socket, handshake, phases, signal);
        stream = secured;
        return { reused: secured.isSessionReused() };
      } catch (error) {
        throw lost(error, port);
      }
    },
    async read() {
      phases.enter("transfer");
      try {
        return await readListing(stream, signal);
      } catch (error) {
        throw lost(error, port);
      }
    },
    close: () => void socket.destroy(),
  };
}

/** The control connection lives: what ended is the data connection, a matter of firewalls and port ranges. */
function lost(error: unknown, dataPort: number): Failure {
  const code = codeOf(error);
  return new Failure(down("data-connection-failed", { dataPort, ...(code !== "" && { code }) }));
}

function readListing(socket: Socket, signal: AbortSignal): Promise<Listing> {
  return new Promise((done, fail) => {
    let bytes = 0;
    let entries = 0;
    let last = 0x0a;
    const end = (cut: boolean): void => {
      // A last line without an end counts, too.
      done({ entries: entries + (bytes > 0 && last !== 0x0a ? 1 : 0), bytes, cut });
      socket.destroy();
    };
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      for (const byte of chunk) if (byte === 0x0a) entries += 1;
      last = chunk.at(-1) ?? last;
      if (bytes > MAX_BYTES) end(true);
    });
    socket.on("end", () => end(false));
    socket.on("error", fail);
    socket.on("close", () => fail(new Error("closed")));
    signal.addEventListener("abort", () => fail(new Error("aborted")), { once: true });
    // Closed before anybody listened: neither data nor an end will come.
    if (socket.destroyed) fail(new Error("closed"));
  });
}
