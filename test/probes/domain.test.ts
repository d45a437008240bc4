import type { RequestListener } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { domain, domainBy, registeredDomain } from "../../probes/domain.js";
import type { Eyes, Result } from "../../probes/probe.js";
import { createDesk } from "../../probes/registry-desk.js";
import { createRegistries, type RegistrySettings } from "../../probes/registries.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { createTurns } from "../../probes/turns.js";
import { chainOf } from "../support/certificates.js";
import { startHttp, startHttps } from "../support/http-servers.js";
import { serve } from "../support/servers.js";

const resolver = createResolver();
const NOW = Date.parse("2026-11-22T12:00:00Z");
const DAY = 86_400_000;
const HOUR = 3_600_000;

/** A probe of its own memory, whose hours are moved by hand. */
function lookout(registries: RegistrySettings = { bootstrap: null, root: null }) {
  let at = 0;
  const clock = (): number => at;
  const desk = createDesk(createRegistries({ clock, declared: true, ...registries }), {
    clock,
    apartMs: 0,
  });
  const probe = domainBy(desk);
  const eyes: Eyes = { resolver, now: () => new Date(NOW + at), mayReach: () => true };
  return {
    eyes,
    pass: (ms: number): void => {
      at += ms;
    },
    look: (target: string, options: object, timeoutMs = 5_000, given: Eyes = eyes) =>
      runProbe(probe.prepare(target, options, given), timeoutMs, () => new Date()),
  };
}

/** An HTTP server on loopback that gathers what it was asked for. */
async function web(answer: RequestListener, tls?: { cert: string; key: string }) {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  };
  const port = await (tls ? startHttps(tls, listener) : startHttp(listener));
  return { base: `${tls ? "https" : "http"}://127.0.0.1:${port}/rdap`, port, asked };
}

const inDays = (days: number): string => new Date(NOW + days * DAY).toISOString();

const record = (more: object = {}): object => ({
  objectClassName: "domain",
  ldhName: "EXAMPLE.test",
  status: ["active"],
  events: [
    { eventAction: "registration", eventDate: "2001-01-01T00:00:00Z" },
    { eventAction: "expiration", eventDate: inDays(200) },
  ],
  entities: [
    { roles: ["registrar"], vcardArray: ["vcard", [["fn", {}, "text", "Best Names Ltd"]]] },
  ],
  ...more,
});

const expiring = (days: number): object => ({
  events: [{ eventAction: "expiration", eventDate: inDays(days) }],
});

const saying =
  (body: unknown, status = 200, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/rdap+json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

test("domain: what its registry says is shown", async () => {
  const { base, asked } = await web(saying(record()));
  expect(await lookout().look("www.Example.test", { rdap: base })).toMatchObject({
    outcome: "up",
    facts: {
      domain: "example.test",
      registered: true,
      expires: inDays(200),
      daysLeft: 200,
      expiry: "by the registry",
      statuses: ["active"],
      registrar: "Best Names Ltd",
      source: "rdap",
      asOf: new Date(NOW).toISOString(),
    },
  });
  expect(asked).toEqual(["/rdap/domain/example.test"]);
});

const IN = (outcome: string, reason: string): object => ({ outcome, reason });

test.each<[name: string, more: object, options: object, expected: object]>([
  ["that expires in a month is up", expiring(31), {}, IN("up", "ok")],
  ["that expires within a month", expiring(29), {}, IN("degraded", "domain-expires-soon")],
  [
    "that expires within its own threshold",
    expiring(59),
    { expiresWithin: { degraded: "60d" } },
    IN("degraded", "domain-expires-soon"),
  ],
  [
    "that expires within the harder threshold",
    expiring(6),
    { expiresWithin: { down: "7d" } },
    IN("down", "domain-expires-soon"),
  ],
  ["that has expired", expiring(-1), {}, IN("down", "domain-expired")],
  ["in redemption", { status: ["redemption period"] }, {}, IN("down", "domain-pending-delete")],
  ["to be deleted", { status: ["pendingDelete"] }, {}, IN("down", "domain-pending-delete")],
  ["on hold", { status: ["active", "client hold"] }, {}, IN("down", "domain-on-hold")],
  [
    "held by its registry",
    { status: ["serverHold https://icann.org/epp#serverHold"] },
    {},
    IN("down", "domain-on-hold"),
  ],
  [
    "that is merely locked is up",
    { status: ["client transfer prohibited", "server delete prohibited", "auto renew period"] },
    {},
    IN("up", "ok"),
  ],
  ["whose expiry is not told is up", { events: [] }, {}, IN("up", "ok")],
  [
    "whose expiry the monitor knows",
    { events: [] },
    { expires: "2026-12-01" },
    IN("degraded", "domain-expires-soon"),
  ],
  [
    "whose expiry both know goes by the registry",
    expiring(200),
    { expires: "2026-12-01" },
    IN("up", "ok"),
  ],
  [
    "whose expiry is no date is up",
    { events: [{ eventAction: "expiration", eventDate: "soon" }] },
    {},
    IN("up", "ok"),
  ],
  [
    "with a date of its registrar's only is up",
    { events: [{ eventAction: "registrar expiration", eventDate: inDays(1) }] },
    {},
    IN("up", "ok"),
  ],
])("domain: one %s", async (_name, more, options, expected) => {
  const { base } = await web(saying(record(more)));
  const seen = await lookout().look("example.test", { rdap: base, ...options });
  expect(seen).toMatchObject(expected);
});

test("domain: a registry that tells nobody is named as such, and no date is made up", async () => {
  const { base } = await web(saying(record({ ldhName: "example.de", events: [] })));
  expect(await lookout().look("example.de", { rdap: base })).toMatchObject({
    outcome: "up",
    facts: { registered: true, expires: null, expiry: "the registry tells nobody" },
  });
});

test("domain: whatever the interval, a registry is asked once in six hours", async () => {
  const { base, asked } = await web(saying(record(expiring(60))));
  const { look, pass } = lookout();
  await Promise.all([1, 2, 3].map(() => look("example.test", { rdap: base })));
  pass(5 * HOUR);
  await look("www.example.test", { rdap: base, expiresWithin: { degraded: "90d" } });
  expect(asked).toHaveLength(1);
  pass(2 * HOUR);
  // The old answer does until the new one is there.
  expect(await look("example.test", { rdap: base })).toMatchObject({ outcome: "up" });
  await expect.poll(() => asked.length).toBe(2);
});

test("domain: what is remembered is judged by the clock of each look", async () => {
  let isThere = true;
  const { base, asked } = await web((request, response) =>
    isThere ? saying(record(expiring(32)))(request, response) : request.socket.destroy(),
  );
  const { look, pass } = lookout();
  expect(await look("example.test", { rdap: base })).toMatchObject({ outcome: "up" });
  isThere = false;
  pass(3 * DAY);
  await look("example.test", { rdap: base });
  await expect.poll(() => asked.length).toBe(2);
  await expect
    .poll(() => look("example.test", { rdap: base }))
    .toMatchObject({
      outcome: "degraded",
      reason: "domain-expires-soon",
      facts: { daysLeft: 29, asOf: new Date(NOW).toISOString(), lastTry: expect.any(String) },
    });
  // Too old to go by.
  pass(5 * DAY);
  expect(await look("example.test", { rdap: base })).toMatchObject({
    outcome: "unknown",
    reason: "registry-failed",
  });
});

test("domain: what is wrong is asked for again after an hour", async () => {
  let days = -1;
  const { base, asked } = await web((request, response) =>
    saying(record(expiring(days)))(request, response),
  );
  const { look, pass } = lookout();
  expect(await look("example.test", { rdap: base })).toMatchObject({ reason: "domain-expired" });
  days = 365;
  pass(HOUR + 1);
  await look("example.test", { rdap: base });
  await expect.poll(() => look("example.test", { rdap: base })).toMatchObject({ outcome: "up" });
  expect(asked).toHaveLength(2);
});

describe("domain: not registered", () => {
  const answering = (...statuses: number[]): RequestListener => {
    const left = [...statuses];
    return (request, response) =>
      saying(record(), left.length > 1 ? left.shift() : left[0])(request, response);
  };

  test.each<[name: string, statuses: number[], expected: object]>([
    ["is down when it is said twice", [404], IN("down", "domain-not-registered")],
    ["is not believed when it is said once", [404, 200], IN("up", "ok")],
    ["is left open when the second word fails", [404, 500], IN("unknown", "registry-failed")],
  ])("%s", async (_name, statuses, expected) => {
    const { base, asked } = await web(answering(...statuses));
    expect(await lookout().look("example.test", { rdap: base })).toMatchObject(expected);
    expect(asked).toHaveLength(2);
  });

  test("the second word may be another server's", async () => {
    const { base, asked } = await web(saying("", 404));
    const port = await serve((socket) => void socket.end("No match for example.test\r\n"));
    const options = { rdap: base, whois: `127.0.0.1:${port}` };
    expect(await lookout().look("example.test", options)).toMatchObject({
      reason: "domain-not-registered",
      facts: { registered: false, source: "whois" },
    });
    expect(asked).toHaveLength(1);
  });
});

describe("domain: a registry that wants to be left alone", () => {
  test("is left alone for as long as it says, also with other domains", async () => {
    let status = 429;
    const { base, asked } = await web((request, response) =>
      saying(record(), status, { "retry-after": "7200" })(request, response),
    );
    const { look, pass } = lookout();
    const busy = {
      outcome: "unknown",
      reason: "registry-failed",
      facts: { why: expect.stringContaining("later") },
    };
    expect(await look("example.test", { rdap: base })).toMatchObject(busy);
    expect(await look("other.test", { rdap: base })).toMatchObject(busy);
    pass(HOUR);
    expect(await look("example.test", { rdap: base })).toMatchObject(busy);
    expect(asked).toHaveLength(1);
    status = 200;
    pass(HOUR + 1);
    expect(await look("example.test", { rdap: base })).toMatchObject({ outcome: "up" });
  });

  test("is passed over where another can be asked", async () => {
    const { base } = await web(saying("", 503));
    const text = "domain: example.test\r\nexpire: 2027-11-22\r\n";
    const port = await serve((socket) => void socket.end(text));
    const options = { rdap: base, whois: `127.0.0.1:${port}` };
    expect(await lookout().look("example.test", options)).toMatchObject({
      outcome: "up",
      facts: { source: "whois", expires: "2027-11-22T00:00:00.000Z" },
    });
  });
});

test("domain: a look whose turn does not come in time says so, and the next one knows", async () => {
  let release = (): void => undefined;
  const { base } = await web((request, response) => {
    release = () => saying(record())(request, response);
  });
  const { look } = lookout();
  expect(await look("example.test", { rdap: base }, 300)).toMatchObject({
    outcome: "unknown",
    reason: "registry-waiting",
  });
  release();
  expect(await look("example.test", { rdap: base })).toMatchObject({ outcome: "up" });
});

describe("domain: a hostile registry", () => {
  test.each<[name: string, answer: RequestListener, why: string]>([
    ["answers for another domain", saying(record({ ldhName: "evil.test" })), "another domain"],
    ["answers no domain", saying({ objectClassName: "ip network" }), "no RDAP domain"],
    ["sends a page", saying("<html>hello</html>"), "no RDAP domain"],
    ["sends nothing", saying(""), "no RDAP domain"],
    ["sends a list", saying([]), "no RDAP domain"],
    ["fails", saying("", 500), "status 500"],
    ["sends megabytes", saying("x".repeat(3_000_000)), "reply-too-large"],
    ["redirects for ever", saying("", 302, { location: "/rdap/again" }), "too many redirects"],
    [
      "redirects to what is no web",
      saying("", 302, { location: "file:///etc/passwd" }),
      "redirect-refused",
    ],
    [
      "sends what cannot be decoded",
      saying("not gzip", 200, { "content-encoding": "gzip" }),
      "decode-failed",
    ],
    ["hangs up", (request) => request.socket.destroy(), "closed-early"],
    [
      "hangs up midway",
      (request, response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write("{");
        setTimeout(() => request.socket.destroy(), 50);
      },
      "closed-early",
    ],
  ])("that %s is unknown", async (_name, answer, why) => {
    const { base } = await web(answer);
    expect(await lookout().look("example.test", { rdap: base })).toMatchObject({
      outcome: "unknown",
      reason: "registry-failed",
      facts: { why: expect.stringContaining(why) },
    });
  });

  test("that redirects to where we may not go is not followed", async () => {
    const inner = await web(saying(record()));
    const to = { location: inner.base.replace("127.0.0.1", "localhost") };
    const { base } = await web(saying("", 302, to));
    const { look, eyes } = lookout();
    const guarded: Eyes = { ...eyes, mayReach: () => false };
    expect(await look("example.test", { rdap: base }, 5_000, guarded)).toMatchObject({
      outcome: "unknown",
      facts: { why: expect.stringContaining("redirect-refused") },
    });
    expect(inner.asked).toEqual([]);
  });

  test("whose certificate does not hold is not asked", async () => {
    const { leaf } = chainOf();
    const { base, asked } = await web(saying(record()), { cert: leaf.chain, key: leaf.key });
    expect(await lookout().look("example.test", { rdap: base })).toMatchObject({
      outcome: "unknown",
      facts: { why: expect.stringContaining("certificate-") },
    });
    expect(asked).toEqual([]);
  });

  test.each<[name: string, talk: (socket: Socket) => void, why: string]>([
    ["says nothing and hangs up", (socket) => void socket.end(), "no answer"],
    ["resets", (socket) => void socket.resetAndDestroy(), "reset"],
    ["says what nobody understands", (socket) => void socket.end("\0\x01 hello"), "not understood"],
    [
      "floods",
      (socket) => void socket.write(Buffer.alloc(10_000_000, "domain ")),
      "not understood",
    ],
    [
      "is asked too much",
      (socket) => void socket.end("Your connection limit exceeded. Please slow down.\r\n"),
      "later",
    ],
  ])("that speaks WHOIS and %s is unknown", async (_name, talk, why) => {
    const port = await serve(talk);
    const seen = await lookout().look("example.test", { whois: `127.0.0.1:${port}` });
    expect(seen).toMatchObject({
      outcome: "unknown",
      reason: "registry-failed",
      facts: { why: expect.stringContaining(why) },
    });
  });

  test("that is closed is unknown", async () => {
    expect(await lookout().look("example.test", { whois: "127.0.0.1:1" })).toMatchObject({
      outcome: "unknown",
      facts: { why: expect.stringContaining("refused") },
    });
  });
});

describe("domain: who is asked", () => {
  const sources = async (name: string, settings: RegistrySettings) => {
    const registries = createRegistries({ clock: () => 0, declared: true, ...settings });
    const found = await registries.sourcesFor(name, {
      eyes: { resolver, mayReach: () => true },
      signal: new AbortController().signal,
    });
    return found.map((source) => (source.kind === "rdap" ? source.base : source.place.host));
  };
  const nobody = { bootstrap: null, root: null };

  test.each([
    ["example.com", ["https://rdap.verisign.com/com/v1/"]],
    ["example.si", ["https://rdap.register.si/", "whois.register.si"]],
    ["example.de", ["https://rdap.denic.de/", "whois.denic.de"]],
    ["example.co.hu", ["whois.nic.hu"]],
    ["example.unheard", []],
  ])("%s is asked for at %j by what is pinned", async (name, expected) => {
    expect(await sources(name, nobody)).toEqual(expected);
  });

  test("IANA's list outranks what is pinned, but for servers that are not encrypted", async () => {
    const services = [
      [
        ["com", "NET"],
        ["http://open.example/", "https://new.example/rdap/"],
      ],
      [["si"], ["http://open.example/"]],
    ];
    const { base: bootstrap, asked } = await web(saying({ services }));
    const settings = { bootstrap, root: null };
    expect(await sources("example.com", settings)).toEqual(["https://new.example/rdap/"]);
    expect((await sources("example.si", settings))[0]).toBe("https://rdap.register.si/");
    expect(asked).toHaveLength(2);
  });

  test.each<[name: string, answer: RequestListener]>([
    ["fails", saying("", 500)],
    ["is none", saying({ services: "all" })],
    ["is empty", saying({ services: [] })],
  ])("where IANA's list %s, what is pinned holds", async (_name, answer) => {
    const { base: bootstrap } = await web(answer);
    expect(await sources("example.net", { bootstrap, root: null })).toEqual([
      "https://rdap.verisign.com/net/v1/",
    ]);
  });

  test("IANA's list is fetched once a day, by any number of domains", async () => {
    let at = 0;
    const { base: bootstrap, asked } = await web(
      saying({ services: [[["test"], ["https://rdap.example/"]]] }),
    );
    const registries = createRegistries({ bootstrap, root: null, clock: () => at, declared: true });
    const with_ = { eyes: { resolver }, signal: new AbortController().signal };
    await Promise.all(["a.test", "b.test"].map((name) => registries.sourcesFor(name, with_)));
    at = DAY - 1;
    await registries.sourcesFor("c.test", with_);
    expect(asked).toHaveLength(1);
    at = DAY;
    await registries.sourcesFor("d.test", with_);
    await expect.poll(() => asked.length).toBe(2);
  });

  test("IANA's WHOIS names the server of an end that is not pinned, once a day", async () => {
    let calls = 0;
    const port = await serve((socket) => {
      calls += 1;
      socket.end("% IANA\r\ndomain:  TEST\r\n\r\nwhois:        whois.nic.test\r\n");
    });
    let at = 0;
    const registries = createRegistries({
      bootstrap: null,
      root: { host: "127.0.0.1", port },
      clock: () => at,
      declared: true,
    });
    const with_ = { eyes: { resolver }, signal: new AbortController().signal };
    const place = { host: "whois.nic.test", port: 43 };
    for (const moment of [0, DAY - 1, DAY]) {
      at = moment;
      expect(await registries.sourcesFor("a.test", with_)).toMatchObject([{ place }]);
    }
    expect(calls).toBe(2);
  });

  test("where nobody is known the look is unknown", async () => {
    expect(await lookout(nobody).look("example.unheard", {})).toMatchObject({
      outcome: "unknown",
      reason: "registry-failed",
      facts: { why: "no server is known for this registry" },
    });
  });
});

test("turns come in order, apart, and not while a server wants to be left alone", async () => {
  let at = 0;
  const turns = createTurns(40, () => at);
  const came: string[] = [];
  const first = turns.take("a").then(() => came.push("first"));
  const second = turns.take("a").then(() => came.push("second"));
  const other = turns.take("b").then(() => came.push("other"));
  await Promise.all([first, other]);
  expect(came).toEqual(expect.arrayContaining(["first", "other"]));
  expect(came).not.toContain("second");
  at = 40;
  await second;
  turns.pause("a", 1_000);
  expect(await turns.take("a")).toBe(1_000);
  at = 1_040;
  expect(await turns.take("a")).toBe(0);
});

test.each([
  ["www.example.co.uk", "example.co.uk"],
  ["gyümölcs.hu", "xn--gymlcs-yxa0c.hu"],
  ["Example.HU.", "example.hu"],
  // The hoster's own domain, although the public suffix list has it as private.
  ["blog.github.io", "github.io"],
  ["hu", null],
  ["co.uk", null],
  ["192.0.2.1", null],
  ["https://example.hu", null],
  ["", null],
])("domain: of %j the domain is %j", (name, expected) => {
  expect(registeredDomain(name)).toBe(expected);
});

test.each<[name: string, target: string, options: object, complaint: string]>([
  ["an end of names", "hu", {}, "target: expected a domain"],
  ["a duration that is none", "a.hu", { expiresWithin: { down: "soon" } }, "expiresWithin.down"],
  ["thresholds the wrong way round", "a.hu", { expiresWithin: { down: "60d" } }, "expiresWithin"],
  ["a day that is none", "a.hu", { expires: "2027-02-31" }, "domain.expires"],
  ["an RDAP server that is none", "a.hu", { rdap: "rdap.example" }, "domain.rdap"],
  ["a WHOIS server that is none", "a.hu", { whois: "http://x/" }, "domain.whois"],
])("domain: %s is a mistake", (_name, target, options, complaint) => {
  expect(() => domain.prepare(target, options, { resolver })).toThrow(complaint);
});

test("domain: the time it takes is counted as resolving", async () => {
  const { base } = await web(saying(record()));
  const seen: Result = await lookout().look("example.test", { rdap: base });
  expect(Object.keys(seen.timings)).toEqual(["resolve"]);
});
