import type { EventName } from "../../src/core/delivery.js";
import type { Db } from "../../src/store/db.js";
import { message } from "./message.js";

export interface OwedWish {
  readonly key: string;
  readonly channelId?: string;
  readonly incidentId?: string;
  readonly event?: EventName;
  readonly at?: Date;
  readonly traceparent?: string;
}

/** Puts messages into the outbox, in this order, each with its incident where that is not there yet. */
export async function owe(db: Db, wishes: readonly OwedWish[]): Promise<void> {
  for (const wish of wishes) {
    const {
      key,
      channelId = "hook",
      incidentId = "inc000000001",
      event = "incident.updated",
      at = new Date("2026-11-21T10:00:00Z"),
    } = wish;
    await db("incidents")
      .insert({
        id: incidentId,
        state: "investigating",
        public: true,
        cause_kind: "monitor",
        cause_id: incidentId,
        severity: "major",
        title: { en: "x" },
        opened_at: at,
        created_at: at,
        updated_at: at,
      })
      .onConflict("id")
      .ignore();
    const { headline, text, incident } = message({}, { id: incidentId });
    await db("deliveries").insert({
      key,
      channel_id: channelId,
      incident_id: incidentId,
      event,
      at,
      body: { headline: { en: headline }, text: { en: text }, incident },
      traceparent: wish.traceparent ?? null,
      due_at: at,
    });
  }
}
