-- Pictures that customers sent, as we made them anew. They are in the database, not in files beside
-- it: one backup has them, one transaction removes them, and every instance shows them. They are
-- small (some 100 KB), and gone after `retention.screenshots`.
create table attachments (
  id         text primary key check (id ~ '^[a-z0-9]{12}$'),
  report_id  text not null references reports on delete cascade,
  added_at   timestamptz not null,
  width      integer not null check (width between 1 and 2000),
  height     integer not null check (height between 1 and 2000),
  -- SHA-256 of what was sent: the same picture twice is one.
  digest     bytea not null,
  webp       bytea not null
);
-- Compressed already: storing it so saves the attempt.
alter table attachments alter column webp set storage external;
create unique index attachments_once on attachments (report_id, digest);
create index attachments_by_time on attachments (added_at);

-- What the customer put right (src/core/report.ts), and when they took a word back.
alter table ticket_messages
  add column corrected jsonb,
  add column undone_at timestamptz;
