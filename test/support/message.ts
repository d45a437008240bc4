import type { IncidentView } from "../../src/core/incident-view.js";
import type { IncidentMessage } from "../../src/notify/channel.js";

const incident: IncidentView = {
  id: "inc123abc456",
  state: "investigating",
  public: true,
  title: { en: "web3 cannot be reached", hu: "web3 nem érhető el" },
  cause: { kind: "host", id: "web3" },
  severity: "critical",
  components: [{ id: "web3", status: "major_outage" }],
  openedAt: "2026-11-21T09:58:00.000Z",
  resolvedAt: null,
  mergedInto: null,
  splitFrom: null,
  evidence: [
    {
      monitor: "web3-http",
      location: "here",
      since: "2026-11-21T09:58:00.000Z",
      until: null,
      reason: "refused",
    },
  ],
  updates: [
    {
      id: "upd123abc456",
      at: "2026-11-21T09:58:10.000Z",
      state: "investigating",
      public: true,
      by: "engine",
      text: { en: "We are looking into it." },
    },
  ],
  nextUpdateAt: "2026-11-21T10:30:00.000Z",
};

/** A message that every channel can say; parts of it and of its incident may be replaced. */
export const message = (
  parts: Partial<IncidentMessage> = {},
  incidentParts: Partial<IncidentView> = {},
): IncidentMessage => ({
  key: "inc123abc456-upd123abc456",
  event: "incident.opened",
  at: new Date("2026-11-21T09:58:10.000Z"),
  headline: "web3 cannot be reached – since 10:58",
  text: "We are looking into it.",
  language: "en",
  url: "https://status.example.org/incidents/inc123abc456",
  site: { name: "Example Host", url: "https://status.example.org", timezone: "Europe/Budapest" },
  ...parts,
  incident: { ...incident, ...incidentParts },
});
