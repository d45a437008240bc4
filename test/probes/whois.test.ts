import { expect, test } from "vitest";
import { dateOf, readWhois } from "../../probes/whois.js";

const registered = (more: object): object => ({
  kind: "told",
  registration: { registered: true, ...more },
});
const ABSENT = { kind: "told", registration: { registered: false } };
const day = (text: string): Date => new Date(`${text}T00:00:00Z`);

test.each<[registry: string, domain: string, answer: string, expected: object]>([
  [
    ".hu, which tells no expiry",
    "example.hu",
    "% Whois server 3.0 serving the hu ccTLD\n\ndomain:         example.hu\nrecord created: 2009-07-08 23:00:52\nTovabbi adatokert ld.:\nhttps://www.domain.hu/domain-kereses/\n",
    registered({ expires: null, statuses: [] }),
  ],
  [
    ".hu without the domain",
    "gone.hu",
    "% Whois server 3.0 serving the hu ccTLD\n\nNincs talalat / No match\n",
    ABSENT,
  ],
  [
    ".si",
    "example.si",
    "% This is ARNES whois database\n% By submitting a query you agree that the limit exceeded ...\n\ndomain:         example.si\nregistrar:      Arnes\nnameserver:     ns1.example.si\nregistrant:     G1\nstatus:         client_delete_prohibited,client_transfer_prohibited\ncreated:        2003-07-21\nexpire:         2027-07-19\nsource:         ARNES\n",
    registered({
      expires: day("2027-07-19"),
      registrar: "Arnes",
      statuses: ["client_delete_prohibited", "client_transfer_prohibited"],
    }),
  ],
  [".si without the domain", "gone.si", "% No entries found for the selected source(s).\n", ABSENT],
  [
    ".de, which tells no expiry",
    "example.de",
    "% Restricted rights.\n\nDomain: example.de\nNserver: ns1.example.de\nStatus: connect\nChanged: 2019-02-23T05:36:15+01:00\n",
    registered({ expires: null, statuses: ["connect"] }),
  ],
  [
    ".de in redemption",
    "example.de",
    "Domain: example.de\nStatus: redemptionPeriod\n",
    registered({ statuses: ["redemptionPeriod"] }),
  ],
  [
    ".de that is internationalised",
    "xn--mller-kva.de",
    "Domain: müller.de\nDomain-Ace: xn--mller-kva.de\nStatus: connect\n",
    registered({}),
  ],
  [".de without the domain", "gone.de", "Domain: gone.de\nStatus: free\n", ABSENT],
  [
    ".cz",
    "example.cz",
    "%  (c) 2006-2026 CZ.NIC\n\ndomain:       example.cz\nregistered:   01.01.2001 10:00:00\nexpire:       14.05.2027\nstatus:       Sponsoring registrar change forbidden\n",
    registered({ expires: day("2027-05-14") }),
  ],
  [
    ".cz without the domain",
    "gone.cz",
    "%ERROR:101: no entries found\n%\n% No entries found.\n",
    ABSENT,
  ],
  [
    ".pl",
    "example.pl",
    "DOMAIN NAME:           example.pl\ncreated:               2001.01.01 13:00:00\nrenewal date:          2027.01.15 14:00:00\n",
    registered({ expires: new Date("2027-01-15T14:00:00Z") }),
  ],
  [
    ".sk",
    "example.sk",
    "Domain:                       example.sk\nRegistrar:                    Some s.r.o.\nValid Until:                  2027-05-05\nEPP Status:                   ok\n",
    registered({ expires: day("2027-05-05"), statuses: ["ok"] }),
  ],
  [
    ".rs",
    "example.rs",
    "% The data in the Whois database ...\nDomain name: example.rs\nDomain status: Active\nExpiration date: 26.02.2027 00:00:00\n",
    registered({ expires: day("2027-02-26"), statuses: ["Active"] }),
  ],
  [
    "of Verisign's kind",
    "example.com",
    "   Domain Name: EXAMPLE.COM\r\n   Registry Expiry Date: 2027-08-13T04:00:00Z\r\n   Registrar Registration Expiration Date: 2026-08-13T04:00:00Z\r\n   Registrar: Best Names\r\n   Domain Status: clientHold https://icann.org/epp#clientHold\r\n   Name Server: A.EXAMPLE.COM\r\n",
    registered({
      expires: new Date("2027-08-13T04:00:00Z"),
      registrar: "Best Names",
      statuses: ["clientHold https://icann.org/epp#clientHold"],
    }),
  ],
  [
    "with dots before the colon",
    "example.fi",
    "domain.............: example.fi\nstatus.............: Registered\nexpires............: 4.7.2027 10:15:55\n",
    registered({ expires: new Date("2027-07-04T10:15:55Z") }),
  ],
  [
    "with keys in brackets",
    "example.jp",
    "[Domain Name]                   EXAMPLE.JP\n[Expires on]                    2027/05/31\n",
    registered({ expires: day("2027-05-31") }),
  ],
  ["of another domain", "example.hu", "domain: example.hu.evil\n", { kind: "failed" }],
  ["that is busy", "example.hu", "Too many requests, try again later\n", { kind: "busy" }],
  ["of nothing", "example.hu", "\r\n", { kind: "failed", why: "no answer" }],
])("whois: an answer %s", (_registry, domain, answer, expected) => {
  expect(readWhois(answer, domain)).toMatchObject(expected);
});

test.each<[written: string, expected: string | null]>([
  ["2027-05-31", "2027-05-31T00:00:00.000Z"],
  ["2027-05-31T10:00:00Z", "2027-05-31T10:00:00.000Z"],
  ["2027-05-31T10:00:00.0Z", "2027-05-31T10:00:00.000Z"],
  ["2027-05-31T10:00:00+02:00", "2027-05-31T08:00:00.000Z"],
  ["2027-05-31 10:00:00+0200", "2027-05-31T08:00:00.000Z"],
  ["2027.05.31 10:00:00", "2027-05-31T10:00:00.000Z"],
  ["2027/05/31", "2027-05-31T00:00:00.000Z"],
  ["20270531", "2027-05-31T00:00:00.000Z"],
  ["31.5.2027", "2027-05-31T00:00:00.000Z"],
  ["31-May-2027", "2027-05-31T00:00:00.000Z"],
  ["31 May 2027", "2027-05-31T00:00:00.000Z"],
  // Could be read in two ways.
  ["05/06/2027", null],
  ["31.02.2027", null],
  ["2027-13-01", null],
  ["99999999", null],
  ["0000-00-00", null],
  ["soon", null],
  ["", null],
])("whois: %j is the moment %j", (written, expected) => {
  expect(dateOf(written)?.toISOString() ?? null).toBe(expected);
});

test("whois: a hostile text is read in time linear to it", () => {
  for (const text of ["domain".padEnd(65_000, "."), "exceeded ".repeat(7_000), "a.".repeat(32_000)])
    expect(readWhois(text, "example.hu").kind).not.toBe("told");
});
