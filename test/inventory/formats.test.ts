import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FORMATS, readInventory, type ReadInventory } from "../../src/inventory/index.js";

const FIXTURES = join(import.meta.dirname, "../fixtures/inventory");
const fixture = (name: string): string => readFileSync(join(FIXTURES, name), "utf8");

type Good = Extract<ReadInventory, { ok: true }>;
type Bad = Extract<ReadInventory, { ok: false }>;

function good(text: string, asked: { format?: string; server?: string } = {}): Good {
  const read = readInventory(text, asked);
  if (!read.ok) throw new Error(JSON.stringify(read.mistakes));
  return read;
}

function bad(text: string, asked: { format?: string; server?: string } = {}): Bad {
  const read = readInventory(text, asked);
  if (read.ok) throw new Error("it was read without a mistake");
  return read;
}

const accountsOf = (read: Good) => read.contribution.inventory.accounts;
const domainsOf = (read: Good) =>
  accountsOf(read).flatMap(({ id, domains }) =>
    domains.map(({ name, kind, mail, suspended, servers }) =>
      [
        id,
        name,
        kind,
        mail,
        ...(suspended ? ["suspended"] : []),
        Object.entries(servers).join(" "),
      ].join("|"),
    ),
  );
const ignored = (read: Good) =>
  Object.fromEntries(read.ignored.map(({ what, count }) => [what, count]));

test.each([
  ["userdatadomains.txt", "cpanel"],
  ["domainowners.txt", "directadmin"],
  ["virtualmin.txt", "virtualmin"],
  ["whmcs.json", "whmcs"],
  ["customers.csv", "csv"],
  ["harbour.json", "json"],
])("%s is seen to be of the format %s, and holds no secret afterwards", (file, format) => {
  const read = good(fixture(file), { server: "web3" });
  expect(read.format).toBe(format);
  expect(JSON.stringify(read)).not.toContain("PLANTED");
  expect(JSON.stringify(read).length).toBeGreaterThan(500);
});

describe("cPanel's userdatadomains", () => {
  const read = good(fixture("userdatadomains.txt"), { server: "Web3.harbour.test" });

  test("has every domain of every user, with its kind", () => {
    const on = "web,web3.harbour.test mail,web3.harbour.test db,web3.harbour.test";
    expect(domainsOf(read)).toEqual([
      `zerjav@web3.harbour.test|zerjav-vrt.test|main|unknown|${on}`,
      `zerjav@web3.harbour.test|shop.zerjav-vrt.test|sub|unknown|${on}`,
      `zerjav@web3.harbour.test|žerjav-vrt.test|parked|unknown|${on}`,
      `kubus@web3.harbour.test|kubus-shop.test|main|unknown|${on}`,
      `kubus@web3.harbour.test|kubus_old.kubus-shop.test|sub|unknown|${on}`,
    ]);
    expect(read.source).toBe("cpanel web3.harbour.test");
    expect(ignored(read)).toEqual({
      "lines of nobody": 1,
      "wildcards: their domain answers for them": 1,
    });
  });

  test("tells a customer's own address from the server's", () => {
    const shared = good(
      "a.test: a==root==main==a.test==/home/a==192.0.2.9:80\n" +
        "b.test: b==root==main==b.test==/home/b==192.0.2.9:80\n" +
        "c.test: c==root==main==c.test==/home/c==198.51.100.40:80\n",
      { server: "web3" },
    );
    expect(shared.contribution.inventory.places).toMatchObject([
      { id: "web3", kind: "server", addresses: ["192.0.2.9"] },
    ]);
    expect(accountsOf(shared).map(({ addresses }) => addresses)).toEqual([
      [],
      [],
      ["198.51.100.40"],
    ]);
  });

  test("is refused without the name of its server", () => {
    expect(bad(fixture("userdatadomains.txt")).mistakes).toEqual([
      { where: "", message: expect.stringContaining("name the server") },
    ]);
  });

  test("with a broken row is refused by the number of its line", () => {
    const text = `${fixture("userdatadomains.txt")}half: a row\n: nobody\nc.test: c==root==mystery==c.test\n`;
    expect(bad(text, { server: "web3", format: "cpanel" }).mistakes).toEqual([
      { where: "line 8", message: expect.stringContaining("expected `domain: user") },
      { where: "line 9", message: expect.stringContaining("expected `domain: user") },
      {
        where: "line 10",
        message: "expected a type of main, addon, parked, sub in the third field",
      },
    ]);
  });

  test("and its lists say where mail is delivered", () => {
    const asked = { server: "web3", format: "cpanel-remotedomains" };
    const list = good("Kubus-Shop.test\n# a comment\n\nžerjav-vrt.test\n", asked);
    expect(list.contribution.routing).toEqual({
      server: "web3",
      mail: "remote",
      domains: ["kubus-shop.test", "xn--erjav-vrt-ucc.test"],
    });
    expect(list.source).toBe("cpanel-remotedomains web3");
  });
});

test("DirectAdmin's domainowners are read with Windows line ends too", () => {
  const read = good(fixture("domainowners.txt"), { server: "da1" });
  const on = "web,da1 mail,da1 db,da1";
  expect(domainsOf(read)).toEqual([
    `komuves@da1|komuves.test|main|unknown|${on}`,
    `komuves@da1|www2.komuves.test|sub|unknown|${on}`,
    `falaz@da1|falazas.test|main|unknown|${on}`,
  ]);
  expect(
    bad("komuves.test: komuves\nno colon here\n", { server: "da1", format: "directadmin" })
      .mistakes,
  ).toEqual([{ where: "line 2", message: "expected `domain: user`" }]);
});

test("Virtualmin's list says what each domain uses", () => {
  const read = good(fixture("virtualmin.txt"), { server: "vm1" });
  expect(domainsOf(read)).toEqual([
    "lodenica@vm1|lodenica.test|main|local|web,vm1 mail,vm1 db,vm1 dns,vm1",
    "lodenica@vm1|regata.lodenica.test|sub|remote|web,vm1",
    "lodenica@vm1|lodenica-eu.test|alias|unknown|web,vm1 mail,vm1 db,vm1",
    "mlyn@vm1|mlyn.test|main|remote|suspended|web,vm1 dns,vm1",
  ]);
  expect(accountsOf(read)).toMatchObject([
    { company: "Lodenica Zátoka s.r.o.", contacts: ["kapitan@lodenica.test"], addresses: [] },
    { company: "Mlyn", addresses: ["192.0.2.51"] },
  ]);
  expect(ignored(read)).toEqual({ "fields with passwords, dropped unread": 3 });
  expect(bad("a.test\n    Type: Top-level server\n", { server: "vm1" }).mistakes).toEqual([
    { where: "line 1", message: "expected the line `Username: …` below the domain" },
  ]);
});

test("WHMCS' pages are read one after the other, without what is over", () => {
  const read = good(fixture("whmcs.json"));
  const on = "web,web3.harbour.test mail,web3.harbour.test db,web3.harbour.test";
  expect(domainsOf(read)).toEqual([
    `812|zerjav-vrt.test|main|unknown|${on}`,
    `813|kubus-shop.test|main|unknown|suspended|${on}`,
  ]);
  expect(accountsOf(read)).toMatchObject([
    {
      serviceIds: ["7001", "zerjav@web3.harbour.test", "7002"],
      addresses: ["198.51.100.77", "198.51.100.78", "2001:db8:77::1"],
    },
    { serviceIds: ["7003", "kubus@web3.harbour.test"] },
  ]);
  expect(ignored(read)).toEqual({ "products that are no longer, or not yet, there": 1 });
  const empty = '{"products":""}';
  expect(good(`[${fixture("whmcs.json").replace("\n{", ",{")},${empty}]`).ignored).toEqual(
    read.ignored,
  );
});

test("a page of WHMCS with a wrong field is named by page and path, without what stands there", () => {
  const page =
    '{"products":{"product":[{"id":1,"clientid":{"x":"PLANTED"},"domain":["PLANTED"]}]}}';
  const { mistakes } = bad(`${fixture("whmcs.json")}${page}`);
  expect(mistakes.map(({ where }) => where)).toEqual([
    "page 3: products.product[0].clientid",
    "page 3: products.product[0].domain",
  ]);
  expect(JSON.stringify(mistakes)).not.toContain("PLANTED");
});

describe("CSV", () => {
  test("is read with its aliases, quotes, byte order mark and semicolons", () => {
    const read = good(fixture("customers.csv"));
    const on = "web,web3.harbour.test";
    expect(domainsOf(read)).toEqual([
      `C-812|zerjav-vrt.test|main|local|${on} mail,web3.harbour.test`,
      `C-812|žerjav.test|parked|unknown|suspended|${on}`,
      "posta@mail1|posta.test|mail-only|unknown|mail,mail1",
    ]);
    expect(accountsOf(read)).toMatchObject([
      {
        company: 'Vrtnarstvo "Žerjav"; d.o.o.',
        contacts: ["metka@zerjav-vrt.test", "info@freemail.test"],
        serviceIds: ["zerjav@web3.harbour.test"],
        addresses: [],
      },
      { company: "Pošta Kovač", addresses: [] },
    ]);
    expect(read.ignored).toEqual([
      { what: "fields with passwords, dropped unread", count: 1, examples: [] },
      { what: "columns that are not known", count: 1, examples: ["Shoe size"] },
      {
        what: "wildcards: their domain answers for them",
        count: 1,
        examples: ["*.zerjav-vrt.test"],
      },
      { what: "rows of what is no longer, or not yet, there", count: 1, examples: [] },
    ]);
  });

  test.each([
    ["commas", "domain,client\na.test,1\n"],
    ["tabs", "domain\tclient\na.test\t1\n"],
    ["titles with the delimiter inside", 'domain,client,"name, first"\na.test,1,x\n'],
    ["quoted titles", '"Domain","Client"\n"a.test","1"\n'],
    ["empty lines before", "\n\ndomain,client\na.test,1\n"],
    ["no line end", "domain,client\r\na.test,1"],
  ])("with %s is read alike", (_name, text) => {
    expect(domainsOf(good(text))).toEqual(["1|a.test|main|unknown|"]);
  });

  test("takes the server from the command where no row names one", () => {
    expect(domainsOf(good("domain\na.test\n", { server: "web9" }))).toEqual([
      "a.test|a.test|main|unknown|web,web9 mail,web9 db,web9",
    ]);
  });

  test("names every bad row by its line and what is expected", () => {
    const text =
      "domain,server,type,mail,services,ip,email,user\n" +
      "a.test,web3,main,local,web,192.0.2.1,a@a.test,a\n" +
      "PLANTED secret,web3,,,,,,\n" +
      "b.test,web 3,main,,,,,\n" +
      '"c.test","web3",mystery,somewhere,fax,192.0.2.0/24,PLANTED,two words\n';
    expect(bad(text).mistakes).toEqual([
      { where: "line 3", message: "expected a domain name in the column domain" },
      { where: "line 4", message: "expected a server's name in the column server" },
      { where: "line 5", message: expect.stringContaining("in the column type") },
      { where: "line 5", message: expect.stringContaining("in the column mail") },
      { where: "line 5", message: "expected web, mail, db or dns in the column services" },
      { where: "line 5", message: "expected one word in the column user" },
      { where: "line 5", message: "expected mail addresses in the column email" },
      { where: "line 5", message: "expected addresses in the column ip" },
    ]);
  });

  test.each([
    ["a row with a cell too many", "domain,client\na.test,1,2\n", "expected as many cells"],
    ["an open quote", 'domain,client\n"a.test,1\n', "expected quotes to be closed"],
    [
      "a header without domains",
      "host,client\na.test,1\n",
      "expected a header with a column domain",
    ],
    ["two columns for one thing", "domain,fqdn\na.test,b.test\n", "expected one column for domain"],
    ["a million columns", `domain${",x".repeat(1_000_000)}\na.test\n`, "at most 200 columns"],
    ["a million columns in a row", `domain,client\na.test${",x".repeat(1_000_000)}\n`, "expected"],
    ["a million rows", `domain\n${"a.test\n".repeat(1_000_000)}`, "expected at most 400000 rows"],
  ])("with %s is refused", (_name, text, message) => {
    const { mistakes } = bad(text, { format: "csv" });
    expect(mistakes[0]?.message).toContain(message);
  });
});

describe("our JSON", () => {
  const read = good(fixture("harbour.json"));
  const { inventory } = read.contribution;

  test("brings customers with their domains, contacts and servers", () => {
    expect(inventory.accounts).toMatchObject([
      {
        id: "H-812",
        contacts: ["metka@zerjav-vrt.test", "info@freemail.test"],
        language: "sl",
        php: "8.3",
        servers: { web: "web3", mail: "mail1" },
        domains: [
          { accountId: "H-812", name: "zerjav-vrt.test", kind: "main" },
          { name: "žerjav-vrt.test", ascii: "xn--erjav-vrt-ucc.test", kind: "addon" },
        ],
      },
      {
        id: "813",
        company: "",
        contacts: [],
        domains: [
          { name: "kubus-shop.test", mail: "unknown" },
          { name: "kubus-post.test", mail: "remote", suspended: true },
        ],
      },
    ]);
  });

  test("brings places that stand in one another, and tells racks of one name apart", () => {
    expect(
      inventory.places.map(({ kind, id, location, rack }) => [kind, id, location, rack]),
    ).toEqual([
      ["location", "KOP1", null, null],
      ["location", "MB1", null, null],
      ["rack", "KOP1-r1", "KOP1", null],
      ["rack", "r2", "KOP1", null],
      ["rack", "MB1-r1", "MB1", null],
      ["switch", "sw-1", null, "r2"],
      ["server", "web3", "KOP1", "KOP1-r1"],
      ["server", "mail1", "MB1", "MB1-r1"],
    ]);
    expect(inventory.services.map(({ id }) => id)).toEqual([
      "web3/http",
      "mail1/imap",
      "web3/php83",
    ]);
    expect(inventory.provider).toEqual({
      name: "Harbour Hosting",
      domain: "harbour.test",
      supportEmail: "help@harbour.test",
      publicHosts: { webmail: "webmail.harbour.test" },
    });
  });

  test("says what it did not take, and what is odd", () => {
    expect(read.ignored).toEqual([
      { what: "fields with passwords, dropped unread", count: 2, examples: [] },
      { what: "fields that are not known", count: 1, examples: ["customers[].shoe_size"] },
    ]);
    expect(read.odd).toEqual([
      {
        what: "ends of dependencies that are no place and no service",
        count: 1,
        examples: ["moon/webmail"],
      },
    ]);
  });

  test.each<[name: string, document: unknown, where: string, message: string]>([
    [
      "no name of a domain",
      { customers: [{ account_id: "1", domains: ["no name"] }] },
      "customers[0].domains[0].name",
      "expected a domain name",
    ],
    [
      "an id twice",
      { customers: [{ account_id: "1" }, { account_id: 1 }] },
      "customers[1].account_id",
      "expected an id that no other customer has",
    ],
    ["no id", { customers: [{}] }, "customers[0].account_id", "expected an id"],
    ["a list that is none", { customers: {} }, "customers", "expected a list"],
    [
      "control characters",
      { customers: [{ account_id: "a\u0000b" }] },
      "customers[0].account_id",
      "expected no control characters",
    ],
    [
      "a name without end",
      { customers: [{ account_id: "1", company: "x".repeat(300) }] },
      "customers[0].company",
      "expected at most 200 letters",
    ],
    [
      "an address that is none",
      { servers: [{ id: "s", ipv4: ["192.0.2.300"] }] },
      "servers[0]",
      "expected IPv4 and IPv6 addresses",
    ],
    ["a place twice", { servers: [{ id: "s" }, { id: "s" }] }, "", "expected an id of its own"],
    [
      "a zone that is none",
      { timezone: "Mars/Olympus", customers: [] },
      "timezone",
      "expected a zone",
    ],
    [
      "a service on no server",
      { services: [{ id: "x/http", server: "x", kind: "http" }] },
      "services[0].server",
      "expected the id of a server",
    ],
    ["nothing that is known", { hello: 1 }, "", "expected an object with some of provider"],
  ])("with %s is refused by the path", (_name, document, where, message) => {
    const { mistakes } = bad(JSON.stringify(document), { format: "json" });
    expect(mistakes[0]).toEqual({ where, message: expect.stringContaining(message) });
  });

  test("that is cut off is refused without a word of what stands in it", () => {
    const text = fixture("harbour.json");
    for (const share of [0.3, 0.6, 0.9]) {
      const { mistakes } = bad(text.slice(0, Math.floor(text.length * share)));
      expect(mistakes[0]?.message).toContain("expected JSON");
      expect(JSON.stringify(mistakes)).not.toMatch(/PLANTED|erjav/);
    }
    expect(bad('{"customers": PLANTED}').mistakes).toEqual([
      { where: expect.any(String), message: "expected JSON" },
    ]);
  });

  test("with thousands of mistakes names the first hundred and counts the rest", () => {
    const customers = Array.from({ length: 5_000 }, (_, n) => ({ account_id: n, domains: ["?"] }));
    const read = bad(JSON.stringify({ customers }));
    expect(read.mistakes).toHaveLength(100);
    expect(read.count).toBe(5_000);
  });

  test("with the keys of prototypes harms nobody", () => {
    const text = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},
      "customers":[{"account_id":"__proto__","__proto__":{"polluted":1},"company":"constructor","web_server":"__proto__",
      "domains":[{"name":"a.test","__proto__":{"polluted":1}}]}]}`;
    expect(accountsOf(good(text))[0]).toMatchObject({ id: "__proto__" });
    expect("polluted" in {}).toBe(false);
  });
});

test.each([
  ["nothing", ""],
  ["a mark and no more", "\uFEFF"],
  ["words", "once upon a time\nthere was a server\n"],
  ["names alone", "a.test\nb.test\n"],
  ["a picture", "\u0000\u0001PNG\u0000"],
])("a file of %s is of no known format", (_name, text) => {
  expect(bad(text).mistakes[0]?.message).toContain(Object.keys(FORMATS).join(", "));
});

test("a million lines, and a million customers, are refused in a word", () => {
  const lines = "a.test: a\n".repeat(1_000_000);
  expect(bad(lines, { format: "directadmin", server: "s" }).mistakes[0]?.message).toBe(
    "expected at most 400000 lines",
  );
  const customers = `{"customers":[${"{},".repeat(1_000_000)}{}]}`;
  expect(bad(customers).mistakes[0]?.message).toBe("expected at most 400000 customers and domains");
  const pages = '{"products":{"product":[]}}'.repeat(1_000_000);
  expect(bad(pages).mistakes[0]?.message).toBe("expected at most 10000 pages");
  const products = `{"products":{"product":[${"{},".repeat(1_000_000)}{}]}}`;
  expect(bad(products).mistakes[0]?.message).toBe("expected at most 400000 products");
});

test("a format or a server that cannot be is refused", () => {
  expect(bad("a.test: a\n", { format: "__proto__", server: "s" }).mistakes[0]?.message).toContain(
    "expected a format",
  );
  expect(bad("a.test: a\n", { server: "../etc" }).mistakes[0]?.message).toBe(
    "expected a server's name",
  );
});

test("whatever bytes come, reading ends without a throw", () => {
  const pieces = [
    "a.test",
    ": ",
    "==",
    "\n",
    "    Key: v",
    '"',
    ",",
    ";",
    "{",
    "}",
    "[",
    "\u0000",
    "\uFEFF",
    "domain",
    "xn--a",
    "*.",
    "\uD800",
    "\\",
  ];
  let seed = 7;
  const next = (): number => (seed = (seed * 48_271) % 2_147_483_647);
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from(
      { length: 1 + (next() % 30) },
      () => pieces[next() % pieces.length],
    ).join("");
    const format = Object.keys(FORMATS)[round % Object.keys(FORMATS).length];
    expect(typeof readInventory(text, { format, server: "web3" }).ok).toBe("boolean");
  }
});

describe("docs/inventory.md", () => {
  const document = readFileSync(join(import.meta.dirname, "../../docs/inventory.md"), "utf8");
  const block = (language: string): string =>
    new RegExp("```" + language + "\n([^]*?)\n```").exec(document)?.[1] ?? "";

  test("names every format", () => {
    for (const kind of Object.keys(FORMATS)) expect(document).toContain(`| \`${kind}\``);
  });

  test("has examples that can be imported", () => {
    const json = good(block("json"));
    expect([json.ignored, json.odd]).toEqual([[], []]);
    expect(domainsOf(json)).toEqual([
      "C-812|zerjav.example|main|unknown|",
      "C-812|žerjav.example|parked|remote|",
    ]);
    const csv = good(block("csv"));
    expect([csv.ignored, csv.odd]).toEqual([[], []]);
    expect(domainsOf(csv)).toHaveLength(2);
  });
});
