import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { Problem } from "../../src/errors.js";
import type { Db } from "../../src/store/db.js";
import { createToken, type Role } from "../../src/store/tokens.js";
import { inventory } from "../../src/web/api/inventory.js";
import { openApiDocument } from "../../src/web/api/openapi.js";
import { READERS, requireRole } from "../../src/web/bearer.js";
import { sendProblem } from "../../src/web/problem.js";
import { freshDb } from "../support/postgres.js";

const now = new Date("2026-05-01T10:00:00Z");
const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../fixtures/inventory", name), "utf8");

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Served {
  readonly db: Db;
  readonly put: (
    query: string,
    body: string | Uint8Array,
    as?: Role,
    headers?: object,
  ) => Promise<Answer>;
  readonly lookup: (q: string, as?: Role) => Promise<Answer>;
  readonly post: (path: string, body: string) => Promise<Answer>;
}

async function serve(): Promise<Served> {
  const { db } = await freshDb();
  const app = express();
  const database = (): Db => db;
  app.use(
    "/api/v1/inventory",
    requireRole(database, () => now, READERS),
    inventory(database, () => now),
  );
  app.post("/api/v1/elsewhere", express.json({ limit: "64kb" }), (_req, res) => void res.json({}));
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
  const tokens = new Map<Role, string>();
  const call = async (
    path: string,
    as: Role,
    init: RequestInit,
    headers: object = {},
  ): Promise<Answer> => {
    const token = tokens.get(as) ?? (await createToken(db, { name: as, role: as, now }));
    tokens.set(as, token);
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      ...init,
      headers: { ...headers, authorization: `Bearer ${token}`, connection: "close" },
    });
    const text = await answer.text();
    const type = answer.headers.get("content-type") ?? "";
    return {
      status: answer.status,
      type,
      text,
      body: type.includes("json") ? JSON.parse(text) : {},
    };
  };
  return {
    db,
    put: (query, body, as = "operator", headers = {}) =>
      call(
        `/inventory${query}`,
        as,
        { method: "PUT", body: typeof body === "string" ? body : Buffer.from(body) },
        { "content-type": "application/json", ...headers },
      ),
    lookup: (q, as = "agent") => call(`/inventory/lookup?q=${encodeURIComponent(q)}`, as, {}),
    post: (path, body) =>
      call(path, "operator", { method: "POST", body }, { "content-type": "application/json" }),
  };
}

const ajv = new Ajv2020({ strict: false });
const fits = (name: string, body: unknown): unknown => {
  const { components } = openApiDocument("https://status.test");
  return ajv.validate({ $ref: `#/components/schemas/${name}`, components }, body) || ajv.errors;
};

test("the inventory is replaced by those on duty alone, and looked up by all of the staff", async () => {
  const { put, lookup } = await serve();
  for (const role of ["agent", "viewer", "source"] as const)
    expect(await put("", fixture("harbour.json"), role)).toMatchObject({ status: 403 });
  for (const role of ["admin", "operator"] as const)
    expect(await put("", fixture("harbour.json"), role)).toMatchObject({ status: 200 });
  for (const role of ["admin", "operator", "agent", "viewer"] as const)
    expect(await lookup("zerjav-vrt.test", role)).toMatchObject({ status: 200 });
  expect(await lookup("zerjav-vrt.test", "source")).toMatchObject({ status: 403 });
});

test("an import answers with what changed, as the description has it", async () => {
  const { put } = await serve();
  const { status, body, text } = await put("", fixture("harbour.json"));
  expect(status).toBe(200);
  expect(fits("InventoryImport", body)).toBe(true);
  expect(body).toMatchObject({
    outcome: "applied",
    source: "json",
    accounts: { total: 2, added: { count: 2, examples: ["H-812", "813"] } },
    domains: { total: 4 },
    odd: [
      { what: expect.stringContaining("dependencies"), count: 1 },
      { what: expect.stringContaining("mail is delivered elsewhere"), count: 1 },
    ],
  });
  expect(text).not.toContain("PLANTED");
});

test("any format comes by its content, by its name, or as CSV", async () => {
  const { put } = await serve();
  const csv = { "content-type": "text/csv; charset=utf-8" };
  expect(await put("", fixture("customers.csv"), "admin", csv)).toMatchObject({
    body: { source: "csv" },
  });
  const plain = { "content-type": "text/plain" };
  expect(
    await put("?format=cpanel&server=web3", fixture("userdatadomains.txt"), "admin", plain),
  ).toMatchObject({
    body: { source: "cpanel web3" },
  });
  const none = { "content-type": "application/octet-stream", "content-encoding": "gzip" };
  expect(
    await put("?server=da1", gzipSync(fixture("domainowners.txt")), "admin", none),
  ).toMatchObject({
    status: 200,
    body: { source: "directadmin da1" },
  });
});

test("a dry run changes nothing", async () => {
  const { put, lookup } = await serve();
  expect(await put("?dryRun=1", fixture("harbour.json"))).toMatchObject({
    status: 200,
    body: { outcome: "shown" },
  });
  expect(await lookup("zerjav-vrt.test")).toMatchObject({ body: { accounts: [], places: [] } });
});

test("every mistake of a file is named, and nothing is changed", async () => {
  const { put, lookup } = await serve();
  await put("", fixture("harbour.json"));
  const customers = Array.from({ length: 150 }, (_, n) => ({
    account_id: n,
    domains: ["PLANTED secret"],
  }));
  const { status, type, body, text } = await put("", JSON.stringify({ customers }));
  expect([status, type]).toEqual([422, "application/problem+json; charset=utf-8"]);
  expect(fits("InventoryProblem", body)).toBe(true);
  expect(body).toMatchObject({
    count: 150,
    detail: "150 mistakes; the first: customers[0].domains[0].name: expected a domain name",
  });
  expect(body["mistakes"]).toHaveLength(100);
  expect(text).not.toContain("PLANTED");
  expect(await put("", "")).toMatchObject({ status: 422 });
  expect(await put("?format=cpanel", fixture("userdatadomains.txt"))).toMatchObject({
    status: 422,
    body: { detail: expect.stringContaining("name the server") },
  });
  expect(await lookup("zerjav-vrt.test")).toMatchObject({ body: { accounts: [{ id: "H-812" }] } });
});

test("an import that loses more than a fifth is a conflict with numbers, and goes through by force", async () => {
  const { put } = await serve();
  await put("", fixture("harbour.json"));
  const less = JSON.stringify({ customers: [{ account_id: "1", domains: ["zerjav-vrt.test"] }] });
  expect(await put("", less)).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining("3 of the 4 domains of json would go") },
  });
  expect(await put("?dryRun=1", less)).toMatchObject({ status: 200, body: { outcome: "refused" } });
  expect(await put("?force=1", less)).toMatchObject({ status: 200, body: { outcome: "applied" } });
});

test("parameters that nobody knows, and words that cannot be, are refused", async () => {
  const { put, lookup } = await serve();
  for (const query of ["?force=maybe", "?format=plesk", "?colour=blue"])
    expect(await put(query, "{}")).toMatchObject({ status: 400 });
  for (const q of ["", " ", "a".repeat(255), "a\u0000b"])
    expect(await lookup(q)).toMatchObject({ status: 400 });
});

test("a long body is for the inventory alone, and has an end there too", async () => {
  const { put, post } = await serve();
  const filling = "x".repeat(1_000_000);
  expect(await put("", JSON.stringify({ customers: [], filling }))).toMatchObject({ status: 200 });
  const answer = await post("/elsewhere", JSON.stringify({ text: { en: filling } }));
  expect(answer.status).toBe(413);
  const bomb = gzipSync(Buffer.alloc(51_000_000, " "));
  expect(bomb.length).toBeLessThan(100_000);
  expect(await put("", bomb, "operator", { "content-encoding": "gzip" })).toMatchObject({
    status: 400,
    body: { detail: "expected at most 50 MB" },
  });
});

test("a look-up says whose it is and what each of the domains lives on", async () => {
  const { put, lookup } = await serve();
  await put("", fixture("harbour.json"));
  const { body } = await lookup("post@mail.ŽERJAV-vrt.test");
  expect(fits("InventoryLookup", body)).toBe(true);
  expect(body).toMatchObject({
    places: [],
    accounts: [
      {
        id: "H-812",
        by: "domain",
        matched: "žerjav-vrt.test",
        domainCount: 2,
        domains: [
          {
            name: "zerjav-vrt.test",
            livesOn: [
              { use: "web", id: "web3" },
              { use: "web", id: "web3/http" },
              { use: "web", id: "web3/php83" },
              { use: "mail", id: "mail1" },
              { use: "mail", id: "mail1/imap" },
            ],
          },
          { name: "žerjav-vrt.test", ascii: "xn--erjav-vrt-ucc.test" },
        ],
      },
    ],
  });
  const server = await lookup("192.0.2.13");
  expect(fits("InventoryLookup", server.body)).toBe(true);
  expect(server.body).toMatchObject({ places: [{ id: "web3", accounts: 2 }] });
});

test("a look-up after an import knows the new places at once", async () => {
  const { put, lookup } = await serve();
  const world = (kind: string): string =>
    JSON.stringify({
      servers: [{ id: "s", provides: [kind] }],
      customers: [{ account_id: "1", domains: ["a.test"], web_server: "s" }],
    });
  await put("", world("http"));
  expect((await lookup("a.test")).text).toContain("s/http");
  now.setSeconds(now.getSeconds() + 1);
  await put("", world("php83"));
  const { text } = await lookup("a.test");
  expect(text).toContain("s/php83");
  expect(text).not.toContain("s/http");
});
