import type { Request, Response } from "express";
import type { Copies } from "../page/copies.js";
import { PAGE_HEADERS } from "../page/copy.js";
import { languageFor } from "../page/negotiate.js";
import { createReportViews } from "./view.js";

/** Our own style, script and pictures, forms to ourselves, nobody's frame. */
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Everything that a page of reporting is made of, in one language. */
export async function openViews(copies: Copies, language: string, at: Date) {
  const setting = await copies.setting();
  const site = copies.site();
  const model = copies.shown()?.model ?? null;
  return {
    language,
    setting,
    views: createReportViews(setting.texts, language, { site, model, at }),
  };
}

/** What was asked for with `?lang=`; `null` where nothing was. */
export function askedLanguage(req: Request): string | null {
  const { lang } = req.query;
  return typeof lang === "string" ? lang : null;
}

export const languageOf = (copies: Copies, req: Request): string =>
  languageFor(copies.site().languages, askedLanguage(req), req.get("accept-language"));

/** Sends a page with a form; `more` says how it differs from others. */
export function sendFormPage(
  res: Response,
  { status, language }: { readonly status: number; readonly language: string },
  html: string,
  more: Readonly<Record<string, string>> = {},
): void {
  res
    .status(status)
    .set({
      ...PAGE_HEADERS,
      "Content-Security-Policy": POLICY,
      "Cache-Control": "private, max-age=0, must-revalidate",
      "Content-Language": language,
      ...more,
    })
    .send(html);
}
