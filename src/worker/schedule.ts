import TinyQueue from "tinyqueue";

/** When something is looked at: start to start, spread evenly, never drifting, never overlapping. */
export interface Schedule {
  /** Starts watching, or takes over a changed interval; the phase is kept where the interval is. */
  put(id: string, everyMs: number): void;
  drop(id: string): void;
  /** One more look `delayMs` after the present one began, or from now where none is under way. */
  again(id: string, delayMs: number): void;
  readonly size: number;
  readonly running: number;
  /** Looks left out: the one before had not ended, or the process stood still. */
  readonly missed: number;
  stop(): void;
}

interface Entry {
  everyMs: number;
  /** The next moment of the grid. */
  gridMs: number;
  /** An extra look that was asked for; `Infinity` for none. */
  extraMs: number;
  startedMs: number;
  /** 0–1, its place among the others. */
  phase: number;
  busy: boolean;
  /** Heap items of an older version are void. */
  version: number;
}

interface Item {
  readonly id: string;
  readonly dueMs: number;
  readonly version: number;
}

/** Consecutive multiples of it, cut to 0–1, are spread as evenly as any number of points can be. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Later than this (ms) the process stood still, and what piled up is spread out again. */
const STANDSTILL_MS = 2_000;

/** The longest a timer may sleep (ms); Node's own limit is 2^31. */
const LONGEST_SLEEP = 60_000;

/**
 * A heap of due looks and one timer. `clock` is monotonic ms; `look(id, lagMs)` starts one look and
 * resolves when it ended. A first look is due within one interval of `put`.
 */
export function createSchedule(
  clock: () => number,
  look: (id: string, lagMs: number) => Promise<void>,
): Schedule {
  const entries = new Map<string, Entry>();
  const heap = new TinyQueue<Item>([], (a, b) => a.dueMs - b.dueMs);
  let placed = 0;
  let running = 0;
  let missed = 0;
  let timer: NodeJS.Timeout | null = null;
  let timerAt = Infinity;

  const push = (id: string, entry: Entry): void => {
    entry.version++;
    // While a look is under way its end puts the extra one in; a moment past would be due for ever.
    const dueMs = entry.busy ? entry.gridMs : Math.min(entry.gridMs, entry.extraMs);
    heap.push({ id, dueMs, version: entry.version });
    if (dueMs < timerAt) arm();
  };

  const arm = (): void => {
    if (timer) clearTimeout(timer);
    const next = heap.peek();
    timerAt = next ? next.dueMs : Infinity;
    timer = next
      ? setTimeout(tick, Math.min(LONGEST_SLEEP, Math.max(0, next.dueMs - clock())))
      : null;
  };

  const tick = (): void => {
    for (let item = heap.peek(); item && item.dueMs <= clock(); item = heap.peek()) {
      heap.pop();
      const entry = entries.get(item.id);
      if (entry?.version === item.version) begin(item.id, entry, item.dueMs);
    }
    arm();
  };

  const begin = (id: string, entry: Entry, dueMs: number): void => {
    const now = clock();
    const lagMs = now - dueMs;
    if (entry.gridMs <= now) {
      const passed = Math.floor((now - entry.gridMs) / entry.everyMs) + 1;
      missed += passed - 1;
      entry.gridMs += passed * entry.everyMs;
    }
    if (entry.busy) missed++;
    else if (lagMs > STANDSTILL_MS)
      entry.extraMs = now + entry.phase * Math.min(lagMs, entry.everyMs);
    else start(id, entry, now, lagMs);
    push(id, entry);
  };

  const start = (id: string, entry: Entry, now: number, lagMs: number): void => {
    entry.extraMs = Infinity;
    entry.busy = true;
    entry.startedMs = now;
    running++;
    void look(id, lagMs).finally(() => {
      running--;
      entry.busy = false;
      if (entries.get(id) !== entry || entry.extraMs === Infinity) return;
      entry.extraMs = Math.max(entry.extraMs, clock());
      push(id, entry);
    });
  };

  return {
    put(id, everyMs) {
      const known = entries.get(id);
      if (known?.everyMs === everyMs) return;
      const phase = (placed++ * GOLDEN) % 1;
      const gridMs = clock() + phase * everyMs;
      const fresh = { extraMs: Infinity, startedMs: 0, busy: false, version: 0 };
      const entry = Object.assign(known ?? fresh, { everyMs, gridMs, phase });
      entries.set(id, entry);
      push(id, entry);
    },
    drop(id) {
      entries.delete(id);
    },
    again(id, delayMs) {
      const entry = entries.get(id);
      if (!entry) return;
      const from = entry.busy ? entry.startedMs : clock();
      entry.extraMs = Math.min(entry.extraMs, from + delayMs);
      // A look under way is never overtaken: its end puts the extra one into the heap.
      if (!entry.busy) push(id, entry);
    },
    get size() {
      return entries.size;
    },
    get running() {
      return running;
    },
    get missed() {
      return missed;
    },
    stop() {
      if (timer) clearTimeout(timer);
      entries.clear();
      heap.length = 0;
      heap.data = [];
    },
  };
}
