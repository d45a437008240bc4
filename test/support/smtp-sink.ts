import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { onTestFinished } from "vitest";

export interface Letter {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
}

/** A mail relay that takes and keeps everything, unless `options` say otherwise. */
export async function smtpSink(options: SMTPServerOptions = {}) {
  const letters: Letter[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        letters.push({
          from: mailFrom ? mailFrom.address : "",
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString("utf8"),
        });
        done();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
  return { port: (server.server.address() as AddressInfo).port, letters };
}

export interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** One mail, read as plainly as RFC 5322 and 2045 need for what we send ourselves. */
export function readMail(raw: string): Part & { readonly parts: readonly Part[] } {
  const whole = readPart(raw);
  const boundary = /boundary="?([^";]+)"?/.exec(whole.headers.get("content-type") ?? "")?.[1];
  if (boundary === undefined) return { ...whole, parts: [] };
  const pieces = whole.body.split(`--${boundary}`).slice(1, -1);
  return { ...whole, parts: pieces.map((piece) => readPart(piece.replace(/^\r\n/, ""))) };
}

function readPart(raw: string): Part {
  const split = raw.indexOf("\r\n\r\n");
  const headers = raw
    .slice(0, split)
    .replaceAll(/\r\n[ \t]+/g, " ")
    .split("\r\n")
    .map((line): [string, string] => {
      const [name = "", ...rest] = line.split(":");
      return [name.toLowerCase(), decodeWords(rest.join(":").trim())];
    });
  const known = new Map(headers);
  const body = raw.slice(split + 4);
  const encoding = known.get("content-transfer-encoding");
  if (encoding === "base64")
    return { headers: known, body: Buffer.from(body, "base64").toString() };
  return { headers: known, body: encoding === "quoted-printable" ? unquote(body) : body };
}

const unquote = (text: string): string =>
  Buffer.from(
    text
      .replaceAll(/=\r\n/g, "")
      .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    "latin1",
  ).toString("utf8");

const decodeWords = (text: string): string =>
  text
    .replaceAll(/\?=\s+=\?/g, "?==?")
    .replaceAll(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, body: string) =>
      kind.toUpperCase() === "B"
        ? Buffer.from(body, "base64").toString()
        : unquote(body.replaceAll("_", " ")),
    );
