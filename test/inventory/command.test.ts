import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { DbConnection } from "../../src/store/db.js";
import { compile } from "../support/compiled.js";
import { freshDb } from "../support/postgres.js";

const FIXTURES = join(import.meta.dirname, "../fixtures/inventory");

const addressOf = (connection: DbConnection): string =>
  "url" in connection
    ? connection.url
    : `postgres://${connection.user}@localhost:${connection.port}/${connection.database}?host=${encodeURIComponent(connection.socketDir)}`;

test("the command imports, shows, refuses and looks up", { timeout: 120_000 }, async () => {
  const { connection } = await freshDb();
  const cli = join(compile("src/cli.ts"), "src/cli.js");
  const folder = mkdtempSync(join(tmpdir(), "tudunk-command-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: string[]) => {
    const env = {
      PATH: process.env["PATH"],
      DATABASE_URL: addressOf(connection),
      INIT_CWD: FIXTURES,
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "inventory", ...args], {
      encoding: "utf8",
      env,
    });
    return { code: status, out: stdout, err: stderr };
  };

  const shown = run("import", "harbour.json", "--dry-run");
  expect([shown.code, shown.out]).toEqual([0, expect.stringContaining("nothing was changed")]);
  const first = run("import", "harbour.json");
  expect(first).toMatchObject({
    code: 0,
    err: "harbour.json is read as json; comparing with what is stored …\n",
  });
  expect(first.out.split("\n").slice(0, 4)).toEqual([
    "json: imported.",
    "accounts 2: 2 added, 0 removed, 0 changed",
    "domains  4: 4 added, 0 removed, 0 changed",
    "places   8: 8 added, 0 removed, 0 changed",
  ]);
  expect(first.out).toContain("odd: domains whose mail is delivered elsewhere (1)");
  expect(
    JSON.parse(run("import", "userdatadomains.txt", "--server", "web3", "--json").out),
  ).toMatchObject({
    outcome: "applied",
    source: "cpanel web3",
  });

  const less = join(folder, "less.json");
  writeFileSync(less, JSON.stringify({ customers: [{ account_id: 1, domains: ["a.test"] }] }));
  const refused = run("import", less);
  expect([refused.code, refused.out]).toEqual([1, expect.stringContaining("more than a fifth")]);
  writeFileSync(
    less,
    JSON.stringify({ customers: [{ account_id: 1, domains: ["PLANTED secret"] }] }),
  );
  expect(run("import", less)).toMatchObject({
    code: 1,
    out: "",
    err: `${less}: customers[0].domains[0].name: expected a domain name\n1 mistake; nothing was changed.\n`,
  });

  expect(run("lookup", "www.zerjav-vrt.test").out.split("\n").slice(0, 2)).toEqual([
    "account\tH-812\tVrtnarstvo Žerjav d.o.o.\tmetka@zerjav-vrt.test info@freemail.test\tdomain",
    expect.stringContaining("main\tzerjav-vrt.test\t"),
  ]);
  expect(run("lookup", "web3").out).toContain("server\tweb3\tweb3.harbour.test\t");
  expect(run("lookup", "nobody.test")).toMatchObject({ code: 1, out: "" });

  for (const wrong of [
    [],
    ["import"],
    ["export", "x"],
    ["import", "no-such-file"],
    ["import", "harbour.json", "--format", "plesk"],
  ]) {
    const { code, out, err } = run(...wrong);
    expect([code, out]).toEqual([2, ""]);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  }
});
