-- What each source said, as it was understood: `json`, `cpanel web3`. All parts together make the tables below.
create table inventory_sources (
  source       text primary key,
  format       text not null,
  -- { inventory, routing }; never a password.
  part         jsonb not null,
  imported_at  timestamptz not null,
  imported_by  text not null
);

-- What is not about a single customer: zone, provider, components, dependencies.
create table inventory_head (
  "only"        boolean primary key default true check ("only"),
  timezone      text not null,
  provider      jsonb not null,
  components    jsonb not null,
  dependencies  jsonb not null,
  imported_at   timestamptz not null
);

create table inventory_places (
  id         text primary key,
  kind       text not null check (kind in ('server', 'switch', 'rack', 'location')),
  hostname   text,
  addresses  text[] not null,
  role       text,
  provides   text[] not null,
  switch     text,
  rack       text,
  location   text,
  network    text,
  -- { id, kind } of what runs on it.
  services   jsonb not null,
  -- How many accounts live on it.
  accounts   int not null
);
create index inventory_places_by_hostname on inventory_places (hostname);
create index inventory_places_by_address on inventory_places using gin (addresses) with (fastupdate = off);

create table inventory_accounts (
  id           text primary key,
  company      text not null,
  -- Without marks and case, for the beginning of a name.
  company_key  text collate "C" not null,
  contacts     text[] not null,
  language     text,
  timezone     text,
  php          text,
  addresses    text[] not null,
  service_ids  text[] not null,
  servers      jsonb not null,
  -- Every place that the account or one of its domains is on.
  lives_on     text[] not null
);
create index inventory_accounts_by_company on inventory_accounts (company_key);
create index inventory_accounts_by_contact on inventory_accounts using gin (contacts) with (fastupdate = off);
create index inventory_accounts_by_address on inventory_accounts using gin (addresses) with (fastupdate = off);
create index inventory_accounts_by_service on inventory_accounts using gin (service_ids) with (fastupdate = off);
create index inventory_accounts_by_place on inventory_accounts using gin (lives_on) with (fastupdate = off);

create table inventory_domains (
  -- A-labels.
  ascii       text primary key,
  -- Unicode.
  name        text not null,
  account_id  text not null references inventory_accounts on delete cascade,
  kind        text not null,
  servers     jsonb not null,
  mail        text not null check (mail in ('local', 'remote', 'unknown')),
  suspended   boolean not null,
  position    int not null
);
create index inventory_domains_by_account on inventory_domains (account_id);
create index inventory_domains_by_name on inventory_domains (name) where name <> ascii;
