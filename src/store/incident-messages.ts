import type { DeliveryBody, EventName } from "../core/delivery.js";
import type { IncidentView, Localized } from "../core/incident-view.js";
import type { Headlined, Phase, Subject } from "../core/wording.js";
import type { Db } from "./db.js";

/** Puts a subject and a phase into words, in every language. */
export interface Speaker {
  words(subject: Subject, phase: Phase): { readonly title: Localized; readonly text: Localized };
  headline(incident: Headlined, now: Date): Localized;
}

/** Who is told of a change, and in what words. */
export interface OweOptions {
  readonly now: Date;
  readonly channels: readonly string[];
  readonly newId: () => string;
  readonly speaker: Pick<Speaker, "headline">;
  readonly traceparent: string | null;
}

/** Owes one message to each channel. */
export async function oweMessages(
  tx: Db,
  id: string,
  event: EventName,
  { view, text }: { readonly view: IncidentView; readonly text: Localized },
  { now, channels, newId, speaker, traceparent }: OweOptions,
): Promise<void> {
  if (channels.length === 0) return;
  const headline = speaker.headline(
    {
      title: view.title,
      state: view.state,
      openedAt: new Date(view.openedAt),
      resolvedAt: view.resolvedAt === null ? null : new Date(view.resolvedAt),
      nextUpdateAt: view.nextUpdateAt === null ? null : new Date(view.nextUpdateAt),
    },
    now,
  );
  const details = await detailsOf(tx, id);
  const names = await namesOf(tx, view);
  const body: DeliveryBody = { headline, text, incident: view, details, names };
  await tx("deliveries").insert(
    channels.map((channel_id) => ({
      key: `${id}-${newId()}`,
      channel_id,
      incident_id: id,
      event,
      at: now,
      body,
      traceparent,
      due_at: now,
    })),
  );
}

interface SeenRow {
  readonly id: string;
  readonly target: string;
  readonly facts: Readonly<Record<string, unknown>> | null;
}

/** What whoever is woken wants to know first: where, and with which answer. */
async function detailsOf(tx: Db, id: string): Promise<Record<string, string>> {
  const { rows } = await tx.raw<{ rows: SeenRow[] }>(
    `select distinct on (m.id) m.id, m.target, s.last_result -> 'facts' as facts
       from incident_evidence e join monitors m on m.num = e.monitor
       join monitor_states s on s.monitor = m.num
      where e.incident_id = :id order by m.id limit 50`,
    { id },
  );
  return Object.fromEntries(rows.map((row) => [row.id, detailOf(row)]));
}

/** Facts that tell most in a word, in the order of telling. */
const TELLING = ["status", "code", "reply", "daysLeft"] as const;

function detailOf({ target, facts }: SeenRow): string {
  const told = TELLING.flatMap((name) => {
    const fact = facts?.[name];
    return typeof fact === "string" || typeof fact === "number"
      ? `${name} ${fact}`.slice(0, 120)
      : [];
  });
  return told.length > 0 ? `${target} (${told.join(", ")})` : target;
}

async function namesOf(tx: Db, { components }: IncidentView): Promise<Record<string, Localized>> {
  const rows: { id: string; name: Localized }[] = await tx("components")
    .select("id", "name")
    .whereIn(
      "id",
      components.map(({ id }) => id),
    );
  return Object.fromEntries(rows.map(({ id, name }) => [id, name]));
}
