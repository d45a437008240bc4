import type {
  PageComponent,
  PageIncident,
  PageMaintenance,
  PageModel,
} from "../../src/core/page.js";
import type { ComponentStatus } from "../../src/core/status.js";
import { boundsOf, daysOf, spansOf, uptimeOf, type Spell } from "../../src/core/uptime.js";

/** Saturday, 11:18 in Budapest. */
export const NOW = new Date("2026-11-21T10:18:00.000Z");

export const SITE: PageModel["site"] = {
  name: "Gyümölcstárhely",
  url: "https://status.example.hu",
  timezone: "Europe/Budapest",
  languages: ["hu", "en"],
  support: { email: "help@example.hu", phone: "+36 1 555 0100" },
  accent: null,
};

export const minutesAgo = (minutes: number, now = NOW): Date =>
  new Date(now.getTime() - minutes * 60_000);

/** Twelve characters from a short word, as public ids are. */
export const idOf = (word: string): string =>
  word
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "")
    .padEnd(12, "0")
    .slice(0, 12);

const BOUNDS = boundsOf(SITE.timezone, NOW);

/** A component that has been watched all the time, with `spells` of trouble; its last one may go on. */
export function aComponent(
  id: string,
  options: Partial<PageComponent> & { readonly spells?: readonly Spell[] } = {},
): PageComponent {
  const { spells = [], ...rest } = options;
  const createdAt = new Date("2026-01-05T08:00:00.000Z");
  const all: Spell[] = [{ status: "operational", since: createdAt, until: null }, ...spells];
  const days = daysOf(spansOf(all, NOW), BOUNDS);
  return {
    id,
    publicId: idOf(id),
    group: null,
    isGroup: false,
    name: { en: id },
    description: null,
    createdAt,
    updatedAt: createdAt,
    status: "operational",
    unknownSince: null,
    watched: true,
    days,
    uptime: uptimeOf(days),
    ...rest,
  };
}

/** Mail from mail2 fails since 10:58; a cause was found at 11:10. */
export function anIncident(id: string, options: Partial<PageIncident> = {}): PageIncident {
  const openedAt = minutesAgo(20);
  const from: ComponentStatus = "operational";
  return {
    id: idOf(id),
    title: { en: "Sending mail from mail2 fails", hu: "A levelek küldése nem működik: mail2" },
    causeKind: "host",
    state: "identified",
    severity: "critical",
    openedAt,
    monitoringAt: null,
    resolvedAt: null,
    nextUpdateAt: new Date(NOW.getTime() + 12 * 60_000),
    createdAt: openedAt,
    updatedAt: minutesAgo(8),
    mergedInto: null,
    components: [{ id: "mail2", status: "major_outage" }],
    updates: [
      {
        id: idOf(`${id}u2`),
        at: minutesAgo(8),
        state: "identified",
        text: {
          en: "A disk of mail2 is full. We are freeing space now. Mail that others send you is not lost; it arrives later. Reading your mail works.",
          hu: "A mail2 egyik lemeze megtelt. Már szabadítjuk fel a helyet. Az Önnek küldött levelek nem vesznek el, később érkeznek meg. Az olvasás működik.",
        },
        affected: [],
      },
      {
        id: idOf(`${id}u1`),
        at: openedAt,
        state: "investigating",
        text: {
          en: "Sending mail from mail2 fails since 10:58. We are looking for the cause.",
          hu: "10:58 óta nem lehet levelet küldeni a mail2-ről. Keressük az okát.",
        },
        affected: [{ id: "mail2", from, to: "major_outage" }],
      },
    ],
    ...options,
  };
}

/** Planned work on the websites from 20 minutes ago to 40 minutes from now, unless told otherwise. */
export const aMaintenance = (
  id: string,
  options: Partial<PageMaintenance> = {},
): PageMaintenance => ({
  id: idOf(id),
  title: { en: "Kernel update on web3", hu: "Kernelfrissítés a web3-on" },
  state: "in_progress",
  startsAt: minutesAgo(20),
  endsAt: minutesAgo(-40),
  startedAt: minutesAgo(20),
  endedAt: null,
  createdAt: minutesAgo(3_000),
  updatedAt: minutesAgo(20),
  components: ["web3"],
  updates: [
    {
      id: idOf(`${id}u1`),
      at: minutesAgo(20),
      state: "in_progress",
      text: { en: "The work has begun.", hu: "Elkezdtük a munkát." },
    },
  ],
  ...options,
});

/** A page on which nothing is wrong, unless told otherwise. */
export const aModel = (options: Partial<PageModel> = {}): PageModel => ({
  site: SITE,
  pageId: "pg0123456789",
  createdAt: new Date("2026-01-05T08:00:00.000Z"),
  asOf: NOW,
  workerWordAt: minutesAgo(0.1),
  maintenances: [],
  components: [
    aComponent("hosting", {
      isGroup: true,
      watched: false,
      name: { en: "Web hosting", hu: "Webtárhely" },
    }),
    aComponent("web3", { group: "hosting" }),
    aComponent("mail2"),
  ],
  incidents: [],
  olderBefore: null,
  ...options,
});
