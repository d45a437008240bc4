import { createServer as createHttp, type RequestListener } from "node:http";
import {
  createSecureServer,
  createServer as createPlainHttp2,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createHttps, type ServerOptions } from "node:https";
import {
  connect,
  createServer as createTcp,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";
import { onTestFinished } from "vitest";

/** A plain web server; returns its port. */
export const startHttp = (listener: RequestListener, host = "127.0.0.1"): Promise<number> =>
  listening(createHttp({ maxHeaderSize: 65_536 }, listener), host);

export const startHttps = (
  options: ServerOptions,
  listener: RequestListener,
  host = "127.0.0.1",
): Promise<number> => listening(createHttps(options, listener), host);

/** HTTP/2 over TLS; `allowHTTP1` as Node has it. */
export const startHttp2 = (
  options: { readonly key: string; readonly cert: string; readonly allowHTTP1?: boolean },
  listener: (path: string) => { readonly status: number; readonly body: string },
): Promise<number> =>
  listening(
    createSecureServer(options, (request, response) => {
      const { status, body } = listener(request.url);
      response.writeHead(status, { "content-type": "text/plain" });
      response.end(body);
    }),
    "127.0.0.1",
  );

/** HTTP/2 without TLS that does to each stream whatever it is told. */
export function startPlainHttp2(serve: (stream: ServerHttp2Stream) => void): Promise<number> {
  const server = createPlainHttp2();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    serve(stream);
  });
  server.on("sessionError", () => {});
  return listening(server, "127.0.0.1");
}

/** A server that does to each connection whatever it is told. */
export function startRaw(serve: (socket: Socket) => void, host = "127.0.0.1"): Promise<number> {
  return listening(
    createTcp({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => socket.destroy());
      serve(socket);
    }),
    host,
  );
}

/** Waits for the request's head, then serves. */
export const startReply = (serve: (socket: Socket) => void): Promise<number> =>
  startRaw((socket) => void socket.once("data", () => serve(socket)));

export interface ProxySettings {
  /** The Proxy-Authorization that is required. */
  readonly auth?: string;
  /** The status for every CONNECT. */
  readonly refuse?: number;
}

/** A forward proxy for CONNECT and absolute addresses; `seen` gathers what was asked of it. */
export async function startProxy({ auth, refuse }: ProxySettings = {}) {
  const seen: string[] = [];
  const server = createHttp((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (auth !== undefined && request.headers["proxy-authorization"] !== auth) {
      response.writeHead(407).end();
      return;
    }
    response.end("by proxy");
  });
  server.on("connect", (request, client: Socket, head) => {
    seen.push(`CONNECT ${request.url}`);
    client.on("error", () => client.destroy());
    if (refuse !== undefined) {
      client.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
      return;
    }
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const upstream = connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 Connected\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  return { port: await listening(server, "127.0.0.1"), seen };
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createTcp();
  const port = await new Promise<number>((settle) => {
    server.listen(0, "127.0.0.1", () => settle((server.address() as AddressInfo).port));
  });
  await new Promise((settle) => server.close(settle));
  return port;
}

/** What all servers of Node are below. */

function listening(server: Server, host: string): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new Promise((settle) => {
    server.listen(0, host, () => settle((server.address() as AddressInfo).port));
  });
}
