-- Planned windows, from the configuration or by hand; all are public.
create table maintenances (
  id           text primary key check (id ~ '^[a-z0-9]{12}$'),
  -- Its id in the configuration, which then owns title and times; null where it was made by hand.
  declared_id  text unique,
  state        text not null check (state in ('scheduled', 'in_progress', 'verifying', 'completed', 'cancelled')),
  title        jsonb not null,
  starts_at    timestamptz not null,
  ends_at      timestamptz not null check (ends_at > starts_at),
  -- What is worked on, with all that stands on it; empty where only components say it.
  hosts        text[] not null,
  started_at   timestamptz,
  -- When it was over, or called off.
  ended_at     timestamptz,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  check ((ended_at is null) = (state not in ('completed', 'cancelled')))
);
create index maintenances_present on maintenances (starts_at) where ended_at is null;
create index maintenances_by_time on maintenances (starts_at desc, id desc);

create table maintenance_components (
  maintenance_id  text not null references maintenances,
  component_id    text not null references components,
  primary key (maintenance_id, component_id)
);

create table maintenance_updates (
  id              text primary key check (id ~ '^[a-z0-9]{12}$'),
  maintenance_id  text not null references maintenances,
  at              timestamptz not null,
  state           text not null,
  by              text not null,
  text            jsonb not null,
  -- Which of two at the same instant came first.
  num             bigint generated always as identity
);
create index maintenance_updates_by_maintenance on maintenance_updates (maintenance_id, at);

-- A ticket may belong to planned work as well as to an incident.
alter table links
  alter column incident_id drop not null,
  add column maintenance_id text references maintenances,
  add check (num_nonnulls(incident_id, maintenance_id) = 1);
create unique index links_present_planned on links (ticket_id, maintenance_id) where undone_at is null;
create index links_of_maintenance on links (maintenance_id) where undone_at is null;
alter table corrections
  alter column incident_id drop not null,
  add column maintenance_id text references maintenances,
  add check (num_nonnulls(incident_id, maintenance_id) = 1);

-- What its customer put right (src/core/report.ts), as far as the report was read again by it.
alter table reports add column corrected jsonb;
create index ticket_messages_corrections on ticket_messages (at) where kind = 'corrected';

-- When the customers of an undone link heard that it was none of theirs.
alter table links add column retracted_at timestamptz;
create index links_undone on links (undone_at) where undone_at is not null and retracted_at is null;
