-- What the configuration declares: rows live as long as their history, `removed_at` ends their watch.
create table pages (
  "only"      boolean primary key default true check ("only"),
  public_id   text not null check (public_id ~ '^[a-z0-9]{12}$'),
  created_at  timestamptz not null,
  -- The site as the last good configuration had it: what a start with a broken one shows.
  site        jsonb
);

create table hosts (
  id          text primary key,
  kind        text not null,
  name        text not null,
  addresses   text[] not null,
  parents     text[] not null,
  created_at  timestamptz not null,
  removed_at  timestamptz
);

create table components (
  id           text primary key,
  -- The id of the Statuspage API: random, and kept when the component is renamed.
  public_id    text not null unique check (public_id ~ '^[a-z0-9]{12}$'),
  group_id     text references components,
  is_group     boolean not null,
  name         jsonb not null,
  description  jsonb,
  position     int not null,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  removed_at   timestamptz
);

create table monitors (
  -- Short, so that millions of results stay small.
  num           int generated always as identity primary key,
  id            text not null unique,
  probe         text not null,
  target        text not null,
  every_ms      int not null,
  timeout_ms    int not null,
  host_id       text references hosts,
  component_id  text references components,
  impact        text not null,
  confirm       jsonb not null,
  labels        jsonb not null,
  paused        boolean not null,
  created_at    timestamptz not null,
  removed_at    timestamptz
);
create index monitors_by_host on monitors (host_id) where removed_at is null;
create index monitors_by_component on monitors (component_id) where removed_at is null;
