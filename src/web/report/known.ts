import type { Localized } from "../../core/incident-view.js";
import { isOpen, type PageIncident, type PageModel } from "../../core/page.js";
import { nameIn } from "../page/view.js";

/** An open public incident, and whether its own words resemble what is being typed. */
export interface Ranked {
  readonly incident: PageIncident;
  readonly fits: boolean;
}

/** Parts of names and addresses that say nothing of which one it is. */
const EVERYWHERE = new Set(["mail", "www", "http", "https", "webmail", "smtp", "imap", "pop3"]);

/**
 * All open public incidents, those first whose published words resemble what is typed. Everybody
 * gets the same ones, whatever they type: who lives on which server is never looked up here. Were it
 * looked up, the answer would tell anybody, for any domain, whether it is a customer's and which
 * server it is on – a form without a login must not be asked that. So `which` counts only where it
 * repeats a word of the page itself (somebody who types `mail2`), and the emphasis is a fact of the
 * typed words and the page, both of which whoever asks has already. Once the report is sent, the
 * inventory decides, and the answer goes to its sender alone.
 */
export function rankKnown(
  model: PageModel,
  language: string,
  { which, what }: { readonly which: string; readonly what: string },
): Ranked[] {
  const named = (name: Localized): string => nameIn(name, language, model.site.languages);
  const typed = new Set(wordsOf(which).filter((word) => !EVERYWHERE.has(word)));
  const told = stemsOf(what);
  return model.incidents
    .filter(isOpen)
    .map((incident) => {
      const names = model.components
        .filter(({ id }) => incident.components.some((one) => one.id === id))
        .map(({ name }) => named(name));
      const title = named(incident.title);
      const its = new Set(wordsOf([title, ...names].join(" ")));
      // The words that all names share, the hoster's own domain first, tell none from another.
      const others = new Set(
        model.components
          .filter(({ id }) => !incident.components.some((one) => one.id === id))
          .flatMap(({ name }) => wordsOf(named(name))),
      );
      const stems = stemsOf([title, ...names].join(" "));
      const place = [...typed].some((word) => its.has(word) && !others.has(word));
      const alike = [...told].filter((stem) => stems.has(stem)).length;
      return { incident, fits: place || alike >= 2, weight: alike + (place ? 10 : 0) };
    })
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ incident, fits }) => ({ incident, fits }));
}

const folded = (text: string): string =>
  text.slice(0, 2_000).normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();

/** Words with a figure in them, or of four letters and more. */
const wordsOf = (text: string): string[] =>
  (folded(text).match(/[\p{L}\p{N}]+/gu) ?? []).filter(
    (word) => word.length >= 4 || /\p{L}\p{N}/u.test(word),
  );

/** How words begin: `küldés` and `küldeni` do alike. */
const stemsOf = (text: string): Set<string> =>
  new Set(
    wordsOf(text)
      .filter((word) => !/\p{N}/u.test(word))
      .map((word) => word.slice(0, 4)),
  );
