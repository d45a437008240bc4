-- What jobs said and nobody has judged yet: gone with the result that it led to.
create table beats (
  num      bigint generated always as identity primary key,
  -- Given at the door: what waited on disk and was taken after all is one beat.
  key      text not null unique,
  -- Its id, not yet known here where another instance read the configuration first.
  monitor  text not null,
  at       timestamptz not null,
  -- { signal, exitStatus, run, ms, text }
  said     jsonb not null
);
-- The oldest first.
create index beats_by_time on beats (at, num);

-- What is known of each job (src/core/heartbeat.ts), and the whole of what it said last.
create table heartbeats (
  monitor    text primary key references monitors (id),
  book       jsonb not null,
  last_beat  jsonb
);

-- Alerts of other monitoring systems: those that fire, and for a day those that are over, so that a late
-- word does not begin them again.
create table alerts (
  source       text not null,
  -- Stands for the labels (SHA-256).
  fingerprint  text not null,
  labels       jsonb not null,
  annotations  jsonb not null,
  url          text,
  starts_at    timestamptz not null,
  ends_at      timestamptz,
  -- Null where whoever told did not say.
  until        timestamptz,
  heard_at     timestamptz not null,
  primary key (source, fingerprint)
);

-- When each of them last said anything: silence of all is not the end of one.
create table alert_sources (
  source    text primary key,
  heard_at  timestamptz not null
);
