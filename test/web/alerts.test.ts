import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { NO_CONFIG } from "../../src/config/config.js";
import { createLog } from "../../src/log.js";
import { createMetrics } from "../../src/metrics.js";
import { listFiring } from "../../src/store/alerts.js";
import { createDb, type Db } from "../../src/store/db.js";
import { createToken, type Role } from "../../src/store/tokens.js";
import { alerts } from "../../src/web/alerts/index.js";
import { freshDb } from "../support/postgres.js";
import { after, START } from "../support/watched.js";

const rules = [
  {
    id: "disk",
    match: { alertname: ["Disk"] },
    host: "{{ labels.instance }}",
    component: null,
    impact: "major_outage" as const,
    outcome: "down" as const,
    ignore: false,
    expiresMs: 18_000_000,
  },
];

async function door(given?: Db) {
  const db = given ?? (await freshDb()).db;
  const lines: Record<string, unknown>[] = [];
  const registry = new Registry();
  const app = express();
  app.use(
    alerts({
      db: () => db,
      now: () => START,
      config: () => ({ ...NO_CONFIG, rules }),
      log: createLog("info", {
        write: (line) => void lines.push(JSON.parse(line) as object as never),
      }),
      metrics: createMetrics(registry),
    }),
  );
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => new Promise<void>((done) => server.close(() => done())));
  const { port } = server.address() as AddressInfo;
  const send = async (path: string, body?: unknown, authorization = "") => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: {
        ...(authorization !== "" && { authorization }),
        "content-type": "application/json",
      },
      ...(body !== undefined && {
        method: "POST",
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
  };
  const token = (role: Role = "source"): Promise<string> =>
    createToken(db, { name: "prometheus", role, now: START });
  return { db, send, token, lines, registry };
}

const alert = (name: string, more: object = {}) => ({
  labels: { alertname: name, instance: "web3:9100" },
  annotations: { summary: "full\u0000 of\nit" },
  startsAt: "2026-11-21T09:59:00.123456789Z",
  endsAt: "0001-01-01T00:00:00Z",
  generatorURL: "http://prometheus.test/graph",
  ...more,
});
const message = (...some: object[]) => ({
  version: "4",
  groupKey: "{}:{}",
  status: "firing",
  receiver: "tudunk",
  groupLabels: {},
  truncatedAlerts: 0,
  alerts: some,
});

test("a webhook's alerts are kept before they are acknowledged, each by its own status", async () => {
  const { db, send, token, lines, registry } = await door();
  const bearer = `Bearer ${await token()}`;
  const body = message(
    alert("Disk", { status: "firing" }),
    alert("Load", { status: "firing" }),
    alert("Fan", { status: "resolved", endsAt: "2026-11-21T09:59:30Z" }),
  );
  expect(await send("/hooks/alertmanager", body, bearer)).toMatchObject({ status: 200 });
  expect(await send("/hooks/alertmanager", body, bearer)).toMatchObject({ status: 200 });
  const { alerts: firing, heardAt } = await listFiring(db);
  expect(firing).toMatchObject([
    {
      source: "prometheus",
      labels: { alertname: "Disk" },
      annotations: { summary: "full\ufffd of it" },
      startsAt: Date.parse("2026-11-21T09:59:00.123Z"),
      endsAt: null,
      until: null,
    },
    { labels: { alertname: "Load" } },
  ]);
  expect(heardAt).toEqual(new Map([["prometheus", START.getTime()]]));
  expect(lines).toMatchObject([
    { event: "alert.host-unknown", rule: "disk", host: "web3:9100" },
    { event: "alert.unmatched", labels: { alertname: "Load" } },
  ]);
  const metrics = await registry.metrics();
  expect(metrics).toContain('tudunk_alerts_total{result="placed"} 2');
  expect(metrics).toContain('tudunk_alerts_total{result="unmatched"} 4');
});

test("Prometheus takes us for an Alertmanager, with a password where it has no other way", async () => {
  const { db, send, token } = await door();
  const basic = `Basic ${Buffer.from(`whoever:${await token()}`).toString("base64")}`;
  const told = [
    alert("Disk", { endsAt: "2026-11-21T10:04:00Z" }),
    { labels: { alertname: "Bare" } },
  ];
  expect(await send("/api/v2/alerts", told, basic)).toEqual({ status: 200, body: null });
  expect((await listFiring(db)).alerts).toMatchObject([
    { labels: { alertname: "Disk" }, until: after(240).getTime() },
    { labels: { alertname: "Bare" }, startsAt: START.getTime(), until: after(300).getTime() },
  ]);
  expect(await send("/api/v2/alerts", undefined, basic)).toMatchObject({
    status: 200,
    body: [
      { labels: { alertname: "Disk" }, receivers: [{ name: "disk" }], status: { state: "active" } },
      { labels: { alertname: "Bare" }, receivers: [{ name: "unmatched" }] },
    ],
  });
  expect(await send("/api/v2/status", undefined, basic)).toMatchObject({
    status: 200,
    body: { cluster: { status: "disabled" } },
  });
});

test.each<[path: string, body: unknown, status: number]>([
  ["/api/v2/alerts", alert("Disk"), 400],
  ["/api/v2/alerts", [{ annotations: {} }], 400],
  ["/api/v2/alerts", "[{", 400],
  ["/api/v2/alerts", [{ labels: { a: 1 } }], 400],
  ["/hooks/alertmanager", [alert("Disk")], 400],
  ["/hooks/alertmanager", { alerts: null }, 400],
  ["/hooks/alertmanager", "x".repeat(17_000_000), 413],
])("%s with what is no such message is refused for good", async (path, body, status) => {
  const { db, send, token } = await door();
  const answer = await send(path, body, `Bearer ${await token()}`);
  expect(answer).toMatchObject({ status, body: { code: status, message: expect.any(String) } });
  expect((await listFiring(db)).alerts).toEqual([]);
});

test("nobody tells us without a token, and who may only read cannot tell", async () => {
  const { send, token } = await door();
  const viewer = `Bearer ${await token("viewer")}`;
  for (const path of ["/api/v2/alerts", "/hooks/alertmanager"]) {
    expect(await send(path, [])).toMatchObject({ status: 401 });
    expect(await send(path, [], "Basic !!!")).toMatchObject({ status: 401 });
    expect(await send(path, [], `Basic ${Buffer.from("a:b").toString("base64")}`)).toMatchObject({
      status: 401,
    });
    expect(await send(path, [], viewer)).toMatchObject({ status: 403 });
  }
  expect(await send("/api/v2/alerts")).toMatchObject({ status: 401 });
  expect(await send("/api/v2/alerts", undefined, viewer)).toMatchObject({ status: 200 });
});

test("while the database is away senders are asked to come again", async () => {
  const away = createDb({ url: "postgres://nobody@127.0.0.1:1/none" });
  onTestFinished(() => away.destroy());
  const { send } = await door(away);
  const bearer = "Bearer tdk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  expect(await send("/hooks/alertmanager", message(), bearer)).toMatchObject({ status: 503 });
});

test("messages of one source at once lose nothing", async () => {
  const { db, send, token } = await door();
  const bearer = `Bearer ${await token()}`;
  const bodies = Array.from({ length: 10 }, (_, n) => [
    alert(`Own${n}`),
    alert("Shared", n === 9 ? { endsAt: "2026-11-21T09:59:30Z" } : {}),
  ]);
  const answers = await Promise.all(bodies.map((body) => send("/api/v2/alerts", body, bearer)));
  expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 200));
  const names = (await listFiring(db)).alerts.map(({ labels }) => labels["alertname"]);
  expect(names.filter((name) => name !== "Shared")).toHaveLength(10);
});
