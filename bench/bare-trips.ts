import { randomBytes } from "node:crypto";
import { connect, createSecureContext, type TLSSocket } from "node:tls";
import { answering } from "./child.js";

/** The least that a round trip takes where each opens the mailbox for itself, and nothing is judged. */
export type TripQuestion =
  | {
      readonly do: "run";
      readonly smtp: number;
      readonly imap: number;
      readonly ca: string;
      readonly perSecond: number;
    }
  | { readonly do: "count" };

let done = 0;
let failed = 0;

const LOGIN = Buffer.from("\0probe\0secret").toString("base64");

/** Says each line once the answer to the last has come: a line that `ended` fits. */
async function talk(socket: TLSSocket, ended: RegExp, lines: readonly string[]): Promise<string> {
  let text = "";
  let answer = (): void => undefined;
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
    if (ended.test(text)) answer();
  });
  const lost = new Promise<never>((_, fail) => {
    socket.once("error", fail);
    socket.once("close", () => fail(new Error("closed")));
  });
  lost.catch(() => undefined);
  for (const line of ["", ...lines]) {
    const heard = new Promise<void>((heardIt) => {
      answer = heardIt;
    });
    text = "";
    if (line !== "") socket.write(`${line}\r\n`);
    await Promise.race([heard, lost]);
  }
  return text;
}

async function trip(
  { smtp, imap }: { smtp: number; imap: number },
  secureContext: ReturnType<typeof createSecureContext>,
): Promise<void> {
  const open = (port: number): TLSSocket =>
    connect({ host: "127.0.0.1", port, servername: "localhost", secureContext });
  const token = randomBytes(16).toString("hex");
  const submission = open(smtp);
  await talk(submission, /(?:^|\n)\d{3} [^\n]*\n$/, [
    "EHLO bench.test",
    "AUTH PLAIN",
    LOGIN,
    "MAIL FROM:<a@sink.test>",
    "RCPT TO:<a@sink.test>",
    "DATA",
    `Subject: trip\r\nBare-${token}: x\r\n\r\nhello\r\n.`,
  ]);
  submission.destroy();
  const mailbox = open(imap);
  const ended = /(?:^|\n)(?:a\d+ OK|\* OK sink)[^\n]*\n$/;
  const listed = await talk(mailbox, ended, [
    `a1 AUTHENTICATE PLAIN ${LOGIN}`,
    'a2 SELECT "INBOX"',
    `a3 UID SEARCH UNDELETED HEADER Bare-${token} ""`,
  ]);
  const [, uid] = /\* SEARCH (\d+)/.exec(listed) ?? [];
  if (uid === undefined) throw new Error("it did not arrive");
  mailbox.removeAllListeners("data");
  mailbox.write("a4 NOOP\r\n");
  await talk(mailbox, ended, [
    `a5 UID FETCH ${uid} (UID BODY.PEEK[HEADER])`,
    `a6 UID STORE ${uid} +FLAGS.SILENT (\\Deleted)`,
    `a7 UID EXPUNGE ${uid}`,
  ]);
  mailbox.destroy();
}

answering((question: TripQuestion) => {
  if (question.do === "count") return { done, failed };
  const context = createSecureContext({ ca: question.ca });
  setInterval(() => {
    trip(question, context).then(
      () => (done += 1),
      () => (failed += 1),
    );
  }, 1_000 / question.perSecond);
  return null;
});
