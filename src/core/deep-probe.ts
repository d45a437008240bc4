import type { Account, Directory, Domain, Place } from "./directory.js";
import type { Extraction, Symptom } from "./extract/extraction.js";

/** One look at a service of exactly one customer. */
export interface DeepLook {
  readonly service: DeepService;
  /** A probe by its kind, or `where`: whether the name leads to us. */
  readonly probe: "http" | "tls" | "smtp" | "tcp" | "where";
  readonly target: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The server whose fault it is when this fails for everybody; `null` where it may be the customer's own. */
  readonly place: string | null;
}

export const DEEP_SERVICES = ["web", "certificate", "mx", "submission", "imap", "dns"] as const;
export type DeepService = (typeof DEEP_SERVICES)[number];

/** What a look found, as it is kept with the report. */
export interface DeepFinding {
  readonly service: DeepService;
  readonly target: string;
  readonly outcome: "up" | "degraded" | "down" | "unknown";
  readonly reason: string;
  readonly ms: number;
  readonly at: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The looks and the addresses that they may reach: our own hosts and nobody else's. */
export interface DeepPlan {
  readonly accountId: string;
  readonly looks: readonly DeepLook[];
  readonly allow: readonly string[];
}

const WEB: ReadonlySet<Symptom> = new Set([
  "web.down",
  "web.slow",
  "web.error5xx",
  "web.error4xx",
  "web.content",
  "database",
  "tls",
  "dns",
]);
const MAIL: ReadonlySet<Symptom> = new Set([
  "mail.send",
  "mail.receive",
  "mail.login",
  "mail.bounce_blocklist",
  "mail.webmail",
  "dns",
]);
/** A symptom less likely than this is not looked into. */
const LEAST = 0.15;

/**
 * What to look at when a report says something that no probe shows: the web site and certificate of
 * the domain it names (else the account's first), its mail servers, and whether its name leads to us.
 * `null` where nothing of it can be looked at.
 */
export function deepPlanFor(
  account: Account,
  extraction: Extraction,
  directory: Directory,
): DeepPlan | null {
  const domain = domainMeant(account, extraction);
  const likely = extraction.symptoms.filter(({ p }) => p >= LEAST).map(({ symptom }) => symptom);
  const looks = [
    ...(domain && likely.some((one) => WEB.has(one)) ? webLooks(domain) : []),
    ...(likely.some((one) => MAIL.has(one)) ? mailLooks(account, domain, directory) : []),
    ...(domain && likely.some((one) => WEB.has(one) || MAIL.has(one))
      ? [nameLook(domain.ascii, likely.some((one) => WEB.has(one)) ? "web" : "mail")]
      : []),
  ];
  const allow = [...new Set(directory.places.flatMap(({ addresses }) => addresses))];
  return looks.length > 0 && allow.length > 0 ? { accountId: account.id, looks, allow } : null;
}

/**
 * What to look at for whoever may be anybody: the web site and certificate of the name that they give,
 * whoever's it is, and whether it leads to us. Only addresses of ours are ever asked, and nothing in
 * it depends on who our customers are. `null` without a name, or where no web site is meant.
 */
export function openLooksFor(
  { mentions, symptoms }: Extraction,
  { places }: Directory,
): Pick<DeepPlan, "looks" | "allow"> | null {
  const named = mentions.find(
    ({ kind, aside, meant }) => kind === "domain" && !aside && meant === null,
  );
  const url = `https://${named?.value ?? ""}/`;
  const ascii = named && URL.canParse(url) ? new URL(url).hostname : "";
  const allow = [...new Set(places.flatMap(({ addresses }) => addresses))];
  const web = symptoms.some(({ symptom, p }) => p >= LEAST && WEB.has(symptom));
  if (ascii === "" || !web || allow.length === 0) return null;
  return { looks: [...webLooks({ ascii }), nameLook(ascii, "web")], allow };
}

function domainMeant(account: Account, { mentions }: Extraction): Domain | null {
  const named = mentions.flatMap(({ kind, value, aside }) =>
    (kind === "domain" || kind === "mailbox") && !aside
      ? [value.slice(value.lastIndexOf("@") + 1)]
      : [],
  );
  const own = account.domains.filter(({ suspended, kind }) => !suspended && kind !== "alias");
  return (
    own.find(({ ascii, name }) => named.includes(ascii) || named.includes(name)) ?? own[0] ?? null
  );
}

const webLooks = ({ ascii }: Pick<Domain, "ascii">): DeepLook[] => [
  look("web", "http", `https://${ascii}/`, null),
  look("certificate", "tls", `${ascii}:443`, null),
];

function mailLooks(account: Account, domain: Domain | null, directory: Directory): DeepLook[] {
  const id = domain?.servers.mail ?? account.servers.mail;
  const store = id === undefined ? null : directory.place(id);
  const incoming = directory.provider.publicHosts["incoming_mx"] ?? hostOf(store, ["inbound-mx"]);
  const mx = incoming === null ? null : (directory.place(incoming)?.id ?? null);
  const box = hostOf(store, []);
  const place = store?.id ?? null;
  const greeting = { dialogue: [{ expect: "* OK" }] };
  return [
    ...(incoming ? [look("mx", "smtp", `${incoming}:25`, mx)] : []),
    ...(box
      ? [
          look("submission", "smtp", `${box}:587`, place),
          look("imap", "tcp", `${box}:143`, place, greeting),
        ]
      : []),
  ];
}

const look = (
  service: DeepService,
  probe: DeepLook["probe"],
  target: string,
  place: string | null,
  options: DeepLook["options"] = {},
): DeepLook => ({ service, probe, target, options, place });

/** The name of a server that offers one of `kinds`; any server where none is asked for. */
const hostOf = (place: Place | null, kinds: readonly string[]): string | null =>
  place && (kinds.length === 0 || kinds.some((kind) => place.provides.includes(kind)))
    ? (place.hostname ?? place.addresses[0] ?? null)
    : null;

/** Whether a name, the mail for it, or who answers for it (`dns`) leads to us. */
export const nameLook = (name: string, of: "web" | "mail" | "dns"): DeepLook =>
  look("dns", "where", name, null, { of });

/** What customers say of a service of ours that fails for all of them. */
export const SAID_OF: Readonly<Partial<Record<DeepService, Symptom>>> = {
  mx: "mail.receive",
  submission: "mail.send",
  imap: "mail.login",
};
