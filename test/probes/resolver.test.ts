import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createResolver, type Resolved } from "../../probes/resolver.js";
import { startDns, type Zone } from "../support/dns-server.js";

const never = () => new AbortController().signal;
const found = (...addresses: string[]): object => ({
  kind: "found",
  addresses: addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
});
const TIMED_OUT = { kind: "failed", reason: "resolver-timed-out" };

test.each<[name: string, zone: Zone, family: 4 | 6 | "any", expected: object]>([
  ["an address is found", { a: ["192.0.2.1"] }, 4, found("192.0.2.1")],
  [
    "both families are found, IPv6 first",
    { a: ["192.0.2.1", "192.0.2.2"], aaaa: ["2001:db8:0:0:0:0:0:1"] },
    "any",
    found("2001:db8::1", "192.0.2.1", "192.0.2.2"),
  ],
  ["one family is enough for any", { a: ["192.0.2.1"] }, "any", found("192.0.2.1")],
  ["a family without records is not found", { a: ["192.0.2.1"] }, 6, { kind: "not-found" }],
  ["a name that does not exist is not found", "nxdomain", "any", { kind: "not-found" }],
  ["SERVFAIL is our resolver's failure", "servfail", 4, { reason: "resolver-failed" }],
  ["REFUSED is our resolver's failure", "refused", "any", { reason: "resolver-failed" }],
  ["silence is our resolver's failure", "silent", "any", TIMED_OUT],
])("resolver: %s", async (_name, zone, family, expected) => {
  const { server } = await startDns({ "name.test": zone });
  const resolver = createResolver({ servers: [server], timeoutMs: 300 });
  const started = performance.now();
  expect(await resolver.resolve("name.test", family, never())).toMatchObject(expected);
  expect(performance.now() - started).toBeLessThan(600);
});

test.each<[name: string, zones: Readonly<Record<string, Zone>>]>([
  ["one that denies every name knows nothing", {}],
  ["one that is empty for every name knows nothing", { "": {}, "name.test": {} }],
])("resolver: %s", async (_name, zones) => {
  const { server } = await startDns(zones, { root: false });
  const resolver = createResolver({ servers: [server] });
  for (const family of [4, "any"] as const)
    expect(await resolver.resolve("name.test", family, never())).toMatchObject({
      kind: "failed",
      reason: "resolver-failed",
    });
});

test("resolver: one that has no word of the root is believed", async () => {
  for (const root of ["refused", "servfail", "silent"] as const) {
    const { server } = await startDns({ "": root }, { root: false });
    const resolver = createResolver({ servers: [server] });
    expect(await resolver.resolve("name.test", 4, never())).toEqual({ kind: "not-found" });
  }
});

test("resolver: literals, localhost and names of the hosts file never touch DNS", async () => {
  const { server, asked } = await startDns({});
  const hostsFile = join(tmpdir(), `tudunk-hosts-${process.pid}`);
  onTestFinished(() => rmSync(hostsFile, { force: true }));
  writeFileSync(
    hostsFile,
    "# ours\n192.0.2.7 Web7.test web7 # seven\n::7 web7.test\nbroken line\n",
  );
  const resolver = createResolver({ servers: [server], hostsFile });
  expect(await resolver.resolve("192.0.2.9", "any", never())).toEqual(found("192.0.2.9"));
  expect(await resolver.resolve("2001:db8::9", 6, never())).toEqual(found("2001:db8::9"));
  expect(await resolver.resolve("192.0.2.9", 6, never())).toEqual({ kind: "not-found" });
  expect(await resolver.resolve("localhost", "any", never())).toEqual(found("127.0.0.1", "::1"));
  expect(await resolver.resolve("any.localhost", 4, never())).toEqual(found("127.0.0.1"));
  expect(await resolver.resolve("WEB7.test.", "any", never())).toEqual(found("192.0.2.7", "::7"));
  expect(await resolver.resolve("web7", 6, never())).toEqual({ kind: "not-found" });
  expect(asked).toEqual([]);
});

test("resolver: a changed hosts file is read again", async () => {
  const hostsFile = join(tmpdir(), `tudunk-hosts-changing-${process.pid}`);
  onTestFinished(() => rmSync(hostsFile, { force: true }));
  writeFileSync(hostsFile, "192.0.2.1 moved.test\n");
  const resolver = createResolver({ servers: ["127.0.0.1:9"], timeoutMs: 100, hostsFile });
  expect(await resolver.resolve("moved.test", 4, never())).toEqual(found("192.0.2.1"));
  writeFileSync(hostsFile, "192.0.2.2 moved.test\n");
  utimesSync(hostsFile, 1, 1);
  await expect
    .poll(() => resolver.resolve("moved.test", 4, never()), { timeout: 4_000, interval: 100 })
    .toEqual(found("192.0.2.2"));
});

test("resolver: simultaneous look-ups of one name share a query, and its answer is kept", async () => {
  const { server, asked } = await startDns({ "web.test": { a: ["192.0.2.1"], ttl: 300 } });
  const resolver = createResolver({ servers: [server] });
  await Promise.all(Array.from({ length: 50 }, () => resolver.resolve("web.test", 4, never())));
  await resolver.resolve("Web.Test", 4, never());
  expect(asked).toEqual(["web.test/A"]);
});

test("resolver: an answer that may not be kept, and a failure, are asked for again", async () => {
  const { server, asked } = await startDns({ "now.test": { a: ["192.0.2.1"], ttl: 0 } });
  const resolver = createResolver({ servers: [server] });
  for (const name of ["now.test", "now.test", "gone.test", "gone.test"])
    await resolver.resolve(name, 4, never());
  expect(asked).toEqual(["now.test/A", "now.test/A", "gone.test/A", "gone.test/A"]);
});

test("resolver: a second server answers when the first is silent", async () => {
  const silent = await startDns({ "web.test": "silent" });
  const good = await startDns({ "web.test": { a: ["192.0.2.1"] } });
  const resolver = createResolver({ servers: [silent.server, good.server], timeoutMs: 1_000 });
  expect(await resolver.resolve("web.test", 4, never())).toEqual(found("192.0.2.1"));
});

test("resolver: an aborted look-up ends at once, as a failure of ours", async () => {
  const { server } = await startDns({ "slow.test": "silent" });
  const resolver = createResolver({ servers: [server], timeoutMs: 500 });
  const deadline = new AbortController();
  const looking = resolver.resolve("slow.test", "any", deadline.signal);
  deadline.abort();
  const started = performance.now();
  expect(await looking).toMatchObject(TIMED_OUT);
  expect(performance.now() - started).toBeLessThan(100);
});

test("resolver: five hundred names on a dead resolver all end within its deadline", async () => {
  const { server } = await startDns({});
  const dead = await startDns(
    Object.fromEntries(
      Array.from({ length: 500 }, (_, nth) => [`h${nth}.test`, "silent" as const]),
    ),
  );
  const resolver = createResolver({ servers: [dead.server], timeoutMs: 400 });
  const started = performance.now();
  const all: Promise<Resolved>[] = [];
  for (let nth = 0; nth < 500; nth += 1) all.push(resolver.resolve(`h${nth}.test`, 4, never()));
  const healthy = createResolver({ servers: [server] });
  expect(await healthy.resolve("gone.test", 4, never())).toEqual({ kind: "not-found" });
  expect(performance.now() - started).toBeLessThan(400);
  const kinds = new Set((await Promise.all(all)).map(({ kind }) => kind));
  expect([...kinds]).toEqual(["failed"]);
  expect(performance.now() - started).toBeLessThan(1_500);
});
