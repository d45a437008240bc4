import type { Fact, Outcome, Result } from "./probe.js";
import { REASONS } from "./reasons.js";

const SYMBOL: Readonly<Record<Outcome, string>> = {
  up: "✓",
  degraded: "▲",
  down: "✗",
  unknown: "?",
};
/** The terminal's own green, yellow, red and grey. */
const COLOUR: Readonly<Record<Outcome, number>> = { up: 32, degraded: 33, down: 31, unknown: 90 };

/**
 * What one look found, for a person at a terminal: the verdict with its reason in a sentence, the phases in
 * milliseconds, and the facts. Text from outside cannot steer the terminal. `colour` paints the verdict
 * alone. Ends with a line break.
 */
export function readableReport(
  kind: string,
  target: string,
  result: Result,
  { colour = false }: { readonly colour?: boolean } = {},
): string {
  const { outcome, reason, ms, timings, facts, at } = result;
  const word = `${SYMBOL[outcome]} ${outcome}`;
  const verdict = colour ? `\u001b[${COLOUR[outcome]}m${word}\u001b[0m` : word;
  const phases = Object.entries(timings).map(
    ([phase, spent]) => [phase, milliseconds(spent)] as const,
  );
  const lines = [
    `${verdict}  ${printable(kind)} ${printable(target)}`,
    `  ${reason}: ${REASONS[reason]}`,
    `  ${printable(at)}, ${milliseconds(ms)} in all`,
    ...section("phases", aligned(phases)),
    ...section("facts", listed(Object.entries(facts), 2)),
  ];
  return `${lines.join("\n")}\n`;
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ["", title, ...lines];

/** Names to the left, numbers with their points below each other. */
function aligned(rows: readonly (readonly [name: string, number: string])[]): string[] {
  const names = Math.max(0, ...rows.map(([name]) => name.length));
  const numbers = Math.max(0, ...rows.map(([, number]) => number.length));
  return rows.map(
    ([name, number]) => `  ${printable(name).padEnd(names)}  ${number.padStart(numbers)}`,
  );
}

const milliseconds = (ms: number): string => `${ms.toFixed(1)} ms`;

function listed(facts: readonly (readonly [string, Fact])[], indent: number): string[] {
  const margin = " ".repeat(indent);
  return facts.flatMap(([name, fact]) => {
    const label = `${margin}${printable(name)}:`;
    if (typeof fact !== "object" || fact === null) return [`${label} ${plain(fact)}`];
    if (!isList(fact)) return [label, ...listed(Object.entries(fact), indent + 2)];
    if (fact.every((each) => typeof each !== "object" || each === null))
      return [`${label} ${fact.length > 0 ? fact.map(plain).join(", ") : "none"}`];
    return [
      label,
      ...listed(
        fact.map((each, at) => [String(at + 1), each] as const),
        indent + 2,
      ),
    ];
  });
}

const isList = (fact: Fact): fact is readonly Fact[] => Array.isArray(fact);

const plain = (fact: Fact): string =>
  fact === null
    ? "none"
    : printable(typeof fact === "object" ? JSON.stringify(fact) : String(fact));

/**
 * Text that moves no cursor and turns no direction: control characters (C0, C1), format characters (marks
 * and overrides of direction, invisible ones), line and paragraph ends and half characters become `·`.
 */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "·");
