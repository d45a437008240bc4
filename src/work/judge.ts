import { randomBytes } from "node:crypto";
import type { Policy } from "../config/config.js";
import { publicId } from "../core/ids.js";
import type { Cause } from "../core/incident.js";
import { wordsFor, headline } from "../core/wording.js";
import type { Log } from "../log.js";
import type { Metrics } from "../metrics.js";
import { isDatabaseAway, type Db } from "../store/db.js";
import { listExplained, listUnsettledScopes, type ScopeKey } from "../store/incident-scope.js";
import type { Speaker } from "../store/incident-messages.js";
import { judgeScope } from "../store/incidents.js";
import { requireEpoch } from "../store/leadership.js";
import type { Texts } from "../texts.js";
import { traceIdOf, withSpan } from "../tracing.js";
import { createTurns } from "../turns.js";

/** Keeps incidents in step with health. */
export interface Judge {
  /** Judges these scopes as soon as those before them are done; resolves when it has. */
  judge(scopes: readonly ScopeKey[], traceparent: string | null): Promise<void>;
  /**
   * Judges every scope that may be out of step – after a start, or a failure of ours – or only the
   * hosts with an open incident, where time alone may decide.
   */
  settle(which: "all" | "hosts"): Promise<void>;
}

interface JudgeSettings {
  readonly db: Db;
  readonly epoch: number;
  readonly location: string;
  readonly policy: () => Policy;
  readonly channels: () => readonly string[];
  readonly texts: () => Texts;
  readonly now: () => Date;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told after a commit that owes messages. */
  readonly onOwed: () => void;
  /** How many incidents of single monitors may open on a host now, and a word when one has. */
  readonly room: (host: string | null) => number;
  readonly onOpened: (cause: Cause) => void;
  /** Which monitors of a tree fail because what they stand on does. */
  readonly onExplained: (tree: string, monitors: readonly string[]) => void;
}

export const newPublicId = (): string => publicId(randomBytes(12));

export function createJudge(settings: JudgeSettings): Judge {
  const { db, epoch, location, now, log, metrics, onOwed } = settings;
  const inTurn = createTurns();

  const judgeOne = async (scope: ScopeKey, traceparent: string | null): Promise<void> => {
    await withSpan(
      "incident.judge",
      { "tudunk.scope": `${scope.kind}:${scope.id}` },
      traceparent,
      async (trace) => {
        const { publish, nextUpdateMs, reopenMs, creep } = settings.policy();
        const judged = await judgeScope(db, scope, {
          now: now(),
          publish,
          nextUpdateMs,
          reopenMs,
          tellsCreep: creep === "tell",
          channels: settings.channels(),
          location,
          newId: newPublicId,
          room: settings.room,
          speaker: speakerOf(settings.texts()),
          traceparent: trace ?? traceparent,
          guard: (tx) => requireEpoch(tx, epoch),
        });
        for (const { id, event, phase } of judged) {
          if (phase === null) continue;
          metrics.incidents.inc({ phase });
          log.info(
            { incident: id, scope, phase, traceId: traceIdOf(traceparent) },
            event ?? "incident.merged",
          );
        }
        for (const { changes } of judged)
          for (const change of changes)
            if (change.kind === "opened" || change.kind === "reopened")
              settings.onOpened(change.cause);
        if (judged.some(({ event }) => event !== null)) onOwed();
        if (scope.kind === "host")
          settings.onExplained(scope.id, await listExplained(db, scope.id));
      },
    );
  };

  /** One that fails is logged and left to the next `settle`; the others are judged all the same. */
  const judgeSafely = async (scope: ScopeKey, traceparent: string | null): Promise<void> => {
    try {
      await judgeOne(scope, traceparent);
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      log.error({ scope, err: error }, "incident.judging-failed");
    }
  };

  /** Each in a turn of its own, so that a fresh failure never waits behind a long list. */
  const judge: Judge["judge"] = async (scopes, traceparent) => {
    for (const scope of scopes) await inTurn(() => judgeSafely(scope, traceparent));
  };

  return {
    judge,
    settle: async (which) => judge(await listUnsettledScopes(db, which), null),
  };
}

function speakerOf(texts: Texts): Speaker {
  return {
    words(subject, phase) {
      const { title, text } = wordsFor(subject, phase);
      return { title: texts.localized(title), text: texts.localized(text) };
    },
    headline: (incident, now) => texts.localized(headline(incident, now)),
  };
}
