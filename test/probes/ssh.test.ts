import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import ssh2, { type AuthContext, type ClientInfo, type Connection } from "ssh2";
import { expect, onTestFinished, test } from "vitest";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { ssh } from "../../probes/ssh.js";
import { serve } from "../support/servers.js";

const eyes = { resolver: createResolver() };
const hostKey = ssh2.utils.generateKeyPairSync("ed25519");
const userKey = ssh2.utils.generateKeyPairSync("ed25519");
const LOGIN = { username: "probe", password: "s3cret word" };

const look = (port: number, options: object = {}, timeoutMs = 5_000): Promise<Result> =>
  runProbe(ssh.prepare(`127.0.0.1:${port}`, options, eyes), timeoutMs, () => new Date());

/** A server that does to each connection whatever it is told. */
async function server(
  serveClient: (client: Connection, info: ClientInfo) => void,
  settings: Partial<ssh2.ServerConfig> = {},
): Promise<number> {
  const clients = new Set<Connection>();
  const listening = new ssh2.Server(
    { hostKeys: [hostKey.private], ident: "test_1.0", ...settings },
    (client, info) => {
      clients.add(client);
      client.on("error", () => undefined);
      serveClient(client, info);
    },
  );
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  onTestFinished(async () => {
    for (const client of clients) client.end();
    await new Promise<void>((closed) => void listening.close(() => closed()));
  });
  return (listening.address() as AddressInfo).port;
}

/** Lets in whoever answers as `fits` wants it. */
const admitting =
  (fits: (context: AuthContext) => boolean, methods: ssh2.AuthenticationType[]) =>
  (client: Connection): void => {
    client.on("authentication", (context) => {
      if (fits(context)) context.accept();
      else context.reject(methods);
    });
  };

const byPassword = admitting(
  (context) =>
    context.method === "password" &&
    context.username === LOGIN.username &&
    context.password === LOGIN.password,
  ["password"],
);

/** The fingerprint that the server shows. */
async function shownBy(port: number): Promise<string> {
  const { facts } = await look(port);
  return /SHA256:[^"]*/.exec(JSON.stringify(facts))?.[0] ?? "";
}

test("ssh: the banner, the lines before it and the host key are facts", async () => {
  const port = await server(() => undefined, { greeting: "Authorised use only" });
  expect(await look(port)).toMatchObject({
    outcome: "up",
    reason: "ok",
    facts: {
      address: "127.0.0.1",
      banner: "SSH-2.0-test_1.0",
      greeting: "Authorised use only",
      hostKey: { type: "ssh-ed25519", fingerprint: expect.stringMatching(/^SHA256:.{43}$/) },
    },
  });
});

test("ssh: a password goes to the expected host key alone", async () => {
  const tried: string[] = [];
  const port = await server((client) => {
    client.on("authentication", (context) => void tried.push(context.method));
    byPassword(client);
  });
  const fingerprint = await shownBy(port);
  const strange = `SHA256:${"A".repeat(43)}`;
  expect(await look(port, { fingerprint: strange, auth: LOGIN })).toMatchObject({
    outcome: "down",
    reason: "host-key-changed",
    facts: { expected: strange, hostKey: { fingerprint } },
  });
  expect(tried).toEqual([]);
  expect(await look(port, { fingerprint: [strange, fingerprint], auth: LOGIN })).toMatchObject({
    outcome: "up",
    facts: { login: "password" },
  });
  const wrong = await look(port, { fingerprint, auth: { ...LOGIN, password: "wr0ng" } });
  expect(wrong).toMatchObject({ outcome: "down", reason: "auth-refused" });
  expect(tried).toEqual(["password", "password"]);
  expect(JSON.stringify(wrong)).not.toContain("wr0ng");
});

test("ssh: a host key that a server shows but does not hold is no host key", async () => {
  const real = await server(() => undefined);
  const shown = wireForm(hostKey.public);
  const stolen = wireForm(ssh2.utils.generateKeyPairSync("ed25519").public);
  // Before the keys are agreed on nothing is sealed: anybody on the way may put another key in.
  const port = await serve((socket) => {
    const upstream = connect(real, "127.0.0.1");
    upstream.on("error", () => socket.destroy());
    upstream.on("data", (chunk) => {
      const at = chunk.indexOf(shown);
      if (at >= 0) stolen.copy(chunk, at);
      socket.write(chunk);
    });
    socket.on("data", (chunk) => void upstream.write(chunk));
    socket.on("close", () => upstream.destroy());
  });
  expect(await look(port)).toMatchObject({ outcome: "down", reason: "key-exchange-failed" });
});

function wireForm(key: string): Buffer {
  const parsed = ssh2.utils.parseKey(key);
  if (parsed instanceof Error) throw parsed;
  return parsed.getPublicSSH();
}

test("ssh: a server that asks in its own words gets the password, once", async () => {
  const port = await server((client) => {
    client.on("authentication", (context) => {
      if (context.method !== "keyboard-interactive")
        return context.reject(["keyboard-interactive"]);
      context.prompt([{ prompt: "Password: ", echo: false }], (answers) => {
        if (answers[0] === LOGIN.password) context.accept();
        else context.reject();
      });
    });
  });
  const fingerprint = await shownBy(port);
  expect(await look(port, { fingerprint, auth: LOGIN })).toMatchObject({ outcome: "up" });
});

test("ssh: a key logs in without a fingerprint, as nobody can use its proof elsewhere", async () => {
  const port = await server(admitting(({ method }) => method === "publickey", ["publickey"]));
  const auth = { username: "probe", privateKey: userKey.private };
  expect(await look(port, { auth })).toMatchObject({
    outcome: "up",
    facts: { login: "publickey" },
  });
});

test("ssh: a server without SFTP says so", async () => {
  const port = await server((client) => {
    admitting(() => true, [])(client);
    client.on("session", (accept) => {
      accept().on("subsystem", (_accept, reject) => reject());
    });
  });
  const auth = { username: "probe", privateKey: userKey.private };
  expect(await look(port, { auth, list: "/" })).toMatchObject({
    outcome: "down",
    reason: "sftp-missing",
  });
});

/** Offers a folder whose every reading brings `batch` names, `times` times. */
const folder =
  (batch: number, times: number) =>
  (client: Connection): void => {
    admitting(() => true, [])(client);
    client.on("session", (accept) => {
      accept().on("sftp", (open) => {
        const sftp = open();
        let left = times;
        sftp.on("OPENDIR", (id, path) =>
          path === "/" ? sftp.handle(id, Buffer.of(1)) : sftp.status(id, 2),
        );
        sftp.on("READDIR", (id) => {
          if (left === 0) return sftp.status(id, 1);
          left -= 1;
          const attrs = { mode: 0o100644, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };
          const names = Array.from({ length: batch }, (_, at) => ({
            filename: at === 0 ? "." : `f${at}`,
            longname: "f",
            attrs,
          }));
          return sftp.name(id, names);
        });
      });
    });
  };

test("ssh: a folder is read to its end, or to the bound of it", async () => {
  const auth = { username: "probe", privateKey: userKey.private };
  const small = await server(folder(4, 2));
  expect(await look(small, { auth, list: "/" })).toMatchObject({
    outcome: "up",
    facts: { list: { entries: 6, cut: false } },
  });
  expect(await look(small, { auth, list: "/none" })).toMatchObject({ reason: "path-refused" });
  const endless = await server(folder(500, Number.POSITIVE_INFINITY));
  const result = await look(endless, { auth, list: "/" }, 15_000);
  expect(result).toMatchObject({ outcome: "up", facts: { list: { cut: true } } });
});

test.each<[name: string, talk: (socket: Socket) => void, reason: string]>([
  ["silent", () => undefined, "timed-out-first-byte"],
  ["hanging up", (socket) => socket.destroySoon(), "closed-early"],
  ["resetting", (socket) => void socket.resetAndDestroy(), "reset"],
  ["silent after its banner", (s) => void s.write("SSH-2.0-x\r\n"), "timed-out-transfer"],
  ["ended after its banner", (s) => void s.end("SSH-2.0-x\r\n"), "closed-early"],
  ["full", (s) => void s.end("Exceeded MaxStartups\r\n"), "too-many-connections"],
  ["a mail server", (s) => void s.end("220 mx.test ESMTP\r\n"), "malformed-reply"],
  ["of the first version", (s) => void s.write("SSH-1.5-old\r\n"), "malformed-reply"],
  ["with a line of 10 MB", (s) => void s.write(Buffer.alloc(1e7, "S")), "malformed-reply"],
  ["with lines without end", (s) => endless(s, "hello\r\n"), "malformed-reply"],
  ["with garbage behind its banner", garbage, "malformed-reply"],
])("ssh: a server that is %s ends in a verdict in time", async (_name, talk, reason) => {
  const port = await serve(talk);
  expect(await look(port, {}, 600)).toMatchObject({ outcome: "down", reason });
});

function garbage(socket: Socket): void {
  socket.write("SSH-2.0-x\r\n");
  socket.write(Buffer.alloc(5_000, 0xee));
}

function endless(socket: Socket, line: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(line.repeat(100)));
  };
  socket.on("drain", more);
  more();
}

test.each([
  [
    "a password without a fingerprint",
    { auth: LOGIN },
    "ssh.auth: a password needs the fingerprint",
  ],
  ["a folder without a login", { list: "/" }, "ssh.list: a folder needs a login"],
  ["a fingerprint of MD5", { fingerprint: "MD5:aa:bb" }, "ssh.fingerprint: expected SHA256:"],
  [
    "both a password and a key",
    { auth: { ...LOGIN, privateKey: userKey.private } },
    "ssh.auth: expected { username, password }",
  ],
  [
    "a public key",
    { auth: { username: "a", privateKey: userKey.public } },
    "ssh.auth.privateKey: expected a private key",
  ],
])("ssh: %s cannot be prepared", (_name, options, message) => {
  expect(() => ssh.prepare("web3.test", options, eyes)).toThrow(message);
});
