import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { createMetrics } from "../../src/metrics.js";
import { createDb, type Db } from "../../src/store/db.js";
import { listBeats, type WaitingBeat } from "../../src/store/beats.js";
import { openWaitingBeats } from "../../src/store/waiting-beats.js";
import { earsOf } from "../../src/web/beats/ears.js";
import { beats } from "../../src/web/beats/index.js";
import { createKeepBeat } from "../../src/web/beats/keep.js";
import { HEARD, NO_CONFIG, type Config } from "../../src/config/config.js";
import { freshDb } from "../support/postgres.js";
import { silent, START } from "../support/watched.js";

const TOKEN = "cdrGFXyJUNK54VYOUnKmtg";
const UUID = "5b8a6e2e-6c1f-4a55-9d8f-0d7a4c1b2e3f";

const monitor = (id: string, token: string): Config["monitors"][number] => ({
  id,
  probe: "heartbeat",
  target: id,
  ...HEARD,
  host: null,
  component: null,
  impact: "major_outage",
  labels: {},
  paused: false,
  options: { token, period: "1h", grace: "5m" },
});

async function door(options: { readonly db?: Db; readonly folder?: string } = {}) {
  const db = options.db ?? (await freshDb()).db;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "tudunk-beats-"));
  if (!options.folder) onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const ears = earsOf({
    ...NO_CONFIG,
    monitors: [monitor("backup", TOKEN), monitor("legacy", UUID)],
  });
  const waiting = openWaitingBeats(folder, () => undefined);
  const registry = new Registry();
  const state: { ears: typeof ears | null } = { ears };
  const app = express();
  app.set("trust proxy", "loopback");
  app.use(
    beats({
      ears: () => state.ears,
      keep: createKeepBeat({ db: () => db, waiting, log: silent }),
      now: () => START,
      log: silent,
      metrics: createMetrics(registry),
    }),
  );
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => new Promise<void>((done) => server.close(() => done())));
  const { port } = server.address() as AddressInfo;
  const send = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
    return { status: answer.status, body: await answer.text(), headers: answer.headers };
  };
  const heard = async (): Promise<Partial<WaitingBeat>[]> =>
    (await listBeats(db, ["backup", "legacy"], 200)).map(
      ({ num: _n, key: _k, at: _at, ...rest }) => rest,
    );
  return { db, folder, waiting, state, port, send, heard, registry };
}

const said = (signal: string, more: object = {}) => ({
  monitor: "backup",
  signal,
  exitStatus: null,
  run: null,
  ms: null,
  text: null,
  ...more,
});

test.each<[path: string, init: RequestInit, expected: object]>([
  [`/beat/${TOKEN}`, {}, said("success")],
  [`/beat/${TOKEN}/`, { method: "HEAD" }, said("success")],
  [`/beat/${TOKEN}/start`, { method: "POST" }, said("start")],
  [
    `/beat/${TOKEN}/fail`,
    { method: "POST", body: "no space\r\nleft\0" },
    said("fail", { text: "no space\nleft\ufffd" }),
  ],
  [`/beat/${TOKEN}/log`, {}, said("log")],
  [`/beat/${TOKEN}/0`, {}, said("success", { exitStatus: 0 })],
  [`/beat/${TOKEN}/137`, {}, said("fail", { exitStatus: 137 })],
  [`/ping/${UUID}?rid=${UUID}`, {}, said("success", { monitor: "legacy", run: UUID })],
  [`/ping/${UUID}/1`, {}, said("fail", { monitor: "legacy", exitStatus: 1 })],
  [`/api/push/${TOKEN}?status=up&msg=OK&ping=12.5`, {}, said("success", { text: "OK", ms: 12.5 })],
  [`/api/push/${TOKEN}?msg=&ping=`, { method: "POST" }, said("success")],
  [`/api/push/${TOKEN}?status=down&msg=broken`, {}, said("fail", { text: "broken" })],
])("%s is kept before it is acknowledged", async (path, init, expected) => {
  const { send, heard } = await door();
  const { status, body, headers } = await send(path, init);
  expect(status).toBe(200);
  const isKuma = path.startsWith("/api/");
  expect(body).toBe(init.method === "HEAD" ? "" : isKuma ? '{"ok":true}' : "OK");
  expect(headers.get("ping-body-limit")).toBe(isKuma ? null : "10000");
  expect(await heard()).toEqual([expected]);
});

test.each<[path: string, init: RequestInit, status: number, body: string]>([
  ["/beat/cdrGFXyJUNK54VYOUnKmtG", {}, 404, "not found"],
  ["/ping/00000000-0000-0000-0000-000000000000/fail", {}, 404, "not found"],
  ["/beat/%00", {}, 404, "not found"],
  ["/api/push/unknown?status=up", {}, 404, '{"ok":false,"msg":"Monitor not found or not active."}'],
  [`/beat/${TOKEN}/256`, {}, 400, "invalid url format"],
  [`/beat/${TOKEN}/begin`, {}, 400, "invalid url format"],
  [`/beat/${TOKEN}?rid=a%20b`, {}, 400, "invalid uuid format"],
  [`/beat/${TOKEN}?rid=a&rid=b`, {}, 400, "invalid uuid format"],
  [`/beat/${TOKEN}`, { method: "DELETE" }, 405, "method not allowed"],
])("%s %j is refused with %i", async (path, init, status, body) => {
  const { send, heard } = await door();
  expect(await send(path, init)).toMatchObject({ status, body });
  expect(await heard()).toEqual([]);
});

test("of a long output the beginning is kept, and the beat counts", async () => {
  const { send, heard } = await door();
  const body = "ő".repeat(1_000_000);
  expect(await send(`/beat/${TOKEN}/fail`, { method: "POST", body })).toMatchObject({
    status: 200,
  });
  const [beat] = await heard();
  expect(Buffer.byteLength(beat?.text ?? "")).toBe(10_000);
});

test("a sender that hangs up within its words has said nothing, and hurts nobody", async () => {
  const { port, send, heard } = await door();
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`POST /beat/${TOKEN}/fail HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf`);
  await new Promise((then) => setTimeout(then, 100));
  socket.destroy();
  await send(`/beat/${TOKEN}`);
  expect(await heard()).toEqual([said("success")]);
});

test("while the database is away a beat waits on disk, and where that is full it is refused", async () => {
  const away = createDb({ url: "postgres://nobody@127.0.0.1:1/none" });
  onTestFinished(() => away.destroy());
  const { send, waiting } = await door({ db: away });
  expect(await send(`/beat/${TOKEN}/fail`)).toMatchObject({ status: 200, body: "OK" });
  const handed: unknown[] = [];
  await waiting.handOver(async (some) => void handed.push(...some));
  expect(handed).toMatchObject([said("fail")]);

  const blocked = join(mkdtempSync(join(tmpdir(), "tudunk-beats-")), "file");
  writeFileSync(blocked, "");
  onTestFinished(() => rmSync(join(blocked, ".."), { recursive: true, force: true }));
  const full = await door({ db: away, folder: join(blocked, "beats") });
  const refused = await full.send(`/beat/${TOKEN}`);
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("10");
  expect(await full.send(`/api/push/${TOKEN}`)).toMatchObject({
    status: 503,
    body: expect.stringContaining('"ok":false'),
  });
});

test("without a readable configuration nobody is told that they are unknown", async () => {
  const { send, state } = await door();
  state.ears = null;
  expect(await send(`/beat/${TOKEN}`)).toMatchObject({ status: 503 });
});

test("who tries tokens is slowed down, and whoever has one is not", async () => {
  const { send, registry } = await door();
  const statuses: number[] = [];
  for (let n = 0; n < 70; n++) statuses.push((await send(`/beat/aGuessThatDoesNotFit${n}`)).status);
  expect(statuses.filter((status) => status === 404)).toHaveLength(60);
  expect(statuses.slice(60)).toEqual(Array.from({ length: 10 }, () => 429));
  expect(await send(`/beat/${TOKEN}`)).toMatchObject({ status: 200 });
  expect(await registry.metrics()).toContain('tudunk_beats_total{result="unknown"} 70');
});

test("a loop gone wild is bounded, for that job alone", async () => {
  const { send, port } = await door();
  const once200 = (): Promise<number> =>
    new Promise((done, failed) => {
      request({ port, host: "127.0.0.1", path: `/beat/${TOKEN}`, method: "HEAD" }, (res) => {
        res.resume();
        done(res.statusCode ?? 0);
      })
        .on("error", failed)
        .end();
    });
  const statuses: number[] = [];
  for (let n = 0; n < 130; n++) statuses.push(await once200());
  expect(statuses.filter((status) => status === 200)).toHaveLength(120);
  expect(statuses.at(-1)).toBe(429);
  expect(await send(`/ping/${UUID}`)).toMatchObject({ status: 200 });
});
