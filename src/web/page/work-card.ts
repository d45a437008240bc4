import type { Localized } from "../../core/incident-view.js";
import { stateAt, type MaintenanceState } from "../../core/maintenance.js";
import type { PageMaintenance } from "../../core/page.js";
import type { Format } from "./format.js";
import type { IncidentCard, Look } from "./view.js";

/** Planned work as a page shows it. */
export interface WorkCard extends Pick<
  IncidentCard,
  "id" | "href" | "title" | "affected" | "updates"
> {
  readonly look: Look;
  readonly state: string;
  /** `3 December, 02:00–04:00` */
  readonly window: string;
  /** ISO 8601 */
  readonly begins: string;
}

const LOOKS: Readonly<Record<MaintenanceState, Look>> = {
  scheduled: "new",
  in_progress: "work",
  verifying: "work",
  completed: "ok",
  cancelled: "new",
};

interface Telling {
  readonly at: Date;
  readonly t: (key: string, params?: Readonly<Record<string, string>>) => string;
  readonly format: Format;
  readonly named: (name: Localized) => string;
  /** Names of these components, as one list. */
  readonly affected: (components: readonly string[]) => string;
  /** An address on this site in the reader's language. */
  readonly link: (path: string) => string;
}

/** What is said of planned work at `at`, newest first. */
export function workCard(
  work: PageMaintenance,
  { at, t, format, named, affected, link }: Telling,
): WorkCard {
  const state = stateAt(work, at);
  const begins = work.startedAt ?? work.startsAt;
  const ends = work.state === "completed" ? (work.endedAt ?? work.endsAt) : work.endsAt;
  return {
    id: work.id,
    href: link(`/maintenance/${work.id}`),
    title: named(work.title),
    look: LOOKS[state],
    state: t(`status.maintenance.${state}`),
    affected: affected(work.components),
    window: format.window(begins, ends),
    begins: format.stamp(begins),
    updates: work.updates.map((update) => ({
      id: update.id,
      word: t(`status.maintenance.${update.state}`),
      at: {
        stamp: format.stamp(update.at),
        text: format.moment(update.at),
        ago: format.ago(update.at),
      },
      paragraphs: named(update.text)
        .split(/\n+/)
        .filter((line) => line.trim() !== ""),
    })),
  };
}
