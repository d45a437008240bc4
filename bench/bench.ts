/** One figure, or several that belong together: printed as one line of JSON, with what it was compared with. */
export interface Line {
  readonly bench: string;
  /** Why there is no figure here. */
  readonly skipped?: string;
  /** Whether the bar was met; missing where there is none. */
  readonly ok?: boolean;
  readonly [name: string]: unknown;
}

/** What a measurement is given: where its lines go, and who undoes what it opened. */
export interface Stage {
  readonly print: (line: Line) => void;
  /** Runs when the measurement is over, however that comes; newest first. */
  readonly later: (undo: () => unknown) => void;
  /** Runs a part of the measurement, which undoes its own before the next begins. */
  readonly part: (bench: Bench) => Promise<void>;
}

export type Bench = (stage: Stage) => Promise<void>;

/** Runs one measurement and undoes whatever it opened, also when it fails or `signal` says stop. */
export async function perform(
  bench: Bench,
  print: Stage["print"],
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) throw new Error("stopped");
  const undoing: (() => unknown)[] = [];
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_done, failed) => {
    stop = () => failed(new Error("stopped"));
  });
  signal.addEventListener("abort", stop, { once: true });
  const measuring = bench({
    print,
    later: (undo) => void undoing.push(undo),
    part: (inner) => perform(inner, print, signal),
  });
  measuring.catch(() => undefined);
  try {
    await Promise.race([measuring, stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
    for (let undo = undoing.pop(); undo; undo = undoing.pop())
      await Promise.resolve(undo()).catch((error: unknown) => console.error(error));
  }
}

/** The value below which the share `q` (0–1) of the values lies; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Three significant digits are more than a shared machine can promise. */
export function round(value: number, digits = 3): number {
  return Number(value.toPrecision(Math.max(digits, String(Math.trunc(Math.abs(value))).length)));
}
