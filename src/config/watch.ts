import { watch, type FSWatcher } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { Log } from "../log.js";
import type { Config } from "./config.js";
import type { Loaded } from "./load.js";
import type { Mistake } from "./mistakes.js";

export interface WatchOptions {
  readonly path: string;
  readonly load: () => Promise<Loaded>;
  /** Gets every good configuration; no other load starts before it is done. If it throws, it is called again. */
  readonly onLoaded: (config: Config, warnings: readonly Mistake[]) => Promise<void> | void;
  /** Gets the mistakes of a configuration that was not taken; the last good one stays in force. */
  readonly onRejected: (mistakes: readonly Mistake[]) => Promise<void> | void;
  readonly log: Log;
  /** How often the files are looked at even without a word from the system. */
  readonly pollMs?: number;
}

export interface ConfigWatch {
  /** Loads now, changed or not; settles when the outcome has been told. The first load is asked for by this. */
  reload(): Promise<void>;
  /** Ends watching and waits for a load on its way; nothing is told afterwards. */
  stop(): Promise<void>;
}

/** File → what it is like; another text means that it changed. */
type State = ReadonlyMap<string, string>;

const DEBOUNCE_MS = 150;
/** A folder that is never quiet is looked at after this long. */
const MAX_WAIT_MS = 450;
const STILL_MS = 40;
const POLL_MS = 2_000;

/**
 * Loads the configuration whenever a file that it is made of changes, comes or goes, within a second. Watches folders
 * and not files, so that editors may replace a file and links may be swapped; a slow look at the files catches what
 * the system does not tell. Loads never overlap, and the last change wins.
 */
export function watchConfig(options: WatchOptions): ConfigWatch {
  const { load, onLoaded, onRejected, log, pollMs = POLL_MS } = options;
  const watchers = new Map<string, FSWatcher>();
  let files: readonly string[] = [options.path];
  let folders: readonly string[] = [];
  let seen: State | null = null;
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  let firstEventAt = 0;
  let asked = false;
  let loading: Promise<void> | null = null;
  let looking: Promise<void> | null = null;

  const noticed = (): void => {
    if (stopped) return;
    if (!timer) firstEventAt = performance.now();
    else clearTimeout(timer);
    const left = firstEventAt + MAX_WAIT_MS - performance.now();
    timer = setTimeout(
      () => {
        timer = null;
        void look();
      },
      Math.max(0, Math.min(DEBOUNCE_MS, left)),
    );
  };
  const look = (): Promise<void> =>
    (looking ??= lookOnce().finally(() => {
      looking = null;
    }));
  const lookOnce = async (): Promise<void> => {
    if (loading) await loading;
    let state = await stateOf(files, folders);
    if (same(seen, state)) return;
    // Somebody may still be writing: wait for two looks that agree, but not for ever.
    for (let tries = 0; tries < 5 && !stopped; tries++) {
      await new Promise((resolve) => setTimeout(resolve, STILL_MS));
      const next = await stateOf(files, folders);
      if (same(state, next)) break;
      state = next;
    }
    if (!stopped) await reload();
  };

  const reload = (): Promise<void> => {
    asked = true;
    return (loading ??= loadWhileAsked().finally(() => {
      loading = null;
    }));
  };
  const loadWhileAsked = async (): Promise<void> => {
    while (asked && !stopped) {
      asked = false;
      try {
        await loadOnce();
      } catch (error) {
        seen = null;
        log.error({ err: error }, "config.failed");
      }
    }
  };
  const loadOnce = async (): Promise<void> => {
    const startedAt = Date.now();
    const before = await stateOf(files, folders);
    const loaded = await load();
    files = [...new Set([options.path, ...loaded.files])];
    folders = loaded.folders;
    const after = await stateOf(files, folders);
    seen = after;
    for (const [file, state] of after) {
      const was = before.get(file);
      if (was === undefined ? youngerThan(state, startedAt) : was !== state) asked = true;
    }
    await watchFolders();
    if (stopped || asked) return;
    if (loaded.ok) await onLoaded(loaded.config, loaded.warnings);
    else await onRejected(loaded.mistakes);
  };

  const watchFolders = async (): Promise<void> => {
    const wanted = new Set(folders);
    for (const file of files) {
      wanted.add(path.dirname(file));
      const real = await realpath(file).catch(() => null);
      if (real !== null) wanted.add(path.dirname(real));
    }
    if (stopped) return;
    for (const [folder, watcher] of watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of wanted) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, noticed);
        watchers.set(folder, watcher);
        watcher.on("error", () => {
          watcher.close();
          watchers.delete(folder);
        });
      } catch (error) {
        // No such folder yet, or no watches left in the system: the slow look does it.
        log.debug({ folder, err: error }, "config.unwatched");
      }
    }
  };

  const poll = setInterval(() => void look(), pollMs);
  return {
    reload,
    async stop() {
      stopped = true;
      clearInterval(poll);
      if (timer) clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
      await looking;
      await loading;
    },
  };
}

/** What the files are like now; of folders only the names in them count. */
async function stateOf(files: readonly string[], folders: readonly string[]): Promise<State> {
  const state = new Map<string, string>();
  const look = async (file: string): Promise<void> => {
    try {
      const { dev, ino, size, mtimeMs, ctimeMs } = await stat(file);
      const at = Math.max(mtimeMs, ctimeMs);
      state.set(file, `${at} ${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`);
    } catch {
      state.set(file, "absent");
    }
  };
  await Promise.all(files.map(look));
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    state.set(`${folder}/`, names.toSorted((a, b) => (a < b ? -1 : 1)).join("/"));
  }
  return state;
}

/** Whether a file may have changed after `since` (epoch ms); clocks of file systems lag a little. */
const youngerThan = (state: string, since: number): boolean =>
  Number(state.split(" ")[0]) > since - 20;

function same(a: State | null, b: State): boolean {
  if (a?.size !== b.size) return false;
  for (const [file, state] of b) if (a.get(file) !== state) return false;
  return true;
}
