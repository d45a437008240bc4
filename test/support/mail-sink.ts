import { once } from "node:events";
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTls, type TlsOptions } from "node:tls";

/** A mail in the one mailbox of a sink. */
export interface Kept {
  readonly uid: number;
  readonly text: string;
  deleted: boolean;
}

/** How a sink is to behave otherwise than well. */
export interface SinkWishes {
  /** Encrypted from the first byte on. */
  readonly tls?: TlsOptions;
  /** What becomes of a mail that was taken: its text as it arrives, or `null` where it never does. */
  readonly deliver?: (text: string) => string | null | Promise<string | null>;
  /** So many recipients are deferred with 451 before one is taken. */
  readonly defer?: number;
  /** Without these words in CAPABILITY. */
  readonly without?: readonly string[];
  /** Answers to IMAP commands by their beginning, `%` standing for the tag. */
  readonly imap?: Readonly<Record<string, string>>;
}

/** Submission, IMAP and POP3 over one mailbox in memory, for whoever logs in as `probe` with `secret`. */
export interface Sink {
  readonly smtp: number;
  readonly imap: number;
  readonly pop3: number;
  readonly mails: Kept[];
  /** What was said to the IMAP server, without tags. */
  readonly heard: string[];
  readonly counts: { submitted: number; imapLogins: number; pop3Logins: number };
  /** Puts a mail into the mailbox, as from elsewhere. */
  add(text: string): void;
  /** Ends all connections to the mailbox. */
  hangUp(): void;
  stop(): Promise<void>;
}

const DONE = "\r\n";

/** Opens all three on free ports of 127.0.0.1. */
export async function openSink(wishes: SinkWishes = {}): Promise<Sink> {
  const mails: Kept[] = [];
  const heard: string[] = [];
  const counts = { submitted: 0, imapLogins: 0, pop3Logins: 0 };
  const listeners = new Set<() => void>();
  const readers = new Set<Socket>();
  let uids = 0;
  let deferrals = wishes.defer ?? 0;

  const add = (text: string): void => {
    mails.push({ uid: (uids += 1), text, deleted: false });
    for (const tell of listeners) tell();
  };
  const take = async (text: string): Promise<void> => {
    counts.submitted += 1;
    const arriving = await (wishes.deliver ?? ((same: string) => same))(text);
    if (arriving !== null) add(arriving);
  };

  const smtp = await listen(wishes.tls, (socket) => {
    let data: string[] | null = null;
    socket.write("220 sink.test ESMTP\r\n");
    eachLine(socket, (line) => {
      if (data) {
        if (line !== ".") return void data.push(line.startsWith(".") ? line.slice(1) : line);
        socket.write("250 2.0.0 taken\r\n");
        void take(data.join("\r\n"));
        data = null;
      } else if (line.startsWith("EHLO")) socket.write("250-sink.test\r\n250 AUTH PLAIN\r\n");
      else if (line.startsWith("AUTH")) socket.write("334 \r\n");
      else if (line === credentials) socket.write("235 2.7.0 welcome\r\n");
      else if (line.startsWith("RCPT") && deferrals-- > 0) socket.write("451 4.7.1 Greylisted\r\n");
      else if (line.startsWith("DATA")) {
        data = [];
        socket.write("354 go on\r\n");
      } else if (line.startsWith("QUIT")) socket.end("221 bye\r\n");
      else socket.write("250 2.1.0 ok\r\n");
    });
  });

  const imap = await listen(wishes.tls, (socket) => {
    readers.add(socket);
    let known = mails.length;
    let idling: string | null = null;
    const news = (): void => {
      if (idling === null || mails.length === known) return;
      known = mails.length;
      socket.write(`* ${known} EXISTS\r\n`);
    };
    listeners.add(news);
    socket.on("close", () => {
      listeners.delete(news);
      readers.delete(socket);
    });
    const words = ["IMAP4rev1", "SASL-IR", "AUTH=PLAIN", "IDLE", "UIDPLUS"];
    const offered = words.filter((word) => !wishes.without?.includes(word)).join(" ");
    socket.write("* OK sink ready\r\n");
    eachLine(socket, (line) => {
      if (idling !== null) {
        if (line === "DONE") socket.write(`${idling} OK done\r\n`);
        idling = null;
        return;
      }
      // A word that crossed the end of IDLE.
      if (line === "DONE") return;
      const [, tag = "", said = ""] = /^(\S+) (.*)$/.exec(line) ?? [];
      heard.push(said);
      const own = Object.entries(wishes.imap ?? {}).find(([start]) => said.startsWith(start));
      if (own) return void socket.write(own[1].replaceAll("%", tag));
      const out: string[] = [];
      if (mails.length > known && said !== "IDLE") out.push(`* ${(known = mails.length)} EXISTS`);
      if (said === "CAPABILITY") out.push(`* CAPABILITY ${offered}`);
      if (said.startsWith("AUTHENTICATE")) counts.imapLogins += 1;
      if (said.startsWith("SELECT"))
        out.push(
          `* ${(known = mails.length)} EXISTS`,
          `* OK [UIDVALIDITY 7] v`,
          `* OK [UIDNEXT ${uids + 1}] n`,
        );
      if (said === "IDLE") {
        idling = tag;
        socket.write("+ idling\r\n");
        return news();
      }
      if (said.startsWith("UID SEARCH")) out.push(`* SEARCH ${search(said, mails).join(" ")}`);
      if (said.startsWith("UID FETCH")) out.push(...fetched(said, mails));
      if (said.startsWith("UID STORE")) for (const mail of chosen(said, mails)) mail.deleted = true;
      if (said.startsWith("UID EXPUNGE"))
        for (const mail of chosen(said, mails).filter(({ deleted }) => deleted)) {
          out.push(`* ${mails.indexOf(mail) + 1} EXPUNGE`);
          mails.splice(mails.indexOf(mail), 1);
          known -= 1;
        }
      out.push(`${tag} OK done`);
      socket.write(out.join(DONE) + DONE);
      if (said === "LOGOUT") socket.end();
    });
  });

  const pop3 = await listen(wishes.tls, (socket) => {
    readers.add(socket);
    socket.on("close", () => readers.delete(socket));
    const drop = [...mails];
    const going = new Set<Kept>();
    socket.write("+OK sink ready\r\n");
    eachLine(socket, (line) => {
      const [word = "", number = "0"] = line.split(" ");
      const mail = drop[Number(number) - 1];
      if (word === "CAPA") socket.write("+OK\r\nTOP\r\nUIDL\r\nSASL PLAIN\r\n.\r\n");
      else if (word === "AUTH") socket.write("+ \r\n");
      else if (word === "UIDL")
        socket.write(`+OK\r\n${drop.map(({ uid }, at) => `${at + 1} u${uid}\r\n`).join("")}.\r\n`);
      else if (word === "TOP" && mail) socket.write(`+OK\r\n${mail.text}\r\n.\r\n`);
      else {
        if (line === credentials) counts.pop3Logins += 1;
        if (word === "DELE" && mail) going.add(mail);
        if (word === "QUIT") for (const one of going) mails.splice(mails.indexOf(one), 1);
        socket.write("+OK\r\n");
        if (word === "QUIT") socket.end();
      }
    });
  });

  const servers = [smtp, imap, pop3];
  const [first, second, third] = servers.map(
    ({ server }) => (server.address() as AddressInfo).port,
  );
  return {
    smtp: first ?? 0,
    imap: second ?? 0,
    pop3: third ?? 0,
    mails,
    heard,
    counts,
    add,
    hangUp() {
      for (const socket of readers) socket.destroy();
    },
    async stop() {
      await Promise.all(servers.map(({ end }) => end()));
    },
  };
}

const credentials = Buffer.from("\0probe\0secret").toString("base64");

const headerOf = (text: string): string => text.slice(0, `${text}\r\n\r\n`.indexOf("\r\n\r\n") + 2);

function search(said: string, mails: readonly Kept[]): number[] {
  const [, from] = /UID (\d+):\*$/.exec(said) ?? [];
  const [, header] = /HEADER (\S+) ""$/.exec(said) ?? [];
  // `n:*` is never empty, as `*` is the last one.
  if (from !== undefined)
    return mails
      .filter(({ uid }, at) => uid >= Number(from) || at === mails.length - 1)
      .map(({ uid }) => uid);
  return mails
    .filter(({ text, deleted }) => !deleted && headerOf(text).includes(`\r\n${header}:`))
    .map(({ uid }) => uid);
}

function chosen(said: string, mails: readonly Kept[]): Kept[] {
  const uids = new Set(said.split(" ")[2]?.split(",").map(Number));
  return mails.filter(({ uid }) => uids.has(uid));
}

function fetched(said: string, mails: readonly Kept[]): string[] {
  const whole = said.includes("BODY.PEEK[]");
  return chosen(said, mails).map((mail) => {
    const text = whole ? mail.text : headerOf(mail.text);
    const item = `${whole ? "BODY[]" : "BODY[HEADER]"}<0> {${Buffer.byteLength(text)}}`;
    const date = '"22-Nov-2026 05:00:00 +0000"';
    return `* ${mails.indexOf(mail) + 1} FETCH (UID ${mail.uid} INTERNALDATE ${date} ${item}\r\n${text})`;
  });
}

function eachLine(socket: Socket, hear: (line: string) => void): void {
  let rest = "";
  socket.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("latin1")).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(line);
  });
}

async function listen(
  tls: TlsOptions | undefined,
  talk: (socket: Socket) => void,
): Promise<{ server: Server; end: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const watch = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  };
  const greet = (socket: Socket): void => {
    watch(socket);
    talk(socket);
  };
  const server: Server = tls ? createTls(tls, greet) : createTcp(greet);
  if (tls) server.on("connection", watch);
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1_024 });
  await once(server, "listening");
  return {
    server,
    async end() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
