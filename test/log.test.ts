import { expect, test } from "vitest";
import { createLog } from "../src/log.js";
import { freshDb } from "./support/postgres.js";

test("what a customer wrote is in no line, though the database quotes it in its errors", async () => {
  const { db } = await freshDb();
  const lines: string[] = [];
  const log = createLog("debug", { write: (line) => void lines.push(line) });
  await db.schema.createTable("odd", (table) => {
    table.text("text").checkLength("<", 3);
    table.jsonb("body");
  });
  const words = "Anna's password is apple";
  await db("odd")
    .insert({ text: words })
    .catch((err: unknown) => log.error({ err }, "odd"));
  await db("odd")
    .insert({ body: `{"a":"${words}` })
    .catch((err: unknown) => log.error({ err }, "odd"));
  expect(lines).toHaveLength(2);
  expect(lines.join()).not.toContain("apple");
});
