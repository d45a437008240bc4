import { createDirectory } from "../../../src/core/directory-of.js";
import type { Account, Directory } from "../../../src/core/directory.js";
import type { ReportText } from "../../../src/core/extract/extraction.js";
import type { StandingPlace } from "../../../src/core/inventory.js";

const ascii = (name: string): string => new URL(`http://${name}`).hostname;

function account(id: string, company: string, language: string, ...names: string[]): Account {
  return {
    id,
    company,
    contacts: [`owner@${names[0] ?? "nobody.test"}`],
    language,
    timezone: null,
    php: null,
    domains: names.map((name) => ({
      accountId: id,
      name,
      ascii: ascii(name),
      kind: "main",
      servers: {},
      mail: "local",
      suspended: false,
    })),
    addresses: id === "KX-10482" ? ["198.51.100.77"] : [],
    serviceIds: [],
    servers: { web: "web7", mail: "mail3" },
  };
}

function place(id: string, kind: StandingPlace["kind"], ...addresses: string[]): StandingPlace {
  return {
    id,
    kind,
    hostname: kind === "server" ? `${id}.barnhost.eu` : null,
    addresses,
    role: null,
    provides: [],
    switch: null,
    rack: null,
    location: null,
    network: null,
  };
}

/** A hoster of our own making, with customers in seven languages. */
export const directory: Directory = createDirectory({
  timezone: "Europe/Budapest",
  provider: {
    name: "Barnhost",
    domain: "barnhost.eu",
    supportEmail: "help@barnhost.eu",
    publicHosts: { webmail: "posta.barnhost.eu", panel: "my.barnhost.eu" },
  },
  places: [
    place("web7", "server", "192.0.2.70", "2001:db8:7::70"),
    place("mail3", "server", "192.0.2.30"),
    place("drava", "server", "192.0.2.90"),
    place("sw-a2", "switch"),
  ],
  services: [],
  components: [],
  dependencies: [],
  accounts: [
    account("KX-10482", "Korona Szálló Kft.", "hu", "koronaszallo.hu", "vetőmagbolt.hu"),
    account("KX-10519", "Pekarna Vidic d.o.o.", "sl", "pekarna-vidic.si"),
    account("KX-20077", "Różowa Pracownia", "pl", "rozowa-pracownia.pl"),
    account("KX-20114", "Truhlárna U Lípy s.r.o.", "cs", "truhlarnaulipy.cz"),
    account("KX-30001", "Záhradka pod Tatrami", "sk", "zahradka.sk"),
    account("KX-30455", "Bäckerei Ott", "de", "backhaus-ott.de"),
    account("KX-40210", "Northwick Prints", "en", "northwick.example", "hilltopstudio.co.uk"),
  ],
});

export function accountOf(id: string): Account {
  const found = directory.account(id);
  if (!found) throw new Error(`no account ${id}`);
  return found;
}

export function report(text: string, subject: string | null = null): ReportText {
  return {
    subject,
    text,
    receivedAt: Date.UTC(2026, 4, 12, 9, 30),
    channel: "email",
    from: null,
    fromName: null,
    accountId: null,
    attachments: [],
  };
}
