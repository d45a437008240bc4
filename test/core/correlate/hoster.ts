import type { Earlier, Known } from "../../../src/core/correlate/verdict.js";
import { createDirectory } from "../../../src/core/directory-of.js";
import type { Account, Servers } from "../../../src/core/directory.js";
import type {
  Cue,
  Extraction,
  Mention,
  ReportText,
  Since,
  Symptom,
} from "../../../src/core/extract/extraction.js";
import type { StandingPlace } from "../../../src/core/inventory.js";

/** A small hoster: two web servers, two mail servers, two databases, a panel, one name server. */

export const NOON = Date.parse("2026-05-12T12:00:00+02:00");
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

const server = (
  id: string,
  role: string,
  behind: string,
  provides: string[],
  nth: number,
): StandingPlace => ({
  id,
  kind: "server",
  hostname: `${id}.kikoto.example`,
  addresses: [`203.0.113.${nth}`],
  role,
  provides,
  switch: behind,
  rack: null,
  location: null,
  network: null,
});
const plain = (id: string, kind: StandingPlace["kind"]): StandingPlace => ({
  id,
  kind,
  hostname: null,
  addresses: [],
  role: null,
  provides: [],
  switch: null,
  rack: null,
  location: null,
  network: null,
});

const SERVERS = [
  server("tisza", "web", "sw-a", ["http", "https", "php80", "php83", "ftp"], 11),
  server("drava", "web", "sw-b", ["http", "https", "php83", "ftp"], 12),
  server("posta1", "mail", "sw-a", ["imap", "pop3", "submission", "mailbox-store"], 21),
  server("posta2", "mail", "sw-b", ["imap", "pop3", "submission", "mailbox-store"], 22),
  server("adat1", "db", "sw-a", ["mysql"], 31),
  server("adat2", "db", "sw-b", ["mysql"], 32),
  server("pult", "panel", "sw-a", ["panel", "billing", "webmail"], 41),
  server("kapu", "mail", "sw-a", ["inbound-mx", "antispam"], 42),
  server("nev", "dns", "sw-a", ["dns"], 53),
];

const account = (
  id: string,
  domain: string,
  servers: Servers,
  more: Partial<Account> = {},
): Account => ({
  id,
  company: `${domain.split(".")[0] ?? ""} Kft.`,
  contacts: [`iroda@${domain}`],
  language: "hu",
  timezone: null,
  php: "8.3",
  domains: [
    {
      accountId: id,
      name: domain,
      ascii: domain,
      kind: "main",
      servers: {},
      mail: "local",
      suspended: false,
    },
  ],
  addresses: [],
  serviceIds: [],
  servers,
  ...more,
});

const ONE: Servers = { web: "tisza", mail: "posta1", db: "adat1" };
const TWO: Servers = { web: "drava", mail: "posta2", db: "adat2" };

const ACCOUNTS = [
  account("K-100", "hajomalom.example", ONE, { php: "8.0" }),
  account("K-101", "viragoskert.example", ONE),
  account("K-102", "kerekpanna.example", ONE),
  account("K-103", "tengerszem.example", ONE),
  account("K-200", "lampabolt.example", TWO),
  account("K-201", "meteorit.example", TWO),
  account("K-202", "szivarvany.example", TWO),
  account("K-900", "ugynokseg.example", TWO, {
    contacts: ["ugyelet@ugynokseg.example", "kozos@levelek.example"],
  }),
  account("K-901", "masik-ugynokseg.example", ONE, { contacts: ["kozos@levelek.example"] }),
];

export const DIRECTORY = createDirectory({
  timezone: "Europe/Budapest",
  provider: { name: "Kikötő", domain: "kikoto.example", supportEmail: null, publicHosts: {} },
  places: [plain("sw-a", "switch"), plain("sw-b", "switch"), ...SERVERS],
  services: SERVERS.flatMap(({ id, provides }) =>
    provides.map((kind) => ({ id: `${id}/${kind}`, server: id, kind })),
  ),
  components: [],
  dependencies: [
    { from: "kapu/inbound-mx", to: "posta1/mailbox-store", kind: "delivery", note: null },
    { from: "kapu/inbound-mx", to: "posta2/mailbox-store", kind: "delivery", note: null },
  ],
  accounts: ACCOUNTS,
});

const NOWHERE = { field: "text", from: 0, to: 4 } as const;

export const mention = (
  kind: Mention["kind"],
  value: string,
  more: Partial<Mention> = {},
): Mention => ({
  kind,
  value,
  written: value,
  role: "unknown",
  span: NOWHERE,
  aside: false,
  meant: null,
  ...more,
});

export const since = (from: number, precision: Since["precision"] = "hour"): Since => ({
  from,
  to: null,
  precision,
  workedAt: null,
  span: NOWHERE,
});

interface Told {
  readonly what?: readonly (readonly [Symptom, number])[];
  readonly names?: readonly Mention[];
  readonly cues?: readonly Cue[];
  readonly since?: Since | null;
  readonly words?: readonly string[];
}

/** What was understood of a report that tells these things. */
export const told = ({ what, names, cues, since: when, words }: Told): Extraction => ({
  language: { code: "hu", certainty: 1 },
  mentions: names ?? [],
  symptoms: (what ?? [["other", 1]]).map(([symptom, p]) => ({ symptom, p, spans: [NOWHERE] })),
  since: when ?? null,
  cues: (cues ?? []).map((cue) => ({ cue, span: NOWHERE })),
  asides: [],
  words: words ?? [],
});

export const report = (more: Partial<ReportText> = {}): ReportText => ({
  subject: null,
  text: "Nem megy.",
  receivedAt: NOON,
  channel: "email",
  from: null,
  fromName: null,
  accountId: null,
  attachments: [],
  ...more,
});

export const known = (more: Partial<Known> = {}): Known => ({
  id: "inc-1",
  what: "incident",
  kind: "mail.auth",
  places: ["posta1"],
  services: ["posta1/submission"],
  knownAt: NOON - HOUR,
  beganAt: NOON - HOUR,
  endedAt: null,
  words: ["posta1: kimenő levelezés"],
  ...more,
});

export const before = (id: string, more: Partial<Earlier> = {}): Earlier => ({
  id,
  receivedAt: NOON - HOUR,
  accountId: null,
  from: null,
  extraction: told({}),
  linkedTo: null,
  resembles: null,
  duplicateOf: null,
  suspected: null,
  ...more,
});
