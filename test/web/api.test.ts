import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import express from "express";
import { Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { createMetrics } from "../../src/metrics.js";
import { isDatabaseAway, type Db } from "../../src/store/db.js";
import { judgeScope } from "../../src/store/incidents.js";
import { createToken, type Role } from "../../src/store/tokens.js";
import { api } from "../../src/web/api/index.js";
import { openApiDocument } from "../../src/web/api/openapi.js";
import { Problem } from "../../src/errors.js";
import { sendProblem } from "../../src/web/problem.js";
import { system } from "../../src/web/system.js";
import { freshDb } from "../support/postgres.js";
import { reporting } from "../support/reporting.js";
import { after, monitorRow, newId, watching } from "../support/watched.js";

interface Served {
  readonly db: Db;
  readonly get: (
    path: string,
    headers?: Record<string, string>,
    /** Posts this as JSON where it is given. */
    body?: unknown,
  ) => Promise<{ status: number; body: unknown; type: string }>;
  readonly token: (role: Role) => Promise<Record<string, string>>;
}

/** The API and the system routes on a database with three monitors, of which `a` is down. */
async function serve(): Promise<Served> {
  const { db } = await freshDb();
  const world = await watching(db, [
    monitorRow("a"),
    monitorRow("b"),
    monitorRow("c", { component: null, labels: { team: "web", module: "x", "a-b": "y" } }),
  ]);
  await world.see(0, { a: "up", b: "up", c: "up" });
  await world.see(60, { a: "down" });
  await world.see(65, { a: "down" });
  await judgeScope(
    db,
    { kind: "host", id: "web3" },
    {
      now: after(66),
      publish: "confirmed",
      nextUpdateMs: 1_800_000,
      reopenMs: 1_800_000,
      channels: [],
      location: "local",
      newId,
      speaker: {
        words: () => ({ title: { en: "Websites fail" }, text: { en: "We know." } }),
        headline: () => ({ en: "Websites fail" }),
      },
      traceparent: null,
    },
  );
  const now = (): Date => after(100);
  const registry = new Registry();
  const app = express();
  app.use(
    system({
      db: () => db,
      now,
      registry,
      metrics: createMetrics(registry),
      condition: () => ({ ready: true, degraded: [] }),
    }),
  );
  app.use(
    "/api/v1",
    api({
      ...reporting(() => db, now),
      db: () => db,
      now,
      publicUrl: () => "https://status.test",
      telling: () => ({
        channels: ["mail"],
        nextUpdateMs: 1_800_000,
        headline: () => ({ en: "Websites fail" }),
        words: (moment) => ({ en: moment }),
      }),
    }),
  );
  app.use(
    (error: unknown, _req: express.Request, res: express.Response, next: express.NextFunction) => {
      if (error instanceof Problem) sendProblem(res, error.code, error.message);
      else next(isDatabaseAway(error) ? undefined : error);
    },
  );
  const server = createServer(app).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  onTestFinished(() => new Promise<void>((done) => server.close(() => done())));
  const { port } = server.address() as AddressInfo;
  return {
    db,
    async get(path, headers = {}, body) {
      const post = body !== undefined && {
        method: "POST",
        body: JSON.stringify(body),
        headers: { ...headers, "content-type": "application/json" },
      };
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers, ...post });
      const type = answer.headers.get("content-type") ?? "";
      const said: unknown = type.includes("json") ? await answer.json() : await answer.text();
      return { status: answer.status, body: said, type };
    },
    token: async (role) => ({
      authorization: `Bearer ${await createToken(db, { name: "test", role, now: after(0) })}`,
    }),
  };
}

const schemaOf = (name: string): object => {
  const { components } = openApiDocument("https://status.test");
  return { $ref: `#/components/schemas/${name}`, components };
};
const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);

test("the API is closed without a token, with a wrong one, and to those who only deliver", async () => {
  const { get, token } = await serve();
  for (const path of [
    "/api/v1/monitors",
    "/api/v1/incidents",
    "/api/v1/monitors/a",
    "/api/v1/nothing",
  ]) {
    expect(await get(path)).toMatchObject({
      status: 401,
      type: expect.stringContaining("application/problem+json"),
      body: { status: 401, title: expect.any(String), detail: expect.any(String) },
    });
    expect(await get(path, { authorization: "Bearer tdk_wrong" })).toMatchObject({ status: 401 });
    expect(await get(path, await token("source"))).toMatchObject({ status: 403 });
  }
});

test("every role of the staff may read monitors and incidents", async () => {
  const { get, token } = await serve();
  for (const role of ["admin", "operator", "agent", "viewer"] as const)
    expect(await get("/api/v1/monitors", await token(role))).toMatchObject({
      status: 200,
      body: {
        items: [{ id: "a", state: "down", flapping: false }, { id: "b" }, { id: "c" }],
        next: null,
      },
    });
});

test("what the API says fits its own description", async () => {
  const { get, token } = await serve();
  const viewer = await token("viewer");
  const { body: monitor } = await get("/api/v1/monitors/a", viewer);
  expect(ajv.validate(schemaOf("Monitor"), monitor) || ajv.errors).toBe(true);
  expect(monitor).toMatchObject({ lastResult: { outcome: "down", reason: "refused", ms: 12.5 } });
  const { body } = await get("/api/v1/incidents", viewer);
  const [incident] = (body as { items: { id: string }[] }).items;
  expect(ajv.validate(schemaOf("Incident"), incident) || ajv.errors).toBe(true);
  expect(await get(`/api/v1/incidents/${incident?.id}`, viewer)).toMatchObject({
    status: 200,
    body: incident,
  });
});

test("lists go on where the page before ended", async () => {
  const { get, token } = await serve();
  const viewer = await token("viewer");
  const first = (await get("/api/v1/monitors?limit=2", viewer)).body as {
    items: { id: string }[];
    next: string;
  };
  expect(first.items.map(({ id }) => id)).toEqual(["a", "b"]);
  const rest = await get(`/api/v1/monitors?limit=2&cursor=${first.next}`, viewer);
  expect(rest.body).toMatchObject({ items: [{ id: "c" }], next: null });
});

test.each([
  ["/api/v1/monitors?limit=501", 400, "limit"],
  ["/api/v1/monitors?colour=red", 400, "colour"],
  ["/api/v1/incidents?state=closed", 400, "state"],
  ["/api/v1/incidents?cursor=rubbish", 400, "cursor"],
  ["/api/v1/monitors/nobody", 404, "monitor"],
  ["/api/v1/monitors/%00", 404, "id"],
  ["/api/v1/incidents/%00", 404, "id"],
  ["/api/v1/monitors?cursor=AA", 404, "id"],
  ["/api/v1/incidents/nothing", 404, "incident"],
  ["/api/v1/elsewhere", 404, "openapi.json"],
])("the API refuses %s with %i and names what is wrong", async (path, status, word) => {
  const { get, token } = await serve();
  expect(await get(path, await token("viewer"))).toMatchObject({
    status,
    body: { detail: expect.stringContaining(word) },
  });
});

test("the description is open and names every address", async () => {
  const { get } = await serve();
  const { body } = await get("/api/v1/openapi.json");
  expect(Object.keys((body as { paths: object }).paths)).toEqual([
    "/monitors",
    "/monitors/{id}",
    "/incidents",
    "/incidents/{id}",
    "/incidents/{id}/updates",
    "/maintenances",
    "/maintenances/{id}",
    "/maintenances/{id}/updates",
    "/reports",
    "/reports/{id}",
    "/tickets",
    "/tickets/{id}/link",
    "/tickets/{id}/unlink",
    "/suspicions",
    "/suspicions/{id}",
    "/suspicions/{id}/confirm",
    "/suspicions/{id}/merge",
    "/suspicions/{id}/dismiss",
    "/inventory",
    "/inventory/lookup",
  ]);
});

test("whoever is on duty says how it stands: promise, state, page and messages follow", async () => {
  const { db, get, token } = await serve();
  const operator = await token("operator");
  const list = (await get("/api/v1/incidents", operator)).body as { items: { id: string }[] };
  const path = `/api/v1/incidents/${list.items[0]?.id}/updates`;
  const text = { en: "A disk is full; we are freeing space." };
  expect(await get(path, await token("viewer"), { text })).toMatchObject({ status: 403 });
  expect(await get(path, operator, { text, state: "identified" })).toMatchObject({
    status: 201,
    body: {
      state: "identified",
      nextUpdateAt: after(100 + 1_800).toISOString(),
      updates: [{ by: "test", state: "identified", public: true, text }, { by: "engine" }],
    },
  });
  expect(await db("deliveries").select("channel_id", "event")).toEqual([
    { channel_id: "mail", event: "incident.updated" },
  ]);
  const internal = await get(path, operator, { text, public: false });
  expect(internal).toMatchObject({ status: 201, body: { updates: [{ public: false }, {}, {}] } });
});

test.each<[body: unknown, status: number, word: string]>([
  [{}, 400, "text"],
  [{ text: {} }, 400, "text"],
  [{ text: { en: " " } }, 400, "text"],
  [{ text: { en: "x" }, state: "postmortem" }, 400, "state"],
  [{ text: { en: "x" }, state: "resolved" }, 409, "a still fails"],
  [{ text: { en: "x" }, nextUpdateAt: "2020-01-01T00:00:00Z" }, 400, "to come"],
  [{ text: { en: "x" }, colour: "red" }, 400, "colour"],
])("a statement like %j is refused with %i", async (body, status, word) => {
  const { get, token } = await serve();
  const operator = await token("operator");
  const list = (await get("/api/v1/incidents", operator)).body as { items: { id: string }[] };
  expect(await get(`/api/v1/incidents/${list.items[0]?.id}/updates`, operator, body)).toMatchObject(
    {
      status,
      body: { detail: expect.stringContaining(word) },
    },
  );
});

test("a statement on what is over or was never there is refused", async () => {
  const { db, get, token } = await serve();
  const operator = await token("operator");
  const text = { en: "x" };
  expect(await get("/api/v1/incidents/aaaaaaaaaaaa/updates", operator, { text })).toMatchObject({
    status: 404,
  });
  await db("incidents").update({ state: "resolved", resolved_at: after(99) });
  const id: string = (await db("incidents").first("id"))?.id;
  expect(await get(`/api/v1/incidents/${id}/updates`, operator, { text })).toMatchObject({
    status: 409,
  });
});

test("metrics have our own figures and blackbox_exporter's for every monitor", async () => {
  const { get } = await serve();
  const { status, body } = await get("/metrics");
  expect(status).toBe(200);
  const lines = String(body).split("\n");
  for (const line of [
    'tudunk_monitors{state="down"} 1',
    'tudunk_incidents_open{severity="critical"} 1',
    'tudunk_component_status{component="web",status="major_outage"} 1',
    'probe_success{instance="http://a.test/",module="http",monitor="a"} 0',
    'probe_success{instance="http://b.test/",module="http",monitor="b"} 1',
    'probe_duration_seconds{instance="http://b.test/",module="http",monitor="b"} 0.0125',
    'probe_success{team="web",label_module="x",a_b="y",instance="http://c.test/",module="http",monitor="c"} 1',
    'probe_http_status_code{instance="http://b.test/",module="http",monitor="b"} 200',
    'probe_http_duration_seconds{phase="processing",instance="http://b.test/",module="http",monitor="b"} 0',
  ])
    expect(lines.map(sorted)).toContain(sorted(line));
  // Whatever calls itself a total is a counter: `promtool check metrics` refuses anything else.
  expect(lines.filter((line) => /^# TYPE \w+_total (?!counter)/.test(line))).toEqual([]);
  // No certificate was seen, so nothing is said of one.
  expect(lines.filter((line) => /^probe_(ssl|tls)_\w+\{/.test(line))).toEqual([]);
});

/** Labels in alphabetical order, since their order means nothing. */
const sorted = (line: string): string =>
  line.replace(
    /\{(.*)\}/,
    (_all, labels: string) =>
      `{${labels
        .split(",")
        .toSorted((a, b) => a.localeCompare(b))
        .join(",")}}`,
  );

test("from behind a proxy metrics need a token, since they name every target", async () => {
  const { get, token } = await serve();
  const forwarded = { "x-forwarded-for": "127.0.0.1" };
  expect(await get("/metrics", forwarded)).toMatchObject({ status: 401 });
  expect(await get("/metrics", { ...forwarded, ...(await token("viewer")) })).toMatchObject({
    status: 200,
  });
});

test("work is planned, read, moved and ended by those on duty, and refused with what is wrong", async () => {
  const { get, token } = await serve();
  const operator = await token("operator");
  const work = {
    title: { en: "Kernel update" },
    startsAt: after(200).toISOString(),
    endsAt: after(4_000).toISOString(),
    hosts: ["web3"],
  };
  const path = "/api/v1/maintenances";
  expect(await get(path, await token("viewer"), work)).toMatchObject({ status: 403 });
  expect(await get(path, operator, { ...work, hosts: ["web9"] })).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining("web9") },
  });
  expect(await get(path, operator, { ...work, hosts: [] })).toMatchObject({ status: 400 });
  expect(await get(path, operator, { ...work, endsAt: after(50).toISOString() })).toMatchObject({
    status: 400,
  });
  const planned = await get(path, operator, work);
  expect(planned).toMatchObject({
    status: 201,
    body: { state: "scheduled", components: ["web"], updates: [{ text: { en: "scheduled" } }] },
  });
  const { id } = planned.body as { id: string };
  expect(await get(`${path}?limit=1`, await token("viewer"))).toMatchObject({
    status: 200,
    body: { items: [{ id }] },
  });
  const said = { text: { en: "It goes faster." }, state: "in_progress" };
  expect(await get(`${path}/${id}/updates`, operator, said)).toMatchObject({
    status: 201,
    body: { state: "in_progress", startsAt: after(100).toISOString() },
  });
  const back = { text: { en: "x" }, state: "scheduled" };
  expect(await get(`${path}/${id}/updates`, operator, back)).toMatchObject({ status: 409 });
  expect(await get(`${path}/${"a".repeat(12)}`, operator)).toMatchObject({ status: 404 });
});
