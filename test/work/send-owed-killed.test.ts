import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { compile } from "../support/compiled.js";
import { owe } from "../support/owed.js";
import { freshDb } from "../support/postgres.js";

const INCIDENTS = 10;
const EACH = 6;
const KILLS = 6;
/** Longer than a lease: a new life of the sender begins when the last one's claims have ended. */
const LATER_MS = 125_000;

/** A process that sends what is owed to one webhook until it is killed. */
const CHILD = `
const [folder, connection, url, offset] = process.argv.slice(1);
const { createDb } = await import(folder + "src/store/db.js");
const { createLog } = await import(folder + "src/log.js");
const { createSender } = await import(folder + "src/work/send-owed.js");
const { webhook } = await import(folder + "src/notify/webhook.js");
const secret = "a secret of twenty-four letters";
createSender({
  db: createDb(JSON.parse(connection), { poolMax: 3 }),
  channels: () => new Map([["hook", hook]]),
  about: () => ({ site: { name: "x", url: "https://x.example", timezone: "UTC" }, language: "en" }),
  now: () => new Date(Date.now() + Number(offset)),
  log: createLog("silent"),
});
const hook = webhook.prepare({ url, secret }, { mail: null });
`;

test("a sender killed around sending loses nothing, keeps order, and repeats only with the same key", async () => {
  const { db, connection } = await freshDb();
  const folder = compile("src/work/send-owed.ts", "src/notify/webhook.ts");
  const got: { key: string; body: string }[] = [];
  let killAt = Number.POSITIVE_INFINITY;
  const lives: ChildProcess[] = [];
  const kill = (): void => void lives.at(-1)?.kill("SIGKILL");

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      got.push({
        key: String(request.headers["webhook-id"]),
        body: Buffer.concat(chunks).toString(),
      });
      // Some die before they have the answer, some with it in their hands.
      if (got.length >= killAt && killAt % 2 === 0) kill();
      response.writeHead(204).end(() => {
        if (got.length >= killAt) kill();
      });
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((closed) => server.close(() => closed()));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  await owe(
    db,
    Array.from({ length: INCIDENTS * EACH }, (_, n) => ({
      key: `m${n % INCIDENTS}-${Math.floor(n / INCIDENTS)}`,
      incidentId: `inc00000000${n % INCIDENTS}`,
    })),
  );

  const live = (offset: number): Promise<unknown> => {
    const child = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        CHILD,
        "--",
        `${pathToFileURL(folder).href}/`,
        JSON.stringify(connection),
        url,
        String(offset),
      ],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    lives.push(child);
    return once(child, "exit");
  };
  onTestFinished(kill);

  for (let life = 0; life < KILLS; life += 1) {
    killAt = got.length + 1 + ((life * 5) % 7);
    await live(life * LATER_MS);
  }
  killAt = Number.POSITIVE_INFINITY;
  const last = live(KILLS * LATER_MS);
  await expect
    .poll(() => db("deliveries").where({ state: "owed" }).pluck("key"), { timeout: 30_000 })
    .toEqual([]);
  kill();
  await last;

  const keys = got.map(({ key }) => key);
  expect(new Set(keys).size).toBe(INCIDENTS * EACH);
  expect(await db("deliveries").where({ state: "sent" })).toHaveLength(INCIDENTS * EACH);
  // At most what was under way at each death is said twice, and word for word.
  expect(keys.length - new Set(keys).size).toBeLessThanOrEqual(KILLS * 4);
  const bodies = new Map(got.map(({ key, body }) => [key, body]));
  expect(got.filter(({ key, body }) => bodies.get(key) !== body)).toEqual([]);
  for (let n = 0; n < INCIDENTS; n += 1) {
    const order = keys.filter((key) => key.startsWith(`m${n}-`));
    expect(order).toEqual(order.toSorted());
  }
}, 120_000);
