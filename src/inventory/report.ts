import type { Difference, Imported } from "../core/inventory-difference.js";
import type { Seen } from "./notes.js";

/** What an import did, or would do, for people and for programs. */
export interface ImportReport {
  readonly outcome: Imported["outcome"];
  readonly source: string;
  readonly accounts: Difference;
  readonly domains: Difference;
  readonly places: Difference;
  readonly gone: Imported["gone"];
  readonly odd: readonly Seen[];
  readonly ignored: readonly Seen[];
}

const MOST_EXAMPLES = 20;

export function reportOf(
  read: { readonly odd: readonly Seen[]; readonly ignored: readonly Seen[] },
  { outcome, source, difference, gone, claimedTwice, unwatched, mailElsewhere }: Imported,
): ImportReport {
  const seen = (what: string, names: readonly string[], count = names.length): Seen[] =>
    count === 0 ? [] : [{ what, count, examples: names.slice(0, MOST_EXAMPLES) }];
  return {
    outcome,
    source,
    ...difference,
    gone,
    odd: [
      ...read.odd,
      ...seen("domains that two accounts claim; one of them has it", claimedTwice),
      ...seen("servers that are no host of the configuration", unwatched),
      ...seen("domains whose mail is delivered elsewhere", [], mailElsewhere),
    ],
    ignored: read.ignored,
  };
}

/** One sentence on why nothing was changed, with numbers and the way on. */
export const refusal = ({ source, gone }: Pick<ImportReport, "source" | "gone">): string =>
  `${gone.gone} of the ${gone.of} domains of ${source} would go, more than a fifth: nothing was changed. ` +
  `If that is right, import it with force.`;

/** The report as lines of text. */
export function readableImport(report: ImportReport): string {
  const { outcome, source } = report;
  const head = {
    applied: `${source}: imported.`,
    shown: `${source}: this would change; nothing was changed.`,
    refused: refusal(report),
  };
  const lines = (["accounts", "domains", "places"] as const).map((name) => {
    const { total, added, removed, changed } = report[name];
    return `${name.padEnd(9)}${total}: ${added.count} added, ${removed.count} removed, ${changed.count} changed`;
  });
  const named = (["accounts", "domains", "places"] as const).flatMap((name) =>
    (["removed", "changed"] as const).flatMap((how) => {
      const { count, examples } = report[name][how];
      return count === 0 ? [] : [listed(`${how} ${name}`, { count, examples })];
    }),
  );
  const odd = report.odd.map((seen) => listed(`odd: ${seen.what}`, seen));
  const ignored = report.ignored.map((seen) => listed(`ignored: ${seen.what}`, seen));
  return [head[outcome], ...lines, ...named, ...odd, ...ignored].join("\n");
}

function listed(title: string, { count, examples }: Pick<Seen, "count" | "examples">): string {
  const more = count > examples.length && examples.length > 0 ? ", …" : "";
  return `${title} (${count})${examples.length > 0 ? `: ${examples.join(", ")}${more}` : ""}`;
}
