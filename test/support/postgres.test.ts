import { expect, test } from "vitest";
import { createDb } from "../../src/store/db.js";
import { freshDb } from "./postgres.js";

test("a test that leaves a connection to its database open is told so", async () => {
  const steps: (() => Promise<void>)[] = [];
  const { connection } = await freshDb((then) => void steps.push(then));
  const forgotten = createDb(connection);
  await forgotten.raw("select 'forgotten'");
  await expect(Promise.all(steps.map((step) => step()))).rejects.toThrow(/left open.*forgotten/);
  await forgotten.destroy();
});

test("two fresh databases are both migrated and know nothing of each other", async () => {
  const [one, other] = await Promise.all([freshDb(), freshDb()]);
  await one.db.raw("create table mine ()");
  expect(await one.db.schema.hasTable("monitors")).toBe(true);
  expect(await other.db.schema.hasTable("monitors")).toBe(true);
  expect(await other.db.schema.hasTable("mine")).toBe(false);
});
