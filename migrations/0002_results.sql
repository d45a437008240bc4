-- Raw results, a partition a day, made ahead and dropped whole. Written in order of time, so a
-- block range index finds an hour; nothing but the roll-up ever reads them.
create table results (
  monitor  int not null,
  at       timestamptz not null,
  outcome  smallint not null,           -- 0 up, 1 degraded, 2 down, 3 unknown
  ms       real not null,
  reason   text not null,
  -- Timings and facts of what was not up; those of an `up` are in monitor_states while they are new.
  detail   jsonb
) partition by range (at);
create index results_at on results using brin (at) with (pages_per_range = 16);

-- How far each run of a worker has been taken: what comes again is dropped, so nothing counts twice.
create table result_streams (
  stream    text primary key,
  last_seq  bigint not null,
  seen_at   timestamptz not null
);

-- A worker's last word, also when it had nothing to report.
create table workers (
  location  text primary key,
  word_at   timestamptz not null
);

-- One row a monitor, rewritten with each of its results: room on the page keeps that cheap (HOT).
create table monitor_states (
  monitor      int primary key references monitors (num),
  state        text not null check (state in ('pending', 'up', 'degraded', 'down', 'unknown')),
  since        timestamptz not null,
  health       jsonb not null,
  last_at      timestamptz,
  last_result  jsonb
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- Confirmed states as intervals: what uptime is computed from. `until` is null for the present one.
create table monitor_intervals (
  monitor  int not null references monitors (num),
  state    text not null check (state in ('up', 'degraded', 'down', 'unknown', 'paused')),
  since    timestamptz not null,
  until    timestamptz check (until >= since),
  primary key (monitor, since)
);
create unique index monitor_intervals_present on monitor_intervals (monitor) where until is null;

-- Roll-ups: an hour in UTC, then a day in the site's zone. The sketch merges (src/core/sketch.ts).
create table result_hours (
  monitor   int not null,
  hour      timestamptz not null,
  up        int not null,
  degraded  int not null,
  down      int not null,
  unknown   int not null,
  max_ms    real not null,
  sketch    bytea not null,
  -- By time first: new hours are appended, which keeps the index small.
  primary key (hour, monitor)
) partition by range (hour);

create table result_days (
  monitor      int not null,
  day          date not null,
  up           int not null,
  degraded     int not null,
  down         int not null,
  unknown      int not null,
  max_ms       real not null,
  sketch       bytea not null,
  -- Confirmed time in each state, in seconds, cut in the site's zone.
  up_s         int not null,
  degraded_s   int not null,
  down_s       int not null,
  unknown_s    int not null,
  primary key (monitor, day)
) partition by range (day);

-- Hours and days to roll up (again): a result that arrives late marks its hour.
create table rollups_due (
  hour  timestamptz primary key
);

-- Who probes and decides: each leader counts up, and whatever an earlier one still writes is refused.
create table leadership (
  "only" boolean primary key default true check ("only"),
  epoch  bigint not null
);
insert into leadership (epoch) values (0);
