import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Mention } from "../../../src/core/extract/extraction.js";
import { readFields } from "../../../src/core/extract/field.js";
import { fold } from "../../../src/core/extract/fold.js";
import { readMentions } from "../../../src/core/extract/which.js";
import { accountOf, directory, report } from "./world.js";
import { ownMs } from "../../support/own-time.js";

function mentionsOf(text: string, sender: string | null = null, subject: string | null = null) {
  const account = sender === null ? null : accountOf(sender);
  const original = report(text, subject);
  return readMentions(
    readFields(original),
    { subject: subject ?? "", text },
    { directory, account },
  );
}

function values(text: string, kind: Mention["kind"], sender: string | null = null): string[] {
  return mentionsOf(text, sender)
    .filter((mention) => mention.kind === kind)
    .map(({ value }) => value);
}

test.each(["dig @web7.barnhost.eu koronaszallo.hu", "dig MX @web7.barnhost.eu koronaszallo.hu"])(
  "what %s asks is no mailbox",
  (text) => {
    expect(values(text, "mailbox")).toEqual([]);
    expect(values(text, "server")).toEqual(["web7"]);
  },
);

describe("domains", () => {
  test.each([
    ["A koronaszallo.hu nem jön be.", ["koronaszallo.hu"]],
    ["Nem jön be a https://www.koronaszallo.hu/szobak?x=1!", ["koronaszallo.hu"]],
    ["a KORONASZALLO.HU-n hiba van, a koronaszallo.hu-t sem éri el", ["koronaszallo.hu"]],
    ["koronaszallo.huról nem megy", ["koronaszallo.hu"]],
    ["koronaszallo pont hu nem megy", ["koronaszallo.hu"]],
    ["koronaszallo . hu áll", ["koronaszallo.hu"]],
    ["A Vetőmagbolt oldala üres", ["xn--vetmagbolt-14b.hu"]],
    ["koronaszallo,hu áll", ["koronaszallo.hu"]],
    ["a vetőmagbolt.hu lassú", ["xn--vetmagbolt-14b.hu"]],
    ["a vetomagbolt.hu lassu", ["xn--vetmagbolt-14b.hu"]],
    ["xn--vetmagbolt-14b.hu jelenik meg", ["xn--vetmagbolt-14b.hu"]],
    ["Stran pekarna-vidic.si ne dela, trgovina.pekarna-vidic.si tudi ne", ["pekarna-vidic.si"]],
    ["pekarna minus vidic pika si ne dela", ["pekarna-vidic.si"]],
    ["strona rozowa-pracownia kropka pl leży", ["rozowa-pracownia.pl"]],
    ["web truhlarnaulipy tečka cz nejede", ["truhlarnaulipy.cz"]],
    ["stranka zahradka bodka sk nejde", ["zahradka.sk"]],
    ["backhaus Bindestrich ott Punkt de geht nicht", ["backhaus-ott.de"]],
    ["northwick[.]example is down", ["northwick.example"]],
    ["northwick (dot) example is down", ["northwick.example"]],
    ["shop.hilltopstudio.co.uk times out", ["hilltopstudio.co.uk"]],
    ["pekarna-vidic ne dela", ["pekarna-vidic.si"]],
    ["truhlarnaulipy nejede", ["truhlarnaulipy.cz"]],
    ["my supplier at paperworld.com cannot reach us", ["paperworld.com"]],
    ["the new shop lives on intranet.local", ["intranet.local"]],
  ])("%j names %j", (text, expected) => {
    expect(values(text, "domain")).toEqual(expected);
  });

  test.each([
    "Nem megy.Miért van ez?",
    "Ne dela.Prosim pomoč.",
    "a checkout.php és az index.html hiányzik, a style.css is",
    "Node.js 20.1 és PHP 8.1.12",
    "pl. a galéria, stb.",
    "Verze 6.4.2, cena 1.250,50 Kč, v 8.30",
    "pont most állt le, pont itt",
    "da war Punkt acht Uhr Schluss",
    "wp-content/plugins/booking.core hiányzik",
    "...!!! ... @ . - @@",
    "a korona drága",
  ])("%j names no domain", (text) => {
    expect(values(text, "domain")).toEqual([]);
  });

  test("a domain one letter away from a customer's says which was probably meant", () => {
    expect(mentionsOf("koronaszalo.hu nem jön be", "KX-10482")).toMatchObject([
      { kind: "domain", value: "koronaszalo.hu", meant: "koronaszallo.hu", role: "unknown" },
    ]);
  });

  test("whose a domain is depends on who writes", () => {
    const text = "koronaszallo.hu, pekarna-vidic.si, my.barnhost.eu és paperworld.com";
    const roles = (sender: string | null) =>
      mentionsOf(text, sender).map(({ value, role }) => `${value} ${role}`);
    expect(roles("KX-10482")).toEqual([
      "koronaszallo.hu own",
      "pekarna-vidic.si other",
      "barnhost.eu provider",
      "paperworld.com remote",
    ]);
    expect(roles(null)).toContain("koronaszallo.hu unknown");
  });

  test("a domain's own label of one everyday word is no domain unless it is the sender's", () => {
    expect(values("A zahradka je zavretá", "domain")).toEqual([]);
  });
});

describe("mailboxes", () => {
  test.each([
    ["az info@koronaszallo.hu-ra nem jön levél", "info@koronaszallo.hu"],
    ["Info@KoronaSzallo.HU", "info@koronaszallo.hu"],
    ["info @ koronaszallo.hu", "info@koronaszallo.hu"],
    ["info kukac koronaszallo pont hu", "info@koronaszallo.hu"],
    ["info[kukac]koronaszallo.hu", "info@koronaszallo.hu"],
    ["recepció: foglalas kukac vetőmagbolt pont hu", "foglalas@xn--vetmagbolt-14b.hu"],
    ["narocila afna pekarna-vidic pika si", "narocila@pekarna-vidic.si"],
    ["sklep małpa rozowa-pracownia kropka pl", "sklep@rozowa-pracownia.pl"],
    ["sklep malpa rozowa myslnik pracownia kropka pl", "sklep@rozowa-pracownia.pl"],
    ["dilna zavináč truhlarnaulipy tečka cz", "dilna@truhlarnaulipy.cz"],
    ["jan podtržítko novak zavinac truhlarnaulipy tecka cz", "jan_novak@truhlarnaulipy.cz"],
    ["obchod zavináč zahradka bodka sk", "obchod@zahradka.sk"],
    ["laden Klammeraffe backhaus-ott Punkt de", "laden@backhaus-ott.de"],
    ["orders (at) northwick.example", "orders@northwick.example"],
    ["orders[at]northwick[dot]example", "orders@northwick.example"],
    ["info at northwick dot example", "info@northwick.example"],
    ["owner at northwick.example", "owner@northwick.example"],
    ["mailto:orders@northwick.example?subject=x", "orders@northwick.example"],
    ["<müller@backhaus-ott.de>", "müller@backhaus-ott.de"],
  ])("%j names %j", (text, expected) => {
    expect(values(text, "mailbox")).toEqual([expected]);
  });

  test("what arrives at a domain is no mailbox of that name", () => {
    expect(values("Nothing arrives at northwick.example today", "mailbox")).toEqual([]);
    expect(values("Nothing arrives at northwick.example today", "domain")).toEqual([
      "northwick.example",
    ]);
  });

  test("a recipient elsewhere is remote, a password in a URL is no mailbox", () => {
    expect(mentionsOf("to jane@paperworld.com")).toMatchObject([
      { kind: "mailbox", value: "jane@paperworld.com", role: "remote" },
    ]);
    expect(values("ftp://user:secret@koronaszallo.hu/web", "mailbox")).toEqual([]);
  });
});

describe("servers and addresses", () => {
  test.each([
    ["a web7 túlterhelt", ["web7"]],
    ["minden web7-es ügyfelünknél", ["web7"]],
    ["a web7-en és a mail3-on is", ["web7", "mail3"]],
    ["web7.barnhost.eu nie odpowiada", ["web7"]],
    ["MAIL3:587 refuses", ["mail3"]],
    ["Can't connect on 'mail3' (111)", ["mail3"]],
    ["a web 7 szerver áll", ["web7"]],
    ["strežnik Drava ne odgovarja", ["drava"]],
    ["na strežniku Dravi", ["drava"]],
    ["drava.barnhost.eu ne odgovarja", ["drava"]],
    ["ping drava: no answer", ["drava"]],
    ["drava:587 refuses", ["drava"]],
    ["sw-a2 switch is dead", ["sw-a2"]],
    ["web 7 napja nem megy", []],
    ["Pri nas ob Dravi dežuje, Drava je visoka", []],
    ["web9 does not exist", []],
  ])("in %j the servers are %j", (text, expected) => {
    expect(values(text, "server")).toEqual(expected);
  });

  test.each([
    ["ping 192.0.2.70 elhal", ["192.0.2.70"]],
    ["[192.0.2.30]:25", ["192.0.2.30"]],
    ["traceroute to 2001:DB8:7:0::70 dies", ["2001:db8:7::70"]],
    ["10:20:30-kor, 8.1.2-es verzió, 300.1.2.3", []],
    ["MAC 00:1a:2b:3c:4d:5e", []],
    ["std::vector", []],
  ])("in %j the IP addresses are %j", (text, expected) => {
    expect(values(text, "ip")).toEqual(expected);
  });

  test("an address is the provider's, the sender's own or somebody's outside", () => {
    const text = "192.0.2.70 198.51.100.77 203.0.113.5";
    expect(mentionsOf(text, "KX-10482").map(({ role }) => role)).toEqual([
      "provider",
      "own",
      "remote",
    ]);
  });
});

describe("account numbers", () => {
  test.each([
    ["ügyfélszám: KX-10482", ["kx-10482"]],
    ["kx 10482", ["kx-10482"]],
    ["KX10482", ["kx-10482"]],
    ["#KX_10482.", ["kx-10482"]],
    ["KX-99999", []],
    ["tel. 10 482, irsz. 1048", []],
  ])("in %j the accounts are %j", (text, expected) => {
    expect(values(text, "account")).toEqual(expected);
  });

  test("a number of the sender's kind that nobody has is told as it stands", () => {
    expect(mentionsOf("KX 10499", "KX-10482")).toMatchObject([
      { kind: "account", value: "kx-10499", role: "unknown" },
    ]);
  });
});

describe("companies", () => {
  test("a customer's company called by name is found with its passage", () => {
    const text = "Telefonált a Korona Szálló portása, nem megy a wifi.";
    const [mention] = mentionsOf(text);
    expect(mention).toMatchObject({ kind: "company", value: "kx-10482", role: "unknown" });
    expect(text.slice(mention?.span.from, mention?.span.to)).toBe("Korona Szálló");
  });

  test("everyday words that a company's name has too name nobody", () => {
    expect(values("a korona szálló por", "company")).toEqual(["kx-10482"]);
    expect(values("Egy korona és egy szoba", "company")).toEqual([]);
  });
});

describe("what is named aside", () => {
  const asideOf = (text: string, value: string, sender: string | null = null) =>
    mentionsOf(text, sender).find(({ value: named, kind }) => named === value && kind !== "company")
      ?.aside;

  test.each([
    ["nem koronaszalo.hu hanem koronaszallo.hu", "koronaszalo.hu"],
    ["ne mail3 ampak web7", "mail3"],
    ["nie mail3, tylko web7", "mail3"],
    ["ne mail3, ale web7", "mail3"],
    ["nicht mail3, sondern web7", "mail3"],
    ["not mail3 but web7", "mail3"],
    ["mail3, sorry, I meant web7", "mail3"],
    ["mail3 – elírtam, web7", "mail3"],
  ])("in %j %s is a slip put right", (text, slip) => {
    expect(asideOf(text, slip)).toBe(true);
    expect(mentionsOf(text).some(({ aside }) => !aside)).toBe(true);
  });

  test("names in a signature and in a quotation are asides, an account number in a signature is not", () => {
    const text =
      "Nem megy a levelezés.\n\n-- \nKorona Szálló | info@koronaszallo.hu | KX-10482\n\n> a mail3 hibája: 535";
    expect(asideOf(text, "info@koronaszallo.hu")).toBe(true);
    expect(asideOf(text, "kx-10482")).toBe(false);
    expect(asideOf(text, "mail3")).toBe(true);
    expect(asideOf(text, "535")).toBe(true);
  });

  test("the codes and hosts of a pasted bounce count", () => {
    const text =
      "Ez jött vissza:\n\n<jane@paperworld.com>: host mx.paperworld.com[203.0.113.9] said: 550 5.7.1 rejected";
    expect(asideOf(text, "550")).toBe(false);
    expect(asideOf(text, "5.7.1")).toBe(false);
    expect(asideOf(text, "jane@paperworld.com")).toBe(false);
  });

  test("what is named in own words too is no aside", () => {
    expect(asideOf("web7 is down\n\n> web7 was fine", "web7")).toBe(false);
  });
});

describe("any text", () => {
  test("each passage lies in its field and its original is what was found", () => {
    const pieces = fc.constantFrom(
      "Nem megy a ",
      "info@koronaszallo.hu",
      " kukac ",
      "vetőmagbolt.hu",
      "pekarna-vidic pika si",
      "😀",
      "web7-es",
      " 192.0.2.70 ",
      "KX 10482",
      " 550 5.7.1 ",
      "\n> ",
      "\n-- \n",
      "\u200B",
      "ß",
      "https://",
      "@",
      ".",
      "é",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
        const text = parts.join("");
        const mentions = mentionsOf(text);
        const outside = mentions.filter(
          ({ span: { from, to } }) => from < 0 || to > text.length || from >= to,
        );
        expect(outside).toEqual([]);
        const plain = (said: string) => fold(said).text.replaceAll(" ", "");
        const other = mentions.filter(({ span, kind, value, written }) => {
          const slice = plain(text.slice(span.from, span.to));
          if (kind === "code" || kind === "ip") return !slice.includes(value);
          return kind === "server" && slice !== plain(written);
        });
        expect(other).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["at signs", "@".repeat(20_000)],
    ["pairs with at signs", "a@".repeat(10_000)],
    ["dots", "a.".repeat(10_000)],
    ["hyphens", "a-".repeat(10_000)],
    ["brackets", "[(".repeat(5_000) + ")]".repeat(5_000)],
    ["spelled signs", "a kukac b pont ".repeat(1_300)],
    ["digits", "5".repeat(20_000)],
    ["codes", "550 5.7.1 ".repeat(2_000)],
    ["numbered words", "web 7 ".repeat(3_300)],
    ["URLs", "http://".repeat(2_800)],
    ["marks", "e\u0301".repeat(10_000)],
  ])("twenty thousand characters of %s are read in no time", (_name, text) => {
    const began = ownMs();
    expect(mentionsOf(text, null, text.slice(0, 300)).length).toBeLessThanOrEqual(100);
    expect(ownMs() - began).toBeLessThan(1_500);
  });
});
