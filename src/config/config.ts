import type { AlertRule } from "../core/alert-rule.js";
import type { Impact } from "../core/status.js";
import type { Symptom } from "../core/extract/extraction.js";
import type { Localized } from "../core/incident-view.js";
import type { MailSettings } from "../notify/channel.js";

/** The whole configuration after reading: durations in ms, secrets resolved, defaults applied. */
export interface Config {
  readonly site: Site;
  readonly mail: MailSettings | null;
  readonly references: readonly { readonly host: string; readonly port: number }[];
  readonly resolvers: readonly string[];
  readonly egress: { readonly allow: readonly string[] };
  readonly retention: {
    readonly resultsMs: number;
    readonly hoursMs: number;
    readonly daysMs: number;
    /** Of tickets with their reports, from the last word on. */
    readonly reportsMs: number;
    /** Of pictures that customers sent. */
    readonly screenshotsMs: number;
  };
  readonly hosts: readonly Host[];
  /** Groups and their components, flat, in the order of the page; a group stands before its members. */
  readonly components: readonly Component[];
  readonly monitors: readonly Monitor[];
  readonly channels: readonly ChannelSettings[];
  /** What alerts of other systems mean; the first that fits counts. */
  readonly rules: readonly AlertRule[];
  readonly maintenances: readonly Maintenance[];
  readonly policy: Policy;
  /** Language → text key → the operator's own wording. */
  readonly texts: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What customers report → language → an address in the operator's knowledge base. */
  readonly help: Readonly<Partial<Record<Symptom, Localized>>>;
}

export interface Site {
  readonly name: string;
  readonly url: string | null;
  readonly timezone: string;
  /** The first is the default. */
  readonly languages: readonly string[];
  readonly support: { readonly email: string | null; readonly phone: string | null };
  /** A CSS hex colour, or `null` for ours. */
  readonly accent: string | null;
}

export interface Host {
  readonly id: string;
  readonly kind:
    "server" | "rack" | "switch" | "router" | "uplink" | "hypervisor" | "site" | "other";
  readonly name: string;
  readonly addresses: readonly string[];
  /** What it stands on. */
  readonly parents: readonly string[];
  /** Other hosts whose failure is felt here. */
  readonly dependsOn: readonly string[];
}

export interface Component {
  readonly id: string;
  /** `null` at the top level. */
  readonly group: string | null;
  readonly isGroup: boolean;
  readonly name: Localized;
  readonly description: Localized | null;
}

export interface Monitor {
  readonly id: string;
  readonly probe: string;
  readonly target: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly host: string | null;
  readonly component: string | null;
  readonly impact: Impact;
  readonly confirm: Confirm;
  readonly labels: Readonly<Record<string, string>>;
  readonly paused: boolean;
  /** The probe's own keys, as its schema read them; may hold secrets, so it is never stored or shown. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** How many results in a row say something, and how soon a first failure is looked at again. */
export interface Confirm {
  readonly failures: number;
  readonly recheckMs: number;
  readonly recoveries: number;
}

/**
 * How a monitor is watched that tells of itself: its state is noted this often (ms) and whenever it says
 * something, and what it says needs no second look.
 */
export const HEARD = {
  everyMs: 60_000,
  timeoutMs: 10_000,
  confirm: { failures: 1, recheckMs: 5_000, recoveries: 1 },
} as const satisfies Pick<Monitor, "everyMs" | "timeoutMs" | "confirm">;

export interface ChannelSettings {
  readonly id: string;
  readonly kind: string;
  /** The channel's own keys, as its schema read them; may hold secrets. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Planned work on hosts, with all that stands on them, or on components alone. */
export interface Maintenance {
  readonly id: string;
  readonly title: Localized;
  /** `null`: the usual words. */
  readonly text: Localized | null;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly hosts: readonly string[];
  /** Empty: those that are watched on the hosts. */
  readonly components: readonly string[];
}

export interface Policy {
  readonly publish: "confirmed" | "manual";
  /** How long after a public statement the next one is promised. */
  readonly nextUpdateMs: number;
  /** A cause that fails again within this time of its resolution reopens its incident. */
  readonly reopenMs: number;
  /** What is slower or worse than usual: not looked for, kept to the console and the API, or told to channels. */
  readonly creep: "off" | "quiet" | "tell";
}

/** What is in force before there is a configuration file: an empty installation. */
export const NO_CONFIG: Config = {
  site: {
    name: "Status",
    url: null,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    languages: ["en", "hu"],
    support: { email: null, phone: null },
    accent: null,
  },
  mail: null,
  references: [],
  resolvers: [],
  egress: { allow: [] },
  retention: {
    resultsMs: 2 * 86_400_000,
    hoursMs: 90 * 86_400_000,
    daysMs: 1_826 * 86_400_000,
    reportsMs: 730 * 86_400_000,
    screenshotsMs: 90 * 86_400_000,
  },
  hosts: [],
  components: [],
  monitors: [],
  channels: [],
  rules: [],
  maintenances: [],
  policy: { publish: "confirmed", nextUpdateMs: 1_800_000, reopenMs: 1_800_000, creep: "quiet" },
  texts: {},
  help: {},
};
