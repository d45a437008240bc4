import { SAID_OF, type DeepFinding, type DeepLook, type DeepPlan } from "../../core/deep-probe.js";
import { openReported } from "../../store/reported-faults.js";
import { recordLooks } from "../../store/report-looks.js";
import type { StoredReport } from "../../store/reports.js";
import { rest, unlessStopping, type Desk } from "./desk.js";

type Looks = Pick<DeepPlan, "looks" | "allow">;

/** Who looks at what customers complain of, within limits. */
export interface Looker {
  /** At exactly this customer's services; nothing where they were looked at a moment ago. */
  at(plan: DeepPlan | null): Promise<readonly DeepFinding[]>;
  /** At the name that anybody gave. How soon depends on nothing that only we know. */
  openly(looks: Looks | null): Promise<readonly DeepFinding[]>;
}

const DEEP_EVERY_MS = 600_000;
const DEEP_A_MINUTE = 30;
const OPENLY_A_MINUTE = 30;

export function createLooker({ lookOnce, stopping }: Desk): Looker {
  const own = createAllowance({ aMinute: DEEP_A_MINUTE, everyMs: DEEP_EVERY_MS });
  // No limit a name: who was refused would learn that somebody else has asked.
  const open = createAllowance({ aMinute: OPENLY_A_MINUTE, everyMs: 0 });
  let questions = 0;

  const look = async ({ looks, allow }: Looks): Promise<readonly DeepFinding[]> => {
    const results = await unlessStopping(lookOnce(looks, allow), stopping);
    return looks.flatMap(({ service, target }, n) => {
      const seen = results?.[n];
      return seen ? { service, target, ...seen } : [];
    });
  };

  return {
    at: async (plan) => (plan && own.may(plan.accountId) ? look(plan) : []),
    openly: async (looks) => (looks && open.may(String(++questions)) ? look(looks) : []),
  };
}

/** A second look before anybody is woken (ms). */
const LOOK_AGAIN_MS = 5_000;

/**
 * A server of ours that fails when we look for a customer, and again a moment later, is a fault of
 * ours that no monitor saw: staff are told at once. Nothing becomes public by it.
 */
export async function escalate(
  desk: Desk,
  report: StoredReport,
  plan: DeepPlan | null,
  findings: readonly DeepFinding[],
): Promise<void> {
  const { db, now, newId, guard, stopping } = desk;
  const looks = failingIn(plan, findings);
  if (!plan || looks.length === 0 || !(await rest(LOOK_AGAIN_MS, stopping))) return;
  const results = (await unlessStopping(desk.lookOnce(looks, plan.allow), stopping)) ?? [];
  for (const [n, { service, target, place }] of looks.entries()) {
    const seen = results[n];
    const symptom = SAID_OF[service];
    if (seen?.outcome !== "down" || place === null || !symptom) continue;
    await recordLooks(db, report.id, [{ service, target, ...seen }]);
    const { title, text } = desk.wordsOfFault(place, symptom, now());
    const cause = { kind: "reports", id: `${place} ${symptom}` } as const;
    const opened = await openReported(
      db,
      report.id,
      { cause, title, text, openedAt: now() },
      { ...desk.telling(), now: now(), newId, guard },
    );
    if (!opened.fresh) continue;
    desk.log.warn(
      { report: report.id, incident: opened.id, place, target, reason: seen.reason },
      "incident.reported",
    );
    desk.metrics.incidents.inc({ phase: "investigating" });
    desk.onOwed();
  }
}

/** Of the looks at what would be our own fault those that failed. */
const failingIn = (plan: DeepPlan | null, seen: readonly DeepFinding[]): readonly DeepLook[] =>
  plan?.looks.filter(
    ({ service, target, place }) =>
      place !== null &&
      seen.some(
        (one) => one.service === service && one.target === target && one.outcome === "down",
      ),
  ) ?? [];

/** So many a minute, and each of them at most so often. By a clock that nobody sets. */
function createAllowance({
  aMinute,
  everyMs,
}: {
  readonly aMinute: number;
  readonly everyMs: number;
}): { may(whom: string): boolean } {
  const last = new Map<string, number>();
  const keptMs = Math.max(everyMs, 60_000);
  return {
    may(whom) {
      const at = performance.now();
      for (const [id, then] of last) if (at - then > keptMs) last.delete(id);
      const lately = [...last.values()].filter((then) => at - then < 60_000).length;
      if (last.has(whom) || lately >= aMinute) return false;
      last.set(whom, at);
      return true;
    },
  };
}
