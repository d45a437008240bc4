-- Whether whoever reads the report's page and answer is its customer for certain: the channel proves
-- it, or our own staff asked. Everybody else is shown only what anybody may know.
alter table reports add column trusted boolean not null default false;
-- Said by the customer for certain: only such words count against what our probes say.
alter table ticket_messages add column trusted boolean not null default false;

-- Somebody said so of this very ticket: not the engine, nor together with what it had gathered.
alter table links add column picked boolean not null default false;

-- The loops ask for these every few seconds, beside any number of what is done.
create index reports_confirmed on reports (received_at) where contact_proof = 'confirmed';
create index links_untold on links (id) where told_at is null and undone_at is null;
create index ticket_messages_verdicts on ticket_messages (at) where kind in ('works', 'broken');
create index tickets_open on tickets (opened_at desc, id desc) where state <> 'closed';
-- How many letters an address was sent lately, whoever asked for them.
create index deliveries_to_customer on deliveries (lower(recipient), at) where recipient is not null;
create index deliveries_questions on deliveries (at) where event = 'report.confirm';

-- What refers to a report or ticket is looked for when it is forgotten.
create index links_of_ticket on links (ticket_id);
create index reports_repeating on reports (duplicate_of) where duplicate_of is not null;
create index reports_suspected on reports (suspicion_id) where suspicion_id is not null;
create index corrections_of_report on corrections (report_id);
create index deliveries_of_report on deliveries (report_id) where report_id is not null;
create index ticket_messages_of_report on ticket_messages (report_id) where report_id is not null;
create index tickets_by_change on tickets (updated_at);
-- Who may be anybody hears of the incident that their answer named, linked or not.
create index reports_told_of on reports ((answer ->> 'incident')) where contact_proof = 'confirmed' and not trusted;
