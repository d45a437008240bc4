import type { ChannelSettings, Component, Config, Host, Maintenance, Monitor } from "./config.js";

export interface Changes<T> {
  readonly added: readonly T[];
  readonly changed: readonly { readonly before: T; readonly after: T }[];
  readonly removed: readonly T[];
}

/** What a reload has to touch; order of entries counts only for components, which are shown in it. */
export interface Difference {
  readonly hosts: Changes<Host>;
  readonly components: Changes<Component>;
  readonly monitors: Changes<Monitor>;
  readonly channels: Changes<ChannelSettings>;
  readonly maintenances: Changes<Maintenance>;
  /** Whether a section says something else than before; all are true at the first load. */
  readonly site: boolean;
  readonly mail: boolean;
  readonly references: boolean;
  readonly resolvers: boolean;
  readonly egress: boolean;
  readonly retention: boolean;
  readonly policy: boolean;
  readonly rules: boolean;
  readonly texts: boolean;
  /** Whether components stand in another order, also by coming or going. */
  readonly order: boolean;
  /** Whether nothing differs at all. */
  readonly none: boolean;
}

/** What `after` has otherwise than `before`, by id; everything is added where there was nothing before. */
export function difference(before: Config | null, after: Config): Difference {
  const lists = {
    hosts: changes(before?.hosts ?? [], after.hosts),
    components: changes(before?.components ?? [], after.components),
    monitors: changes(before?.monitors ?? [], after.monitors),
    channels: changes(before?.channels ?? [], after.channels),
    maintenances: changes(before?.maintenances ?? [], after.maintenances),
  };
  const sections = {
    site: !same(before?.site, after.site),
    mail: !same(before?.mail, after.mail),
    references: !same(before?.references, after.references),
    resolvers: !same(before?.resolvers, after.resolvers),
    egress: !same(before?.egress, after.egress),
    retention: !same(before?.retention, after.retention),
    policy: !same(before?.policy, after.policy),
    rules: !same(before?.rules, after.rules),
    texts: !same(before?.texts, after.texts) || !same(before?.help, after.help),
    order: !same(
      before?.components.map(({ id }) => id),
      after.components.map(({ id }) => id),
    ),
  };
  const none =
    Object.values(sections).every((changed) => !changed) &&
    Object.values(lists).every(
      ({ added, changed, removed }) => added.length + changed.length + removed.length === 0,
    );
  return { ...lists, ...sections, none };
}

function changes<T extends { readonly id: string }>(
  before: readonly T[],
  after: readonly T[],
): Changes<T> {
  const old = new Map(before.map((each) => [each.id, each]));
  const added: T[] = [];
  const changed: { before: T; after: T }[] = [];
  for (const each of after) {
    const was = old.get(each.id);
    old.delete(each.id);
    if (!was) added.push(each);
    else if (!same(was, each)) changed.push({ before: was, after: each });
  }
  return { added, changed, removed: [...old.values()] };
}

/** Equality of plain values, whatever the order of their keys; a key without a value is no key. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => same(item, b[index]));
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of Object.keys(left))
    if (!same(left[key], Object.hasOwn(right, key) ? right[key] : undefined)) return false;
  for (const key of Object.keys(right))
    if (right[key] !== undefined && !Object.hasOwn(left, key)) return false;
  return true;
}
