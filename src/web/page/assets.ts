import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { VIEWS } from "../../texts.js";
import { accentsOf } from "./accent.js";
import { pack, type Copy } from "./copy.js";
import { iconOf, SYMBOLS } from "./symbols.js";

/** Addresses of what a page loads besides itself; each names its content, so it never changes. */
export interface Assets {
  readonly css: string;
  /** Of the form and of the customers' own pages; the public page loads neither. */
  readonly reportCss: string;
  readonly reportJs: string;
  /** By what the page says: the tab's icon. */
  readonly icons: Readonly<Record<string, string>>;
  readonly copies: ReadonlyMap<string, Copy>;
}

const HEADERS = {
  "Cache-Control": "public, max-age=31536000, immutable",
  Vary: "Accept-Encoding",
  "X-Content-Type-Options": "nosniff",
} as const;

/** The style, in the site's accent, and the icons. */
export async function createAssets(accent: string | null): Promise<Assets> {
  const { light, dark } = accentsOf(accent);
  const style = `:root{--accent:${light};--accent-dark:${dark}}${squeeze(asset("page.css"))}`;
  const copies = new Map<string, Copy>();
  const publish = async (name: string, extension: string, type: string, text: string) => {
    const hash = createHash("sha256").update(text).digest("base64url").slice(0, 12);
    const path = `/assets/${name}.${hash}.${extension}`;
    copies.set(path, await pack(text, { "Content-Type": type, ...HEADERS }, { effort: 11 }));
    return path;
  };
  const css = await publish("page", "css", "text/css; charset=utf-8", style);
  const reportStyle = squeeze(asset("report.css"));
  const reportCss = await publish("report", "css", "text/css; charset=utf-8", reportStyle);
  const script = asset("report.js");
  const reportJs = await publish("report", "js", "text/javascript; charset=utf-8", script);
  const icons: Record<string, string> = {};
  for (const sign of SYMBOLS)
    icons[sign.look] = await publish(sign.look, "svg", "image/svg+xml", iconOf(sign));
  return { css, reportCss, reportJs, icons, copies };
}

const asset = (name: string): string => readFileSync(new URL(`assets/${name}`, VIEWS), "utf8");

/** Without comments and the spaces that only people need. */
const squeeze = (css: string): string =>
  css
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/\s?([{};,>])\s?/g, "$1")
    .replaceAll(/: /g, ":")
    .replaceAll(";}", "}");
