import type { Localized } from "../core/incident-view.js";
import type { PlanOptions } from "../store/maintenances.js";
import type { Texts } from "../texts.js";

/** What planned work says by itself at each of its moments, in every language. */
export const wordsOfWork = (
  texts: Texts,
  ...[moment, { startsAt, endsAt, now }]: Parameters<PlanOptions["words"]>
): Localized =>
  texts.localized({
    keys: [`maintenance.${moment}`],
    params: { begins: startsAt, ends: endsAt, now },
  });
