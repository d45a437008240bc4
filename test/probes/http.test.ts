import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { http } from "../../probes/http.js";
import type { Eyes } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { chainOf, issue } from "../support/certificates.js";
import { startDns } from "../support/dns-server.js";
import {
  closedPort,
  startHttp,
  startHttp2,
  startHttps,
  startPlainHttp2,
  startProxy,
  startRaw,
  startReply,
} from "../support/http-servers.js";

const now = () => new Date();
const plainEyes: Eyes = { resolver: createResolver({ servers: ["127.0.0.1:9"], timeoutMs: 200 }) };

const look = (target: string, options: object = {}, ms = 2_000, eyes = plainEyes) =>
  runProbe(http.prepare(target, options, eyes), ms, now);
const at = (port: number, path = "/") => `http://127.0.0.1:${port}${path}`;

const JSON_BODY = JSON.stringify({
  status: "green",
  checks: [{ name: "db", ms: 12, ok: true, tags: ["a", "b"], none: null }],
  "odd key": 1,
});
const PAGES: Readonly<Record<string, { status?: number; type?: string; body: string | Buffer }>> = {
  "/": { body: "all is ok here\nárvíztűrő" },
  "/json": { type: "application/json", body: JSON_BODY },
  "/latin2": {
    type: "text/html; charset=iso-8859-2",
    body: Buffer.from([0x74, 0xfb, 0x72, 0xf5]),
  },
  "/teapot": { status: 418, body: "short and stout" },
  "/made": { status: 201, body: "made" },
  "/long": { body: `${"a".repeat(900_000)}!` },
};
const site = () =>
  startHttp((request, response) => {
    const page = PAGES[request.url ?? ""] ?? { status: 404, body: "no" };
    response.writeHead(page.status ?? 200, { "content-type": page.type ?? "text/plain" });
    response.end(page.body);
  });

const UP = { outcome: "up", reason: "ok" };
const because = (reason: string) => ({ outcome: "down", reason });

test.each<[name: string, path: string, options: object, expected: object]>([
  ["200 is up", "/", {}, UP],
  ["any 2xx is up by default", "/made", {}, UP],
  ["404 is down", "/gone", {}, { ...because("status-unexpected"), facts: { status: 404 } }],
  ["a listed status is up", "/teapot", { expect: { status: [200, 418] } }, UP],
  ["a status class is up", "/teapot", { expect: { status: ["4xx"] } }, UP],
  ["a status range is up", "/teapot", { expect: { status: "410-420" } }, UP],
  [
    "a status outside the range is down",
    "/",
    { expect: { status: "201-299" } },
    because("status-unexpected"),
  ],
  ["the expected text is there", "/", { expect: { body: "ok" } }, UP],
  [
    "all expected texts must be there",
    "/",
    { expect: { body: ["ok", "absent"] } },
    because("text-missing"),
  ],
  ["text is read as UTF-8", "/", { expect: { body: "árvíztűrő" } }, UP],
  ["text is read in the declared charset", "/latin2", { expect: { body: "tűrő" } }, UP],
  ["a forbidden text is down", "/", { expect: { notBody: "all is" } }, because("text-forbidden")],
  ["an absent forbidden text is up", "/", { expect: { notBody: "error" } }, UP],
  ["a matching pattern is up", "/", { expect: { regex: "(?m)^all .* here$" } }, UP],
  [
    "a pattern that does not match is down",
    "/",
    { expect: { regex: "^here" } },
    because("text-missing"),
  ],
  [
    "a forbidden pattern is down",
    "/",
    { expect: { notRegex: "o[jk]" } },
    because("text-forbidden"),
  ],
  ["JSON equals", "/json", { expect: { json: { path: "$.status", equals: "green" } } }, UP],
  [
    "JSON differs",
    "/json",
    { expect: { json: { path: "$.status", equals: "red" } } },
    {
      ...because("json-mismatch"),
      facts: { path: "$.status", value: "green" },
    },
  ],
  [
    "JSON deep inside",
    "/json",
    { expect: { json: { path: "$.checks[0].ms", above: 11, below: 13 } } },
    UP,
  ],
  [
    "JSON is exact in type",
    "/json",
    { expect: { json: { path: "$.checks[0].ms", equals: "12" } } },
    because("json-mismatch"),
  ],
  [
    "JSON not above",
    "/json",
    { expect: { json: { path: "$.checks[0].ms", above: 12 } } },
    because("json-mismatch"),
  ],
  [
    "JSON list contains",
    "/json",
    { expect: { json: { path: "$.checks[0].tags", contains: "b" } } },
    UP,
  ],
  ["JSON text contains", "/json", { expect: { json: { path: "$.status", contains: "ree" } } }, UP],
  [
    "JSON null equals null",
    "/json",
    { expect: { json: { path: "$.checks[0].none", equals: null } } },
    UP,
  ],
  ["JSON quoted key", "/json", { expect: { json: { path: '$["odd key"]', not: 2 } } }, UP],
  [
    "JSON absent path",
    "/json",
    { expect: { json: { path: "$.checks[1].ms", exists: true } } },
    because("json-mismatch"),
  ],
  [
    "JSON absent path may be asked for",
    "/json",
    { expect: { json: { path: "$.nope", exists: false } } },
    UP,
  ],
  [
    "JSON never sees prototypes",
    "/json",
    { expect: { json: { path: "$.constructor", exists: true } } },
    because("json-mismatch"),
  ],
  [
    "what is not JSON is down",
    "/",
    { expect: { json: { path: "$.a", exists: true } } },
    because("json-invalid"),
  ],
  ["HEAD has no body", "/", { method: "HEAD" }, { ...UP, facts: { status: 200, length: 0 } }],
  ["a quick answer is not slow", "/", { slow: { total: "5s", firstByte: "5s" } }, UP],
  [
    "an answer over its threshold is degraded",
    "/",
    { slow: { total: "0ms" } },
    { outcome: "degraded", reason: "slow", facts: { slow: "total" } },
  ],
])("http: %s", async (_name, path, options, expected) => {
  expect(await look(at(await site(), path), options)).toMatchObject(expected);
});

test("http: an answer has all its phases and facts", async () => {
  const port = await startHttp((_request, response) => {
    response.setHeader("last-modified", "Sat, 21 Nov 2026 10:00:00 GMT");
    response.end("hello");
  });
  const result = await look(at(port));
  expect(Object.keys(result.timings)).toEqual(["resolve", "connect", "firstByte", "transfer"]);
  expect(result.facts).toEqual({
    redirects: 0,
    address: "127.0.0.1",
    family: 4,
    status: 200,
    http: "1.1",
    contentLength: 5,
    lastModified: Date.parse("2026-11-21T10:00:00Z") / 1_000,
    length: 5,
  });
});

test("http: sends method, headers, body and a login", async () => {
  const seen: unknown[] = [];
  const port = await startHttp((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      seen.push([request.method, request.headers, body]);
      response.end("ok");
    });
  });
  const auth = { username: "probe", password: "tűz:víz" };
  const headers = { "X-One": "1", Host: "web3.test" };
  await look(at(port), { method: "PUT", body: "ő", headers, auth });
  await look(at(port), { method: "GET", body: "q", auth: { bearer: "t0ken" } });
  const basic = `Basic ${Buffer.from("probe:tűz:víz").toString("base64")}`;
  expect(seen).toMatchObject([
    ["PUT", { authorization: basic, "x-one": "1", host: "web3.test", "content-length": "2" }, "ő"],
    ["GET", { authorization: "Bearer t0ken", "content-length": "1" }, "q"],
  ]);
});

/** Every dialect of broken: what the server does after it has read the request. */
test.each<[name: string, serve: (socket: Socket) => void, options: object, expected: object]>([
  ["a server that closes without a word", (s) => s.end(), {}, because("closed-early")],
  ["a reset", (s) => s.resetAndDestroy(), {}, because("reset")],
  ["silence", () => {}, {}, because("timed-out-first-byte")],
  ["another protocol", (s) => s.end("220 mail.test ESMTP\r\n"), {}, because("malformed-reply")],
  ["NULs", (s) => s.end(Buffer.alloc(1_000)), {}, because("malformed-reply")],
  [
    "a body cut off",
    (s) => s.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
    {},
    because("closed-early"),
  ],
  [
    "chunks cut off",
    (s) => s.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
    {},
    because("closed-early"),
  ],
  [
    "a bad chunk",
    (s) => s.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab"),
    {},
    because("malformed-reply"),
  ],
  [
    "headers that never end",
    (s) => s.write(`HTTP/1.1 200 OK\r\n${"X-A: b\r\n".repeat(10)}`),
    {},
    because("timed-out-first-byte"),
  ],
  [
    "a header of 100 MB",
    (s) => flood(s, "HTTP/1.1 200 OK\r\nX-Big: "),
    {},
    because("headers-too-large"),
  ],
  [
    "endless headers",
    (s) => flood(s, "HTTP/1.1 200 OK\r\n", "X-A: b\r\n"),
    {},
    because("headers-too-large"),
  ],
  [
    "a body that stops",
    (s) => s.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
    {},
    because("timed-out-transfer"),
  ],
  [
    "one byte now and then",
    (s) => drip(s, "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
    {},
    because("timed-out-transfer"),
  ],
  ["a status line by the byte", (s) => drip(s, "H"), {}, { outcome: "down" }],
  [
    "a half-closed reply without a length is whole",
    (s) => s.end("HTTP/1.1 200 OK\r\n\r\nfine"),
    { expect: { body: "fine" } },
    UP,
  ],
  [
    "an endless body that nobody looks into is up",
    (s) => flood(s, "HTTP/1.1 200 OK\r\n\r\n"),
    {},
    { ...UP, facts: { truncated: true } },
  ],
  [
    "an endless body without the text is too large",
    (s) => flood(s, "HTTP/1.1 200 OK\r\n\r\n"),
    { expect: { body: "fine" } },
    because("reply-too-large"),
  ],
  [
    "an endless body with the text early is up",
    (s) => flood(s, "HTTP/1.1 200 OK\r\n\r\nfine"),
    { expect: { body: "fine" } },
    UP,
  ],
  [
    "a forbidden text may hide beyond the cap",
    (s) => flood(s, "HTTP/1.1 200 OK\r\n\r\n"),
    { expect: { notBody: "error" } },
    because("reply-too-large"),
  ],
  [
    "what pretends to be gzip",
    (s) => s.end("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nplain"),
    {},
    because("decode-failed"),
  ],
  [
    "gzip cut off",
    (s) =>
      s.end(
        Buffer.concat([
          Buffer.from("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"),
          gzipSync("hello hello").subarray(0, 15),
        ]),
      ),
    {},
    because("decode-failed"),
  ],
  [
    "two layers of encoding",
    (s) => s.end("HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\nx"),
    { expect: { body: "x" } },
    because("decode-failed"),
  ],
  [
    "an unasked change of protocol",
    (s) => s.end("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
    {},
    because("closed-early"),
  ],
  [
    "endless interim answers",
    (s) => flood(s, "", "HTTP/1.1 100 Continue\r\n\r\n"),
    {},
    { outcome: "down" },
  ],
])("http: %s", async (_name, serve, options, expected) => {
  const port = await startReply(serve);
  const started = performance.now();
  expect(await look(at(port), options, 600)).toMatchObject(expected);
  expect(performance.now() - started).toBeLessThan(1_500);
});

function flood(socket: Socket, head: string, line = "x".repeat(65_536)): void {
  const piece = line.repeat(Math.ceil(65_536 / line.length));
  socket.write(head);
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on("drain", more);
  more();
}

function drip(socket: Socket, head: string): void {
  socket.write(head);
  const timer = setInterval(() => socket.write("x"), 100);
  socket.on("close", () => clearInterval(timer));
}

test.each<[name: string, encoding: string, packed: Buffer]>([
  ["gzip", "gzip", gzipSync("unpacked")],
  ["deflate", "deflate", deflateSync("unpacked")],
  ["raw deflate", "deflate", deflateRawSync("unpacked")],
  ["brotli", "br", brotliCompressSync("unpacked")],
])("http: %s is unpacked", async (_name, encoding, packed) => {
  const port = await startHttp((_request, response) => {
    response.setHeader("content-encoding", encoding);
    response.end(packed);
  });
  const result = await look(at(port), { expect: { body: "unpacked" } });
  expect(result).toMatchObject({ ...UP, facts: { length: 8, contentLength: packed.length } });
});

test.each([
  ["gzip", gzipSync(Buffer.alloc(300_000_000), { level: 9 })],
  ["br", brotliCompressSync(Buffer.alloc(100_000_000), { params: { 1: 5 } })],
])(
  "http: twenty bombs of %s at once end soon and within bounded memory",
  async (encoding, bomb) => {
    const port = await startHttp((_request, response) => {
      response.setHeader("content-encoding", encoding);
      response.end(bomb);
    });
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5);
    const started = performance.now();
    const results = await Promise.all(
      Array.from({ length: 20 }, () => look(at(port), { expect: { body: "no" } }, 8_000)),
    );
    clearInterval(watch);
    expect(new Set(results.map(({ reason }) => reason))).toEqual(new Set(["reply-too-large"]));
    expect(performance.now() - started).toBeLessThan(6_000);
    expect(peak - before).toBeLessThan(200_000_000);
  },
);

test.each(["(a+)+$!", "(a|aa)+[bB]", "(.*)*[xX]", "^(a?){50}a{50}[?!]", "([a-z]+)*[0-9]$"])(
  "http: the pattern %s takes no more than linear time",
  async (regex) => {
    const port = await site();
    const started = performance.now();
    await look(at(port, "/long"), { expect: { regex } }, 5_000);
    expect(performance.now() - started).toBeLessThan(2_000);
  },
);

test("http: nothing listens, nothing answers, nobody is there", async () => {
  expect(await look(at(await closedPort()))).toMatchObject(because("refused"));
  const { server } = await startDns({ "v4.test": { a: ["127.0.0.1"] } });
  const eyes: Eyes = { resolver: createResolver({ servers: [server] }) };
  const gone = await look("http://gone.test/", {}, 1_000, eyes);
  expect(gone).toMatchObject(because("name-not-found"));
  const six = await look("http://v4.test/", { family: 6 }, 1_000, eyes);
  expect(six).toMatchObject(because("name-not-found"));
  // TLS is never spoken here: the port accepts and stays silent.
  const silent = await startRaw(() => {});
  const tls = await look(`https://127.0.0.1:${silent}/`, {}, 200);
  expect(tls).toMatchObject(because("timed-out-tls"));
});

test("http: a dead resolver stops only what needs it, and that is unknown", async () => {
  const port = await site();
  const { server } = await startDns({ "web.test": "silent" });
  const eyes: Eyes = { resolver: createResolver({ servers: [server], timeoutMs: 400 }) };
  const started = performance.now();
  const named = Array.from({ length: 100 }, () => look("http://web.test/", {}, 2_000, eyes));
  const short = look("http://web.test/", {}, 100, eyes);
  expect(await look(at(port), {}, 2_000, eyes)).toMatchObject(UP);
  expect(await look(`http://localhost:${port}/`, {}, 2_000, eyes)).toMatchObject(UP);
  expect(performance.now() - started).toBeLessThan(350);
  for (const result of [await short, ...(await Promise.all(named))])
    expect(result).toMatchObject({ outcome: "unknown", reason: "resolver-timed-out" });
});

test("http: an address that fails gives way to the next", async () => {
  const port = await site();
  const { server } = await startDns({ "two.test": { a: ["127.0.0.9", "127.0.0.1"] } });
  const eyes: Eyes = { resolver: createResolver({ servers: [server] }) };
  const result = await look(`http://two.test:${port}/`, {}, 2_000, eyes);
  expect(result).toMatchObject({ ...UP, facts: { address: "127.0.0.1" } });
});

test("http: with family both, each must work and the worse counts", async () => {
  const port = await site();
  const { server } = await startDns({
    "both.test": { a: ["127.0.0.1"], aaaa: ["::1"] },
    "v4.test": { a: ["127.0.0.1"] },
  });
  const eyes: Eyes = { resolver: createResolver({ servers: [server] }) };
  const half = await look(`http://v4.test:${port}/`, { family: "both" }, 2_000, eyes);
  expect(half).toMatchObject({
    ...because("name-not-found"),
    facts: { families: { 4: { outcome: "up" }, 6: { outcome: "down" } } },
  });
  const refused = await look(`http://both.test:${port}/`, { family: "both" }, 2_000, eyes);
  expect(refused.facts["families"]).toMatchObject({ 4: { outcome: "up" } });
  expect(refused.outcome).not.toBe("up");
});

/** `/n` leads to `/n-1`; `/0` is there; other words do as they say. */
const redirecting = () =>
  startHttp((request, response) => {
    const path = (request.url ?? "/").slice(1);
    const count = Number(path);
    const [status, location] =
      path === "0" || path === ""
        ? [200, ""]
        : Number.isInteger(count)
          ? [302, `/${count - 1}`]
          : path === "loop"
            ? [301, "/pool"]
            : path === "pool"
              ? [301, "/loop"]
              : path === "file"
                ? [302, "file:///etc/passwd"]
                : path === "elsewhere"
                  ? [302, "http://127.0.0.2:1/"]
                  : path === "see-other"
                    ? [303, "/0"]
                    : [307, decodeURIComponent(path)];
    response.writeHead(status, location === "" ? {} : { location });
    response.end(`${request.method} ${request.headers.authorization ?? "nobody"}`);
  });

test.each<[name: string, path: string, options: object, expected: object]>([
  ["five redirects are followed", "/5", {}, { ...UP, facts: { redirects: 5, status: 200 } }],
  ["six are too many", "/6", {}, because("too-many-redirects")],
  ["a loop is named", "/loop", {}, because("redirect-loop")],
  ["a redirect out of the web is refused", "/file", {}, because("redirect-refused")],
  ["a redirect into our own network is refused", "/elsewhere", {}, because("redirect-refused")],
  [
    "a redirect that is not followed is judged itself",
    "/1",
    { redirects: false },
    because("status-unexpected"),
  ],
  ["a redirect may be what is expected", "/1", { redirects: false, expect: { status: 302 } }, UP],
  ["303 asks with GET", "/see-other", { method: "POST", body: "x", expect: { body: "GET" } }, UP],
  ["307 asks the same again", "/%2F0", { method: "POST", body: "x", expect: { body: "POST" } }, UP],
  [
    "a login stays within its origin",
    "/1",
    { auth: { bearer: "t" }, expect: { body: "Bearer t" } },
    UP,
  ],
])("http: %s", async (_name, path, options, expected) => {
  expect(await look(at(await redirecting(), path), options)).toMatchObject(expected);
});

test("http: a login never travels to another origin, nor does a body", async () => {
  const other = await redirecting();
  const port = await redirecting();
  const path = `/${encodeURIComponent(at(other, "/0"))}`;
  const headers = { "X-Api-Key": "secret" };
  const auth = { bearer: "t" };
  const expected = { expect: { body: "nobody" } };
  expect(await look(at(port, path), { auth, headers, ...expected })).toMatchObject(UP);
  const posted = await look(at(port, path), { method: "POST", body: "secret" });
  expect(posted).toMatchObject(because("redirect-refused"));
});

test("http: redirects lead where the egress rules allow", async () => {
  const other = await startHttp((_request, response) => response.end("there"), "127.0.0.2");
  const port = await redirecting();
  const path = `/${encodeURIComponent(`http://127.0.0.2:${other}/`)}`;
  expect(await look(at(port, path))).toMatchObject(because("redirect-refused"));
  const eyes: Eyes = { ...plainEyes, mayReach: (address) => address === "127.0.0.2" };
  expect(await look(at(port, path), {}, 2_000, eyes)).toMatchObject(UP);
});

test("http: a good certificate is up with its facts, and is judged before a login is sent", async () => {
  const { root, leaf } = chainOf();
  const seen: string[] = [];
  const port = await startHttps({ key: leaf.key, cert: leaf.chain }, (request, response) => {
    seen.push(request.headers.authorization ?? "");
    response.end("safe");
  });
  const target = `https://localhost:${port}/`;
  const trusting = { family: 4, auth: { bearer: "t" }, tls: { ca: root.cert } };
  const result = await look(target, trusting);
  expect(result).toMatchObject({ ...UP, facts: { status: 200, tls: { version: "TLS 1.3" } } });
  expect(Object.keys(result.timings)).toEqual([
    "resolve",
    "connect",
    "tls",
    "firstByte",
    "transfer",
  ]);
  expect(seen).toEqual(["Bearer t"]);

  const untrusted = await look(target, { family: 4, auth: { bearer: "t" } });
  expect(untrusted.outcome).toBe("down");
  expect(untrusted.reason).toMatch(/^certificate-/);
  expect(seen).toEqual(["Bearer t"]);
  expect(await look(target, { family: 4, tls: { verify: false } })).toMatchObject(UP);
  const soon = await look(target, { ...trusting, tls: { ca: root.cert, warnDays: 365 } });
  expect(soon).toMatchObject({ outcome: "degraded", facts: { status: 200 } });
});

test("http: a wrong name is down unless the wanted name is given", async () => {
  const { root, leaf } = chainOf();
  const here = await startHttps(
    { key: leaf.key, cert: leaf.chain },
    (_request, response) => response.end("safe"),
    "127.0.0.2",
  );
  const wrong = await look(`https://127.0.0.2:${here}/`, { tls: { ca: root.cert } });
  expect(wrong).toMatchObject(because("certificate-wrong-host"));
  const named = { ca: root.cert, serverName: "localhost" };
  expect(await look(`https://127.0.0.2:${here}/`, { tls: named })).toMatchObject(UP);
});

test("http: a plain server on an https address does not speak TLS", async () => {
  const port = await site();
  const result = await look(`https://127.0.0.1:${port}/`);
  expect(result).toMatchObject(because("tls-not-spoken"));
});

test.each<[name: string, version: string | number, allowHTTP1: boolean, expected: object]>([
  ["HTTP/2 is spoken where asked for", "2", false, { ...UP, facts: { http: "2" } }],
  ["a bare number from YAML means the same", 2, false, { ...UP, facts: { http: "2" } }],
  ["auto takes HTTP/2 where offered", "auto", true, { ...UP, facts: { http: "2" } }],
  ["HTTP/1.1 stays the default choice", "1.1", true, { ...UP, facts: { http: "1.1" } }],
])("http: %s", async (_name, version, allowHTTP1, expected) => {
  const { key, cert } = issue();
  const port = await startHttp2({ key, cert, allowHTTP1 }, (path) => ({ status: 200, body: path }));
  const options = { http: version, tls: { verify: false }, expect: { body: "/there" } };
  expect(await look(`https://127.0.0.1:${port}/there`, options)).toMatchObject(expected);
});

test("http: a server without HTTP/2 is named", async () => {
  const { key, cert } = issue();
  const port = await startHttps({ key, cert }, (_request, response) => response.end("1.1"));
  const result = await look(`https://127.0.0.1:${port}/`, { http: "2", tls: { verify: false } });
  expect(result).toMatchObject(because("http2-not-offered"));
  const auto = await look(`https://127.0.0.1:${port}/`, { http: "auto", tls: { verify: false } });
  expect(auto).toMatchObject({ ...UP, facts: { http: "1.1" } });
});

test.each<[name: string, serve: (stream: ServerHttp2Stream) => void, expected: object]>([
  ["without TLS works", (s) => answer2(s, { body: "two" }), UP],
  ["silence is named", () => {}, because("timed-out-first-byte")],
  ["a reset is named", (s) => s.close(constants.NGHTTP2_REFUSED_STREAM), because("reset")],
  [
    "a connection that dies in the body is named",
    (s) => answer2(s, { later: () => s.session?.destroy() }),
    because("closed-early"),
  ],
  ["a body that stops is named", (s) => answer2(s, { later() {} }), because("timed-out-transfer")],
  [
    "a flood of headers is named",
    (s) => {
      const names = Array.from({ length: 300 }, (_, nth) => [`x-${nth}`, "y".repeat(100)]);
      s.respond(Object.fromEntries(names) as Record<string, string>, { endStream: true });
    },
    because("headers-too-large"),
  ],
])("http: over HTTP/2 %s", async (_name, serve, expected) => {
  const port = await startPlainHttp2(serve);
  const result = await look(at(port), { http: "2", expect: { body: "two" } }, 400);
  expect(result).toMatchObject(expected);
});

function answer2(stream: ServerHttp2Stream, { body = "t", later }: Answer2): void {
  stream.respond({ ":status": 200 });
  if (!later) {
    stream.end(body);
    return;
  }
  stream.write(body);
  setTimeout(later, 20);
}

interface Answer2 {
  readonly body?: string;
  /** What follows the body instead of its end. */
  readonly later?: () => void;
}

test("http: an endless body over HTTP/2 is cut, and what is not HTTP/2 is no reply", async () => {
  const endless = await startPlainHttp2((stream) => {
    stream.respond({ ":status": 200 });
    const more = (): void => {
      while (!stream.destroyed && stream.write(Buffer.alloc(16_384, 97)));
    };
    stream.on("drain", more);
    more();
  });
  const cut = await look(at(endless), { http: "2" });
  expect(cut).toMatchObject({ ...UP, facts: { truncated: true, length: 1_048_576 } });
  const older = await startReply((socket) => void socket.end("HTTP/1.1 400 Bad\r\n\r\n"));
  expect((await look(at(older), { http: "2" }, 600)).outcome).toBe("down");
  const closing = await startReply((socket) => void socket.end());
  expect((await look(at(closing), { http: "2" }, 600)).outcome).toBe("down");
});

test("http: a proxy carries plain and TLS requests", async () => {
  const { root, leaf } = chainOf();
  const secure = await startHttps({ key: leaf.key, cert: leaf.chain }, (_request, response) =>
    response.end("through"),
  );
  const auth = `Basic ${Buffer.from("u:p@ss").toString("base64")}`;
  const { port, seen } = await startProxy({ auth });
  const proxy = `http://u:p%40ss@127.0.0.1:${port}`;
  const plain = await look("http://web.test/a?b=c", { proxy, expect: { body: "by proxy" } });
  expect(plain).toMatchObject(UP);
  const tunneled = await look(`https://localhost:${secure}/`, {
    proxy,
    tls: { ca: root.cert },
    expect: { body: "through" },
  });
  expect(tunneled).toMatchObject(UP);
  expect(seen).toEqual(["GET http://web.test/a?b=c", `CONNECT localhost:${secure}`]);
  const stranger = await look("http://web.test/", { proxy: `http://127.0.0.1:${port}` });
  expect(stranger).toMatchObject({ outcome: "unknown", reason: "proxy-failed" });
});

test.each<[name: string, refuse: number, expected: object]>([
  ["that refuses us is unknown", 403, { outcome: "unknown", reason: "proxy-failed" }],
  ["that cannot reach the target is believed", 502, because("host-unreachable")],
])("http: a proxy %s", async (_name, refuse, expected) => {
  const { port } = await startProxy({ refuse });
  const result = await look("https://web.test/", { proxy: `http://127.0.0.1:${port}` });
  expect(result).toMatchObject(expected);
});

test("http: a proxy that is not there, or silent, is unknown", async () => {
  const UNKNOWN = { outcome: "unknown", reason: "proxy-failed" };
  const proxy = `http://127.0.0.1:${await closedPort()}`;
  expect(await look("http://web.test/", { proxy })).toMatchObject(UNKNOWN);
  expect(await look("https://web.test/", { proxy })).toMatchObject(UNKNOWN);
  const silent = `http://127.0.0.1:${await startRaw(() => {})}`;
  expect(await look("https://web.test/", { proxy: silent }, 200)).toMatchObject(UNKNOWN);
  expect(await look("https://web.test/", { proxy: "http://gone.test:1" })).toMatchObject(UNKNOWN);
});

test.each<[target: string, options: object, message: RegExp]>([
  ["ftp://web.test/", {}, /^http\.target: expected an address such as/],
  ["web.test", {}, /expected an address/],
  ["http://u:p@web.test/", {}, /expected the login under auth/],
  ["http://web.test/", { metod: "GET" }, /metod/],
  ["http://web.test/", { method: "TRACE" }, /^http\.method: expected one of GET/],
  ["http://web.test/", { expect: { status: 99 } }, /^http\.expect\.status: expected a status/],
  ["http://web.test/", { expect: { regex: "(" } }, /expected a pattern in RE2 syntax/],
  ["http://web.test/", { expect: { regex: "x".repeat(501) } }, /expected a pattern/],
  ["http://web.test/", { expect: { regex: "(a{1,100}){1,100}" } }, /expected a pattern/],
  [
    "http://web.test/",
    { expect: { json: { path: "$..a", equals: 1 } } },
    /expected \{ path|expected a path/,
  ],
  ["http://web.test/", { expect: { json: { path: "$.a" } } }, /expected/],
  ["http://web.test/", { headers: { "a b": "1" } }, /expected header names/],
  ["http://web.test/", { headers: { a: "1\r\nb: 2" } }, /expected header names/],
  ["http://web.test/", { headers: { "Content-Length": "1" } }, /expected header names/],
  ["http://web.test/", { slow: { total: "5 s" } }, /^http\.slow\.total: expected a duration/],
  ["http://web.test/", { proxy: "socks5://p:1" }, /expected a proxy/],
  ["http://127.0.0.1/", { family: 6 }, /the address is IPv4/],
  ["http://[::1]/", { family: "both" }, /the address is IPv6/],
])("http: %s with %j cannot be prepared", (target, options, message) => {
  expect(() => http.prepare(target, options, plainEyes)).toThrow(message);
});

test("http: options read twice come out the same", () => {
  const once = http.options.parse({
    http: 2,
    slow: { total: "5s" },
    expect: { status: [200, "3xx"], json: [{ path: "$.a", above: 1 }] },
  });
  expect(http.options.parse(structuredClone(once))).toEqual(once);
});
