/** A monitoring system's alert as we keep it; instants are epoch ms throughout this file. */
export interface Alert {
  /** Who told: the name of the token. */
  readonly source: string;
  /** Stands for the labels, which alone say which alert it is. */
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly url: string | null;
  readonly startsAt: number;
  /** Since when it is over; `null` while it fires. */
  readonly endsAt: number | null;
  /** Until when it is to be believed without another word; `null` where whoever told did not say. */
  readonly until: number | null;
  readonly heardAt: number;
}

export type Labels = Readonly<Record<string, string>>;

/** One alert of a message. */
export interface Told extends Pick<
  Alert,
  "source" | "fingerprint" | "labels" | "annotations" | "url"
> {
  readonly startsAt: number | null;
  /** When it was over, or – in the future – until when it is to be believed. */
  readonly endsAt: number | null;
  readonly resolved: boolean;
  /** Believed for so long (ms) where `endsAt` does not say; `null`: as long as its rule does. */
  readonly believedMs: number | null;
}

/** A word that is older than the end it contradicts comes late by less than this (ms). */
const LATE_MS = 5 * 60_000;
/** Nobody may promise more (ms). */
const LONGEST_MS = 7 * 86_400_000;

/**
 * What is known of an alert after another word of it; `null` where it changes nothing. Words come twice
 * and in any order: an end of an earlier spell ends no later one, and a late word of a spell that is over
 * does not begin it again.
 */
export function hearAlert(known: Alert | null, told: Told, now: number): Alert | null {
  const { source, fingerprint, labels, annotations, url } = told;
  const kept = { source, fingerprint, labels, annotations, url, heardAt: now };
  const fires = known !== null && known.endsAt === null;
  const begins = Math.min(told.startsAt ?? (fires ? known.startsAt : now), now);

  if (told.resolved || (told.endsAt !== null && told.endsAt <= now)) {
    const endsAt = Math.min(told.endsAt ?? now, now);
    if (fires && known.startsAt > endsAt) return null;
    if (known && !fires && endsAt <= (known.endsAt ?? 0)) return null;
    return { ...kept, startsAt: Math.min(begins, endsAt), endsAt, until: null };
  }

  if (known && !fires && begins < (known.endsAt ?? 0) && now - known.heardAt < LATE_MS) return null;
  const believed = told.believedMs === null ? null : now + told.believedMs;
  return {
    ...kept,
    startsAt: fires ? Math.min(known.startsAt, begins) : begins,
    endsAt: null,
    until: told.endsAt === null ? believed : Math.min(told.endsAt, now + LONGEST_MS),
  };
}

/** How one alert stands. */
export type AlertState =
  /** Told, and to be believed. */
  | "firing"
  | "over"
  /** Not told again in time by somebody who goes on talking: it must be over. */
  | "expired"
  /** Not told again in time by somebody who says nothing at all. */
  | "silent"
  /** Silent for so long that nobody knows. */
  | "lost";

export interface AlertHearing {
  readonly now: number;
  /** Since when we have listened without a break. */
  readonly listeningSince: number;
  /** When its source last said anything. */
  readonly sourceHeardAt: number;
  /** How long a word is believed that does not say so itself (ms). */
  readonly expiresMs: number;
}

/** Whoever goes on talking has told again of what fires within this time (ms): Prometheus does so each minute. */
const AGAIN_MS = 150_000;
/** After a break we listen so long (ms) before what we did not hear says something. */
const LISTEN_MS = 5 * 60_000;
/** So long (ms) silence is a gap in what we see; after that nobody watches it. */
export const SILENT_MS = 3_600_000;

export function stateOfAlert(alert: Alert, hearing: AlertHearing): AlertState {
  if (alert.endsAt !== null) return "over";
  const { now, listeningSince, sourceHeardAt, expiresMs } = hearing;
  const expiresAt = alert.until ?? alert.heardAt + expiresMs;
  if (now < expiresAt) return "firing";
  const trustedAt = Math.max(expiresAt, listeningSince + LISTEN_MS);
  const spokeOn =
    sourceHeardAt >= Math.max(listeningSince, Math.min(expiresAt, alert.heardAt + AGAIN_MS));
  if (now >= trustedAt && spokeOn) return "expired";
  return now < trustedAt + SILENT_MS ? "silent" : "lost";
}

export type AlertReason = "ok" | "alert-firing" | "alert-expired" | "alert-source-silent";

/** What the alerts of one monitor amount to; `null` where nobody knows any more. */
export function judgeAlerts(
  states: readonly AlertState[],
  failing: "degraded" | "down",
): {
  readonly outcome: "up" | "degraded" | "down" | "unknown";
  readonly reason: AlertReason;
} | null {
  if (states.includes("firing")) return { outcome: failing, reason: "alert-firing" };
  if (states.includes("silent")) return { outcome: "unknown", reason: "alert-source-silent" };
  if (states.includes("lost")) return null;
  return { outcome: "up", reason: states.includes("expired") ? "alert-expired" : "ok" };
}
