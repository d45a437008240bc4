import type { PageIncident, PageMaintenance, PageModel } from "../../core/page.js";
import type { Texts } from "../../texts.js";
import { statusJson, summaryJson } from "../statuspage.js";
import { createAssets, type Assets } from "./assets.js";
import { pack, PAGE_HEADERS, type Copy } from "./copy.js";
import {
  renderError,
  renderHistory,
  renderIncident,
  renderMaintenance,
  renderStatus,
  type Setting,
} from "./render.js";

/** The rendered pages: one copy a language and encoding, made when something changes, not when somebody looks. */
export interface Copies {
  /**
   * Renders `model` as it reads at `at` and puts it in the place of what was there. Calls wait for
   * each other; a rejection leaves the last copies where they are.
   */
  publish(model: PageModel, at: Date): Promise<void>;
  /** The model that is shown; `null` before the first. */
  shown(): { readonly model: PageModel; readonly at: Date } | null;
  site(): PageModel["site"];
  setting(): Promise<Setting>;
  home(language: string): Copy | null;
  api(name: "summary" | "status"): Copy | null;
  asset(path: string): Copy | null;
  /** An incident of the last ninety days, rendered when first asked for. */
  incident(incident: PageIncident, language: string): Promise<Copy>;
  /** Planned work of the last ninety days and to come, rendered when first asked for. */
  maintenance(work: PageMaintenance, language: string): Promise<Copy>;
  /** The incidents of the last ninety days, rendered when first asked for. */
  history(language: string): Promise<Copy>;
  error(problem: string, language: string): Promise<string>;
}

interface Version {
  readonly model: PageModel;
  readonly at: Date;
  readonly setting: Setting;
  readonly home: ReadonlyMap<string, { readonly html: string; readonly copy: Copy }>;
  readonly summary: Copy;
  readonly status: Copy;
  /** What was asked for since; a promise, so that many who ask at once wait for one rendering. */
  readonly asked: Map<string, Promise<Copy>>;
}

const JSON_HEADERS = {
  "Content-Type": "application/json; charset=utf-8",
  "Cache-Control": "public, max-age=10, stale-if-error=86400",
  "Access-Control-Allow-Origin": "*",
  Vary: "Accept-Encoding",
  "X-Content-Type-Options": "nosniff",
} as const;

/** Copies of incident pages kept at once in one version. */
const ASKED_MAX = 500;
/** Accents met in one run: old addresses stay good for pages that are still open. */
const ASSETS_MAX = 16;

/** Copies that start empty. `site` and `texts` are asked for anew, since a reload may change them. */
export function createCopies({
  texts,
  site,
}: {
  readonly texts: () => Texts;
  readonly site: () => PageModel["site"];
}): Copies {
  let version: Version | null = null;
  let publishing: Promise<void> = Promise.resolve();
  const assetsByAccent = new Map<string | null, Promise<Assets>>();
  const assets = new Map<string, Copy>();

  const assetsFor = (accent: string | null): Promise<Assets> => {
    const known = assetsByAccent.get(accent);
    if (known) return known;
    if (assetsByAccent.size >= ASSETS_MAX) assetsByAccent.clear();
    const made = createAssets(accent).then((fresh) => {
      for (const [path, copy] of fresh.copies) assets.set(path, copy);
      return fresh;
    });
    assetsByAccent.set(accent, made);
    return made;
  };
  const settingFor = async ({ accent }: PageModel["site"]): Promise<Setting> => ({
    texts: texts(),
    assets: await assetsFor(accent),
  });

  const render = async (model: PageModel, at: Date): Promise<Version> => {
    const setting = await settingFor(model.site);
    const old = version;
    const home = new Map<string, { readonly html: string; readonly copy: Copy }>();
    // One after the other: packing lets others in between two renderings.
    for (const language of model.site.languages) {
      const html = renderStatus(setting, language, model, at);
      const same = old?.home.get(language);
      const kept = same?.html === html ? same : { html, copy: await packPage(html, language) };
      home.set(language, kept);
    }
    const json = (body: unknown): Promise<Copy> =>
      pack(JSON.stringify(body), JSON_HEADERS, { tag: "weak" });
    return {
      model,
      at,
      setting,
      home,
      summary: await json(summaryJson(model, at)),
      status: await json(statusJson(model, at)),
      asked: new Map(),
    };
  };

  const once = (key: string, make: (now: Version) => Promise<Copy>): Promise<Copy> => {
    if (!version) return Promise.reject(new Error("no page has been published yet"));
    const { asked } = version;
    const waiting = asked.get(key);
    if (waiting) return waiting;
    if (asked.size >= ASKED_MAX) asked.clear();
    const making = make(version);
    asked.set(key, making);
    making.catch(() => asked.delete(key));
    return making;
  };

  return {
    publish(model, at) {
      const next = publishing.then(async () => {
        version = await render(model, at);
      });
      publishing = next.catch(() => {});
      return next;
    },
    shown: () => version,
    site: () => version?.model.site ?? site(),
    setting: async () => version?.setting ?? settingFor(site()),
    home: (language) => version?.home.get(language)?.copy ?? null,
    api: (name) => version?.[name] ?? null,
    asset: (path) => assets.get(path) ?? null,
    incident: (incident, language) =>
      once(`${incident.id} ${language}`, async ({ setting, model, at }) =>
        packPage(renderIncident(setting, language, model, at, incident), language),
      ),
    maintenance: (work, language) =>
      once(`${work.id} ${language}`, async ({ setting, model, at }) =>
        packPage(renderMaintenance(setting, language, model, at, work), language),
      ),
    history: (language) =>
      once(`history ${language}`, async ({ setting, model, at }) =>
        packPage(renderHistory(setting, language, model, at, lately(model)), language),
      ),
    async error(problem, language) {
      const shown = version?.model.site ?? site();
      return renderError(version?.setting ?? (await settingFor(shown)), language, shown, problem);
    },
  };
}

const packPage = (html: string, language: string): Promise<Copy> =>
  pack(html, { ...PAGE_HEADERS, "Content-Language": language });

/** `/history` without `?before=`: what the model has, and where the next page goes on. */
function lately(model: PageModel) {
  const incidents = model.incidents.filter(({ mergedInto }) => mergedInto === null);
  return { incidents, before: null, older: model.olderBefore };
}
