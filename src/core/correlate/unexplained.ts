import type { Account, Directory, Place, Use } from "../directory.js";
import type { Cue, Symptom } from "../extract/extraction.js";
import { carriersOf, reachOf, serverOf, touchOf } from "./reach.js";
import { faultMass } from "./symptoms.js";
import type { Earlier, Known } from "./verdict.js";

/** A cause of their own. "Only on my telephone" is none: that is how faults begin that no probe sees. */
const OWN_CAUSES: readonly Cue[] = [
  "own-change",
  "domain-expired",
  "quota-full",
  "user-unknown",
  "third-party",
];
/** Whether a report says that something is wrong which nothing explains. */
export function isUnexplained({ extraction, linkedTo }: Earlier): boolean {
  if (linkedTo !== null || faultMass(extraction) < 0.5) return false;
  const cues = new Set(extraction.cues.map(({ cue }) => cue));
  if (cues.has("compensation") || cues.has("billing")) return false;
  return !OWN_CAUSES.some((cue) => cues.has(cue));
}

// ── where ────────────────────────────────────────────────────────────────────────────────────

/** An account's servers by use, and the switches they hang on. */
export type Ground = readonly { readonly use: Use; readonly places: readonly string[] }[];

const grounds = new WeakMap<Account, Ground>();

export function groundOf({ accountId }: Earlier, directory: Directory): Ground {
  const account = accountId === null ? null : directory.account(accountId);
  if (!account) return [];
  let ground = grounds.get(account);
  if (!ground) grounds.set(account, (ground = groundUnder(account, directory)));
  return ground;
}

function groundUnder(account: Account, directory: Directory): Ground {
  return directory.livesOn(account).flatMap(({ use, id }) => {
    if (use === "shared" || id.includes("/")) return [];
    const above = [...directory.upstream(id)].filter(
      (each) => each !== id && directory.place(each)?.kind === "switch",
    );
    return [{ use, places: [id, ...above] }];
  });
}

/** Servers that carry one of the symptoms for the account, and the switches they hang on. */
export function placesIn(
  ground: Ground | undefined,
  symptoms: readonly Symptom[],
): ReadonlySet<string> {
  const uses = new Set(symptoms.flatMap(carriersOf));
  return new Set(ground?.flatMap(({ use, places }) => (uses.has(use) ? places : [])));
}

export const placesOf = (
  one: Earlier,
  symptoms: readonly Symptom[],
  directory: Directory,
): ReadonlySet<string> => placesIn(groundOf(one, directory), symptoms);

const shares = new WeakMap<Directory, Map<string, number>>();

/** Where nothing is counted: as if accounts were spread evenly over servers of one role. */
export function shareOf(place: string | null, directory: Directory): number {
  if (place === null) return 1;
  let ofDirectory = shares.get(directory);
  if (!ofDirectory) shares.set(directory, (ofDirectory = new Map()));
  let share = ofDirectory.get(place);
  if (share === undefined) ofDirectory.set(place, (share = shareAmong(place, directory)));
  return share;
}

function shareAmong(place: string, directory: Directory): number {
  const at = directory.place(place);
  if (!at) return 1;
  if (at.kind === "server") {
    const alike = directory.places.filter((other) => areAlike(at, other));
    return Math.min(1, 1.5 / Math.max(1, alike.length));
  }
  let none = 1;
  for (const id of directory.downstream(at.id)) {
    const below = directory.place(id);
    if (below?.id === id && below.kind === "server") none *= 1 - shareOf(id, directory);
  }
  return 1 - none;
}

/** Of one role and doing about the same: a gateway is no second mailbox server. */
function areAlike(one: Place, other: Place): boolean {
  if (one.kind !== other.kind || one.role !== other.role) return false;
  const common = one.provides.filter((kind) => other.provides.includes(kind)).length;
  return common * 2 >= Math.max(one.provides.length, 1) || one.provides.length === 0;
}

// ── what known incidents explain ────────────────────────────────────────────────────────────

/** It explains nothing of what is told an hour after its end. */
const AFTER_MS = 3_600_000;

/** What is known under this id, if it went on when the report came. */
function knownThen(
  { receivedAt }: Earlier,
  id: string | null,
  knowns: ReadonlyMap<string, Known>,
): Known | null {
  const known = id === null ? undefined : knowns.get(id);
  if (!known || (known.endedAt !== null && receivedAt > known.endedAt + AFTER_MS)) return null;
  return known;
}

/** What a known incident that it resembles would explain, were the place within its reach. */
export function isExplained(
  one: Earlier,
  place: string | null,
  knowns: ReadonlyMap<string, Known>,
  directory: Directory,
): boolean {
  const known = knownThen(one, one.resembles, knowns);
  if (!known) return false;
  const reach = reachOf(known, directory);
  if (place === null || reach.nowhere || reaches(reach.direct, reach.places, place)) return true;
  for (const below of directory.downstream(place))
    if (reaches(reach.direct, reach.places, below)) return true;
  return false;
}

export const accountsOf = (reports: readonly Earlier[]): number =>
  new Set(reports.map((one) => one.accountId ?? one.from ?? one.id)).size;

export interface Surroundings {
  readonly earlier: readonly Earlier[];
  readonly open: ReadonlyMap<string, Known>;
  readonly directory: Directory;
}

/**
 * The reports that count for a place: without those whom a known incident elsewhere hits, unless
 * it would be a wonder that so many of them stand at this place.
 */
export function withoutExplained(
  place: string | null,
  reports: readonly Earlier[],
  { earlier, open, directory }: Surroundings,
): readonly Earlier[] {
  const hit = reports.filter((one) => isHit(one, one.resembles, open, directory));
  const known = hit.at(-1)?.resembles ?? null;
  if (hit.length === 0) return reports;
  const rest = reports.filter((one) => !hit.includes(one));
  if (place === null) return rest;
  const who = new Set(hit.map(({ accountId }) => accountId));
  const others = new Map<string, boolean>();
  for (const one of earlier) {
    const { accountId } = one;
    if (accountId === null || who.has(accountId) || others.has(accountId)) continue;
    if (isHit(one, known, open, directory))
      others.set(
        accountId,
        groundOf(one, directory).some(({ places }) => places.includes(place)),
      );
  }
  const there = [...others.values()].filter(Boolean).length;
  const share = (shareOf(place, directory) * WORTH + there) / (WORTH + others.size);
  return share ** accountsOf(hit) >= NO_WONDER ? rest : reports;
}
const WORTH = 4;
const NO_WONDER = 0.05;

/** Whether that incident hits the report's account. */
function isHit(
  one: Earlier,
  id: string | null,
  knowns: ReadonlyMap<string, Known>,
  directory: Directory,
): boolean {
  const known = knownThen(one, id, knowns);
  const account = one.accountId === null ? null : directory.account(one.accountId);
  if (!known || !account) return false;
  const { own, shared } = touchOf(account, null, reachOf(known, directory), directory);
  return own.size > 0 || shared.length > 0;
}

export function reaches(
  touched: ReadonlySet<string>,
  places: ReadonlySet<string>,
  place: string,
): boolean {
  if (places.has(place) || touched.has(place)) return true;
  for (const id of touched) if (serverOf(id) === place) return true;
  return false;
}

export const massOf = ({ extraction }: Earlier, symptoms: readonly Symptom[]): number =>
  extraction.symptoms.reduce(
    (sum, { symptom, p }) => sum + (symptoms.includes(symptom) ? p : 0),
    0,
  );
