import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ejs from "ejs";
import type { PageIncident, PageMaintenance, PageModel } from "../../core/page.js";
import { VIEWS, type Texts } from "../../texts.js";
import type { Assets } from "./assets.js";
import { SYMBOLS } from "./symbols.js";
import { createViews, errorView, type Frame } from "./view.js";

/** Everything a page is made of besides its model. */
export interface Setting {
  readonly texts: Texts;
  readonly assets: Assets;
}

/** `/` in one language, at one moment. */
export const renderStatus = (set: Setting, language: string, model: PageModel, at: Date): string =>
  fill(status, set, createViews(set.texts, language, model, at).status());

/** `/incidents/:id`; the model gives the site and the names of components. */
export const renderIncident = (
  set: Setting,
  language: string,
  model: PageModel,
  at: Date,
  incident: PageIncident,
): string =>
  fill(incidentPage, set, createViews(set.texts, language, model, at).incident(incident));

/** `/maintenance/:id` */
export const renderMaintenance = (
  set: Setting,
  language: string,
  model: PageModel,
  at: Date,
  work: PageMaintenance,
): string => fill(workPage, set, createViews(set.texts, language, model, at).maintenance(work));

/** `/history`: the incidents of one page of it, newest first. */
export const renderHistory = (
  set: Setting,
  language: string,
  model: PageModel,
  at: Date,
  part: {
    readonly incidents: readonly PageIncident[];
    readonly before: Date | null;
    readonly older: Date | null;
  },
): string =>
  fill(history, set, createViews(set.texts, language, model, at).history(part.incidents, part));

/** A page for a `ProblemCode`, or `failed`. */
export const renderError = (
  set: Setting,
  language: string,
  site: PageModel["site"],
  problem: string,
): string => fill(error, set, errorView(set.texts, language, site, problem));

const status = compile("page/status.ejs");
const incidentPage = compile("page/incident.ejs");
const workPage = compile("page/maintenance.ejs");
const history = compile("page/history.ejs");
const error = compile("error.ejs");

/** Read and compiled once; `cache` does the same for what a template includes. */
function compile(name: string): ejs.TemplateFunction {
  const filename = fileURLToPath(new URL(name, VIEWS));
  return ejs.compile(readFileSync(filename, "utf8"), { filename, cache: true, rmWhitespace: true });
}

function fill(template: ejs.TemplateFunction, { texts, assets }: Setting, page: Frame): string {
  const t = (key: string, params: Readonly<Record<string, string | number>> = {}): string =>
    texts.t(page.language, key, params);
  return template({ page, t, assets, symbols: SYMBOLS })
    .trimStart()
    .replaceAll(/\n{2,}/g, "\n");
}
