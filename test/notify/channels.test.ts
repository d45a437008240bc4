import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Message, SendResult } from "../../src/notify/channel.js";
import { CHANNELS } from "../../src/notify/index.js";
import { message } from "../support/message.js";
import { readMail, smtpSink } from "../support/smtp-sink.js";
import { serve } from "../support/servers.js";

const SECRET = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";
const PASSWORD = "correct horse battery";

/** What a channel has to bring along to be asked the questions below. */
interface Candidate {
  readonly kind: string;
  /** Sends to whatever listens on `port`. */
  send(
    port: number,
    message: Message,
    options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<SendResult>;
  /** A far side that accepts; what it got, as people or programs read it. */
  accepting(): Promise<{ port: number; received: () => string[] }>;
  /** Far sides that answer something else, and what that must mean. */
  readonly answers: readonly (readonly [
    name: string,
    open: () => Promise<number>,
    means: object,
  ])[];
  readonly secrets: readonly string[];
  /** What in the received would be read as anything but words. */
  offences(received: readonly string[]): string[];
}

/** A relay that takes everything but what `script` answers otherwise; `end` is after the body. */
const relay = (script: Record<string, string>) =>
  serve((socket) => {
    const answers: Record<string, string> = {
      EHLO: "250-relay\r\n250 AUTH PLAIN LOGIN",
      AUTH: "235 ok",
      MAIL: "250 ok",
      RCPT: "250 ok",
      DATA: "354 go on",
      QUIT: "221 bye",
      end: "250 taken",
      ...script,
    };
    const say = (word: string) => socket.write(`${answers[word] ?? "500 what?"}\r\n`);
    let body: string | null = null;
    socket.write("220 relay ESMTP\r\n");
    socket.on("data", (chunk: Buffer) => {
      if (body === null) {
        const word = chunk.toString().slice(0, 4);
        say(word);
        if (word === "DATA" && answers["DATA"]?.startsWith("354")) body = "";
        return;
      }
      body += chunk.toString();
      if (!body.endsWith("\r\n.\r\n")) return;
      body = null;
      say("end");
    });
  });

const web = (status: number, headers: Record<string, string> = {}, body = "") =>
  listening((_body, answer) => answer(status, headers, body));

async function listening(
  serveOne: (
    body: string,
    answer: (status: number, headers?: Record<string, string>, body?: string) => void,
  ) => void,
): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () =>
      serveOne(Buffer.concat(chunks).toString(), (status, headers = {}, body = "") => {
        response.writeHead(status, headers).end(body);
      }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((closed) => server.close(() => closed()));
  });
  return (server.address() as AddressInfo).port;
}

const prepared = (kind: string, settings: unknown, port: number, timeoutMs = 30_000) => {
  const channel = CHANNELS[kind];
  if (!channel) throw new Error(`no channel ${kind}`);
  const ready = channel.prepare(settings, {
    timeoutMs,
    mail: {
      smtp: `smtp://tudunk@127.0.0.1:${port}`,
      password: PASSWORD,
      from: "Tudunk <status@example.org>",
    },
  });
  onTestFinished(() => ready.close());
  return ready.send;
};

const never = (): AbortSignal => new AbortController().signal;

const CANDIDATES: readonly Candidate[] = [
  {
    kind: "webhook",
    send: (port, one, { signal = never(), timeoutMs } = {}) =>
      prepared(
        "webhook",
        { url: `http://127.0.0.1:${port}/hook`, secret: SECRET },
        port,
        timeoutMs,
      )(one, signal),
    accepting: async () => {
      const bodies: string[] = [];
      const port = await listening((body, answer) => {
        bodies.push(body);
        answer(204);
      });
      return { port, received: () => bodies };
    },
    offences: ([body = ""]) => {
      const { data }: { data: { text: string } } = JSON.parse(body);
      return data.text.includes("<script>") ? [] : ["the words were changed"];
    },
    secrets: [SECRET, SECRET.slice(6), "secret-secret"],
    answers: [
      ["200", () => web(200, {}, "thanks"), { sent: true }],
      ["202", () => web(202), { sent: true }],
      [
        "301 without following it",
        () => web(301, { location: "http://127.0.0.1:1/" }),
        { sent: false, retry: false },
      ],
      [
        "307 without following it",
        () => web(307, { location: "/" }),
        { sent: false, retry: false },
      ],
      ["400", () => web(400), { sent: false, retry: false }],
      ["401", () => web(401), { sent: false, retry: false }],
      ["404", () => web(404), { sent: false, retry: false }],
      ["410", () => web(410), { sent: false, retry: false }],
      ["408", () => web(408), { sent: false, retry: true }],
      ["425", () => web(425), { sent: false, retry: true }],
      ["429", () => web(429), { sent: false, retry: true }],
      [
        "429 with a wait",
        () => web(429, { "retry-after": "90" }),
        { sent: false, retry: true, afterMs: 90_000 },
      ],
      ["500", () => web(500), { sent: false, retry: true }],
      [
        "503 with an unbounded wait",
        () => web(503, { "retry-after": "999999" }),
        { sent: false, retry: true, afterMs: 3_600_000 },
      ],
      [
        "503 with an unreadable wait",
        () => web(503, { "retry-after": "soon" }),
        { sent: false, retry: true },
      ],
      [
        "what is no HTTP",
        () => serve((socket) => void socket.end("hello\r\n\r\n")),
        { sent: false, retry: true },
      ],
      ["a hang-up", () => serve((socket) => void socket.destroy()), { sent: false, retry: true }],
      ["a huge reply", () => web(200, {}, "x".repeat(5_000_000)), { sent: true }],
      ["an endless reply", () => serve(endless("HTTP/1.1 200 OK\r\n\r\n")), { sent: true }],
      [
        "endless headers",
        () => serve(endless("HTTP/1.1 200 OK\r\nx: ")),
        { sent: false, retry: true },
      ],
    ],
  },
  {
    kind: "email",
    send: (port, one, { signal = never(), timeoutMs } = {}) =>
      prepared("email", { to: ["ops@example.org"] }, port, timeoutMs)(one, signal),
    accepting: async () => {
      const { port, letters } = await smtpSink({
        onAuth: (_auth, _session, done) => done(null, { user: "tudunk" }),
        allowInsecureAuth: true,
      });
      return {
        port,
        received: () =>
          letters.flatMap(({ raw }) => {
            const { headers, parts } = readMail(raw);
            return [
              [...headers].map((header) => header.join(": ")).join("\n"),
              ...parts.map(({ body }) => body),
            ];
          }),
      };
    },
    offences: ([headers = "", text = "", html = ""]) => [
      ...(headers.match(/^bcc:.*/gim) ?? []),
      ...headers
        .split("\n")
        .filter((line) => line.startsWith("subject:"))
        .slice(1),
      ...(html.match(/<script>/g) ?? []),
      ...(html.includes("&lt;script&gt;") ? [] : ["the words were changed"]),
      ...(`${text}${html}`.replaceAll(/[\r\n]/g, "").match(/[\p{Cc}\u202E]/gu) ?? []),
    ],
    secrets: [
      PASSWORD,
      Buffer.from(PASSWORD).toString("base64"),
      Buffer.from(`\0tudunk\0${PASSWORD}`).toString("base64"),
    ],
    answers: [
      ["250", () => relay({}), { sent: true, detail: "smtp-250" }],
      [
        "421 to MAIL",
        () => relay({ MAIL: "421 too busy" }),
        { sent: false, retry: true, afterMs: 60_000 },
      ],
      [
        "450 to RCPT",
        () => relay({ RCPT: "450 4.2.0 greylisted" }),
        { sent: false, retry: true, afterMs: 60_000 },
      ],
      ["452 to DATA", () => relay({ DATA: "452 disk full" }), { sent: false, retry: true }],
      ["451 after the body", () => relay({ end: "451 try later" }), { sent: false, retry: true }],
      [
        "550 to the only recipient",
        () => relay({ RCPT: "550 5.1.1 no such user" }),
        { sent: false, retry: false, reason: "smtp-550: 5.1.1 no such user" },
      ],
      ["553 to the sender", () => relay({ MAIL: "553 not yours" }), { sent: false, retry: false }],
      [
        "554 after the body",
        () => relay({ end: "554 looks like spam" }),
        { sent: false, retry: false },
      ],
      [
        "535 to our login",
        () => relay({ AUTH: "535 5.7.8 wrong" }),
        { sent: false, retry: true, afterMs: 900_000 },
      ],
      [
        "454 to our login",
        () => relay({ AUTH: "454 later" }),
        { sent: false, retry: true, afterMs: 60_000 },
      ],
      [
        "530 to MAIL",
        () => relay({ MAIL: "530 authenticate first" }),
        { sent: false, retry: true, afterMs: 900_000 },
      ],
      [
        "554 as a greeting",
        () => serve((socket) => void socket.write("554 go away\r\n")),
        { sent: false, retry: true },
      ],
      [
        "a login that repeats our password",
        () => relay({ AUTH: `535 ${PASSWORD} is wrong` }),
        { sent: false, retry: true },
      ],
      [
        "a refusal that repeats our password",
        () => relay({ MAIL: `550 not with ${PASSWORD}` }),
        { sent: false, retry: false, reason: "smtp-550: not with [secret]" },
      ],
      [
        "control characters",
        () => relay({ RCPT: "550 \u001B[31mred\u0007" }),
        { sent: false, retry: false, reason: "smtp-550: [31mred" },
      ],
      [
        "what is no SMTP",
        () => serve((socket) => void socket.end("hello\r\n")),
        { sent: false, retry: true },
      ],
      ["a hang-up", () => serve((socket) => void socket.destroy()), { sent: false, retry: true }],
      ["an endless reply", () => serve(endless("220-")), { sent: false, retry: true }],
      [
        "endless lines",
        () => serve(endless("220-x\r\n", "220-x\r\n".repeat(1000))),
        { sent: false, retry: true },
      ],
    ],
  },
];

function drip(socket: Socket, start: string): void {
  if (start) socket.write(start);
  const timer = setInterval(() => socket.write("2"), 20);
  socket.on("close", () => clearInterval(timer));
}

function endless(start: string, more = "x".repeat(16_384)) {
  return (socket: Socket): void => {
    socket.write(start);
    const pour = (): void => {
      if (!socket.destroyed && socket.write(more)) setImmediate(pour);
    };
    socket.on("drain", pour);
    socket.on("data", () => undefined);
    pour();
  };
}

test("every channel of the table is asked the same questions", () => {
  expect(CANDIDATES.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(CHANNELS).toSorted());
});

test.each(Object.entries(CHANNELS))("%s: bad settings are told in one line", (kind, channel) => {
  const mail = { smtp: "smtp://127.0.0.1:25", password: null, from: "status@example.org" };
  expect(() => channel.prepare({ shoe: "hunter2" }, { mail })).toThrow(
    new RegExp(`^${kind}(?!.*hunter2)[^\n]*shoe[^\n]*$`),
  );
});

describe.each(CANDIDATES)("$kind", (candidate) => {
  const { kind, secrets, answers } = candidate;

  test.each(answers)(`${kind}: understands %s`, async (_name, open, means) => {
    const result = await candidate.send(await open(), message());
    expect(result).toMatchObject(means);
    for (const secret of secrets) expect(JSON.stringify(result)).not.toContain(secret);
    expect(result.sent ? "sent" : result.reason).toMatch(/^\P{Cc}{1,300}$/u);
  });

  test(`${kind}: tries again where nobody listens`, async () => {
    const port = await serve(() => undefined);
    const gone = await new Promise<number>((done) => {
      const probe = createServer().listen(0, "127.0.0.1", () => {
        const { port: free } = probe.address() as AddressInfo;
        probe.close(() => done(free));
      });
    });
    expect(gone).not.toBe(port);
    expect(await candidate.send(gone, message())).toEqual({
      sent: false,
      retry: true,
      reason: "connection-refused",
    });
  });

  test(`${kind}: is interrupted at once by its signal, also by a silent server`, async () => {
    const port = await serve(() => undefined);
    const stop = new AbortController();
    const started = performance.now();
    setTimeout(() => stop.abort(), 100);
    expect(await candidate.send(port, message(), { signal: stop.signal })).toEqual({
      sent: false,
      retry: true,
      reason: "interrupted",
    });
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  test.each<[name: string, talk: (socket: Socket) => void]>([
    ["says nothing", () => undefined],
    ["hears nothing", (socket) => void socket.pause()],
    ["closes its half", (socket) => void socket.end()],
    ["says one byte at a time", (socket) => drip(socket, "")],
    [
      "begins well and then drips",
      (socket) => drip(socket, kind === "email" ? "220-" : "HTTP/1.1 2"),
    ],
    ["never ends its answer", (socket) => drip(socket, "HTTP/1.1 503 no\r\nx: ")],
  ])(`${kind}: is done in time with a server that %s`, async (_name, talk) => {
    const port = await serve(talk);
    const started = performance.now();
    const result = await candidate.send(port, message(), { timeoutMs: 400 });
    expect(result).toMatchObject({ sent: false, retry: true });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test(`${kind}: what it sends holds no secret and all that was to be said`, async () => {
    const { port, received } = await candidate.accepting();
    expect(await candidate.send(port, message())).toMatchObject({ sent: true });
    const all = received().join("\n");
    for (const secret of secrets) expect(all).not.toContain(secret);
    for (const said of [
      "web3 cannot be reached",
      "We are looking into it.",
      "/incidents/inc123abc456",
    ])
      expect(all).toContain(said);
  });

  test(`${kind}: hostile words change nothing but words`, async () => {
    const { port, received } = await candidate.accepting();
    const hostile =
      'x\r\nBcc: victim@example.net\r\n\r\n<script>alert(1)</script>"\u0000\u001B[2J\u202E{{x}}<%= 1 %>';
    const result = await candidate.send(
      port,
      message(
        {
          headline: hostile,
          text: hostile,
          site: { name: hostile, url: "https://x.example", timezone: "UTC" },
        },
        {
          title: { en: hostile },
          cause: { kind: "monitor", id: hostile },
          evidence: [
            {
              monitor: hostile,
              location: hostile,
              since: "2026-11-21T09:58:00Z",
              until: null,
              reason: hostile,
            },
          ],
        },
      ),
    );
    expect(result).toMatchObject({ sent: true });
    expect(candidate.offences(received())).toEqual([]);
  });

  test(`${kind}: two sends of one message carry the same key`, async () => {
    const { port, received } = await candidate.accepting();
    for (const _ of [1, 2]) await candidate.send(port, message());
    expect(received().join("\n").split("inc123abc456-upd123abc456").length).toBeGreaterThanOrEqual(
      kind === "email" ? 3 : 1,
    );
  });
});
