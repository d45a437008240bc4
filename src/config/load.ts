import { DateTime } from "luxon";
import type { z } from "zod";
import { ALERT_PREFIX, type AlertRule } from "../core/alert-rule.js";
import { isHeard } from "../core/heard.js";
import type { MailSettings } from "../notify/channel.js";
import { CHANNELS } from "../notify/index.js";
import { readCatalogues, unknownTexts } from "../texts.js";
import {
  HEARD,
  type ChannelSettings,
  type Component,
  type Config,
  type Host,
  type Maintenance,
  type Monitor,
} from "./config.js";
import { disk, type Disk } from "./disk.js";
import { gatherFiles } from "./files.js";
import { tokenOf } from "./heartbeat.js";
import { KINDS as MONITOR_KINDS, type MonitorKind } from "./kinds.js";
import type { Mistake } from "./mistakes.js";
import { placeOf } from "./read-yaml.js";
import {
  createReading,
  partOf,
  pathText,
  shown,
  type Part,
  type Reading,
  type Source,
} from "./reading.js";
import { hasPlaceholder, ruleOf } from "./rules.js";
import { entrySchemas, LATER_KEYS, sectionSchemas, type Entries, type Sections } from "./schema.js";
import { entryOf, type YamlMap, type YamlNode } from "./yaml-node.js";

export interface LoadOptions {
  /** What `{ env: NAME }` is read from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The languages there is a catalogue for. */
  readonly languages: readonly string[];
  readonly read?: Disk;
  readonly probes?: Readonly<Record<string, MonitorKind>>;
  readonly channels?: Readonly<Record<string, { readonly settings: z.ZodObject }>>;
}

export type Loaded = {
  /** Every file that was read or should have been, secrets included. */
  readonly files: readonly string[];
  /** Folders that a wildcard looks into: a new file there may change the configuration. */
  readonly folders: readonly string[];
} & (
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly Mistake[] }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] }
);

const KINDS = ["hosts", "components", "monitors", "channels", "rules", "maintenances"] as const;
type Kind = (typeof KINDS)[number];
const SLICE_MS = 12;

/**
 * Reads the configuration at `path` with all it includes and checks it as a whole: either a `Config` or every
 * mistake there is, in the order of files and lines. Works in slices of some 12 ms, so that a process may go on
 * with other things while it loads. Rejects only for a bug of ours.
 */
export async function loadConfig(path: string, options: LoadOptions): Promise<Loaded> {
  const {
    env,
    languages,
    read: from = disk,
    probes = MONITOR_KINDS,
    channels = CHANNELS,
  } = options;
  const reading = createReading(env, from);
  const breathe = inSlices(SLICE_MS);
  const { sources, files, folders } = await gatherFiles(path, reading, from, breathe);
  const [main] = sources;
  const whole = main
    ? await readWhole(main, sources, { env, reading, languages, probes, channels, breathe })
    : null;
  const found = { files: [...new Set([...files, ...reading.secretFiles()])], folders };
  const order = new Map(sources.map(({ file }, index) => [file, index]));
  const inOrder = (mistakes: readonly Mistake[]): Mistake[] =>
    mistakes.toSorted(
      (a, b) =>
        (order.get(a.file) ?? -1) - (order.get(b.file) ?? -1) ||
        a.line - b.line ||
        a.column - b.column,
    );
  if (whole && reading.mistakes.length === 0)
    return { ok: true, config: whole, warnings: inOrder(reading.warnings), ...found };
  return { ok: false, mistakes: inOrder(reading.mistakes), ...found };
}

interface Tools {
  readonly env: LoadOptions["env"];
  readonly reading: Reading;
  readonly languages: readonly string[];
  readonly probes: Readonly<Record<string, MonitorKind>>;
  readonly channels: Readonly<Record<string, { readonly settings: z.ZodObject }>>;
  readonly breathe: () => Promise<void> | undefined;
}

/** An entry of one of the lists, with the id it has even if the rest of it is wrong. */
interface Entry {
  readonly part: Part;
  readonly id: string | null;
}

async function readWhole(
  main: Source,
  sources: readonly Source[],
  tools: Tools,
): Promise<Config | null> {
  const { reading } = tools;
  checkTopLevel(main, sources, reading);
  const sections = await readSections(main, tools);
  const lists = entriesOf(sources, reading);
  const siteLanguages = sections.site?.languages ?? [tools.languages[0] ?? "en"];
  const components = await readComponents(lists.components, siteLanguages, tools);
  const ids = {
    hosts: checkIds(lists.hosts, reading),
    components: components.ids,
    monitors: checkIds(lists.monitors, reading),
    channels: checkIds(lists.channels, reading),
    rules: checkIds(lists.rules, reading),
  };
  const hosts = await readHosts(lists.hosts, ids.hosts, tools);
  const monitors = await readMonitors(
    lists.monitors,
    sections.defaults,
    ids,
    components.groups,
    tools,
  );
  const hasMail = entryOf(main.root, "mail") !== undefined;
  const hasAddress = Boolean(sections.site?.url ?? tools.env["PUBLIC_URL"]);
  const channels = await readChannels(lists.channels, hasMail, hasAddress, tools);
  const rules = await readRules(lists.rules, ids, components.groups, tools);
  if (rules.length > 0) checkAlertIds(lists.monitors, reading);
  const timezone = sections.site?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  checkIds(lists.maintenances, reading);
  const maintenances = await readMaintenances(
    lists.maintenances,
    { ...ids, groups: components.groups },
    { timezone, siteLanguages },
    tools,
  );
  if (reading.mistakes.length > 0) return null;
  const { site, mail, references, resolvers, egress, retention, policy, texts } = sections;
  if (!site || !references || !resolvers || !egress || !retention || !policy || !texts) return null;
  return {
    site: {
      name: site.name,
      url: site.url ?? null,
      timezone,
      languages: siteLanguages,
      support: { email: site.support.email ?? null, phone: site.support.phone ?? null },
      accent: site.accent ?? null,
    },
    mail: mail ? mailSettings(mail) : null,
    references,
    resolvers,
    egress,
    retention: {
      resultsMs: retention.results,
      hoursMs: retention.hours,
      daysMs: retention.days,
      reportsMs: retention.reports,
      screenshotsMs: retention.screenshots,
    },
    hosts,
    components: components.list,
    monitors,
    channels,
    rules,
    maintenances,
    policy: {
      publish: policy.publish,
      nextUpdateMs: policy.next_update,
      reopenMs: policy.reopen,
      creep: policy.creep,
    },
    texts: ownTexts(texts),
    help: (texts.help ?? {}) as Config["help"],
  };
}

/** Unknown keys of the main file, and what an included file may not hold. */
function checkTopLevel(main: Source, sources: readonly Source[], reading: Reading): void {
  const known = [...Object.keys(sectionSchemas([])), ...KINDS];
  const included = new Set<string>([...KINDS, "include"]);
  for (const source of sources) {
    if (source.root.kind !== "map") continue;
    for (const { key, keyAt } of source.root.entries) {
      const part = partAtKey(source, key, keyAt);
      if (source === main ? known.includes(key) : included.has(key)) continue;
      if (known.includes(key))
        reading.mistake(part, [], { message: `belongs in the main file, ${main.file}` });
      else if (LATER_KEYS.has(key))
        reading.mistake(part, [], { message: "not known in this version" });
      else
        reading.mistake(part, [], { message: "unknown key", didYouMean: reading.near(key, known) });
    }
  }
}

const partAtKey = (source: Source, key: string, keyAt: number): Part => ({
  source,
  path: [key],
  node: { kind: "map", at: keyAt, entries: [] },
});

/** The sections as their schemas read them; `null` after a mistake, and for `mail` where there is none. */
type ReadSections = { readonly [Name in keyof Sections]: Sections[Name] | null };

async function readSections(main: Source, { reading, languages }: Tools): Promise<ReadSections> {
  const schemas = sectionSchemas(languages);
  const top: Part = { source: main, path: [], node: main.root };
  const section = async <Name extends keyof Sections>(
    name: Name,
  ): Promise<Sections[Name] | null> => {
    const node = entryOf(main.root, name);
    const isList = schemas[name]._zod.def.type === "default";
    const empty: YamlNode = isList
      ? { kind: "list", at: 0, items: [] }
      : { kind: "map", at: 0, entries: [] };
    const value = await reading.read(schemas[name], {
      source: main,
      path: [name],
      node: node ?? empty,
    });
    return value as Sections[Name] | null;
  };
  const mail = partOf(top, "mail") ? await section("mail") : null;
  if (mail && mail.password !== undefined && new URL(mail.smtp).password !== "")
    reading.mistake(top, ["mail", "password"], {
      message: "is given twice: here and in the address of smtp",
    });
  const texts = await section("texts");
  if (texts) checkTexts(texts, top, reading);
  return {
    site: await section("site"),
    mail,
    references: await section("references"),
    resolvers: await section("resolvers"),
    egress: await section("egress"),
    retention: await section("retention"),
    defaults: await section("defaults"),
    policy: await section("policy"),
    include: null,
    texts,
  };
}

/** The operator's wording by language, without what stands beside it. */
const ownTexts = (texts: Sections["texts"]): Config["texts"] =>
  Object.fromEntries(Object.entries(texts).filter(([name]) => name !== "help")) as Config["texts"];

/** A text under a key that nothing says would never be seen. */
function checkTexts(texts: Sections["texts"], top: Part, reading: Reading): void {
  const overrides = ownTexts(texts);
  const catalogues = readCatalogues();
  const strangers = new Set(unknownTexts(overrides));
  for (const [language, own] of Object.entries(overrides))
    for (const key of Object.keys(own))
      if (strangers.has(`${language}.${key}`))
        reading.mistake(
          top,
          ["texts", language, key],
          unknown(reading, "text", key, Object.keys(catalogues[language] ?? {})),
        );
}

function mailSettings({ smtp, password, from }: Sections["mail"]): MailSettings {
  const url = new URL(smtp);
  const inside = url.password === "" ? null : decoded(url.password);
  url.password = "";
  return { smtp: url.href, password: password ?? inside, from };
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** All entries of all files, kind by kind. */
function entriesOf(sources: readonly Source[], reading: Reading): Record<Kind, Entry[]> {
  const lists: Record<Kind, Entry[]> = {
    hosts: [],
    components: [],
    monitors: [],
    channels: [],
    rules: [],
    maintenances: [],
  };
  for (const source of sources) {
    for (const kind of KINDS) {
      const part = partOf({ source, path: [], node: source.root }, kind);
      if (part) lists[kind].push(...entriesIn(part, reading));
    }
  }
  return lists;
}

function entriesIn(part: Part, reading: Reading): Entry[] {
  const { source, path, node } = part;
  if (node.kind !== "list") {
    reading.mistake(part, [], {
      message: "expected a list, each entry after a -",
      expected: "a list",
    });
    return [];
  }
  return node.items.map((item, index) => {
    const id = entryOf(item, "id");
    return {
      part: { source, path: [...path, index], node: item },
      id: id?.kind === "scalar" && typeof id.value === "string" ? id.value : null,
    };
  });
}

/** Notes ids given twice, naming both places; the result has every id there is. */
function checkIds(entries: readonly Entry[], reading: Reading): ReadonlySet<string> {
  const first = new Map<string, Part>();
  for (const { id, part } of entries) {
    if (id === null) continue;
    const earlier = first.get(id);
    if (!earlier) {
      first.set(id, part);
      continue;
    }
    const { source, path, node } = earlier;
    const { line, column } = placeOf(source.starts, entryOf(node, "id")?.at ?? node.at);
    reading.mistake(part, ["id"], {
      message: `${shown(id)} is already the id of ${pathText(path)} (${source.file}:${line}:${column})`,
    });
  }
  return new Set(first.keys());
}

async function readHosts(
  entries: readonly Entry[],
  ids: ReadonlySet<string>,
  { reading, languages, breathe }: Tools,
): Promise<Host[]> {
  const schema = entrySchemas(languages).hosts;
  const hosts: Host[] = [];
  const parts = new Map<string, Part>();
  for (const { part } of entries) {
    const read = await reading.read(schema, part);
    const pause = breathe();
    if (pause) await pause;
    if (!read) continue;
    for (const edge of ["parents", "dependsOn"] as const)
      for (const [index, other] of read[edge].entries())
        if (!ids.has(other))
          reading.mistake(part, [edge, index], unknown(reading, "host", other, ids));
        else if (edge === "dependsOn" && other === read.id)
          reading.mistake(part, [edge, index], { message: "a host depends on itself anyway" });
    hosts.push({ ...read, name: read.name ?? read.id });
    parts.set(read.id, part);
  }
  for (const circle of circles(hosts)) {
    const [from = "", to = ""] = circle.slice(-2);
    const part = parts.get(from);
    const index = hosts.find(({ id }) => id === from)?.parents.indexOf(to) ?? 0;
    const message = `parents in a circle: ${circle.join(" → ")}`;
    if (part) reading.mistake(part, ["parents", index], { message });
  }
  return hosts;
}

/** Each circle of parents once, as the ids on the way from a host back to itself. */
function circles(hosts: readonly Host[]): string[][] {
  const parentsOf = new Map(hosts.map(({ id, parents }) => [id, parents]));
  const done = new Set<string>();
  const found: string[][] = [];
  for (const { id } of hosts) {
    const way: { readonly id: string; next: number }[] = done.has(id) ? [] : [{ id, next: 0 }];
    const onWay = new Set(way.map((step) => step.id));
    for (let step = way.at(-1); step; step = way.at(-1)) {
      const parent = parentsOf.get(step.id)?.[step.next++];
      if (parent === undefined) {
        done.add(step.id);
        onWay.delete(step.id);
        way.pop();
      } else if (onWay.has(parent)) {
        const names = way.map((each) => each.id);
        found.push([...names.slice(names.indexOf(parent)), parent]);
      } else if (!done.has(parent) && parentsOf.has(parent)) {
        way.push({ id: parent, next: 0 });
        onWay.add(parent);
      }
    }
  }
  return found;
}

/** One text for all languages is said in each. */
const inEach =
  (languages: readonly string[]) =>
  (text: string | Partial<Record<string, string>>): Record<string, string> =>
    typeof text === "string"
      ? Object.fromEntries(languages.map((language) => [language, text]))
      : (text as Record<string, string>);

async function readComponents(
  entries: readonly Entry[],
  siteLanguages: readonly string[],
  { reading, languages, breathe }: Tools,
): Promise<{ list: Component[]; ids: ReadonlySet<string>; groups: ReadonlySet<string> }> {
  const schema = entrySchemas(languages).components;
  const list: Component[] = [];
  const all: Entry[] = [];
  const groups = new Set<string>();
  const inAll = inEach(siteLanguages);
  const readOne = async (entry: Entry, group: string | null): Promise<void> => {
    all.push(entry);
    const members = partOf(entry.part, "components");
    const isGroup =
      entry.part.node.kind === "map" &&
      entry.part.node.entries.some(({ key }) => key === "components");
    if (isGroup && entry.id !== null) groups.add(entry.id);
    const [own] = split(entry.part, (key) => key !== "components");
    const read = await reading.read(schema, own, ["components"]);
    const pause = breathe();
    if (pause) await pause;
    if (read)
      list.push({
        id: read.id,
        group,
        isGroup,
        name: inAll(read.name ?? read.id),
        description: read.description === undefined ? null : inAll(read.description),
      });
    if (members && group !== null) {
      reading.mistake(entry.part, ["components"], {
        message: "a group within a group: there is only one level of groups",
      });
    } else if (members) {
      for (const member of entriesIn(members, reading)) await readOne(member, entry.id ?? "");
    }
  };
  for (const entry of entries) await readOne(entry, null);
  return { list, ids: checkIds(all, reading), groups };
}

async function readMonitors(
  entries: readonly Entry[],
  defaults: Sections["defaults"] | null,
  ids: Readonly<Record<"hosts" | "components", ReadonlySet<string>>>,
  groups: ReadonlySet<string>,
  { reading, languages, probes, breathe }: Tools,
): Promise<Monitor[]> {
  const schema = entrySchemas(languages).monitors;
  const common = new Set(Object.keys(schema.shape));
  const tokens = new Map<string, string>();
  const monitors: Monitor[] = [];
  for (const { part } of entries) {
    const pause = breathe();
    if (pause) await pause;
    const [own, rest] = split(part, (key) => common.has(key));
    const kind = entryOf(part.node, "probe");
    const word = kind?.kind === "scalar" && typeof kind.value === "string" ? kind.value : null;
    const probe = word !== null && Object.hasOwn(probes, word) ? probes[word] : undefined;
    const read = await reading.read(schema, own, probe ? Object.keys(probe.options.shape) : []);
    if (word !== null && !probe)
      reading.mistake(part, ["probe"], unknown(reading, "probe", word, Object.keys(probes)));
    const options = probe ? await reading.read(probe.options, rest, [...common]) : null;
    const target = partOf(part, "target");
    const aims = target !== null && probe !== undefined && read !== null;
    const heard = word !== null && isHeard(word);
    const aim = aims ? await reading.read(probe.target, target) : heard ? (read?.id ?? null) : null;
    if (read && target === null && !heard)
      reading.mistake(part, ["target"], { message: "is missing", expected: "text" });
    const looks = heard ? HEARD : looksOf(read, defaults);
    if (read && heard)
      for (const key of ["every", "timeout", "confirm"] as const)
        if (read[key] !== undefined)
          reading.mistake(part, [key], {
            message: `nobody looks at a ${word}: what it tells counts at once`,
          });
    const twin = options && tokens.get(tokenOf({ probe: word ?? "", options }) ?? "");
    if (twin) reading.mistake(part, ["token"], { message: `is the token of ${twin}, too` });
    if (read) {
      const { host, component, timeout } = read;
      if (host !== undefined && !ids.hosts.has(host))
        reading.mistake(part, ["host"], unknown(reading, "host", host, ids.hosts));
      if (component !== undefined && !ids.components.has(component))
        reading.mistake(
          part,
          ["component"],
          unknown(reading, "component", component, ids.components),
        );
      else if (component !== undefined && groups.has(component))
        reading.mistake(part, ["component"], {
          message: `${shown(component)} is a group; a monitor belongs to one of its components`,
        });
      if (timeout !== undefined && timeout > looks.everyMs)
        reading.mistake(part, ["timeout"], {
          message: `expected at most the interval (every: ${inWords(looks.everyMs)}), got ${inWords(timeout)}`,
          expected: `at most ${inWords(looks.everyMs)}`,
        });
    }
    if (!read || !options || aim === null) continue;
    const token = tokenOf({ probe: read.probe, options });
    if (token !== null) tokens.set(token, shown(read.id));
    monitors.push({
      id: read.id,
      probe: read.probe,
      target: aim,
      ...looks,
      host: read.host ?? null,
      component: read.component ?? null,
      impact: read.impact ?? defaults?.impact ?? "major_outage",
      labels: { ...defaults?.labels, ...read.labels },
      paused: read.paused,
      options,
    });
  }
  return monitors;
}

/** How often, how long and how surely a monitor is looked at. */
function looksOf(
  own: Pick<Entries["monitors"], "every" | "timeout" | "confirm"> | null,
  defaults: Sections["defaults"] | null,
): Pick<Monitor, "everyMs" | "timeoutMs" | "confirm"> {
  const everyMs = own?.every ?? defaults?.every ?? 60_000;
  const confirm = { ...defaults?.confirm, ...own?.confirm };
  return {
    everyMs,
    timeoutMs: own?.timeout ?? Math.min(defaults?.timeout ?? 10_000, everyMs),
    confirm: {
      failures: confirm.failures ?? 2,
      recheckMs: confirm.recheck ?? 5_000,
      recoveries: confirm.recoveries ?? 2,
    },
  };
}

async function readChannels(
  entries: readonly Entry[],
  hasMail: boolean,
  hasAddress: boolean,
  { reading, languages, channels: kinds, breathe }: Tools,
): Promise<ChannelSettings[]> {
  const schema = entrySchemas(languages).channels;
  const channels: ChannelSettings[] = [];
  for (const { part } of entries) {
    const pause = breathe();
    if (pause) await pause;
    const [own, rest] = split(part, (key) => key === "id" || key === "kind");
    const read: Entries["channels"] | null = await reading.read(schema, own);
    const word = entryOf(part.node, "kind");
    if (word?.kind !== "scalar" || typeof word.value !== "string") continue;
    const kind = Object.hasOwn(kinds, word.value) ? kinds[word.value] : undefined;
    if (!kind) {
      reading.mistake(
        part,
        ["kind"],
        unknown(reading, "kind of channel", word.value, Object.keys(kinds)),
      );
      continue;
    }
    if (word.value === "email" && !hasMail)
      reading.mistake(part, ["kind"], {
        message: "needs the section mail: with the relay that sends",
      });
    if (word.value === "email" && !hasAddress)
      reading.warning(part, ["kind"], {
        message: "its mails will link to localhost: set site.url (or PUBLIC_URL)",
      });
    const settings = await reading.read(kind.settings, rest, ["id", "kind"]);
    if (read && settings) channels.push({ ...read, settings });
  }
  return channels;
}

async function readRules(
  entries: readonly Entry[],
  ids: Readonly<Record<"hosts" | "components", ReadonlySet<string>>>,
  groups: ReadonlySet<string>,
  { reading, languages, breathe }: Tools,
): Promise<AlertRule[]> {
  const schema = entrySchemas(languages).rules;
  const rules: AlertRule[] = [];
  for (const { part } of entries) {
    const pause = breathe();
    if (pause) await pause;
    const read = await reading.read(schema, part);
    if (!read) continue;
    const { host = "{{", component = "{{" } = read;
    if (!hasPlaceholder(host) && !ids.hosts.has(host))
      reading.mistake(part, ["host"], unknown(reading, "host", host, ids.hosts));
    if (!hasPlaceholder(component) && !ids.components.has(component))
      reading.mistake(
        part,
        ["component"],
        unknown(reading, "component", component, ids.components),
      );
    else if (groups.has(component))
      reading.mistake(part, ["component"], {
        message: `${shown(component)} is a group; an alert belongs to one of its components`,
      });
    rules.push(ruleOf(read));
  }
  return rules;
}

/** Ids that what alerts make of itself will have. */
function checkAlertIds(entries: readonly Entry[], reading: Reading): void {
  for (const { id, part } of entries)
    if (id?.startsWith(ALERT_PREFIX))
      reading.mistake(part, ["id"], {
        message: `${ALERT_PREFIX}… are the ids of what rules: make; choose another`,
      });
}

async function readMaintenances(
  entries: readonly Entry[],
  ids: Readonly<Record<"hosts" | "components" | "groups", ReadonlySet<string>>>,
  site: { readonly timezone: string; readonly siteLanguages: readonly string[] },
  { reading, languages, breathe }: Tools,
): Promise<Maintenance[]> {
  const schema = entrySchemas(languages).maintenances;
  const inAll = inEach(site.siteLanguages);
  const momentOf = (text: string): Date =>
    DateTime.fromISO(text.replace(" ", "T"), { zone: site.timezone }).toJSDate();
  const maintenances: Maintenance[] = [];
  for (const { part } of entries) {
    const read = await reading.read(schema, part);
    const pause = breathe();
    if (pause) await pause;
    if (!read) continue;
    const [startsAt, endsAt] = [momentOf(read.from), momentOf(read.to)];
    for (const [name, moment] of [["from", startsAt] as const, ["to", endsAt] as const])
      if (Number.isNaN(moment.getTime()))
        reading.mistake(part, [name], { message: `${shown(read[name])} is no moment` });
    if (endsAt <= startsAt)
      reading.mistake(part, ["to"], { message: "expected a moment after from" });
    for (const kind of ["hosts", "components"] as const)
      for (const [index, id] of read[kind].entries())
        if (!ids[kind].has(id))
          reading.mistake(
            part,
            [kind, index],
            unknown(reading, kind.replace(/s$/, ""), id, ids[kind]),
          );
        else if (kind === "components" && ids.groups.has(id))
          reading.mistake(part, [kind, index], {
            message: `${shown(id)} is a group; name its components`,
          });
    if (read.hosts.length + read.components.length === 0)
      reading.mistake(part, [], { message: "expected hosts or components that it is about" });
    const { id, title, text, hosts, components } = read;
    maintenances.push({
      id,
      title: inAll(title),
      text: text === undefined ? null : inAll(text),
      startsAt,
      endsAt,
      hosts,
      components,
    });
  }
  return maintenances;
}

/** The entries of a map that are ours and those that are not, each as a map of its own. */
function split(part: Part, isOurs: (key: string) => boolean): readonly [own: Part, rest: Part] {
  const { node } = part;
  if (node.kind !== "map")
    return [part, { ...part, node: { kind: "map", at: node.at, entries: [] } }];
  const half = (ours: boolean): YamlMap => ({
    kind: "map",
    at: node.at,
    entries: node.entries.filter(({ key }) => isOurs(key) === ours),
  });
  return [
    { ...part, node: half(true) },
    { ...part, node: half(false) },
  ];
}

function unknown(reading: Reading, what: string, word: string, known: Iterable<string>) {
  return { message: `unknown ${what} ${shown(word)}`, didYouMean: reading.near(word, known) };
}

/** `90000` → `90s`: the largest unit that says it in whole numbers. */
function inWords(ms: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const;
  const unit = units.find(([, length]) => ms % length === 0);
  return unit ? `${ms / unit[1]}${unit[0]}` : `${ms}ms`;
}

/** Says when it is time to let others have a turn: a promise to wait for, once in `ms`. */
function inSlices(ms: number): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < ms) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        since = performance.now();
        resolve();
      });
    });
  };
}
