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
  const body: DeliveryBody = { headline, text, incident: view };
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
