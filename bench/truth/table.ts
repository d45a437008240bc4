/** What became of a case. */
export interface Judged {
  readonly side: "ours" | "theirs";
  readonly name: string;
  readonly verdict: "well" | "failed" | "not run";
  /** A fault of ours that somebody outside heard of. */
  readonly isPublic?: boolean;
  readonly words: string;
}

const SIGNS = { well: "ok  ", failed: "FAIL", "not run": "-   " } as const;

export const lineOf = ({ side, name, verdict, words }: Judged): string =>
  `${SIGNS[verdict]} ${side.padEnd(6)} ${name.padEnd(52)} ${words}`;

/** The two figures, and whether both bars are met. */
export function closing(judged: readonly Judged[]): {
  readonly text: string;
  readonly ok: boolean;
} {
  const of = (side: Judged["side"]) => {
    const all = judged.filter((one) => one.side === side);
    const run = all.filter(({ verdict }) => verdict !== "not run");
    return { run, notRun: all.length - run.length };
  };
  const [ours, theirs] = [of("ours"), of("theirs")];
  const count = (side: readonly Judged[], is: (one: Judged) => boolean): number =>
    side.filter(is).length;
  const failed = count(judged, ({ verdict }) => verdict === "failed");
  return {
    text: [
      "",
      "| faults of              | run | bar | seen | not run |",
      "| ---------------------- | --- | --- | ---- | ------- |",
      row(
        "ours: told to customers",
        ours,
        "0",
        count(ours.run, ({ isPublic }) => isPublic === true),
      ),
      row(
        "ours: otherwise wrong",
        ours,
        "0",
        count(ours.run, (one) => one.verdict === "failed" && !one.isPublic),
      ),
      row(
        "theirs: found",
        theirs,
        "all",
        count(theirs.run, ({ verdict }) => verdict === "well"),
      ),
    ].join("\n"),
    ok: failed === 0,
  };
}

const row = (
  name: string,
  { run, notRun }: { readonly run: readonly Judged[]; readonly notRun: number },
  bar: string,
  seen: number,
): string =>
  `| ${name.padEnd(23)} | ${String(run.length).padStart(3)} | ${bar.padStart(3)} | ${String(seen).padStart(4)} | ${String(notRun).padStart(7)} |`;
