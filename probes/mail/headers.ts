import type { Fact } from "../probe.js";

/** A header field, its name in small letters, its value on one line. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

const MOST_FIELDS = 500;
const MOST_HOPS = 12;

/** The fields of a mail's header in their order, unfolded (RFC 5322, section 2.2.3); what is none is passed over. */
export function fieldsOf(header: string): readonly Field[] {
  const fields: { name: string; value: string }[] = [];
  for (const line of header.split(/\r?\n/)) {
    if (line === "" && fields.length > 0) break;
    const last = fields.at(-1);
    if (/^[ \t]/.test(line)) {
      if (last) last.value += ` ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    if (fields.length === MOST_FIELDS) break;
    fields.push({
      name: line.slice(0, colon).trim().toLowerCase(),
      value: line.slice(colon + 1).trim(),
    });
  }
  return fields;
}

export const fieldOf = (fields: readonly Field[], name: string): string | undefined =>
  fields.find((field) => field.name === name)?.value;

/** A server that a mail went through, and when it took it (epoch ms, by its own clock). */
export interface Hop {
  readonly by: string;
  readonly at: number | null;
}

/** The way of a mail as its Received fields tell (RFC 5321, section 4.4), the first server first. */
export function hopsOf(fields: readonly Field[]): readonly Hop[] {
  return fields
    .filter(({ name }) => name === "received")
    .slice(0, MOST_HOPS)
    .map(({ value }) => {
      const [, by = "?"] = /(?:^|\s)by\s+(\S{1,100})/i.exec(value) ?? [];
      const at = Date.parse(
        value
          .slice(value.lastIndexOf(";") + 1)
          .trim()
          .slice(0, 60),
      );
      return { by, at: Number.isNaN(at) ? null : at };
    })
    .toReversed();
}

/** Where the time went: how long after the one before each server took it, in whole seconds as they write them. */
export function hopFacts(hops: readonly Hop[]): readonly Fact[] {
  return hops.map(({ by, at }, index) => {
    const before = hops[index - 1]?.at ?? null;
    return { by, seconds: at === null || before === null ? null : (at - before) / 1_000 };
  });
}

/**
 * How long (ms) a mail went from server to server at the least: between the first and the last that say when, less
 * the second by which either may have rounded.
 */
export function queuedMs(hops: readonly Hop[]): number {
  const times = hops.flatMap(({ at }) => at ?? []);
  const [first = 0] = times;
  return Math.max(0, (times.at(-1) ?? 0) - first - 1_000);
}
