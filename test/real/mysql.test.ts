import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { userInfo } from "node:os";
import { expect, test } from "vitest";
import { mysql } from "../../probes/mysql.js";
import type { Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { chainOf } from "../support/certificates.js";
import { daemon, describeReal, installed, ownFolder, run } from "../support/daemons.js";
import { closedPort } from "../support/http-servers.js";

const eyes = { resolver: createResolver() };
const { leaf, root } = chainOf({ leaf: { key: "rsa-2048" } });
const tls = { ca: root.cert };
const auth = { username: "probe", password: "s3cret word" };

const look = (port: number, options: object): Promise<Result> =>
  runProbe(mysql.prepare(`127.0.0.1:${port}`, options, eyes), 15_000, () => new Date());

/** A MariaDB with the user `probe` and a table `shop.t` of 1, 2 and 42; returns its port and a client. */
async function mariadb(...more: readonly string[]) {
  const folder = await ownFolder();
  const port = await closedPort();
  const data = join(folder, "data");
  const { username } = userInfo();
  await writeFile(join(folder, "cert.pem"), leaf.chain);
  await writeFile(join(folder, "key.pem"), leaf.key, { mode: 0o600 });
  run(installed("mariadb-install-db") ?? "", [
    "--no-defaults",
    `--user=${username}`,
    `--datadir=${data}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
  ]);
  const socket = join(folder, "s");
  await daemon(
    installed("mariadbd") ?? "",
    [
      "--no-defaults",
      `--user=${username}`,
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--pid-file=${join(folder, "pid")}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      "--innodb-buffer-pool-size=8M",
      "--performance-schema=OFF",
      `--ssl-cert=${join(folder, "cert.pem")}`,
      `--ssl-key=${join(folder, "key.pem")}`,
      ...more,
    ],
    port,
  );
  const sql = (...statements: readonly string[]): string =>
    run("mariadb", ["--no-defaults", "-N", "-uroot", `-S${socket}`], {
      input: statements.join(";\n"),
    }).trim();
  sql(
    `create user probe@'%' identified by '${auth.password}'`,
    "create database shop",
    "create table shop.t (a int)",
    "insert into shop.t values (1), (2), (42)",
    "grant all on *.* to probe@'%'",
  );
  return { port, sql };
}

describeReal("MariaDB", ["mariadbd", "mariadb-install-db", "mariadb"], () => {
  test("a login over TLS and a query are judged by the value", { timeout: 60_000 }, async () => {
    const { port, sql } = await mariadb();
    const query = "select max(a) from t";
    const asked = { tls, auth, database: "shop", query };
    expect(await look(port, { ...asked, expect: { equals: 42 }, writable: true })).toMatchObject({
      outcome: "up",
      facts: {
        version: expect.stringMatching(/MariaDB/),
        tls: { trusted: true },
        login: "mysql_native_password",
        readOnly: false,
        value: "42",
      },
    });
    expect(await look(port, { ...asked, warn: { below: 40 } })).toMatchObject({
      outcome: "degraded",
      reason: "value-unexpected",
    });
    expect(await look(port, { ...asked, expect: { matches: "^4.$", above: 42 } })).toMatchObject({
      outcome: "down",
      reason: "value-unexpected",
    });
    // Many rows, of which one is wanted.
    expect(await look(port, { ...asked, query: "show global variables" })).toMatchObject({
      outcome: "up",
    });
    expect(await look(port, { ...asked, query: "select a from t where a = 7" })).toMatchObject({
      facts: { value: null, rows: 0 },
    });
    sql("set global read_only = 1");
    expect(await look(port, { tls, auth, writable: true })).toMatchObject({
      outcome: "down",
      reason: "read-only",
    });
    expect(await look(port, { tls, auth })).toMatchObject({ outcome: "up" });
  });

  test("nothing is changed, and no second statement runs", { timeout: 60_000 }, async () => {
    const { port, sql } = await mariadb("--local-infile=1");
    const asked = { tls, auth, database: "shop" };
    // What the words alone would let through.
    for (const query of [
      "with x as (select 1) delete from t",
      "select 1; delete from t",
      "select a from t for update",
      "explain delete from t; drop table t",
    ])
      expect(await look(port, { ...asked, query })).toMatchObject({ reason: "query-failed" });
    for (const query of ["create table u (a int)", "truncate t", "select 1 into outfile '/tmp/x'"])
      expect(() => mysql.prepare("a", { ...asked, query }, eyes)).toThrow("statement that reads");
    const slow = { query: "select sleep(9)", queryTimeout: "200ms" };
    expect(await look(port, { ...asked, ...slow })).toMatchObject({ reason: "query-timed-out" });
    expect(sql("select count(*), max(a) from shop.t")).toBe("3\t42");
  });

  test("refusals have their reasons", { timeout: 60_000 }, async () => {
    const { port, sql } = await mariadb("--max-connections=10");
    const wrong = await look(port, { tls, auth: { ...auth, password: "wr0ng" } });
    expect(wrong).toMatchObject({ reason: "auth-refused", facts: { errorNumber: 1045 } });
    expect(await look(port, { tls, auth, database: "none" })).toMatchObject({
      reason: "database-missing",
    });
    expect(await look(port, { auth })).toMatchObject({ reason: "certificate-untrusted-root" });
    const plain = { encrypt: "never", auth: { ...auth, plaintext: true } };
    expect(await look(port, plain)).toMatchObject({ outcome: "up" });
    sql(
      "create user ed@'%' identified via mysql_native_password using 'invalid'",
      "set global max_connections = 10",
    );
    expect(await look(port, { tls, auth: { ...auth, username: "ed" } })).toMatchObject({
      reason: "auth-refused",
    });
    const held = await Promise.all(
      Array.from({ length: 20 }, () =>
        look(port, { tls, auth, query: "select sleep(3)", queryTimeout: "10s" }),
      ),
    );
    const reasons = new Set(held.map(({ reason }) => reason));
    expect(reasons).toEqual(new Set(["ok", "too-many-connections"]));
  });
});

describeReal("MariaDB without TLS", ["mariadbd", "mariadb-install-db", "mariadb"], () => {
  test("a login that needs it stays unsaid", { timeout: 60_000 }, async () => {
    const { port } = await mariadb("--skip-ssl");
    expect(await look(port, { auth })).toMatchObject({ outcome: "down", reason: "tls-missing" });
    expect(await look(port, {})).toMatchObject({ outcome: "up" });
  });
});
