import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, inject } from "vitest";
import type { TestProject } from "vitest/node";
import { createLog } from "../../src/log.js";
import { createDb, migrate, type Db, type DbConnection } from "../../src/store/db.js";
import { startEmbedded } from "../../src/store/embedded.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The server of this run, its migrated template, and how a copy is asked for. */
    postgres: { server: DbConnection; template: string; strategy: string };
  }
}

/** One throwaway cluster a run, or the server of `TEST_DATABASE_URL`; a template migrated once. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const url = process.env["TEST_DATABASE_URL"];
  const { server, stop } = url
    ? { server: { url }, stop: async () => {} }
    : await throwawayCluster();
  const template = `tudunk_test_${randomBytes(6).toString("hex")}`;
  const teardown = async () => {
    await asAdmin(server, (admin) => admin.raw(`drop database if exists ${template} with (force)`));
    await stop();
  };
  try {
    const version = await asAdmin(server, async (admin) => {
      await admin.raw(`create database ${template}`);
      const { rows } = await admin.raw<{ rows: { num: string }[] }>(
        "select current_setting('server_version_num') as num",
      );
      return Number(rows[0]?.num);
    });
    await asAdmin(onDatabase(server, template), migrate);
    // Copying through the log is quicker than copying files with a checkpoint; 14 cannot yet.
    const strategy = version >= 150_000 ? "strategy wal_log" : "";
    project.provide("postgres", { server, template, strategy });
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

async function throwawayCluster() {
  const dataDir = await mkdtemp(join(tmpdir(), "tudunk-test-"));
  const embedded = await startEmbedded({ dataDir, fsync: false, log: createLog("silent") });
  return {
    server: embedded.connection,
    stop: async () => {
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The same server's other database. */
export function onDatabase(server: DbConnection, database: string): DbConnection {
  if (!("url" in server)) return { ...server, database };
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  return { url: url.href };
}

export interface FreshDb {
  readonly db: Db;
  /** For whoever opens the database itself; close all of it before the test ends. */
  readonly connection: DbConnection;
}

/**
 * A migrated database of its own, empty, gone when the test (or, called outside of one with
 * `finished`, the file) is over. Fails the test that leaves a connection to it open.
 */
export async function freshDb(finished: (then: () => Promise<void>) => void = onTestFinished) {
  const { server, template, strategy } = inject("postgres");
  const fresh = await emptyDb(`template ${template} ${strategy}`, server, finished);
  return fresh satisfies FreshDb;
}

/** The same without any table. */
export async function blankDb(finished: (then: () => Promise<void>) => void = onTestFinished) {
  const fresh = await emptyDb("", inject("postgres").server, finished);
  return fresh satisfies FreshDb;
}

async function emptyDb(
  from: string,
  server: DbConnection,
  finished: (then: () => Promise<void>) => void,
): Promise<FreshDb> {
  const name = `tudunk_test_${randomBytes(6).toString("hex")}`;
  await asAdmin(server, (admin) => admin.raw(`create database ${name} ${from}`));
  const connection = onDatabase(server, name);
  const db = createDb(connection);
  finished(async () => {
    await db.destroy();
    const open = await asAdmin(server, async (admin) => {
      const left = await leftOpen(admin, name);
      await admin.raw(`drop database if exists ${name} with (force)`);
      return left;
    });
    if (open.length > 0) throw new Error(`left open to its database: ${open.join("; ")}`);
  });
  return { db, connection };
}

/** Backends end a moment after their connection; what is there after that was forgotten. */
async function leftOpen(admin: Db, name: string): Promise<string[]> {
  for (let look = 0; ; look += 1) {
    const rows: { query: string }[] = await admin("pg_stat_activity")
      .select("query")
      .where({ datname: name, backend_type: "client backend" });
    if (rows.length === 0 || look === 40) return rows.map(({ query }) => query.slice(0, 80));
    await new Promise((then) => setTimeout(then, 25));
  }
}

async function asAdmin<T>(server: DbConnection, use: (admin: Db) => PromiseLike<T>): Promise<T> {
  const admin = createDb(server, { poolMax: 1 });
  try {
    return await use(admin);
  } finally {
    await admin.destroy();
  }
}
