import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dns } from "../../probes/dns.js";
import type { Eyes, Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { missingPrograms, startRealDns, type RealDns } from "../support/real-dns.js";

const isMissing = missingPrograms.length > 0;

const why = isMissing ? ` (skipped: no ${missingPrograms.join(", ")})` : "";

describe.skipIf(isMissing)(`dns with knot, NSD and unbound${why}`, () => {
  let world: RealDns;
  let eyes: Eyes;
  beforeAll(async () => {
    world = await startRealDns();
    eyes = {
      resolver: createResolver({ servers: [world.resolver], hostsFile: "/nowhere" }),
      nameServers: () => [world.resolver],
      mayReach: () => true,
    };
  }, 60_000);
  afterAll(() => world?.stop(), 20_000);

  const look = (target: string, options: object = {}, timeoutMs = 10_000): Promise<Result> =>
    runProbe(dns.prepare(target, options, eyes), timeoutMs, () => new Date());
  const up = { outcome: "up", reason: "ok" };

  test.each<[target: string, options: object]>([
    ["www.good", { expect: { only: "192.0.2.1" }, dnssec: true }],
    ["www.good", { type: "AAAA", expect: { only: "2001:db8::1" }, dnssec: true }],
    ["alias.good", { expect: { only: "192.0.2.1" }, dnssec: true }],
    ["good", { type: "MX", expect: { only: "10 mx.good" } }],
    ["good", { type: "TXT", expect: { only: "v=spf1 mx -all" } }],
    ["good", { type: "CAA", expect: { only: '0 issue "letsencrypt.org"' } }],
    ["_sip._tcp.good", { type: "SRV", expect: { only: "sip.good" } }],
    ["good", { type: "DNSKEY", dnssec: true }],
    ["good", { type: "DS", dnssec: true }],
    ["good", { type: "NS", expect: { only: "ns1.good" }, transport: "tcp" }],
    ["gone.good", { expect: { rcode: "NXDOMAIN" }, dnssec: true }],
  ])("%s with %o is up, by the resolver's word and the authority's", async (target, options) => {
    expect(await look(target, options)).toMatchObject(up);
    const { dnssec: _none, ...rest } = { dnssec: false, ...options };
    // A DS lives above the zone, and an authority of both answers from above.
    expect(
      await look(target, { ...rest, server: world.authority, authoritative: true }),
    ).toMatchObject(up);
  });

  test("what does not fit a datagram comes by TCP", async () => {
    const options = { type: "TXT", server: world.authority, expect: { all: "end" } };
    expect(await look("many.good", options)).toMatchObject({ ...up, facts: { transport: "tcp" } });
  });

  test("signatures say until when they hold", async () => {
    const { facts } = await look("www.good", { dnssec: true });
    expect(facts).toMatchObject({ authentic: true });
    const { signedUntil } = facts;
    const until = typeof signedUntil === "string" ? Date.parse(signedUntil) : 0;
    expect(until).toBeGreaterThan(Date.now());
  });

  test("a zone whose key is not the one that its parent vouches for is bogus", async () => {
    const seen = await look("www.bogus");
    expect(seen).toMatchObject({ outcome: "down", reason: "dnssec-bogus" });
    expect(JSON.stringify(seen.facts["remarks"])).toMatch(/DNSSEC Bogus|DNSKEY Missing/);
  });

  test("a zone whose servers are dead is told from a resolver that is", async () => {
    // Unbound tries for so long that the look may end before it gives up.
    expect(await look("www.dead.good", {}, 5_000)).toMatchObject({
      outcome: "down",
      reason: "name-unresolvable",
    });
  });

  test("a zone that is not signed is up, and degraded where signatures are asked for", async () => {
    expect(await look("www.plain")).toMatchObject(up);
    expect(await look("www.plain", { dnssec: true })).toMatchObject({
      outcome: "degraded",
      reason: "dnssec-missing",
    });
  });

  test("the same serial everywhere is up, over IPv4 and IPv6", async () => {
    await world.setTwin(7);
    const seen = await look("twin", { sameSerial: true, port: world.port });
    expect(seen).toMatchObject({ ...up, facts: { serial: 7 } });
    expect(seen.facts["nameServers"]).toHaveLength(3);
  });

  test("who is behind is named, also across the turn of the numbers", async () => {
    await world.setTwin(6);
    const asking = { sameSerial: true, port: world.port };
    expect(await look("twin", asking)).toMatchObject({
      outcome: "degraded",
      reason: "serial-differs",
      facts: { serial: 7, servers: ["ns2.twin 127.0.0.2"] },
    });
    // 4294967290 is 13 before 7.
    await world.setTwin(4_294_967_290);
    expect(await look("twin", asking)).toMatchObject({
      reason: "serial-differs",
      facts: { serial: 7, servers: ["ns2.twin 127.0.0.2"] },
    });
  });

  test("a server that does not know the zone is lame, one that is not there is silent", async () => {
    const asking = { sameSerial: true, port: world.port, server: world.authority };
    expect(await look("half", asking)).toMatchObject({
      outcome: "degraded",
      reason: "nameserver-lame",
      facts: { servers: ["ns2.half 127.0.0.2"] },
    });
    expect(await look("half", { ...asking, family: 4, port: 1 })).toMatchObject({
      outcome: "down",
      reason: "nameserver-silent",
    });
  });

  test("servers at addresses that we may not enter are not entered", async () => {
    const guarded = { ...eyes, mayReach: () => false };
    const run = dns.prepare("half", { sameSerial: true, port: world.port }, guarded);
    expect(await runProbe(run, 5_000, () => new Date())).toMatchObject({
      outcome: "unknown",
      reason: "not-permitted",
    });
  });
});
