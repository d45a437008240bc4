import { once } from "node:events";
import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTls, TLSSocket, type TlsOptions } from "node:tls";
import type { Stage } from "../bench.js";

/** What is done with whoever comes. */
export type Talk = (socket: Socket) => void;

/** A port behind which another server may stand at any moment. */
export interface Door {
  readonly port: number;
  /** From the next visitor on. */
  become(talk: Talk): void;
  /** Refuses whoever comes, and throws out whoever is there. */
  shut(): Promise<void>;
  reopen(): Promise<void>;
}

export async function openDoor({ later }: Stage, address: string, first: Talk): Promise<Door> {
  let talk = first;
  const visitors = new Set<Socket>();
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    visitors.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => visitors.delete(socket));
    talk(socket);
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, address, 511);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const shut = async (): Promise<void> => {
    const closed = new Promise((done) => server.close(done));
    for (const visitor of visitors) visitor.destroy();
    await closed;
  };
  const port = await listen(0);
  later(shut);
  return {
    port,
    become: (next) => void (talk = next),
    shut,
    async reopen() {
      if (!server.listening) await listen(port);
    },
  };
}

export const silence: Talk = () => undefined;
export const reset: Talk = (socket) => socket.resetAndDestroy();

/** A web server. */
export function web(listener: RequestListener): Talk {
  const server = createHttp(listener);
  return (socket) => void server.emit("connection", socket);
}

export const page = (status: number, body = "all is well"): Talk =>
  web((_request, response) => void response.writeHead(status).end(body));

/** Whatever comes after the handshake. */
export function encrypted(options: TlsOptions, talk: Talk): Talk {
  const server = createTls(options, (socket) => {
    socket.on("error", () => socket.destroy());
    talk(socket);
  });
  server.on("tlsClientError", () => undefined);
  return (socket) => void server.emit("connection", socket);
}

/** Answers by the beginning of the line, `%` standing for its first word; nothing fitting is 500. */
export type Script = Readonly<Record<string, string>>;

/** A server that greets and answers line by line; with `tls` it turns where it agreed to STARTTLS. */
export function lines(greeting: string, script: Script, tls?: TlsOptions): Talk {
  const converse: Talk = (socket) => {
    let rest = "";
    socket.on("data", function take(chunk: Buffer) {
      const got = (rest + chunk.toString("latin1")).split(/\r?\n/);
      rest = got.pop() ?? "";
      for (const line of got) {
        const [tag = ""] = line.split(" ", 1);
        const key = Object.keys(script).find(
          (start) => line.startsWith(start) || line.slice(tag.length + 1).startsWith(start),
        );
        const answer = (script[key ?? ""] ?? "500 what?").replaceAll("%", tag);
        if (answer !== "") socket.write(`${answer}\r\n`);
        if (key !== "STARTTLS" || !tls) continue;
        socket.off("data", take);
        const inner = new TLSSocket(socket, { ...tls, isServer: true });
        inner.on("error", () => socket.destroy());
        return converse(inner);
      }
    });
  };
  return (socket) => {
    if (greeting !== "") socket.write(`${greeting}\r\n`);
    converse(socket);
  };
}
