import { mkdir, readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { ssh } from "../../probes/ssh.js";
import { daemon, describeReal, installed, ownFolder, run } from "../support/daemons.js";
import { closedPort } from "../support/http-servers.js";

const eyes = { resolver: createResolver() };
const { username, shell } = userInfo();
/** Accounts of services may not log in, nobody among them. */
const isShut = /(?:nologin|false)$/.test(shell ?? "");

const look = (port: number, options: object): Promise<Result> =>
  runProbe(ssh.prepare(`127.0.0.1:${port}`, options, eyes), 15_000, () => new Date());

/** An sshd of its own that lets us in by the key in `user`; returns its port and the fingerprints of its keys. */
async function sshd(folder: string, more = "") {
  const port = await closedPort();
  const kinds = ["ed25519", "ecdsa", "rsa"] as const;
  for (const kind of kinds) keyPair(join(folder, kind), kind);
  keyPair(join(folder, "user"), "ed25519");
  await writeFile(join(folder, "keys"), await readFile(join(folder, "user.pub")), { mode: 0o600 });
  // Where sshd as root wants to be shut in; as an ordinary user it does without.
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true });
  const file = join(folder, "sshd_config");
  await writeFile(
    file,
    `Port ${port}
ListenAddress 127.0.0.1
${kinds.map((kind) => `HostKey ${join(folder, kind)}`).join("\n")}
AuthorizedKeysFile ${join(folder, "keys")}
StrictModes no
UsePAM no
PermitRootLogin yes
PidFile none
Subsystem sftp internal-sftp
${more}`,
  );
  await daemon(installed("sshd") ?? "", ["-D", "-e", "-f", file], port);
  const [ed25519 = "", , rsa = ""] = kinds.map(
    (kind) => run("ssh-keygen", ["-lf", join(folder, `${kind}.pub`)]).split(" ")[1],
  );
  return { port, ed25519, rsa };
}

const keyPair = (file: string, kind: string, passphrase = ""): string =>
  run("ssh-keygen", ["-q", "-t", kind, "-N", passphrase, "-f", file]);

describeReal("OpenSSH", ["sshd", "ssh-keygen"], () => {
  test("the host key's fingerprint is the one that ssh-keygen prints", async () => {
    const { port, ed25519, rsa } = await sshd(await ownFolder());
    expect(await look(port, {})).toMatchObject({
      outcome: "up",
      facts: {
        banner: expect.stringMatching(/^SSH-2\.0-OpenSSH/),
        hostKey: { type: "ssh-ed25519", fingerprint: ed25519 },
      },
    });
    expect(await look(port, { fingerprint: [rsa, `${ed25519}=`] })).toMatchObject({
      outcome: "up",
    });
    expect(await look(port, { fingerprint: rsa })).toMatchObject({
      outcome: "down",
      reason: "host-key-changed",
      facts: { hostKey: { fingerprint: ed25519 }, expected: rsa },
    });
  });

  test.skipIf(isShut)("a key logs in and SFTP lists a folder; another key does not", async () => {
    const folder = await ownFolder();
    const { port, ed25519 } = await sshd(folder);
    const privateKey = await readFile(join(folder, "user"), "utf8");
    const pub = join(folder, "pub");
    await mkdir(pub);
    for (const name of ["a", "b"]) await writeFile(join(pub, name), "");
    const auth = { username, privateKey };
    expect(await look(port, { fingerprint: ed25519, auth, list: pub })).toMatchObject({
      outcome: "up",
      facts: { login: "publickey", list: { entries: 2, cut: false } },
    });
    expect(await look(port, { auth, list: join(folder, "none") })).toMatchObject({
      outcome: "down",
      reason: "path-refused",
    });
    keyPair(join(folder, "other"), "ed25519", "pass phrase");
    const other = await readFile(join(folder, "other"), "utf8");
    const stranger = { username, privateKey: other, passphrase: "pass phrase" };
    expect(await look(port, { auth: stranger })).toMatchObject({ reason: "auth-refused" });
    expect(() => ssh.prepare("a", { auth: { ...stranger, passphrase: "no" } }, eyes)).toThrow(
      "ssh.auth.privateKey: expected a private key",
    );
  });

  test.skipIf(isShut)(
    "a server without SFTP, and one that has nothing in common with us, say so",
    async () => {
      const folder = await ownFolder();
      const { port } = await sshd(folder, "KexAlgorithms sntrup761x25519-sha512@openssh.com\n");
      expect(await look(port, {})).toMatchObject({ reason: "key-exchange-failed" });
      const bare = await ownFolder();
      const without = await sshd(bare, "ForceCommand /bin/true\n");
      const auth = { username, privateKey: await readFile(join(bare, "user"), "utf8") };
      expect(await look(without.port, { auth, list: "/" })).toMatchObject({
        outcome: "down",
        reason: expect.stringMatching(/^(sftp-missing|closed-early|list-failed)$/),
      });
    },
  );
});
