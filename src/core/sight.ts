import { isHeard } from "./heard.js";
import type { Health } from "./health.js";

export interface Seen {
  readonly probe: string;
  readonly component: string | null;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly paused: boolean;
  readonly health: Health;
}

/**
 * Since when (epoch ms) each component cannot be seen: one of its monitors is overdue by more than
 * one interval and its timeout, or blind, or nothing is confirmed of any of them yet. One that tells of
 * itself is not overdue before its first word. Components that can be seen, and those without monitors,
 * are absent.
 */
export function unseenSince(monitors: Iterable<Seen>, now: number): Map<string, number> {
  const since = new Map<string, number>();
  const begun = new Set<string>();
  const waiting = new Map<string, number>();
  for (const { probe, component, everyMs, timeoutMs, paused, health } of monitors) {
    if (component === null || paused) continue;
    const { lastAt, state } = health;
    if (state === "pending")
      waiting.set(component, Math.min(waiting.get(component) ?? Infinity, health.since));
    else begun.add(component);
    const seenAt = lastAt ?? health.since;
    const awaited = lastAt === null && isHeard(probe);
    const overdue = !awaited && now - seenAt > 2 * everyMs + timeoutMs;
    if (!overdue && !health.blind) continue;
    const from = health.blind ? health.runs.unknown.since : seenAt;
    since.set(component, Math.min(since.get(component) ?? Infinity, from));
  }
  for (const [component, from] of waiting)
    if (!begun.has(component))
      since.set(component, Math.min(since.get(component) ?? Infinity, from));
  return since;
}

/**
 * Since when (epoch ms) we see next to nothing: more than half of what is looked at is blind or overdue.
 * `null` while we see, and where nothing is looked at.
 */
export function blindSince(monitors: Iterable<Seen>, now: number): number | null {
  let watched = 0;
  const unseen: number[] = [];
  for (const { probe, everyMs, timeoutMs, paused, health } of monitors) {
    if (paused || isHeard(probe)) continue;
    watched += 1;
    const seenAt = health.lastAt ?? health.since;
    if (health.blind) unseen.push(health.runs.unknown.since);
    else if (now - seenAt > 2 * everyMs + timeoutMs) unseen.push(seenAt);
  }
  return unseen.length * 2 > watched ? Math.min(...unseen) : null;
}
