import type { Directory, Use } from "../directory.js";
import type { Symptom } from "../extract/extraction.js";
import { chanceOf, COUNTED, expected, type Baseline, type Counted } from "./baseline.js";
import { INDIVIDUAL } from "./evidence.js";
import { carriersOf, reachOf, serverOf, touchOf } from "./reach.js";
import { FAMILIES, faultMass, likeness } from "./symptoms.js";
import type { Earlier, Known, Suspicion } from "./verdict.js";

/** A suspicion that has been raised and is kept, with the same id as reports join it. */
export interface Standing {
  readonly id: string;
  readonly suspicion: Suspicion;
  readonly lastAt: number;
}

const HOUR = 3_600_000;
const WINDOWS = [HOUR, 4 * HOUR, 8 * HOUR] as const;
const WEEK = 168 * HOUR;
/** False alarms a week that are bearable. */
const BUDGET = 1;
const QUIET = 24 * HOUR;
/** How much of what is meant has to be the symptom. */
const LEAST_MASS = 0.4;
const OWN_CAUSE = 0.8;
const LEAST = { placed: 3, rare: 2, anywhere: 4 } as const;
/** How much less usual reports are that share two rare words. */
const RARE = 0.05;
const RARE_WORDS = 2;
const MOST_WORDS = 6;

/** What reports are counted under: one symptom, or those that one fault shows as. */
interface Group {
  readonly symptom: Symptom;
  readonly symptoms: readonly Symptom[];
}

const GROUPS: readonly Group[] = [
  ...COUNTED.map((symptom) => ({ symptom, symptoms: [symptom] })),
  ...Object.values(FAMILIES).flatMap((symptoms) =>
    symptoms[0] ? [{ symptom: symptoms[0], symptoms }] : [],
  ),
];

/** Whether a report says that something is wrong which nothing explains. */
export function isUnexplained({ extraction, linkedTo }: Earlier): boolean {
  if (linkedTo !== null || faultMass(extraction) < 0.5) return false;
  const cues = new Set(extraction.cues.map(({ cue }) => cue));
  if (cues.has("compensation") || cues.has("asks-about") || cues.has("billing")) return false;
  let own = 0;
  for (const cue of cues) own += INDIVIDUAL[cue] ?? 0;
  return own < OWN_CAUSE;
}

/** As the baseline counts it; `null` for what it does not count. */
export function countedAs(one: Earlier, directory: Directory): Counted | null {
  const top = one.extraction.symptoms.find(({ symptom }) => COUNTED.includes(symptom));
  if (!isUnexplained(one) || one.duplicateOf !== null || !top) return null;
  return {
    at: one.receivedAt,
    symptom: top.symptom,
    places: [...placesOf(one, [top.symptom], directory)],
  };
}

/**
 * Keys – a server or what it hangs on, and a symptom – from which improbably many accounts have
 * reported something unexplained lately: likeliest first, none that mostly repeats another.
 * `knowns` explain what they reach.
 */
export function suspicionsAmong(
  earlier: readonly Earlier[],
  baseline: Baseline,
  directory: Directory,
  now: number,
  knowns: readonly Known[] = [],
): readonly Suspicion[] {
  const open = new Map(knowns.map((known) => [known.id, known]));
  const recent = earlier.filter(
    (one) => one.receivedAt <= now && now - one.receivedAt <= QUIET && isUnexplained(one),
  );
  const found: { readonly suspicion: Suspicion; readonly chance: number }[] = [];
  const looks = numberOfKeys(directory);
  const rarity = wordCounts(earlier);
  const grounds = new Map(recent.map((one) => [one.id, groundOf(one, directory)]));
  for (const group of GROUPS) {
    const told = recent.filter((one) => massOf(one, group.symptoms) >= LEAST_MASS);
    if (told.length < LEAST.rare) continue;
    const byPlace = new Map<string | null, Earlier[]>([[null, []]]);
    for (const one of told) {
      if (!isExplained(one, null, open, directory)) byPlace.get(null)?.push(one);
      for (const place of placesIn(grounds.get(one.id), group.symptoms)) {
        if (isExplained(one, place, open, directory)) continue;
        const before = byPlace.get(place);
        if (before) before.push(one);
        else byPlace.set(place, [one]);
      }
    }
    for (const [place, reports] of byPlace)
      for (const windowMs of WINDOWS) {
        const members = reports.filter(({ receivedAt }) => now - receivedAt < windowMs);
        const accounts = new Set(members.map((one) => one.accountId ?? one.from ?? one.id)).size;
        if (accounts < LEAST.rare || members.every((one) => isHit(one, open, directory))) continue;
        const usual = expected(
          baseline,
          { place, symptoms: group.symptoms, usualShare: shareOf(place, directory) },
          now - windowMs,
          now,
        );
        const words = commonWords(members, rarity);
        const isRare = words.length >= RARE_WORDS || members.some(isExpert);
        const least = place === null ? LEAST.anywhere : isRare ? LEAST.rare : LEAST.placed;
        if (accounts < least) continue;
        const mean = accounts < LEAST.placed ? usual * RARE : usual;
        const chance = chanceOf(accounts, mean) * looks * (WEEK / windowMs);
        if (chance >= BUDGET) continue;
        found.push({
          chance,
          suspicion: {
            key: { place, symptom: mostTold(members, group) },
            members: members.map(({ id }) => id),
            accounts,
            expected: usual,
            windowMs,
            words,
          },
        });
      }
  }
  return distinct(found.sort((a, b) => a.chance - b.chance).map(({ suspicion }) => suspicion));
}

export interface Around {
  /** The reports of the last days, the one in question among them. */
  readonly earlier: readonly Earlier[];
  readonly baseline: Baseline;
  readonly directory: Directory;
  readonly knowns: readonly Known[];
  readonly now: number;
}

/**
 * What a new report means for the suspicions: it joins a standing one, raises a new one (named
 * after its first report), or neither. Those that have been quiet for a day are left out.
 */
export function notice(
  standing: readonly Standing[],
  one: Earlier,
  around: Around,
): { readonly standing: readonly Standing[]; readonly suspected: string | null } {
  const { earlier, baseline, directory, knowns, now } = around;
  const live = standing.filter((each) => isLive(each, now));
  const to = assign(live, one, earlier, directory);
  if (to)
    return {
      standing: live.map((each) => (each === to ? joined(to, one) : each)),
      suspected: to.id,
    };
  if (!isUnexplained(one)) return { standing: live, suspected: null };
  const taken = new Set(live.flatMap(({ suspicion }) => suspicion.members));
  const free = earlier.filter(({ id }) => !taken.has(id));
  const raised = suspicionsAmong(free, baseline, directory, now, knowns).find(({ members }) =>
    members.includes(one.id),
  );
  const [first] = raised?.members ?? [];
  if (!raised || first === undefined) return { standing: live, suspected: null };
  const id = `suspicion-${first}`;
  return { standing: [...live, { id, suspicion: raised, lastAt: one.receivedAt }], suspected: id };
}

/** The standing suspicion that a report belongs to: of its place, its symptom and lately; else `null`. */
export function assign(
  standing: readonly Standing[],
  one: Earlier,
  members: readonly Earlier[],
  directory: Directory,
): Standing | null {
  if (!isUnexplained(one)) return null;
  let best: { readonly to: Standing; readonly alike: number } | null = null;
  for (const to of standing) {
    const { key } = to.suspicion;
    if (one.receivedAt - to.lastAt > QUIET) continue;
    const others = members.filter(({ id }) => to.suspicion.members.includes(id));
    const alike =
      others.reduce((sum, other) => sum + likeness(other.extraction, one.extraction), 0) /
      (others.length || 1);
    const told = massOf(one, kinOf(key.symptom)) >= LEAST_MASS;
    const same = others.some(
      (other) => other.accountId !== null && other.accountId === one.accountId,
    );
    const there = key.place === null || placesOf(one, kinOf(key.symptom), directory).has(key.place);
    if (!told || !(there || (same && one.duplicateOf !== null))) continue;
    if (!best || alike > best.alike) best = { to, alike };
  }
  return best?.to ?? null;
}

/** `standing` with one more report. */
export const joined = (standing: Standing, one: Earlier): Standing => ({
  ...standing,
  lastAt: Math.max(standing.lastAt, one.receivedAt),
  suspicion: {
    ...standing.suspicion,
    members: standing.suspicion.members.includes(one.id)
      ? standing.suspicion.members
      : [...standing.suspicion.members, one.id],
    accounts: standing.suspicion.accounts + (one.duplicateOf === null ? 1 : 0),
  },
});

/** Whether it goes on: 24 quiet hours end it. */
export const isLive = ({ lastAt }: Standing, now: number): boolean => now - lastAt <= QUIET;

/** Whether a suspicion is what this incident, found later, explains. */
export function explains(known: Known, { key }: Suspicion, directory: Directory): boolean {
  const reach = reachOf(known, directory);
  return (
    (reach.fit[key.symptom] ?? 0) >= 0.3 &&
    (key.place === null || reach.nowhere || reaches(reach.touched, reach.places, key.place))
  );
}

const kinOf = (symptom: Symptom): readonly Symptom[] => [
  symptom,
  ...Object.values(FAMILIES).flatMap((family) => (family.includes(symptom) ? family : [])),
];

const massOf = ({ extraction }: Earlier, symptoms: readonly Symptom[]): number =>
  extraction.symptoms.reduce(
    (sum, { symptom, p }) => sum + (symptoms.includes(symptom) ? p : 0),
    0,
  );

/** An account's servers by use, and the switches they hang on. */
type Ground = readonly { readonly use: Use; readonly places: readonly string[] }[];

function groundOf({ accountId }: Earlier, directory: Directory): Ground {
  const account = accountId === null ? null : directory.account(accountId);
  if (!account) return [];
  return directory.livesOn(account).flatMap(({ use, id }) => {
    if (use === "shared" || id.includes("/")) return [];
    const above = [...directory.upstream(id)].filter(
      (each) => each !== id && directory.place(each)?.kind === "switch",
    );
    return [{ use, places: [id, ...above] }];
  });
}

/** Servers that carry one of the symptoms for the account, and the switches they hang on. */
function placesIn(ground: Ground | undefined, symptoms: readonly Symptom[]): ReadonlySet<string> {
  const uses = new Set(symptoms.flatMap(carriersOf));
  return new Set(ground?.flatMap(({ use, places }) => (uses.has(use) ? places : [])));
}

const placesOf = (
  one: Earlier,
  symptoms: readonly Symptom[],
  directory: Directory,
): ReadonlySet<string> => placesIn(groundOf(one, directory), symptoms);

/** What a known incident that it resembles would explain, were the place within its reach. */
function isExplained(
  { resembles }: Earlier,
  place: string | null,
  knowns: ReadonlyMap<string, Known>,
  directory: Directory,
): boolean {
  const known = resembles === null ? undefined : knowns.get(resembles);
  if (!known) return false;
  const reach = reachOf(known, directory);
  if (place === null || reach.nowhere || reaches(reach.direct, reach.places, place)) return true;
  for (const below of directory.downstream(place))
    if (reaches(reach.direct, reach.places, below)) return true;
  return false;
}

/** Whether the known incident that it resembles hits its account. */
function isHit(
  { accountId, resembles }: Earlier,
  knowns: ReadonlyMap<string, Known>,
  directory: Directory,
): boolean {
  const known = resembles === null ? undefined : knowns.get(resembles);
  const account = accountId === null ? null : directory.account(accountId);
  if (!known || !account) return false;
  const { own, shared } = touchOf(account, null, reachOf(known, directory), directory);
  return own.size > 0 || shared.length > 0;
}

function reaches(
  touched: ReadonlySet<string>,
  places: ReadonlySet<string>,
  place: string,
): boolean {
  if (places.has(place) || touched.has(place)) return true;
  for (const id of touched) if (serverOf(id) === place) return true;
  return false;
}

/** Where nothing is counted: as if accounts were spread evenly over servers of one role. */
function shareOf(place: string | null, directory: Directory): number {
  const at = place === null ? null : directory.place(place);
  if (!at) return 1;
  const alike = directory.places.filter(
    ({ kind, role, provides }) =>
      kind === at.kind && role === at.role && provides.length > 0 === at.provides.length > 0,
  );
  return Math.min(1, 1.5 / Math.max(1, alike.length));
}

/** How many keys are looked at: servers that customers stand on, by what each may show as. */
function numberOfKeys(directory: Directory): number {
  const servers = directory.places.filter(({ kind }) => kind === "server" || kind === "switch");
  return Math.max(10, servers.length * 6);
}

const isExpert = ({ extraction }: Earlier): boolean =>
  extraction.cues.some(({ cue }) => cue === "expert") &&
  extraction.mentions.some(({ kind, aside }) => !aside && (kind === "server" || kind === "ip"));

function mostTold(members: readonly Earlier[], { symptom, symptoms }: Group): Symptom {
  const sums = symptoms.map((each) => ({
    each,
    sum: members.reduce((all, one) => all + massOf(one, [each]), 0),
  }));
  return sums.sort((a, b) => b.sum - a.sum)[0]?.each ?? symptom;
}

/** In how many reports a word is. */
function wordCounts(earlier: readonly Earlier[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { extraction } of earlier)
    for (const word of new Set(extraction.words)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Words of two members at least that hardly any other report has. */
function commonWords(
  members: readonly Earlier[],
  all: ReadonlyMap<string, number>,
): readonly string[] {
  const accounts = new Map<string, Set<string>>();
  const here = new Map<string, number>();
  for (const { extraction, accountId, from, id } of members)
    for (const word of new Set(extraction.words)) {
      here.set(word, (here.get(word) ?? 0) + 1);
      const who = accounts.get(word) ?? new Set();
      accounts.set(word, who.add(accountId ?? from ?? id));
    }
  return [...here]
    .filter(
      ([word, n]) =>
        (accounts.get(word)?.size ?? 0) >= Math.max(2, members.length / 2) &&
        (all.get(word) ?? 0) <= n + 1,
    )
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, MOST_WORDS)
    .map(([word]) => word);
}

function distinct(suspicions: readonly Suspicion[]): readonly Suspicion[] {
  const kept: Suspicion[] = [];
  for (const one of suspicions) {
    const isRepeat = kept.some(({ members }) => {
      const shared = one.members.filter((id) => members.includes(id)).length;
      return shared * 2 >= Math.min(one.members.length, members.length);
    });
    if (!isRepeat) kept.push(one);
  }
  return kept;
}
