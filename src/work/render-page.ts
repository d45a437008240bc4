import { setTimeout as sleep } from "node:timers/promises";
import { nextChangeAt, type PageModel } from "../core/page.js";
import { Problem } from "../errors.js";
import type { Log } from "../log.js";
import { readLastPage, saveLastPage } from "./last-page.js";

/** Keeps the published page true: after each change, at each moment that changes it, and without the database. */
export interface PageRenderer {
  /** Something the page says may have changed. Many calls in a row cost one or two readings. */
  changed(): void;
  /** What is shown now was read then, and why it is not newer; `null` before the first page. */
  state(): { readonly asOf: Date; readonly away: string | null } | null;
  /** Publishes no more, and keeps the last page for a start without the database. */
  stop(): Promise<void>;
}

export interface RenderOptions {
  readonly load: () => Promise<PageModel>;
  /** Puts a model, as it reads at `at`, before the public; a rejection is logged and tried again. */
  readonly publish: (model: PageModel, at: Date) => Promise<void> | void;
  readonly now: () => Date;
  readonly log: Log;
  /** `DATA_DIR/page.json` */
  readonly saveTo: string;
}

/** Between two readings at least this, however fast changes come. */
const GAP_MS = 100;
/** A database slower than this is not waited for: the page goes on with what it knows. */
const PATIENCE_MS = 1_000;
const FIRST_PATIENCE_MS = 50;
const RETRY_MS = 2_000;
const SAVE_EVERY_MS = 10_000;

/** Begins with the page kept by the last run, if the database does not answer first. */
export function createPageRenderer({
  load,
  publish,
  now,
  log,
  saveTo,
}: RenderOptions): PageRenderer {
  const ending = new AbortController();
  let model: PageModel | null = null;
  let published: PageModel | null = null;
  let dueAt = now();
  let saved: PageModel | null = null;
  let savedAt = 0;
  let away: string | null = null;
  let wanted = true;
  let loading: Promise<void> | null = null;
  let wake = (): void => {};
  let retry: NodeJS.Timeout | undefined;

  const read = async (): Promise<void> => {
    try {
      model = await load();
      if (away !== null) log.info("page.read-again");
      away = null;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // A `Problem` is expected, such as a database that is not there yet; of others we want to know where.
      if (away === null)
        log.warn(error instanceof Problem ? { reason } : { err: error }, "page.read-failed");
      away = reason;
      clearTimeout(retry);
      retry = setTimeout(want, RETRY_MS).unref();
    } finally {
      loading = null;
      wake();
    }
  };

  const want = (): void => {
    wanted = true;
    wake();
  };

  const show = async (): Promise<void> => {
    if (!model) return;
    const at = now();
    const shown = model;
    try {
      await publish(shown, at);
      dueAt = nextChangeAt(shown, at);
    } catch (error) {
      log.error({ err: error }, "page.publish-failed");
      dueAt = new Date(at.getTime() + RETRY_MS);
    }
    published = shown;
  };

  const save = async (): Promise<void> => {
    if (!model || away !== null || model === saved) return;
    saved = model;
    savedAt = now().getTime();
    await saveLastPage(saveTo, model).catch((error: unknown) =>
      log.warn({ err: error }, "page.save-failed"),
    );
  };

  /** Until something is wanted, a slow reading has arrived, or the page changes by itself. */
  const rest = async (): Promise<void> => {
    if (wanted || (model !== published && model !== null)) return;
    const woken = new Promise<void>((done) => (wake = done));
    const timer = setTimeout(() => wake(), Math.max(0, dueAt.getTime() - now().getTime()));
    await woken;
    clearTimeout(timer);
    wake = () => {};
  };

  const run = async (): Promise<void> => {
    const kept = await readLastPage(saveTo);
    while (!ending.signal.aborted) {
      const due = now() >= dueAt;
      if ((wanted || due) && !loading) {
        wanted = false;
        loading = read();
      }
      // After a restart the last page is better than none, and says its age.
      const patience = model === null && kept !== null ? FIRST_PATIENCE_MS : PATIENCE_MS;
      if (loading) await Promise.race([loading, sleep(patience, undefined, { ref: false })]);
      if (ending.signal.aborted) return;
      model ??= kept;
      if (model !== published || due) await show();
      if (now().getTime() - savedAt >= SAVE_EVERY_MS) await save();
      await sleep(GAP_MS, undefined, { signal: ending.signal }).catch(() => {});
      if (!ending.signal.aborted) await rest();
    }
  };
  const running = run();

  return {
    changed: want,
    state: () => published && { asOf: published.asOf, away },
    async stop() {
      ending.abort();
      clearTimeout(retry);
      wake();
      await running;
      await save();
    },
  };
}
