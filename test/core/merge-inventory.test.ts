import { describe, expect, test } from "vitest";
import { createDirectory } from "../../src/core/directory-of.js";
import type { Account, Domain } from "../../src/core/directory.js";
import { differenceOf, domainsGone } from "../../src/core/inventory-difference.js";
import { NO_INVENTORY, type Inventory, type StandingPlace } from "../../src/core/inventory.js";
import {
  mergeParts,
  unwatchedServers,
  withHosts,
  type MailRouting,
  type Part,
} from "../../src/core/merge-inventory.js";

const domain = (name: string, rest: Partial<Domain> = {}): Omit<Domain, "accountId"> => ({
  name,
  ascii: name,
  kind: "main",
  servers: {},
  mail: "unknown",
  suspended: false,
  ...rest,
});

function account(
  id: string,
  domains: readonly Omit<Domain, "accountId">[],
  rest: Partial<Account> = {},
): Account {
  return {
    id,
    company: "",
    contacts: [],
    language: null,
    timezone: null,
    php: null,
    addresses: [],
    serviceIds: id.includes("@") ? [id] : [],
    servers: {},
    domains: domains.map((one) => ({ accountId: id, ...one })),
    ...rest,
  };
}

const server = (id: string, rest: Partial<StandingPlace> = {}): StandingPlace => ({
  id,
  kind: "server",
  hostname: null,
  addresses: [],
  role: null,
  provides: [],
  switch: null,
  rack: null,
  location: null,
  network: null,
  ...rest,
});

const part = (
  source: string,
  inventory: Partial<Inventory>,
  routing: MailRouting | null = null,
): Part => ({
  format: source.split(" ")[0] ?? source,
  source,
  inventory: { ...NO_INVENTORY, ...inventory },
  routing,
});

const billing = part("whmcs", {
  places: [
    server("web3.harbour.test", { hostname: "web3.harbour.test", addresses: ["192.0.2.13"] }),
  ],
  accounts: [
    account("812", [domain("zerjav.test", { servers: { web: "web3.harbour.test" } })], {
      company: "Žerjav",
      serviceIds: ["7001", "zerjav@web3.harbour.test"],
    }),
    account("813", [domain("kubus.test")]),
  ],
});
const panel = part("cpanel web3", {
  places: [server("web3")],
  accounts: [
    account("zerjav@web3", [
      domain("zerjav.test", { servers: { web: "web3", mail: "web3" } }),
      domain("shop.zerjav.test", { kind: "sub", servers: { web: "web3" } }),
    ]),
    account("kubusnew@web3", [domain("kubus.test", { servers: { web: "web3" } })]),
    account("lonely@web3", [domain("lonely.test", { servers: { web: "web3" } })]),
  ],
});

describe("parts become one inventory", () => {
  const { inventory, claimedTwice } = mergeParts([panel, billing]);

  test("an account is joined by its panel login, and by a domain where the panel knows only a login", () => {
    expect(
      inventory.accounts.map(({ id, domains }) => [id, domains.map(({ name }) => name)]),
    ).toEqual([
      ["812", ["zerjav.test", "shop.zerjav.test"]],
      ["813", ["kubus.test"]],
      ["lonely@web3.harbour.test", ["lonely.test"]],
    ]);
    expect(claimedTwice).toEqual([]);
    for (const { id, domains } of inventory.accounts)
      for (const { accountId } of domains) expect(accountId).toBe(id);
  });

  test("a server is one under its short name, its host name and its address", () => {
    expect(inventory.places.map(({ id }) => id)).toEqual(["web3.harbour.test"]);
    expect(inventory.accounts[0]?.domains[0]?.servers).toEqual({
      web: "web3.harbour.test",
      mail: "web3.harbour.test",
    });
    const byAddress = mergeParts([
      billing,
      part("cpanel 192.0.2.13", {
        accounts: [account("x@192.0.2.13", [domain("x.test", { servers: { web: "192.0.2.13" } })])],
      }),
    ]);
    expect(byAddress.inventory.accounts.at(-1)).toMatchObject({
      id: "x@web3.harbour.test",
      domains: [{ servers: { web: "web3.harbour.test" } }],
    });
  });

  test("in whatever order they came, the same comes out", () => {
    expect(mergeParts([billing, panel])).toEqual({ inventory, claimedTwice });
  });

  test("a domain that two customers claim stays with the first, and is named", () => {
    const both = mergeParts([
      billing,
      part("csv", { accounts: [account("C-9", [domain("kubus.test"), domain("other.test")])] }),
    ]);
    expect(both.claimedTwice).toEqual(["kubus.test"]);
    expect(both.inventory.accounts.map(({ id, domains }) => [id, domains.length])).toEqual([
      ["C-9", 2],
      ["812", 1],
      ["813", 0],
    ]);
  });

  test("of two panels that have one domain it has moved to the later one", () => {
    const moved = mergeParts([
      part("cpanel a", {
        accounts: [account("x@a", [domain("x.test", { servers: { web: "a" } })])],
      }),
      part("cpanel b", {
        accounts: [account("x@b", [domain("x.test", { servers: { web: "b" } })])],
      }),
    ]);
    expect(moved.claimedTwice).toEqual(["x.test"]);
    expect(moved.inventory.accounts.map(({ id, domains }) => [id, domains.length])).toEqual([
      ["x@a", 0],
      ["x@b", 1],
    ]);
  });

  test("a list of mail domains counts for its own server alone", () => {
    const routing = {
      server: "web3",
      mail: "remote",
      domains: ["zerjav.test", "nobody.test"],
    } as const;
    const mailOf = (server_: string) =>
      mergeParts([
        billing,
        panel,
        part("cpanel-remotedomains", {}, { ...routing, server: server_ }),
      ]).inventory.accounts[0]?.domains[0]?.mail;
    expect(mailOf("web3")).toBe("remote");
    expect(mailOf("web4")).toBe("unknown");
  });
});

test("what an import changes is counted and named", () => {
  const before = mergeParts([billing]).inventory;
  const after = mergeParts([billing, panel]).inventory;
  expect(differenceOf(before, after)).toMatchObject({
    accounts: {
      total: 3,
      added: { count: 1, examples: ["lonely@web3.harbour.test"] },
      removed: { count: 0 },
      changed: { count: 1, examples: ["813"] },
    },
    domains: { added: { count: 2 }, changed: { count: 2 } },
    places: { total: 1, added: { count: 0 }, changed: { count: 0 } },
  });
  const none = { count: 0, examples: [] };
  expect(differenceOf(after, after).domains).toEqual({
    total: 4,
    added: none,
    removed: none,
    changed: none,
  });
  expect(
    domainsGone(panel, part("cpanel web3", { accounts: panel.inventory.accounts.slice(0, 1) })),
  ).toEqual({ gone: 2, of: 4 });
});

describe("with the hosts of the configuration", () => {
  const hosts = [
    { id: "rack-a", kind: "rack", name: "rack-a", addresses: [], parents: [] },
    { id: "srv3", kind: "server", name: "web3.harbour.test", addresses: [], parents: ["rack-a"] },
    {
      id: "mail9",
      kind: "server",
      name: "mail9.harbour.test",
      addresses: ["192.0.2.99"],
      parents: ["rack-a"],
    },
  ];
  const { inventory } = mergeParts([billing]);
  const directory = createDirectory(withHosts(inventory, hosts));

  test("what a rack carries is known also where the inventory says nothing of it", () => {
    expect([...directory.downstream("rack-a")].toSorted()).toEqual([
      "mail9",
      "rack-a",
      "srv3",
      "web3.harbour.test",
    ]);
    expect(directory.place("mail9.harbour.test")).toMatchObject({ id: "mail9", kind: "server" });
    expect(directory.placeAt("192.0.2.99")?.id).toBe("mail9");
    expect(directory.place("rack-a")?.kind).toBe("rack");
  });

  test("a host that is a place under another id fails with it", () => {
    expect(directory.downstream("srv3").has("web3.harbour.test")).toBe(true);
    expect(directory.downstream("web3.harbour.test").has("srv3")).toBe(true);
  });

  test("servers that nobody watches are named", () => {
    expect(unwatchedServers(inventory, hosts)).toEqual([]);
    expect(unwatchedServers(inventory, hosts.slice(2))).toEqual(["web3.harbour.test"]);
  });
});
