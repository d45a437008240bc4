import { readdirSync, readFileSync } from "node:fs";
import { createInstance, type i18n } from "i18next";
import { DateTime } from "luxon";

/** Language code → text. */
type Localized = Readonly<Record<string, string>>;

/** What may stand in a text: names in many languages and moments are put into the reader's form. */
export type TextValue = string | number | Date | Localized | readonly Localized[];
export type TextParams = Readonly<Record<string, TextValue>>;

/** A text to be said: the first key that exists is taken. Structurally what `core/wording.ts` returns. */
export interface Sayable {
  readonly keys: readonly string[];
  readonly params: TextParams;
}

export interface Texts {
  /** The languages that have a file in `views/locales/`, English first. */
  readonly languages: readonly string[];
  /**
   * One text in one language; a language without a file gets English. A `Date` becomes a time in the
   * site's zone, with its day where that is not the day of `params.now`. Nothing is HTML-escaped.
   */
  t(language: string, key: string | readonly string[], params?: TextParams): string;
  /** A paragraph in every language of the files: its phrases one after the other. */
  localized(phrases: Sayable | readonly Sayable[]): Localized;
  /** One paragraph in one language. */
  say(language: string, phrases: Sayable | readonly Sayable[]): string;
  /** `10:58`, or with its day where that is not the day of `now`, in `zone` (default: the site's). */
  moment(language: string, at: Date, now: Date | null, zone?: string): string;
}

export interface TextOptions {
  /** Language → key → the operator's own wording; keys nobody knows are passed over. */
  readonly overrides?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** An IANA zone; default UTC. */
  readonly timezone?: string;
  /** Told of a text that no file has; the key itself is then shown. Tests let it throw. */
  readonly onMissing?: (key: string, language: string) => void;
}

type Catalogue = Readonly<Record<string, string>>;

const FALLBACK = "en";
const PLURAL = /_(zero|one|two|few|many|other)$/;

/** The texts of `views/locales/`, with the operator's own in their place. Reads the files once a run. */
export function createTexts(options: TextOptions = {}): Texts {
  const catalogues = withOverrides(readCatalogues(), options.overrides ?? {});
  const languages = [FALLBACK, ...Object.keys(catalogues).filter((l) => l !== FALLBACK)];
  const speaker = speakerOf(catalogues);
  const zoneOfSite = options.timezone ?? "UTC";
  const starts = new Map(languages.map((l) => [l, titleStarts(catalogues[l] ?? {})]));
  const known = (language: string): string => (catalogues[language] ? language : FALLBACK);

  const t: Texts["t"] = (asked, key, params = {}) => {
    const language = known(asked);
    const keys = typeof key === "string" ? [key] : [...key];
    const values = Object.fromEntries(
      Object.entries(params).map(([name, value]) => [name, spoken(language, value, params)]),
    );
    // Its own general words come before the exact ones of another language.
    for (const lng of new Set([language, FALLBACK])) {
      const found = keys.find((one) => speaker.exists(one, { ...values, lng, fallbackLng: false }));
      if (found !== undefined) return speaker.t(found, { ...values, lng });
    }
    const last = keys.at(-1) ?? "";
    options.onMissing?.(last, language);
    return last;
  };

  const moment: Texts["moment"] = (asked, at, now, zone = zoneOfSite) => {
    const clock = clockOf(zone);
    const time = clock.time(at);
    const today = now ? clock.day(now) : "";
    const day = clock.day(at);
    if (day === today) return time;
    const language = known(asked);
    const pattern = day.slice(0, 4) === today.slice(0, 4) ? "notice.day" : "notice.dayOfYear";
    const local = DateTime.fromJSDate(at, { zone }).setLocale(t(language, "notice.locale"));
    return t(language, "notice.moment", { day: local.toFormat(t(language, pattern)), time });
  };

  const named = (language: string, name: Localized): string =>
    name[language] ?? name[FALLBACK] ?? Object.values(name)[0] ?? "";

  const listed = (language: string, names: readonly Localized[]): string => {
    const all = names.map((name) => named(language, name));
    const shown = all.length <= 3 ? all : all.slice(0, 2);
    const more = all.length - shown.length;
    const parts = more > 0 ? [...shown, t(language, "notice.more", { count: more })] : shown;
    return new Intl.ListFormat(t(language, "notice.locale"), { type: "conjunction" }).format(parts);
  };

  const spoken = (language: string, value: TextValue, params: TextParams): string | number => {
    if (typeof value === "string" || typeof value === "number") return value;
    const now = params["now"];
    if (value instanceof Date) return moment(language, value, now instanceof Date ? now : null);
    return isList(value) ? listed(language, value) : named(language, value);
  };

  speaker.services.formatter?.add("clause", (value: unknown, lng) =>
    asClause(String(value), starts.get(lng ?? FALLBACK) ?? []),
  );

  const say: Texts["say"] = (language, phrases) =>
    (isPhrase(phrases) ? [phrases] : phrases)
      .map(({ keys, params }) => t(language, keys, params))
      .join(" ");

  return {
    languages,
    t,
    say,
    moment,
    localized: (phrases) => Object.fromEntries(languages.map((l) => [l, say(l, phrases)])),
  };
}

interface Clock {
  /** `10:58` */
  readonly time: (at: Date) => string;
  /** `2026-11-21`, only to compare. */
  readonly day: (at: Date) => string;
}

const clocks = new Map<string, Clock>();

/** Formatters are dear to make and cheap to use. */
function clockOf(timeZone: string): Clock {
  const known = clocks.get(timeZone);
  if (known) return known;
  const time = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const day = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
  const clock = { time: (at: Date) => time.format(at), day: (at: Date) => day.format(at) };
  clocks.set(timeZone, clock);
  return clock;
}

const isList = (value: Localized | readonly Localized[]): value is readonly Localized[] =>
  Array.isArray(value);
const isPhrase = (value: Sayable | readonly Sayable[]): value is Sayable => !Array.isArray(value);

/**
 * What of the operator's texts no file knows, as `language.key`. A wording for a kind of fault may be
 * given for every phase, also where ours falls back to the general one.
 */
export function unknownTexts(
  overrides: Readonly<Record<string, Readonly<Record<string, string>>>>,
): string[] {
  const catalogues = readCatalogues();
  return Object.entries(overrides).flatMap(([language, texts]) =>
    Object.keys(texts)
      .filter((key) => !isKnown(catalogues[language], key))
      .map((key) => `${language}.${key}`),
  );
}

function isKnown(catalogue: Catalogue | undefined, key: string): boolean {
  if (!catalogue) return false;
  const has = (one: string): boolean =>
    Object.hasOwn(catalogue, one) || Object.hasOwn(catalogue, `${one}_other`);
  if (has(key)) return true;
  const [, fault, phase] = /^(incident\.[a-z]+\.[a-z]+)\.([a-zA-Z]+)$/.exec(key) ?? [];
  return fault !== undefined && has(`${fault}.title`) && has(`incident.any.${phase}`);
}

function withOverrides(
  catalogues: Readonly<Record<string, Catalogue>>,
  overrides: NonNullable<TextOptions["overrides"]>,
): Readonly<Record<string, Catalogue>> {
  return Object.fromEntries(
    Object.entries(catalogues).map(([language, own]) => {
      const given = Object.entries(overrides[language] ?? {}).filter(([key]) => isKnown(own, key));
      const replaced = new Set(given.map(([key]) => key));
      // A wording without plural forms stands for all of them.
      const kept = Object.entries(own).filter(([key]) => !replaced.has(key.replace(PLURAL, "")));
      return [language, Object.fromEntries([...kept, ...given])];
    }),
  );
}

function speakerOf(catalogues: Readonly<Record<string, Catalogue>>): i18n {
  const speaker = createInstance();
  void speaker.init({
    initAsync: false,
    resources: Object.fromEntries(
      Object.entries(catalogues).map(([language, texts]) => [language, { translation: texts }]),
    ),
    lng: FALLBACK,
    fallbackLng: FALLBACK,
    keySeparator: false,
    nsSeparator: false,
    // Escaping belongs to where a text is shown; and what a name says is never read as a template.
    interpolation: { escapeValue: false, skipOnVariables: true, nestingPrefix: "\u0000" },
  });
  speaker.services.formatter?.add("article", (name: string) => `${article(name)} ${name}`);
  speaker.services.formatter?.add("articleup", (name: string) => {
    const word = article(name);
    return `${word.charAt(0).toUpperCase()}${word.slice(1)} ${name}`;
  });
  return speaker;
}

/** The plain words that titles of ours begin with, up to the first name. */
function titleStarts(catalogue: Catalogue): string[] {
  return Object.entries(catalogue)
    .filter(([key]) => /^incident\..*\.title/.test(key))
    .map(([, template]) => template.split("{{")[0] ?? "")
    .filter((start) => start.length > 3);
}

/** A title inside a sentence: "Sending mail …" → "sending mail …", but a name keeps its capital. */
function asClause(title: string, starts: readonly string[]): string {
  return starts.some((start) => title.startsWith(start))
    ? title.charAt(0).toLowerCase() + title.slice(1)
    : title;
}

/**
 * The Hungarian definite article for a name, by how it is read aloud: `az` before a vowel, also in
 * numbers (egy, öt, ezer …) and in letters that are spelt (`smtp1`: es-em-té-pé).
 */
export function article(name: string): "a" | "az" {
  const start = name.replace(/^[^\p{L}\p{N}]+/u, "");
  const digits = /^\d+/.exec(start)?.[0];
  if (digits) {
    if (digits.startsWith("5")) return "az";
    return digits.startsWith("1") && digits.length % 3 === 1 ? "az" : "a";
  }
  const word = /^\p{L}+/u.exec(start)?.[0] ?? "";
  const spelt = !/[aeiouáéíóöőúüű]/i.test(word) || /^[A-Z]{2,4}(?![a-z])/.test(word);
  return (spelt ? /^[aefilmnorsuxyáéíóöőúüű]/i : /^[aeiouáéíóöőúüű]/i).test(word) ? "az" : "a";
}

let catalogues: Readonly<Record<string, Catalogue>> | null = null;

/** The language files, flat (`incident.web.down.title`), read once. */
export function readCatalogues(): Readonly<Record<string, Catalogue>> {
  return (catalogues ??= Object.fromEntries(
    readdirSync(LOCALES)
      .filter((name) => name.endsWith(".json"))
      .map((name) => [
        name.slice(0, -".json".length),
        Object.fromEntries(flat(JSON.parse(readFileSync(new URL(name, LOCALES), "utf8")), "")),
      ]),
  ));
}

function flat(node: unknown, path: string): [string, string][] {
  if (typeof node === "string") return [[path, node]];
  if (node === null || typeof node !== "object")
    throw new Error(`views/locales: ${path} is not a text`);
  return Object.entries(node).flatMap(([key, inner]) => flat(inner, path ? `${path}.${key}` : key));
}

/** `views/` stands beside `src/`, also for what was compiled into `dist/src/`. */
export const VIEWS = new URL(
  import.meta.url.endsWith("/dist/src/texts.js") ? "../../views/" : "../views/",
  import.meta.url,
);
const LOCALES = new URL("locales/", VIEWS);
