import { expect, test } from "vitest";
import { freshDb } from "../support/postgres.js";

test("a fresh database has every table and no row", async () => {
  const { db } = await freshDb();
  expect(await db("incidents").select()).toEqual([]);
});
