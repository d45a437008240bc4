import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Resolver } from "../../probes/resolver.js";
import type { DeepLook } from "../../src/core/deep-probe.js";
import { lookOnce, type Names } from "../../src/worker/once.js";

const now = (): Date => new Date();

/** Names that lead where they are said to; everything else does not exist. */
const leading = (names: Readonly<Record<string, readonly string[]>>): Resolver => ({
  resolve: (host) => {
    const found = names[host] ?? (/^[\d.]+$/.test(host) ? [host] : undefined);
    return Promise.resolve(
      found
        ? { kind: "found", addresses: found.map((address) => ({ address, family: 4 as const })) }
        : { kind: "not-found" },
    );
  },
});

/** Who takes mail: `mx.NAME`, and who answers: `ns.NAME`, where those are names. */
const names = (resolver: Resolver): Names => ({
  resolver,
  namedHosts: (name, record) =>
    Promise.resolve({ kind: "found", hosts: [`${record.toLowerCase()}.${name}`, "far.test"] }),
});

const look = (given: Partial<DeepLook>): DeepLook => ({
  service: "imap",
  probe: "tcp",
  target: "box.test:1",
  options: {},
  place: null,
  ...given,
});

async function greeter(): Promise<{ port: number; callers: () => number }> {
  let callers = 0;
  const server = createServer((socket) => {
    callers += 1;
    socket.end("* OK ready\r\n");
  }).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  onTestFinished(() => new Promise<void>((done) => server.close(() => done())));
  return { port: (server.address() as AddressInfo).port, callers: () => callers };
}

test("a service at an address of ours is looked at", async () => {
  const { port, callers } = await greeter();
  const options = { dialogue: [{ expect: "* OK" }] };
  const looks = [look({ target: `box.test:${port}`, options })];
  const resolver = leading({ "box.test": ["127.0.0.1"] });
  const [seen] = await lookOnce(looks, ["127.0.0.1"], names(resolver), now);
  expect(seen).toMatchObject({ outcome: "up", reason: "ok" });
  expect(callers()).toBe(1);
});

test.each([["box.test"], ["127.0.0.1"]])(
  "%s at an address that is not ours is never connected to",
  async (host) => {
    const { port, callers } = await greeter();
    const resolver = leading({ "box.test": ["127.0.0.1"] });
    const [seen] = await lookOnce(
      [look({ target: `${host}:${port}` })],
      ["192.0.2.7"],
      names(resolver),
      now,
    );
    expect(seen).toMatchObject({ outcome: "down", reason: "name-not-found" });
    expect(callers()).toBe(0);
  },
);

test.each<[string, readonly string[], string, string]>([
  ["here.test", ["192.0.2.7"], "up", "ok"],
  ["both.test", ["192.0.2.7", "198.51.100.9"], "degraded", "points-elsewhere"],
  ["away.test", ["198.51.100.9"], "down", "points-elsewhere"],
  ["none.test", [], "down", "name-not-found"],
])("%s with %j is said to be %s, %s", async (name, addresses, outcome, reason) => {
  const resolver = leading(addresses.length > 0 ? { [name]: addresses } : {});
  const looks = [look({ service: "dns", probe: "where", target: name })];
  expect(await lookOnce(looks, ["192.0.2.7"], names(resolver), now)).toMatchObject([
    { outcome, reason },
  ]);
});

test("a resolver without a word is our own fault, not the customer's", async () => {
  const silent: Resolver = {
    resolve: () =>
      Promise.resolve({ kind: "failed", reason: "resolver-failed", code: "ESERVFAIL" }),
  };
  const looks = [look({ service: "dns", probe: "where", target: "x.test" }), look({})];
  const seen = await lookOnce(looks, ["192.0.2.7"], names(silent), now);
  expect(seen.map(({ outcome }) => outcome)).toEqual(["unknown", "unknown"]);
});

test.each<[string, Readonly<Record<string, readonly string[]>>, string]>([
  ["ours", { "mx.x.test": ["192.0.2.7"] }, "up"],
  ["ours and others'", { "mx.x.test": ["192.0.2.7"], "far.test": ["198.51.100.9"] }, "up"],
  ["others'", { "far.test": ["198.51.100.9"] }, "down"],
])(
  "mail that goes to exchanges of %s is said to be so, and likewise names",
  async (_whose, zones, outcome) => {
    const looks = [
      look({ service: "dns", probe: "where", target: "x.test", options: { of: "mail" } }),
    ];
    const [seen] = await lookOnce(looks, ["192.0.2.7"], names(leading(zones)), now);
    expect(seen).toMatchObject({ outcome });
    const answering = Object.entries(zones).map(([name, at]) => [name.replace("mx.", "ns."), at]);
    const [told] = await lookOnce(
      looks.map((one) => ({ ...one, options: { of: "dns" } })),
      ["192.0.2.7"],
      names(leading(Object.fromEntries(answering))),
      now,
    );
    expect(told).toMatchObject({ outcome });
  },
);
