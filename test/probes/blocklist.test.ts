import { describe, expect, test } from "vitest";
import { blocklist } from "../../probes/blocklist.js";
import type { Eyes, Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { program } from "../support/real-dns.js";
import { startRbldnsd } from "../support/rbldnsd.js";
import { reply, startNameServer, type Answering, type Query } from "../support/name-server.js";

const resolver = createResolver();

const look = (
  target: string,
  options: object,
  eyes: Partial<Eyes> = {},
  timeoutMs = 8_000,
): Promise<Result> =>
  runProbe(blocklist.prepare(target, options, { resolver, ...eyes }), timeoutMs, () => new Date());

const LISTED_6 = "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
const OURS_6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2";

const says = (query: Query, ...codes: string[]): readonly Buffer[] => [
  reply(
    query,
    codes.map((data) => ({ type: "A", name: query.name, ttl: 60, data })),
    { rcode: codes.length > 0 ? 0 : 3 },
  ),
];

/** A list with its test entries and the given ones, by the beginnings of names. */
const listing =
  (entries: Readonly<Record<string, readonly string[]>>, text = ""): Answering =>
  (query) => {
    const of = (beginning: string): boolean => query.name.startsWith(`${beginning}.`);
    const isEmpty = query.name.endsWith("clean.example");
    const codes = isEmpty
      ? undefined
      : Object.entries(entries).find(([beginning]) => of(beginning))?.[1];
    if (query.type === "TXT")
      return [
        reply(query, codes && text ? [{ type: "TXT", name: query.name, ttl: 9, data: text }] : []),
      ];
    if (codes) return says(query, ...codes);
    return of("2.0.0.127") || of(LISTED_6) ? says(query, "127.0.0.2") : says(query);
  };

const OURS = "1.2.0.192";

test("blocklist: an address that nobody lists is up, and the list's test entry was seen", async () => {
  const { server, asked } = await startNameServer(listing({}));
  const seen = await look("192.0.2.1", { zones: ["bl.test.example"], server });
  expect(seen).toMatchObject({ outcome: "up", facts: { clean: ["bl.test.example"] } });
  expect(asked).toEqual([`${OURS}.bl.test.example/A`, "2.0.0.127.bl.test.example/A"]);
  // It is believed to live for a while.
  await look("192.0.2.1", { zones: ["bl.test.example"], server });
  expect(asked).toHaveLength(3);
});

test.each<[name: string, zone: string | object, outcome: string]>([
  ["an ordinary zone is degraded", "bl.test.example", "degraded"],
  ["a zone that is said to matter is down", { zone: "bl.test.example", severity: "down" }, "down"],
  ["Spamhaus is down", "zen.spamhaus.org", "down"],
  [
    "Spamhaus that is said not to matter is degraded",
    { zone: "zen.spamhaus.org", severity: "degraded" },
    "degraded",
  ],
])("blocklist: a listing in %s", async (_name, zone, outcome) => {
  const { server } = await startNameServer(listing({ [OURS]: ["127.0.0.4"] }, "see https://x/"));
  const seen = await look("192.0.2.1", { zones: [zone, "clean.example"], server });
  expect(seen).toMatchObject({
    outcome,
    reason: "blocklisted",
    facts: { listed: [{ address: "192.0.2.1", codes: ["127.0.0.4"], text: "see https://x/" }] },
  });
});

test("blocklist: the answers of Spamhaus are told in words", async () => {
  const { server } = await startNameServer(listing({ [OURS]: ["127.0.0.3", "127.0.0.10"] }));
  const { facts } = await look("192.0.2.1", { zones: ["zen.spamhaus.org"], server });
  expect(facts["listed"]).toMatchObject([
    {
      meanings: [
        "CSS: sends much that nobody asked for",
        "PBL: must not send mail, says its provider",
      ],
    },
  ]);
});

test("blocklist: IPv6 is asked for by nibbles, and held against its own test entries", async () => {
  const { server, asked } = await startNameServer(listing({ [OURS_6]: ["127.0.0.2"] }));
  const zones = ["bl.test.example"];
  expect(await look("2001:db8::1", { zones, server })).toMatchObject({ reason: "blocklisted" });
  expect(asked[0]).toBe(`${OURS_6}.bl.test.example/A`);
  expect(await look("2001:db8::2", { zones, server })).toMatchObject({ outcome: "up" });
  expect(asked).toContain(`${LISTED_6}.bl.test.example/A`);
});

test("blocklist: a list that has no IPv6 has no word on it", async () => {
  const { server } = await startNameServer((query) =>
    says(query, ...(query.name.startsWith("2.0.0.127.") ? ["127.0.0.2"] : [])),
  );
  const zones = ["four.example"];
  expect(await look("2001:db8::1", { zones, server })).toMatchObject({
    outcome: "unknown",
    reason: "blocklists-silent",
    facts: { unsure: ["four.example: it seems to list no IPv6"] },
  });
  // Of Spamhaus it is known to have.
  expect(await look("2001:db8::1", { zones: ["zen.spamhaus.org"], server })).toMatchObject({
    outcome: "up",
  });
});

test.each<[name: string, answering: Answering, why: string]>([
  ["refuses public resolvers", (query) => says(query, "127.255.255.254"), "127.255.255.254"],
  ["is asked too much", (query) => says(query, "127.255.255.255"), "127.255.255.255"],
  ["is mistyped", (query) => says(query, "127.255.255.252"), "mistyped"],
  ["refuses in a way of its own", (query) => says(query, "127.255.255.250"), "refused"],
  [
    "refuses beside a listing",
    (query) => says(query, "127.0.0.2", "127.255.255.254"),
    "127.255.255.254",
  ],
  ["says that it is closed", (query) => says(query, "127.0.0.1"), "closed"],
  ["is a parked domain by now", (query) => says(query, "203.0.113.80"), "no answer of a blocklist"],
  ["lists everybody", (query) => says(query, "127.0.0.2"), "it lists everybody"],
  ["lists nobody any more", (query) => says(query), "closed?"],
  ["is refused by the resolver", (query) => [reply(query, [], { rcode: 5 })], "REFUSED"],
  ["cannot be resolved", (query) => [reply(query, [], { rcode: 2 })], "SERVFAIL"],
])("blocklist: a list that %s proves nothing", async (_name, answering, why) => {
  const { server } = await startNameServer(answering);
  const zones = [{ zone: "bl.test.example", severity: "down" }];
  const seen = await look("192.0.2.1", { zones, server });
  expect(seen).toMatchObject({ outcome: "unknown", reason: "blocklists-silent" });
  expect(JSON.stringify(seen.facts["unsure"])).toContain(why);
});

test("blocklist: silence proves nothing, neither by its end nor before", async () => {
  const { server } = await startNameServer(() => []);
  const zones = ["a.example", "b.example"];
  const unsure = ["a.example: no answer", "b.example: no answer"];
  for (const timeoutMs of [8_000, 300])
    expect(await look("192.0.2.1", { zones, server }, {}, timeoutMs)).toMatchObject({
      outcome: "unknown",
      reason: "blocklists-silent",
      facts: { unsure },
    });
});

test("blocklist: one list without a word is noted beside those that have one", async () => {
  const clean = listing({});
  const { server } = await startNameServer((query) =>
    query.name.endsWith("dead.example") ? [reply(query, [], { rcode: 2 })] : clean(query),
  );
  expect(
    await look("192.0.2.1", { zones: ["bl.test.example", "dead.example"], server }),
  ).toMatchObject({
    outcome: "up",
    facts: { clean: ["bl.test.example"], unsure: ["dead.example: SERVFAIL"] },
  });
});

test("blocklist: only the answers that are named count", async () => {
  const { server } = await startNameServer(listing({ [OURS]: ["127.0.0.3"] }));
  const zone = "mixed.example";
  const asking = (codes: string[]): Promise<Result> =>
    look("192.0.2.1", { zones: [{ zone, codes }], server });
  expect(await asking(["127.0.0.2"])).toMatchObject({ outcome: "up" });
  expect(await asking(["127.0.0.2", "127.0.0.3"])).toMatchObject({ outcome: "degraded" });
});

test("blocklist: a list without test entries is believed where that is said", async () => {
  const { server, asked } = await startNameServer((query) => says(query));
  const zones = [{ zone: "odd.example", test: false }];
  expect(await look("192.0.2.1", { zones, server })).toMatchObject({ outcome: "up" });
  expect(asked).toHaveLength(1);
});

test("blocklist: the key of a subscription is in the question and nowhere else", async () => {
  const entries = { [OURS]: ["127.0.0.2"] };
  const { server, asked } = await startNameServer(listing(entries, "via s3cr3tkey of x"));
  const zones = [{ zone: "zen.dq.spamhaus.net", key: "s3cr3tkey" }];
  const seen = await look("192.0.2.1", { zones, server });
  expect(asked[0]).toBe(`${OURS}.s3cr3tkey.zen.dq.spamhaus.net/A`);
  expect(seen).toMatchObject({ outcome: "down" });
  expect(JSON.stringify(seen)).not.toContain("s3cr3tkey");
});

test("blocklist: of a host all addresses are asked for, by our own resolvers", async () => {
  const { server } = await startNameServer(listing({ "2.2.0.192": ["127.0.0.2"] }));
  const found = (addresses: readonly string[]): Partial<Eyes> => ({
    nameServers: () => [server],
    resolver: {
      resolve: (host) =>
        Promise.resolve(
          host === "mail.example"
            ? {
                kind: "found" as const,
                addresses: addresses.map((address) => ({ address, family: 4 as const })),
              }
            : { kind: "not-found" as const },
        ),
    },
  });
  const zones = ["bl.test.example"];
  const eyes = found(["192.0.2.1", "192.0.2.2"]);
  expect(await look("mail.example", { zones }, eyes)).toMatchObject({
    reason: "blocklisted",
    facts: {
      addresses: ["192.0.2.1", "192.0.2.2"],
      listed: [{ address: "192.0.2.2" }],
      clean: ["bl.test.example"],
    },
  });
  expect(await look("gone.example", { zones }, eyes)).toMatchObject({
    outcome: "down",
    reason: "name-not-found",
  });
});

test.each<[name: string, target: string, options: object, complaint: string]>([
  ["a target that is neither", "not a host", {}, "target: expected an address or a host name"],
  ["no zone at all", "192.0.2.1", { zones: [] }, "blocklist.zones"],
  ["a zone that is an address", "192.0.2.1", { zones: ["http://x"] }, "blocklist.zones"],
  [
    "a code that is none",
    "192.0.2.1",
    { zones: [{ zone: "a.example", codes: ["1"] }] },
    "blocklist.zones.0",
  ],
])("blocklist: %s is a mistake", (_name, target, options, complaint) => {
  expect(() => blocklist.prepare(target, options, { resolver })).toThrow(complaint);
});

const isMissing = program("rbldnsd") === null;
const why = isMissing ? " (skipped: no rbldnsd)" : "";

describe.skipIf(isMissing)(`blocklist: a list served by rbldnsd${why}`, () => {
  test("lists whom it lists, in both families", async () => {
    const server = await startRbldnsd("bl.test.example", {
      four: ["192.0.2.1 :4:Bad host $", "127.0.0.2 :2:Test"],
      six: ["2001:db8::1 :3:Bad host", "::ffff:7f00:2 :2:Test"],
    });
    const zones = ["bl.test.example"];
    expect(await look("192.0.2.1", { zones, server })).toMatchObject({
      outcome: "degraded",
      facts: { listed: [{ codes: ["127.0.0.4"], text: "Bad host 192.0.2.1" }] },
    });
    expect(await look("192.0.2.9", { zones, server })).toMatchObject({ outcome: "up" });
    expect(await look("2001:db8::1", { zones, server })).toMatchObject({
      facts: { listed: [{ codes: ["127.0.0.3"] }] },
    });
    expect(await look("2001:db8::9", { zones, server })).toMatchObject({ outcome: "up" });
    // It answers for its own zone alone.
    expect(await look("192.0.2.1", { zones: ["other.example"], server })).toMatchObject({
      outcome: "unknown",
      facts: { unsure: ["other.example: REFUSED"] },
    });
  });
});
