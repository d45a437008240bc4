-- One customer's one problem: one or more reports, one contact person and those who follow.
create table tickets (
  id             text primary key check (id ~ '^[a-z0-9]{12}$'),
  queue          text not null check (queue in ('fault', 'billing', 'help', 'feedback')),
  state          text not null check (state in ('known', 'looking', 'fixed', 'closed')),
  -- Only where it is certain whose it is: reports join by it.
  account_id     text,
  language       text not null,
  opened_at      timestamptz not null,
  -- Until when a person's word is promised; null where the incident's own promise holds.
  answer_due_at  timestamptz,
  closed_at      timestamptz,
  updated_at     timestamptz not null
);
create index tickets_by_time on tickets (opened_at desc, id desc);
create index tickets_of_account on tickets (account_id, opened_at desc) where account_id is not null;

-- What came in, first and whole; what was made of it follows.
create table reports (
  id             text primary key check (id ~ '^[a-z0-9]{12}$'),
  -- What is said on the phone.
  reference      text not null unique,
  -- Null until it was read.
  ticket_id      text references tickets,
  source         text not null,
  -- The source's own number: what comes twice is one report.
  source_id      text,
  digest         bytea not null,
  channel        text not null check (channel in ('web', 'email', 'phone', 'chat', 'facebook', 'api')),
  received_at    timestamptz not null,
  -- When it was stored: later than received where it waited for the database, or was handed in late.
  stored_at      timestamptz not null,
  from_address   text,
  from_name      text,
  -- Only where the channel proves it.
  account_id     text,
  subject        text,
  text           text not null,
  attachments    jsonb not null default '[]',
  -- That of the page it was written on; else null.
  language       text,
  -- Where the answer goes, and how we know that it is theirs.
  contact        text,
  contact_proof  text check (contact_proof in ('inventory', 'confirmed')),
  hear           text not null default 'first-and-fixed' check (hear in ('every', 'first-and-fixed', 'fixed', 'nothing')),
  read_at        timestamptz,
  -- src/core/extract/extraction.ts and src/core/correlate/verdict.ts.
  extraction     jsonb,
  verdict        jsonb,
  -- What spoke for and against everything that was known: what `recalibrate` learns from.
  weighed        jsonb,
  -- What the customer was told first.
  answer         jsonb,
  duplicate_of   text references reports,
  suspicion_id   text,
  traceparent    text
);
create unique index reports_once on reports (source, source_id) where source_id is not null;
create index reports_unread on reports (received_at) where read_at is null;
create index reports_by_time on reports (received_at);
create index reports_of_ticket on reports (ticket_id);

-- Ticket and incident belong together, as the engine or somebody says; undone, never deleted.
create table links (
  id           bigint generated always as identity primary key,
  ticket_id    text not null references tickets,
  incident_id  text not null references incidents,
  by           text not null,
  p            real,
  reasons      jsonb not null,
  linked_at    timestamptz not null,
  -- When its customers were told; null while they are to be.
  told_at      timestamptz,
  undone_at    timestamptz,
  undone_by    text
);
create unique index links_present on links (ticket_id, incident_id) where undone_at is null;
create index links_of_incident on links (incident_id) where undone_at is null;

-- What people said of the engine's opinion: training data of `recalibrate`.
create table corrections (
  id           bigint generated always as identity primary key,
  at           timestamptz not null,
  by           text not null,
  report_id    text not null references reports,
  incident_id  text not null references incidents,
  linked       boolean not null,
  reasons      jsonb not null
);

-- The weights of correlation by the time they came into force; without any, those that we ship.
create table correlation_weights (
  id       bigint generated always as identity primary key,
  weights  jsonb not null,
  figures  jsonb not null,
  made_at  timestamptz not null,
  made_by  text not null
);

-- What was said in a ticket after the report, by the customer, the engine or somebody of the staff.
create table ticket_messages (
  id         text primary key check (id ~ '^[a-z0-9]{12}$'),
  ticket_id  text not null references tickets,
  -- Whose page shows it: colleagues never read each other's words.
  report_id  text references reports,
  at         timestamptz not null,
  by         text not null,
  kind       text not null check (kind in ('answer', 'update', 'note', 'works', 'broken', 'corrected')),
  text       text not null,
  num        bigint generated always as identity
);
create index ticket_messages_by_ticket on ticket_messages (ticket_id, at);

-- Improbably many unexplained reports at one place: a candidate for a human.
create table suspicions (
  id           text primary key,
  state        text not null check (state in ('open', 'confirmed', 'merged', 'dismissed', 'retired')),
  -- src/core/correlate/verdict.ts: key, members, accounts, expected, window, words.
  suspicion    jsonb not null,
  raised_at    timestamptz not null,
  last_at      timestamptz not null,
  decided_at   timestamptz,
  decided_by   text,
  -- What it became, or what explained it.
  incident_id  text references incidents
);
create index suspicions_open on suspicions (last_at) where state = 'open';
alter table reports add foreign key (suspicion_id) references suspicions;

-- How many reports are usual at which hour, of what and from where.
create table report_baseline (
  "only"    boolean primary key default true check ("only"),
  baseline  jsonb not null
);

-- What our own looks at exactly that customer's services saw when they wrote.
create table report_looks (
  report_id  text not null references reports,
  at         timestamptz not null,
  service    text not null,
  target     text not null,
  outcome    text not null check (outcome in ('up', 'degraded', 'down', 'unknown')),
  reason     text not null,
  ms         real not null,
  facts      jsonb not null,
  primary key (report_id, at, service)
);

-- Customers said "still broken" after it was over: it is open again until somebody says otherwise.
alter table incidents add column doubted_at timestamptz;

-- The outbox also owes letters to customers: a thread a report instead of one an incident.
alter table deliveries
  alter column incident_id drop not null,
  add column report_id text references reports,
  add column recipient text,
  -- What staff are told of what reports alone make us suspect.
  add column suspicion_id text references suspicions,
  add column thread text generated always as (coalesce(report_id, suspicion_id, incident_id)) stored,
  add check (num_nonnulls(report_id, suspicion_id, incident_id) = 1),
  add check ((report_id is null) = (recipient is null));
drop index deliveries_owed;
create index deliveries_owed on deliveries (channel_id, thread, id) where state = 'owed';
