import { describe, expect, test } from "vitest";
import type { Account, Domain } from "../../src/core/directory.js";
import { createDirectory } from "../../src/core/directory-of.js";
import { fold, tokens } from "../../src/core/extract/fold.js";
import { NO_INVENTORY, type Inventory, type StandingPlace } from "../../src/core/inventory.js";
import { canonicalAddress } from "../../src/core/ip-address.js";
import { ownMs } from "../support/own-time.js";

const place = (id: string, rest: Partial<StandingPlace> = {}): StandingPlace => ({
  id,
  kind: "server",
  hostname: `${id}.harbour.test`,
  addresses: [],
  role: null,
  provides: [],
  switch: null,
  rack: null,
  location: null,
  network: null,
  ...rest,
});

const domain = (accountId: string, name: string, rest: Partial<Domain> = {}): Domain => ({
  accountId,
  name,
  ascii: name,
  kind: "main",
  servers: {},
  mail: "unknown",
  suspended: false,
  ...rest,
});

const account = (id: string, rest: Partial<Account> = {}): Account => ({
  id,
  company: "",
  contacts: [],
  language: null,
  timezone: null,
  php: null,
  domains: [],
  addresses: [],
  serviceIds: [],
  servers: {},
  ...rest,
});

const service = (id: string) => {
  const [server = "", kind = ""] = id.split("/");
  return { id, server, kind };
};
const edge = (from: string, to: string, kind: string) => ({ from, to, kind, note: null });

/** Two towns, two web servers, two mail servers of which one sends through a relay. */
const HARBOUR: Inventory = {
  ...NO_INVENTORY,
  timezone: "Europe/Ljubljana",
  places: [
    place("north", { kind: "location", hostname: null }),
    place("n1", { kind: "rack", hostname: null, location: "north" }),
    place("sw-n1", { kind: "switch", hostname: null, rack: "n1" }),
    place("anchor", {
      rack: "n1",
      switch: "sw-n1",
      location: "north",
      addresses: ["192.0.2.7", "2001:db8::7"],
    }),
    place("beacon", { hostname: "web-b.harbour.test", rack: "n1" }),
    place("gull", { switch: "sw-n1" }),
    place("heron"),
    place("tug"),
    place("lantern"),
    place("chart"),
    place("ns-a"),
    place("bridge"),
  ],
  services: [
    "anchor/http",
    "anchor/php74",
    "anchor/php83",
    "anchor/mysql",
    "gull/imap",
    "gull/submission",
    "gull/mailbox-store",
    "heron/imap",
    "heron/submission",
    "heron/outbound-smtp",
    "tug/outbound-smtp",
    "lantern/webmail",
    "chart/mysql",
    "ns-a/dns",
    "bridge/panel",
  ].map(service),
  dependencies: [
    edge("tug/outbound-smtp", "gull/submission", "relay"),
    edge("gull/imap", "lantern/webmail", "backend"),
    edge("heron/imap", "lantern/webmail", "backend"),
    edge("chart/mysql", "bridge/panel", "backend"),
  ],
  accounts: [
    account("H-1", {
      company: "Vrtnarstvo Žerjav d.o.o.",
      contacts: ["metka@zerjav-vrt.test"],
      php: "8.3",
      domains: [
        domain("H-1", "žerjav-vrt.test", { ascii: "xn--erjav-vrt-ucc.test" }),
        domain("H-1", "zerjav-vrt.test", { kind: "addon" }),
        domain("H-1", "rože.zerjav-vrt.test", {
          kind: "sub",
          ascii: "xn--roe-qva.zerjav-vrt.test",
        }),
      ],
      servers: { web: "anchor", mail: "gull", db: "chart" },
      serviceIds: ["zerjav@anchor", "7001"],
      addresses: ["198.51.100.40"],
    }),
    account("H-2", {
      company: "Kőműves és Társa Kft.",
      contacts: ["iroda@freemail.test"],
      domains: [
        domain("H-2", "komuves.test"),
        domain("H-2", "falazas.test", { servers: { web: "beacon" }, mail: "remote" }),
      ],
      servers: { web: "anchor", mail: "heron" },
    }),
    account("H-3", {
      company: "Falazás Bt.",
      contacts: ["iroda@freemail.test"],
      domains: [domain("H-3", "komuves.example"), domain("H-3", "kubus-shop.test")],
    }),
  ],
};
const directory = createDirectory(HARBOUR);
const said = (text: string): string[] => tokens(fold(text)).map(({ word }) => word);

describe("who is who", () => {
  test.each([
    ["zerjav-vrt.test", "zerjav-vrt.test"],
    ["ŽERJAV-VRT.test", "žerjav-vrt.test"],
    ["XN--ERJAV-VRT-UCC.TEST.", "žerjav-vrt.test"],
    ["www.shop.zerjav-vrt.test", "zerjav-vrt.test"],
    ["rože.zerjav-vrt.test", "rože.zerjav-vrt.test"],
    ["z\u030Cerjav-vrt.test", "žerjav-vrt.test"],
  ])("%s belongs to the customer of %s", (asked, found) => {
    expect(directory.ownerOf(asked)).toMatchObject({
      account: { id: "H-1" },
      domain: { name: found },
    });
  });

  test.each([
    "test",
    "",
    ".",
    "nobody.test",
    "__proto__",
    "constructor.prototype",
    "a".repeat(9_000),
  ])("nobody owns %s", (asked) => expect(directory.ownerOf(asked)).toBeNull());

  test("accounts are found by id, by panel login and by product, whatever the case", () => {
    for (const id of ["H-1", "h-1", " zerjav@ANCHOR ", "7001"])
      expect(directory.account(id)?.id).toBe("H-1");
    for (const id of ["", "H-9", "__proto__"]) expect(directory.account(id)).toBeNull();
  });

  test("an address leads to those who gave it, to whose domain it is in, and to whose server it is", () => {
    const ids = (address: string) => directory.accountsOf(address).map(({ id }) => id);
    expect(ids("Iroda@Freemail.test")).toEqual(["H-2", "H-3"]);
    expect(ids("anyone@mail.komuves.test")).toEqual(["H-2"]);
    expect(ids("metka@zerjav-vrt.test")).toEqual(["H-1"]);
    expect(ids("198.51.100.40")).toEqual(["H-1"]);
    expect(ids("stranger@elsewhere.test")).toEqual([]);
  });

  test.each([
    ["a letter too many", "zerjaav-vrt.test", ["zerjav-vrt.test", "žerjav-vrt.test"]],
    ["a letter missing", "zerjav-vr.test", ["zerjav-vrt.test", "žerjav-vrt.test"]],
    ["a wrong letter", "kubus-shup.test", ["kubus-shop.test"]],
    ["two letters swapped", "kubus-hsop.test", ["kubus-shop.test"]],
    ["two letters swapped in the middle", "kubuss-hop.test", ["kubus-shop.test"]],
    ["the first letter missing", "ubus-shop.test", ["kubus-shop.test"]],
    ["a slip in the ending", "kubus-shop.tset", ["kubus-shop.test"]],
    ["a slip below www", "www.falazass.test", ["falazas.test"]],
    ["marks that nobody registered", "kömüves.test", ["komuves.test"]],
    ["another ending", "komuves.exampel", ["komuves.example"]],
    ["two slips", "kubuss-shopp.test", []],
    ["nothing alike", "unrelated.test", []],
  ])("%s: %s may mean %s", (_name, asked, found) => {
    expect(directory.domainsNear(asked).map(({ name }) => name)).toEqual(found);
  });

  test("a domain is not near itself", () => {
    expect(directory.domainsNear("kubus-shop.test")).toEqual([]);
  });

  test("a first label alone names a domain where it is one customer's", () => {
    expect(directory.domainLabelled("kubus-shop")?.name).toBe("kubus-shop.test");
    expect(directory.domainLabelled("Zerjav-vrt")?.accountId).toBe("H-1");
    expect(directory.domainLabelled("komuves")).toBeNull();
    expect(directory.domainLabelled("rože")).toBeNull();
  });

  test.each([
    ["dzwoni vrtnarstvo zerjav", "H-1"],
    ["iz Vrtnarstva Žerjavu", "H-1"],
    ["Kőműves és Társától hívtak", "H-2"],
    ["falazás", "H-3"],
  ])("the company of '%s' is found", (text, id) => {
    const [best] = directory.companiesNamed(said(text));
    expect(best?.account.id).toBe(id);
    expect(best?.share).toBeGreaterThan(0.5);
  });

  test.each(["kft", "d.o.o.", "es a bt", "mail ne dela", ""])("'%s' names no company", (text) => {
    expect(directory.companiesNamed(said(text))).toEqual([]);
  });
});

describe("places", () => {
  test.each([
    ["anchor", "anchor"],
    ["ANCHOR.harbour.test", "anchor"],
    ["web-b", "beacon"],
    ["n1", "n1"],
    ["nowhere", undefined],
    ["__proto__", undefined],
  ])("%s is the place %s", (asked, id) => expect(directory.place(asked)?.id).toBe(id));

  test("an address of a server is found in any spelling", () => {
    expect(directory.placeAt("192.0.2.7")?.id).toBe("anchor");
    expect(directory.placeAt("[2001:DB8:0:0::0007]")?.id).toBe("anchor");
    expect(directory.placeAt("192.0.2.8")).toBeNull();
    expect(directory.placeAt("no address")).toBeNull();
  });

  test("what fails with a place follows from where the servers stand", () => {
    expect(directory.downstream("north")).toEqual(
      new Set(
        (
          "north n1 anchor sw-n1 beacon gull anchor/http anchor/php74 anchor/php83 anchor/mysql " +
          "gull/imap gull/submission gull/mailbox-store lantern/webmail"
        ).split(" "),
      ),
    );
    expect([...directory.downstream("tug")].toSorted()).toEqual([
      "gull/submission",
      "tug",
      "tug/outbound-smtp",
    ]);
    expect([...directory.upstream("gull/submission")].toSorted()).toEqual(
      ["gull", "gull/submission", "n1", "north", "sw-n1", "tug", "tug/outbound-smtp"].toSorted(),
    );
    expect([...directory.downstream("unknown")]).toEqual(["unknown"]);
  });

  test("dependencies in a circle end", () => {
    const circle = createDirectory({
      ...NO_INVENTORY,
      dependencies: [edge("a", "b", "network"), edge("b", "a", "network")],
    });
    expect([...circle.downstream("a")]).toEqual(["a", "b"]);
    expect([...circle.upstream("a")]).toEqual(["a", "b"]);
  });
});

describe("what an account lives on", () => {
  const livesOn = (id: string, name?: string): string[] => {
    const owner = directory.account(id);
    if (!owner) return [];
    const one = name === undefined ? undefined : owner.domains.find((each) => each.name === name);
    return directory.livesOn(owner, one).map((footing) => `${footing.use} ${footing.id}`);
  };

  test("its servers by use, its own PHP, and what serves its mail", () => {
    expect(livesOn("H-1")).toEqual([
      "web anchor",
      "web anchor/http",
      "web anchor/php83",
      "mail gull",
      "mail gull/imap",
      "mail gull/submission",
      "mail gull/mailbox-store",
      "db chart",
      "db chart/mysql",
      "shared tug/outbound-smtp",
      "shared tug",
      "shared lantern/webmail",
      "shared lantern",
      "shared ns-a/dns",
      "shared ns-a",
      "shared bridge/panel",
      "shared bridge",
    ]);
  });

  test("a mail server that sends by itself does not stand on the relay", () => {
    expect(livesOn("H-2", "komuves.test")).not.toContain("shared tug");
    expect(livesOn("H-2", "komuves.test")).toContain("shared lantern/webmail");
  });

  test("a domain's own server comes before the account's, and mail elsewhere is on none of ours", () => {
    expect(livesOn("H-2", "falazas.test")).toEqual([
      "web beacon",
      "shared ns-a/dns",
      "shared ns-a",
      "shared bridge/panel",
      "shared bridge",
    ]);
  });
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["192.0.2.01", null],
  ["192.0.2.256", null],
  ["2001:DB8::0:1", "2001:db8::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["::", "::"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["1::2::3", null],
  ["1:2:3:4:5:6:7:8:9", null],
  ["::ffff:192.0.2.5", "192.0.2.5"],
  ["64:ff9b::192.0.2.5", "64:ff9b::c000:205"],
  ["fe80::1%eth0", null],
  ["a".repeat(100), null],
])("the address %s is written %s", (given, written) =>
  expect(canonicalAddress(given)).toBe(written),
);

test("a directory of 20,000 accounts is built within two seconds and asked within milliseconds", () => {
  const accounts = Array.from({ length: 20_000 }, (_, n) =>
    account(`A-${n}`, {
      company: `Studio ${n.toString(36)}x Kft.`,
      contacts: [`office@kraft${n}.test`],
      domains: ["", "-shop", "-blog"].map((end) => domain(`A-${n}`, `kraft${n}${end}.test`)),
      servers: { web: `web${n % 40}` },
    }),
  );
  const startMs = ownMs();
  const large = createDirectory({ ...NO_INVENTORY, accounts });
  expect(ownMs() - startMs).toBeLessThan(2_000);
  const askMs = ownMs();
  for (let n = 0; n < 200; n++) {
    expect(large.domainsNear(`kraaft${n * 97}.test`)[0]?.accountId).toBe(`A-${n * 97}`);
    large.ownerOf(`www.kraft${n}.test`);
    large.companiesNamed(["studio", `${n.toString(36)}x`]);
  }
  expect((ownMs() - askMs) / 200).toBeLessThan(5);
});
