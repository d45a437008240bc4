import { blindSince } from "../core/sight.js";
import { headline, wordsFor, type Phase } from "../core/wording.js";
import type { Log } from "../log.js";
import { endBlindness, findBlindness, openBlindness } from "../store/blindness.js";
import type { Db } from "../store/db.js";
import { requireEpoch } from "../store/leadership.js";
import type { Texts } from "../texts.js";
import { newPublicId } from "./judge.js";
import type { Roster } from "./roster.js";

interface BlindnessSettings {
  readonly db: Db;
  readonly epoch: number;
  readonly location: string;
  readonly roster: Roster;
  readonly site: () => string;
  readonly channels: () => readonly string[];
  readonly nextUpdateMs: () => number;
  readonly texts: () => Texts;
  readonly now: () => Date;
  readonly log: Log;
  /** Told after a commit that owes messages. */
  readonly onOwed: () => void;
  /** Sight that is lost for less (ms) is nobody's trouble: a start, a reload, a short pause. Default 60 s. */
  readonly patienceMs?: number;
}

const STOOD_STILL_MS = 1_000;

/**
 * Tells staff once that we see next to nothing, and that we see again: the one incident there is while
 * nothing that fails can be believed. `look` is to be called every few seconds.
 */
export function createBlindness(settings: BlindnessSettings): {
  look(): Promise<void>;
  /** What is known now says nothing of whether we see. */
  forget(): void;
} {
  const { db, location, roster, now, log, onOwed, patienceMs = 60_000 } = settings;
  /** By a clock that nobody sets. */
  let blindFromMs: number | null = null;

  const words = (since: Date, until: Date | null, phase: Phase) => {
    const subject = {
      fault: "sight.lost",
      places: [{ en: settings.site() }],
      host: null,
      working: [],
      since,
      until,
      nextUpdate: null,
      now: now(),
    } as const;
    const { title, text } = wordsFor(subject, phase);
    const texts = settings.texts();
    return { title: texts.localized(title), text: texts.localized(text) };
  };
  const owing = () => ({
    now: now(),
    channels: settings.channels(),
    nextUpdateMs: settings.nextUpdateMs(),
    newId: newPublicId,
    speaker: {
      headline: (incident: Parameters<typeof headline>[0], at: Date) =>
        settings.texts().localized(headline(incident, at)),
    },
    traceparent: null,
    guard: (tx: Db) => requireEpoch(tx, settings.epoch),
  });

  return {
    forget() {
      blindFromMs = null;
    },
    async look() {
      const began = performance.now();
      const since = blindSince(roster.all(), now().getTime());
      if (since === null) blindFromMs = null;
      else blindFromMs ??= performance.now();
      const open = await findBlindness(db, location);
      // A database that let us wait may have kept from us what was seen.
      if (performance.now() - began > STOOD_STILL_MS) blindFromMs = null;
      if (open && since === null) {
        await endBlindness(db, open.id, words(open.openedAt, now(), "resolved").text, owing());
        log.info({ incident: open.id }, "sight.back");
        onOwed();
      }
      if (open || since === null || blindFromMs === null) return;
      if (performance.now() - blindFromMs < patienceMs) return;
      const from = new Date(since);
      const said = words(from, null, "investigating");
      const id = await openBlindness(db, location, { ...said, since: from }, owing());
      log.error({ incident: id, since: from.toISOString() }, "sight.lost");
      onOwed();
    },
  };
}
