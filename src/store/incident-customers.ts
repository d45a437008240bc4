import { CUSTOMERS, type EventName } from "../core/delivery.js";
import type { IncidentView, Localized } from "../core/incident-view.js";
import { toJson, type Db } from "./db.js";

/**
 * Owes a letter to every customer whose ticket is linked to the incident and who wants to hear of
 * this, one an address, and moves their tickets along: in the transaction of the change. What
 * customers may not read moves the tickets only.
 */
export async function oweCustomers(
  tx: Db,
  event: EventName,
  {
    view,
    text,
    told,
    again = false,
  }: {
    readonly view: IncidentView;
    readonly text: Localized;
    readonly told: boolean;
    /** It had been said to be over. */
    readonly again?: boolean;
  },
  options: OweLetters,
): Promise<void> {
  const over = event === "incident.resolved";
  await moveTickets(tx, view.id, over, options.now);
  if (!told) return;
  const { title, nextUpdateAt } = view;
  const body = { kind: "update", over, title, text, incident: view.id, nextUpdateAt };
  // Whoever was told that it is over has to hear that it is not.
  await oweLetters(tx, view.id, body, { over, atEnds: over || again }, options);
}

/** The same for planned work: its customers hear of each word, or when it is over. */
export async function oweCustomersOfWork(
  tx: Db,
  { id, title, over }: { readonly id: string; readonly title: Localized; readonly over: boolean },
  text: Localized,
  options: OweLetters,
): Promise<void> {
  await moveTickets(tx, id, over, options.now);
  const body = {
    kind: "update",
    planned: true,
    over,
    title,
    text,
    incident: id,
    nextUpdateAt: null,
  };
  await oweLetters(tx, id, body, { over, atEnds: over }, options);
}

interface OweLetters {
  readonly now: Date;
  readonly newId: () => string;
  readonly traceparent: string | null;
}

const moveTickets = (tx: Db, about: string, over: boolean, now: Date): Promise<unknown> =>
  tx.raw(
    `update tickets set state = :state, updated_at = :now
      where state = :from
        and id in (select ticket_id from links
                    where (incident_id = :about or maintenance_id = :about) and undone_at is null)`,
    {
      about,
      now,
      ...(over ? { state: "fixed", from: "known" } : { state: "known", from: "fixed" }),
    },
  );

/**
 * A link by the engine says whose servers are hit: it is told to those alone who are its customers for
 * certain. Who may be anybody hears of what their answer named, linked or not. Who was not told of
 * the incident yet is about to be, with how it stands then.
 */
const oweLetters = (
  tx: Db,
  about: string,
  body: Readonly<Record<string, unknown>>,
  { over, atEnds }: { readonly over: boolean; readonly atEnds: boolean },
  { now, newId, traceparent }: OweLetters,
): Promise<unknown> =>
  tx.raw(
    `insert into deliveries (key, channel_id, report_id, recipient, event, at, body, traceparent, due_at)
     select chosen.id || '-' || :key, :channel, chosen.id, chosen.contact, :event, :now,
            cast(:body as jsonb) || jsonb_build_object('language', chosen.language, 'reference', chosen.reference,
              'toOwner', chosen.contact_proof = 'inventory' and not chosen.trusted),
            cast(:traceparent as text), :now
       from (select distinct on (lower(r.contact))
                    r.id, r.contact, r.contact_proof, r.trusted, r.reference,
                    coalesce(r.language, t.language) as language
               from (select r.id from links l join reports r on r.ticket_id = l.ticket_id
                      where (l.incident_id = :about or l.maintenance_id = :about)
                        and l.undone_at is null and l.told_at is not null
                        and (r.trusted or r.contact_proof = 'inventory' or l.picked)
                      union
                     select r.id from reports r
                      where r.answer ->> 'incident' = :about and r.contact_proof = 'confirmed' and not r.trusted) whose
               join reports r on r.id = whose.id
               join tickets t on t.id = r.ticket_id
              where r.contact is not null and r.contact_proof is not null
                and (r.hear = 'every' or (:atEnds and r.hear <> 'nothing'))
              order by lower(r.contact), r.trusted desc, r.received_at desc) chosen`,
    {
      key: newId(),
      channel: CUSTOMERS,
      event: over ? "report.fixed" : "report.updated",
      now,
      body: toJson(body),
      traceparent,
      about,
      atEnds,
    },
  );

/** The customers of an incident are those of the one that it is merged into, told or not as they were. */
export async function moveCustomers(tx: Db, from: string, into: string, now: Date): Promise<void> {
  await tx.raw(
    `with left_behind as (
       update links set undone_at = :now, undone_by = 'merged'
        where incident_id = :from and undone_at is null
       returning ticket_id, by, p, reasons, linked_at, told_at, picked)
     insert into links (ticket_id, incident_id, by, p, reasons, linked_at, told_at, picked)
     select ticket_id, :into, by, p, reasons, linked_at, told_at, picked from left_behind
     on conflict (ticket_id, incident_id) where undone_at is null do nothing`,
    { from, into, now },
  );
  await tx.raw(
    `update reports set answer = jsonb_set(answer, '{incident}', to_jsonb(cast(:into as text)))
      where answer ->> 'incident' = :from and contact_proof = 'confirmed' and not trusted`,
    { from, into },
  );
}

/** Beginnings of what customers say where a probe of this kind fails. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  http: ["web.", "database", "tls"],
  tls: ["tls", "web."],
  smtp: ["mail."],
  imap: ["mail."],
  pop3: ["mail."],
  ftp: ["ftp"],
  dns: ["dns"],
  mysql: ["database", "web."],
  postgres: ["database", "web."],
};

/**
 * Of the customers of an incident those who told of what still fails belong to what is split off from
 * it, and are told of that: "it is over" would not be true for them.
 */
export async function splitCustomers(tx: Db, from: string, off: string, now: Date): Promise<void> {
  const probes: string[] = await tx("incident_evidence")
    .join("monitors", "monitors.num", "incident_evidence.monitor")
    .where({ incident_id: off })
    .whereNull("until")
    .distinct()
    .pluck("monitors.probe");
  const said = [...new Set(probes.flatMap((probe) => SAID[probe] ?? []))];
  if (said.length === 0) return;
  await tx.raw(
    `with gone_along as (
       update links l set undone_at = :now, undone_by = 'split'
        where l.incident_id = :from and l.undone_at is null
          and exists (select 1 from reports r
                       where r.ticket_id = l.ticket_id
                         and r.extraction #>> '{symptoms,0,symptom}' like any(cast(:said as text[])))
       returning ticket_id, by, p, reasons, linked_at, picked)
     insert into links (ticket_id, incident_id, by, p, reasons, linked_at, picked)
     select ticket_id, :off, by, p, reasons, linked_at, picked from gone_along
     on conflict (ticket_id, incident_id) where undone_at is null do nothing`,
    { from, off, now, said: said.map((start) => `${start}%`) },
  );
}
