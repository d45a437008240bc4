import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  createDb,
  describeDatabaseError,
  isDatabaseAway,
  migrate,
  type Db,
  type DbConnection,
  type DbOptions,
} from "../../src/store/db.js";
import { compile } from "../support/compiled.js";
import { blankDb, freshDb } from "../support/postgres.js";

const MIGRATIONS = join(import.meta.dirname, "../../migrations");

function open(connection: DbConnection, options?: DbOptions): Db {
  const db = createDb(connection, options);
  onTestFinished(() => db.destroy());
  return db;
}

/** A folder of migrations: ours, and these. */
function migrationsWith(more: Readonly<Record<string, string>>, ours = true): string {
  const folder = mkdtempSync(join(tmpdir(), "tudunk-migrations-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  if (ours) cpSync(MIGRATIONS, folder, { recursive: true });
  for (const [name, sql] of Object.entries(more)) writeFileSync(join(folder, name), sql);
  return folder;
}

/** Every column of every table, and every index: two schemas are equal where this is. */
async function schemaOf(db: Db): Promise<unknown> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable as line
       from information_schema.columns where table_schema = 'public'
      union all select indexdef from pg_indexes where schemaname = 'public'
      order by 1`,
  );
  return rows;
}

async function failureOf(running: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(running).then(
    () => null,
    (error: unknown) => error,
  );
}

test("five instances started at once on an empty database all come up", async () => {
  const { db, connection } = await blankDb();
  const all = Array.from({ length: 5 }, () => open(connection));
  await Promise.all(all.map((each) => migrate(each)));
  const applied: unknown[] = await db("knex_migrations").select("name");
  expect(applied).toHaveLength(readdirSync(MIGRATIONS).length);
  const { db: fresh } = await freshDb();
  expect(await schemaOf(db)).toEqual(await schemaOf(fresh));
});

test("a second migration of the same database changes nothing", async () => {
  const { db } = await freshDb();
  const before = await schemaOf(db);
  await migrate(db);
  expect(await schemaOf(db)).toEqual(before);
});

test("a program killed between any two statements of a migration leaves nothing in the way", async () => {
  const program = compile("src/store/db.ts");
  const statements = ["create table a ()", "create table b ()", "create table c ()"];
  const whole = migrationsWith({ "9000_more.sql": `${statements.join(";\n")};` });
  const { db, connection } = await blankDb();
  for (let boundary = 1; boundary <= statements.length; boundary += 1) {
    const stalled = migrationsWith({
      "9000_more.sql": statements.toSpliced(boundary, 0, "select pg_sleep(60)").join(";\n"),
    });
    const child = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { createDb, migrate } from ${JSON.stringify(join(program, "src/store/db.js"))};
         await migrate(createDb(${JSON.stringify(connection)}), ${JSON.stringify(stalled)});`,
      ],
      { stdio: "inherit" },
    );
    await vi.waitFor(
      async () => {
        const asleep: unknown[] = await db("pg_stat_activity")
          .select("pid")
          .where({
            wait_event: "PgSleep",
            datname: db.raw("current_database()"),
          });
        expect(asleep).toHaveLength(1);
      },
      { timeout: 10_000, interval: 20 },
    );
    child.kill("SIGKILL");
    await once(child, "exit");
    // Asleep, the server does not look whether its client is there; a moment would pass by itself.
    await db.raw(
      "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'",
    );
    expect(await db.schema.hasTable("a")).toBe(false);
  }
  await migrate(db, whole);
  expect(await db.schema.hasTable("c")).toBe(true);
});

test("a lock row that a killed program of old left is no obstacle", async () => {
  const { db } = await freshDb();
  await db("knex_migrations_lock").update({ is_locked: 1 });
  await migrate(db, migrationsWith({ "9000_more.sql": "create table more ()" }));
  expect(await db.schema.hasTable("more")).toBe(true);
});

test("a migration that fails half way leaves what was before, and names itself", async () => {
  const { db } = await freshDb();
  const before = await schemaOf(db);
  const broken = migrationsWith({ "9000_broken.sql": "create table a (); creat table b ();" });
  await expect(migrate(db, broken)).rejects.toThrow(/^migration 9000_broken.sql: syntax error/);
  expect(await schemaOf(db)).toEqual(before);
});

test("each migration is a transaction of its own", async () => {
  const { db } = await freshDb();
  const two = migrationsWith({ "9000_a.sql": "create table a ()", "9001_b.sql": "create tabel b" });
  await expect(migrate(db, two)).rejects.toThrow("migration 9001_b.sql");
  expect(await db.schema.hasTable("a")).toBe(true);
});

test("a migration may hold question marks, semicolons in strings and dollar quotes", async () => {
  const { db } = await freshDb();
  const sql = `-- what? this
    create table asked as select '{"a":1}'::jsonb ? 'a' as there, 'who; what?' as text;
    create function shout() returns text language sql as $$ select 'a;b' || '?' $$;`;
  await migrate(db, migrationsWith({ "9000_asked.sql": sql }));
  expect(await db("asked").select(db.raw("there, text, shout()"))).toEqual([
    { there: true, text: "who; what?", shout: "a;b?" },
  ]);
});

test("a database of a newer version is refused in words", async () => {
  const { db } = await freshDb();
  await migrate(db, migrationsWith({ "9999_future.sql": "create table future ()" }));
  await expect(migrate(db)).rejects.toThrow(/newer Tudunk \(it has 9999_future.sql/);
});

test("numbers, days and instants come back as what they are", async () => {
  const { db } = await freshDb();
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `select 9007199254740991::int8 as safe, 9007199254740993::int8 as unsafe, count(*) as many,
            '2026-03-29'::date as day, '2026-03-29 02:30+01'::timestamptz as instant,
            array['2026-03-29','2026-03-30']::date[] as days, array[1,2]::int8[] as numbers,
            '{}'::int8[] as none, null::int8 as nothing from (values (1), (2)) two`,
  );
  expect(rows).toEqual([
    {
      safe: 9007199254740991,
      unsafe: "9007199254740993",
      many: 2,
      day: "2026-03-29",
      instant: new Date("2026-03-29T01:30:00Z"),
      days: ["2026-03-29", "2026-03-30"],
      numbers: [1, 2],
      none: [],
      nothing: null,
    },
  ]);
});

test("a statement that takes too long is cancelled, and that is no absence", async () => {
  const { connection } = await freshDb();
  const db = open(connection, { statementTimeoutMs: 50 });
  const error = await failureOf(db.raw("select pg_sleep(5)"));
  expect(error).toMatchObject({ code: "57014" });
  expect(isDatabaseAway(error)).toBe(false);
});

test("a connection that was ended is an absence, and the next query has a new one", async () => {
  const { db, connection } = await freshDb();
  const other = open(connection, { poolMax: 1 });
  const asleep = failureOf(other.raw("select pg_sleep(20)"));
  await vi.waitFor(async () => {
    const { rowCount } = await db.raw<{ rowCount: number }>(
      "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()",
    );
    expect(rowCount).toBe(1);
  }, 5_000);
  expect(isDatabaseAway(await asleep)).toBe(true);
  expect(await other.select(other.raw("1 as one"))).toEqual([{ one: 1 }]);
});

test("a pool without a free connection is an absence", async () => {
  const { connection } = await freshDb();
  const db = open(connection, { poolMax: 1 });
  db.client.pool.acquireTimeoutMillis = 100;
  const held = await db.transaction();
  expect(isDatabaseAway(await failureOf(db.raw("select 1")))).toBe(true);
  await held.rollback();
});

/** A server that accepts and says nothing. */
async function silent(): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((socket) => void open.add(socket));
  await new Promise<void>((then) => server.listen(0, "127.0.0.1", then));
  onTestFinished(() => {
    server.close();
    for (const each of open) each.destroy();
  });
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

test.each<[name: string, connection: () => DbConnection | Promise<DbConnection>, words: string]>([
  [
    "nobody listens",
    () => ({ url: "postgresql://x:hush@127.0.0.1:1/x" }),
    "Nothing listens at the database's address",
  ],
  [
    "there is no socket",
    () => ({ socketDir: "/nonexistent", port: 5432, user: "x", database: "x" }),
    "socket is not there",
  ],
  ["the host is unknown", () => ({ url: "postgresql://x:hush@db.invalid/x" }), "host name"],
  [
    "the server never answers",
    async () => ({ url: `postgresql://x:hush@127.0.0.1:${await silent()}/x` }),
    "does not answer",
  ],
])("where %s the message says so and holds no password", async (_name, connection, words) => {
  const error = await failureOf(open(await connection()).raw("select 'secret words'"));
  expect(isDatabaseAway(error)).toBe(true);
  expect(describeDatabaseError(error)).toContain(words);
  expect(describeDatabaseError(error)).not.toMatch(/hush|secret|\n/);
});

test("a database that does not exist is named as such", async () => {
  const { connection } = await freshDb();
  const missing =
    "url" in connection
      ? { url: connection.url.replace(/\/[^/?]*(\?|$)/, "/tudunk_none$1") }
      : { ...connection, database: "tudunk_none" };
  const error = await failureOf(open(missing).raw("select 1"));
  expect(isDatabaseAway(error)).toBe(true);
  expect(describeDatabaseError(error)).toMatch(/does not exist: create it/);
});

test.each<[code: string, away: boolean, words: string]>([
  ["53100", true, "disk of the database is full"],
  ["53300", true, "too many connections"],
  ["57P01", true, "starting or stopping"],
  ["57P03", true, "starting or stopping"],
  ["08006", true, "does not answer"],
  ["28P01", true, "refuses the user or password"],
  ["25006", true, "must point at the primary"],
  ["42501", false, "lacks a permission"],
  ["23505", false, "refused a statement"],
])("SQLSTATE %s: away %s, %s", (code, away, words) => {
  const error = Object.assign(new Error("insert into x values ('private') - refused"), { code });
  expect(isDatabaseAway(error)).toBe(away);
  expect(describeDatabaseError(error)).toContain(words);
  expect(describeDatabaseError(error)).not.toContain("private");
  const wrapped = new Error("taking results failed", { cause: error });
  expect(isDatabaseAway(wrapped)).toBe(away);
});
