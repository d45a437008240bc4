import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createLog } from "../../src/log.js";
import {
  findLockHolder,
  holdLock,
  LEADER_LOCK,
  listen,
  type LockChange,
} from "../../src/store/session.js";
import type { Db, DbConnection } from "../../src/store/db.js";
import { freshDb } from "../support/postgres.js";

const log = createLog("silent");
const soon = { timeout: 8_000, interval: 10 };

/** What a lock says, in order. */
function lockOn(connection: DbConnection) {
  const said: LockChange[] = [];
  const lock = holdLock({
    connection,
    key: LEADER_LOCK,
    log,
    everyMs: 50,
    onChange: (change) => void said.push(change),
  });
  onTestFinished(() => lock.stop());
  return { lock, said, kinds: () => said.map(({ kind }) => kind) };
}

function heardOn(connection: DbConnection) {
  const heard: (string | null)[] = [];
  const session = listen({
    connection,
    channels: ["changes"],
    log,
    onNotify: (_channel, payload) => void heard.push(payload),
  });
  onTestFinished(() => session.stop());
  return heard;
}

/** Ends every other connection, as a restart of the server does. */
async function endAll(db: Db): Promise<void> {
  await db.raw(
    "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database() and backend_type = 'client backend'",
  );
}

test("a listener hears what is notified, after being told once that it may have missed some", async () => {
  const { db, connection } = await freshDb();
  const heard = heardOn(connection);
  await vi.waitFor(() => expect(heard).toEqual([null]), soon);
  await db.raw("select pg_notify('changes', 'incident')");
  await vi.waitFor(() => expect(heard).toEqual([null, "incident"]), soon);
});

test("a listener whose connection was ended comes back and says so", async () => {
  const { db, connection } = await freshDb();
  const heard = heardOn(connection);
  await vi.waitFor(() => expect(heard).toEqual([null]), soon);
  await endAll(db);
  await vi.waitFor(() => expect(heard).toEqual([null, null]), soon);
  await db.raw("select pg_notify('changes', 'again')");
  await vi.waitFor(() => expect(heard).toEqual([null, null, "again"]), soon);
});

test("of two that want the lock one has it, and the other knows who", async () => {
  const { connection } = await freshDb();
  const first = lockOn(connection);
  await vi.waitFor(() => expect(first.kinds()).toEqual(["gained"]), soon);
  const second = lockOn(connection);
  await vi.waitFor(() => expect(second.kinds()).toEqual(["refused"]), soon);
  expect(second.said[0]).toMatchObject({
    holder: { application: expect.stringMatching(new RegExp(`^tudunk/${process.pid}@`)) },
  });
  expect(second.lock.held()).toBe(false);
  await first.lock.stop();
  expect(first.kinds()).toEqual(["gained", "lost"]);
  await vi.waitFor(() => expect(second.kinds()).toEqual(["refused", "gained"]), soon);
});

test("a lock whose connection was ended is lost and taken again", async () => {
  const { db, connection } = await freshDb();
  const { kinds, lock } = lockOn(connection);
  await vi.waitFor(() => expect(kinds()).toEqual(["gained"]), soon);
  await endAll(db);
  await vi.waitFor(() => expect(kinds()).toEqual(["gained", "lost", "gained"]), soon);
  expect(lock.held()).toBe(true);
});

test("a lock says who holds it to whoever asks", async () => {
  const { connection } = await freshDb();
  expect(await findLockHolder(connection, LEADER_LOCK)).toBeNull();
  const { kinds, lock } = lockOn(connection);
  await vi.waitFor(() => expect(kinds()).toEqual(["gained"]), soon);
  expect(await findLockHolder(connection, LEADER_LOCK)).toMatchObject({
    backend: expect.any(Number),
  });
  expect(await findLockHolder(connection, LEADER_LOCK + 1)).toBeNull();
  await lock.stop();
  expect(await findLockHolder(connection, LEADER_LOCK)).toBeNull();
});

test("a lock can be stopped while there is no database", async () => {
  const { lock, kinds } = lockOn({ url: "postgresql://nobody@127.0.0.1:1/none" });
  await lock.stop();
  expect(kinds()).toEqual([]);
});

test("a session comes back to a database that was away", async () => {
  const { connection } = await freshDb();
  const open = new Set<Socket>();
  const door = createServer((socket) => {
    const through =
      "url" in connection
        ? connect(Number(new URL(connection.url).port || 5432), new URL(connection.url).hostname)
        : connect(`${connection.socketDir}/.s.PGSQL.${connection.port}`);
    for (const each of [socket, through]) {
      open.add(each);
      each.on("error", () => {});
      each.on("close", () => [socket, through].forEach((end) => end.destroy()));
    }
    socket.pipe(through).pipe(socket);
  });
  const listening = (port: number) =>
    new Promise<void>((then) => door.listen(port, "127.0.0.1", then));
  await listening(0);
  const address = door.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const close = () =>
    new Promise<void>((then) => {
      door.close(() => then());
      for (const each of open) each.destroy();
    });
  onTestFinished(close);
  const proxied = new URL("url" in connection ? connection.url : "postgresql://localhost");
  if (!("url" in connection)) {
    proxied.username = connection.user;
    proxied.pathname = `/${connection.database}`;
  }
  proxied.hostname = "127.0.0.1";
  proxied.port = String(port);
  const heard = heardOn({ url: proxied.href });
  await vi.waitFor(() => expect(heard).toEqual([null]), soon);
  await close();
  await new Promise((then) => setTimeout(then, 300));
  await listening(port);
  await vi.waitFor(() => expect(heard).toEqual([null, null]), soon);
});
