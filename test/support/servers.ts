import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from "node:tls";
import { onTestFinished } from "vitest";

type Talk = (socket: Socket) => void;

/** Serves `talk` on a free port of 127.0.0.1 until the test is over; with `tls`, encrypted from the first byte on. */
export async function serve(talk: Talk, tls?: TlsOptions): Promise<number> {
  const sockets = new Set<Socket>();
  const watch = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  };
  const greet = (socket: Socket): void => {
    watch(socket);
    talk(socket);
  };
  const server: Server = tls ? createTlsServer(tls, greet) : createServer(greet);
  if (tls) server.on("connection", watch);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => server.close(closed));
  });
  return (server.address() as AddressInfo).port;
}

/** What a scripted server answers: by the beginning of the line that it got. An empty text is silence. */
export type Script = Readonly<Record<string, string | ((socket: Socket) => void)>>;

/**
 * Greets and then answers each line by the script's longest fitting beginning; `heard` collects the lines. With
 * `tls` a 220 or OK to STARTTLS or STLS turns the connection. `tagged` is how IMAP talks: what begins a line is its
 * tag, for which `%` stands in answers.
 */
export function scripted(
  greeting: string,
  script: Script,
  {
    heard = [],
    tls,
    injected = "",
    tagged = false,
  }: { heard?: string[]; tls?: TlsOptions; injected?: string; tagged?: boolean } = {},
): Talk {
  const converse = (socket: Socket): void => {
    let rest = "";
    socket.on("data", function take(chunk: Buffer) {
      rest += chunk.toString("latin1");
      for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
        const whole = rest.slice(0, end).replace(/\r$/, "");
        const blank = tagged ? whole.indexOf(" ") : -1;
        const line = whole.slice(blank + 1);
        rest = rest.slice(end + 1);
        heard.push(line);
        const key = Object.keys(script)
          .filter((beginning) => line.startsWith(beginning))
          .sort((a, b) => b.length - a.length)[0];
        const scriptedAnswer = key === undefined ? "500 what?" : (script[key] ?? "");
        if (typeof scriptedAnswer === "function") return scriptedAnswer(socket);
        const answer = tagged
          ? scriptedAnswer.replaceAll("%", whole.slice(0, Math.max(0, blank)))
          : scriptedAnswer;
        const turns = tls && /STARTTLS|STLS/.test(line) && /^(?:220|\+OK|a\d* OK)/m.test(answer);
        if (answer !== "") socket.write(`${answer}\r\n${turns ? injected : ""}`);
        if (!turns) continue;
        socket.off("data", take);
        const secured = new TLSSocket(socket, { ...tls, isServer: true });
        secured.on("error", () => undefined);
        return converse(secured);
      }
    });
  };
  return (socket) => {
    if (greeting !== "") socket.write(`${greeting}\r\n`);
    converse(socket);
  };
}
