import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { encode, type Answer } from "dns-packet";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { questionMessage, readMessage } from "../../probes/dns-message.js";
import { canonicalAddress, reversed } from "../../probes/dns-records.js";
import { dns } from "../../probes/dns.js";
import type { Eyes, Result } from "../../probes/probe.js";
import { createResolver } from "../../probes/resolver.js";
import { runProbe } from "../../probes/run.js";
import { extendedError, reply, startNameServer, type Answering } from "../support/name-server.js";

const resolver = createResolver();

const look = (
  target: string,
  options: object,
  { timeoutMs = 5_000, eyes = {} }: { timeoutMs?: number; eyes?: Partial<Eyes> } = {},
): Promise<Result> =>
  runProbe(dns.prepare(target, options, { resolver, ...eyes }), timeoutMs, () => new Date());

const a = (name: string, data: string, ttl = 300): Answer => ({ type: "A", name, ttl, data });

const RECORDS: Readonly<Record<string, readonly Answer[]>> = {
  "web.test/A": [a("web.test", "192.0.2.1"), a("Web.Test", "192.0.2.2", 60)],
  "www.test/A": [
    { type: "CNAME", name: "www.test", ttl: 60, data: "web.test" },
    a("web.test", "192.0.2.1"),
    a("elsewhere.test", "192.0.2.66"),
  ],
  "loop.test/A": [
    { type: "CNAME", name: "loop.test", ttl: 60, data: "pool.test" },
    { type: "CNAME", name: "pool.test", ttl: 60, data: "loop.test" },
  ],
  "web.test/AAAA": [{ type: "AAAA", name: "web.test", ttl: 60, data: "2001:db8::1" }],
  "web.test/MX": [
    { type: "MX", name: "web.test", ttl: 60, data: { preference: 10, exchange: "MX1.web.test" } },
  ],
  "web.test/TXT": [
    { type: "TXT", name: "web.test", ttl: 60, data: ["v=spf1 ", "mx -all"] },
    { type: "TXT", name: "web.test", ttl: 60, data: "other" },
  ],
  "web.test/CAA": [
    {
      type: "CAA",
      name: "web.test",
      ttl: 60,
      data: { flags: 0, tag: "issue", value: "letsencrypt.org" },
    },
  ],
  "_sip._tcp.web.test/SRV": [
    {
      type: "SRV",
      name: "_sip._tcp.web.test",
      ttl: 60,
      data: { priority: 1, weight: 2, port: 5060, target: "sip.web.test" },
    },
  ],
  "1.2.0.192.in-addr.arpa/PTR": [
    { type: "PTR", name: "1.2.0.192.in-addr.arpa", ttl: 60, data: "web.test" },
  ],
  "web.test/DS": [
    {
      type: "DS",
      name: "web.test",
      ttl: 60,
      data: { keyTag: 7, algorithm: 13, digestType: 2, digest: Buffer.from("ab01", "hex") },
    },
  ],
};

/** Knows the records above; everything else does not exist. */
const knowing: Answering = (query) => {
  const records = RECORDS[`${query.name}/${query.type}`];
  if (records) return [reply(query, records)];
  const exists = Object.keys(RECORDS).some((key) => key.startsWith(`${query.name}/`));
  return [reply(query, [], { rcode: exists ? 0 : 3 })];
};

const up = { outcome: "up", reason: "ok" };
const down = (reason: string, facts: object = {}): object => ({ outcome: "down", reason, facts });

test.each<[name: string, target: string, options: object, expected: object]>([
  ["an address", "web.test", {}, { ...up, facts: { values: ["192.0.2.1", "192.0.2.2"], ttl: 60 } }],
  ["a name in capitals", "WEB.Test.", {}, up],
  [
    "an alias, without what stands elsewhere in the answer",
    "www.test",
    { expect: { only: "192.0.2.1" } },
    { ...up, facts: { aliases: ["web.test"], values: ["192.0.2.1"] } },
  ],
  ["a loop of aliases", "loop.test", {}, down("records-missing")],
  ["all that is expected", "web.test", { expect: { all: ["192.0.2.2", "192.0.2.1"] } }, up],
  [
    "one of two missing",
    "web.test",
    { expect: { all: ["192.0.2.1", "192.0.2.9"] } },
    down("records-missing", { missing: ["192.0.2.9"] }),
  ],
  ["any of several", "web.test", { expect: { any: ["192.0.2.9", "192.0.2.1"] } }, up],
  ["none of several", "web.test", { expect: { any: ["192.0.2.9"] } }, down("records-missing")],
  [
    "one too many",
    "web.test",
    { expect: { only: ["192.0.2.1"] } },
    down("records-unexpected", { unexpected: ["192.0.2.2"] }),
  ],
  [
    "what must not be there",
    "web.test",
    { expect: { none: "192.0.2.2" } },
    down("records-unexpected", { unexpected: ["192.0.2.2"] }),
  ],
  [
    "nothing, where only that must not be",
    "web.test",
    { type: "NS", expect: { none: "x.test" } },
    up,
  ],
  ["no record of the type", "web.test", { type: "NS" }, down("records-missing")],
  ["a name that is not there", "gone.test", {}, down("name-not-found", { rcode: "NXDOMAIN" })],
  ["a name that must not be there", "gone.test", { expect: { rcode: "NXDOMAIN" } }, up],
  [
    "a name that must not be there but is",
    "web.test",
    { expect: { rcode: "NXDOMAIN" } },
    down("rcode-unexpected"),
  ],
  [
    "IPv6 in another spelling",
    "web.test",
    { type: "AAAA", expect: { all: "2001:DB8:0::0:1" } },
    up,
  ],
  ["an MX by its host", "web.test", { type: "MX", expect: { only: "mx1.web.test." } }, up],
  ["an MX with preference", "web.test", { type: "MX", expect: { only: "10 mx1.WEB.test" } }, up],
  [
    "an MX with another preference",
    "web.test",
    { type: "MX", expect: { all: "20 mx1.web.test" } },
    down("records-missing"),
  ],
  ["a TXT in pieces", "web.test", { type: "TXT", expect: { all: "v=spf1 mx -all" } }, up],
  ["a CAA", "web.test", { type: "CAA", expect: { only: '0 issue "letsencrypt.org"' } }, up],
  ["an SRV", "_sip._tcp.web.test", { type: "SRV", expect: { all: "1 2 5060 sip.web.test" } }, up],
  ["a DS", "web.test", { type: "DS", expect: { all: "7 13 2 AB 01" } }, up],
  ["an address's name", "192.0.2.1", { expect: { all: "web.test" } }, up],
  ["by TCP alone", "web.test", { transport: "tcp" }, { ...up, facts: { transport: "tcp" } }],
])("dns: sees %s", async (_name, target, options, expected) => {
  const { server } = await startNameServer(knowing);
  expect(await look(target, { server, ...options })).toMatchObject(expected);
});

test("dns: a name that is internationalised is asked for as an A-label", async () => {
  const { server, asked } = await startNameServer(knowing);
  await look("gyümölcs.test", { server });
  expect(asked).toEqual(["xn--gymlcs-yxa0c.test/A"]);
});

test.each<[name: string, options: object, complaint: string]>([
  ["an unknown type", { type: "AXFR" }, "dns.type: expected one of A, AAAA"],
  ["a value that its type cannot hold", { type: "A", expect: { all: "web" } }, "dns.expect.all"],
  ["values where none can be", { expect: { rcode: "NXDOMAIN", all: "192.0.2.1" } }, "dns.expect"],
  ["sameSerial with a type", { sameSerial: true, type: "A" }, "dns.sameSerial"],
  ["a port without sameSerial", { port: 5353 }, "dns.port"],
  ["authoritative without a server", { authoritative: true }, "dns.authoritative"],
  ["a key that is none", { nameserver: "x" }, 'dns: Unrecognized key: "nameserver"'],
])("dns: %s is a mistake", (_name, options, complaint) => {
  expect(() => dns.prepare("web.test", options, { resolver })).toThrow(complaint);
});

test.each(["", "a b", "http://web.test", `${"a".repeat(64)}.test`, "a..b", "web.test:53"])(
  "dns: %j is no target",
  (target) => {
    expect(dns.target.safeParse(target).success).toBe(false);
  },
);

test.each([".", "web.test", "_dmarc.web.test", "gyümölcs.hu", "192.0.2.1", "::1"])(
  "dns: %j is a target",
  (target) => {
    expect(dns.target.safeParse(target).success).toBe(true);
  },
);

test("dns: options come out the same when they are read twice", () => {
  const once = dns.options.parse({ type: "MX", expect: { all: "mx.test", any: ["a.test"] } });
  expect(dns.options.parse(once)).toEqual(once);
});

test("dns: what is truncated is asked for again by TCP", async () => {
  const { server, asked } = await startNameServer((query) =>
    query.transport === "tcp"
      ? [reply(query, RECORDS["web.test/A"])]
      : [reply(query, [], { flags: 0x0200 })],
  );
  expect(await look("web.test", { server })).toMatchObject({
    outcome: "up",
    facts: { transport: "tcp", values: ["192.0.2.1", "192.0.2.2"] },
  });
  expect(asked).toHaveLength(2);
});

test("dns: truncated without TCP behind it is down", async () => {
  const udp = createSocket("udp4");
  udp.on("message", (bytes, from) => {
    bytes.writeUInt16BE(0x8200, 2);
    udp.send(bytes, from.port, from.address);
  });
  udp.bind(0, "127.0.0.1");
  await once(udp, "listening");
  onTestFinished(() => void udp.close());
  const server = `127.0.0.1:${udp.address().port}`;
  expect(await look("web.test", { server })).toMatchObject(down("refused"));
});

test("dns: a server that knows no EDNS is asked without", async () => {
  const { server, asked } = await startNameServer((query) =>
    (query.packet.additionals?.length ?? 0) > 0
      ? [reply(query, [], { rcode: 1, questions: [] })]
      : [reply(query, RECORDS["web.test/A"])],
  );
  expect(await look("web.test", { server })).toMatchObject(up);
  expect(asked).toHaveLength(2);
});

test("dns: a lost datagram is sent again", async () => {
  let heard = 0;
  const { server } = await startNameServer((query) => {
    heard += 1;
    return heard === 1 ? [] : knowing(query);
  });
  expect(await look("web.test", { server })).toMatchObject(up);
});

describe("dns: a hostile reply", () => {
  const pointer = (query: Parameters<Answering>[0], ...bytes: number[]): Buffer => {
    const head = reply(query);
    head.writeUInt16BE(1, 6);
    return Buffer.concat([head, Buffer.from(bytes)]);
  };
  const record = [0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];

  test.each<[name: string, answering: Answering, expected: object]>([
    [
      "with a name that points to itself is malformed",
      (query) => {
        const at = reply(query).length;
        return [pointer(query, 0xc0 | (at >> 8), at & 255, ...record)];
      },
      down("malformed-reply"),
    ],
    [
      "with a name that points forward is malformed",
      (query) => [pointer(query, 0xc0, 0xff, ...record)],
      down("malformed-reply"),
    ],
    [
      "that promises more than it holds is malformed",
      (query) => {
        const bytes = reply(query);
        bytes.writeUInt16BE(0xffff, 6);
        return [bytes];
      },
      down("reply-too-large"),
    ],
    [
      "of 60 KB is not read",
      (query) => [
        reply(query, [
          ...Array.from({ length: 58 }, (_, index): Answer => ({
            type: "TXT",
            name: "other.test",
            ttl: 1,
            data: Array.from({ length: 4 }, () => `${index}`.padEnd(250, "x")),
          })),
          a("web.test", "192.0.2.1"),
        ]),
      ],
      down("reply-too-large"),
    ],
    [
      "of 10 KB in one datagram is read",
      (query) => [
        reply(query, [
          ...Array.from({ length: 50 }, (_, index): Answer => ({
            type: "TXT",
            name: "other.test",
            ttl: 1,
            data: `${index}`.padEnd(200, "x"),
          })),
          a("web.test", "192.0.2.1"),
        ]),
      ],
      up,
    ],
    [
      "to another id is passed over",
      (query) => [reply({ ...query, id: query.id ^ 1 }, [a("web.test", "192.0.2.66")])],
      down("malformed-reply", { ignored: "another id" }),
    ],
    [
      "to another question is passed over",
      (query) => [
        reply(query, [a("web.test", "192.0.2.66")], {
          questions: [{ name: "bad.test", type: "A" }],
        }),
      ],
      down("malformed-reply", { ignored: "other question" }),
    ],
    [
      "that is our own question is passed over",
      (query) => [encode({ ...query.packet, type: "query", id: query.id })],
      down("malformed-reply", { ignored: "no response" }),
    ],
    [
      "before the true one does not count",
      (query) => [
        Buffer.from("x"),
        reply({ ...query, id: query.id ^ 1 }, [a("web.test", "192.0.2.66")]),
        reply(query, [a("web.test", "192.0.2.1")]),
      ],
      { ...up, facts: { values: ["192.0.2.1"] } },
    ],
    [
      "in a flood ends the look",
      (query) => Array.from({ length: 150 }, () => reply({ ...query, id: query.id ^ 1 })),
      down("malformed-reply"),
    ],
  ])("%s", async (_name, answering, expected) => {
    const { server } = await startNameServer(answering);
    const options = { server, expect: { all: "192.0.2.1" } };
    expect(await look("web.test", options, { timeoutMs: 1_500 })).toMatchObject(expected);
  });

  test("from another port is not heard", async () => {
    const stranger = createSocket("udp4");
    onTestFinished(() => void stranger.close());
    const udp = createSocket("udp4");
    udp.on("message", (bytes, from) => {
      bytes.writeUInt16BE(0x8180, 2);
      stranger.send(bytes, from.port, from.address);
    });
    udp.bind(0, "127.0.0.1");
    await once(udp, "listening");
    onTestFinished(() => void udp.close());
    const server = `127.0.0.1:${udp.address().port}`;
    expect(await look("web.test", { server }, { timeoutMs: 400 })).toMatchObject(down("timed-out"));
  });

  test.each<[name: string, bytes: readonly Buffer[], reason: string]>([
    ["without a word is down", [], "timed-out-first-byte"],
    ["cut within is down", [Buffer.from([0, 40, 1, 2, 3])], "timed-out-transfer"],
    [
      "of garbage is down",
      [Buffer.from([0, 12, ...Array<number>(12).fill(0xff)])],
      "malformed-reply",
    ],
    ["of 64 KB is down", [Buffer.alloc(70_000, 0xff)], "reply-too-large"],
  ])("by TCP %s", async (_name, bytes, reason) => {
    const tcp = createServer((socket) => {
      socket.on("error", () => undefined);
      for (const chunk of bytes) socket.write(chunk);
    });
    tcp.listen(0, "127.0.0.1");
    await once(tcp, "listening");
    onTestFinished(() => void tcp.close());
    const server = `127.0.0.1:${(tcp.address() as AddressInfo).port}`;
    const options = { server, transport: "tcp" };
    expect(await look("web.test", options, { timeoutMs: 1_000 })).toMatchObject(down(reason));
  });

  test("of any bytes ends in a verdict", () => {
    const message = questionMessage({ name: "web.test", type: "A", recursion: true });
    const honest = reply(
      {
        packet: { questions: [{ name: "web.test", type: "A" }] } as never,
        id: message.id,
        name: "web.test",
        type: "A",
        transport: "udp",
        dnssec: false,
      },
      RECORDS["www.test/A"],
    );
    const changes = fc.array(fc.tuple(fc.nat(honest.length - 1), fc.nat(255)), { maxLength: 12 });
    const seen = new Set(
      fc.sample(fc.tuple(changes, fc.nat(honest.length)), 3_000).map(([changed, length]) => {
        const bytes = Buffer.from(honest.subarray(0, length));
        for (const [at, byte] of changed) if (at > 1 && at < length) bytes[at] = byte;
        return readMessage(bytes, message).kind;
      }),
    );
    expect([...seen].toSorted()).toEqual(["foreign", "malformed", "reply"]);
  });
});

test("dns: a server that no way leads to is down, and ends nothing else", async () => {
  // By UDP the way is missed when the socket is tied to the address, before a word is sent.
  const seen = await look("web.test", { server: "[2001:db8::1]:53" }, { timeoutMs: 300 });
  expect(["network-unreachable", "host-unreachable", "timed-out"]).toContain(seen.reason);
  expect(await look("web.test", { server: "255.255.255.255" }, { timeoutMs: 300 })).toMatchObject({
    outcome: "unknown",
    reason: "local-failure",
  });
});

test("dns: IPv6 is spoken, and a closed port is refused", async () => {
  const { server } = await startNameServer(knowing, "::1");
  expect(await look("web.test", { server })).toMatchObject({ ...up, facts: { server: "::1" } });
  expect(await look("web.test", { server: "127.0.0.1:1" })).toMatchObject(down("refused"));
});

test("dns: a server by its name is asked at the next address when one is silent", async () => {
  const { server, port } = await startNameServer(knowing);
  const addresses = [
    { address: "127.0.0.1", family: 4 as const },
    { address: "::1", family: 6 as const },
  ];
  const eyes: Partial<Eyes> = {
    resolver: { resolve: () => Promise.resolve({ kind: "found", addresses }) },
  };
  const found = await look("web.test", { server: `ns.test:${port}` }, { eyes });
  expect(found).toMatchObject({ ...up, facts: { server: server.split(":")[0] } });
  const turned: Partial<Eyes> = {
    resolver: {
      resolve: () => Promise.resolve({ kind: "found", addresses: addresses.toReversed() }),
    },
  };
  // Nobody listens on ::1 there.
  expect(await look("web.test", { server: `ns.test:${port}` }, { eyes: turned })).toMatchObject(up);
});

test("dns: a server whose answer does not come from the zone is lame where that is asked for", async () => {
  let flags = 0;
  const { server } = await startNameServer((query) => [
    reply(query, RECORDS["web.test/A"], { flags }),
  ]);
  const options = { server, authoritative: true };
  expect(await look("web.test", options)).toMatchObject(down("nameserver-lame"));
  flags = 0x0400;
  expect(await look("web.test", options)).toMatchObject({ ...up, facts: { authoritative: true } });
});

describe("dns: our own resolvers", () => {
  const through = (...servers: string[]): Partial<Eyes> => ({ nameServers: () => servers });
  /** Fails for names below `test`, and finds the top of all. */
  const picky: Answering = (query) => [reply(query, [], { rcode: query.name === "test" ? 3 : 2 })];

  test("are asked one after the other", async () => {
    const broken = await startNameServer((query) => [reply(query, [], { rcode: 2 })]);
    const { server } = await startNameServer(knowing);
    const eyes = through("127.0.0.1:1", broken.server, server);
    expect(await look("web.test", {}, { eyes })).toMatchObject(up);
  });

  test("that refuse, are closed or fail for everything are our own failure", async () => {
    const ours = { outcome: "unknown", reason: "resolver-failed" };
    for (const rcode of [2, 5]) {
      const { server } = await startNameServer((query) => [reply(query, [], { rcode })]);
      expect(await look("web.test", {}, { eyes: through(server) })).toMatchObject(ours);
    }
    expect(await look("web.test", {}, { eyes: through("127.0.0.1:1") })).toMatchObject(ours);
    expect(await look("web.test", {}, { eyes: through() })).toMatchObject(ours);
  });

  test("that deny the root know nothing of any name", async () => {
    for (const rcode of [3, 0]) {
      const { server } = await startNameServer((query) => [reply(query, [], { rcode })]);
      expect(await look("web.test", {}, { eyes: through(server) })).toMatchObject({
        outcome: "unknown",
        reason: "resolver-failed",
      });
    }
  });

  test("that are silent are our own failure", async () => {
    const { server } = await startNameServer(() => []);
    const seen = await look("web.test", {}, { eyes: through(server), timeoutMs: 400 });
    expect(seen).toMatchObject({ outcome: "unknown", reason: "resolver-timed-out" });
  });

  test("that find everything but this name say that its servers have failed", async () => {
    const { server, asked } = await startNameServer(picky);
    const seen = await look("web.test", {}, { eyes: through(server) });
    expect(seen).toMatchObject(down("name-unresolvable", { rcode: "SERVFAIL" }));
    expect(asked).toContain("test/NS");
  });

  test("that are silent about this name alone say so, too", async () => {
    const { server } = await startNameServer((query) =>
      query.name === "test" ? [reply(query)] : [],
    );
    const seen = await look("web.test", {}, { eyes: through(server), timeoutMs: 3_500 });
    expect(seen).toMatchObject(down("name-unresolvable"));
  });

  test("that answer only unchecked have met bad signatures", async () => {
    const { server } = await startNameServer((query) =>
      query.packet.flag_cd
        ? knowing(query)
        : [reply(query, [], { rcode: 2, additionals: [extendedError(7, "expired yesterday")] })],
    );
    expect(await look("web.test", {}, { eyes: through(server) })).toMatchObject(
      down("dnssec-bogus", { remarks: ["7 Signature Expired: expired yesterday"] }),
    );
    // The same by the word of a resolver that the monitor names.
    expect(await look("web.test", { server })).toMatchObject(down("dnssec-bogus"));
  });

  test("must vouch for the answer with dnssec, and for the root where they do not", async () => {
    let vouched: readonly string[] = [];
    const { server } = await startNameServer((query) => [
      reply(query, query.type === "A" ? RECORDS["web.test/A"] : [], {
        flags: query.dnssec && vouched.includes(query.name) ? 0x0020 : 0,
      }),
    ]);
    const eyes = through(server);
    expect(await look("web.test", { dnssec: true }, { eyes })).toMatchObject({
      outcome: "unknown",
      reason: "resolver-not-validating",
    });
    vouched = [".", ""];
    expect(await look("web.test", { dnssec: true }, { eyes })).toMatchObject({
      outcome: "degraded",
      reason: "dnssec-missing",
    });
    vouched = ["web.test"];
    expect(await look("web.test", { dnssec: true }, { eyes })).toMatchObject({
      ...up,
      facts: { authentic: true },
    });
  });
});

test("addresses have one spelling, and are turned around for their zones", () => {
  expect(canonicalAddress("2001:DB8:0:0::1")).toBe("2001:db8::1");
  expect(reversed("192.0.2.1")).toBe("1.2.0.192");
  expect(reversed("2001:db8::1")).toBe(
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2",
  );
  expect(reversed("::ffff:192.0.2.1")).toBe(
    "1.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
  );
  expect(reversed("1:2:3:4:5:6:7:8").split(".")).toHaveLength(32);
});
