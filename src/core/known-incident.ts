import type { Directory, Place } from "./directory.js";
import type { Known } from "./correlate/verdict.js";

/** An incident or planned work as the store knows it, before the inventory says what it means for customers. */
export interface KnownIncident {
  readonly id: string;
  readonly what: Known["what"];
  /** `core/wording.ts`; of planned work `maintenance`. */
  readonly fault: string;
  readonly hosts: readonly {
    readonly id: string;
    readonly name: string;
    readonly addresses: readonly string[];
  }[];
  /** What looks at what fails. */
  readonly monitors: readonly { readonly probe: string; readonly target: string }[];
  /** Of planned work its planned begin. */
  readonly openedAt: number;
  readonly knownAt: number;
  /** Of planned work its end, planned or real. */
  readonly resolvedAt: number | null;
  /** Title and statements, public and internal, of every language. */
  readonly words: readonly string[];
}

/** What an incident of ours is in the inventory's terms: its servers by id, name or address, and the services looked at. */
export function knownOf(incident: KnownIncident, directory: Directory): Known {
  const named = incident.hosts.flatMap((host) => placeOf(host, directory) ?? []);
  const looked = incident.monitors.flatMap(({ target }) => placeOfTarget(target, directory) ?? []);
  const places = named.length > 0 ? named : looked;
  // Who works on a server works on all of it.
  const watched = incident.what === "maintenance" && named.length > 0 ? [] : incident.monitors;
  const services = watched.flatMap(({ probe, target }) => {
    const kinds = servicesLookedAt(probe, target);
    const at = placeOfTarget(target, directory);
    const on = at && at.kind === "server" ? [at] : places.filter(({ kind }) => kind === "server");
    return on.flatMap(({ id, provides }) =>
      kinds
        .filter((kind) => provides.length === 0 || provides.includes(kind))
        .map((kind) => `${id}/${kind}`),
    );
  });
  return {
    id: incident.id,
    what: incident.what,
    kind: incident.fault,
    places: [...new Set(places.map(({ id }) => id))],
    services: [...new Set(services)],
    knownAt: incident.knownAt,
    beganAt: incident.openedAt,
    endedAt: incident.resolvedAt,
    words: incident.words,
  };
}

function placeOf(host: KnownIncident["hosts"][number], directory: Directory): Place | null {
  const named = directory.place(host.id) ?? directory.place(host.name);
  if (named) return named;
  for (const address of host.addresses) {
    const found = directory.placeAt(address);
    if (found) return found;
  }
  return null;
}

/** `https://web3.example.hu/health`, `mail.example.hu:587` or `[2001:db8::1]:25`. */
function placeOfTarget(target: string, directory: Directory): Place | null {
  const { host } = partsOf(target);
  return host === "" ? null : (directory.place(host) ?? directory.placeAt(host));
}

function partsOf(target: string): { readonly host: string; readonly port: string } {
  const [, inUrl = target] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?([^/?#]*)/i.exec(target) ?? [];
  const [, six, four = "", port = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(inUrl) ?? [];
  return { host: (six ?? four).toLowerCase(), port };
}

/** By probe, else by the port that is usual for it. */
function servicesLookedAt(probe: string, target: string): readonly string[] {
  const { port } = partsOf(target);
  if (probe === "http") return ["http", "https"];
  if (probe === "smtp" && port === "") return ["inbound-mx", "smtp"];
  return BY_PORT[port] ?? BY_PROBE[probe] ?? [];
}

const BY_PORT: Readonly<Record<string, readonly string[]>> = {
  "21": ["ftp"],
  "25": ["inbound-mx", "smtp"],
  "53": ["dns"],
  "80": ["http"],
  "110": ["pop3"],
  "143": ["imap"],
  "443": ["https"],
  "465": ["submission"],
  "587": ["submission"],
  "993": ["imap"],
  "995": ["pop3"],
  "2083": ["panel"],
  "2087": ["panel"],
  "2222": ["panel"],
  "3306": ["mysql"],
  "5432": ["postgresql"],
  "8443": ["panel"],
};
const BY_PROBE: Readonly<Record<string, readonly string[]>> = {
  dns: ["dns"],
  ftp: ["ftp"],
  imap: ["imap"],
  mysql: ["mysql"],
  pop3: ["pop3"],
  postgres: ["postgresql"],
};
