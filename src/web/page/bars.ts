import type { PageIncident } from "../../core/page.js";
import { DAY_STATES, type Day, type DayState } from "../../core/uptime.js";

/** Days that look alike, side by side: one stroke of the drawing. */
export interface Stroke {
  readonly state: DayState;
  /** An SVG path over a grid of one unit a day; the style gives it height and gaps. */
  readonly path: string;
}

/** One day with something to tell, or a row of days with nothing. */
export interface DayLine {
  readonly from: string;
  readonly to: string;
  /** Worst first; empty for days on which everything was fine. */
  readonly parts: readonly { readonly state: DayState; readonly seconds: number }[];
  readonly state: DayState;
  /** The incident of that day, where there is one to read. */
  readonly incident: string | null;
}

/** Not seen for less than this is not worth a word … */
const UNSEEN_WORD_S = 60;
/** … and for less than this does not colour the whole day. */
const UNSEEN_DAY_S = 3600;

const EVENTS: readonly DayState[] = [
  "major_outage",
  "partial_outage",
  "degraded_performance",
  "under_maintenance",
  "unknown",
];

/** What one day is drawn as: its worst status, or unknown when much of it was not seen. */
function lookOf({ seconds }: Day): DayState {
  const worst = EVENTS.find((state) => state !== "unknown" && seconds[state] > 0);
  if (worst) return worst;
  const seen = seconds.operational;
  if (seconds.unknown >= UNSEEN_DAY_S || seconds.unknown > seen) return "unknown";
  return seen > 0 ? "operational" : "noData";
}

/** The drawing of a row of days: one path a state, mildest first. */
export function drawDays(days: readonly Day[]): Stroke[] {
  const paths = new Map<DayState, { path: string; end: number }>();
  const looks = days.map(lookOf);
  let start = 0;
  looks.forEach((state, index) => {
    if (looks[index + 1] === state) return;
    const { path, end } = paths.get(state) ?? { path: "", end: 0 };
    const move = path === "" ? `M${start} 0` : `m${start - end} 0`;
    paths.set(state, { path: `${path}${move}h${index + 1 - start}`, end: index + 1 });
    start = index + 1;
  });
  return DAY_STATES.flatMap((state) => {
    const path = paths.get(state)?.path;
    return path ? [{ state, path }] : [];
  });
}

/** A text for each day, newest first: eventful ones by themselves, quiet ones together. */
export function tellDays(
  days: readonly Day[],
  incidentOn: (date: string) => string | null,
): DayLine[] {
  const lines: (DayLine & { to: string })[] = [];
  for (const day of days) {
    const parts = partsOf(day);
    const state = lookOf(day);
    const last = lines.at(-1);
    if (parts.length === 0 && last?.parts.length === 0 && last.state === state) last.to = day.date;
    else {
      const incident = parts.length > 0 ? incidentOn(day.date) : null;
      lines.push({ from: day.date, to: day.date, parts, state, incident });
    }
  }
  return lines.toReversed();
}

function partsOf({ seconds }: Day): DayLine["parts"] {
  const worth = (state: DayState) => seconds[state] > (state === "unknown" ? UNSEEN_WORD_S : 0);
  return EVENTS.some(worth)
    ? EVENTS.filter(worth).map((state) => ({ state, seconds: seconds[state] }))
    : NOTHING;
}

const NOTHING: DayLine["parts"] = [];

/** For each component, which incident to read about a day; the newest where there were several. */
export function incidentsByDay(
  incidents: readonly PageIncident[],
  dateOf: (at: Date) => string,
): (component: string) => (date: string) => string | null {
  const spans = incidents
    .filter(({ mergedInto }) => mergedInto === null)
    .map(({ id, components, updates, openedAt, resolvedAt }) => ({
      id,
      from: dateOf(openedAt),
      to: resolvedAt ? dateOf(resolvedAt) : "9999",
      touched: new Set([
        ...components.map((component) => component.id),
        ...updates.flatMap(({ affected }) => affected.map((component) => component.id)),
      ]),
    }));
  return (component) => {
    const own = spans.filter(({ touched }) => touched.has(component));
    return (date) => own.find(({ from, to }) => from <= date && date <= to)?.id ?? null;
  };
}
