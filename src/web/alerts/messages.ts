import { createHash } from "node:crypto";
import { z } from "zod";
import type { Labels, Told } from "../../core/alert.js";

const MOST_ALERTS = 20_000;
const MOST_LABELS = 64;
const NAME = 200;
const VALUE = 1_000;

const labels = z.record(z.string().min(1).max(1_000), z.string().max(100_000));

/** An alert as Prometheus tells it (Alertmanager's API v2) and as Alertmanager passes it on. */
const alert = z.looseObject({
  labels,
  annotations: labels.nullish(),
  startsAt: z.string().nullish(),
  endsAt: z.string().nullish(),
  generatorURL: z.string().nullish(),
  status: z.string().nullish(),
});

const posted = z.array(alert).max(MOST_ALERTS);
const hooked = z.looseObject({ status: z.string().nullish(), alerts: posted });

/** Without a word on it, Alertmanager believes an alert for so long (ms): its `resolve_timeout`. */
const RESOLVE_MS = 5 * 60_000;

/** The body of `POST /api/v2/alerts`; throws a `z.ZodError` for anything else. */
export const readPosted = (body: unknown, source: string): Told[] =>
  posted.parse(body).map((one) => toldOf(one, source, RESOLVE_MS));

/**
 * The body of Alertmanager's webhook (version 4), and Grafana's, which says a little more. How each alert
 * stands is its own `status`: a message that fires may have some that are over.
 */
export const readHooked = (body: unknown, source: string): Told[] =>
  hooked.parse(body).alerts.map((one) => toldOf(one, source, null));

function toldOf(one: z.output<typeof alert>, source: string, believedMs: number | null): Told {
  return {
    source,
    fingerprint: fingerprintOf(one.labels),
    labels: cleaned(one.labels),
    annotations: cleaned(one.annotations ?? {}),
    url: one.generatorURL ? clean(one.generatorURL, VALUE) : null,
    startsAt: momentOf(one.startsAt),
    endsAt: momentOf(one.endsAt),
    resolved: one.status === "resolved",
    believedMs,
  };
}

/** Epoch ms; `null` for none, for Go's zero time (year 1), and for what is no moment. */
function momentOf(text: string | null | undefined): number | null {
  const at = Date.parse(text ?? "");
  return at > 0 ? at : null;
}

/** The labels alone say which alert it is, in whatever order they come. */
function fingerprintOf(all: Labels): string {
  const sorted = Object.entries(all).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 32);
}

const cleaned = (all: Labels): Labels =>
  Object.fromEntries(
    Object.entries(all)
      .slice(0, MOST_LABELS)
      .map(([name, value]) => [clean(name, NAME), clean(value, VALUE)]),
  );

/** One line without what steers terminals; cut to `most` characters. */
const clean = (text: string, most: number): string =>
  (text.length > most ? `${text.slice(0, most - 1)}…` : text)
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
