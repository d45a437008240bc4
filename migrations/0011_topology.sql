-- Other hosts whose failure is felt here: a relay, a database.
alter table hosts add column depends_on text[] not null default '{}';
-- All that parents and dependencies connect is judged together: the first id among them (src/core/topology.ts).
alter table hosts add column tree text;
update hosts set tree = id;
alter table hosts alter column tree set not null;
create index hosts_by_tree on hosts (tree);

-- Its cause was widened, and nobody has been told yet: it may become wider still.
alter table incidents add column untold boolean not null default false;
