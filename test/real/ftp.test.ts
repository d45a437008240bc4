import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { userInfo } from "node:os";
import { describe, expect, test } from "vitest";
import { ftp } from "../../probes/ftp.js";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { chainOf } from "../support/certificates.js";
import { daemon, freePort, installed, missing, ownFolder, run } from "../support/daemons.js";

const eyes = { resolver: createResolver() };
const { leaf, root } = chainOf({ leaf: { key: "rsa-2048" } });
const TRUST = { ca: root.cert };
const LOGIN = { username: "probe", password: "s3cret word" };

const look = (port: number, options: object = {}): Promise<Result> =>
  runProbe(ftp.prepare(`127.0.0.1:${port}`, options, eyes), 10_000, () => new Date());

/** A folder with three files, and the server's certificate with its key. */
async function furnished() {
  const folder = await ownFolder();
  const home = join(folder, "home");
  await mkdir(join(home, "pub"), { recursive: true });
  for (const name of ["a", "b", "c"]) await writeFile(join(home, "pub", name), name);
  const pem = join(folder, "server.pem");
  await writeFile(pem, leaf.chain + leaf.key);
  return { folder, home, pem };
}

async function vsftpd(more: Readonly<Record<string, string>> = {}): Promise<number> {
  const { folder, home, pem } = await furnished();
  const port = await freePort();
  const settings = {
    listen: "YES",
    listen_address: "127.0.0.1",
    listen_port: String(port),
    background: "NO",
    run_as_launching_user: "YES",
    anonymous_enable: "YES",
    local_enable: "NO",
    no_anon_password: "NO",
    anon_root: home,
    seccomp_sandbox: "NO",
    ssl_enable: "YES",
    allow_anon_ssl: "YES",
    rsa_cert_file: pem,
    rsa_private_key_file: pem,
    require_ssl_reuse: "YES",
    xferlog_enable: "NO",
    pasv_address: "192.0.2.1",
    ...more,
  };
  const file = join(folder, "vsftpd.conf");
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(file, lines.join(""));
  await daemon(installed("vsftpd") ?? "", [file], port);
  return port;
}

describe.skipIf(missing("vsftpd"))("ftp by vsftpd", () => {
  test("lists over TLS, taking the session up again, whatever address PASV says", async () => {
    const port = await vsftpd();
    expect(await look(port, { mode: "explicit", tls: TRUST, list: "/pub" })).toMatchObject({
      outcome: "up",
      facts: { list: { entries: 3, cut: false, reused: true }, tls: { trusted: true } },
    });
  });
});
void [LOGIN, run, userInfo];
