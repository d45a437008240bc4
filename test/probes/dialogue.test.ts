import { once } from "node:events";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { openDialogue, type Dialogue } from "../../probes/dialogue.js";
import { codeOf, Failure } from "../../probes/failures.js";
import { createPhases } from "../../probes/phases.js";
import { chainOf } from "../support/certificates.js";
import { scripted, serve } from "../support/servers.js";

/** A conversation with a server that does `talk`, ended by the signal after `timeoutMs`. */
async function converse(
  talk: (socket: Socket) => void | Promise<void>,
  timeoutMs = 2_000,
): Promise<Dialogue> {
  const socket = connect(await serve((peer) => void talk(peer)), "127.0.0.1");
  const signal = AbortSignal.timeout(timeoutMs);
  signal.addEventListener("abort", () => socket.destroy());
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.on("error", () => undefined);
  return openDialogue(socket, createPhases(), signal);
}

const says =
  (...chunks: (string | Buffer)[]) =>
  (socket: Socket): void => {
    for (const chunk of chunks) socket.write(chunk);
  };

/** The reason for which waiting ended. */
const ending = (waiting: Promise<unknown>): Promise<string> =>
  waiting.then(
    () => "no failure",
    (error: unknown) =>
      error instanceof Failure ? error.verdict.reason : codeOf(error) || String(error),
  );

test.each<[name: string, said: string, code: number, lines: string[]]>([
  ["one line", "220 mx.test\r\n", 220, ["mx.test"]],
  ["several lines", "250-mx\r\n250-SIZE\r\n250 HELP\r\n", 250, ["mx", "SIZE", "HELP"]],
  ["bare line feeds", "250-mx\n250 HELP\n", 250, ["mx", "HELP"]],
  ["a last line without text", "250-mx\r\n250\r\n", 250, ["mx", ""]],
  [
    "lines without their code",
    "220-hello\r\n  there\r\n220 mx\r\n",
    220,
    ["hello", "  there", "mx"],
  ],
  ["a code that changes", "250-mx\r\n550 no\r\n", 550, ["mx", "no"]],
  ["no space behind the code", "220mx\r\n", 220, ["mx"]],
  ["NULs and bytes that are no text", "220 a\0\x80\r\n", 220, ["a\0\ufffd"]],
])("a reply is read with %s", async (_name, said, code, lines) => {
  const dialogue = await converse(says(Buffer.from(said, "latin1")));
  expect(await dialogue.read()).toEqual({ code, lines, text: lines.join(" ") });
});

test.each<[name: string, talk: (socket: Socket) => void, expected: string]>([
  ["no code", says("hello\r\n"), "malformed-reply"],
  ["an impossible code", says("999 hello\r\n"), "malformed-reply"],
  ["an empty line", says("\r\n"), "malformed-reply"],
  ["a line of 8 KB and no end", says("2".repeat(8_200)), "reply-too-long-line"],
  ["a line of more than 8 KB", says(`220 ${"x".repeat(8_200)}\r\n`), "reply-too-long-line"],
  ["two hundred lines and more", says("250-x\r\n".repeat(201)), "reply-too-large"],
  ["more than 64 KB", says(`250-${"x".repeat(1_000)}\r\n`.repeat(66)), "reply-too-large"],
  ["a line cut by its end", (socket) => void socket.end("220 hal"), "closed-early"],
  ["nothing and the end", (socket) => void socket.end(), "closed-early"],
  ["a reset", (socket) => void setTimeout(() => socket.resetAndDestroy(), 30), "ECONNRESET"],
  ["silence", () => undefined, "Error: aborted"],
])("waiting for a reply ends with %s", async (_name, talk, expected) => {
  const dialogue = await converse(talk, 300);
  expect(await ending(dialogue.read())).toBe(expected);
});

test("a line that came before the end is still read", async () => {
  const dialogue = await converse((socket) => void socket.end("220 a\r\n221 b\r\n"));
  expect((await dialogue.read()).text).toBe("a");
  await new Promise((done) => setTimeout(done, 30));
  expect((await dialogue.read()).text).toBe("b");
  expect(await ending(dialogue.read())).toBe("closed-early");
});

test("a reply is the same however it is cut into pieces", async () => {
  const said = Buffer.from("250-mx.tést\r\n250-SIZE\n250 HELP\r\n");
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: said.length - 1 })), async (cuts) => {
      const ends = [...cuts.sort((a, b) => a - b), said.length];
      const dialogue = await converse(async (socket) => {
        socket.setNoDelay();
        let from = 0;
        for (const to of ends) {
          socket.write(said.subarray(from, to));
          from = to;
          await new Promise((done) => setImmediate(done));
        }
      });
      expect((await dialogue.read()).lines).toEqual(["mx.tést", "SIZE", "HELP"]);
    }),
    { numRuns: 30 },
  );
});

test("whatever bytes come, reading them ends", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      const dialogue = await converse((socket) => void socket.end(bytes));
      const ended = await ending(dialogue.read().then(() => dialogue.read()));
      expect(["no failure", "closed-early", "malformed-reply"]).toContain(ended);
    }),
    { numRuns: 60 },
  );
});

test("a command with a line break is never sent", async () => {
  const heard: string[] = [];
  const dialogue = await converse(scripted("220 x", {}, { heard }));
  expect(() => dialogue.send("RCPT TO:<a>\r\nDATA")).toThrow("a command must be one line");
  expect(heard).toEqual([]);
});

test("after an upgrade only what came encrypted is believed", async () => {
  const { leaf } = chainOf();
  const server = scripted(
    "220 x",
    { STARTTLS: "220 go", NOOP: "250 from inside" },
    { tls: { cert: leaf.chain, key: leaf.key }, injected: "250 from outside\r\n250-half a" },
  );
  const dialogue = await converse(server);
  await dialogue.read();
  await dialogue.say("STARTTLS");
  const { dropped } = await dialogue.upgrade({ servername: "localhost" });
  expect(dropped).toBe(28);
  expect((await dialogue.say("NOOP")).text).toBe("from inside");
});

test("a prompt is seen although its line never ends", async () => {
  const dialogue = await converse(says("motd\r\n", "login: "));
  expect(await dialogue.untilLine((line) => line.startsWith("login"))).toBe("login: ");
});

test("a text is found across pieces, and what follows it is kept", async () => {
  const dialogue = await converse((socket) => {
    socket.write("welcome to rea");
    setTimeout(() => void socket.write("dy\r\n220 next\r\n"), 20);
  });
  await dialogue.until(Buffer.from("ready\r\n"));
  expect((await dialogue.read()).text).toBe("next");
});
