/** What is wrong with a file: named by line or path and by what is expected, never by what stands there. */
export interface Mistake {
  /** `line 12` or `customers[3].domains[0].name`; empty where it is about the file. */
  readonly where: string;
  readonly message: string;
}

/** Something that was seen several times, with the first examples of it. */
export interface Seen {
  readonly what: string;
  readonly count: number;
  readonly examples: readonly string[];
}

/** What is noticed while a file is read. Values never go in, but for names of domains and columns. */
export interface Notes {
  readonly mistakes: readonly Mistake[];
  /** All of them, also those that are not kept. */
  readonly mistakeCount: () => number;
  /** Taken, but worth a look. */
  readonly odd: () => readonly Seen[];
  /** Not taken. */
  readonly ignored: () => readonly Seen[];
  readonly mistake: (where: string, message: string) => void;
  readonly note: (what: string, example?: string) => void;
  readonly ignore: (what: string, example?: string) => void;
}

const MOST_MISTAKES = 100;
const MOST_EXAMPLES = 20;
const LONGEST_EXAMPLE = 100;

export function createNotes(): Notes {
  const mistakes: Mistake[] = [];
  let count = 0;
  const odd = createTally();
  const ignored = createTally();
  return {
    mistakes,
    mistakeCount: () => count,
    odd: odd.all,
    ignored: ignored.all,
    mistake(where, message) {
      count += 1;
      if (mistakes.length < MOST_MISTAKES) mistakes.push({ where, message });
    },
    note: odd.add,
    ignore: ignored.add,
  };
}

function createTally() {
  const seen = new Map<string, { count: number; examples: Set<string> }>();
  return {
    add: (what: string, example?: string): void => {
      const before = seen.get(what) ?? { count: 0, examples: new Set<string>() };
      before.count += 1;
      if (example !== undefined && before.examples.size < MOST_EXAMPLES)
        before.examples.add(shown(example));
      seen.set(what, before);
    },
    all: (): Seen[] =>
      [...seen].map(([what, { count, examples }]) => ({ what, count, examples: [...examples] })),
  };
}

const shown = (text: string): string => text.replace(/\p{C}/gu, "\uFFFD").slice(0, LONGEST_EXAMPLE);
