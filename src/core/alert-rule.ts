import type { Labels } from "./alert.js";
import type { Impact } from "./status.js";

/** What an alert means for us: which it is about, and where it belongs. */
export interface AlertRule {
  readonly id: string;
  /** Label → what it may be; `*` stands for any letters, and a label that is missing is empty. */
  readonly match: Readonly<Record<string, readonly string[]>>;
  /** Texts with `{{ labels.NAME }}` in them. */
  readonly host: string | null;
  readonly component: string | null;
  readonly impact: Impact;
  readonly outcome: "degraded" | "down";
  /** Nothing follows from it. */
  readonly ignore: boolean;
  /** How long a word is believed that does not say so itself (ms). */
  readonly expiresMs: number;
}

/** What of a configuration tells where an alert belongs. */
export interface Atlas {
  readonly rules: readonly AlertRule[];
  /** The host that a text names; `null` for none. */
  readonly host: (text: string) => string | null;
  readonly components: ReadonlySet<string>;
  /** A few letters and digits that stand for a text. */
  readonly digest: (text: string) => string;
}

export type AlertPlace =
  | {
      readonly kind: "placed";
      readonly rule: AlertRule;
      /** The id of the monitor that stands for it. */
      readonly monitor: string;
      readonly host: string | null;
      readonly component: string | null;
      /** What the rule says of a host we do not know; else `null`. */
      readonly stranger: string | null;
    }
  | { readonly kind: "ignored"; readonly rule: AlertRule }
  | { readonly kind: "unmatched" };

/** Where the first rule that fits puts an alert. Alerts of one rule and one place share a monitor. */
export function placeAlert(labels: Labels, atlas: Atlas): AlertPlace {
  const rule = atlas.rules.find(({ match }) => fits(match, labels));
  if (!rule) return { kind: "unmatched" };
  if (rule.ignore) return { kind: "ignored", rule };
  const named = rule.host === null ? "" : fill(rule.host, labels);
  const host = named === "" ? null : atlas.host(named);
  const part = rule.component === null ? "" : fill(rule.component, labels);
  const component = atlas.components.has(part) ? part : null;
  const parts = [rule.id, host ?? named, rule.component?.includes("{{") ? part : ""];
  const stranger = host === null && named !== "" ? named : null;
  const monitor = monitorId(parts.filter((one) => one !== "").map(lower), atlas.digest);
  return { kind: "placed", rule, monitor, host, component, stranger };
}

const lower = (text: string): string => text.toLowerCase();

/** What the ids of monitors begin with that stand for alerts. */
export const ALERT_PREFIX = "alert-";

const PLAIN = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const MOST = 63;

/** `alert-disk--web3`; where a part would not be good in an id, letters that stand for all of them. */
function monitorId(parts: readonly string[], digest: Atlas["digest"]): string {
  const id = ALERT_PREFIX + parts.join("--");
  if (id.length <= MOST && parts.every((part) => PLAIN.test(part))) return id;
  return `${ALERT_PREFIX}${parts[0] ?? ""}--${digest(JSON.stringify(parts))}`;
}

const fits = (match: AlertRule["match"], labels: Labels): boolean =>
  Object.entries(match).every(([name, patterns]) => {
    const value = Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
    return patterns.some((pattern) => isLike(value, pattern));
  });

/** Whether `value` is `pattern`, in which `*` stands for any letters; in linear time. */
function isLike(value: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first) || !value.endsWith(last)) return false;
  let from = first.length;
  for (const part of rest) {
    const found = value.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return from + last.length <= value.length;
}

/** A place where a label's value is put in. */
export const PLACEHOLDER = /\{\{\s*labels\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

const fill = (text: string, labels: Labels): string =>
  text
    .replaceAll(PLACEHOLDER, (_all, name: string) =>
      Object.hasOwn(labels, name) ? (labels[name] ?? "") : "",
    )
    .trim();

/**
 * Finds hosts by what `instance` and the like hold: an id, a name or an address, maybe with a port or as
 * a whole address of the web; at last by the first part of a name.
 */
export function hostFinder(
  hosts: readonly {
    readonly id: string;
    readonly name: string;
    readonly addresses: readonly string[];
  }[],
): (text: string) => string | null {
  const byWord = new Map<string, string>();
  const add = (word: string, id: string): void => {
    if (!byWord.has(lower(word))) byWord.set(lower(word), id);
  };
  for (const { id } of hosts) add(id, id);
  for (const { id, name } of hosts) add(name, id);
  for (const { id, addresses } of hosts) for (const one of addresses) add(one, id);
  return (text) => {
    const bare = bareHost(text);
    const found = byWord.get(lower(text)) ?? byWord.get(bare);
    if (found !== undefined || /^[\d.]+$|:/.test(bare)) return found ?? null;
    return byWord.get(bare.split(".")[0] ?? "") ?? null;
  };
}

/** The host in `https://web3.example.org/x`, `web3.example.org:9100` and `[2001:db8::1]:9100`. */
function bareHost(text: string): string {
  const place = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").replace(/[/?#].*$/s, "");
  const [, six, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(place) ?? [];
  return lower(six ?? plain ?? place).replace(/\.$/, "");
}
