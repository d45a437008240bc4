import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Eyes } from "../../probes/probe.js";
import { prometheus } from "../../probes/prometheus.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { readThreshold } from "../../probes/thresholds.js";
import { issue } from "../support/certificates.js";
import { closedPort, startHttp, startHttps, startRaw } from "../support/http-servers.js";

const eyes: Eyes = { resolver: createResolver({ servers: ["127.0.0.1:9"], timeoutMs: 200 }) };
const DOWN = { query: "up", down: "> 0.9", degraded: "> 0.5" };

const look = (target: string, options: object = {}, ms = 2_000) =>
  runProbe(prometheus.prepare(target, { ...DOWN, ...options }, eyes), ms, () => new Date());

const vector = (...values: readonly (readonly [value: string, labels?: object])[]) => ({
  status: "success",
  data: {
    resultType: "vector",
    result: values.map(([value, metric = {}]) => ({ metric, value: [1_795_000_000.123, value] })),
  },
});

/** A server that says this to whatever is asked; `asked` has the requests. */
async function saying(body: unknown, status = 200, headers: Record<string, string> = {}) {
  const asked: { url: string; authorization: string | undefined; tenant: unknown }[] = [];
  const port = await startHttp((request, response) => {
    asked.push({
      url: request.url ?? "",
      authorization: request.headers.authorization,
      tenant: request.headers["x-scope-orgid"],
    });
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
  return { target: `http://127.0.0.1:${port}`, asked };
}

const says = (outcome: string, reason: string, facts?: object) => ({
  outcome,
  reason,
  ...(facts && { facts }),
});

test.each<[name: string, body: unknown, options: object, expected: object]>([
  ["a value within its threshold is up", vector(["0.5"]), {}, says("up", "ok", { value: 0.5 })],
  [
    "a value beyond the milder is degraded",
    vector(["0.7"]),
    {},
    says("degraded", "value-beyond", { value: 0.7, limit: "> 0.5" }),
  ],
  [
    "the worst of several counts, and is named",
    vector(
      ["0.1", { instance: "a" }],
      ["0.95", { __name__: "load", instance: "b" }],
      ["0.99", { instance: "c" }],
    ),
    {},
    says("down", "value-beyond", {
      series: 3,
      beyond: 2,
      value: 0.99,
      worst: ['{instance="c"} 0.99', 'load{instance="b"} 0.95'],
    }),
  ],
  [
    "below is as good a word as above",
    vector(["5"], ["2"]),
    { down: "<= 2", degraded: "< 5" },
    says("down", "value-beyond", { value: 2 }),
  ],
  [
    "a scalar is a value",
    { status: "success", data: { resultType: "scalar", result: [1, "1e+03"] } },
    {},
    says("down", "value-beyond", { value: 1_000 }),
  ],
  [
    "infinity is more than anything",
    vector(["1"], ["+Inf"]),
    {},
    says("down", "value-beyond", { value: "+Inf" }),
  ],
  [
    "minus infinity is less",
    vector(["-Inf"]),
    { down: "< -1e3" },
    says("down", "value-beyond", { value: "-Inf" }),
  ],
  ["NaN is no value", vector(["NaN"]), {}, says("unknown", "no-series", { withoutValue: 1 })],
  [
    "NaN is not unequal to anything",
    vector(["NaN"], ["1"]),
    { down: "!= 1", degraded: "> 5" },
    says("up", "ok"),
  ],
  [
    "nothing found is unknown by default",
    vector(),
    {},
    says("unknown", "no-series", { series: 0 }),
  ],
  ["or fine", vector(), { empty: "up" }, says("up", "no-series")],
  ["or down", vector(), { empty: "down" }, says("down", "no-series")],
  [
    "warnings go along",
    { ...vector(["0.1"]), warnings: ["partial answer"] },
    {},
    says("up", "ok", { warnings: ["partial answer"] }),
  ],
  [
    "a histogram has no value",
    {
      status: "success",
      data: { resultType: "vector", result: [{ metric: {}, histogram: [1, {}] }] },
    },
    {},
    says("unknown", "no-series"),
  ],
  [
    "a range is no instant",
    { status: "success", data: { resultType: "matrix", result: [] } },
    {},
    says("unknown", "query-failed"),
  ],
  [
    "a text is no number",
    { status: "success", data: { resultType: "string", result: [1, "x"] } },
    {},
    says("unknown", "query-failed"),
  ],
  [
    "what is no such answer is unknown",
    { hello: "world" },
    {},
    says("unknown", "prometheus-unavailable", { because: "malformed-reply" }),
  ],
  ["nor is a page of a proxy", "<html>Login</html>", {}, says("unknown", "prometheus-unavailable")],
  [
    "a value that is a number is malformed",
    { status: "success", data: { resultType: "vector", result: [{ metric: {}, value: [1, 1] }] } },
    {},
    says("unknown", "prometheus-unavailable"),
  ],
  ["a value that says nothing is none", vector([""]), {}, says("unknown", "no-series")],
])("prometheus: %s", async (_name, body, options, expected) => {
  const { target } = await saying(body);
  expect(await look(target, options)).toMatchObject(expected);
});

test.each<[status: number, body: unknown, expected: object]>([
  [
    400,
    { status: "error", errorType: "bad_data", error: "parse error" },
    says("unknown", "query-failed", { status: 400, errorType: "bad_data", error: "parse error" }),
  ],
  [
    422,
    { status: "error", errorType: "execution", error: "many-to-many" },
    says("unknown", "query-failed"),
  ],
  [
    503,
    { status: "error", errorType: "timeout", error: "query timed out" },
    says("unknown", "query-failed"),
  ],
  [
    503,
    "Service Unavailable",
    says("unknown", "prometheus-unavailable", { status: 503, because: "status-unexpected" }),
  ],
  [401, "", says("unknown", "prometheus-unavailable", { status: 401 })],
  [302, "", says("unknown", "prometheus-unavailable", { location: "https://sso.test/" })],
])("prometheus: %i is never down", async (status, body, expected) => {
  const { target } = await saying(body, status, { location: "https://sso.test/" });
  expect(await look(target)).toMatchObject(expected);
});

test("prometheus: the query, the path before it, the tenant and the login are sent as given", async () => {
  const { target, asked } = await saying(vector(["0"]));
  const query = 'sum(rate(http_requests_total{code=~"5.."}[5m])) > 0 & "á#"';
  await look(`${target}/prom/`, {
    query,
    headers: { "X-Scope-OrgID": "hoster" },
    auth: { username: "tudunk", password: "secret" },
    plaintext: true,
  });
  const [request] = asked;
  const url = new URL(request?.url ?? "", target);
  expect(url.pathname).toBe("/prom/api/v1/query");
  expect(url.searchParams.get("query")).toBe(query);
  expect(request).toMatchObject({
    tenant: "hoster",
    authorization: `Basic ${Buffer.from("tudunk:secret").toString("base64")}`,
  });
});

test("prometheus: a login goes nowhere unencrypted, and to no certificate that does not hold", async () => {
  const { target, asked } = await saying(vector(["0"]));
  const auth = { bearer: "secret" };
  expect(await look(target, { auth })).toMatchObject(says("unknown", "login-withheld"));
  expect(asked).toEqual([]);
  const logins: unknown[] = [];
  const leaf = issue();
  const port = await startHttps({ key: leaf.key, cert: leaf.cert }, (request, response) => {
    logins.push(request.headers.authorization);
    response.end(JSON.stringify(vector(["0"])));
  });
  const strict = await look(`https://127.0.0.1:${port}`, { auth });
  expect(strict).toMatchObject(
    says("unknown", "prometheus-unavailable", { because: expect.stringMatching(/^certificate-/) }),
  );
  expect(logins).toEqual([]);
  expect(JSON.stringify(strict)).not.toContain("secret");
  expect(await look(`https://127.0.0.1:${port}`, { auth, tls: { verify: false } })).toMatchObject(
    says("up", "ok"),
  );
  expect(logins).toEqual(["Bearer secret"]);
});

test("prometheus: one that is not there, hangs up, stays silent or never ends is unknown", async () => {
  const because = async (port: number, ms = 2_000) => {
    const { outcome, reason, facts } = await look(`http://127.0.0.1:${port}`, {}, ms);
    expect([outcome, reason]).toEqual(["unknown", "prometheus-unavailable"]);
    return facts["because"];
  };
  expect(await because(await closedPort())).toBe("refused");
  expect(await because(await startRaw((socket) => socket.destroy()))).toMatch(/closed-early|reset/);
  expect(await because(await startRaw(() => undefined), 150)).toBe("timed-out-first-byte");
  const drip = await startRaw((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[");
    const timer = setInterval(() => socket.write(" "), 20);
    socket.on("close", () => clearInterval(timer));
  });
  expect(await because(drip, 300)).toBe("timed-out-transfer");
  const flood = await startHttp((_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip" });
    response.end(gzipSync(Buffer.alloc(50_000_000, " ")));
  });
  expect(await because(flood, 5_000)).toBe("reply-too-large");
  const garbage = await startRaw((socket) => socket.end(Buffer.alloc(100_000, 7)));
  expect(await because(garbage)).toMatch(/malformed-reply|headers-too-large|reset/);
});

test("prometheus: a name our resolver cannot find for want of an answer is our own failure", async () => {
  expect(await look("http://prometheus.test:9090", {}, 3_000)).toMatchObject({
    outcome: "unknown",
  });
});

test("prometheus: thousands of series with long labels stay within bounds", async () => {
  const many = Array.from({ length: 2_000 }, (_, n) => [
    "1",
    Object.fromEntries([
      ["instance", `web${n}`],
      ["path", "\u202e\n".repeat(20)],
    ]),
  ]) as [string, object][];
  const { target } = await saying(vector(...many));
  const { outcome, facts } = await look(target, {}, 5_000);
  expect([outcome, facts["beyond"]]).toEqual(["down", 2_000]);
  expect(Buffer.byteLength(JSON.stringify(facts))).toBeLessThan(2_100);
  expect(JSON.stringify(facts)).not.toMatch(/\u202e|\\n/);
});

test.each<[options: object, message: string]>([
  [{ down: undefined, degraded: undefined }, "down: expected down or degraded"],
  [{ down: "0.9" }, "down: expected a comparison such as > 0.9"],
  [{ down: "=> 1" }, "down: expected a comparison"],
  [{ query: "" }, "query: expected a PromQL expression"],
  [{ empty: "degraded" }, "empty: expected up, down or unknown"],
  [{ qurey: "x" }, "prometheus"],
])("prometheus: %j cannot be prepared", (options, message) => {
  const prepare = () => prometheus.prepare("http://127.0.0.1:9090", { ...DOWN, ...options }, eyes);
  expect(prepare).toThrow(message);
});

test("a threshold says which of two values is worse", () => {
  const worse = (text: string, a: number, b: number): boolean => {
    const threshold = readThreshold(text);
    return threshold.badness(a) > threshold.badness(b);
  };
  expect(worse("> 1", 3, 2)).toBe(true);
  expect(worse("<= 1", -3, 0)).toBe(true);
  expect(worse("!= 1", -3, 2)).toBe(true);
  expect(readThreshold(">=Inf").isPassed(Infinity)).toBe(true);
  expect(readThreshold("!= 0").isPassed(Number.NaN)).toBe(false);
});

const installed = spawnSync("prometheus", ["--version"]).status === 0;

test.skipIf(!installed)(
  "prometheus: a real one answers about itself (skipped where it is not installed)",
  { timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "tudunk-prometheus-"));
    const port = await freePort();
    writeFileSync(
      join(folder, "p.yml"),
      `scrape_configs: [{ job_name: self, scrape_interval: 1s, static_configs: [{ targets: ["127.0.0.1:${port}", "127.0.0.1:1"] }] }]`,
    );
    const server = spawn(
      "prometheus",
      [
        `--config.file=${join(folder, "p.yml")}`,
        `--storage.tsdb.path=${folder}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: "ignore" },
    );
    onTestFinished(async () => {
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    });
    const target = `http://127.0.0.1:${port}`;
    await vi.waitFor(
      async () =>
        expect(await look(target, { query: "up", down: "< 1" })).toMatchObject(
          says("down", "value-beyond", {
            series: 2,
            worst: ['up{instance="127.0.0.1:1",job="self"} 0'],
          }),
        ),
      { timeout: 40_000, interval: 500 },
    );
    expect(await look(target, { query: "up{job=" })).toMatchObject(
      says("unknown", "query-failed", { status: 400, errorType: "bad_data" }),
    );
    expect(await look(target, { query: "up * on(job) up" })).toMatchObject(
      says("unknown", "query-failed", { status: 422 }),
    );
    expect(await look(target, { query: "0/0" })).toMatchObject(says("unknown", "no-series"));
    expect(await look(target, { query: "vector(1)/0" })).toMatchObject(
      says("down", "value-beyond", { value: "+Inf" }),
    );
    expect(await look(target, { query: "absent(up)", empty: "up" })).toMatchObject(
      says("up", "no-series"),
    );
    expect(await look(target, { query: "up[5m]" })).toMatchObject(says("unknown", "query-failed"));
  },
);

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}
