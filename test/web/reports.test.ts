import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { Problem } from "../../src/errors.js";
import { createDb, type Db } from "../../src/store/db.js";
import { keepReport, listUnread } from "../../src/store/reports.js";
import { recordReading } from "../../src/store/ticket-reading.js";
import { createToken, type Role } from "../../src/store/tokens.js";
import { openWaitingReports } from "../../src/store/waiting-reports.js";
import { api } from "../../src/web/api/index.js";
import { sendProblem } from "../../src/web/problem.js";
import { freshDb } from "../support/postgres.js";
import { reporting } from "../support/reporting.js";

const now = new Date("2026-11-22T10:00:00Z");

type Body = Readonly<Record<string, unknown>>;

/** The API alone; whatever comes in is read at once by a reader that understands nothing. */
async function serve(db: Db, reads = true) {
  const app = express();
  const { folder, ...settings } = reporting(
    () => db,
    () => now,
  );
  app.use(
    "/api/v1",
    api({
      ...settings,
      db: () => db,
      now: () => now,
      publicUrl: () => "https://status.test",
      telling: () => ({
        channels: [],
        nextUpdateMs: 60_000,
        headline: () => ({ en: "x" }),
        words: () => ({ en: "x" }),
      }),
    }),
  );
  app.use(
    (error: unknown, _req: express.Request, res: express.Response, next: express.NextFunction) => {
      if (error instanceof Problem) sendProblem(res, error.code, error.message);
      else next(error);
    },
  );
  const server = createServer(app).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  onTestFinished(() => new Promise<void>((done) => server.close(() => done())));
  const { port } = server.address() as AddressInfo;
  const reader = setInterval(() => void readAll().catch(() => undefined), 20);
  onTestFinished(() => clearInterval(reader));
  const readAll = async (): Promise<void> => {
    if (!reads) return;
    for (const { id } of await listUnread(db, 10)) {
      await recordReading(
        db,
        id,
        {
          extraction: null,
          verdict: null,
          weighed: [],
          answer: {
            kind: "none",
            language: "en",
            text: "A person looks.",
            incident: null,
            nextUpdateAt: null,
          },
          queue: "fault",
          language: "en",
          accountId: null,
          answerDueAt: null,
          joins: null,
          link: null,
          trusted: true,
          told: false,
          contactIsKnown: false,
          findings: [],
          letter: null,
        },
        {
          now,
          newId: () => Math.random().toString(36).slice(2).padEnd(12, "0").slice(0, 12),
          guard: async () => undefined,
        },
      );
      settings.intake.heard(id);
    }
  };
  const ask = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
      headers: { ...headers, "content-type": "application/json" },
    });
    return { status: answer.status, body: (await answer.json()) as Body, headers: answer.headers };
  };
  const token = async (role: Role) => ({
    authorization: `Bearer ${await createToken(db, { name: `a ${role}`, role, now })}`,
  });
  return { ask, token, folder };
}

test("anybody may report, and is answered with a reference and a page of their own", async () => {
  const { db } = await freshDb();
  const { ask } = await serve(db);
  const { status, body } = await ask("/reports", { text: "Our mail does not leave." });
  expect(status).toBe(202);
  expect(body).toMatchObject({
    id: expect.stringMatching(/^[a-z0-9]{12}$/),
    reference: expect.stringMatching(/^[A-Z2-9]{3}-[A-Z2-9]{3}$/),
    answer: {
      kind: "none",
      text: "A person looks.",
      page: expect.stringMatching(/^https:\/\/status\.test\/report\/[a-z0-9]{12}\/[\w-]{22}$/),
    },
  });
});

test.each<[Body, RegExp]>([
  [{}, /text/],
  [{ text: "   " }, /text: expected what the customer says/],
  [{ text: "x".repeat(20_001) }, /text/],
  [{ text: "x", contact: "not an address" }, /contact: expected an e-mail address/],
  [{ text: "x", hear: "loud" }, /hear/],
  [{ text: "x", colour: "red" }, /colour/],
  [{ text: "x", account: "A-1", channel: "phone" }, /channel, account: only with a token/],
])("a report like %j is refused", async (body, words) => {
  const { db } = await freshDb();
  const { ask } = await serve(db);
  const answer = await ask("/reports", body);
  expect(answer.status).toBe(400);
  expect(answer.body["detail"]).toMatch(words);
  expect(await listUnread(db, 10)).toEqual([]);
});

test("a source says whose a report is and when it came, once for each of its numbers", async () => {
  const { db } = await freshDb();
  const { ask, token } = await serve(db);
  const source = await token("source");
  const given = {
    text: "Nem megy a levél.",
    id: "7",
    account: "A-1",
    channel: "phone",
    receivedAt: "2026-11-22T09:00:00Z",
  };
  const first = await ask("/reports", given, source);
  expect(first.status).toBe(202);
  expect((await ask("/reports", given, source)).body["id"]).toBe(first.body["id"]);
  expect((await ask("/reports", { ...given, text: "else" }, source)).status).toBe(409);
  expect(
    (await ask("/reports", { ...given, id: "8", receivedAt: "2027-01-01T00:00:00Z" }, source))
      .status,
  ).toBe(400);
  const seen = await ask(`/reports/${String(first.body["id"])}`, undefined, await token("viewer"));
  expect(seen.body).toMatchObject({
    account: "A-1",
    channel: "phone",
    receivedAt: "2026-11-22T09:00:00.000Z",
    source: "a source",
    answer: { kind: "none" },
    said: [{ by: "engine", kind: "answer", undoneAt: null }],
  });
});

test("a source may hand in and read nothing; a viewer may read and hand in nothing", async () => {
  const { db } = await freshDb();
  const { ask, token } = await serve(db);
  const { body } = await ask("/reports", { text: "x" });
  const source = await token("source");
  expect((await ask(`/reports/${String(body["id"])}`, undefined, source)).status).toBe(403);
  expect((await ask("/tickets", undefined, source)).status).toBe(403);
  expect((await ask("/tickets")).status).toBe(401);
  expect((await ask("/reports", { text: "x" }, await token("viewer"))).status).toBe(403);
  const unknown = { authorization: "Bearer tdk_nobodys" };
  expect((await ask("/reports", { text: "x" }, unknown)).status).toBe(401);
});

test("forty reports from one address within minutes are taken, more are told when to come back", async () => {
  const { db } = await freshDb();
  const { ask } = await serve(db);
  const all = await Promise.all(
    Array.from({ length: 42 }, (_, n) => ask("/reports", { text: `${n}` })),
  );
  const refused = all.filter(({ status }) => status === 429);
  expect(all.filter(({ status }) => status === 202)).toHaveLength(40);
  expect(refused).toHaveLength(2);
  expect(refused[0]?.headers.get("retry-after")).toBe("60");
});

test("without a database a report waits on disk, and is handed over once, with its number", async () => {
  const { db } = await freshDb();
  const away = createDb({ url: "postgres://nobody@127.0.0.1:1/none" });
  onTestFinished(() => away.destroy());
  const { ask, folder } = await serve(away, false);
  const { status, body } = await ask("/reports", {
    text: "Our mail does not leave.",
    language: "en",
  });
  expect(status).toBe(202);
  expect(body["answer"]).toMatchObject({
    kind: "none",
    text: expect.stringContaining("We have it"),
  });
  expect(readdirSync(folder)).toHaveLength(1);
  const waiting = openWaitingReports(folder, () => undefined);
  const keep = async (report: Parameters<typeof keepReport>[1]) => {
    await keepReport(db, report, now);
    return "kept" as const;
  };
  expect(await waiting.handOver(keep)).toBe(1);
  expect(await waiting.handOver(keep)).toBe(0);
  expect(await listUnread(db, 10)).toMatchObject([
    { id: body["id"], text: "Our mail does not leave." },
  ]);
});

test("a report that neither the database nor the disk takes is refused with a time to come back", async () => {
  const away = createDb({ url: "postgres://nobody@127.0.0.1:1/none" });
  onTestFinished(() => away.destroy());
  const { ask, folder } = await serve(away, false);
  const { rmSync, writeFileSync } = await import("node:fs");
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "no folder");
  const { status, headers } = await ask("/reports", { text: "x" });
  expect(status).toBe(503);
  expect(headers.get("retry-after")).toBe("10");
});

test("tickets are listed newest first, linked and unlinked by agents", async () => {
  const { db } = await freshDb();
  const { ask, token } = await serve(db);
  for (const text of ["one", "two", "three"]) await ask("/reports", { text });
  const agent = await token("agent");
  const page = await ask("/tickets?limit=2", undefined, agent);
  expect(page.body["items"]).toHaveLength(2);
  const rest = await ask(`/tickets?limit=2&cursor=${String(page.body["next"])}`, undefined, agent);
  expect(rest.body).toMatchObject({ items: [expect.anything()], next: null });
  const operator = await token("operator");
  const opened = await ask(
    "/incidents",
    { title: { en: "Mail is late" }, text: { en: "We look." }, public: true },
    operator,
  );
  expect(opened.status).toBe(201);
  const [first] = page.body["items"] as { id: string }[];
  expect(page.body["items"]).toMatchObject([{ followers: [] }, { followers: [] }]);
  const incident = { incident: opened.body["id"] };
  const linked = await ask(`/tickets/${first?.id}/link`, incident, agent);
  expect(linked.body).toMatchObject({ state: "known", links: [{ by: "a agent", undoneAt: null }] });
  const undone = await ask(`/tickets/${first?.id}/unlink`, incident, agent);
  expect(undone.body).toMatchObject({
    state: "looking",
    links: [{ undoneAt: expect.any(String) }],
  });
  expect((await ask(`/tickets/${first?.id}/link`, incident, await token("viewer"))).status).toBe(
    403,
  );
});

test("an incident opened by hand is ended by hand", async () => {
  const { db } = await freshDb();
  const { ask, token } = await serve(db);
  const operator = await token("operator");
  const opened = await ask(
    "/incidents",
    { title: { en: "Mail is late" }, text: { en: "We look." }, public: true },
    operator,
  );
  const address = `/incidents/${String(opened.body["id"])}`;
  const over = { text: { en: "It is over." }, state: "resolved" };
  expect((await ask(`${address}/updates`, over, operator)).body).toMatchObject({
    state: "resolved",
  });
  expect((await ask(`${address}/updates`, over, operator)).status).toBe(409);
  const unknown = { components: [{ id: "nothing", status: "major_outage" }] };
  const bad = await ask(
    "/incidents",
    { title: { en: "x" }, text: { en: "x" }, ...unknown },
    operator,
  );
  expect(bad.body["detail"]).toMatch(/there is no nothing/);
});

test("letters that no database takes come in, in every field and from everybody", async () => {
  const { db } = await freshDb();
  const { ask, token } = await serve(db);
  const odd = "\ud800 mail\0 \udfff‮ __proto__";
  const fields = { text: `x ${odd}`, subject: odd, hear: "every", id: `7 ${odd}`, language: "zz" };
  const stranger = await ask("/reports", fields);
  expect(stranger.status).toBe(202);
  const named = { from: odd, fromName: odd, account: odd, attachments: [odd, "__proto__"] };
  const source = await ask("/reports", { ...fields, ...named }, await token("source"));
  expect(source.status).toBe(202);
  expect(await db("reports").pluck("subject")).toEqual([
    "\ufffd mail  \ufffd‮ __proto__",
    "\ufffd mail  \ufffd‮ __proto__",
  ]);
  const spoken = { title: { en: odd }, text: { en: odd } };
  expect((await ask("/incidents", spoken, await token("operator"))).status).toBe(201);
  const huge = { ...fields, text: "😀".repeat(10_000), id: undefined };
  expect((await ask("/reports", huge)).status).toBe(202);
});

test("cursors and ids that are none of ours are refused, however odd", async () => {
  const { db } = await freshDb();
  const { ask, token } = await serve(db);
  const agent = await token("agent");
  const closed = (text: string): string => Buffer.from(text).toString("base64url");
  for (const at of ["+275760-09-13T00:00:00.000Z", "-000001-01-01T00:00:00Z", "0000-01-01", "1\0"])
    for (const list of ["tickets", "incidents"]) {
      const { status } = await ask(
        `/${list}?cursor=${closed(`${at} abcdefghijkl`)}`,
        undefined,
        agent,
      );
      expect([list, at, status]).toEqual([list, at, 400]);
    }
  for (const id of ["%00", "a".repeat(5_000), "__proto__", "..%2f", "%F0%9F%98%80"]) {
    expect((await ask(`/reports/${id}`, undefined, agent)).status).toBe(404);
    expect((await ask(`/suspicions/${id}`, undefined, agent)).status).toBe(404);
  }
});

test("strangers who use the same number do not meet, and who repeats theirs has one report", async () => {
  const { db } = await freshDb();
  const { ask } = await serve(db);
  const first = await ask("/reports", { id: "1", text: "Our mail does not leave." });
  const again = await ask("/reports", { id: "1", text: "Our mail does not leave." });
  const other = await ask("/reports", { id: "1", text: "My web site is slow." });
  expect([first.status, again.status, other.status]).toEqual([202, 202, 202]);
  expect(again.body["id"]).toBe(first.body["id"]);
  expect(other.body["id"]).not.toBe(first.body["id"]);
});

test("a contact is kept as mail is sent to it, and what is none is refused", async () => {
  const { db } = await freshDb();
  const { ask } = await serve(db);
  const status = async (contact: string): Promise<number> =>
    (await ask("/reports", { text: "Our mail does not leave.", contact })).status;
  expect(await status("anna@kávéház.example")).toBe(202);
  expect(await db("reports").pluck("contact")).toEqual(["anna@xn--kvhz-5nac8c.example"]);
  for (const wrong of [
    "a@b.example,evil@c.example",
    "a@b.example;x",
    "a@b.example>\r\nBcc: c@d.example",
    "a@b..example",
    "a@[127.0.0.1]",
    "\ud800@b.example",
    "a b@c.example",
  ])
    expect([wrong, await status(wrong)]).toEqual([wrong, 400]);
});
