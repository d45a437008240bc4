import {
  request as ask,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import { connect as startSession, constants } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex, Readable } from "node:stream";
import { down, Failure, hungUp, unknown } from "./failures.js";

export interface Question {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** `host` or `host:port`, as in the Host header. */
  readonly authority: string;
  /** Path and query, or the whole address towards a proxy. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** The beginning of a reply; `stream` is its body, to be read or closed. */
export interface Reply {
  readonly status: number;
  readonly version: string;
  readonly headers: IncomingHttpHeaders;
  readonly stream: Readable;
  /** Whether the body ended as its framing promised. */
  isWhole(): boolean;
  close(): void;
}

const MAX_HEADERS = 16_384;

/** One HTTP/1.1 exchange on a connected socket, which it closes afterwards. */
export function exchange(socket: Socket, question: Question): Promise<Reply> {
  return new Promise((settle, fail) => {
    let reply: IncomingMessage | null = null;
    const request = ask({
      createConnection: () => socket,
      method: question.method,
      path: question.path,
      headers: { host: question.authority, ...question.headers },
      setHost: false,
      maxHeaderSize: MAX_HEADERS,
    });
    // An error in the body, such as a bad chunk, is told to the request but belongs to the reply.
    request.on("error", (error) => (reply ? reply.destroy(error) : fail(error)));
    // Ended without a reply, also by a change of protocol that nobody asked for.
    request.on("close", () => {
      if (!reply) fail(hungUp());
    });
    request.on("response", (response) => {
      reply = response;
      // Without a listener Node forgets an error that comes with the head in one packet.
      response.on("error", () => {});
      settle({
        status: response.statusCode ?? 0,
        version: response.httpVersion,
        headers: response.headers,
        stream: response,
        isWhole: () => response.complete,
        // A whole reply is closed by Node itself, in good manners.
        close: () => void (response.complete || socket.destroy()),
      });
    });
    finish(request, question.body);
  });
}

/** One HTTP/2 exchange on a connected socket. */
export function exchange2(socket: Socket, question: Question): Promise<Reply> {
  return new Promise((settle, fail) => {
    const session = startSession(`${question.scheme}://${question.authority}`, {
      createConnection: () => socket,
      maxSessionMemory: 2,
      maxReservedRemoteStreams: 1,
      maxHeaderListPairs: 256,
      settings: { enablePush: false, maxHeaderListSize: MAX_HEADERS },
    });
    session.on("error", fail);
    session.on("close", () => fail(hungUp()));
    const stream = session.request({
      ":method": question.method,
      ":path": question.path,
      ":scheme": question.scheme,
      ":authority": question.authority,
      ...question.headers,
    });
    stream.on("error", (error) => {
      // Our own limit resets the stream with this code.
      const isFlooded = stream.rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM;
      fail(isFlooded ? new Failure(down("headers-too-large")) : error);
    });
    stream.on("close", () => fail(hungUp()));
    stream.on("response", (headers) =>
      settle({
        status: headers[":status"] ?? 0,
        version: "2",
        headers,
        stream,
        // An end that came by a reset or with the connection is no end.
        isWhole: () => stream.rstCode === constants.NGHTTP2_NO_ERROR,
        close() {
          session.destroy();
          socket.destroy();
        },
      }),
    );
    finish(stream, question.body);
  });
}

/**
 * Asks a proxy for a tunnel to `authority` (RFC 9110, section 9.3.6). A proxy that says that the
 * target does not answer is believed; every other refusal is the proxy's own failure.
 */
export function tunnel(socket: Socket, authority: string, auth: string | null): Promise<Duplex> {
  return new Promise((settle, fail) => {
    const request = ask({
      createConnection: () => socket,
      method: "CONNECT",
      path: authority,
      headers: { host: authority, ...(auth !== null && { "proxy-authorization": auth }) },
      setHost: false,
      maxHeaderSize: MAX_HEADERS,
    });
    request.on("error", fail);
    request.on("close", () => fail(hungUp()));
    request.on("connect", (response, tunneled, head) => {
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        if (head.length > 0) tunneled.unshift(head);
        return settle(tunneled);
      }
      const squid = String(response.headers["x-squid-error"] ?? "");
      const targetIsSilent = status === 502 || status === 504 || squid.includes("CONNECT_FAIL");
      const facts = { proxyStatus: status };
      fail(
        new Failure(
          targetIsSilent ? down("host-unreachable", facts) : unknown("proxy-failed", facts),
        ),
      );
    });
    request.end();
  });
}

/** Sends the body, which may fail only after a reply has been seen: then nobody needs to know. */
function finish(request: ClientRequest | Duplex, body: string | null): void {
  if (body === null) request.end();
  else request.end(body);
}
