import { connect as connectSocket, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { connect as connectTls, TLSSocket, type SecureContext } from "node:tls";
import { observingContext } from "./certificate.js";
import { codeOf, down, Failure, hungUp, unknown } from "./failures.js";
import type { Phases } from "./phases.js";
import type { Address, Resolver } from "./resolver.js";

export type Family = 4 | 6 | "any";

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly family: Family;
  /** Which addresses may be reached; default: all. */
  readonly permit?: (address: string) => boolean;
}

export interface Connected {
  readonly socket: Socket;
  readonly address: Address;
}

export interface Handshake {
  /** The name asked for (SNI); an IP literal is not sent, as RFC 6066 forbids it. */
  readonly servername: string;
  readonly alpn?: string[];
  /** Default: one context for the whole process; making one a check costs half a millisecond. */
  readonly context?: SecureContext;
  /** A session to take up again, as FTP servers want it of their data connections. */
  readonly session?: Buffer;
}

/** RFC 8305 section 5: how long an address may stay silent before the next is tried beside it. */
const NEXT_ADDRESS_MS = 250;
const MAX_ADDRESSES = 6;

/**
 * Resolves and connects, entering the phases `resolve` and `connect`. The socket is destroyed when
 * `signal` is aborted and always has an error listener; closing it is the caller's part. Rejects
 * with a `Failure` or the socket's error, for `judgeError`.
 */
export async function connectTo(
  resolver: Resolver,
  { host, port, family, permit }: Place,
  phases: Phases,
  signal: AbortSignal,
): Promise<Connected> {
  phases.enter("resolve");
  const resolved = await resolver.resolve(host, family, signal);
  if (resolved.kind === "not-found") throw new Failure(down("name-not-found"));
  if (resolved.kind === "failed")
    throw new Failure(unknown(resolved.reason, { code: resolved.code }));
  phases.enter("connect");
  const addresses = permit
    ? resolved.addresses.filter(({ address }) => permit(address))
    : resolved.addresses;
  if (addresses.length === 0) throw new Failure(down("redirect-refused"));
  const connected = await openFirst(inOrder(addresses), port, signal);
  phases.end();
  return connected;
}

/**
 * Does the TLS handshake on a connected socket, entering the phase `tls`. Any certificate is
 * accepted here: judging it is `judgeCertificate`'s part, which needs to see the bad ones too.
 */
export function secure(
  socket: Socket,
  { servername, alpn, context = observingContext(), session }: Handshake,
  phases: Phases,
  signal: AbortSignal,
): Promise<TLSSocket> {
  phases.enter("tls");
  return new Promise((done, fail) => {
    const secured = connectTls({
      socket,
      servername,
      secureContext: context,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(alpn && { ALPNProtocols: alpn }),
      ...(session && { session }),
    });
    // To check the name, which is not its part here, Node would read the whole chain and look for its root
    // in the store: half a millisecond, a third of the cost of a look.
    Object.defineProperty(secured, "getPeerCertificate", { value: () => ({}), configurable: true });
    const stop = (): void => void secured.destroy(new Error("aborted"));
    signal.addEventListener("abort", stop, { once: true });
    secured.once("close", () => {
      signal.removeEventListener("abort", stop);
      fail(hungUp());
    });
    secured.on("error", fail);
    secured.once("secureConnect", () => {
      Reflect.deleteProperty(secured, "getPeerCertificate");
      phases.end();
      done(secured);
    });
  });
}

/**
 * The first address to accept, each tried beside the last when that fails or stays silent;
 * otherwise the failure that says most.
 */
function openFirst(
  addresses: readonly Address[],
  port: number,
  signal: AbortSignal,
): Promise<Connected> {
  return new Promise((done, fail) => {
    const sockets = new Set<Socket>();
    const errors: Error[] = [];
    let tried = 0;
    let settled = false;
    let timer: NodeJS.Timeout | undefined;

    const stop = (): void => {
      clearTimeout(timer);
      settled = true;
      for (const socket of sockets) socket.destroy(new Error("aborted"));
      fail(new Error("aborted"));
    };
    const tryNext = (): void => {
      clearTimeout(timer);
      const address = addresses[tried];
      if (!address) return;
      tried += 1;
      const socket = connectSocket({ host: address.address, port, family: address.family });
      sockets.add(socket);
      socket.on("error", (error) => {
        sockets.delete(socket);
        if (settled) return;
        errors.push(error);
        if (tried < addresses.length) return tryNext();
        if (sockets.size > 0) return;
        signal.removeEventListener("abort", stop);
        fail(mostTelling(errors));
      });
      socket.once("connect", () => {
        clearTimeout(timer);
        settled = true;
        for (const other of sockets) if (other !== socket) other.destroy();
        // The listener stays: the signal ends the connection too.
        socket.once("close", () => signal.removeEventListener("abort", stop));
        done({ socket, address });
      });
      if (tried < addresses.length) timer = setTimeout(tryNext, NEXT_ADDRESS_MS);
    };

    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    tryNext();
  });
}

/** From "this machine could not" over "unreachable" to an answer of the other side. */
const TELLING = ["ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT", "ECONNRESET", "ECONNREFUSED"];

const mostTelling = (errors: readonly Error[]): Error =>
  errors.reduce((most, error) =>
    TELLING.indexOf(codeOf(error)) > TELLING.indexOf(codeOf(most)) ? error : most,
  );

/** IPv6 and IPv4 by turns (RFC 8305, section 4); IPv6 leads where this machine has such an address. */
function inOrder(addresses: readonly Address[]): readonly Address[] {
  if (addresses.length < 2) return addresses;
  const six = addresses.filter(({ family }) => family === 6);
  const four = addresses.filter(({ family }) => family === 4);
  const [lead, follow] = hasIPv6() ? [six, four] : [four, six];
  const turns: Address[] = [];
  for (let turn = 0; turn < Math.max(lead.length, follow.length); turn += 1)
    turns.push(...lead.slice(turn, turn + 1), ...follow.slice(turn, turn + 1));
  return turns.slice(0, MAX_ADDRESSES);
}

const INTERFACES_EVERY_MS = 30_000;
let lookedAt = -INTERFACES_EVERY_MS;
let seenIPv6 = false;

/** Whether an interface has a global IPv6 address; looked at every half minute. */
function hasIPv6(): boolean {
  const now = performance.now();
  if (now - lookedAt < INTERFACES_EVERY_MS) return seenIPv6;
  lookedAt = now;
  seenIPv6 = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some(({ address, internal }) => !internal && /^[23]/.test(address) && address.includes(":"));
  return seenIPv6;
}
