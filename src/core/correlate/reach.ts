import type { Account, Directory, Domain, Use } from "../directory.js";
import { SYMPTOMS, type Symptom } from "../extract/extraction.js";
import { either, fitOfKind, fitOfService, narrowed, type Fit } from "./compat.js";
import type { Known } from "./verdict.js";
import { fitOfWords } from "./words-fit.js";

/** What an incident or maintenance does to whom, by the inventory. */
export interface Reach {
  readonly fit: Fit;
  /** Servers, switches and racks hit themselves. */
  readonly places: ReadonlySet<string>;
  /** Places and services hit themselves. */
  readonly direct: ReadonlySet<string>;
  /** They, and whatever leans on them. */
  readonly touched: ReadonlySet<string>;
  /** Nobody told where it is. */
  readonly nowhere: boolean;
}

/** What a symptom may come from, of what an account has for itself. */
const CARRIERS: Readonly<Record<Symptom, readonly Use[]>> = {
  "web.down": ["web", "db", "dns"],
  "web.slow": ["web", "db"],
  "web.error5xx": ["web", "db"],
  "web.error4xx": ["web"],
  "web.content": ["web", "db"],
  tls: ["web", "mail"],
  dns: ["dns"],
  "mail.send": ["mail", "web"],
  "mail.receive": ["mail"],
  "mail.login": ["mail"],
  "mail.bounce_blocklist": ["mail", "web"],
  "mail.spam": ["mail"],
  "mail.webmail": ["mail"],
  ftp: ["web"],
  database: ["db", "web"],
  "panel.login": [],
  backup: [],
  domain: ["dns"],
  billing: [],
  howto: [],
  feedback: [],
  other: ["web", "mail", "db"],
};

const reaches = new WeakMap<Directory, WeakMap<Known, Reach>>();

/** `reachOf` of one known is worked out once a directory. */
export function reachOf(known: Known, directory: Directory): Reach {
  let ofDirectory = reaches.get(directory);
  if (!ofDirectory) reaches.set(directory, (ofDirectory = new WeakMap()));
  let reach = ofDirectory.get(known);
  if (!reach) ofDirectory.set(known, (reach = workOut(known, directory)));
  return reach;
}

function workOut(known: Known, directory: Directory): Reach {
  const places = new Set<string>();
  const direct = new Set<string>(known.services);
  const touched = new Set<string>();
  const touch = (id: string): void => {
    for (const hit of directory.downstream(id)) touched.add(hit);
    touched.add(id);
  };
  const told = new Set(known.services.map(serverOf));
  for (const id of known.services) touch(id);
  for (const id of known.places) {
    places.add(id);
    const place = directory.place(id);
    // Where it is told which services fail, the others on that server do not.
    if (told.has(id) && (place === null || place.kind === "server")) continue;
    touch(id);
    direct.add(id);
    const isServer = place === null || place.kind === "server";
    for (const hit of directory.downstream(id)) {
      const at = directory.place(serverOf(hit));
      // What a switch carries is hit as it is; what leans on a server's services is not.
      if (isServer && serverOf(hit) !== id) continue;
      if (!isServer && at?.kind === "server" && !directory.downstream(id).has(at.id)) continue;
      direct.add(hit);
      if (at?.id === hit) places.add(hit);
    }
  }
  return {
    fit: fitOf(known, { places, direct, touched }, directory),
    places,
    direct,
    touched,
    nowhere: known.places.length === 0 && known.services.length === 0,
  };
}

/** The kind says most; of a kind that hits everything, only what is hit counts; of an unknown one, its services. */
function fitOf(
  known: Known,
  { places, direct, touched }: Pick<Reach, "places" | "direct" | "touched">,
  directory: Directory,
): Fit {
  const row = fitOfKind(known.kind);
  const ofKinds = (ids: Iterable<string>): Fit =>
    [...ids]
      .flatMap((id) => kindsAt(id, directory))
      .map(fitOfService)
      .reduce((sum, fit) => either(sum, fit), {});
  const named = ofKinds(known.services.length > 0 ? known.services : places);
  const all = either(ofKinds(direct), ofKinds([...touched].filter((id) => id.includes("/"))), 0.5);
  const told = Object.keys(all).length > 0;
  if (!row) {
    const said = fitOfWords(known.words);
    if (Object.keys(said).length === 0) return told ? all : ANYTHING;
    return told ? either(narrowed(all, either(said, SOME)), said, 0.3) : said;
  }
  if (row.whole) return told ? narrowed(row.fit, all) : row.fit;
  return either(either(row.fit, named, 0.5), all, 0.25);
}

/** What words leave out is still half as likely. */
const SOME: Fit = Object.fromEntries(SYMPTOMS.map((symptom) => [symptom, 1 / 3]));
const ANYTHING: Fit = Object.fromEntries(SYMPTOMS.map((symptom) => [symptom, 0.3]));

export const serverOf = (id: string): string => {
  const end = id.indexOf("/");
  return end < 0 ? id : id.slice(0, end);
};
const kindOf = (id: string): string => id.slice(id.indexOf("/") + 1);

/** How an account is touched by an incident, by what its services stand on. */
export interface Touch {
  /** The account's own servers that are hit, by use. */
  readonly own: ReadonlyMap<Use, string>;
  /** What customers share and is hit itself: service or server. */
  readonly shared: readonly string[];
  /** What customers share and leans on something that is hit. */
  readonly leaning: readonly string[];
  /** One of its servers has the incident, in a service that the account has no use for. */
  readonly neighbour: string | null;
}

const touches = new WeakMap<Reach, WeakMap<Account | Domain, Touch>>();

/** How `reach` touches an account, or one domain of it; worked out once for each. */
export function touchOf(
  account: Account,
  domain: Domain | null,
  reach: Reach,
  directory: Directory,
): Touch {
  let ofReach = touches.get(reach);
  if (!ofReach) touches.set(reach, (ofReach = new WeakMap()));
  const whose = domain ?? account;
  let touch = ofReach.get(whose);
  if (!touch) ofReach.set(whose, (touch = workOutTouch(account, domain, reach, directory)));
  return touch;
}

function workOutTouch(
  account: Account,
  domain: Domain | null,
  reach: Reach,
  directory: Directory,
): Touch {
  const footings = directory.livesOn(account, domain ?? undefined);
  const detailed = new Set(footings.flatMap(({ id }) => (id.includes("/") ? [serverOf(id)] : [])));
  const own = new Map<Use, string>();
  const shared: string[] = [];
  const leaning: string[] = [];
  let neighbour: string | null = null;
  for (const { use, id } of footings) {
    const server = serverOf(id);
    const isServer = id === server;
    const hit = reach.touched.has(id) || (isServer && reach.places.has(id) && !detailed.has(id));
    if (use !== "shared") {
      if (hit && !own.has(use)) own.set(use, server);
      else if (!hit && isServer && reach.places.has(id)) neighbour = id;
    } else if (hit) (reach.direct.has(id) ? shared : leaning).push(id);
  }
  return { own, shared, leaning, neighbour };
}

/** Whether what carries this symptom for the account is among what is hit of its own. */
export const isCarriedBy = (symptom: Symptom, hit: ReadonlyMap<Use, string>): boolean =>
  CARRIERS[symptom].some((use) => hit.has(use));

/** Whether one of these shared services or servers shows as this symptom when it fails. */
export const isSharedBy = (
  symptom: Symptom,
  shared: readonly string[],
  directory: Directory,
): boolean =>
  shared.some((id) =>
    kindsAt(id, directory).some((kind) => (fitOfService(kind)[symptom] ?? 0) >= LEAST_CARRIED),
  );
const LEAST_CARRIED = 0.15;

const kindsAt = (id: string, directory: Directory): readonly string[] =>
  id.includes("/") ? [kindOf(id)] : (directory.place(id)?.provides ?? []);

/** Uses that a symptom may come from. */
export const carriersOf = (symptom: Symptom): readonly Use[] => CARRIERS[symptom];
