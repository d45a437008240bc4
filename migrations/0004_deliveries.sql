-- The outbox: one message owed to one channel. Written with the change it tells of.
create table deliveries (
  id           bigint generated always as identity primary key,
  -- Stable across retries and restarts: what a receiver may drop a second copy by.
  key          text not null unique,
  channel_id   text not null,
  incident_id  text not null references incidents,
  event        text not null,
  at           timestamptz not null,
  -- The incident as it was at `at`, and the words of the change.
  body         jsonb not null,
  traceparent  text,
  state        text not null default 'owed' check (state in ('owed', 'sent', 'failed')),
  attempts     int not null default 0,
  due_at       timestamptz not null,
  leased_until timestamptz,
  last_error   text,
  sent_at      timestamptz,
  failed_at    timestamptz
);
-- What the sender looks for: owed ones, and the oldest of each incident and channel first.
create index deliveries_owed on deliveries (channel_id, incident_id, id) where state = 'owed';
-- Those given up lately, for the console and the metrics.
create index deliveries_failed on deliveries (failed_at) where state = 'failed';

create table api_tokens (
  id            bigint generated always as identity primary key,
  name          text not null,
  role          text not null check (role in ('admin', 'operator', 'agent', 'viewer', 'source')),
  -- SHA-256 of a 256-bit random token; the token itself is shown once and kept nowhere.
  hash          bytea not null unique,
  created_at    timestamptz not null,
  last_used_at  timestamptz
);
