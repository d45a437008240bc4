import { hearAlert, type Alert, type Told } from "../core/alert.js";
import type { Db } from "./db.js";

interface AlertRow {
  readonly source: string;
  readonly fingerprint: string;
  readonly labels: Alert["labels"];
  readonly annotations: Alert["annotations"];
  readonly url: string | null;
  readonly starts_at: Date;
  readonly ends_at: Date | null;
  readonly until: Date | null;
  readonly heard_at: Date;
}

const alertOf = ({ starts_at, ends_at, until, heard_at, ...rest }: AlertRow): Alert => ({
  ...rest,
  startsAt: starts_at.getTime(),
  endsAt: ends_at?.getTime() ?? null,
  until: until?.getTime() ?? null,
  heardAt: heard_at.getTime(),
});

/**
 * Keeps what one source said, all of it or nothing, and tells whoever judges it. The result has those that
 * began to fire with it. Messages of one source wait for each other.
 */
export async function keepAlerts(
  db: Db,
  source: string,
  told: readonly Told[],
  now: Date,
): Promise<Alert[]> {
  return db.transaction(async (tx) => {
    await tx.raw(
      `insert into alert_sources as s (source, heard_at) values (:source, :now)
       on conflict (source) do update set heard_at = greatest(s.heard_at, excluded.heard_at)`,
      { source, now },
    );
    const rows: AlertRow[] = await tx("alerts")
      .where({ source })
      .whereRaw("fingerprint = any(?)", [told.map(({ fingerprint }) => fingerprint)]);
    const known = new Map(rows.map((row) => [row.fingerprint, alertOf(row)]));
    const before = new Map(known);
    const changed = new Map<string, Alert>();
    for (const one of told) {
      const alert = hearAlert(known.get(one.fingerprint) ?? null, one, now.getTime());
      if (!alert) continue;
      known.set(one.fingerprint, alert);
      changed.set(one.fingerprint, alert);
    }
    if (changed.size > 0) await saveAlerts(tx, [...changed.values()]);
    await tx.raw(`select pg_notify('tudunk_alerts', '')`);
    return [...changed.values()].filter(({ fingerprint, endsAt }) => {
      const was = before.get(fingerprint);
      return endsAt === null && (!was || was.endsAt !== null);
    });
  });
}

async function saveAlerts(tx: Db, alerts: readonly Alert[]): Promise<void> {
  const iso = (at: number | null): string | null =>
    at === null ? null : new Date(at).toISOString();
  await tx.raw(
    `insert into alerts (source, fingerprint, labels, annotations, url, starts_at, ends_at, until, heard_at)
     select source, fingerprint, labels, annotations, url, "startsAt", "endsAt", until, "heardAt"
       from jsonb_to_recordset(cast(:alerts as jsonb))
            as x (source text, fingerprint text, labels jsonb, annotations jsonb, url text, "startsAt" timestamptz,
                  "endsAt" timestamptz, until timestamptz, "heardAt" timestamptz)
     on conflict (source, fingerprint) do update
        set (labels, annotations, url, starts_at, ends_at, until, heard_at)
          = (excluded.labels, excluded.annotations, excluded.url, excluded.starts_at, excluded.ends_at,
             excluded.until, excluded.heard_at)`,
    {
      alerts: JSON.stringify(
        alerts.map((alert) => ({
          ...alert,
          startsAt: iso(alert.startsAt),
          endsAt: iso(alert.endsAt),
          until: iso(alert.until),
          heardAt: iso(alert.heardAt),
        })),
      ),
    },
  );
}

/** Alerts that nobody has called over, with when each source was last heard. */
export async function listFiring(
  db: Db,
): Promise<{ readonly alerts: Alert[]; readonly heardAt: ReadonlyMap<string, number> }> {
  const rows: AlertRow[] = await db("alerts").whereNull("ends_at").orderBy("starts_at");
  const sources: { source: string; heard_at: Date }[] = await db("alert_sources").select();
  return {
    alerts: rows.map(alertOf),
    heardAt: new Map(sources.map(({ source, heard_at }) => [source, heard_at.getTime()])),
  };
}

/** Ends alerts that expired or were lost, unless they were told again since. */
export async function endAlerts(tx: Db, alerts: readonly Alert[], now: Date): Promise<void> {
  for (const { source, fingerprint, heardAt } of alerts)
    await tx("alerts")
      .where({ source, fingerprint, heard_at: new Date(heardAt) })
      .whereNull("ends_at")
      .update({ ends_at: now });
}

/** Forgets alerts that have been over, or that nobody has told of or judged, for long. */
export async function forgetAlerts(
  db: Db,
  { overSince, unheardSince }: { readonly overSince: Date; readonly unheardSince: Date },
): Promise<void> {
  await db("alerts")
    .where("ends_at", "<", overSince)
    .orWhere("heard_at", "<", unheardSince)
    .delete();
}
