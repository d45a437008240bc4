import type { Directory } from "../directory.js";
import type {
  Cue,
  Extraction,
  Mention,
  ReportText,
  Since,
  Span,
  Symptom,
} from "../extract/extraction.js";
import { fitOfService } from "./compat.js";
import { faultMass, isFault } from "./symptoms.js";
import { isCarriedBy, isSharedBy, reachOf, serverOf, touchOf, type Reach } from "./reach.js";
import type { Subject } from "./sender.js";
import type { Earlier, Known, Reason } from "./verdict.js";
import type { ReasonCode } from "./reasons.js";
import type { Feature, Weights } from "./weights.js";

/** One thing that speaks for or against a link, before it is weighed. */
export interface Evidence {
  readonly feature: Feature;
  readonly value: number;
  readonly code: ReasonCode;
  readonly params: Reason["params"];
  readonly span: Span | null;
}

/** What a report is compared by; `earlier` are the reports before it, the last days' at least. */
export interface Comparison {
  readonly report: ReportText;
  readonly extraction: Extraction;
  readonly accountId: string | null;
  readonly subjects: readonly Subject[];
  readonly earlier: readonly Earlier[];
  readonly directory: Directory;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** All that speaks for or against `known` being what the report is about; only what is there. */
export function evidenceOn(known: Known, compared: Comparison, weights: Weights): Evidence[] {
  const reach = reachOf(known, compared.directory);
  return [
    ...symptomEvidence(reach, compared.extraction),
    ...scopeEvidence(reach, compared, weights),
    ...namedEvidence(reach, compared),
    ...codeEvidence(known, compared.extraction),
    ...timeEvidence(known, compared.report.receivedAt),
    ...sinceEvidence(known, compared),
    ...cueEvidence(known, reach, compared.extraction, compared.report.receivedAt),
    ...othersEvidence(known, compared),
  ].filter(({ value }) => value !== 0);
}

// ── what ─────────────────────────────────────────────────────────────────────────────────────

/** What fits nothing in particular fits about so well. */
const BASE_FIT = 0.15;
const LEAST_FIT = 0.05;

function symptomEvidence(reach: Reach, extraction: Extraction): Evidence[] {
  const { symptoms, cues } = extraction;
  // Who says that all is well again need not say what was wrong.
  if (faultMass(extraction) < 0.2 && cues.some(({ cue }) => cue === "works-again")) return [];
  const [top] = symptoms;
  const fit = symptoms.reduce((sum, { symptom, p }) => sum + p * (reach.fit[symptom] ?? 0), 0);
  const value = Math.log((fit + LEAST_FIT) / (BASE_FIT + LEAST_FIT));
  const telling = [...symptoms].sort(
    (a, b) => b.p * (reach.fit[b.symptom] ?? 0) - a.p * (reach.fit[a.symptom] ?? 0),
  )[0];
  const shown = value > 0 ? telling : top;
  return [
    {
      feature: "symptom",
      value,
      code: value > 0 ? "symptom.fits" : "symptom.differs",
      params: { symptom: shown?.symptom ?? "other" },
      span: shown?.spans[0] ?? null,
    },
  ];
}

// ── where ────────────────────────────────────────────────────────────────────────────────────

function scopeEvidence(reach: Reach, compared: Comparison, weights: Weights): Evidence[] {
  if (reach.nowhere) return [];
  const weigh = (list: readonly Evidence[]): number =>
    list.reduce((sum, { feature, value }) => sum + value * weights.of[feature], 0);
  const stranger = strangerEvidence(1, reach, compared);
  let best: readonly Evidence[] | null = null;
  for (const subject of compared.subjects) {
    const list = [
      ...subjectEvidence(subject, reach, compared),
      ...strangerEvidence(1 - subject.certainty, reach, compared),
    ];
    if (best === null || weigh(list) > weigh(best)) best = list;
  }
  return [...(best ?? stranger)];
}

function strangerEvidence(share: number, reach: Reach, compared: Comparison): Evidence[] {
  const { directory, extraction } = compared;
  const shared = [...reach.direct].filter((id) => isSharedPlace(id, directory));
  const hitsAll =
    share === 1 && massOf(extraction, (symptom) => isSharedBy(symptom, shared, directory));
  return hitsAll
    ? [
        {
          feature: "shared",
          value: hitsAll,
          code: "scope.shared",
          params: { place: serverOf(shared[0] ?? "") },
          span: null,
        },
      ]
    : [{ feature: "stranger", value: share, code: "scope.stranger", params: {}, span: null }];
}

/** What no account has for itself: neither the service nor the server it runs on. */
function isSharedPlace(id: string, directory: Directory): boolean {
  const kinds = directory.place(serverOf(id))?.provides ?? [];
  const own = kinds.some((kind) => OWN.test(kind));
  return (
    !own &&
    (id.includes("/")
      ? SHARED.test(id.slice(id.indexOf("/") + 1))
      : kinds.some((kind) => SHARED.test(kind)))
  );
}
const SHARED =
  /^((inbound-)?mx|outbound-smtp|relay|dns|panel|billing|backup|webmail|anti(spam|virus))$/;
const OWN = /^(https?|imap|pop3?|submission|mailbox|mysql|mariadb|postgres)/;

function subjectEvidence(subject: Subject, reach: Reach, compared: Comparison): Evidence[] {
  const { account, domain, site, certainty } = subject;
  const { directory, extraction } = compared;
  const { own, shared, leaning, neighbour } = touchOf(account, domain, reach, directory);
  const name = domain?.name ?? account.id;
  const [[use, place] = ["", ""]] = own;
  const byOwn = massOf(extraction, (symptom) => isCarriedBy(symptom, own));
  // A certificate is one name's: who names their own site does not mean what all share.
  const sharedBy = (symptom: Symptom): boolean =>
    !(site && symptom === "tls") && isSharedBy(symptom, shared, directory);
  const byShared =
    massOf(extraction, (symptom) => isCarriedBy(symptom, own) || sharedBy(symptom)) - byOwn;
  const list: Evidence[] = [];
  if (byOwn > 0)
    list.push({
      feature: "own",
      value: byOwn * certainty,
      code: "scope.own",
      params: { account: name, place, use },
      span: null,
    });
  if (byShared > 0)
    list.push({
      feature: "shared",
      value: byShared * certainty,
      code: "scope.shared",
      params: { place: serverOf(shared[0] ?? "") },
      span: null,
    });
  const rest = 1 - byOwn - byShared;
  if (rest <= 0) return list;
  const leans = massOf(extraction, (symptom) => isSharedBy(symptom, leaning, directory)) > 0.5;
  list.push(
    own.size > 0 || shared.length > 0 || leans
      ? {
          feature: "beside",
          value: rest * certainty,
          code: "scope.beside",
          params: { account: name, place: place || serverOf(shared[0] ?? leaning[0] ?? "") },
          span: null,
        }
      : {
          feature: "elsewhere",
          value: rest * certainty,
          code: neighbour === null ? "scope.elsewhere" : "scope.neighbour",
          params: { account: name, place: neighbour ?? "" },
          span: null,
        },
  );
  return list;
}

/** How much of the trouble `takes` holds for; half where none is told. */
function massOf(
  { symptoms }: Extraction,
  takes: (symptom: Extraction["symptoms"][number]["symptom"]) => boolean,
): number {
  let all = 0;
  let taken = 0;
  for (const { symptom, p } of symptoms) {
    if (!isFault(symptom)) continue;
    all += p;
    if (takes(symptom)) taken += p;
  }
  return all < 0.05 ? 0.5 : taken / all;
}

function namedEvidence(reach: Reach, { extraction, directory }: Comparison): Evidence[] {
  const named = extraction.mentions.flatMap((mention) => {
    const place = mention.aside ? null : placeMeant(mention, directory);
    return place ? [{ mention, id: place.id }] : [];
  });
  const called = extraction.mentions.find(
    (mention) => !mention.aside && isCalled(mention, reach, directory),
  );
  if (called)
    return [
      {
        feature: "named",
        value: 1,
        code: "named.hit",
        params: { place: called.written },
        span: called.span,
      },
    ];
  const hit = named.find(
    ({ id }) => reach.places.has(id) || reach.direct.has(id) || hasServiceOf(id, reach.direct),
  );
  if (hit)
    return [
      {
        feature: "named",
        value: 1,
        code: "named.hit",
        params: { place: hit.id },
        span: hit.mention.span,
      },
    ];
  const [other] = named;
  return other && !reach.nowhere
    ? [
        {
          feature: "named-other",
          value: 1,
          code: "named.other",
          params: { place: other.id },
          span: other.mention.span,
        },
      ]
    : [];
}

function placeMeant({ kind, value, written }: Mention, directory: Directory) {
  if (kind === "server") return directory.place(value) ?? directory.place(written.toLowerCase());
  if (kind === "ip") return directory.placeAt(value);
  return kind === "domain" ? directory.place(written.toLowerCase()) : null;
}

/** By the name that customers know it by: `webmail.…`, `panel.…`. */
function isCalled({ kind, written }: Mention, { direct }: Reach, { provider }: Directory): boolean {
  if (kind !== "domain" && kind !== "server") return false;
  const host = written.toLowerCase();
  for (const [use, name] of Object.entries(provider.publicHosts)) {
    if (name.toLowerCase() !== host) continue;
    const meant = mostOf(use);
    for (const id of direct)
      if (meant !== null && id.includes("/") && mostOf(id.slice(id.indexOf("/") + 1)) === meant)
        return true;
  }
  return false;
}

/** The symptom that a kind of service shows as most of all. */
const mostOf = (kind: string): string | null =>
  Object.entries(fitOfService(kind)).sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;

function hasServiceOf(server: string, services: ReadonlySet<string>): boolean {
  for (const id of services) if (id.startsWith(`${server}/`)) return true;
  return false;
}

function codeEvidence(known: Known, { mentions }: Extraction): Evidence[] {
  for (const { kind, value, span, aside } of mentions) {
    if (kind !== "code" || aside || value.length < 3) continue;
    const whole = new RegExp(`(^|[^\\w.])${value.replace(/[^\w ]/g, "\\$&")}($|[^\\w])`, "i");
    if (known.words.some((words) => whole.test(words)))
      return [{ feature: "code", value: 1, code: "code.same", params: { code: value }, span }];
  }
  // "Not found" is not what a filter answers that forbids.
  const theirs = statusesIn(known.kind, ...known.words);
  const other = mentions.find(
    ({ kind, value, aside }) => kind === "code" && !aside && HTTP_STATUS.test(value),
  );
  if (other && theirs.size > 0 && !theirs.has(other.value))
    return [
      {
        feature: "code",
        value: OTHER_STATUS,
        code: "code.other",
        params: { code: other.value },
        span: other.span,
      },
    ];
  return [];
}

const OTHER_STATUS = -3;
const HTTP_STATUS = /^(?:40[0-9]|41[0-9]|50[0-8])$/;

/** Statuses of HTTP that an incident is told with. */
const statusesIn = (...texts: readonly string[]): ReadonlySet<string> =>
  new Set(
    texts.flatMap((text) => [
      ...(text.match(/(?<![\w.])(?:40[0-9]|41[0-9]|50[0-8])(?![\w.]\d|\d)/g) ?? []),
      ...(text.match(/(?<=_)(?:40[0-9]|50[0-8])$/g) ?? []),
    ]),
  );

// ── when ─────────────────────────────────────────────────────────────────────────────────────

const minutes = (ms: number): number => Math.round(ms / MINUTE);

function timeEvidence(known: Known, at: number): Evidence[] {
  const shown = (feature: Feature, code: ReasonCode, ms: number): Evidence[] => [
    { feature, value: 1, code, params: { minutes: minutes(ms) }, span: null },
  ];
  if (known.what === "maintenance" && at < known.beganAt)
    return shown("not-begun", "time.not-begun", known.beganAt - at);
  if (known.endedAt === null || at <= known.endedAt) return [];
  const ago = at - known.endedAt;
  if (ago <= 3 * HOUR) return shown("over-lately", "time.over", ago);
  return shown(ago <= 24 * HOUR ? "over-today" : "over-long", "time.over", ago);
}

/** A fault is often noticed by its customers first, a planned one never. */
const LEAD = { incident: 3 * HOUR, maintenance: HOUR / 2 } as const;
const PRECISE = { minute: 1, hour: 1, "part-of-day": 0.7, day: 0.4, vague: 0.2 } as const;

/** The first and last moment that the customer's words may mean. */
export function meantBy(
  { from, to, precision }: Since,
  at: number,
): readonly [number, number] | null {
  if (from === null) return null;
  const upTo = (most: number): number =>
    Math.max(from, Math.min(at, to ?? from + most, from + most));
  switch (precision) {
    case "minute":
      return [from - 15 * MINUTE, Math.min(at, from + 15 * MINUTE)];
    case "hour":
      return [from - HOUR, Math.min(at, from + HOUR)];
    case "part-of-day":
      return [from - HOUR, upTo(6 * HOUR)];
    case "day":
      return [from, upTo(24 * HOUR)];
    case "vague":
      return [from - 24 * HOUR, Math.min(at, from + 48 * HOUR)];
  }
}

function sinceEvidence(known: Known, { report, extraction }: Comparison): Evidence[] {
  const { since } = extraction;
  if (!since) return [];
  const { span, precision, workedAt } = since;
  const end = known.endedAt ?? report.receivedAt;
  const list: Evidence[] = [];
  if (workedAt !== null && workedAt > Math.min(end, known.beganAt + HOUR))
    list.push({ feature: "since-after", value: 0.5, code: "since.worked", params: {}, span });
  const meant = meantBy(since, report.receivedAt);
  if (!meant) return list;
  const [first, last] = meant;
  const lead = LEAD[known.what];
  const early = known.beganAt - last;
  const late = first - end;
  const exact = PRECISE[precision];
  if (early > lead)
    list.push({
      feature: "since-before",
      value: Math.min(1, (early - lead) / (9 * HOUR)) * Math.max(exact, 0.4),
      code: "since.before",
      params: { minutes: minutes(early) },
      span,
    });
  else if (late > 0)
    list.push({
      feature: "since-after",
      value: Math.min(1, late / HOUR) * exact,
      code: "since.after",
      params: { minutes: minutes(late) },
      span,
    });
  else
    list.push({
      feature: "since-within",
      value: exact * (early <= HOUR / 2 ? 1 : 1 - (0.7 * (early - HOUR / 2)) / lead),
      code: "since.within",
      params: {},
      span,
    });
  return list;
}

// ── how it is told ───────────────────────────────────────────────────────────────────────────

/** How strongly a cue speaks for a cause of the customer's own. */
const INDIVIDUAL: Readonly<Partial<Record<Cue, number>>> = {
  "own-change": 1,
  "one-device": 0.8,
  "works-elsewhere": 0.8,
  "own-network": 1,
  "domain-expired": 1.5,
  "quota-full": 1.5,
  "user-unknown": 1.2,
  "third-party": 1.2,
};
/** Those that say something of mail alone. */
const OF_MAIL: ReadonlySet<Cue> = new Set(["quota-full", "user-unknown"]);

/** What speaks for a cause of the customer's own, each 0–1.5: what is said of mail as far as mail is troubled. */
export function ownCauses(extraction: Extraction): ReadonlyMap<Cue, number> {
  const ofMail = massOf(extraction, (symptom) => symptom.startsWith("mail."));
  const causes = new Map<Cue, number>();
  for (const { cue } of extraction.cues) {
    const strength = (INDIVIDUAL[cue] ?? 0) * (OF_MAIL.has(cue) ? ofMail : 1);
    if (strength > 0.1) causes.set(cue, strength);
  }
  return causes;
}

/** How strongly one says that no fault is reported. */
const NO_FAULT: Readonly<Partial<Record<Cue, number>>> = {
  question: 0.4,
  request: 0.8,
  thanks: 0.5,
  billing: 1,
  compensation: 0.5,
};

function cueEvidence(known: Known, reach: Reach, extraction: Extraction, at: number): Evidence[] {
  const { cues } = extraction;
  const list: Evidence[] = [];
  const add = (feature: Feature, strengths: ReadonlyMap<Cue, number>): void => {
    let left = 2;
    for (const [cue, strength] of [...strengths].sort(([, one], [, other]) => other - one)) {
      const span = cues.find((each) => each.cue === cue)?.span ?? null;
      const value = Math.min(left, strength);
      left -= value;
      if (value > 0) list.push({ feature, value, code: `cue.${cue}`, params: {}, span });
    }
  };
  const own = new Map(ownCauses(extraction));
  // A blocklist is noticed at somebody else's.
  if ((reach.fit["mail.bounce_blocklist"] ?? 0) > 0.9) own.delete("third-party");
  add("individual", own);
  add(
    "no-fault",
    new Map(cues.flatMap(({ cue }) => (NO_FAULT[cue] ? [[cue, NO_FAULT[cue]] as const] : []))),
  );
  const asks = cues.find(({ cue }) => cue === "asks-about");
  if (asks)
    list.push({
      feature: "asks-about",
      value: 1,
      code: "cue.asks-about",
      params: {},
      span: asks.span,
    });
  const again = cues.find(({ cue }) => cue === "works-again");
  if (again && known.endedAt !== null && known.endedAt <= at)
    list.push({
      feature: "recovered",
      value: 1,
      code: "cue.recovered",
      params: {},
      span: again.span,
    });
  else if (again)
    list.push({
      feature: "works-now",
      value: 1,
      code: "cue.works-again",
      params: {},
      span: again.span,
    });
  return list;
}

// ── others ───────────────────────────────────────────────────────────────────────────────────

const FOLLOW_UP = 72 * HOUR;

function othersEvidence(known: Known, compared: Comparison): Evidence[] {
  const { earlier, report, accountId } = compared;
  const lately = new Set<string>();
  let again = 0;
  for (const one of earlier) {
    if (one.linkedTo !== known.id || one.receivedAt > report.receivedAt) continue;
    const age = report.receivedAt - one.receivedAt;
    const same = isSameWriter(one, accountId, report.from);
    if (same && age <= FOLLOW_UP) again = 1;
    if (age <= HOUR && !same) lately.add(one.accountId ?? one.from ?? one.id);
  }
  const burst = Math.min(1, Math.log(1 + lately.size) / 2);
  return [
    {
      feature: "burst",
      value: burst,
      code: "others.linked",
      params: { count: lately.size },
      span: null,
    },
    { feature: "again", value: again, code: "others.again", params: {}, span: null },
  ];
}

export const isSameWriter = (
  earlier: Pick<Earlier, "accountId" | "from">,
  accountId: string | null,
  from: string | null,
): boolean =>
  accountId !== null && earlier.accountId !== null
    ? earlier.accountId === accountId
    : from !== null && earlier.from !== null && earlier.from.toLowerCase() === from.toLowerCase();
