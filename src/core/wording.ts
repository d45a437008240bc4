import { UNSTABLE } from "./health.js";
import type { IncidentState, Localized } from "./incident-view.js";
import { never } from "./never.js";

/** What a customer notices; each is a section `incident.<fault>` of `views/locales/*.json`. */
export const FAULTS = [
  "web.down",
  "web.errors",
  "web.slow",
  "web.certificate",
  "mail.down",
  "mail.sending",
  "mail.login",
  "mail.slow",
  "mail.certificate",
  "name.missing",
  "name.expiring",
  "port.down",
  "host.down",
  "sight.lost",
  "any.certificate",
  "any.expiring",
  "any.slow",
  "any.unstable",
  "any.slower",
  "any.failing",
  "any.down",
] as const;
export type Fault = (typeof FAULTS)[number];

/** Each moment of an incident that says something to customers. */
export const PHASES = [
  "investigating",
  "identified",
  "worsened",
  "widened",
  "monitoring",
  "resolved",
  "reopened",
  "unwatched",
] as const;
export type Phase = (typeof PHASES)[number];

export type PhraseValue = string | number | Date | Localized | readonly Localized[];

/** A text to be said: the first of `keys` that a language has, with what is put into it. */
export interface Phrase {
  readonly keys: readonly [string, ...string[]];
  readonly params: Readonly<Record<string, PhraseValue>>;
}

/** What a failing monitor saw, as far as words depend on it. */
export interface Sighting {
  readonly probe: string;
  readonly outcome: "degraded" | "down";
  readonly reason: string;
}

/** What the words are about. Names come in every language the configuration gives them. */
export interface Subject {
  readonly fault: Fault;
  /** Affected components, worst first; where there are none, the host or the monitor. Never empty. */
  readonly places: readonly [Localized, ...Localized[]];
  /** The host that failed as a whole, by the name customers know; else `null`. */
  readonly host: Localized | null;
  /** What is known to work meanwhile; empty where nothing is known. */
  readonly working: readonly Localized[];
  readonly since: Date;
  /** When it was over; `null` while it is not. */
  readonly until: Date | null;
  readonly nextUpdate: Date | null;
  /** When the words are said: times of another day get their date. */
  readonly now: Date;
}

/** The title and the public statement of `subject` in this phase. */
export function wordsFor(
  subject: Subject,
  phase: Phase,
): { readonly title: Phrase; readonly text: readonly Phrase[] } {
  const params = paramsOf(subject);
  const text: Phrase[] = [{ keys: keysFor(subject.fault, phase), params }];
  if (showsAffected(subject, phase)) text.push({ keys: ["incident.affected"], params });
  if (subject.working.length > 0 && phase !== "resolved" && phase !== "unwatched")
    text.push({ keys: ["incident.working"], params });
  if (subject.nextUpdate && phase !== "resolved" && phase !== "unwatched")
    text.push({ keys: ["incident.next"], params });
  return { title: titleOf(subject, params), text };
}

/** What has a headline: the incident as customers know it. */
export interface Headlined {
  readonly title: Localized;
  readonly state: IncidentState;
  readonly openedAt: Date;
  readonly resolvedAt: Date | null;
  readonly nextUpdateAt: Date | null;
}

/** One line for a message: what fails, since when, or that it is over. */
export const headline = (incident: Headlined, now: Date): Phrase => ({
  keys: [`incident.headline.${incident.state}`],
  params: headlineParams(incident, now),
});

/**
 * What customers notice of these sightings; a host that fails as a whole is called so only where
 * nothing on it could be reached. Reasons are the codes of `probes/reasons.ts`; one that is not
 * known here is told in general words.
 */
export function faultOf(cause: string, sightings: readonly Sighting[]): Fault {
  if (cause === "blindness") return "sight.lost";
  const anyDown = sightings.some(({ outcome }) => outcome === "down");
  const telling = anyDown ? sightings.filter(({ outcome }) => outcome === "down") : sightings;
  if (cause === "host" && telling.length > 0 && telling.every((one) => classOf(one) === "reach"))
    return "host.down";
  const faults = new Set(telling.map(faultOfOne));
  const [only] = faults;
  if (only && faults.size === 1) return only;
  return anyDown || telling.length === 0 ? "any.down" : "any.slow";
}

type ReasonClass = "reach" | "name" | "certificate" | "login" | "refusal" | "answer";

const REACH =
  /^(refused|reset|host-unreachable|network-unreachable|timed-out(-.*)?|closed-early|service-closing|greeting-refused|ehlo-refused|no-reply)$/;
const CERTIFICATE = /^(certificate-|tls-|starttls-)/;
const LOGIN = /^auth-/;
const REFUSAL = /^(sender-refused|recipient-refused|mailbox-refused|try-later|transaction-failed)$/;

const NAME =
  /^(name-not-found|name-unresolvable|dnssec-bogus|domain-(expired|not-registered|on-hold|pending-delete))$/;

function classOf({ reason }: Sighting): ReasonClass {
  if (NAME.test(reason)) return "name";
  if (CERTIFICATE.test(reason)) return "certificate";
  if (LOGIN.test(reason)) return "login";
  if (REFUSAL.test(reason)) return "refusal";
  return REACH.test(reason) ? "reach" : "answer";
}

function faultOfOne(sighting: Sighting): Fault {
  const area = areaOf(sighting.probe);
  const kind = classOf(sighting);
  if (sighting.reason === UNSTABLE) return "any.unstable";
  if (sighting.reason === "slower-than-usual") return "any.slower";
  if (sighting.reason === "failing-more-than-usual") return "any.failing";
  if (kind === "name") return "name.missing";
  if (sighting.reason === "certificate-expires-soon") return "any.expiring";
  if (sighting.reason === "domain-expires-soon") return "name.expiring";
  if (kind === "certificate")
    return area === "port" || area === "any" ? "any.certificate" : `${area}.certificate`;
  if (sighting.outcome === "degraded") {
    if (kind === "login") return "mail.login";
    return area === "web" || area === "mail" ? `${area}.slow` : "any.slow";
  }
  switch (area) {
    case "web":
      return kind === "reach" ? "web.down" : "web.errors";
    case "mail":
      if (kind === "login") return "mail.login";
      return kind === "reach" ? "mail.down" : "mail.sending";
    case "port":
      return "port.down";
    case "any":
      return "any.down";
    default:
      return never(area);
  }
}

const AREAS: Readonly<Record<string, "web" | "mail" | "port">> = {
  http: "web",
  smtp: "mail",
  "mail-trip": "mail",
  imap: "mail",
  pop3: "mail",
  // Who is listed cannot send.
  blocklist: "mail",
  tcp: "port",
  tls: "port",
};
const areaOf = (probe: string): "web" | "mail" | "port" | "any" => AREAS[probe] ?? "any";

/** Its own words, else those of the general fault. */
const keysFor = (fault: Fault, phase: Phase): readonly [string, string] => [
  `incident.${fault}.${phase}`,
  `incident.any.${phase}`,
];

/** "Sending mail from mail2 fails", but "E-mail sending: sending mail fails". */
function titleOf({ fault, places }: Subject, params: Phrase["params"]): Phrase {
  const title = `incident.${fault}.title`;
  const single = places.length === 1 && Object.values(places[0]).every(isMachineName);
  return { keys: single ? [title] : [`${title}Of`, title], params };
}

const isMachineName = (name: string): boolean => /^[a-z0-9][a-z0-9._-]*$/.test(name);

/** A host's failure names the host first; what customers know of it follows. */
function showsAffected({ fault, host, places }: Subject, phase: Phase): boolean {
  if (fault !== "host.down" || phase === "resolved" || phase === "unwatched") return false;
  const [first] = places;
  return host !== null && (places.length > 1 || !sameName(host, first));
}

function sameName(a: Localized, b: Localized): boolean {
  return Object.keys({ ...a, ...b }).every((language) => a[language] === b[language]);
}

function paramsOf(subject: Subject): Phrase["params"] {
  const { places, host, working, since, until, nextUpdate, now } = subject;
  return {
    place: places,
    count: places.length,
    host: host ?? places[0],
    working,
    since,
    until: until ?? now,
    next: nextUpdate ?? now,
    now,
  };
}

const headlineParams = (incident: Headlined, now: Date): Phrase["params"] => ({
  title: incident.title,
  since: incident.openedAt,
  until: incident.resolvedAt ?? now,
  now,
});
