import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ftp } from "../../probes/ftp.js";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { chainOf } from "../support/certificates.js";
import { daemon, describeReal, installed, ownFolder, run } from "../support/daemons.js";
import { closedPort } from "../support/http-servers.js";

const eyes = { resolver: createResolver() };
const { leaf, root } = chainOf({ leaf: { key: "rsa-2048" } });
const TRUST = { ca: root.cert };
const LOGIN = { username: "probe", password: "s3cret word" };

const look = (port: number, options: object): Promise<Result> =>
  runProbe(ftp.prepare(`127.0.0.1:${port}`, options, eyes), 15_000, () => new Date());

/** A folder with three files in `home/pub`, and the server's certificate with its key. */
async function furnished() {
  const folder = await ownFolder();
  const home = join(folder, "home");
  await mkdir(join(home, "pub"), { recursive: true });
  for (const name of ["a", "b", "c"]) await writeFile(join(home, "pub", name), name);
  const pem = join(folder, "server.pem");
  await writeFile(pem, leaf.chain + leaf.key, { mode: 0o600 });
  return { folder, home, pem };
}

describeReal("vsftpd", ["vsftpd"], () => {
  async function vsftpd(more: Readonly<Record<string, string>> = {}): Promise<number> {
    const { folder, home, pem } = await furnished();
    const port = await closedPort();
    const settings = {
      listen: "YES",
      listen_address: "127.0.0.1",
      listen_port: String(port),
      background: "NO",
      run_as_launching_user: "YES",
      anonymous_enable: "YES",
      anon_root: home,
      xferlog_enable: "NO",
      seccomp_sandbox: "NO",
      ssl_enable: "YES",
      allow_anon_ssl: "YES",
      rsa_cert_file: pem,
      rsa_private_key_file: pem,
      require_ssl_reuse: "YES",
      // Whoever believes it ends up elsewhere.
      pasv_address: "192.0.2.1",
      ...more,
    };
    const file = join(folder, "vsftpd.conf");
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
    await writeFile(file, lines.join(""));
    await daemon(installed("vsftpd") ?? "", [file], port);
    return port;
  }

  test("a listing over AUTH TLS takes the session up again, as require_ssl_reuse wants it", async () => {
    const port = await vsftpd();
    expect(await look(port, { mode: "explicit", tls: TRUST, list: "pub" })).toMatchObject({
      outcome: "up",
      facts: {
        tls: { trusted: true },
        list: { entries: 3, cut: false, reused: true },
      },
    });
    expect(await look(port, { mode: "plain", list: "pub" })).toMatchObject({
      outcome: "up",
      facts: { list: { entries: 3 } },
    });
    expect(await look(port, { mode: "plain", list: "elsewhere" })).toMatchObject({
      outcome: "down",
      reason: "path-refused",
      facts: { stage: "cwd", code: 550 },
    });
    expect(await look(port, { tls: TRUST, auth: LOGIN })).toMatchObject({
      outcome: "down",
      reason: "auth-refused",
    });
    expect(await look(port, {})).toMatchObject({ reason: "certificate-untrusted-root" });
  });

  test("TLS from the first byte on, and none at all", async () => {
    const implicit = await vsftpd({ implicit_ssl: "YES" });
    expect(await look(implicit, { mode: "implicit", tls: TRUST, list: "pub" })).toMatchObject({
      outcome: "up",
      facts: { list: { entries: 3, reused: true } },
    });
    const plain = await vsftpd({ ssl_enable: "NO" });
    expect(await look(plain, {})).toMatchObject({ outcome: "degraded", reason: "tls-missing" });
    expect(await look(plain, { mode: "explicit" })).toMatchObject({ reason: "tls-missing" });
  });

  test("without its passive ports the data connection is what failed", async () => {
    const port = await vsftpd({ pasv_enable: "NO" });
    expect(await look(port, { mode: "plain", list: "pub" })).toMatchObject({
      outcome: "down",
      reason: "data-connection-failed",
      facts: { stage: "passive" },
    });
  });
});

describeReal("ProFTPD", ["proftpd", "openssl"], () => {
  test("a real login over TLS lists its folder; a wrong password is refused", async () => {
    const { folder, home, pem } = await furnished();
    const port = await closedPort();
    const hash = run("openssl", ["passwd", "-6", "-stdin"], { input: LOGIN.password }).trim();
    const { uid, gid } = nobody();
    const accounts = join(folder, "accounts");
    await writeFile(accounts, `probe:${hash}:${uid}:${gid}::${home}:/bin/sh\n`, { mode: 0o600 });
    const file = join(folder, "proftpd.conf");
    await writeFile(
      file,
      `ServerType standalone
DefaultServer on
DefaultAddress 127.0.0.1
Port ${port}
PidFile ${folder}/pid
ScoreboardFile ${folder}/score
DelayEngine off
WtmpLog off
TransferLog none
LoadModule mod_tls.c
AuthOrder mod_auth_file.c
AuthUserFile ${accounts}
RequireValidShell off
RootLogin on
MasqueradeAddress 192.0.2.1
TLSEngine on
TLSRequired on
TLSRSACertificateFile ${pem}
TLSRSACertificateKeyFile ${pem}
TLSCertificateChainFile ${pem}
`,
    );
    await daemon(installed("proftpd") ?? "", ["-n", "-q", "-c", file], port);
    const path = join(home, "pub");
    expect(await look(port, { tls: TRUST, auth: LOGIN, list: path })).toMatchObject({
      outcome: "up",
      facts: { list: { entries: 3, reused: true } },
    });
    const wrong = await look(port, { tls: TRUST, auth: { ...LOGIN, password: "wr0ng" } });
    expect(wrong).toMatchObject({ reason: "auth-refused", facts: { code: 530, stage: "login" } });
    expect(await look(port, { mode: "plain", list: path })).toMatchObject({
      reason: "auth-refused",
    });
  });
});

/** Whose files the server reads: ours, as an ordinary user may not become another. */
const nobody = (): { uid: number; gid: number } => ({
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
});
