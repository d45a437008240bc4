import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

/** A browser for a whole test file, or the word why there is none. */
export type Found = { readonly browser: Browser } | { readonly missing: string };

/** Ours: the package unpacks to TMPDIR, and a folder that another user owns would end it. */
const FOLDER = join(
  process.cwd(),
  "node_modules/.cache/tudunk-chromium",
  String(process.getuid?.()),
);
/** Not the package's own: those switch off what our policy relies on. */
const ARGS = ["--no-sandbox", "--headless=shell", "--no-zygote", "--disable-gpu"];
const INSTALLED = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** `TUDUNK_BROWSER`, the packaged one on Linux x64, then what is installed. Close it when done. */
export async function findBrowser(): Promise<Found> {
  const tried: string[] = [];
  for (const place of [given, packaged, ...INSTALLED.map((path) => () => installed(path))]) {
    const found = await place().catch((error: unknown) => {
      tried.push(String(error).split("\n")[0]?.slice(0, 200) ?? "");
      return null;
    });
    if (found) return { browser: found };
  }
  return {
    missing: `no browser could be started; set TUDUNK_BROWSER to a Chromium (${tried.join("; ")})`,
  };
}

async function given(): Promise<Browser | null> {
  const executablePath = process.env["TUDUNK_BROWSER"];
  return executablePath ? chromium.launch({ executablePath, args: ARGS }) : null;
}

async function installed(executablePath: string): Promise<Browser | null> {
  return existsSync(executablePath) ? chromium.launch({ executablePath, args: ARGS }) : null;
}

async function packaged(): Promise<Browser | null> {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  mkdirSync(join(FOLDER, "conf"), { recursive: true });
  // The package's own fonts.conf names /tmp/fonts; without fonts, text has no size and no contrast.
  writeFileSync(
    join(FOLDER, "conf/fonts.conf"),
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>${FOLDER}/fonts/fonts</dir><dir>${FOLDER}/fonts</dir><dir>/usr/share/fonts</dir>
<cachedir>${FOLDER}/fontcache</cachedir></fontconfig>`,
  );
  // Read when the package is loaded; with these it brings its own system libraries along.
  const kept = { ...process.env };
  process.env["TMPDIR"] = FOLDER;
  process.env["AWS_EXECUTION_ENV"] = "AWS_Lambda_nodejs22.x";
  try {
    const { default: packagedChromium } = await import("@sparticuz/chromium");
    const executablePath = await packagedChromium.executablePath();
    const env = { ...process.env, FONTCONFIG_PATH: join(FOLDER, "conf") };
    return await chromium.launch({ executablePath, args: ARGS, env });
  } finally {
    for (const name of ["TMPDIR", "AWS_EXECUTION_ENV", "LD_LIBRARY_PATH", "FONTCONFIG_PATH"])
      if (kept[name] === undefined) delete process.env[name];
      else process.env[name] = kept[name];
  }
}

export interface Look {
  readonly width: 390 | 1280;
  readonly scheme: "light" | "dark";
}
export const LOOKS: readonly Look[] = [
  { width: 390, scheme: "light" },
  { width: 390, scheme: "dark" },
  { width: 1280, scheme: "light" },
  { width: 1280, scheme: "dark" },
];

/** A tab of that width and theme. Its policy is lifted only where axe has to come in. */
export const openContext = (
  browser: Browser,
  { width, scheme }: Look,
  options: { readonly bypassCSP?: boolean } = {},
): Promise<BrowserContext> =>
  browser.newContext({
    viewport: { width, height: 844 },
    colorScheme: scheme,
    locale: "en-GB",
    ...options,
  });

/** What axe finds wrong, a line each; the context must let scripts in. */
export async function findViolations(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve("axe-core/axe.min.js") });
  return page.evaluate<string[]>(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + " " + target.join(" "))))`);
}
