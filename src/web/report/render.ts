import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ejs from "ejs";
import { VIEWS } from "../../texts.js";
import type { Setting } from "../page/render.js";
import { SYMBOLS } from "../page/symbols.js";
import type { ConfirmView, FormView, KnownView, OwnView } from "./view.js";

export const renderForm = (set: Setting, page: FormView): string =>
  fill(form, set, page.language, { page, known: page.known });

export const renderOwn = (set: Setting, page: OwnView): string =>
  fill(own, set, page.language, { page });

export const renderConfirm = (set: Setting, page: ConfirmView): string =>
  fill(confirm, set, page.language, { page });

/** The list alone, for the form's script to put into its place. */
export const renderKnown = (set: Setting, language: string, known: KnownView): string =>
  fill(knownList, set, language, { known });

const form = compile("report/form.ejs");
const own = compile("report/own.ejs");
const confirm = compile("report/confirm.ejs");
const knownList = compile("report/known.ejs");

function compile(name: string): ejs.TemplateFunction {
  const filename = fileURLToPath(new URL(name, VIEWS));
  return ejs.compile(readFileSync(filename, "utf8"), { filename, cache: true, rmWhitespace: true });
}

/** Empty lines stay: in a customer's words they are theirs. */
function fill(
  template: ejs.TemplateFunction,
  { texts, assets }: Setting,
  language: string,
  values: Readonly<Record<string, unknown>>,
): string {
  const t = (key: string, params: Readonly<Record<string, string | number>> = {}): string =>
    texts.t(language, key, params);
  return template({ ...values, t, assets, symbols: SYMBOLS }).trimStart();
}
