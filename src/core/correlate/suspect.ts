import type { Directory } from "../directory.js";
import type { Symptom } from "../extract/extraction.js";
import {
  chanceOf,
  COUNTED,
  usualNumber,
  usualPart,
  type Baseline,
  type Counted,
} from "./baseline.js";
import { commonWords, wordCounts } from "./common-words.js";
import { reachOf } from "./reach.js";
import { FAMILIES, kinOf, likeness } from "./symptoms.js";
import {
  accountsOf,
  groundOf,
  isExplained,
  isUnexplained,
  massOf,
  placesIn,
  placesOf,
  reaches,
  shareOf,
  withoutExplained,
} from "./unexplained.js";
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
const LEAST = { placed: 3, rare: 2, anywhere: 4 } as const;
/** How much less usual reports are that share two rare words. */
const RARE = 0.05;
const RARE_WORDS = 2;
/** Of fewer reports nobody can say which words are rare. */
const KNOWN_WORDS = 40;

/** What reports are counted under: one symptom, or those that one fault shows as. */
interface Group {
  readonly symptom: Symptom;
  readonly symptoms: readonly Symptom[];
}

const GROUPS: readonly Group[] = [
  ...COUNTED.map((symptom) => ({ symptom, symptoms: [symptom] })),
  ...[FAMILIES.web, FAMILIES.delivery, FAMILIES.mailbox].map((symptoms) => ({
    symptom: symptoms[0],
    symptoms,
  })),
];

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
  const grounds = new Map(recent.map((one) => [one.id, groundOf(one, directory)]));
  const scan: Scan = {
    earlier,
    baseline,
    directory,
    now,
    open,
    looks: numberOfKeys(directory),
    usualIn: new Map(WINDOWS.map((each) => [each, usualNumber(baseline, now - each, now)])),
    rarity: wordCounts(earlier),
  };
  const found: Found[] = [];
  for (const group of GROUPS) {
    const told = recent.filter((one) => massOf(one, group.symptoms) >= LEAST_MASS);
    if (told.length < LEAST.rare) continue;
    const byPlace = new Map<string | null, Earlier[]>([[null, told]]);
    for (const one of told)
      for (const place of placesIn(grounds.get(one.id), group.symptoms)) {
        const before = byPlace.get(place);
        if (before) before.push(one);
        else byPlace.set(place, [one]);
      }
    for (const [place, reports] of byPlace) {
      const unexplained = reports.filter((one) => !isExplained(one, place, open, directory));
      for (const windowMs of WINDOWS)
        found.push(...judged(group, place, unexplained, windowMs, scan));
    }
  }
  return distinct(found.sort((a, b) => a.chance - b.chance).map(({ suspicion }) => suspicion));
}

interface Scan {
  readonly earlier: readonly Earlier[];
  readonly baseline: Baseline;
  readonly directory: Directory;
  readonly now: number;
  readonly open: ReadonlyMap<string, Known>;
  readonly looks: number;
  /** Reports that usually come, by window. */
  readonly usualIn: ReadonlyMap<number, number>;
  readonly rarity: ReadonlyMap<string, number>;
}

interface Found {
  readonly suspicion: Suspicion;
  /** How often a week as much would be seen somewhere though nothing is wrong. */
  readonly chance: number;
}

/** One key in one window: nothing, or one suspicion. */
function judged(
  group: Group,
  place: string | null,
  reports: readonly Earlier[],
  windowMs: number,
  { earlier, baseline, directory, now, open, looks, rarity, usualIn }: Scan,
): readonly Found[] {
  const lately = reports.filter(({ receivedAt }) => now - receivedAt < windowMs);
  if (accountsOf(lately) < LEAST.rare) return [];
  const members = withoutExplained(place, lately, { earlier, open, directory });
  const accounts = accountsOf(members);
  if (accounts < LEAST.rare) return [];
  const words = commonWords(members, rarity);
  const areKnown = earlier.length >= KNOWN_WORDS;
  const alike = areKnown && words.length >= RARE_WORDS;
  // "Other" is as many things as there are words for them.
  if (group.symptom === "other" && !(areKnown && words.length > 0)) return [];
  const isRare = alike || members.some((one) => pointsAt(one, place, directory));
  const least = place === null ? LEAST.anywhere : isRare ? LEAST.rare : LEAST.placed;
  if (accounts < least) return [];
  const part = usualPart(baseline, {
    place,
    symptoms: group.symptoms,
    usualShare: shareOf(place, directory),
  });
  const usual = (usualIn.get(windowMs) ?? 0) * part;
  const mean = accounts < LEAST.placed ? usual * RARE : usual;
  const chance = chanceOf(accounts, mean) * looks * (WEEK / windowMs);
  if (chance >= BUDGET) return [];
  const suspicion: Suspicion = {
    key: { place, symptom: mostTold(members, group) },
    members: members.map(({ id }) => id),
    accounts,
    expected: usual,
    windowMs,
    words,
  };
  return [{ suspicion, chance }];
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
  const to = assign(live, one, earlier, directory, knowns);
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
function assign(
  standing: readonly Standing[],
  one: Earlier,
  members: readonly Earlier[],
  directory: Directory,
  knowns: readonly Known[] = [],
): Standing | null {
  if (!isUnexplained(one)) return null;
  const open = new Map(knowns.map((known) => [known.id, known]));
  let best: { readonly to: Standing; readonly alike: number } | null = null;
  for (const to of standing) {
    const { key } = to.suspicion;
    if (one.receivedAt - to.lastAt > QUIET) continue;
    if (isExplained(one, key.place, open, directory)) continue;
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
const joined = (standing: Standing, one: Earlier): Standing => ({
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
const isLive = ({ lastAt }: Standing, now: number): boolean => now - lastAt <= QUIET;

/** Whether a suspicion is what this incident, found later, explains. */
export function explains(known: Known, { key }: Suspicion, directory: Directory): boolean {
  const reach = reachOf(known, directory);
  return (
    (reach.fit[key.symptom] ?? 0) >= 0.3 &&
    (key.place === null || reach.nowhere || reaches(reach.touched, reach.places, key.place))
  );
}

/** How many keys are looked at: servers that customers stand on, by what each may show as. */
function numberOfKeys(directory: Directory): number {
  const servers = directory.places.filter(({ kind }) => kind === "server" || kind === "switch");
  return Math.max(10, servers.length * 6);
}

/** Whether somebody who knows the technology names the very place. */
const pointsAt = ({ extraction }: Earlier, place: string | null, directory: Directory): boolean =>
  place !== null &&
  extraction.cues.some(({ cue }) => cue === "expert") &&
  extraction.mentions.some(
    ({ kind, value, aside }) =>
      !aside &&
      ((kind === "server" && directory.place(value)?.id === place) ||
        (kind === "ip" && directory.placeAt(value)?.id === place)),
  );

function mostTold(members: readonly Earlier[], { symptom, symptoms }: Group): Symptom {
  const sums = symptoms.map((each) => ({
    each,
    sum: members.reduce((all, one) => all + massOf(one, [each]), 0),
  }));
  return sums.sort((a, b) => b.sum - a.sum)[0]?.each ?? symptom;
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
