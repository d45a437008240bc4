create table incidents (
  id              text primary key check (id ~ '^[a-z0-9]{12}$'),
  state           text not null check (state in ('investigating', 'identified', 'monitoring', 'resolved', 'postmortem')),
  public          boolean not null,
  cause_kind      text not null check (cause_kind in ('host', 'monitor', 'component', 'reports', 'blindness')),
  cause_id        text not null,
  severity        text not null check (severity in ('none', 'minor', 'major', 'critical')),
  title           jsonb not null,
  opened_at       timestamptz not null,
  identified_at   timestamptz,
  monitoring_at   timestamptz,
  resolved_at     timestamptz check (resolved_at >= opened_at),
  next_update_at  timestamptz,
  merged_into     text references incidents,
  split_from      text references incidents,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  check ((resolved_at is null) = (state not in ('resolved', 'postmortem')))
);
-- The rule the engine relies on, kept by the database: one open incident a cause.
create unique index incidents_one_open on incidents (cause_kind, cause_id) where resolved_at is null;
-- Lists newest first, and the page's ninety days.
create index incidents_by_time on incidents (opened_at desc, id desc);
create index incidents_public_by_time on incidents (opened_at desc) where public;

create table incident_evidence (
  incident_id  text not null references incidents,
  monitor      int not null references monitors (num),
  location     text not null,
  outcome      text not null check (outcome in ('degraded', 'down')),
  reason       text not null,
  since        timestamptz not null,
  until        timestamptz check (until >= since),
  -- Why it ended when no probe said so: 'no longer watched', 'moved'.
  ended        text,
  primary key (incident_id, monitor, since)
);
-- One failing monitor is evidence for one incident at a time.
create unique index incident_evidence_open on incident_evidence (monitor) where until is null;

create table incident_components (
  incident_id   text not null references incidents,
  component_id  text not null references components,
  status        text not null,
  primary key (incident_id, component_id)
);

create table incident_updates (
  id           text primary key check (id ~ '^[a-z0-9]{12}$'),
  incident_id  text not null references incidents,
  at           timestamptz not null,
  state        text not null,
  public       boolean not null,
  by           text not null,
  text         jsonb not null,
  -- [{ id, from, to }]: what this update changed for customers.
  affected     jsonb not null default '[]',
  -- Which of two at the same instant came first.
  num          bigint generated always as identity
);
create index incident_updates_by_incident on incident_updates (incident_id, at);

-- What the page shows of each component now. `unknown_since`: we cannot see it (src/work/watch-sight.ts).
create table component_states (
  component_id   text primary key references components,
  status         text not null,
  unknown_since  timestamptz
);

-- Past and present status, and, over it, the spells of blindness (status 'unknown').
create table component_intervals (
  component_id  text not null references components,
  status        text not null,
  since         timestamptz not null,
  until         timestamptz check (until >= since)
);
create unique index component_intervals_present on component_intervals (component_id, (status = 'unknown')) where until is null;
create index component_intervals_by_time on component_intervals (component_id, since);
