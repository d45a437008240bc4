import { CUSTOMERS, type EventName } from "../core/delivery.js";
import type { IncidentView, Localized } from "../core/incident-view.js";
import type { Db } from "./db.js";

/**
 * Owes a letter to every customer whose ticket is linked to the incident and who wants to hear of
 * this, and moves their tickets along: in the transaction of the change. What customers may not read
 * moves the tickets only.
 */
export async function oweCustomers(
  tx: Db,
  event: EventName,
  {
    view,
    text,
    told,
  }: { readonly view: IncidentView; readonly text: Localized; readonly told: boolean },
  {
    now,
    newId,
    traceparent,
  }: { readonly now: Date; readonly newId: () => string; readonly traceparent: string | null },
): Promise<void> {
  const over = event === "incident.resolved";
  await tx.raw(
    `update tickets set state = :state, updated_at = :now
      where state = :from
        and id in (select ticket_id from links where incident_id = :incident and undone_at is null)`,
    {
      incident: view.id,
      now,
      ...(over ? { state: "fixed", from: "known" } : { state: "known", from: "fixed" }),
    },
  );
  if (!told) return;
  const body = {
    kind: "update",
    over,
    title: view.title,
    text,
    incident: view.id,
    nextUpdateAt: view.nextUpdateAt,
  };
  await tx.raw(
    `insert into deliveries (key, channel_id, report_id, recipient, event, at, body, traceparent, due_at)
     select chosen.id || '-' || :key, :channel, chosen.id, chosen.contact, :event, :now,
            cast(:body as jsonb) || jsonb_build_object('language', chosen.language, 'reference', chosen.reference),
            cast(:traceparent as text), :now
       from (select distinct on (r.ticket_id, lower(r.contact))
                    r.id, r.contact, r.hear, r.reference, coalesce(r.language, t.language) as language
               from links l
               join tickets t on t.id = l.ticket_id
               join reports r on r.ticket_id = l.ticket_id
              where l.incident_id = :incident and l.undone_at is null
                and r.contact is not null and r.contact_proof is not null
              order by r.ticket_id, lower(r.contact), r.received_at desc) chosen
      where chosen.hear = 'every' or (:over and chosen.hear <> 'nothing')`,
    {
      key: newId(),
      channel: CUSTOMERS,
      event: over ? "report.fixed" : "report.updated",
      now,
      body: JSON.stringify(body),
      traceparent,
      incident: view.id,
      over,
    },
  );
}
