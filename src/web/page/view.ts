import { DateTime } from "luxon";
import type { Localized } from "../../core/incident-view.js";
import {
  isLate,
  isOpen,
  judge,
  type Judgement,
  type PageComponent,
  type PageIncident,
  type PageMaintenance,
  type PageModel,
  type Shown,
} from "../../core/page.js";
import { worst, type ComponentStatus } from "../../core/status.js";
import type { DayState } from "../../core/uptime.js";
import type { Texts } from "../../texts.js";
import { drawDays, incidentsByDay, tellDays } from "./bars.js";
import { createFormat, type Format } from "./format.js";
import { workCard, type WorkCard } from "./work-card.js";

/** What a symbol or a bar can show, in the short words of the style: fifty rows of them are read on bad lines. */
export type Look = "ok" | "work" | "slow" | "part" | "down" | "dark" | "none" | "new";

const LOOKS: Readonly<Record<DayState | "empty", Look>> = {
  operational: "ok",
  under_maintenance: "work",
  degraded_performance: "slow",
  partial_outage: "part",
  major_outage: "down",
  unknown: "dark",
  noData: "none",
  empty: "new",
};

export interface Moment {
  readonly stamp: string;
  readonly text: string;
  readonly ago: string;
}

/** One row of the page: a component with its days, or a group's heading above its members. */
export interface Row {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly look: Look;
  readonly word: string;
}

export interface ComponentRow extends Row {
  readonly uptime: string | null;
  readonly strokes: readonly { readonly look: Look; readonly path: string }[];
  readonly days: readonly {
    readonly date: string;
    readonly text: string;
    readonly look: Look;
    readonly href: string | null;
  }[];
}

export interface Section {
  /** `null` for components outside of any group. */
  readonly group: Row | null;
  readonly rows: readonly ComponentRow[];
}

export interface IncidentCard {
  readonly id: string;
  readonly href: string;
  readonly title: string;
  readonly look: Look;
  readonly state: string;
  readonly open: boolean;
  readonly affected: string;
  readonly since: Moment;
  readonly lasted: string | null;
  readonly promise: { readonly late: boolean; readonly text: string } | null;
  readonly updates: readonly {
    readonly id: string;
    readonly word: string;
    readonly at: Moment;
    readonly paragraphs: readonly string[];
  }[];
}

/** What every page has around its content. */
export interface Frame {
  readonly language: string;
  readonly title: string;
  readonly description: string;
  readonly icon: Look;
  readonly canonical: string;
  readonly site: PageModel["site"];
  readonly homeHref: string;
  readonly languages: readonly {
    readonly code: string;
    readonly name: string;
    readonly href: string;
    readonly current: boolean;
  }[];
  readonly asOf: { readonly moment: Moment; readonly text: string } | null;
  /** Where somebody tells us what is not here; `null` where they are doing so. */
  readonly reportHref: string | null;
}

export interface StatusView extends Frame {
  readonly headline: {
    readonly look: Look;
    readonly text: string;
    readonly lines: readonly string[];
  };
  readonly open: readonly IncidentCard[];
  /** Planned work that goes on, then what is still to come, the earliest first. */
  readonly work: readonly WorkCard[];
  readonly sections: readonly Section[];
  readonly recent: readonly IncidentCard[];
  readonly historyHref: string;
  readonly empty: boolean;
}

export interface IncidentPageView extends Frame {
  readonly incident: IncidentCard;
}

export interface WorkPageView extends Frame {
  readonly work: WorkCard;
}

export interface HistoryView extends Frame {
  readonly months: readonly {
    readonly name: string;
    readonly incidents: readonly IncidentCard[];
  }[];
  readonly olderHref: string | null;
  readonly newestHref: string | null;
}

export interface ErrorView extends Frame {
  readonly heading: string;
  readonly text: string;
}

/** Resolved incidents stay on the page itself this long. */
const RECENT_DAYS = 14;
/** Older than this, what we know is named as old and not only dated. */
const STALE_MS = 90_000;

const STATUS_OF: Readonly<Record<PageIncident["severity"], ComponentStatus>> = {
  none: "operational",
  minor: "degraded_performance",
  major: "partial_outage",
  critical: "major_outage",
};

/** One language of one model at one moment: turns decisions into words, for the templates to place. */
export function createViews(texts: Texts, language: string, model: PageModel, at: Date) {
  const { site } = model;
  const format = createFormat(texts, language, site.timezone, at);
  const t: Say = (key, params = {}) => texts.t(language, key, params);
  const named = (name: Localized): string => nameIn(name, language, site.languages);
  const names = new Map(model.components.map(({ id, name }) => [id, named(name)]));
  const link = linkIn(site.languages, language);

  const frame = (path: string, title: string, icon: Look): Frame => ({
    language,
    title,
    description: title,
    icon,
    canonical: site.url + path,
    site,
    homeHref: link("/"),
    languages: site.languages.map((code) => ({
      code,
      name: new Intl.DisplayNames(code, { type: "language" }).of(code) ?? code,
      href: linkIn(site.languages, code)(path),
      current: code === language,
    })),
    asOf: {
      moment: momentOf(format, model.asOf),
      text: t("page.asOf", { at: format.moment(model.asOf), zone: site.timezone }),
    },
    reportHref: link("/report"),
  });

  const card = (incident: PageIncident): IncidentCard => {
    const affected = incident.components.flatMap(({ id }) => names.get(id) ?? []);
    const open = isOpen(incident);
    const promised = open ? incident.nextUpdateAt : null;
    const late = isLate(incident, at);
    return {
      id: incident.id,
      href: link(`/incidents/${incident.id}`),
      title: named(incident.title),
      look: open ? LOOKS[statusOfIncident(incident)] : "ok",
      state: t(`status.incident.${incident.state}`),
      open,
      affected: listed(language, affected, Infinity, t),
      since: momentOf(format, incident.openedAt),
      lasted:
        incident.resolvedAt &&
        format.lasting(secondsBetween(incident.openedAt, incident.resolvedAt)),
      promise: promised && {
        late,
        text: t(late ? "page.late" : "page.next", { at: format.moment(promised) }),
      },
      updates: incident.updates.map((update) => ({
        id: update.id,
        word: t(`status.incident.${update.state}`),
        at: momentOf(format, update.at),
        paragraphs: named(update.text)
          .split(/\n+/)
          .filter((line) => line.trim() !== ""),
      })),
    };
  };

  const work = (planned: PageMaintenance): WorkCard =>
    workCard(planned, {
      at,
      t,
      format,
      named,
      link,
      affected: (ids) =>
        listed(
          language,
          ids.flatMap((id) => names.get(id) ?? []),
          Infinity,
          t,
        ),
    });

  return {
    /** What surrounds a page; `path` is below the site's address. */
    frame,
    /** An incident with what was said of it, newest first. */
    card,
    /** Planned work with what was said of it, newest first. */
    work,
    format,

    /** `/`, whole. */
    status(): StatusView {
      const judgement = judge(model, at);
      const incidentOf = incidentsByDay(model.incidents, (moment) => dateIn(site.timezone, moment));
      const row = (component: PageComponent): Row => {
        const shown = judgement.shown.get(component.id) ?? SEEN;
        return {
          id: component.id,
          name: named(component.name),
          description: component.description && named(component.description),
          look: LOOKS[shown.status],
          word: wordOf(shown, t, format),
        };
      };
      const componentRow = (component: PageComponent): ComponentRow => {
        const uptime = uptimeOf(component, t, format);
        const plain = row(component);
        return {
          ...plain,
          uptime,
          strokes: drawDays(component.days).map(({ state, path }) => ({
            look: LOOKS[state],
            path,
          })),
          days: tellDays(component.days, incidentOf(component.id)).map((line) => ({
            date: format.days(line.from, line.to),
            look: LOOKS[line.state],
            text:
              line.parts.length === 0
                ? t(line.state === "noData" ? "page.noData" : "page.quiet")
                : line.parts
                    .map(({ state, seconds }) => partOf(state, format.lasting(seconds), t))
                    .join(", "),
            href: line.incident && link(`/incidents/${line.incident}`),
          })),
        };
      };
      const recentSince = at.getTime() - RECENT_DAYS * 86_400_000;
      const listedIncidents = model.incidents.filter(({ mergedInto }) => mergedInto === null);
      const watching = judgement.overall === "operational" && judgement.open.length > 0;
      const state = t(watching ? "status.incident.monitoring" : `status.tab.${judgement.overall}`);
      return {
        ...frame("/", t("page.title", { state, site: site.name }), LOOKS[judgement.overall]),
        headline: headlineOf(judgement, { model, at, t, format, named, language }),
        open: judgement.open.map(card),
        work: [...judgement.underWay, ...judgement.announced].map(work),
        sections: sectionsOf(model.components, row, componentRow),
        recent: listedIncidents
          .filter(({ resolvedAt }) => resolvedAt && resolvedAt.getTime() >= recentSince)
          .map(card),
        historyHref: link("/history"),
        empty: judgement.overall === "empty",
      };
    },

    /** `/incidents/:id` */
    incident(incident: PageIncident): IncidentPageView {
      const shown = card(incident);
      const title = t("page.incident.title", { title: shown.title, site: site.name });
      return { ...frame(`/incidents/${incident.id}`, title, shown.look), incident: shown };
    },

    /** `/maintenance/:id` */
    maintenance(planned: PageMaintenance): WorkPageView {
      const shown = work(planned);
      const title = t("page.incident.title", { title: shown.title, site: site.name });
      return { ...frame(`/maintenance/${planned.id}`, title, shown.look), work: shown };
    },

    /** `/history`: `older` is the moment before which the next page goes on. */
    history(
      incidents: readonly PageIncident[],
      { before, older }: { readonly before: Date | null; readonly older: Date | null },
    ): HistoryView {
      const months = new Map<string, IncidentCard[]>();
      for (const incident of incidents) {
        const month = format.monthOf(incident.openedAt);
        months.set(month, [...(months.get(month) ?? []), card(incident)]);
      }
      const path = before ? `/history?before=${before.toISOString()}` : "/history";
      return {
        ...frame(
          path,
          t("page.history.title", { site: site.name }),
          LOOKS[judge(model, at).overall],
        ),
        months: [...months].map(([month, cards]) => ({
          name: format.month(month),
          incidents: cards,
        })),
        olderHref: older && link(`/history?before=${older.toISOString()}`),
        newestHref: before && link("/history"),
      };
    },
  };
}

/** A page that says what went wrong, also before any model is known. */
export function errorView(
  texts: Texts,
  language: string,
  site: PageModel["site"],
  problem: string,
): ErrorView {
  const t: Say = (key, params = {}) => texts.t(language, key, params);
  const heading = t([
    `page.error.${problem}.heading`,
    `customer.${problem}.heading`,
    "page.error.failed.heading",
  ]);
  const title = t("page.error.title", { heading, site: site.name });
  return {
    language,
    title,
    description: title,
    icon: LOOKS.unknown,
    canonical: site.url,
    site,
    homeHref: linkIn(site.languages, language)("/"),
    languages: [],
    asOf: null,
    reportHref: linkIn(site.languages, language)("/report"),
    heading,
    text: t([`page.error.${problem}.text`, `customer.${problem}.text`, "page.error.failed.text"]),
  };
}

/** A name in `language`, else in the first of the site's languages that has one. */
export function nameIn(name: Localized, language: string, languages: readonly string[]): string {
  const found = [language, ...languages, "en"].find((code) => name[code] !== undefined);
  return (found === undefined ? Object.values(name)[0] : name[found]) ?? "";
}

type Say = (
  key: string | readonly string[],
  params?: Readonly<Record<string, string | number>>,
) => string;

interface Telling {
  readonly model: PageModel;
  readonly at: Date;
  readonly t: Say;
  readonly format: Format;
  readonly named: (name: Localized) => string;
  readonly language: string;
}

const BY_ENGINE: ReadonlySet<PageIncident["causeKind"]> = new Set(["host", "monitor"]);

const OUTAGES: ReadonlySet<string> = new Set([
  "degraded_performance",
  "partial_outage",
  "major_outage",
]);

/** The share of time that was well; of less than a week it says of how much, as 90 days are expected. */
function uptimeOf({ uptime, days }: PageComponent, t: Say, format: Format): string | null {
  if (uptime === null) return null;
  const percent = format.percent(uptime);
  const known = days.reduce((sum, { seconds }) => sum + secondsIn(seconds), 0);
  if (known >= A_WEEK_S) return percent;
  const unit = [86_400, 3_600, 60].find((length) => known >= length) ?? 60;
  const span = format.lasting(Math.max(60, Math.floor(known / unit) * unit));
  return t("page.uptimeOf", { percent, span });
}

const secondsIn = (seconds: PageComponent["days"][number]["seconds"]): number =>
  Object.values(seconds).reduce((a, b) => a + b, 0) - seconds.noData - seconds.unknown;

const A_WEEK_S = 7 * 86_400;

const SEEN: Shown = { status: "operational", unknownSince: null };

/** The sentence, and what belongs to it: since when, what still works, when the next word comes. */
function headlineOf(judgement: Judgement, telling: Telling): StatusView["headline"] {
  const { model, at, t, format } = telling;
  const { overall, blind, open } = judgement;
  if (overall === "empty") return { look: LOOKS.empty, text: t("page.headline.empty"), lines: [] };
  const stale = at.getTime() - model.asOf.getTime() > STALE_MS;
  const lines: string[] = [];
  const text = firstSentence(judgement, telling);
  const [only, second] = open;
  if (only && !second) lines.push(stageOf(only, telling));
  else if (only) lines.push(t("page.line.working"));
  lines.push(...promiseOf(open, telling), ...endOfWork(judgement, telling));
  lines.push(...restOf(judgement, model, t));
  if (blind && !(stale && overall !== "unknown")) {
    const since = format.moment(blind.since);
    const unseen = blind.components.map(({ name }) => telling.named(name));
    const names = listed(telling.language, unseen, 3, t);
    const alone = overall === "unknown" && open.length === 0;
    lines.push(t(alone ? "page.line.blindSince" : "page.line.blindAlso", { since, names }));
  }
  if (stale) lines.push(t("page.line.stale", { at: format.moment(model.asOf) }));
  return { look: LOOKS[overall], text, lines };
}

function firstSentence(judgement: Judgement, { model, t, named, language }: Telling): string {
  const { overall, blind, open, shown } = judgement;
  const [only, second] = open;
  const worstOnes = model.components
    .filter(({ id, isGroup }) => !isGroup && shown.get(id)?.status === overall)
    .map(({ name }) => named(name));
  const names = listed(language, worstOnes, 3, t);
  if (second)
    // Of several faults what matters is whether mine is among them.
    return worstOnes.length > 0 && OUTAGES.has(overall)
      ? t(`page.headline.${overall}`, { names, count: worstOnes.length })
      : t("page.headline.many", { count: open.length });
  if (only) {
    if (only.state === "monitoring") return t("page.headline.watching");
    const title = named(only.title).replace(/\.$/, "");
    const sentence = BY_ENGINE.has(only.causeKind) && !title.includes(": ");
    return t(sentence ? "page.headline.known" : "page.headline.knownAs", { title });
  }
  if (overall === "operational") return t("page.headline.fine");
  if (overall === "unknown") {
    if (!blind || blind.everything) return t("page.headline.blind");
    const unseen = blind.components.map(({ name }) => named(name));
    return t("page.headline.blindSome", { names: listed(language, unseen, 3, t) });
  }
  return t(`page.headline.${overall}`, { names, count: worstOnes.length });
}

function stageOf(incident: PageIncident, { t, format }: Telling): string {
  const reached = incident.updates.findLast(({ state }) => state === incident.state)?.at;
  switch (incident.state) {
    case "identified":
      return t("page.line.identified", { since: format.moment(reached ?? incident.openedAt) });
    case "monitoring": {
      const since = incident.monitoringAt ?? reached ?? incident.openedAt;
      return t("page.line.monitoring", { since: format.moment(since) });
    }
    case "investigating":
    case "resolved":
    case "postmortem":
      return t("page.line.investigating", { since: format.moment(incident.openedAt) });
  }
}

/** The earliest promise of all, kept or late: the one thing that somebody waits for. */
function promiseOf(open: readonly PageIncident[], { at, t, format }: Telling): string[] {
  const promises = open.flatMap(({ nextUpdateAt }) => nextUpdateAt ?? []);
  if (promises.length === 0) return [];
  const first = promises.reduce((a, b) => (b < a ? b : a));
  return [t(at >= first ? "page.line.late" : "page.line.next", { at: format.moment(first) })];
}

/** Where planned work is all there is, it is over by then. */
function endOfWork({ overall, underWay }: Judgement, { t, format }: Telling): string[] {
  const ends = underWay.map(({ endsAt }) => endsAt);
  if (overall !== "under_maintenance" || ends.length === 0) return [];
  const last = ends.reduce((a, b) => (b > a ? b : a));
  return [t("page.work.until", { at: format.moment(last) })];
}

/** What the first sentence leaves open: whether anything else is wrong, and what still works. */
function restOf(
  { shown, overall, open, blind }: Judgement,
  { components }: PageModel,
  t: Say,
): string[] {
  if (overall === "operational" || open.length > 1) return [];
  const told = new Set(open.flatMap((incident) => incident.components.map(({ id }) => id)));
  const single = components.filter(({ isGroup }) => !isGroup);
  const statusOf = ({ id }: PageComponent) => shown.get(id)?.status ?? "operational";
  const untold = single.filter((component) => {
    const status = statusOf(component);
    if (status === "operational" || status === "unknown") return false;
    return open[0] ? !told.has(component.id) : status !== overall;
  });
  if (untold.length > 0) return [t("page.line.more", { count: untold.length })];
  const works = !blind && single.some((component) => statusOf(component) === "operational");
  return works ? [t("page.line.rest")] : [];
}

function sectionsOf(
  components: readonly PageComponent[],
  row: (component: PageComponent) => Row,
  componentRow: (component: PageComponent) => ComponentRow,
): Section[] {
  const sections: { group: Row | null; rows: ComponentRow[] }[] = [];
  const byGroup = new Map<string | null, ComponentRow[]>();
  for (const component of components) {
    if (component.isGroup) {
      const rows = byGroup.get(component.id) ?? [];
      byGroup.set(component.id, rows);
      sections.push({ group: row(component), rows });
    } else if (component.group !== null && byGroup.has(component.group))
      byGroup.get(component.group)?.push(componentRow(component));
    else {
      // Loose ones that stand side by side make one section, in their place on the page.
      const last = sections.at(-1);
      if (last && last.group === null) last.rows.push(componentRow(component));
      else sections.push({ group: null, rows: [componentRow(component)] });
    }
  }
  return sections.filter(({ rows }) => rows.length > 0);
}

function wordOf({ status, unknownSince }: Shown, t: Say, format: Format): string {
  return status === "unknown" && unknownSince
    ? t("status.notSeenSince", { since: format.moment(unknownSince) })
    : t(`status.${status}`);
}

const partOf = (state: DayState, lasting: string, t: Say): string =>
  state === "unknown"
    ? t("page.unseen", { lasting })
    : t("page.part", { state: t(`status.${state}`), lasting });

function statusOfIncident({ components, severity }: PageIncident): ComponentStatus {
  const status = worst(components.map((component) => component.status));
  return status === "operational" ? STATUS_OF[severity] : status;
}

export const momentOf = (format: Format, at: Date): Moment => ({
  stamp: format.stamp(at),
  text: format.moment(at),
  ago: format.ago(at),
});

function listed(language: string, names: readonly string[], most: number, t: Say): string {
  const shown = names.length <= most ? names : names.slice(0, most - 1);
  const more = names.length - shown.length;
  const parts = more > 0 ? [...shown, t("notice.more", { count: more })] : shown;
  return new Intl.ListFormat(language, { type: "conjunction" }).format(parts);
}

/** A site of several languages keeps the reader's own from page to page. */
const linkIn =
  (languages: readonly string[], language: string) =>
  (path: string): string =>
    languages.length < 2 ? path : `${path}${path.includes("?") ? "&" : "?"}lang=${language}`;

const secondsBetween = (from: Date, to: Date): number =>
  Math.floor((to.getTime() - from.getTime()) / 1000);

const dateIn = (timezone: string, at: Date): string =>
  DateTime.fromJSDate(at, { zone: timezone }).toISODate() ?? "";
